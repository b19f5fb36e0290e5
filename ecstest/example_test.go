package ecstest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// post sends an action of a server to the fake.
func post(srv *ecstest.Server, id, action string) (status int, err error) {
	url := srv.URL + "/v2.1/" + srv.ProjectID() + "/servers/" + id + "/action"
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(action))
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Auth-Token", srv.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.HTTPClient().Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func Example() {
	srv := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 20 * time.Millisecond}))
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{}) // resized from flavor 1 to flavor 2

	client, err := ecs.NewClient(srv.URL, ecs.StaticToken(srv.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := client.RevertResizeAndWait(context.Background(), srv.ProjectID(), id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "on flavor", server.FlavorID)
	for _, e := range srv.History(id) {
		fmt.Println("the cloud accepted", e.Action, "which is", e.Result)
	}
	// Output:
	// ACTIVE on flavor 1
	// the cloud accepted revertResize which is finished
}

func ExampleServer_Inject() {
	srv := ecstest.NewServer()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.GatewayTimeout().Applied()})

	status, err := post(srv, id, `{"revertResize": null}`)
	fmt.Println("the client was told", status, err)
	for _, e := range srv.History(id) {
		fmt.Println("the cloud accepted", e.Action, "of resize", e.Resize)
	}
	// Output:
	// the client was told 504 <nil>
	// the cloud accepted revertResize of resize 1
}

func ExampleServer_Requests() {
	srv := ecstest.NewServer()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{Status: "ACTIVE"})
	if _, err := post(srv, id, `{"revertResize": null}`); err != nil {
		fmt.Println(err)
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Action, r.Status, r.Accepted)
	}
	// Output:
	// POST revertResize 409 false
}

func ExampleServer_Confirm() {
	srv := ecstest.NewServer()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	fmt.Println(srv.Confirm(id))
	fmt.Println(srv.Revert(id))
	// Output:
	// <nil>
	// ecstest: 400 Instance has not been resized.
}

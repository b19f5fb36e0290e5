package ecstest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// status reads the status of a server from its details.
func status(client *http.Client, srv *ecstest.Server, id string) string {
	req, err := http.NewRequest(http.MethodGet, srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/"+id, http.NoBody)
	if err != nil {
		return err.Error()
	}
	req.Header.Set("X-Auth-Token", srv.Token())
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(body), `"status": "`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// A fake behind a server of one's own, with its middleware, port and certificate.
func ExampleServer_Handler() {
	srv := ecstest.NewUnstarted()
	own := httptest.NewServer(srv.Handler())
	defer own.Close()
	defer srv.Close()
	srv.URL = own.URL

	id := srv.AddServer(ecstest.Instance{})
	fmt.Println(status(own.Client(), srv, id))
	// Output:
	// VERIFY_RESIZE
}

// Replicas that lag show a server before its revert long after it was accepted.
func ExampleWithLag() {
	srv := ecstest.NewServer(ecstest.WithLag(ecstest.Lag{Server: 30 * time.Second}))
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	if err := srv.Revert(id); err != nil {
		fmt.Println(err)
	}
	fmt.Println("the cloud:", srv.Instance(id).Status)
	fmt.Println("a replica:", status(srv.HTTPClient(), srv, id))
	// Output:
	// the cloud: REVERT_RESIZE
	// a replica: VERIFY_RESIZE
}

// Another client shelves the server in the moment in which its revert is done.
func ExampleAfterRevert() {
	srv := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: time.Millisecond, Task: time.Millisecond}))
	defer srv.Close()
	srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.AfterRevert("shelve")})
	id := srv.AddServer(ecstest.Instance{})
	if _, err := post(srv, id, `{"revertResize": null}`); err != nil {
		fmt.Println(err)
	}
	for srv.Instance(id).Status != "SHELVED" {
		time.Sleep(time.Millisecond)
	}
	for _, e := range srv.History(id) {
		fmt.Println(e.Action, e.Result)
	}
	// Output:
	// revertResize finished
	// shelve finished
}

// A firewall in front of the cloud blocks one request that has been carried out.
func ExampleStray() {
	srv := ecstest.NewServer()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.Stray(http.StatusForbidden, ecstest.StrayHTML).Applied()})
	code, err := post(srv, id, `{"revertResize": null}`)
	fmt.Println("the client sees", code, err)
	fmt.Println("the cloud accepted", len(srv.History(id)))
	// Output:
	// the client sees 403 <nil>
	// the cloud accepted 1
}

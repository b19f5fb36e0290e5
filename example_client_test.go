package ecs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Test your own code with a mock transport of its own, here of httpmock. Package ecstest knows more of how clouds behave.
func ExampleWithHTTPClient() {
	const path = "/v2.1/d4a3448ce2bb448a8c4fbae7ec3c7ed3/servers/95ecddd0-61c6-4025-9ec0-a93591b1e0f5"
	mock := httpmock.NewMockTransport() // never the global one
	mock.RegisterResponder("GET", "https://ecs.example.com"+path, httpmock.NewStringResponder(200, `{"server": {
		"id": "95ecddd0-61c6-4025-9ec0-a93591b1e0f5", "status": "VERIFY_RESIZE",
		"OS-EXT-STS:vm_state": "resized", "OS-EXT-STS:task_state": null}}`))
	mock.RegisterResponder("POST", "https://ecs.example.com"+path+"/action",
		httpmock.NewStringResponder(409, `{"conflictingRequest": {"code": 409, "message": "Instance is locked"}}`))

	client, err := ecs.NewClient("https://ecs.example.com", ecs.StaticToken("token"), ecs.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.RevertResize(context.Background(), "d4a3448ce2bb448a8c4fbae7ec3c7ed3", "95ecddd0-61c6-4025-9ec0-a93591b1e0f5")
	fmt.Println("locked:", errors.Is(err, ecs.ErrLocked))
	fmt.Println("actions sent:", mock.GetCallCountInfo()["POST https://ecs.example.com"+path+"/action"])
	// Output:
	// locked: true
	// actions sent: 1
}

// Try longer than by default, and let each attempt take at most ten seconds.
func ExampleWithRetry() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithTimeout(10*time.Second),
		ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 6, BaseDelay: 10 * time.Millisecond, MaxDelay: time.Minute}))
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Times: 5, Do: ecstest.ServiceUnavailable()})

	server, err := client.GetServer(context.Background(), cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "after", len(cloud.Requests()), "requests")
	// Output: VERIFY_RESIZE after 6 requests
}

// vault is a TokenSource of one's own, which keeps tokens itself.
type vault struct {
	cloud  *ecstest.Server
	cached string
}

func (v *vault) Token(ctx context.Context) (ecs.Token, error) {
	if refused, ok := ecs.RefusedToken(ctx); ok && refused == v.cached {
		v.cached = "" // the same one again would be of no use
	}
	if v.cached == "" {
		v.cached = v.cloud.Token() // a login
	}
	return ecs.Token{Value: v.cached}, nil
}

// Get tokens from a place of your own. TokenAuth calls the source one at a time, when it needs a token, and when the cloud has
// refused the one that it has.
func ExampleTokenSource() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	serverID := cloud.AddServer(ecstest.Instance{})
	client, err := ecs.NewClient(cloud.URL, ecs.TokenAuth(&vault{cloud: cloud}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		server, err := client.GetServer(context.Background(), cloud.ProjectID(), serverID)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(server.Status)
		cloud.ExpireTokens()
	}
	// Output:
	// VERIFY_RESIZE
	// VERIFY_RESIZE
}

// roundTripper makes a transport of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Watch the requests of each call: this is where spans and metrics come from. The SDK's own connections stay in use.
func ExampleWithTransport() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	watch := func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			op, _ := ecs.OperationFromContext(req.Context())
			fmt.Printf("ecs %s: %s, attempt %d\n", op.Name, op.Step, op.Attempt)
			return next.RoundTrip(req)
		})
	}
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithTransport(watch),
		ecs.WithRetry(ecs.RetryPolicy{BaseDelay: 10 * time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.ServiceUnavailable()})
	_, err = client.RevertResize(context.Background(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
	fmt.Println(err)
	// Output:
	// ecs revert resize: look, attempt 1
	// ecs revert resize: look, attempt 2
	// ecs revert resize: act, attempt 1
	// <nil>
}

// Log every attempt and every decision, at debug level.
func ExampleWithLogger() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	var records bytes.Buffer
	log := slog.New(slog.NewTextHandler(&records, &slog.HandlerOptions{Level: slog.LevelDebug}))
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithLogger(log),
		ecs.WithRetry(ecs.RetryPolicy{BaseDelay: 10 * time.Millisecond}))
	if err != nil {
		fmt.Println(err)
		return
	}
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.ServiceUnavailable()})
	_, err = client.GetServer(context.Background(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
	fmt.Println(err)

	of := regexp.MustCompile(`msg="ecs request" (operation=.*) method=(\w+) .* (status=\d+)`)
	for _, record := range of.FindAllStringSubmatch(records.String(), -1) {
		fmt.Println(record[1], record[2], record[3])
	}
	// Output:
	// <nil>
	// operation="get server" step=look attempt=1 GET status=503
	// operation="get server" step=look attempt=2 GET status=200
}

// Log in with a password, at Keystone or at Huawei Cloud's IAM. The token is shared, renewed and replaced by itself.
func ExampleTokenAuth() {
	srv := ecstest.NewServer() // stands for a cloud
	defer srv.Close()
	serverID := srv.AddServer(ecstest.Instance{})
	user := srv.Credentials()

	credentials := ecs.PasswordCredentials{
		IdentityEndpoint: srv.IdentityURL(),
		Username:         user.Username,
		Password:         user.Password,
		DomainName:       user.DomainName,
		ProjectName:      user.ProjectName,
	}
	client, err := ecs.NewClient(srv.URL, ecs.TokenAuth(credentials))
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := client.GetServer(context.Background(), srv.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, credentials)
	// Output: VERIFY_RESIZE [REDACTED]
}

// Sign with an access key of Huawei Cloud.
func ExampleAccessKey() {
	srv := ecstest.NewServer() // stands for a cloud
	defer srv.Close()
	serverID := srv.AddServer(ecstest.Instance{})
	srv.AddAccessKey("my-access-key", "my-secret-key", "", time.Time{})

	client, err := ecs.NewClient(srv.URL, ecs.AccessKey{AccessKey: "my-access-key", SecretKey: "my-secret-key"})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := client.GetServer(context.Background(), srv.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status)
	// Output: VERIFY_RESIZE
}

// Take everything from the environment: the endpoint, the credential and the project.
func ExampleNewClientFromEnv() {
	client, projectID, err := ecs.NewClientFromEnv()
	if errors.Is(err, ecs.ErrInvalidArgument) {
		fmt.Println("the environment is incomplete:", err) // it names what was found and what is missing
		return
	}
	if err != nil {
		fmt.Println("the login failed:", err)
		return
	}
	server, err := client.RevertResizeAndWait(context.Background(), projectID, "95ecddd0-61c6-4025-9ec0-a93591b1e0f5")
	fmt.Println(server, err)
}

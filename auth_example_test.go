package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

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

// Command cloud runs the fake cloud of package ecstest for programs in any language: ECS (OpenStack Nova) and IAM (Keystone) at an
// address of loopback, with a few servers, faults by flags, and at the end the history of what the cloud did.
//
//	go run ./examples/cloud -out cloud.env -fault action:502 &
//	until [ -s cloud.env ]; do sleep 0.1; done; . ./cloud.env
//	curl -H "X-Auth-Token: $ECS_TOKEN" "$ECS_ENDPOINT/v2.1/$ECS_PROJECT_ID/servers/detail"
//	kill %1
//
// -h tells the rest.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

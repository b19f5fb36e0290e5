// Command cloud runs the fake cloud of package ecstest for programs in any language: ECS (OpenStack Nova) and IAM (Keystone) at an
// address of loopback, with a few servers, faults by flags, and at the end the history of what the cloud did.
//
//	go build -o fakecloud ./examples/cloud
//	./fakecloud -fault action:502 -out cloud.env -history history.json &
//	sleep 1; . ./cloud.env
//	curl -H "X-Auth-Token: $ECS_TOKEN" "$ECS_ENDPOINT/v2.1/$ECS_PROJECT_ID/servers/detail"
//	kill $!; wait; cat history.json
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

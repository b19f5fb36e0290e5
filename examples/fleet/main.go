// Command fleet reverts the resizes of many servers of one project.
//
// Without any environment it starts a fake cloud with 1,000 servers in this process:
//
//	go run ./examples/fleet            # looks and checks only
//	go run ./examples/fleet -yes -wait # reverts them, and waits until all are back
//
// Against a real cloud the endpoint, the project and the credential come from the environment, as ecs.NewClientFromEnv
// reads it. The servers are those in VERIFY_RESIZE, or with -stdin the IDs on standard input, one a line.
//
// The exit code is 0 when every server is done, 1 when one failed, 2 for a wrong call, 3 when one is in an unknown state.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

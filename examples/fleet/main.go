// Command fleet reverts the resizes of many servers of one project.
//
// Where the environment names no cloud and no credential it starts a fake cloud with 1,000 servers in this process, and
// says so:
//
//	go run ./examples/fleet            # looks and checks only
//	go run ./examples/fleet -yes -wait # reverts them, and waits until all are back
//
// Else the endpoint, the project and the credential come from the environment, as ecs.NewClientFromEnv reads it. The
// servers are those in VERIFY_RESIZE, or with -stdin the IDs on standard input, one a line.
//
// The exit code is 0 when every server is done, 1 when one failed or was not started, 2 for a wrong call or environment, 3
// when one is in an unknown state or its accepted revert is not finished.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	home, _ := os.UserHomeDir()
	code := run(ctx, os.Args[1:], surroundings{os.Environ(), home}, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

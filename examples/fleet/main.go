// Command fleet reverts the resizes of many servers of one project.
//
// Unless the command line names a cloud, it works on a fake one with 1,000 servers in this process:
//
//	go run . -dry-run # fetches and checks only
//	go run . -wait    # reverts them, and waits until all are back
//
// On a real cloud it shows the endpoint, the project and the number of servers, and asks. The servers are those in
// VERIFY_RESIZE, or with -stdin the IDs on standard input, one a line. -h tells the rest.
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
	code := run(ctx, os.Args[1:], standardStreams())
	stop()
	os.Exit(code)
}

// Command revert-resize reverts the resize of one server and prints each step: the GET, the check, the accepted
// action and every state until the server is back in its old flavor.
//
// Unless the command line names a cloud, it starts a fake one in this process and reverts a server there:
//
//	go run ./examples/revert-resize
//
// On a real cloud, by a name of clouds.yaml, or by its endpoint with the credential of the environment:
//
//	revert-resize -cloud otc -server SERVER-ID
//	revert-resize -endpoint https://ecs.eu-de.otc.t-systems.com -project PROJECT-ID -server SERVER-ID
//
// The exit code is 0 when the resize is reverted, 1 when it is not, 2 for wrong flags, and 3 when nobody can know, or the
// accepted revert is not finished: then look at the server before you do anything else. -h tells the rest.
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

// Command revert-resize reverts the resize of one server and tells the whole story: the look, the check, the accepted
// action and every state until the server is back in its old flavor.
//
// Without any flag and environment it starts a fake cloud in this process and reverts a server there:
//
//	go run ./examples/revert-resize
//
// Against a real cloud, with a token:
//
//	revert-resize -endpoint https://ecs.eu-de.otc.t-systems.com -token "$OS_TOKEN" -project PROJECT-ID -server SERVER-ID
//
// Without -token the credential comes from the environment, as ecs.NewClientFromEnv reads it.
//
// The exit code is 0 when the resize is reverted, 1 when it is not, 2 for a wrong call, and 3 when nobody can know:
// then look at the server before you do anything else.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Command sdk reverts a resize with this SDK.
package main

import (
	"context"
	"os"

	"github.com/revert-resize/ecs"
)

func main() {
	client, err := ecs.NewClient(os.Args[1], ecs.StaticToken(os.Args[2]))
	if err != nil {
		os.Exit(1)
	}
	if _, err := client.RevertResizeAndWait(context.Background(), os.Args[3], os.Args[4]); err != nil {
		os.Exit(1)
	}
}

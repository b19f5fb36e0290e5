package fleet_test

import (
	"fmt"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/wire"
)

// ids returns server-0 to server-(n-1).
func ids(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("server-%d", i))
	}
	return all
}

// page is a page of servers that was asked for just now.
func page(next string, ids ...string) fleet.Page {
	p := fleet.Page{Next: next, RequestedAt: time.Now()}
	for _, id := range ids {
		p.Servers = append(p.Servers, wire.Server{ID: id})
	}
	return p
}

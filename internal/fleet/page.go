// Package fleet decides in which order a fleet of servers is worked on: which page of a list to fetch, when the next server may
// be started, and which of the servers that are waited for to fetch, by a list or one by one.
//
// It sends nothing and knows no error of the SDK: its user gives it the requests as functions. It judges no state either: a
// [Wait] does.
package fleet

import (
	"time"

	"github.com/revert-resize/ecs/internal/wire"
)

// Few is up to how many servers are fetched one by one: a list of the project can cost more.
const Few = 3

// Page is one page of a list.
type Page struct {
	Servers     []wire.Server
	Next        string    // the marker of the next page, "" if there is none
	Date        time.Time // the cloud's clock; zero if the response does not say
	RequestedAt time.Time // by ours: the servers may be shown as they were then
	Redact      func(string) string
}

// Seen is what a list has shown of one server.
type Seen struct {
	Server      *wire.Server // nil: nothing
	RequestedAt time.Time    // as of its [Page]
	Date        time.Time    // likewise
	Redact      func(string) string
}

func (p *Page) seen(i int) Seen { return Seen{&p.Servers[i], p.RequestedAt, p.Date, p.Redact} }

// Key is the same for all spellings of an ID. Databases find IDs without regard to case.
func Key(id string) string {
	for i := range len(id) {
		if isUpper(id[i]) {
			return lower(id)
		}
	}
	return id
}

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }

func lower(id string) string {
	b := []byte(id)
	for i := range b {
		if isUpper(b[i]) {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

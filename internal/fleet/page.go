// Package fleet decides in which order a fleet of servers is worked on: which page of a list to ask for, when the next
// server may be started, and which of the servers that are waited for to look at, by a list or one by one.
//
// It sends nothing and knows no error of the SDK. Its user hands it the requests as functions, and is told which server is
// next. It judges no state either: a [Wait] does.
package fleet

import (
	"time"

	"github.com/revert-resize/ecs/internal/wire"
)

// Few is up to how many servers are looked at one by one: a list of the project can cost more.
const Few = 3

// Page is one page of a list.
type Page struct {
	Servers []wire.Server
	Next    string    // the marker of the next page, "" if there is none
	Date    time.Time // the cloud's clock; zero if it does not tell
	Asked   time.Time // by ours, when the page was asked for: the servers may have been seen as early as that
	Redact  func(string) string
}

// Seen is what a list has shown of one server.
type Seen struct {
	Server *wire.Server // nil: nothing
	Asked  time.Time    // as of its [Page]
	Redact func(string) string
}

func (p *Page) seen(i int) Seen { return Seen{&p.Servers[i], p.Asked, p.Redact} }

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

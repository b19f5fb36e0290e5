package ecstest

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// cloud holds the servers. Its caller holds Server.mu.
type cloud struct {
	byID    map[string]*record
	added   []*record            // in the order of AddServer
	ordered map[string][]*record // per project, as lists show them: newest first
	flavors map[string]Flavor
	lag     Lag
	lists   int // that were read so far
}

func newCloud(cfg config) cloud {
	c := cloud{
		byID:    map[string]*record{},
		lag:     cfg.lag,
		ordered: map[string][]*record{},
		flavors: map[string]Flavor{
			"1": {ID: "1", Name: "lab.small", VCPUs: 1, RAM: 512, Disk: 1},
			"2": {ID: "2", Name: "lab.big", VCPUs: 2, RAM: 1024, Disk: 1},
		},
	}
	for _, f := range cfg.flavors {
		c.flavors[f.ID] = f
	}
	return c
}

func (c *cloud) add(r *record) {
	if c.byID[r.id] != nil {
		panic("ecstest: AddServer: there is a server " + r.id + " already")
	}
	c.byID[r.id] = r
	c.added = append(c.added, r)
	list := c.ordered[r.project]
	i, _ := slices.BinarySearchFunc(list, r, byCreation)
	c.ordered[r.project] = slices.Insert(list, i, r)
}

// byCreation is the order of lists: the newest first, in one second by ID.
func byCreation(a, b *record) int {
	if c := b.created.Compare(a.created); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// find returns the server brought up to the time now, or nil.
func (c *cloud) find(id string, now time.Time) *record {
	r := c.byID[id]
	if r != nil {
		r.advance(now)
	}
	return r
}

// newUUID makes an ID like those of servers.
func (s *Server) newUUID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// newHex makes an ID like those of projects and users.
func (s *Server) newHex() string { return strings.ReplaceAll(s.newUUID(), "-", "") }

// newRequestID makes a request ID of Nova.
func (s *Server) newRequestID() string { return "req-" + s.newUUID() }

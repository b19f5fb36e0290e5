package ecs_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A wait tells within a tenth of the revert's length on average, in at most 25 requests for one of five minutes.
func TestWaitForRevert_TimeToVerdict(t *testing.T) {
	t.Parallel()
	const tries = 60
	var all float64
	lengths := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second}
	for _, nominal := range lengths {
		var late float64
		most := 0
		for range tries {
			length := nominal
			if nominal < 300*time.Second { // anything up to the next one
				length += time.Duration(rand.Float64() * float64(min(nominal, 300*time.Second-nominal)))
			}
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{func(req *http.Request) (*http.Response, error) {
					switch now := elapsed(); {
					case now < length/2:
						return see(reverting())(req)
					case now < length:
						return see(finishing())(req)
					}
					return see(atRest("ACTIVE", oldFlavor, oldHost, epoch.Add(length)))(req)
				}}}
				_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
				require.NoError(t, err)
				late += float64(elapsed()-length) / float64(length) / tries
				most = max(most, len(c.requests))
			})
		}
		t.Logf("a revert of %4s or more: told %4.1f %% late on average, in at most %d requests", nominal, 100*late, most)
		assert.LessOrEqual(t, most, 25)
		if nominal < 300*time.Second {
			all += late / float64(len(lengths)-1)
		}
	}
	t.Logf("all: %4.1f %% late on average", 100*all)
	assert.LessOrEqual(t, all, 0.11) // a tenth, as near as so few tries tell
}

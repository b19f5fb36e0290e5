package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/verdict"
)

// response is one response of a wait. The record is what the cloud's record says if the verdict asks for it.
type response struct {
	at     time.Duration // since the revert was sent
	now    verdict.State
	record verdict.Record
}

// every repeats a response every second second, n times from at on.
func every(n int, at time.Duration, now verdict.State, word verdict.Word) []response {
	return repeated(n, at, now, verdict.Record{Word: word})
}

// repeated is the same with the list of actions.
func repeated(n int, at time.Duration, now verdict.State, r verdict.Record) []response {
	var all []response
	for i := range n {
		all = append(all, response{at + time.Duration(i)*2*time.Second, now, r})
	}
	return all
}

// history is a wait: all responses but the last must not end it.
type history struct {
	name   string
	before change        // how Before differs from resized()
	sentAt time.Time     // zero: sentAt; also the cloud's time of the last sighting
	skew   time.Duration // of the cloud's clock; its times are launched and reverted, and its dates
	untied bool          // the revert does not tell the cloud's time
	noDate bool          // neither do the responses
	unsent bool          // nor when it was sent, as one that is made by hand
	dated  time.Duration // the first response that tells the cloud's time
	looks  []response
	want   verdict.Verdict
	reason string // is contained in the reason
}

func (h history) run(t *testing.T) {
	t.Helper()
	before := resized()
	if h.before != nil {
		h.before(&before)
	}
	sent := h.sentAt
	if sent.IsZero() {
		sent = sentAt
	}
	start := verdict.Start{Before: before, SentAt: sent.Add(-h.skew), CloudTime: sent, Settle: settle}
	if h.untied || h.noDate {
		start.CloudTime = time.Time{}
	}
	if h.unsent {
		start.SentAt = time.Time{}
	}
	w := verdict.NewWait(start)
	require.NotEmpty(t, h.looks)
	for i, l := range h.looks {
		now := sent.Add(l.at - h.skew)
		m := verdict.Moment{Requested: now, Now: now, Date: now.Add(h.skew).Truncate(time.Second)}
		if h.noDate || l.at < h.dated {
			m.Date = time.Time{}
		}
		got, reason := w.Observe(l.now, m)
		if got == verdict.FetchRecord {
			got, reason = w.Recorded(l.record, now)
		}
		if i < len(h.looks)-1 {
			require.Equal(t, verdict.GoOn, got, "response %d at %s: %s", i+1, l.at, reason)
			continue
		}
		assert.Equal(t, h.want, got, "last response: %s", reason)
		assert.Contains(t, reason, h.reason)
		assert.NotContains(t, reason, "\n")
		assert.Equal(t, strings.TrimRight(reason, ": "), reason)
		if got == verdict.Failed || got == verdict.Deleted || got == verdict.Unknown {
			assert.NotEmpty(t, reason)
		}
	}
}

func runHistories(t *testing.T, histories []history) {
	t.Helper()
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			h.run(t)
		})
	}
}

// looks joins responses and lists of them.
func looks(parts ...[]response) []response {
	var joined []response
	for _, p := range parts {
		joined = append(joined, p...)
	}
	return joined
}

// at is one response, whose record is not asked for or tells nothing.
func at(d time.Duration, now verdict.State) []response { return []response{{at: d, now: now}} }

// told is one response with the record of the revert's own action.
func told(d time.Duration, now verdict.State, word verdict.Word) []response {
	return []response{{d, now, verdict.Record{Word: word}}}
}

// listed is one response with that record and the list of actions.
func listed(d time.Duration, now verdict.State, r verdict.Record) []response {
	return []response{{d, now, r}}
}

const second = time.Second

package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/verdict"
)

// look is one look of a wait. The record is what the cloud's record says if the verdict asks for it.
type look struct {
	at     time.Duration // since the revert was sent
	now    verdict.State
	record verdict.Record
}

// every repeats a look every second second, n times from at on.
func every(n int, at time.Duration, now verdict.State, r verdict.Record) []look {
	var looks []look
	for i := range n {
		looks = append(looks, look{at + time.Duration(i)*2*time.Second, now, r})
	}
	return looks
}

// story is a wait: all looks but the last must not end it.
type story struct {
	name   string
	before change    // how Before differs from resized()
	sentAt time.Time // zero: sentAt
	looks  []look
	want   verdict.Verdict
	reason string // is contained in the reason
}

func (s story) run(t *testing.T) {
	t.Helper()
	before := resized()
	if s.before != nil {
		s.before(&before)
	}
	sent := s.sentAt
	if sent.IsZero() {
		sent = sentAt
	}
	w := verdict.NewWait(before, sent, grace)
	require.NotEmpty(t, s.looks)
	for i, l := range s.looks {
		got, reason := w.Observe(l.now, sent.Add(l.at))
		if got == verdict.AskRecord {
			got, reason = w.Recorded(l.record, sent.Add(l.at))
		}
		if i < len(s.looks)-1 {
			require.Equal(t, verdict.GoOn, got, "look %d at %s", i+1, l.at)
			continue
		}
		assert.Equal(t, s.want, got, "last look")
		assert.Contains(t, reason, s.reason)
		assert.NotContains(t, reason, "\n")
		if got == verdict.Failed || got == verdict.Deleted || got == verdict.Unknown {
			assert.NotEmpty(t, reason)
		}
	}
}

func runStories(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}

// looks joins looks and lists of them.
func looks(parts ...[]look) []look {
	var joined []look
	for _, p := range parts {
		joined = append(joined, p...)
	}
	return joined
}

// at is one look, whose record is not asked for or tells nothing.
func at(d time.Duration, now verdict.State) []look { return []look{{at: d, now: now}} }

// told is one look with a record.
func told(d time.Duration, now verdict.State, r verdict.Record) []look { return []look{{d, now, r}} }

const second = time.Second

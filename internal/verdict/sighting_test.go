package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

// Three settle times: by the cloud's clock if it tells when the server was launched, else by this process's.
func TestSightings_AreRecentForThreeSettleTimes(t *testing.T) {
	t.Parallel()
	const window = 15 * time.Second
	cloud := sentAt.Add(time.Hour) // the cloud's clock is an hour ahead
	launchedIn := func(d time.Duration) verdict.State { return state(active, moved, launchedAt(cloud.Add(d))) }
	untold := state(active, moved, launchedAt(time.Time{}))
	for name, tt := range map[string]struct {
		at, date time.Time
		now      verdict.State
		after    time.Duration
		want     bool
	}{
		"launched within it, seen much later":                           {time.Time{}, cloud, launchedIn(window), 24 * time.Hour, true},
		"launched after it":                                             {time.Time{}, cloud, launchedIn(window + time.Second), 0, false},
		"launched after it by the cloud's clock, but seen within it":    {sentAt, cloud, launchedIn(window + time.Second), window, true},
		"launched a little before: two clocks of the cloud":             {time.Time{}, cloud, launchedIn(-settle), 0, true},
		"launched long before: the sighting was of a replica that lags": {sentAt, cloud, launchedIn(-settle - time.Second), 0, false},
		"no date, seen within it":                                       {sentAt, time.Time{}, launchedIn(0), window, true},
		"no date, seen after it":                                        {sentAt, time.Time{}, launchedIn(0), window + 1, false},
		"no launch time, seen within it":                                {sentAt, cloud, untold, window, true},
		"no launch time, seen after it":                                 {sentAt, cloud, untold, window + 1, false},
		"no launch time, seen by another process":                       {time.Time{}, cloud, untold, 0, false},
		"never seen": {time.Time{}, time.Time{}, launchedIn(0), 0, false},
	} {
		g := verdict.Sightings{Settle: settle}
		g.Undecided(tt.at, tt.date)
		assert.Equal(t, tt.want, g.Recent(tt.now, sentAt.Add(tt.after)), name)
		g.Otherwise()
		assert.False(t, g.Recent(tt.now, sentAt.Add(tt.after)), "%s: seen otherwise since", name)
	}
}

// A later sighting of a replica that lags takes nothing from an earlier one.
func TestSightings_RememberTheFirstAndTheLast(t *testing.T) {
	t.Parallel()
	g := verdict.Sightings{Settle: settle}
	g.Undecided(sentAt, sentAt)
	g.Undecided(sentAt.Add(30*time.Second), sentAt.Add(30*time.Second))
	assert.True(t, g.Recent(state(active, moved, launchedAt(sentAt.Add(2*time.Second))), sentAt.Add(31*time.Second)))
	assert.True(t, g.Recent(state(active, moved, launchedAt(sentAt.Add(31*time.Second))), sentAt.Add(32*time.Second)))
	assert.False(t, g.Recent(state(active, moved, launchedAt(sentAt.Add(20*time.Second))), sentAt.Add(32*time.Second)))
}

// An answer without a date takes nothing from the dates of earlier ones.
func TestSightings_KeepTheDateOfTheLastThatHadOne(t *testing.T) {
	t.Parallel()
	g := verdict.Sightings{Settle: settle}
	for _, d := range []time.Duration{0, 30 * time.Second} {
		g.Undecided(sentAt.Add(d), sentAt.Add(d))
	}
	g.Undecided(sentAt.Add(31*time.Second), time.Time{})
	assert.True(t, g.Recent(state(active, moved, launchedAt(sentAt.Add(31*time.Second))), sentAt.Add(time.Hour)))
}

// One that was seen otherwise may be seen undecided again.
func TestSightings_BeginAnew(t *testing.T) {
	t.Parallel()
	g := verdict.Sightings{Settle: settle}
	g.Undecided(sentAt, time.Time{})
	g.Otherwise()
	g.Undecided(sentAt.Add(time.Second), time.Time{})
	assert.True(t, g.Recent(state(active, moved), sentAt.Add(2*time.Second)))
}

func TestSightings_StillIsNoStepBack(t *testing.T) {
	t.Parallel()
	g := verdict.Sightings{Settle: settle}
	g.Undecided(sentAt, time.Time{})
	g.Still(sentAt.Add(-time.Minute), time.Time{})
	assert.True(t, g.Recent(state(active, moved), sentAt.Add(15*time.Second)))
	g.Still(sentAt.Add(time.Second), time.Time{})
	assert.True(t, g.Recent(state(active, moved), sentAt.Add(16*time.Second)))
}

// A list that does not show a server says that it has not changed. A launch before that proves that the list lagged.
func TestSightings_AListThatLaggedSaysNothing(t *testing.T) {
	t.Parallel()
	now, date := time.Now(), time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC)
	at := func(d time.Duration) (time.Time, time.Time) { return now.Add(d), date.Add(d) }
	launched := verdict.State{LaunchedAt: date.Add(16 * time.Second)}
	shown := verdict.Sightings{Settle: 5 * time.Second}
	shown.Undecided(at(20 * time.Second))
	assert.True(t, shown.Recent(launched, now.Add(25*time.Second)), "a response may lag by a settle time")
	unchanged := verdict.Sightings{Settle: 5 * time.Second}
	unchanged.Undecided(at(0))
	unchanged.Still(at(20 * time.Second))
	assert.False(t, unchanged.Recent(launched, now.Add(25*time.Second)))
	unchanged.Undecided(at(20 * time.Second))
	assert.True(t, unchanged.Recent(launched, now.Add(25*time.Second)), "until a response shows it")
}

// What was done to a server after its revert.
func TestSinceOf_KnowsWhatLaunchesAServerAnew(t *testing.T) {
	t.Parallel()
	revert, resize := action("revertResize", 5), action("resize", -5)
	for name, tt := range map[string]struct {
		later string // "" is nothing
		want  verdict.Since
	}{
		"nothing": {"", verdict.SinceNothing}, "stopped": {"stop", verdict.SinceNothing}, "suspended": {"suspend", verdict.SinceNothing},
		"shelved": {"shelve", verdict.SinceNothing}, "an image": {"createImage", verdict.SinceNothing},
		"resized": {"resize", verdict.SinceRelaunched}, "migrated": {"migrate", verdict.SinceRelaunched}, "rebuilt": {"rebuild", verdict.SinceRelaunched},
		"unshelved": {"unshelve", verdict.SinceRelaunched}, "rescued": {"rescue", verdict.SinceRelaunched}, "evacuated": {"evacuate", verdict.SinceRelaunched}, "one that does not exist yet": {"ponder", verdict.SinceRelaunched},
	} {
		actions := []verdict.Action{revert, resize}
		if tt.later != "" {
			actions = append([]verdict.Action{action(tt.later, 60)}, actions...)
		}
		assert.Equal(t, tt.want, verdict.SinceOf("revertResize", actions), name)
	}
	assert.Equal(t, verdict.SinceUnknown, verdict.SinceOf("another", []verdict.Action{revert, resize}))
	assert.Equal(t, verdict.SinceUnknown, verdict.SinceOf("", []verdict.Action{{Name: "revertResize"}}))
}

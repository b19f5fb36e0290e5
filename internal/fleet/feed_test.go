package fleet_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/fleet"
)

// feeding is a feed and what it does. Requests take pace each.
type feeding struct {
	fleet.Feed

	pace  time.Duration
	lists [][]string // what each list shows, all servers after a marker; the last one is repeated
	fails []error    // of the first lists

	mu        sync.Mutex
	pages     []string // the markers asked for
	jobs      []fleet.Job
	ages      []time.Duration
	skipped   []string
	givenBack int
}

func newFeeding(all []string) *feeding {
	f := &feeding{pace: 100 * time.Millisecond}
	f.Feed = fleet.Feed{
		IDs: all, PageSize: 100, MaxAge: 5 * time.Second, Slots: fleet.NewSlots(4),
		Permit:   func(ctx context.Context) error { return pause(ctx, f.pace) },
		GiveBack: func() { f.givenBack++ },
		Page:     f.page, Start: f.start,
		Permanent: func(err error) bool { return errors.Is(err, errPermanent) },
		Skip:      func(id string) { f.skipped = append(f.skipped, id) },
	}
	return f
}

var errPermanent, errPassing = errors.New("permanent"), errors.New("passing")

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *feeding) page(ctx context.Context, after string, size int) (fleet.Page, error) {
	p := page("")
	if err := pause(ctx, f.pace); err != nil {
		return p, err
	}
	n := len(f.pages)
	f.pages = append(f.pages, after)
	if n < len(f.fails) && f.fails[n] != nil {
		return p, f.fails[n]
	}
	shown := f.lists[min(n, len(f.lists)-1)]
	shown = shown[slices.Index(shown, after)+1:]
	if len(shown) > size {
		shown = shown[:size]
		p.Next = shown[size-1]
	}
	q := page(p.Next, shown...)
	q.RequestedAt = p.RequestedAt
	return q, nil
}

func (f *feeding) start(job fleet.Job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs = append(f.jobs, job)
	if job.Seen.Server != nil {
		f.ages = append(f.ages, time.Since(job.Seen.RequestedAt))
	}
}

func (f *feeding) started() (all []string, seen int) {
	for _, job := range f.jobs {
		all = append(all, job.ID)
		if job.Seen.Server != nil {
			seen++
		}
	}
	slices.Sort(all)
	return all, seen
}

func sorted(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}

func TestFeed_StartsEachServerOnceWhatItSeesOfItStillFresh(t *testing.T) {
	t.Parallel()
	all := ids(500)
	for name, tt := range map[string]struct {
		pace         time.Duration
		lists        [][]string
		fails        []error
		pages, seen  int // at most, at least
		singlesFirst bool
	}{
		"a quick list":          {time.Millisecond, [][]string{all}, nil, 5, 500, false},
		"ten a second":          {100 * time.Millisecond, [][]string{all}, nil, 12, 490, false},
		"one a second":          {time.Second, [][]string{all}, nil, 140, 480, false},
		"too slow for any look": {6 * time.Second, [][]string{all}, nil, 3, 0, false},
		"shows nothing":         {time.Millisecond, [][]string{{}}, nil, 1, 0, false},
		"shows half of them":    {time.Millisecond, [][]string{all[:250]}, nil, 3, 250, false},
		"there is no list":      {time.Millisecond, [][]string{all}, []error{errPermanent}, 1, 0, false},
		"fails once":            {time.Millisecond, [][]string{all}, []error{nil, errPassing}, 6, 500, false},
		"fails and fails":       {time.Millisecond, [][]string{all}, []error{errPassing, errPassing, errPassing}, 3, 0, false},
		"forgets the marker":    {time.Millisecond, [][]string{all}, []error{nil, errPassing, errPassing}, 9, 500, false},
		"of many others":        {time.Millisecond, [][]string{append(ids(5000)[500:], all...)}, nil, 6, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFeeding(all)
				f.pace, f.lists, f.fails = tt.pace, tt.lists, tt.fails
				f.Run(t.Context())
				started, seen := f.started()
				assert.Equal(t, sorted(all), started)
				assert.Empty(t, f.skipped)
				assert.GreaterOrEqual(t, seen, tt.seen)
				assert.LessOrEqual(t, len(f.pages), tt.pages)
				for _, age := range f.ages {
					assert.LessOrEqual(t, age, f.MaxAge)
				}
				assert.LessOrEqual(t, f.givenBack, 1)
				assert.Empty(t, f.Slots, "all slots are given back")
			})
		})
	}
}

func TestFeed_AsksForNoListForAFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeeding(ids(fleet.Few))
		f.Run(t.Context())
		assert.Len(t, f.jobs, fleet.Few)
		assert.Empty(t, f.pages)
	})
}

func TestFeed_SkipsWhatIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for _, shown := range [][]string{ids(100), {}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFeeding(ids(100))
			f.lists = [][]string{shown}
			ctx, cancel := context.WithTimeout(t.Context(), 3050*time.Millisecond)
			defer cancel()
			start := time.Now()
			f.Run(ctx)
			assert.Equal(t, 3050*time.Millisecond, time.Since(start), "nobody waits in vain")
			started, _ := f.started()
			assert.Equal(t, sorted(f.IDs), sorted(append(started, f.skipped...)))
			assert.InDelta(t, 29, len(started), 1)
		})
	}
}

func TestFeed_TheFirstServerGoesAheadUntilTheCloudHasAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeeding(ids(20))
		f.fails = []error{errPassing, errPassing, errPassing}
		ctx, cancel := context.WithCancel(t.Context())
		f.Start = func(job fleet.Job) {
			f.start(job)
			time.Sleep(10 * time.Second)
			cancel() // the credential is refused
			job.Answered()
			time.Sleep(time.Minute)
		}
		f.Run(ctx)
		assert.Len(t, f.jobs, 1)
		assert.Len(t, f.skipped, 19)
	})
}

// What an earlier run has planned comes first, and a credential that is refused shows before anything else is started.
func TestFeed_StartsTheFirstOnesBeforeAllOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFeeding(ids(50)[10:])
		f.First, f.lists = ids(10), [][]string{ids(50)}
		f.Run(t.Context())
		started, seen := f.started()
		assert.Equal(t, sorted(ids(50)), started)
		assert.Equal(t, 40, seen, "no list is needed for the first ones")
		for i, job := range f.jobs[:10] {
			assert.Equal(t, i == 0, job.Ahead)
			assert.Contains(t, ids(10), job.ID)
		}
	})
}

func TestFeed_AJobMayGiveItsSlotBackForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const workers = 4
		f := newFeeding(ids(40))
		f.lists = [][]string{ids(40)}
		f.Permit = nil
		var mu sync.Mutex
		now, most, outside := 0, 0, 0
		count := func(d, o int) {
			mu.Lock()
			defer mu.Unlock()
			now, outside = now+d, outside+o
			most = max(most, now)
		}
		f.Start = func(job fleet.Job) {
			count(0, 1)
			job.Slot.Free()
			job.Slot.Free() // once is enough
			time.Sleep(time.Second)
			count(0, -1)
			if assert.NoError(t, job.Slot.Take(t.Context())) {
				count(1, 0)
				time.Sleep(time.Millisecond)
				count(-1, 0)
			}
		}
		start := time.Now()
		f.Run(t.Context())
		assert.LessOrEqual(t, most, workers)
		assert.Less(t, time.Since(start), 5*time.Second, "not one after the other")
	})
}

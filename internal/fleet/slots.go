package fleet

import (
	"context"
	"sync"
)

// Slots bounds how many requests are under way. Who makes one holds a slot.
type Slots chan struct{}

// NewSlots returns n free slots.
func NewSlots(n int) Slots { return make(Slots, n) }

// Take returns with a slot, or with the context's error.
func (s Slots) Take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Free gives a slot back.
func (s Slots) Free() { <-s }

// Slot is a slot that one goroutine holds, or has given back for a while.
type Slot struct {
	slots Slots
	held  bool
}

// Free gives the slot back. It does nothing if that has been done.
func (s *Slot) Free() {
	if s.held {
		s.held = false
		s.slots.Free()
	}
}

// Take takes a slot again.
func (s *Slot) Take(ctx context.Context) error {
	err := s.slots.Take(ctx)
	s.held = err == nil
	return err
}

// each calls f for every one of all, as many at once as there are slots, until the context ends. It returns when all calls
// have.
func each[T any](ctx context.Context, s Slots, all []T, f func(T)) {
	var calls sync.WaitGroup
	for _, one := range all {
		if s.Take(ctx) != nil {
			break
		}
		calls.Go(func() {
			defer s.Free()
			f(one)
		})
	}
	calls.Wait()
}

package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

const kindNames = "any get list record action revert confirm resize delete login"

func kinds() map[string]ecstest.Kind {
	return map[string]ecstest.Kind{
		"any": ecstest.Any, "get": ecstest.Look, "list": ecstest.List, "record": ecstest.ActionRecord, "action": ecstest.AnyAction,
		"revert": ecstest.Revert, "confirm": ecstest.Confirm, "resize": ecstest.Resize, "delete": ecstest.Delete, "login": ecstest.Login,
	}
}

const effectNames = `drop (the connection breaks before the request arrives), lost (after it was carried out), hang, truncate, empty (200
  without a body), page (200 that is a web page), slow (2 s), expired (the token), throttled (429, Retry-After: 1), stale (30 s ago),
  and for reverts: rolled-back, error, never (it does not start), stuck (in REVERT_RESIZE), suspended, shelved, imaged (right after it)`

func effects() map[string]ecstest.Effect {
	return map[string]ecstest.Effect{
		"drop": ecstest.DropBefore(), "lost": ecstest.DropAfter(), "hang": ecstest.Hang(), "truncate": ecstest.Truncate(10),
		"empty": ecstest.Stray(http.StatusOK, ecstest.StrayEmpty), "page": ecstest.Stray(http.StatusOK, ecstest.StrayHTML),
		"expired": ecstest.ExpireToken(), "throttled": ecstest.Throttled(time.Second), "stale": ecstest.Stale(30 * time.Second),
		"rolled-back": ecstest.RevertEnds(ecstest.RevertRollsBack), "error": ecstest.RevertEnds(ecstest.RevertFailsLate),
		"never": ecstest.RevertEnds(ecstest.RevertNeverStarts), "stuck": ecstest.RevertEnds(ecstest.RevertHangsLate),
		"suspended": ecstest.AfterRevert("suspend"), "shelved": ecstest.AfterRevert("shelve"), "imaged": ecstest.AfterRevert("createImage"),
		"slow": {},
	}
}

// parseFault reads KIND:EFFECT[:TIMES[:SKIP]].
func parseFault(text string) (ecstest.Fault, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 4 {
		return ecstest.Fault{}, fmt.Errorf("%q is not KIND:EFFECT[:TIMES[:SKIP]]", text)
	}
	fault := ecstest.Fault{Times: 1}
	kind, known := kinds()[parts[0]]
	if !known {
		return fault, fmt.Errorf("%q is not a kind: %s", parts[0], strings.Join(slices.Sorted(maps.Keys(kinds())), " "))
	}
	fault.On = kind
	effect, err := parseEffect(parts[1])
	if err != nil {
		return fault, err
	}
	fault.Do = effect
	if parts[1] == "slow" {
		fault.Before = 2 * time.Second
	}
	for i, number := range []*int{&fault.Times, &fault.Skip} {
		if len(parts) <= i+2 {
			break
		}
		if *number, err = strconv.Atoi(parts[i+2]); err != nil || *number < -1+i {
			return fault, fmt.Errorf("%q is not a number of requests", parts[i+2])
		}
	}
	if fault.Times == 0 {
		return fault, fmt.Errorf("%q happens to no request", text)
	}
	return fault, canHappen(fault, text)
}

// parseEffect reads a status or a name, with or without -applied.
func parseEffect(text string) (ecstest.Effect, error) {
	name, applied := strings.CutSuffix(text, "-applied")
	effect, known := effects()[name]
	if !known {
		status, err := strconv.Atoi(name)
		if err != nil || status < 200 || status > 599 || len(name) != 3 {
			return effect, fmt.Errorf("%q is not an effect: a status from 200 to 599, or one of %s", text, strings.Join(slices.Sorted(maps.Keys(effects())), " "))
		}
		effect = ecstest.Stray(status, ecstest.StrayHTML)
		if status == http.StatusTooManyRequests {
			effect = ecstest.Throttled(0)
		}
	}
	if applied {
		effect = effect.Applied()
	}
	return effect, nil
}

// canHappen tries the fault on a cloud that nobody uses: some effects happen to some kinds of requests alone.
func canHappen(fault ecstest.Fault, text string) (err error) {
	trial := ecstest.NewUnstarted()
	defer trial.Close()
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%q cannot happen: no request of this kind can have this effect", text)
		}
	}()
	trial.Inject(fault)
	return nil
}

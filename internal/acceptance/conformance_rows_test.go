package acceptance_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

var tableFile = flag.String("table", "", "a run on a real cloud writes to this file how the cloud answers each case of the conformance table")

// row is how one cloud answers one case of the table.
type row struct {
	Case    string
	Cloud   string   // its release
	Version string   // of its packages, where that is known
	Newest  int      // minor number of its newest microversion
	Answer  string   // agrees, differs or notTried
	Why     string   // at which step it differs, or why the case was not tried
	Notes   []string // what it answers of its own where the table lets releases differ
}

// The answers of a cloud.
const (
	agrees   = "agrees"
	differs  = "differs"
	notTried = "not tried"
)

// rows collects them. Cases run side by side.
type rows struct {
	mu  sync.Mutex
	all []row
}

func (r *rows) add(one row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// appendTo is add for a file, with one line for each row.
func appendTo(t *testing.T, file string, one row) {
	t.Helper()
	line, err := json.Marshal(one)
	if !assert.NoError(t, err) {
		return
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if !assert.NoError(t, err) {
		return
	}
	_, err = f.Write(append(line, '\n'))
	assert.NoError(t, err)
	assert.NoError(t, f.Close())
}

// readRows reads such a file. Of two rows of a case the later one counts.
func readRows(file string) (all []row, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(raw)) {
		var one row
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = slices.DeleteFunc(all, func(known row) bool { return known.Case == one.Case })
		all = append(all, one)
	}
	return all, nil
}

// record notes how the case ends, once its test is over.
func (r *row) record(t *testing.T, add func(row)) {
	t.Helper()
	t.Cleanup(func() {
		switch {
		case t.Failed():
			r.Answer = differs
		case t.Skipped():
			r.Answer = notTried
		default:
			r.Answer, r.Why = agrees, ""
		}
		add(*r)
	})
}

// step notes where a case is: its first step that fails is why it differs.
func (r *row) step(t *testing.T, what string) {
	t.Helper()
	if !t.Failed() {
		r.Why = what
	}
}

// skip is for what a cloud cannot do.
func (r *row) skip(t *testing.T, why string) {
	t.Helper()
	if r != nil { // else the test is no case of the table
		r.Why = why
	}
	t.Skip(why)
}

// note adds what a cloud answers of its own.
func (r *row) note(what string) {
	if what != "" && !slices.Contains(r.Notes, what) {
		r.Notes = append(r.Notes, what)
	}
}

// cell is how the row reads in a table.
func (r *row) cell() string {
	text := r.Answer
	if r.Why != "" {
		text += ": " + r.Why
	}
	if len(r.Notes) > 0 {
		text += " (" + strings.Join(r.Notes, "; ") + ")"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

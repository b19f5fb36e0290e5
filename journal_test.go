package ecs_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

const journalHeader = `{"format":"ecs-revert-journal","version":1}` + "\n"

// openJournal opens a journal that is closed when the test ends.
func openJournal(t *testing.T, path string) *ecs.FileJournal {
	t.Helper()
	j, err := ecs.OpenJournal(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func journalPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "journal")
}

func journalEntries(t *testing.T, j ecs.Journal) (all []ecs.JournalEntry) {
	t.Helper()
	for entry, err := range j.Load(t.Context()) {
		require.NoError(t, err)
		all = append(all, entry)
	}
	return all
}

// plannedEntry is an entry as a run records it before it sends anything.
func plannedEntry(change ...func(*ecs.JournalEntry)) ecs.JournalEntry {
	entry := ecs.JournalEntry{
		State: ecs.JournalPlanned, Time: Epoch.Add(time.Minute),
		Revert: ecs.Revert{ProjectID: ProjectID, ServerID: ServerID, Before: ecs.Server{
			ID: ServerID, Name: "web", Status: ecs.StatusVerifyResize, VMState: "resized",
			FlavorID: "2", HostID: "new", Updated: Epoch, LaunchedAt: Epoch,
		}},
	}
	for _, f := range change {
		f(&entry)
	}
	return entry
}

func accepted(e *ecs.JournalEntry) {
	e.State, e.Revert.SentAt, e.Revert.RequestID = ecs.JournalAccepted, Epoch.Add(2*time.Minute), RevertID
}

func decided(outcome ecs.JournalOutcome) func(*ecs.JournalEntry) {
	return func(e *ecs.JournalEntry) {
		e.State, e.Outcome, e.Server = ecs.JournalDecided, outcome, &ecs.Server{ID: ServerID, Status: ecs.StatusActive}
	}
}

func notReverted(e *ecs.JournalEntry) {
	accepted(e)
	decided(ecs.JournalNotReverted)(e)
	e.Reason, e.Gone = "the server is in ERROR: disk on fire", true
	e.Server.Fault = &ecs.Fault{Code: 500, Message: "disk on fire", Created: Epoch}
}

func TestJournal_KeepsEveryEntry(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	j := openJournal(t, path)
	assert.Empty(t, journalEntries(t, j))
	want := []ecs.JournalEntry{
		plannedEntry(), plannedEntry(accepted), plannedEntry(accepted, decided(ecs.JournalReverted)), plannedEntry(notReverted),
		plannedEntry(decided(ecs.JournalNothingDone)), plannedEntry(decided(ecs.JournalNotReverted)),
	}
	for _, entry := range want {
		require.NoError(t, j.Record(t.Context(), entry))
	}
	assert.Equal(t, want, journalEntries(t, j))
	require.NoError(t, j.Close())
	assert.Equal(t, want, journalEntries(t, openJournal(t, path)))
}

// What a file of today holds is read by every later version: this text may not change.
func TestJournal_IsWrittenAsItEverWas(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	j := openJournal(t, path)
	require.NoError(t, j.Record(t.Context(), plannedEntry(notReverted)))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	header, line, _ := strings.Cut(string(data), "\n")
	assert.Equal(t, strings.Split(journalHeader, "\n")[0], header, "the header")
	var got, want map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &got))
	require.NoError(t, json.Unmarshal([]byte(`{
		"state": "decided", "outcome": "not_reverted", "time": "2000-01-01T00:01:00Z",
		"revert": {
			"project_id": "`+ProjectID+`", "server_id": "`+ServerID+`", "request_id": "`+RevertID+`",
			"sent_at": "2000-01-01T00:02:00Z",
			"before": {
				"id": "`+ServerID+`", "name": "web", "status": "VERIFY_RESIZE", "vm_state": "resized", "flavor_id": "2", "host_id": "new",
				"updated": "2000-01-01T00:00:00Z", "launched_at": "2000-01-01T00:00:00Z"
			}
		},
		"server": {"id": "`+ServerID+`", "status": "ACTIVE", "fault": {"code": 500, "message": "disk on fire", "created": "2000-01-01T00:00:00Z"}},
		"reason": "the server is in ERROR: disk on fire", "gone": true
	}`), &want))
	if revert, ok := got["revert"].(map[string]any); ok {
		delete(revert, "planned_at")
	}
	assert.Equal(t, want, got)
}

func TestJournal_HoldsNothingOfTheServerThatTellsNoResize(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	j := openJournal(t, path)
	const private = "s3cret"
	full := ecs.Server{
		ID: ServerID, Status: ecs.StatusVerifyResize, VMState: "resized", FlavorID: "2", Updated: Epoch, UserID: private, KeyName: private, AvailabilityZone: private,
		Metadata: map[string]string{"admin_pass": private}, Addresses: map[string][]ecs.Address{private: {{Addr: private}}},
		Fault: &ecs.Fault{Message: "no", Details: private},
	}
	entry := plannedEntry(notReverted)
	entry.Revert.Before, entry.Server = full, &full
	require.NoError(t, j.Record(t.Context(), entry))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.NotContains(t, string(data), private)
	assert.Equal(t, private, full.KeyName, "the caller's own is not changed")
	assert.Equal(t, private, entry.Server.Fault.Details)
}

func TestOpenJournal_Refuses(t *testing.T) {
	t.Parallel()
	line := func(change ...func(*ecs.JournalEntry)) string {
		text, err := json.Marshal(plannedEntry(change...))
		require.NoError(t, err)
		return string(text) + "\n"
	}
	good := line()
	for name, tt := range map[string]struct{ holds, says string }{
		"another file":          {"my notes\n", "line 1"},
		"a later version":       {`{"format":"ecs-revert-journal","version":2}` + "\n", "version is 2"},
		"a torn line in it":     {journalHeader + good + good[:100] + "\n" + good, "line 3"},
		"an empty line":         {journalHeader + "\n" + good, "line 2"},
		"zeros in it":           {journalHeader + good + strings.Repeat("\x00", 100) + "\n" + good, "line 3"},
		"an entry of nobody":    {journalHeader + "{}\n", "line 2"},
		"a bad ID":              {journalHeader + line(func(e *ecs.JournalEntry) { e.Revert.ServerID = "../x" }), "server ID"},
		"no project":            {journalHeader + line(func(e *ecs.JournalEntry) { e.Revert.ProjectID = "" }), "project ID"},
		"not a finished resize": {journalHeader + line(func(e *ecs.JournalEntry) { e.Revert.Before = ecs.Server{} }), "not ready"},
		"a new state":           {journalHeader + line(func(e *ecs.JournalEntry) { e.State = "lost" }), `"lost"`},
		"a new outcome":         {journalHeader + line(accepted, decided("odd")), `"odd"`},
		"no outcome":            {journalHeader + line(accepted, decided("")), `outcome ""`},
		"an outcome too early":  {journalHeader + line(func(e *ecs.JournalEntry) { e.Outcome = ecs.JournalNothingDone }), `"nothing_done"`},
		"planned and sent":      {journalHeader + line(accepted, func(e *ecs.JournalEntry) { e.State = ecs.JournalPlanned }), "planned"},
		"accepted and not sent": {journalHeader + line(func(e *ecs.JournalEntry) { e.State = ecs.JournalAccepted }), "accepted"},
		"reverted and not seen": {journalHeader + line(decided(ecs.JournalReverted), func(e *ecs.JournalEntry) { e.Server = nil }), "without a server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := journalPath(t)
			require.NoError(t, os.WriteFile(path, []byte(tt.holds), 0o600))
			_, err := ecs.OpenJournal(path)
			require.ErrorIs(t, err, ecs.ErrInvalidArgument)
			require.ErrorContains(t, err, tt.says)
			assert.Contains(t, err.Error(), path)
			assert.True(t, strings.HasPrefix(err.Error(), "ecs: open journal: "), err)
			assert.NotContains(t, err.Error(), "\n")
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, tt.holds, string(after), "not changed")
			require.NoError(t, os.WriteFile(path, []byte(journalHeader+good), 0o600))
			assert.Len(t, journalEntries(t, openJournal(t, path)), 1, "nor held")
		})
	}
	_, err := ecs.OpenJournal("")
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	_, err = ecs.OpenJournal(t.TempDir())
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	_, err = ecs.OpenJournal(filepath.Join(t.TempDir(), "no", "journal"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpenJournal_OneProcessAtATime(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	j := openJournal(t, path)
	_, err := ecs.OpenJournal(path)
	require.ErrorIs(t, err, ecs.ErrJournalInUse)
	require.NotErrorIs(t, err, ecs.ErrInvalidArgument)
	require.NoError(t, j.Close())
	openJournal(t, path)
}

func TestJournal_RecordsNoNonsense(t *testing.T) {
	t.Parallel()
	j := openJournal(t, journalPath(t))
	require.ErrorIs(t, j.Record(t.Context(), ecs.JournalEntry{}), ecs.ErrInvalidArgument)
	never := plannedEntry(func(e *ecs.JournalEntry) { e.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) })
	require.ErrorIs(t, j.Record(t.Context(), never), ecs.ErrInvalidArgument)
	another := plannedEntry(func(e *ecs.JournalEntry) { e.Server = &ecs.Server{ID: "another"} })
	require.ErrorIs(t, j.Record(t.Context(), another), ecs.ErrInvalidArgument)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, j.Record(ctx, plannedEntry()), context.Canceled)
	assert.Empty(t, journalEntries(t, j))
	require.NoError(t, j.Record(t.Context(), plannedEntry()), "none of these was a failure of the disk")
	require.NoError(t, j.Record(t.Context(), plannedEntry()))
	for _, err := range j.Load(ctx) {
		require.ErrorIs(t, err, context.Canceled)
	}
	for range j.Load(t.Context()) {
		break
	}
	require.NoError(t, j.Close())
	require.Error(t, j.Record(t.Context(), plannedEntry()))
	for _, err := range j.Load(t.Context()) {
		require.ErrorIs(t, err, os.ErrClosed)
	}
}

func TestJournal_RefusesAnEntryThatItCouldNotReadAgain(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	j := openJournal(t, path)
	require.NoError(t, j.Record(t.Context(), plannedEntry()))
	err := j.Record(t.Context(), plannedEntry(func(e *ecs.JournalEntry) { e.Reason = strings.Repeat("x", 1<<20) }))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.NoError(t, j.Record(t.Context(), plannedEntry()), "nothing was written")
	require.NoError(t, j.Close())
	assert.Len(t, journalEntries(t, openJournal(t, path)), 2)
}

func TestJournal_ThatWasNotOpened(t *testing.T) {
	t.Parallel()
	for _, j := range []*ecs.FileJournal{nil, new(ecs.FileJournal)} {
		require.ErrorIs(t, j.Record(t.Context(), plannedEntry()), ecs.ErrInvalidArgument)
		require.ErrorIs(t, j.Close(), ecs.ErrInvalidArgument)
		for _, err := range j.Load(t.Context()) {
			require.ErrorIs(t, err, ecs.ErrInvalidArgument)
		}
	}
}

func TestFileJournal_ThatIsClosed(t *testing.T) {
	t.Parallel()
	j, err := ecs.OpenJournal(filepath.Join(t.TempDir(), "journal"))
	require.NoError(t, err)
	require.NoError(t, j.Close())
	require.NoError(t, j.Close(), "again")
	err = j.Record(t.Context(), ecs.JournalEntry{})
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.EqualError(t, err, "ecs: record in journal: invalid argument: the journal is closed: file already closed")
	for _, err := range j.Load(t.Context()) {
		require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	}
}

package ecs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/revert-resize/ecs/internal/journal"
	"github.com/revert-resize/ecs/internal/verdict"
)

// Journal is where [Client.RevertResizeAll] records what becomes of each server, see [WithJournal]. [OpenJournal] keeps one
// in a file; a type of your own can keep it in a database. A journal belongs to one job: the servers of one project whose
// resizes, as they stand when the job begins, are to be reverted. A resize made after its server was decided belongs to another
// job, which needs another journal.
type Journal interface {
	// Load yields the entries recorded so far. Of several entries of one server, the one recorded last counts: the others
	// may be left out. An error ends the run before anything is sent.
	Load(ctx context.Context) iter.Seq2[JournalEntry, error]
	// Record stores an entry, and returns nil once it will outlive the process and the machine. After an error nothing is
	// sent for this server, and no further server is started. Record is called by many goroutines at once.
	Record(ctx context.Context, entry JournalEntry) error
}

// JournalEntry is how far one server of a job has come. It is plain data and keeps its values through JSON. It has nothing of
// the server but what tells one resize from another: no metadata, no addresses, no user; and no credential.
type JournalEntry struct {
	State   JournalState   `json:"state"`
	Outcome JournalOutcome `json:"outcome,omitempty"` // of a decided one
	Time    time.Time      `json:"time"`              // when it was recorded, by the local clock
	Revert  Revert         `json:"revert"`            // names server and project; as it was planned, or as it was accepted
	Server  *Server        `json:"server,omitempty"`  // as it was seen last; only of a decided one
	Reason  string         `json:"reason,omitempty"`  // why it was not reverted, or why nothing was done: one line
	Gone    bool           `json:"gone,omitempty"`    // not reverted, because the server was deleted
}

// JournalState is how far a revert has come.
type JournalState string

// The states of a server. One without an entry has not been begun.
const (
	JournalPlanned  JournalState = "planned"  // checked; perhaps sent, perhaps not: ResumeRevert finds out
	JournalAccepted JournalState = "accepted" // by the cloud; how it ends is not known yet
	JournalDecided  JournalState = "decided"  // see JournalOutcome
)

// JournalOutcome is how a revert has ended.
type JournalOutcome string

// The outcomes of a decided server.
const (
	JournalReverted    JournalOutcome = "reverted"
	JournalNotReverted JournalOutcome = "not_reverted" // it was accepted, or may have been, and did not take effect: ErrNotReverted
	JournalNothingDone JournalOutcome = "nothing_done" // it was refused, and nothing was done: the next run begins anew
)

// FileJournal is a [Journal] in a file of JSON lines. It is safe for concurrent use. Create it with [OpenJournal], and close it.
//
// An entry is one line, written and synced to the disk before [FileJournal.Record] returns; entries that come at the same
// moment share a sync. Lines are only appended. A last line without its end, as a killed process leaves it, counts as never
// written, and the next entry takes its place.
type FileJournal struct {
	file   *journal.File
	closed atomic.Bool
}

// OpenJournal opens the journal in a file, or begins one that only the file's owner can read. It takes the whole file in: what it
// accepts, a run can use.
//
// Errors: [ErrJournalInUse] if another process, or another part of this one, has it open; [ErrInvalidArgument], naming the line, if it is no journal, if it was
// written by a later version of this SDK, or if it is damaged; the operating system's error if it cannot be opened, locked or
// written. A file that is refused is not changed.
func OpenJournal(path string) (*FileJournal, error) {
	j, err := openJournal(path)
	if err != nil {
		return nil, fmt.Errorf("ecs: open journal: %w", err)
	}
	return j, nil
}

func openJournal(path string) (*FileJournal, error) {
	if path == "" {
		return nil, invalid("path is empty")
	}
	file, err := journal.Open(path)
	switch {
	case errors.Is(err, journal.ErrInUse):
		return nil, fmt.Errorf("%w: %w", ErrJournalInUse, err)
	case errors.Is(err, journal.ErrUnusable):
		return nil, invalid("%w", err)
	case err != nil:
		return nil, err
	}
	j := &FileJournal{file: file}
	for _, err := range j.entries() {
		if err != nil {
			_ = file.Close() // nothing was written
			return nil, err
		}
	}
	return j, nil
}

// Load yields all entries in the order in which they were recorded. It may be called any number of times, also during a run.
func (j *FileJournal) Load(ctx context.Context) iter.Seq2[JournalEntry, error] {
	return func(yield func(JournalEntry, error) bool) {
		if err := checkContext(ctx); err != nil {
			yield(JournalEntry{}, fmt.Errorf("ecs: load journal: %w", err))
			return
		}
		for entry, err := range j.entries() {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(JournalEntry{}, fmt.Errorf("ecs: load journal: %w", err))
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

func (j *FileJournal) entries() iter.Seq2[JournalEntry, error] {
	return func(yield func(JournalEntry, error) bool) {
		if err := j.usable(); err != nil {
			yield(JournalEntry{}, err)
			return
		}
		for line, err := range j.file.Lines() {
			var entry JournalEntry
			if err == nil {
				if err = entry.decode(line.Text); err != nil {
					err = fmt.Errorf("read %s: line %d: %w", j.file.Name(), line.Number, err)
				}
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// Record appends an entry and syncs it. After the first entry that cannot be written all others fail, too, with the same
// error: a full disk ends the job, and does not leave holes in its journal. An entry of a megabyte or more is an
// [ErrInvalidArgument], and nothing of it is written. If the context ends first, the entry may or may not be
// written.
func (j *FileJournal) Record(ctx context.Context, entry JournalEntry) error {
	if err := j.record(ctx, entry.trimmed()); err != nil {
		return fmt.Errorf("ecs: record in journal: %w", err)
	}
	return nil
}

func (j *FileJournal) record(ctx context.Context, entry JournalEntry) error {
	if err := cmp.Or(j.usable(), checkContext(ctx), entry.check()); err != nil {
		return err
	}
	line, err := json.Marshal(entry)
	if err != nil {
		return invalid("%w", err) // a time beyond the year 9999
	}
	if err = j.file.Append(ctx, line); errors.Is(err, journal.ErrTooLong) {
		return invalid("%w", err)
	}
	return err
}

// Close releases the file for others. It returns why an entry could not be written, if there is one. A journal that is closed can be closed
// again; every other use of it is an [ErrInvalidArgument].
func (j *FileJournal) Close() error {
	err := j.opened()
	if err == nil {
		j.closed.Store(true)
		err = j.file.Close()
	}
	if err != nil {
		return fmt.Errorf("ecs: close journal: %w", err)
	}
	return nil
}

// opened refuses a journal that OpenJournal did not make.
func (j *FileJournal) opened() error {
	if j == nil || j.file == nil {
		return invalid("the journal was not made by OpenJournal")
	}
	return nil
}

// usable also refuses a journal that is closed.
func (j *FileJournal) usable() error {
	if err := j.opened(); err != nil {
		return err
	}
	if j.closed.Load() {
		return invalid("the journal is closed: %w", os.ErrClosed)
	}
	return nil
}

func (e *JournalEntry) decode(line []byte) error {
	if err := json.Unmarshal(line, e); err != nil {
		return invalid("%w", err)
	}
	return e.check()
}

// check refuses an entry that makes no sense, so that no run acts on it.
func (e *JournalEntry) check() error {
	if err := checkRevert(&e.Revert); err != nil {
		return err
	}
	if err := precondition(&e.Revert.Before, verdict.Unresumable(e.Revert.Before.state())); err != nil {
		return invalid("the revert's Before: %w", err)
	}
	if e.Server != nil && e.Server.ID != "" && !strings.EqualFold(e.Server.ID, e.Revert.ServerID) {
		return invalid("the server %q is another one than the revert's, %q", e.Server.ID, e.Revert.ServerID)
	}
	accepted := !e.Revert.SentAt.IsZero()
	switch e.State {
	case JournalPlanned:
		if accepted {
			return invalid("planned, but sent")
		}
	case JournalAccepted:
		if !accepted {
			return invalid("accepted, but not sent")
		}
	case JournalDecided:
	default:
		return invalid("state %q is not known", e.State)
	}
	return e.checkOutcome()
}

func (e *JournalEntry) checkOutcome() error {
	switch e.Outcome {
	case "", JournalNothingDone:
	case JournalReverted, JournalNotReverted:
		if e.Server == nil {
			return invalid("outcome %q without a server", e.Outcome)
		}
	default:
		return invalid("outcome %q is not known", e.Outcome)
	}
	if (e.State == JournalDecided) != (e.Outcome != "") {
		return invalid("state %q with outcome %q", e.State, e.Outcome)
	}
	return nil
}

// trimmed returns a copy with nothing of the server but what tells one resize from another, and what an error shows. The rest
// can hold what nobody wants in a file: passwords in the metadata, for one.
func (e *JournalEntry) trimmed() JournalEntry {
	t := *e
	t.Revert.Before = trimmedServer(&e.Revert.Before)
	if e.Server != nil {
		s := trimmedServer(e.Server)
		t.Server = &s
	}
	return t
}

func trimmedServer(s *Server) Server {
	t := Server{
		ID: s.ID, Name: s.Name, Status: s.Status, VMState: s.VMState, TaskState: s.TaskState, PowerState: s.PowerState,
		FlavorID: s.FlavorID, HostID: s.HostID, Updated: s.Updated, LaunchedAt: s.LaunchedAt,
	}
	if s.Fault != nil {
		t.Fault = &Fault{Code: s.Fault.Code, Message: s.Fault.Message, Created: s.Fault.Created}
	}
	return t
}

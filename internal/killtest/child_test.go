package killtest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// The child is this test binary once more. What it is to do is on its command line, the servers or plans on its standard input, and
// what it answers on its standard output.
var (
	childMode     = flag.String("child-mode", "", "for the child's own use: fleet, single or pair")
	childEndpoint = flag.String("child-endpoint", "", "for the child's own use")
	childProject  = flag.String("child-project", "", "for the child's own use")
	childToken    = flag.String("child-token", "", "for the child's own use")
	childFiles    = flag.String("child-files", "", "for the child's own use: the journal, or the directory of the plans")
)

// settleTime is long for a request over loopback, and short for a test.
const settleTime = 100 * time.Millisecond

// answer is what became of a server, as a child says it.
type answer struct {
	Server  string `json:"server"`
	Outcome string `json:"outcome"`
	Error   string `json:"error,omitempty"`
}

// The outcomes of an answer.
const (
	reverted    = "reverted"
	notReverted = "not reverted"
	gone        = "gone" // and nobody can say whether it was reverted before
	unknown     = "unknown"
	unfinished  = "unfinished" // the wait has ended, or the server was not started
	nothingDone = "nothing done"
)

func newAnswer(id string, err error) answer {
	a := answer{Server: id, Outcome: reverted}
	if err == nil {
		return a
	}
	a.Error = err.Error()
	var failed *ecs.RevertFailedError
	switch {
	case errors.As(err, &failed) && failed.Gone:
		a.Outcome = gone
	case errors.Is(err, ecs.ErrOutcomeUnknown):
		a.Outcome = unknown
	case errors.Is(err, ecs.ErrWaitEnded), errors.Is(err, ecs.ErrNotStarted):
		a.Outcome = unfinished
	case errors.Is(err, ecs.ErrNotReverted):
		a.Outcome = notReverted
	default:
		a.Outcome = nothingDone
	}
	return a
}

// printer writes lines that a kill does not hold back.
type printer struct{ mu sync.Mutex }

func (p *printer) print(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = os.Stdout.Write(append(line, '\n'))
}

// ready is the first line of a child.
const ready = `"ready"`

func TestChild(t *testing.T) { //nolint:paralleltest // a process of its own
	if *childMode == "" {
		t.Skip("the child of the other tests")
	}
	client, err := childClient(*childEndpoint, *childToken)
	require.NoError(t, err)
	p := &printer{}
	p.print("ready")
	var lines []string
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if *childMode == "pair" {
			go resumeLine(t.Context(), client, scanner.Text(), p)
		}
	}
	switch *childMode {
	case "fleet":
		journal, err := ecs.OpenJournal(*childFiles)
		require.NoError(t, err)
		for id, result := range client.RevertResizeAll(t.Context(), *childProject, lines, ecs.WithWait(), ecs.WithJournal(journal), ecs.WithConcurrency(8)) {
			p.print(newAnswer(id, result.Err))
		}
		require.NoError(t, journal.Close())
	case "single":
		var all sync.WaitGroup
		for _, id := range lines {
			all.Go(func() { p.print(newAnswer(id, carryOn(t.Context(), client, id))) })
		}
		all.Wait()
	case "pair":
	}
	p.print("end")
}

func childClient(endpoint, token string) (*ecs.Client, error) {
	return ecs.NewClient(endpoint, ecs.StaticToken(token), ecs.WithTimeout(5*time.Second), ecs.WithPollInterval(5*time.Millisecond, 20*time.Millisecond),
		ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 6, BaseDelay: 5 * time.Millisecond, MaxDelay: 50 * time.Millisecond, SettleTime: settleTime}))
}

// carryOn reverts a server, or goes on where an earlier process was killed, as the documentation of PlanRevert says it.
func carryOn(ctx context.Context, client *ecs.Client, id string) error {
	path := filepath.Join(*childFiles, id)
	revert, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if revert, err = client.PlanRevert(ctx, *childProject, id); err == nil {
			err = save(path, revert)
		}
	}
	if err != nil {
		return err
	}
	if revert, err = client.ResumeRevert(ctx, revert); err != nil {
		return err
	}
	if err := save(path, revert); err != nil {
		return err
	}
	_, err = client.WaitForRevert(ctx, revert)
	return err
}

func load(path string) (*ecs.Revert, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	revert := new(ecs.Revert)
	return revert, json.Unmarshal(data, revert)
}

// save replaces a file at once, so that a kill leaves the old one or the new one.
func save(path string, revert *ecs.Revert) error {
	data, err := json.Marshal(revert)
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	return err
}

// resumeLine carries out a plan that another process has got, too.
func resumeLine(ctx context.Context, client *ecs.Client, line string, p *printer) {
	revert := new(ecs.Revert)
	if err := json.Unmarshal([]byte(line), revert); err != nil {
		p.print(newAnswer(line, fmt.Errorf("read the plan: %w", err)))
		return
	}
	accepted, err := client.ResumeRevert(ctx, revert)
	if err == nil {
		_, err = client.WaitForRevert(ctx, accepted)
	}
	p.print(newAnswer(revert.ServerID, err))
}

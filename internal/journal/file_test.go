package journal_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/journal"
)

const header = `{"format":"ecs-revert-journal","version":1}` + "\n"

func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "journal")
}

// holding returns the path of a file with a content.
func holding(t *testing.T, content string) string {
	t.Helper()
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func open(t *testing.T, path string) *journal.File {
	t.Helper()
	f, err := journal.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// lines returns the lines of a journal, each with its number.
func lines(t *testing.T, f *journal.File) (all []string) {
	t.Helper()
	for line, err := range f.Lines() {
		require.NoError(t, err)
		all = append(all, fmt.Sprintf("%d: %s", line.Number, line.Text))
	}
	return all
}

func TestFile_KeepsItsLines(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	f := open(t, path)
	assert.Empty(t, lines(t, f))
	require.NoError(t, f.Append(t.Context(), []byte(`{"a":1}`)))
	require.NoError(t, f.Append(t.Context(), []byte(`{"b":2}`)))
	want := []string{`2: {"a":1}`, `3: {"b":2}`}
	assert.Equal(t, want, lines(t, f))
	assert.Equal(t, want, lines(t, f), "again")
	require.NoError(t, f.Close())
	assert.Equal(t, []string{header[:len(header)-1], `{"a":1}`, `{"b":2}`, ""}, strings.Split(content(t, path), "\n"))

	f = open(t, path)
	assert.Equal(t, want, lines(t, f))
	require.NoError(t, f.Append(t.Context(), []byte(`{"c":3}`)))
	assert.Equal(t, append(want, `4: {"c":3}`), lines(t, f))
}

func TestFile_OnlyItsOwnerMayReadIt(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	open(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

func TestFile_ATornEndIsALineThatWasNeverWritten(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]string{
		"half a line": `{"b":`, "a line without its end": `{"b":2}`, "zeros": "\x00\x00\x00", "longer than what follows": strings.Repeat("x", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := header + `{"a":1}` + "\n"
			path := holding(t, whole+rest)
			f := open(t, path)
			assert.Equal(t, []string{`2: {"a":1}`}, lines(t, f))
			assert.Equal(t, whole+rest, content(t, path), "nothing has been written yet")
			require.NoError(t, f.Append(t.Context(), []byte(`{"c":3}`)))
			assert.Equal(t, whole+`{"c":3}`+"\n", content(t, path))
			assert.Equal(t, []string{`2: {"a":1}`, `3: {"c":3}`}, lines(t, f))
		})
	}
}

func TestFile_BeginsWhereAHeaderWasNotFinished(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 20, len(header) - 1} {
		path := holding(t, header[:n])
		f := open(t, path)
		require.NoError(t, f.Append(t.Context(), []byte(`{}`)))
		assert.Equal(t, []string{header[:len(header)-1], "{}", ""}, strings.Split(content(t, path), "\n"))
	}
}

func TestOpen_RefusesWhatIsNoJournalAndLeavesItAsItIs(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ holds, says string }{
		"text":                  {"my notes\n", "does not begin with"},
		"text without an end":   {"my notes", "does not begin with"},
		"JSON":                  {`{"servers":[]}` + "\n", "does not begin with"},
		"another format":        {`{"format":"x","version":1}` + "\n", "does not begin with"},
		"no version":            {`{"format":"ecs-revert-journal"}` + "\n", "does not begin with"},
		"an empty line":         {"\n", "does not begin with"},
		"binary":                {strings.Repeat("\x00", 1<<16), "does not begin with"},
		"a later version":       {`{"format":"ecs-revert-journal","version":2,"more":"` + strings.Repeat("x", 200) + `"}` + "\n{}\n", "version is 2"},
		"a line without bounds": {header + "{}\n" + strings.Repeat("x", 2<<20) + "\n", "line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := holding(t, tt.holds)
			_, err := journal.Open(path)
			require.ErrorIs(t, err, journal.ErrUnusable)
			require.ErrorContains(t, err, tt.says)
			assert.Contains(t, err.Error(), path)
			assert.Equal(t, tt.holds, content(t, path))
			require.NoError(t, os.Rename(path, path+"2")) // and it is not held
		})
	}
}

func TestOpen_RefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := journal.Open(dir)
	require.ErrorIs(t, err, journal.ErrUnusable)
	require.ErrorContains(t, err, "not a regular file")
	_, err = journal.Open(os.DevNull)
	require.ErrorContains(t, err, "not a regular file")
	_, err = journal.Open(filepath.Join(dir, "no", "journal"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOpen_RefusesAFileThatMayNotBeWritten(t *testing.T) {
	t.Parallel()
	path := holding(t, header)
	require.NoError(t, os.Chmod(path, 0o400))
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = f.Close()
		t.Skip("this user may write everything")
	}
	_, err := journal.Open(path)
	require.ErrorIs(t, err, fs.ErrPermission)
}

func TestOpen_OneAtATime(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	f := open(t, path)
	_, err := journal.Open(path)
	require.ErrorIs(t, err, journal.ErrInUse)
	other := path + "-link"
	require.NoError(t, os.Link(path, other))
	_, err = journal.Open(other)
	require.ErrorIs(t, err, journal.ErrInUse, "by another name")
	require.NoError(t, f.Close())
	open(t, path)
}

func TestFile_ManyAtOnce(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	f := open(t, path)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 20 {
				assert.NoError(t, f.Append(t.Context(), fmt.Appendf(nil, `{"i":%d,"j":%d}`, i, j)))
			}
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for line, err := range f.Lines() {
		require.NoError(t, err)
		seen[string(line.Text)] = true
	}
	assert.Len(t, seen, 1000)
	assert.Equal(t, len(seen)+1, strings.Count(content(t, path), "\n"))
}

func TestFile_AppendFollowsTheContext(t *testing.T) {
	t.Parallel()
	f := open(t, newPath(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.Append(ctx, []byte("{}")), context.Canceled)
	assert.Empty(t, lines(t, f))
}

func TestFile_WritesNothingOnceClosed(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	f := open(t, path)
	require.NoError(t, f.Close())
	require.ErrorContains(t, f.Append(t.Context(), []byte("{}")), "closed")
	require.NoError(t, f.Close(), "again")
	assert.Equal(t, header[:len(header)-1], strings.TrimSuffix(content(t, path), "\n"))
	for _, err := range f.Lines() {
		require.Error(t, err)
		require.ErrorIs(t, err, fs.ErrClosed)
	}
}

func TestFile_RefusesALineThatItCouldNotReadAgain(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	f := open(t, path)
	longest := strings.Repeat("x", 1<<20-1)
	require.ErrorIs(t, f.Append(t.Context(), []byte(longest+"x")), journal.ErrTooLong)
	require.NoError(t, f.Append(t.Context(), []byte(longest)))
	require.NoError(t, f.Append(t.Context(), []byte("{}")))
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"2: " + longest, "3: {}"}, lines(t, open(t, path)))
}

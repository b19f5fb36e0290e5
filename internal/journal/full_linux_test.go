package journal_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/journal"
)

var fullPath = flag.String("full-path", "", "for TestFile_AFullDiskEndsIt's own use: the journal")

// The child may write 4 KiB to a file, and no more.
func TestFile_AFullDiskEndsIt(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	out, err := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFull_Child$", "-full-path="+path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "PASS")
	assert.Len(t, content(t, path), 4096, "as far as it went")
	f := open(t, path)
	whole := len(lines(t, f))
	assert.Equal(t, (4096-len(header))/1001, whole)
	require.NoError(t, f.Append(t.Context(), []byte("{}")))
	assert.Len(t, lines(t, f), whole+1)
}

func TestFull_Child(t *testing.T) { //nolint:paralleltest // a process of its own
	if *fullPath == "" {
		t.Skip("the child of another test")
	}
	signal.Ignore(syscall.SIGXFSZ)
	f, err := journal.Open(*fullPath)
	require.NoError(t, err)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}))
	line := bytes.Repeat([]byte("x"), 1000)
	for err == nil {
		err = f.Append(t.Context(), line)
	}
	require.ErrorIs(t, err, syscall.EFBIG)
	require.ErrorIs(t, f.Append(t.Context(), []byte("{}")), syscall.EFBIG, "nor anything that would fit")
	require.ErrorIs(t, f.Close(), syscall.EFBIG)
	require.ErrorContains(t, err, *fullPath)
}

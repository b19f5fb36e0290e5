package journal

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While one batch is written, all lines that come gather in the next one.
func TestFile_LinesShareASync(t *testing.T) {
	t.Parallel()
	f, err := Open(filepath.Join(t.TempDir(), "journal"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	f.disk.Lock() // a batch is being written
	var all sync.WaitGroup
	batches := map[*batch]bool{}
	for range 100 {
		all.Go(func() { assert.NoError(t, f.Append(t.Context(), []byte("{}"))) })
	}
	for gathered := 0; gathered < 100*len("{}\n"); {
		f.mu.Lock()
		if f.next != nil {
			batches[f.next], gathered = true, len(f.next.lines)
		}
		f.mu.Unlock()
	}
	f.disk.Unlock()
	all.Wait()
	assert.Len(t, batches, 1)
}

package wire_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/wire"
)

var update = flag.Bool("update", false, "write testdata/golden.json anew from what the decoders say; review the difference")

const goldenFile = "testdata/golden.json"

// capture is one recorded answer of a real Nova or Keystone.
type capture struct {
	name   string
	status int
	body   []byte
}

func captures(tb testing.TB) []capture {
	tb.Helper()
	files, err := filepath.Glob("testdata/captures/*.http")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	all := make([]capture, 0, len(files))
	for _, file := range files {
		all = append(all, readCapture(tb, filepath.Base(file)))
	}
	return all
}

func readCapture(tb testing.TB, name string) capture {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "captures", name))
	require.NoError(tb, err)
	head, body, found := bytes.Cut(text, []byte("\n<\n"))
	require.True(tb, found, "%s: no end of the header", name)
	_, line, found := strings.Cut(string(head), "\n< HTTP/1.1 ")
	require.True(tb, found, "%s: no status line", name)
	status, err := strconv.Atoi(line[:3])
	require.NoError(tb, err, name)
	return capture{name: name, status: status, body: body}
}

// outcome is what all decoders say of one body. An absent part means that its decoder found nothing of its kind.
type outcome struct {
	Status  int                `json:"status"`
	Server  *wire.Server       `json:"server,omitempty"`
	Servers []wire.Server      `json:"servers,omitempty"`
	Next    string             `json:"next,omitempty"` // marker
	Action  *wire.Action       `json:"action,omitempty"`
	Actions []wire.Action      `json:"actions,omitempty"`
	Error   *problem.ErrorBody `json:"error,omitempty"`
}

func decodeAll(t *testing.T, c capture) outcome {
	t.Helper()
	o := outcome{Status: c.status}
	var err error
	if o.Server, err = wire.DecodeServer(c.body); err != nil {
		assertNothing(t, c, err, wire.ErrNoServer)
	}
	if o.Action, err = wire.DecodeAction(c.body); err != nil {
		assertNothing(t, c, err, wire.ErrNoAction)
	}
	if o.Actions, err = wire.DecodeActions(c.body); err != nil {
		assertNothing(t, c, err, wire.ErrNoAction)
	}
	if o.Servers, o.Next, err = wire.DecodeServers(c.body); err != nil {
		assertNothing(t, c, err, wire.ErrNoServer)
	}
	if body := problem.DecodeError(c.body, nil); body.Found || !body.JSON || c.status >= 400 { // what a success says beside is nobody's concern
		o.Error = &body
	}
	return o
}

// assertNothing checks that a decoder refused a body for want of the wanted thing, if it is JSON at all.
func assertNothing(t *testing.T, c capture, err, nothing error) {
	t.Helper()
	require.Error(t, err)
	if json.Valid(c.body) {
		require.ErrorIs(t, err, nothing)
	}
}

func TestCaptures_DecodeAsReviewed(t *testing.T) {
	t.Parallel()
	got := make(map[string]any)
	for _, c := range captures(t) {
		got[c.name] = prune(t, decodeAll(t, c))
	}
	if *update {
		writeGolden(t, got)
	}
	text, err := os.ReadFile(goldenFile)
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal(text, &want))
	assert.Len(t, got, len(want), "a reviewed capture has gone")
	for name, outcome := range got {
		require.Contains(t, want, name, "a capture that nobody has reviewed")
		assert.Equal(t, want[name], outcome, name)
	}
}

// TestCaptures_AreAllOfAKnownKind makes sure that no capture passes through every decoder without a word.
func TestCaptures_AreAllOfAKnownKind(t *testing.T) {
	t.Parallel()
	otherAnswers := []string{"application_credential", "catalog", "migrations", "project", "projects", "token", "version", "versions"}
	for _, c := range captures(t) {
		o := decodeAll(t, c)
		switch {
		case c.status >= 400:
			require.NotNil(t, o.Error, c.name)
			assert.True(t, o.Error.Found || bytes.HasPrefix(c.body, []byte("<")), c.name)
			assert.NotEmpty(t, o.Error.Message, c.name)
			assert.Nil(t, o.Server, c.name)
		case len(c.body) > 1 && o.Server == nil && o.Servers == nil && o.Action == nil && o.Actions == nil:
			var top map[string]any
			require.NoError(t, json.Unmarshal(c.body, &top), c.name)
			assert.True(t, slices.ContainsFunc(otherAnswers, func(key string) bool { return top[key] != nil }), c.name)
		}
		if c.status < 400 && o.Error != nil {
			assert.False(t, o.Error.Found, c.name)
		}
	}
}

// prune turns an outcome into plain JSON values without the zero ones, so that the golden file shows only what was decoded.
func prune(t *testing.T, o outcome) map[string]any {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	var plain map[string]any
	require.NoError(t, json.Unmarshal(text, &plain))
	dropZero(plain)
	return plain
}

func dropZero(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			dropZero(inner)
			if inner == nil || inner == "" || inner == float64(0) || inner == false || inner == (time.Time{}).Format(time.RFC3339) {
				delete(value, key)
			}
		}
	case []any:
		for _, inner := range value {
			dropZero(inner)
		}
	}
}

// writeGolden writes one line per capture.
func writeGolden(t *testing.T, golden map[string]any) {
	t.Helper()
	names := slices.Sorted(maps.Keys(golden))
	var text bytes.Buffer
	separator := "{\n"
	for _, name := range names {
		line, err := json.Marshal(golden[name])
		require.NoError(t, err)
		text.WriteString(separator + strconv.Quote(name) + ": " + string(line))
		separator = ",\n"
	}
	text.WriteString("\n}\n")
	require.NoError(t, os.WriteFile(goldenFile, text.Bytes(), 0o644))
}

package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func noEnvironment(string) string { return "" }

func TestRun_OnTheEmbeddedCloud(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args  []string
		stdin string
		want  int
		lines int
		text  string
	}{
		"a dry run":         {[]string{"-n", "50"}, "", exitDone, 50, "50 servers: 50 done"},
		"reverts":           {[]string{"-n", "50", "-yes"}, "", exitDone, 50, "50 servers: 50 done"},
		"reverts and waits": {[]string{"-n", "5", "-yes", "-wait"}, "", exitDone, 5, "5 servers: 5 done"},
		"from stdin":        {[]string{"-stdin", "-yes"}, "11111111-2222-3333-4444-555555555555\n\nx y\n", exitFailed, 2, "2 servers: 0 done, 2 failed"},
		"a bad flag":        {[]string{"-nope"}, "", exitUsage, 0, "not defined"},
		"an argument":       {[]string{"all"}, "", exitUsage, 0, "unexpected"},
		"bad concurrency":   {[]string{"-n", "2", "-concurrency", "0"}, "", exitFailed, 2, "2 servers: 0 done, 2 failed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			assert.Equal(t, tt.want, run(t.Context(), tt.args, noEnvironment, strings.NewReader(tt.stdin), &out, &errs), errs.String())
			assert.Equal(t, tt.lines, strings.Count(out.String(), "\n"))
			assert.Contains(t, errs.String(), tt.text)
		})
	}
}

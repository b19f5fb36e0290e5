package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/examples/internal/command"
)

func TestMain(m *testing.M) { command.Main(m, main) }

// start runs the command as a process with -json and returns what it prints first, and how to end it: with a signal, for the history.
func start(t *testing.T, args ...string) (description, func(os.Signal) history) {
	t.Helper()
	cmd := command.New(t, nil, append([]string{"-json"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	first, err := lines.ReadBytes('\n')
	require.NoError(t, err)
	var d description
	require.NoError(t, json.Unmarshal(first, &d), string(first))
	return d, func(signal os.Signal) history {
		t.Helper()
		require.NoError(t, cmd.Process.Signal(signal))
		rest, err := io.ReadAll(lines)
		require.NoError(t, err)
		require.NoError(t, cmd.Wait(), "exit code 0")
		var h history
		require.NoError(t, json.Unmarshal(rest, &h), string(rest))
		return h
	}
}

// send makes a request with plain net/http and returns the status and the body; 0 is no answer.
func send(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

const revertBody = `{"revertResize": null}`

func TestCloud_StartsServesAndTellsItsHistory(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cloud, stop := start(t, "-resized", "2", "-active", "1", "-stopped", "1", "-revert", "10ms", "-fault", "revert:502-applied:1", "-fault", "login:503")
		var states []string
		for _, s := range cloud.Servers {
			states = append(states, s.Status)
		}
		assert.Equal(t, []string{"VERIFY_RESIZE", "VERIFY_RESIZE", "ACTIVE", "SHUTOFF"}, states)
		assert.True(t, strings.HasPrefix(cloud.Endpoint, "http://127.0.0.1:"), cloud.Endpoint)

		login := `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "` + cloud.UserID + `", "password": "` + cloud.Password + `"}}},
			"scope": {"project": {"id": "` + cloud.ProjectID + `"}}}}`
		status, _ := send(t, "POST", cloud.IdentityEndpoint+"/auth/tokens", "", login)
		assert.Equal(t, 503, status)
		status, body := send(t, "POST", cloud.IdentityEndpoint+"/auth/tokens", "", login)
		assert.Equal(t, 201, status, body)

		base := cloud.Endpoint + "/v2.1/" + cloud.ProjectID + "/servers/"
		first, second := cloud.Servers[0].ID, cloud.Servers[1].ID
		status, body = send(t, "POST", base+first+"/action", cloud.Token, revertBody)
		assert.Equal(t, 502, status)
		assert.Contains(t, body, "<html>")
		status, body = send(t, "POST", base+second+"/action", cloud.Token, revertBody)
		assert.Equal(t, 202, status, body)
		require.Eventually(t, func() bool {
			_, one := send(t, "GET", base+first, cloud.Token, "")
			_, two := send(t, "GET", base+second, cloud.Token, "")
			return strings.Contains(one, `"status": "ACTIVE"`) && strings.Contains(two, `"status": "ACTIVE"`)
		}, time.Minute, 10*time.Millisecond)
		status, _ = send(t, "GET", base+first, "wrong", "")
		assert.Equal(t, 401, status)

		h := stop(signal)
		require.Len(t, h.Servers, 4)
		for i, s := range h.Servers[:2] {
			assert.Equal(t, cloud.Servers[i].ID, s.ID)
			assert.Equal(t, "ACTIVE", s.Status)
			require.Len(t, s.Events, 1)
			assert.Equal(t, "revertResize", s.Events[0].Action)
			assert.Equal(t, "finished", string(s.Events[0].Result))
			assert.True(t, s.Events[0].ByRequest)
		}
		assert.Empty(t, h.Servers[2].Events)
		assert.Equal(t, 1, h.Logins)
		assert.Equal(t, "POST", h.Requests[2].Method)
		assert.Equal(t, 502, h.Requests[2].Status)
		assert.True(t, h.Requests[2].Accepted, "although the client saw 502")
	}
}

func TestCloud_EndsRequestsThatHang(t *testing.T) {
	t.Parallel()
	cloud, stop := start(t, "-fault", "get:hang:-1")
	wrote, hung := make(chan struct{}), make(chan error, 1)
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(wrote) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet,
		cloud.Endpoint+"/v2.1/"+cloud.ProjectID+"/servers/"+cloud.Servers[0].ID, http.NoBody)
	require.NoError(t, err)
	go func() {
		_, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		hung <- err
	}()
	<-wrote
	stop(syscall.SIGTERM)
	require.Error(t, <-hung, "it got no answer, and did not keep the command from its end")
}

func TestCloud_IsAShellsToFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, kept := filepath.Join(dir, "it's.env"), filepath.Join(dir, "history.json")
	require.NoError(t, os.WriteFile(out, []byte("export ECS_ENDPOINT='http://earlier'\n"), 0o600))
	cmd := command.New(t, nil, "-out", out, "-history", kept, "-seed", "7")
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, t.Output()
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(out)
		return err == nil && !strings.Contains(string(text), "earlier")
	}, time.Minute, 10*time.Millisecond)
	shell := exec.CommandContext(t.Context(), "sh", "-c", `. "$0"; printf '%s|%s|%s|%s' "$ECS_ENDPOINT" "$OS_AUTH_URL" "$OS_PASSWORD" "$ECS_SERVER_IDS"`, out)
	text, err := shell.Output()
	require.NoError(t, err)
	parts := strings.Split(string(text), "|")
	assert.True(t, strings.HasPrefix(parts[0], "http://127.0.0.1:"), parts[0])
	assert.Equal(t, parts[0]+"/v3", parts[1])
	assert.Equal(t, "password of demo", parts[2])
	assert.Len(t, strings.Fields(parts[3]), 2)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, cmd.Wait())
	assert.Empty(t, stdout.String())
	written, err := os.ReadFile(kept)
	require.NoError(t, err)
	var h history
	require.NoError(t, json.Unmarshal(written, &h))
	assert.Len(t, h.Servers, 3)
}

func TestCloud_RefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	taken, stop := start(t)
	for args, want := range map[string]struct {
		code int
		text string
	}{
		"-nope":                   {exitUsage, "not defined"},
		"now":                     {exitUsage, `unexpected argument "now"`},
		"-addr 0.0.0.0:0":         {exitUsage, "0.0.0.0 is not an address of loopback"},
		"-addr :0":                {exitUsage, "is not an address of loopback"},
		"-addr 8774":              {exitUsage, "-addr: address 8774: missing port"},
		"-resized -1":             {exitUsage, "the numbers of servers must be"},
		"-active 100000":          {exitUsage, "the numbers of servers must be"},
		"-revert 0s":              {exitUsage, "-revert and -resize must be positive"},
		"-lag -1s":                {exitUsage, "-lag must not be negative"},
		"-rate -1":                {exitUsage, "-rate must not be negative"},
		"-fault revert":           {exitUsage, `"revert" is not KIND:EFFECT`},
		"-fault revert:502:1:1:1": {exitUsage, "is not KIND:EFFECT"},
		"-fault look:502":         {exitUsage, `"look" is not a kind: action any`},
		"-fault revert:99":        {exitUsage, `"99" is not an effect: a status from 200 to 599`},
		"-fault revert:boom":      {exitUsage, `"boom" is not an effect`},
		"-fault revert:502:0":     {exitUsage, "happens to no request"},
		"-fault revert:502:-2":    {exitUsage, `"-2" is not a number of requests`},
		"-fault revert:502:1:-1":  {exitUsage, `"-1" is not a number of requests`},
		"-fault revert:502:x":     {exitUsage, `"x" is not a number of requests`},
		"-fault get:rolled-back":  {exitUsage, "no request of this kind can have this effect"},
		"-fault revert:stale":     {exitUsage, "no request of this kind can have this effect"},
		"-h":                      {exitDone, "kill $!; wait; cat history.json"},
		"-out /nowhere/cloud.env": {exitFailed, "no such file or directory"},
		"-addr " + taken.Endpoint[len("http://"):]: {exitFailed, "address already in use"},
	} {
		r := command.Run(t, "", nil, strings.Fields(args)...)
		assert.Equal(t, want.code, r.ExitCode, args)
		assert.Contains(t, r.Stderr, want.text, args)
		assert.Empty(t, r.Stdout, args)
	}
	stop(syscall.SIGTERM)
}

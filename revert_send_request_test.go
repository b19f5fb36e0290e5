package ecs_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// What goes over the wire, to the byte.
func TestRevertResize_SendsALookAndThePOST(t *testing.T) {
	t.Parallel()
	type sent struct {
		method, url, body string
		header            http.Header
	}
	var all []sent
	record := func(answer httpmock.Responder) httpmock.Responder {
		return func(req *http.Request) (*http.Response, error) {
			s := sent{method: req.Method, url: req.URL.String(), header: req.Header.Clone()}
			if req.Body != nil {
				body, err := io.ReadAll(req.Body)
				require.NoError(t, err)
				s.body = string(body)
				assert.Equal(t, int64(len(body)), req.ContentLength)
			}
			all = append(all, s)
			return answer(req)
		}
	}
	const base = "https://gateway.example.com:8443/compute"
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder(http.MethodGet, base+ServerPath,
		record(httpmock.NewStringResponder(http.StatusOK, VerifyResize().JSON())))
	transport.RegisterResponder(http.MethodPost, base+ServerPath+"/action",
		record(httpmock.NewStringResponder(http.StatusAccepted, "").HeaderSet(http.Header{"X-Openstack-Request-Id": {RevertID}})))

	client, err := ecs.NewClient(base+"/v2.1/", FakeAuth(SecretToken),
		ecs.WithHTTPClient(&http.Client{Transport: transport}), ecs.WithUserAgent("my-tool/1.0"))
	require.NoError(t, err)
	_, err = client.RevertResize(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)

	require.Len(t, all, 2)
	agent := "my-tool/1.0 revert-resize-ecs/" + ecs.Version
	assert.Equal(t, sent{
		method: "GET", url: base + ServerPath,
		header: http.Header{"Accept": {"application/json"}, "User-Agent": {agent}, "X-Auth-Token": {SecretToken}},
	}, all[0])
	assert.Equal(t, sent{
		method: "POST", url: base + ServerPath + "/action", body: `{"revertResize":null}`,
		header: http.Header{
			"Accept": {"application/json"}, "Content-Type": {"application/json"},
			"User-Agent": {agent}, "X-Auth-Token": {SecretToken},
		},
	}, all[1])
}

func TestRevertResize_ReturnsWhatItReverted(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{After(time.Second, See(VerifyResize()))}, Posts: []Step{After(time.Second, Accept())}}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, "look post", c.Story())
		assert.Equal(t, ProjectID, revert.ProjectID)
		assert.Equal(t, ServerID, revert.ServerID)
		assert.Equal(t, RevertID, revert.RequestID)
		assert.Equal(t, Epoch.Add(time.Second), revert.SentAt, "when the POST was sent, in UTC")
		assert.Equal(t, "VERIFY_RESIZE", revert.Before.Status)
		assert.Equal(t, NewFlavor, revert.Before.FlavorID)
		assert.Equal(t, NewHost, revert.Before.HostID)
		assert.True(t, ResizedAt.Equal(revert.Before.LaunchedAt))
	})
}

func TestRevertResize_RefusesBadIDsWithoutARequest(t *testing.T) {
	t.Parallel()
	sixtyFive := "a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c"
	require.Len(t, sixtyFive, 65)
	for _, id := range []string{
		"", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a b", sixtyFive, "中",
		"a\nb", "a\x00b", "a.b", "../" + ServerID, ServerID + "/", "a%b", "a;b", "a:b", "é",
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			c := &Cloud{T: t}
			client := NewClient(t, c)
			calls := map[string]func(project, server string) error{
				"RevertResize": func(project, server string) error {
					_, err := client.RevertResize(t.Context(), project, server)
					return err
				},
				"RevertResizeAndWait": func(project, server string) error {
					_, err := client.RevertResizeAndWait(t.Context(), project, server)
					return err
				},
				"WaitForRevert": func(project, server string) error {
					_, err := client.WaitForRevert(t.Context(), &ecs.Revert{
						ProjectID: project, ServerID: server, Before: ecs.Server{FlavorID: NewFlavor},
					})
					return err
				},
				"GetServer": func(project, server string) error {
					_, err := client.GetServer(t.Context(), project, server)
					return err
				},
				"WaitForVerifyResize": func(project, server string) error {
					_, err := client.WaitForVerifyResize(t.Context(), project, server)
					return err
				},
			}
			for name, call := range calls {
				for _, err := range []error{call(ProjectID, id), call(id, ServerID)} {
					require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
					assert.NotContains(t, err.Error(), "\n", name)
					assert.Regexp(t, `^ecs: [a-z]`, err.Error(), name)
				}
			}
			assert.Empty(t, c.Story(), "no request")
		})
	}
}

// Two bad arguments are still one line.
func TestRevertResize_NamesBothBadIDsInOneLine(t *testing.T) {
	t.Parallel()
	c := &Cloud{T: t}
	_, err := NewClient(t, c).RevertResize(t.Context(), "", "..")
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	assert.NotContains(t, err.Error(), "\n")
	assert.Contains(t, err.Error(), "project ID")
	assert.Contains(t, err.Error(), "server ID")
	assert.Empty(t, c.Story())
}

// A mistake is told at once, whatever the client's own rate limit says.
func TestRevertResize_RefusesBadIDsAtOnce(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		client := NewClient(t, &Cloud{T: t, Looks: SeeAll(Confirmed())}, ecs.WithRateLimit(0.01, 1))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		_, err = client.RevertResize(t.Context(), ProjectID, "..")
		require.ErrorIs(t, err, ecs.ErrInvalidArgument)
		assert.Zero(t, Elapsed())
	})
}

func TestRevertResize_TakesEveryGoodID(t *testing.T) {
	t.Parallel()
	sixtyFour := "a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2c3d4e5a1b2"
	require.Len(t, sixtyFour, 64)
	for _, id := range []string{"1", "a-b_C9", "-", "_", sixtyFour} {
		transport := httpmock.NewMockTransport()
		transport.RegisterResponder(http.MethodGet, TestEndpoint+"/v2.1/p/servers/"+id,
			httpmock.NewStringResponder(http.StatusOK, Confirmed().With(func(d *Details) { d.ID = id }).JSON()))
		_, err := NewClient(t, transport).RevertResize(t.Context(), "p", id)
		require.ErrorIs(t, err, ecs.ErrPrecondition, id)
	}
}

func TestWaitForRevert_RefusesBadArgumentsWithoutARequest(t *testing.T) {
	t.Parallel()
	good := func() *ecs.Revert {
		return &ecs.Revert{ProjectID: ProjectID, ServerID: ServerID, Before: ecs.Server{ID: ServerID, FlavorID: NewFlavor, HostID: NewHost}}
	}
	other := good()
	other.Before.ID = "another-server"
	bare := good()
	bare.Before.FlavorID, bare.Before.HostID = "", ""
	tests := []struct {
		name   string
		revert *ecs.Revert
		opts   []ecs.WaitOption
	}{
		{"nil revert", nil, nil},
		{"zero revert", &ecs.Revert{}, nil},
		{"Before is another server", other, nil},
		{"Before has nothing to compare with", bare, nil},
		{"nil option", good(), []ecs.WaitOption{nil}},
		{"nil progress", good(), []ecs.WaitOption{ecs.WithProgress(nil)}},
		{"a bad option after a good one", good(), []ecs.WaitOption{ecs.WithProgress(func(ecs.Progress) {}), nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &Cloud{T: t}
			s, err := NewClient(t, c).WaitForRevert(t.Context(), tt.revert, tt.opts...)
			require.ErrorIs(t, err, ecs.ErrInvalidArgument)
			assert.Nil(t, s)
			assert.Regexp(t, `^ecs: wait for revert`, err.Error())
			assert.Empty(t, c.Story(), "no request")
		})
	}
}

// Nothing may be reverted by a call whose wait can't begin.
func TestRevertResizeAndWait_RefusesBadOptionsWithoutARequest(t *testing.T) {
	t.Parallel()
	for _, opt := range []ecs.WaitOption{nil, ecs.WithProgress(nil)} {
		c := &Cloud{T: t}
		_, err := NewClient(t, c).RevertResizeAndWait(t.Context(), ProjectID, ServerID, opt)
		require.ErrorIs(t, err, ecs.ErrInvalidArgument)
		OneLine(t, err)
		assert.Empty(t, c.Story(), "no request")
	}
}

// goodID is the rule for IDs, said in another way than the code says it.
var goodID = regexp.MustCompile(`\A[0-9A-Za-z_-]{1,64}\z`)

// FuzzIDs: an ID is either good and becomes one segment of the path as it is, or it is refused and nothing is sent.
func FuzzIDs(f *testing.F) {
	for _, id := range []string{
		"", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a b", "中", "\xff", "a\n", "a\r\nX-Evil: 1", ServerID, ProjectID,
		strings.Repeat("a", 64), strings.Repeat("a", 65), "_-", "AZaz09", "@", "[", "`", "{", "/", ":", "\u017f", "\u212a",
	} {
		f.Add(id, ServerID)
		f.Add(ProjectID, id)
	}
	var requests int
	var path string
	client, err := ecs.NewClient(TestEndpoint, FakeAuth(SecretToken), ecs.WithHTTPClient(&http.Client{
		Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
			requests++
			path = req.URL.EscapedPath() + "?" + req.URL.RawQuery
			return Fault(404, "itemNotFound", "x")(req)
		}),
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, projectID, serverID string) {
		requests = 0
		_, err := client.GetServer(t.Context(), projectID, serverID)
		if err == nil || strings.ContainsAny(err.Error(), "\r\n") {
			t.Fatalf("error %v", err)
		}
		if !goodID.MatchString(projectID) || !goodID.MatchString(serverID) {
			if requests != 0 || !errors.Is(err, ecs.ErrInvalidArgument) {
				t.Fatalf("%d requests for %q and %q: %v", requests, projectID, serverID, err)
			}
			return
		}
		if want := "/v2.1/" + projectID + "/servers/" + serverID + "?"; requests != 1 || path != want {
			t.Fatalf("%d requests, the last for %q, not %q", requests, path, want)
		}
		if !errors.Is(err, ecs.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

// TestCalls_RefuseBadIDs: an ID that could change the meaning of a path is refused before anything is sent.
func TestCalls_RefuseBadIDs(t *testing.T) {
	t.Parallel()
	client := NewClientAs(t, AuthFunc(func(_ context.Context, _ *http.Request) error { t.Error("asked for a credential"); return nil }), noNetwork(t))
	calls := map[string]func(projectID, serverID string) error{
		"get":    func(p, s string) error { _, err := client.GetServer(t.Context(), p, s); return err },
		"wait":   func(p, s string) error { _, err := client.WaitForVerifyResize(t.Context(), p, s); return err },
		"revert": func(p, s string) error { _, err := client.RevertResize(t.Context(), p, s); return err },
		"both":   func(p, s string) error { _, err := client.RevertResizeAndWait(t.Context(), p, s); return err },
		"wait for revert": func(p, s string) error {
			_, err := client.WaitForRevert(t.Context(), &ecs.Revert{ProjectID: p, ServerID: s, Before: ecs.Server{FlavorID: "f"}})
			return err
		},
		"all": func(p, s string) error {
			for _, result := range client.RevertResizeAll(t.Context(), p, []string{s}) {
				return result.Err
			}
			return nil
		},
		"list": func(p, s string) error {
			if s != ServerID {
				return ecs.ErrInvalidArgument
			}
			for _, err := range client.ListServers(t.Context(), p, ecs.ListServersOptions{}) {
				return err
			}
			return nil
		},
	}
	bad := []string{
		"", ".", "..", "a/b", "/", "a?b", "a#b", "a%b", "%2e%2e", "a b", " a", "a\n", "a\x00", "a;b", "a:b", "a@b", "a+b", "a.b", "a\\b",
		"中", "é", "ａ", "\xff", "{id}", strings.Repeat("a", 65), strings.Repeat("a", 1<<20),
	}
	for name, call := range calls {
		for _, id := range bad {
			for _, err := range []error{call(ProjectID, id), call(id, ServerID), call(id, id)} {
				require.ErrorIs(t, err, ecs.ErrInvalidArgument, "%s %q", name, id)
				assert.NotContains(t, err.Error(), "\n", name)
				assert.Less(t, len(err.Error()), 500, name)
			}
		}
	}
}

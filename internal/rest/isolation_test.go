package rest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

func TestDo_FollowsNoRedirect(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := serve(t, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }, nil)
	locations := []string{
		other.URL + "/x", "//" + other.Listener.Addr().String() + "/x", "/relative", "",
		"http://[::1", "http://%zz", ":", "http://[::1]:port/", "ftp://host/", "javascript:alert(1)",
	}
	for _, status := range []int{300, 301, 302, 303, 304, 307, 308, 399} {
		for i, location := range locations {
			t.Run(fmt.Sprintf("%d %q", status, location), func(t *testing.T) {
				t.Parallel()
				var here atomic.Int32
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					here.Add(1)
					if location != "" {
						w.Header()["Location"] = []string{location}
					}
					w.WriteHeader(status)
				}, nil)
				req := get("/")
				if i%2 == 0 {
					req = post("/")
				}
				for _, req := range []*rest.Request{req, post("/")} {
					res, err := s.client(t).Do(t.Context(), req)
					require.NoError(t, err)
					assert.Equal(t, status, res.StatusCode)
					assert.Equal(t, location, res.Location)
				}
				assert.Equal(t, int32(2), here.Load(), "one request per attempt")
			})
		}
	}
	t.Cleanup(func() { assert.Zero(t, elsewhere.Load(), "the other host saw a request") })
}

func TestDo_KeepsNoCookies(t *testing.T) {
	t.Parallel()
	var cookies atomic.Int32
	s := serve(t, func(w http.ResponseWriter, req *http.Request) {
		cookies.Add(int32(len(req.Cookies())))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", Path: "/"})
	}, nil)
	c := s.client(t)
	for range 3 {
		_, err := c.Do(t.Context(), get("/"))
		require.NoError(t, err)
	}
	assert.Zero(t, cookies.Load())
}

func TestDo_AuthorizesAPrivateClone(t *testing.T) {
	t.Parallel()
	var wire []http.Header
	var queries []string
	c := rest.New(rest.Config{
		BaseURL: "https://ecs.example.com", UserAgent: "test/1", Timeout: time.Second,
		Transport: tripFunc(func(req *http.Request) (*http.Response, error) {
			wire = append(wire, req.Header)
			queries = append(queries, req.URL.RawQuery)
			return nil, errors.New("no answer")
		}),
		Authorize: func(_ context.Context, req *http.Request) error {
			req.Header.Add("X-Auth-Token", secret)
			req.Header.Add("User-Agent", secret)
			req.Header.Add("X-Own", secret)
			req.URL.RawQuery = "token=" + secret
			return nil
		},
	})
	own := http.Header{"X-Own": append(make([]string, 0, 8), "value")}
	for range 2 {
		req := get("/path")
		req.Header = own
		_, err := c.Do(t.Context(), req)
		assert.NotContains(t, failed(t, nil, err).Error(), secret)
	}
	require.Len(t, wire, 2)
	for i := range wire {
		assert.Equal(t, []string{secret}, wire[i]["X-Auth-Token"])
		assert.Equal(t, []string{"test/1", secret}, wire[i]["User-Agent"])
		assert.Equal(t, []string{"value", secret}, wire[i]["X-Own"])
		assert.Equal(t, "token="+secret, queries[i])
	}
	assert.Equal(t, http.Header{"X-Own": {"value"}}, own)
	assert.Empty(t, own["X-Own"][:2][1], "not even the room behind the caller's values is written")
}

func TestDo_SendsNothingWithoutACredential(t *testing.T) {
	t.Parallel()
	noToken := errors.New("no token")
	for name, req := range map[string]*rest.Request{"get": get("/"), "post": post("/")} {
		c := rest.New(rest.Config{
			BaseURL: "https://ecs.example.com", Timeout: time.Second,
			Transport: tripFunc(func(*http.Request) (*http.Response, error) {
				t.Error("a request was sent")
				return nil, errors.New("sent")
			}),
			Authorize: func(context.Context, *http.Request) error { return noToken },
		})
		res, err := c.Do(t.Context(), req)
		e := failed(t, res, err)
		assert.True(t, e.Auth, name)
		assert.False(t, e.Sent, name)
		require.ErrorIs(t, err, noToken, name)
		assert.Equal(t, "no token", err.Error(), name)
	}
}

func TestDo_TellsAuthorizersOfTheirAttempt(t *testing.T) {
	t.Parallel()
	double := tripFunc(func(req *http.Request) (*http.Response, error) { return answer(req, 200, ""), nil })
	var seen *rest.Attempt
	c := rest.New(rest.Config{
		BaseURL: "https://ecs.example.com", Transport: double, Timeout: time.Minute,
		Authorize: func(ctx context.Context, req *http.Request) error {
			seen = rest.FromContext(ctx)
			body, err := io.ReadAll(req.Body)
			assert.Equal(t, string(seen.Body), string(body))
			return err
		},
	})
	req := post("/")
	req.ProjectID = "p-1"
	_, err := c.Do(t.Context(), req)
	require.NoError(t, err)
	assert.Equal(t, "p-1", seen.ProjectID)
	assert.Equal(t, req.Body, seen.Body)
	assert.NotNil(t, seen.Base)
	assert.Nil(t, rest.FromContext(t.Context()))
}

func TestDo_RefusesAPathWithoutASlash(t *testing.T) {
	t.Parallel()
	c := newClient("https://ecs.example.com", tripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("sent")
	}), time.Second)
	for _, path := range []string{"", "x", "https://elsewhere.example.com/", ".evil.example.com/", "@evil.example.com/", ":1/"} {
		res, err := c.Do(t.Context(), get(path))
		assert.False(t, failed(t, res, err).Sent, "%q", path)
	}
}

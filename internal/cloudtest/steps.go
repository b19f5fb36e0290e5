package cloudtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Step is one answer of a cloud.
type Step func(*http.Request) (*http.Response, error)

// Reply answers with a status, a body and headers given as name, value, name, value. The answer is dated, unless it has a Date.
func Reply(status int, body string, header ...string) Step {
	return func(req *http.Request) (*http.Response, error) {
		res := &http.Response{
			StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Request: req,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
			ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		}
		for i := 0; i+1 < len(header); i += 2 {
			res.Header.Add(header[i], header[i+1])
		}
		if res.Header["Date"] == nil {
			res.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		}
		return res, nil
	}
}

// Undated is an answer of a cloud that tells no date, such as Nova's behind plain uwsgi.
func Undated(step Step) Step {
	return func(req *http.Request) (*http.Response, error) {
		res, err := step(req)
		if res != nil {
			res.Header.Del("Date")
		}
		return res, err
	}
}

// Accept is Nova's answer to a revert that it takes.
func Accept() Step {
	return Reply(http.StatusAccepted, "", "X-Openstack-Request-Id", RevertID, "X-Compute-Request-Id", RevertID)
}

// CutOff announces a longer body than it sends.
func CutOff(status int, body string, header ...string) Step {
	return func(req *http.Request) (*http.Response, error) {
		res, err := Reply(status, body, header...)(req)
		res.ContentLength = int64(len(body)) + 100
		return res, err
	}
}

// FailWith is a request without an answer.
func FailWith(err error) Step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// Dropped is a connection that was lost after the request had been sent.
func Dropped() Step { return FailWith(io.ErrUnexpectedEOF) }

// NotDialled is a connection that was never made.
func NotDialled() Step {
	return FailWith(&net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connection refused")})
}

// Hang never answers, until the request's context ends.
func Hang() Step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// After is s, d later.
func After(d time.Duration, s Step) Step {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(d):
			return s(req)
		}
	}
}

// During calls f, and then is s.
func During(f func(), s Step) Step {
	return func(req *http.Request) (*http.Response, error) {
		f()
		return s(req)
	}
}

// Times repeats a step.
func Times(n int, s Step) []Step {
	var all []Step
	for range n {
		all = append(all, s)
	}
	return all
}

// MustJSON returns a value as JSON.
func MustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// ServeSteps serves one answer for each path on loopback, and returns the URL.
func ServeSteps(t *testing.T, steps map[string]Step) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := steps[req.URL.Path]
		if answer == nil {
			assert.Fail(t, "unexpected request", req.URL.Path)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		res, err := answer(req)
		assert.NoError(t, err)
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		_, err = io.Copy(w, res.Body)
		assert.NoError(t, err)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// AnswerDetails answers every request with the details of [VerifyResize].
func AnswerDetails(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, VerifyResize().JSON())
}

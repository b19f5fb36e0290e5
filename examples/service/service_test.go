package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// rig is the service in front of a fake cloud.
type rig struct {
	cloud   *ecstest.Server
	handler http.Handler
	spans   *tracetest.InMemoryExporter
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{
		cloud: ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 20 * time.Millisecond})),
		spans: tracetest.NewInMemoryExporter(),
	}
	t.Cleanup(r.cloud.Close)
	telemetry := newTelemetry(slog.New(slog.DiscardHandler), sdktrace.WithSyncer(r.spans))
	client, err := ecs.NewClient(r.cloud.URL, ecs.StaticToken(r.cloud.Token()), ecs.WithHTTPClient(telemetry.client()),
		ecs.WithPollInterval(time.Millisecond, 10*time.Millisecond), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	r.handler = newHandler(client, r.cloud.ProjectID(), telemetry)
	return r
}

func (r *rig) post(ctx context.Context, path string, body []byte) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(body)))
	return recorder
}

func TestService_RevertsAndWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.cloud.AddServer(ecstest.Instance{})
	accepted := r.post(t.Context(), "/servers/"+id+"/revert-resize", nil)
	if accepted.Code != http.StatusAccepted {
		t.Fatal(accepted.Code, accepted.Body)
	}
	done := r.post(t.Context(), "/reverts/wait", accepted.Body.Bytes())
	if done.Code != http.StatusOK || !strings.Contains(done.Body.String(), `"flavor_id":"1"`) {
		t.Fatal(done.Code, done.Body)
	}
}

func TestService_TellsWhatBecameOfTheServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		instance ecstest.Instance
		faults   []ecstest.Fault
		status   int
		outcome  outcome
	}{
		"nothing to revert":   {ecstest.Instance{Status: "ACTIVE"}, nil, http.StatusConflict, nothingDone},
		"locked":              {ecstest.Instance{Locked: true}, nil, http.StatusLocked, nothingDone},
		"too many requests":   {ecstest.Instance{}, []ecstest.Fault{{Do: ecstest.Throttled(7 * time.Second)}}, http.StatusTooManyRequests, nothingDone},
		"wrong credential":    {ecstest.Instance{}, []ecstest.Fault{{Do: ecstest.ExpireToken()}}, http.StatusBadGateway, nothingDone},
		"no answer to a look": {ecstest.Instance{}, []ecstest.Fault{{Do: ecstest.DropBefore()}}, http.StatusServiceUnavailable, nothingDone},
		"withdrawn":           {ecstest.Instance{}, []ecstest.Fault{{On: ecstest.Revert, Do: ecstest.NotPublished()}}, http.StatusNotImplemented, nothingDone},
		"forbidden afterwards": {ecstest.Instance{}, []ecstest.Fault{
			{On: ecstest.Revert, Do: ecstest.DropAfter()},
			{On: ecstest.Look | ecstest.ActionRecord, Skip: 1, Times: -1, Do: ecstest.Forbidden()},
		}, http.StatusBadGateway, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.cloud.AddServer(tt.instance)
			for _, fault := range tt.faults {
				r.cloud.Inject(fault)
			}
			got := r.post(t.Context(), "/servers/"+id+"/revert-resize", nil)
			var p problem
			if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if got.Code != tt.status || p.Outcome != tt.outcome || p.Title == "" || got.Header().Get("Content-Type") != "application/problem+json" {
				t.Fatal(got.Code, got.Header(), got.Body)
			}
			if wait := got.Header().Get("Retry-After"); (wait == "7") != (tt.status == http.StatusTooManyRequests) {
				t.Fatal("Retry-After:", wait)
			}
		})
	}
}

func TestService_RefusesWhatIsNoRevert(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, body := range []string{"", "{", "{}", `{"project_id": "another", "server_id": "1"}`} {
		if got := r.post(t.Context(), "/reverts/wait", []byte(body)); got.Code != http.StatusBadRequest {
			t.Fatal(body, got.Code, got.Body)
		}
	}
}

func TestService_TracesEachAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.cloud.AddServer(ecstest.Instance{})
	r.post(t.Context(), "/servers/"+id+"/revert-resize", nil)
	spans := r.spans.GetSpans()
	if len(spans) != 3 { // the look, the action, and the request that they were made for
		t.Fatal(len(spans))
	}
	request := spans[2].SpanContext
	for _, attempt := range spans[:2] {
		if attempt.Parent.SpanID() != request.SpanID() || attempt.SpanContext.TraceID() != request.TraceID() {
			t.Fatal(attempt.Name, "is not a child of the request's span")
		}
	}
}

// TestService_AnswersWhatRunsWhenItStops, in full where there is time, and else with what is known.
func TestService_AnswersWhatRunsWhenItStops(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		revert, grace time.Duration
		status        int
	}{
		"in time":  {100 * time.Millisecond, time.Minute, http.StatusOK},
		"too late": {time.Hour, time.Millisecond, http.StatusAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			id := r.cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: tt.revert}})
			revert := r.post(t.Context(), "/servers/"+id+"/revert-resize", nil).Body.Bytes()

			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			r.cloud.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.Meanwhile(func(*ecstest.Server, string) { stop() })}) // it waits now
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- serve(ctx, listener, r.handler, tt.grace) }()
			res, err := http.Post("http://"+listener.Addr().String()+"/reverts/wait", "application/json", bytes.NewReader(revert))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil || res.StatusCode != tt.status {
				t.Fatal(res.Status, string(body), err)
			}
			if err := <-served; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestService_TriesItself(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-try"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"202 Accepted", "200 OK", "409 Conflict", "404 Not Found"} {
		if !strings.Contains(out.String(), want) {
			t.Fatal(want, "is not in", out.String())
		}
	}
}

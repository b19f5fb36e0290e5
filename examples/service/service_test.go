package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	client, err := ecs.NewClient(r.cloud.URL, ecs.StaticToken(r.cloud.Token()), ecs.WithTransport(telemetry.transport),
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
	for i, name := range []string{"ecs revert resize: look", "ecs revert resize: act", "POST /servers/{id}/revert-resize"} {
		if spans[i].Name != name {
			t.Error(spans[i].Name, "is not", name)
		}
	}
	for _, attempt := range spans[:2] {
		if attempt.Parent.SpanID() != request.SpanID() || attempt.SpanContext.TraceID() != request.TraceID() {
			t.Fatal(attempt.Name, "is not a child of the request's span")
		}
	}
}

// TestService_AnUnknownOutcomeIsResumed with what the problem holds.
func TestService_AnUnknownOutcomeIsResumed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: time.Minute}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.cloud.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
	r.cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.Meanwhile(func(*ecstest.Server, string) { cancel() })})
	lost := r.post(ctx, "/servers/"+id+"/revert-resize", nil)
	var p problem
	if err := json.Unmarshal(lost.Body.Bytes(), &p); err != nil || p.Outcome != unknown || p.Revert == nil {
		t.Fatal(lost.Body, err)
	}
	plan, err := json.Marshal(p.Revert)
	if err != nil {
		t.Fatal(err)
	}
	resumed := r.post(t.Context(), "/reverts/resume", plan)
	if resumed.Code != http.StatusAccepted || !strings.Contains(resumed.Body.String(), "sent_at") {
		t.Fatal(resumed.Code, resumed.Body)
	}
}

// TestService_LabelsAreFew: what a label holds does not grow with the servers.
func TestService_LabelsAreFew(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 5 {
		r.post(t.Context(), "/servers/"+r.cloud.AddServer(ecstest.Instance{})+"/revert-resize", nil)
	}
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	var counts []string
	for line := range strings.Lines(recorder.Body.String()) {
		if strings.Contains(line, "_count{") {
			counts = append(counts, line)
		}
	}
	want := []string{
		"ecs_request_duration_seconds_count{code=\"200\",operation=\"revert resize: look\"} 5\n",
		"ecs_request_duration_seconds_count{code=\"202\",operation=\"revert resize: act\"} 5\n",
	}
	if !slices.Equal(counts, want) {
		t.Fatal(counts)
	}
}

// TestService_KeepsTheTunedConnections: once they are there, 64 callers need no more.
func TestService_KeepsTheTunedConnections(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	round := func() {
		var callers sync.WaitGroup
		for range 64 {
			callers.Go(func() {
				for range 10 {
					r.post(t.Context(), "/servers/"+r.cloud.AddServer(ecstest.Instance{})+"/revert-resize", nil)
				}
			})
		}
		callers.Wait()
	}
	round() // at first net/http dials more than it then needs
	before := r.cloud.Connections()
	round()
	if more := r.cloud.Connections() - before; before > 3*64 || more > 6 {
		t.Fatal(before, "connections for 64 callers, and then", more, "more")
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
	for _, want := range []string{"ecs revert resize: act", "ecs_request_duration_seconds_count", "202 Accepted", "200 OK", "409 Conflict", "404 Not Found"} {
		if !strings.Contains(out.String(), want) {
			t.Fatal(want, "is not in", out.String())
		}
	}
}

// TestREADME_TheSnippetCompiles: that of the READMEs which needs the modules of this example.
func TestREADME_TheSnippetCompiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"README.md", "README_CN.md"} {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllSubmatch(text, -1) {
			if !bytes.Contains(block[1], []byte("promhttp.")) {
				continue
			}
			found = true
			file := filepath.Join(t.TempDir(), "main.go")
			if err := os.WriteFile(file, fmt.Appendf(nil, snippet, block[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
				t.Errorf("%s: %s", name, out)
			}
		}
		if !found {
			t.Errorf("%s has no such snippet", name)
		}
	}
}

// snippet is the program around it.
const snippet = `package main

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/revert-resize/ecs"
)

var (
	endpoint  string
	auth      ecs.Authenticator
	requests  *prometheus.HistogramVec
	operation func(context.Context) string
	spanName  func(string, *http.Request) string
)

func main() {
	%s
	_, _ = client, err
}
`

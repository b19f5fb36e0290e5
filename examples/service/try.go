package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// tryIt makes the calls that a user of the service would make, and prints the answers.
func tryIt(ctx context.Context, url, serverID string, stdout io.Writer) error {
	revert, err := post(ctx, url+"/servers/"+serverID+"/revert-resize", nil, stdout)
	if err != nil {
		return err
	}
	for _, call := range []struct {
		path string
		body []byte
	}{
		{"/reverts/wait", revert},
		{"/servers/" + serverID + "/revert-resize", nil}, // nothing to revert any more
		{"/servers/no-such-server/revert-resize", nil},
	} {
		if _, err := post(ctx, url+call.path, call.body, stdout); err != nil {
			return err
		}
	}
	return metrics(ctx, url, stdout)
}

// metrics prints how many requests to the cloud there were, by what they were for and their status.
func metrics(ctx context.Context, url string, stdout io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", http.NoBody)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "_count{") {
			fmt.Fprint(stdout, line)
		}
	}
	return err
}

// spanPrinter prints each span as it ends: the requests to the cloud come before the request that they were made for.
type spanPrinter struct{ out io.Writer }

func (p spanPrinter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		took := s.EndTime().Sub(s.StartTime()).Round(100 * time.Microsecond)
		fmt.Fprintf(p.out, "span %.8s  %-40s %s\n", s.SpanContext().TraceID(), s.Name(), took)
	}
	return nil
}

func (spanPrinter) Shutdown(context.Context) error { return nil }

func post(ctx context.Context, url string, body []byte, stdout io.Writer) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	fmt.Fprintf(stdout, "POST %s\n%s\n%s\n", req.URL.Path, res.Status, answer)
	return answer, err
}

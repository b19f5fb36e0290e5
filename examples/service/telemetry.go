package main

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// telemetry is the log and the traces. Without options nothing is exported, but the log names the traces all the same;
// add an exporter with sdktrace.WithBatcher.
type telemetry struct {
	log     *slog.Logger
	options []otelhttp.Option
}

func newTelemetry(log *slog.Logger, options ...sdktrace.TracerProviderOption) *telemetry {
	return &telemetry{log: log, options: []otelhttp.Option{
		otelhttp.WithTracerProvider(sdktrace.NewTracerProvider(options...)),
		otelhttp.WithPropagators(propagation.TraceContext{}),
	}}
}

// server makes a span of every request that comes in.
func (t *telemetry) server(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "service", t.options...)
}

// client is an HTTP client for the SDK that makes a span of every attempt, as a child of the request's.
func (t *telemetry) client() *http.Client {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 256}
	return &http.Client{Transport: otelhttp.NewTransport(transport, t.options...)}
}

// logger names the trace that ctx belongs to.
func (t *telemetry) logger(ctx context.Context) *slog.Logger {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return t.log.With("trace_id", span.TraceID().String())
	}
	return t.log
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/revert-resize/ecs"
)

// telemetry is the log, the traces and the metrics. Without options no span is exported, but the log names the traces all the
// same; add an exporter with sdktrace.WithBatcher.
type telemetry struct {
	log      *slog.Logger
	options  []otelhttp.Option
	metrics  *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newTelemetry(log *slog.Logger, options ...sdktrace.TracerProviderOption) *telemetry {
	t := &telemetry{
		log: log,
		options: []otelhttp.Option{
			otelhttp.WithTracerProvider(sdktrace.NewTracerProvider(options...)),
			otelhttp.WithPropagators(propagation.TraceContext{}),
		},
		metrics: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ecs_request_duration_seconds", Help: "Requests to the cloud, by what they were for and their status.",
		}, []string{"operation", "code"}),
	}
	t.metrics.MustRegister(t.requests)
	return t
}

// server makes a span of every request that comes in.
func (t *telemetry) server(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "service", append(t.options, otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
		return cmp.Or(r.Pattern, r.Method) // the pattern is known once the request has been routed
	}))...)
}

// transport makes a span of every request to the cloud, as a child of the span of the request that it is made for, and counts
// it. It is for ecs.WithTransport, so that the SDK's own tuned connections stay in use.
func (t *telemetry) transport(next http.RoundTripper) http.RoundTripper {
	next = promhttp.InstrumentRoundTripperDuration(t.requests, next, promhttp.WithLabelFromCtx("operation", operation))
	return otelhttp.NewTransport(next, append(t.options, otelhttp.WithSpanNameFormatter(spanName))...)
}

// spanName is "ecs revert resize: act", for one.
func spanName(_ string, r *http.Request) string { return "ecs " + operation(r.Context()) }

// operation is what a request is for. There are few of them, so that it can be a label.
func operation(ctx context.Context) string {
	op, _ := ecs.OperationFromContext(ctx)
	return fmt.Sprintf("%s: %s", op.Name, op.Step)
}

// logger names the trace that ctx belongs to.
func (t *telemetry) logger(ctx context.Context) *slog.Logger {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		return t.log.With("trace_id", span.TraceID().String())
	}
	return t.log
}

// Command service is an HTTP service that reverts resizes on request, the way it could run in production: one client for
// all requests, a structured log with the trace of each request, OpenTelemetry on both sides, and an orderly end.
//
//	POST /servers/{id}/revert-resize  202 with the revert, as JSON: the handle to wait with
//	POST /reverts/resume              the revert of a 502 "unknown"; 202 with the revert when it is known to be accepted
//	POST /reverts/wait                that JSON; 200 with the server when it is back, 202 while it is not
//	GET /metrics                      for Prometheus: how long requests to the cloud took, by what they were for
//
// It keeps nothing: the handle holds all that a wait needs, so any instance of the service can go on with it. What fails
// is answered as application/problem+json, whose "outcome" says what became of the server.
//
// Unless the command line names a cloud, it works on a fake one in this process. From its folder; the first makes a few calls
// itself, prints the spans and ends:
//
//	go run . -try
//	go run . -listen 127.0.0.1:8080
//
// On the real cloud of the environment:
//
//	go run . -cloud env -listen 127.0.0.1:8080
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	clouds "github.com/revert-resize/ecs/examples/internal/target"
)

// grace is how long requests may go on after the service was told to stop.
const grace = 20 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:8080", "the address to listen on")
	try := flags.Bool("try", false, "on a fake cloud: make a few calls, print the answers, the spans and the counts, and end")
	var cloud clouds.Flags
	cloud.Register(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := cloud.Check(); err != nil {
		return err
	}
	if *try {
		*listen, cloud = "127.0.0.1:0", clouds.Flags{} // it always works on a fake cloud
	}
	var options []sdktrace.TracerProviderOption
	if *try {
		options = append(options, sdktrace.WithSyncer(spanPrinter{stdout}))
	}
	telemetry := newTelemetry(slog.New(slog.NewJSONHandler(stderr, nil)), options...)
	target, err := newTarget(cloud, telemetry)
	if err != nil {
		return err
	}
	defer target.close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	for _, id := range target.serverIDs {
		fmt.Fprintf(stdout, "curl -X POST %s/servers/%s/revert-resize\n", url, id)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, newHandler(target.client, target.projectID, telemetry), grace) }()
	if *try {
		err = tryIt(ctx, url, target.serverIDs[0], stdout)
		stop()
	}
	return errors.Join(err, <-served)
}

// serve answers requests until ctx ends. Those that run then have the grace to finish; after that their contexts end, so
// that each is still answered with what is known.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	requests, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer giveUp(nil)
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      waitLimit + time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	timer := time.AfterFunc(grace, func() { giveUp(errStopping) })
	defer timer.Stop()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace+5*time.Second)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}

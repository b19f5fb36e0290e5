package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/revert-resize/ecs"
)

const (
	revertLimit = 2 * time.Minute // for one revert to be accepted
	waitLimit   = 2 * time.Minute // for one request that waits; the caller may ask again
	maxBody     = 1 << 20
)

// errStopping is why a request's context ends when the service does.
var errStopping = errors.New("the service is stopping")

// cloud is what the service needs of the SDK.
type cloud interface {
	RevertResize(ctx context.Context, projectID, serverID string) (*ecs.Revert, error)
	ResumeRevert(ctx context.Context, revert *ecs.Revert) (*ecs.Revert, error)
	WaitForRevert(ctx context.Context, revert *ecs.Revert, opts ...ecs.WaitOption) (*ecs.Server, error)
}

type handler struct {
	cloud     cloud
	projectID string
	telemetry *telemetry
}

func newHandler(c cloud, projectID string, t *telemetry) http.Handler {
	h := &handler{cloud: c, projectID: projectID, telemetry: t}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /servers/{id}/revert-resize", h.revert)
	mux.HandleFunc("POST /reverts/resume", h.resume)
	mux.HandleFunc("POST /reverts/wait", h.wait)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.metrics, promhttp.HandlerOpts{}))
	return t.server(mux)
}

func (h *handler) revert(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), revertLimit)
	defer cancel()
	log := h.telemetry.logger(ctx).With("server", r.PathValue("id"))
	revert, err := h.cloud.RevertResize(ctx, h.projectID, r.PathValue("id"))
	if err != nil {
		fail(ctx, w, log, err)
		return
	}
	log.Info("revert accepted", "request_id", revert.RequestID, "flavor", revert.Before.FlavorID)
	answer(w, log, http.StatusAccepted, "application/json", revert)
}

// resume finds out what became of a revert whose outcome is unknown, and carries it out if nothing did.
func (h *handler) resume(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), revertLimit)
	defer cancel()
	revert, log, ok := h.read(ctx, w, r)
	if !ok {
		return
	}
	accepted, err := h.cloud.ResumeRevert(ctx, revert)
	if err != nil {
		fail(ctx, w, log, err)
		return
	}
	log.Info("revert accepted", "request_id", accepted.RequestID)
	answer(w, log, http.StatusAccepted, "application/json", accepted)
}

func (h *handler) wait(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), waitLimit)
	defer cancel()
	revert, log, ok := h.read(ctx, w, r)
	if !ok {
		return
	}
	server, err := h.cloud.WaitForRevert(ctx, revert, ecs.WithProgress(func(p ecs.Progress) {
		log.Debug("waiting", "requests", p.Looks, "elapsed", p.Elapsed)
	}))
	if err != nil {
		fail(ctx, w, log, err)
		return
	}
	log.Info("reverted", "status", server.Status, "flavor", server.FlavorID)
	answer(w, log, http.StatusOK, "application/json", server)
}

// read returns the revert of a request's body, or answers what is wrong with it.
func (h *handler) read(ctx context.Context, w http.ResponseWriter, r *http.Request) (*ecs.Revert, *slog.Logger, bool) {
	log := h.telemetry.logger(ctx)
	var revert ecs.Revert
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&revert); err != nil {
		answerProblem(w, log, problem{Status: http.StatusBadRequest, Title: "not a revert", Detail: err.Error(), Outcome: nothingDone})
		return nil, nil, false
	}
	if revert.ProjectID != h.projectID {
		answerProblem(w, log, problem{Status: http.StatusBadRequest, Title: "a revert of another project", Outcome: nothingDone})
		return nil, nil, false
	}
	return &revert, log.With("server", revert.ServerID, "request_id", revert.RequestID), true
}

func answer(w http.ResponseWriter, log *slog.Logger, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Warn("the answer was not delivered", "error", err)
	}
}

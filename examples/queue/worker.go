package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// revertArgs names the row of a planned revert.
type revertArgs struct {
	ID int64 `json:"id"`
}

// Kind is the name of these jobs in River's table.
func (revertArgs) Kind() string { return "revert_resize" }

// worker carries out planned reverts. It may be killed at any moment: River gives its jobs to another worker, and
// ResumeRevert finds out what became of a revert whose acceptance was not saved.
type worker struct {
	river.WorkerDefaults[revertArgs]

	client     *ecs.Client
	store      store
	pause      time.Duration // between the attempts at an undecided revert
	unknownFor time.Duration // how long after its plan a revert may stay unknown
}

// saveTime bounds what is saved after the attempt's own time has ended.
const saveTime = 10 * time.Second

// Work resumes a revert, saves that it was accepted, waits for its end, and saves the outcome.
func (w *worker) Work(ctx context.Context, job *river.Job[revertArgs]) error {
	revert, decided, err := w.store.load(ctx, job.Args.ID)
	if err != nil || decided {
		return err
	}
	accepted, err := w.client.ResumeRevert(ctx, revert)
	known := accepted
	var unknown *ecs.OutcomeUnknownError
	if errors.As(err, &unknown) {
		known = &unknown.Revert // it keeps what this attempt saw
	}
	if known != nil {
		saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
		err := w.store.save(saving, job.Args.ID, known)
		cancel()
		if err != nil {
			return err // the plan is still there: the next attempt finds out that it was accepted
		}
	}
	if err == nil {
		_, err = w.client.WaitForRevert(ctx, accepted)
	}
	return w.conclude(ctx, job, err)
}

// conclude completes the job in the transaction that saves the outcome. A revert that is undecided is tried again after a
// pause, which costs no attempt of the job. One that stays unknown for too long is for people to decide.
func (w *worker) conclude(ctx context.Context, job *river.Job[revertArgs], err error) error {
	o, retry := outcome.Of(err)
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	open := o != outcome.Unknown || time.Since(job.CreatedAt) < w.unknownFor
	if ctx.Err() != nil || open && (o == outcome.Unknown || retry == outcome.Wait) {
		if err := w.store.explain(context.WithoutCancel(ctx), job.Args.ID, detail); err != nil {
			return err
		}
		return river.JobSnooze(w.pause)
	}
	return pgx.BeginFunc(ctx, w.store.pool, func(tx pgx.Tx) error {
		if err := w.store.decide(ctx, tx, job.Args.ID, o, detail); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

// NextRetry tries again soon after a database that did not answer, or a worker that died.
func (w *worker) NextRetry(*river.Job[revertArgs]) time.Time { return time.Now().Add(w.pause) }

// machine is what one worker process does.
type machine struct {
	client            *ecs.Client
	store             store
	logger            *slog.Logger
	jobs              int           // at once
	timeout           time.Duration // of one attempt
	pause, unknownFor time.Duration // see worker
}

// run works on jobs until the context ends. Jobs under way are then given back.
func (m machine) run(ctx context.Context) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{client: m.client, store: m.store, pause: m.pause, unknownFor: m.unknownFor})
	client, err := river.NewClient(riverpgxv5.New(m.store.pool), &river.Config{
		Logger:      m.logger,
		Queues:      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: m.jobs}},
		Workers:     workers,
		MaxAttempts: 1000, // a job ends with an outcome, not with a number of dead workers
		JobTimeout:  m.timeout,
		// A job that is older than its timeout has lost its worker.
		RescueStuckJobsAfter: m.timeout + time.Second,
	})
	if err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return client.StopAndCancel(stopping)
}

// enqueue plans the revert of a server, and saves the plan in the transaction that queues the job.
func enqueue(ctx context.Context, client *ecs.Client, s store, queue *river.Client[pgx.Tx], project, server string) error {
	plan, err := client.PlanRevert(ctx, project, server)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		id, err := s.plan(ctx, tx, plan)
		if err != nil {
			return err
		}
		_, err = queue.InsertTx(ctx, tx, revertArgs{ID: id}, &river.InsertOpts{MaxAttempts: 1000})
		return err
	})
}

// newQueue returns a client of River that only queues jobs.
func newQueue(s store, logger *slog.Logger) (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers() // so that a job of an unknown kind is refused
	if err := river.AddWorkerSafely(workers, &worker{}); err != nil {
		return nil, errors.Join(errors.New("queue"), err)
	}
	return river.NewClient(riverpgxv5.New(s.pool), &river.Config{Logger: logger, Workers: workers})
}

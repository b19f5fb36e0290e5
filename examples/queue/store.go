package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// schema holds one row for each revert. A server has one undecided revert at most.
const schema = `
create table if not exists reverts (
  id         bigint generated always as identity primary key,
  project_id text not null,
  server_id  text not null,
  revert     json not null, -- the plan, and then the accepted revert
  outcome    text,          -- null while nothing is decided
  detail     text not null default '',
  updated_at timestamptz not null default now()
);
create unique index if not exists reverts_open on reverts (project_id, server_id) where outcome is null`

// store keeps the reverts, in the database in which River keeps its jobs.
type store struct{ pool *pgxpool.Pool }

// setup makes the tables of River and of this example, where they are missing.
func (s store) setup(ctx context.Context) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(s.pool), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("make river's tables: %w", err)
	}
	_, err = s.pool.Exec(ctx, schema)
	return err
}

// errQueued is a server whose revert is not decided yet.
var errQueued = errors.New("a revert of this server is queued already")

// plan saves a planned revert, and returns its ID.
func (s store) plan(ctx context.Context, tx pgx.Tx, revert *ecs.Revert) (id int64, err error) {
	encoded, err := json.Marshal(revert)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `insert into reverts (project_id, server_id, revert) values ($1, $2, $3)
		on conflict do nothing returning id`, revert.ProjectID, revert.ServerID, encoded).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, errQueued
	}
	return id, err
}

// load returns a revert as it was saved last, and whether its outcome is decided.
func (s store) load(ctx context.Context, id int64) (revert *ecs.Revert, decided bool, err error) {
	var encoded []byte
	err = s.pool.QueryRow(ctx, `select revert, outcome is not null from reverts where id = $1`, id).Scan(&encoded, &decided)
	if err != nil {
		return nil, false, err
	}
	revert = new(ecs.Revert)
	return revert, decided, json.Unmarshal(encoded, revert)
}

// save saves what is known of a revert now: that the cloud has accepted it, or that its resize was seen decided. Neither is taken back: a
// worker that was taken for dead may come too late.
func (s store) save(ctx context.Context, id int64, revert *ecs.Revert) error {
	encoded, err := json.Marshal(revert)
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `update reverts set revert = $2, updated_at = now()
		where id = $1 and outcome is null and revert->>'sent_at' is null and (revert->>'decided' is null or $3)`,
		id, encoded, revert.Decided || !revert.SentAt.IsZero())
	return err
}

// explain saves why a revert is not decided yet.
func (s store) explain(ctx context.Context, id int64, detail string) error {
	_, err := s.pool.Exec(ctx, `update reverts set detail = $2, updated_at = now() where id = $1 and outcome is null`, id, detail)
	return err
}

// decide saves what became of a revert.
func (s store) decide(ctx context.Context, tx pgx.Tx, id int64, o outcome.Outcome, detail string) error {
	_, err := tx.Exec(ctx, `update reverts set outcome = $2, detail = $3, updated_at = now() where id = $1 and outcome is null`,
		id, string(o), detail) // a worker that was taken for dead may come too late
	return err
}

// row is a revert as status prints it.
type row struct {
	ServerID string `json:"server_id"`
	State    string `json:"state"` // planned or accepted, and then an outcome
	Detail   string `json:"detail,omitempty"`
}

// rows returns all reverts, in the order in which they were planned.
func (s store) rows(ctx context.Context) ([]row, error) {
	found, err := s.pool.Query(ctx, `select server_id,
		coalesce(outcome, case when revert->>'sent_at' is null then 'planned' else 'accepted' end), detail from reverts order by id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowToStructByPos[row])
}

package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"verdictory/contract"
	"verdictory/policy"
)

// Run is a run as it stands. Its cases are not stored: they are a function of the policy's version and the policy.Run.
type Run struct {
	policy.Run
	Policy  *policy.Policy // at the version that the run was started with, without examples
	Started time.Time
	Ended   time.Time // zero while it goes on; all cases are counted, or it was stopped, or Trouble ended it
	Trouble string    // why it does not go on at the moment, or ended early; empty where nothing is wrong
	Counts  Counts    // of the cases that are counted so far; without Rules in a list
}

// The states of a run.
const (
	Running  = "running"
	Complete = "complete" // all its cases are counted
	Stopped  = "stopped"  // by somebody
	Failed   = "failed"   // by Trouble
)

// State says how a run stands.
func (r Run) State() string {
	switch {
	case r.Ended.IsZero():
		return Running
	case r.Counts.Total == r.Count:
		return Complete
	case r.Trouble != "":
		return Failed
	}
	return Stopped
}

// runRow is a row of runs.
type runRow struct {
	bun.BaseModel `bun:"table:runs,alias:r"`

	ID      int64 `bun:",pk"`
	Version int64
	Code    string
	Size    int64
	Done    int64
	Lease   int64 // Unix milliseconds
	Ended   int64 // Unix milliseconds
	Trouble string
}

// runTallyRow is a row of run_tallies, or what to add to it.
type runTallyRow struct {
	bun.BaseModel `bun:"table:run_tallies,alias:t"`

	Run       int64
	Kind, Key string
	N         int64
}

// StartRun begins a run under a policy version that was kept, or finds the one that is there: the same run twice is one.
func (s *Store) StartRun(ctx context.Context, digest policy.Digest, run policy.Run) (started Run, err error) {
	err = s.bounded(ctx, "start a run", func(ctx context.Context) error {
		v, err := s.version(ctx, 0, digest)
		if err != nil {
			return err
		}
		row := runRow{ID: s.ids.next(), Version: v.id, Code: run.String(), Size: run.Count}
		_, err = s.write.NewInsert().Model(&row).On("CONFLICT (version, code) DO NOTHING").Returning("NULL").Exec(ctx)
		if err != nil {
			return err
		}
		started, err = s.run(ctx, v.policy.Name, run)
		return err
	})
	return started, err
}

// Run gives a run of a policy, of the newest version that has it: NotFound where there is none.
func (s *Store) Run(ctx context.Context, name string, run policy.Run) (found Run, err error) {
	err = s.bounded(ctx, "read a run", func(ctx context.Context) error {
		found, err = s.run(ctx, name, run)
		return err
	})
	return found, err
}

func (s *Store) run(ctx context.Context, name string, run policy.Run) (Run, error) {
	row, err := s.runRow(ctx, s.read, name, run)
	if err != nil {
		return Run{}, err
	}
	list, err := s.runs(ctx, []runRow{row}, tallyOutcome, tallyRule)
	if err != nil {
		return Run{}, err
	}
	return list[0], nil
}

// runRow finds the row of a run at the newest version that has it.
func (s *Store) runRow(ctx context.Context, db bun.IDB, name string, run policy.Run) (row runRow, err error) {
	err = db.NewSelect().Model(&row).Join("JOIN policy_versions AS v ON v.id = r.version").
		Where("v.policy = ? AND r.code = ?", plain(name), run.String()).OrderExpr("r.version DESC").Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf("There is no run %s.", run)}
	}
	return row, err
}

// Runs lists the runs of a policy, newest first, of all versions.
func (s *Store) Runs(ctx context.Context, name string, limit int64) (list []Run, err error) {
	err = s.bounded(ctx, "list runs", func(ctx context.Context) error {
		var rows []runRow
		err := s.read.NewSelect().Model(&rows).Join("JOIN policy_versions AS v ON v.id = r.version").
			Where("v.policy = ?", plain(name)).OrderExpr("r.id DESC").Limit(limit).Scan(ctx)
		if err == nil {
			list, err = s.runs(ctx, rows, tallyOutcome)
		}
		return err
	})
	return list, err
}

// runs makes the runs of rows, with their tallies of these kinds.
func (s *Store) runs(ctx context.Context, rows []runRow, kinds ...string) ([]Run, error) {
	list, ids := make([]Run, len(rows)), make([]int64, len(rows))
	for i, row := range rows {
		v, err := s.version(ctx, row.Version, "")
		if err != nil {
			return nil, err
		}
		ids[i] = row.ID
		list[i] = Run{Policy: v.policy, Started: created(row.ID), Trouble: row.Trouble, Counts: NewCounts()}
		list[i].Counts.Total = row.Done
		if row.Ended > 0 {
			list[i].Ended = time.UnixMilli(row.Ended).UTC()
		}
		if list[i].Run, err = policy.ParseRun(row.Code); err != nil {
			return nil, err
		}
	}
	if len(rows) == 0 {
		return list, nil
	}
	var tallies []runTallyRow
	err := s.read.NewSelect().Model(&tallies).Where("run IN (?) AND kind IN (?)", bun.List(ids), bun.List(kinds)).Scan(ctx)
	for _, t := range tallies {
		list[slices.Index(ids, t.Run)].Counts.set(t.Kind, t.Key, t.N)
	}
	return list, err
}

// StopRun ends a run where it is; one that has ended stays as it is.
func (s *Store) StopRun(ctx context.Context, name string, run policy.Run) error {
	return s.changeRun(ctx, "stop a run", name, run, func(ctx context.Context, tx bun.Tx, id int64) error {
		_, err := tx.NewRaw("UPDATE runs SET ended = ?, trouble = '' WHERE id = ? AND ended = 0", time.Now().UnixMilli(), id).Exec(ctx)
		return err
	})
}

// ResumeRun lets a run go on that was stopped or met trouble; one that is complete stays so.
func (s *Store) ResumeRun(ctx context.Context, name string, run policy.Run) error {
	return s.changeRun(ctx, "resume a run", name, run, func(ctx context.Context, tx bun.Tx, id int64) error {
		_, err := tx.NewRaw("UPDATE runs SET ended = 0, lease = 0, trouble = '' WHERE id = ? AND ended > 0 AND done < size", id).Exec(ctx)
		return err
	})
}

// RemoveRun forgets a run and its counts. Started again it gives the same cases.
func (s *Store) RemoveRun(ctx context.Context, name string, run policy.Run) error {
	return s.changeRun(ctx, "remove a run", name, run, func(ctx context.Context, tx bun.Tx, id int64) error {
		if _, err := tx.NewRaw("DELETE FROM run_tallies WHERE run = ?", id).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("DELETE FROM runs WHERE id = ?", id).Exec(ctx)
		return err
	})
}

func (s *Store) changeRun(ctx context.Context, what, name string, run policy.Run, change func(context.Context, bun.Tx, int64) error) error {
	return s.bounded(ctx, what, func(ctx context.Context) error {
		return s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			row, err := s.runRow(ctx, tx, name, run)
			if err == nil { // the row that a worker changes first is taken first here too, so that one waits for the other
				_, err = tx.NewRaw("UPDATE runs SET lease = lease WHERE id = ?", row.ID).Exec(ctx)
			}
			if err == nil {
				err = change(ctx, tx, row.ID)
			}
			return err
		})
	})
}

// Turn is a worker's turn at a run: it has the run to itself until its lease ends, or rather knows when it has not. Next is the
// index of the case that comes next.
type Turn struct {
	policy.Run
	Policy *policy.Policy // at the run's version
	Next   int64

	id int64
}

// TakeTurn takes the run that has waited longest, nil where none waits, for as long as lease.
func (s *Store) TakeTurn(ctx context.Context, lease time.Duration) (turn *Turn, err error) {
	err = s.bounded(ctx, "look for a run", func(ctx context.Context) error {
		now := time.Now()
		var rows []runRow
		err := s.write.NewRaw("UPDATE runs SET lease = ? WHERE id = (SELECT id FROM runs WHERE ended = 0 AND lease < ? ORDER BY lease, id LIMIT 1) AND lease < ? AND ended = 0 RETURNING *",
			now.Add(lease).UnixMilli(), now.UnixMilli(), now.UnixMilli()).Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		v, err := s.version(ctx, rows[0].Version, "")
		if err != nil {
			return err
		}
		turn = &Turn{Policy: v.policy, Next: rows[0].Done, id: rows[0].ID}
		turn.Run, err = policy.ParseRun(rows[0].Code)
		return err
	})
	return turn, err
}

// Advance counts the next cases of a turn's run and renews the lease. It counts them once, whoever else works on the run: where
// another has counted these, or the run was stopped or removed, it counts nothing, and over is true. It is over too when all
// cases are counted.
func (s *Store) Advance(ctx context.Context, turn *Turn, cases []contract.Case, lease time.Duration) (over bool, err error) {
	counts := NewCounts()
	for i := range cases {
		counts.Add(&cases[i])
	}
	var rows []runTallyRow
	for outcome, n := range counts.Outcomes {
		rows = append(rows, runTallyRow{Run: turn.id, Kind: tallyOutcome, Key: outcome, N: n})
	}
	for hit, n := range counts.Rules {
		rows = append(rows, runTallyRow{Run: turn.id, Kind: tallyRule, Key: hit.String(), N: n})
	}
	next := turn.Next + int64(len(cases))
	err = s.bounded(ctx, "count a run's cases", func(ctx context.Context) error {
		return s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			now, ended := time.Now(), int64(0)
			if over = next >= turn.Count; over {
				ended = now.UnixMilli()
			}
			result, err := tx.NewRaw("UPDATE runs SET done = ?, lease = ?, ended = ?, trouble = '' WHERE id = ? AND done = ? AND ended = 0",
				next, now.Add(lease).UnixMilli(), ended, turn.id, turn.Next).Exec(ctx)
			changed := int64(0)
			if err == nil {
				changed, err = result.RowsAffected()
			}
			if err != nil || changed == 0 {
				over, next = true, turn.Next
				return err
			}
			_, err = tx.NewInsert().Model(&rows).On("CONFLICT (run, kind, key) DO UPDATE").Set("n = t.n + EXCLUDED.n").Exec(ctx)
			return err
		})
	})
	if err == nil {
		turn.Next = next
	}
	return over, err
}

// GiveUp ends a turn. Trouble says why, if it is not that others wait; with fatal it ends the run. Otherwise the run goes on
// after pause, with whoever takes it.
func (s *Store) GiveUp(ctx context.Context, turn *Turn, trouble string, fatal bool, pause time.Duration) error {
	return s.bounded(ctx, "give up a run", func(ctx context.Context) error {
		now, ended := time.Now(), int64(0)
		if fatal {
			ended = now.UnixMilli()
		}
		_, err := s.write.NewRaw("UPDATE runs SET lease = ?, ended = ?, trouble = ? WHERE id = ? AND done = ? AND ended = 0",
			now.Add(pause).UnixMilli(), ended, trouble, turn.id, turn.Next).Exec(ctx)
		return err
	})
}

package app

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"

	"verdictory/app/export"
	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

const (
	// maxBatchCases bounds one batch: larger sets come from `verdictory cases`, which needs no server.
	maxBatchCases = 100_000
	// batchChunk is how many cases travel between the services at once: enough to make a call's cost small beside them,
	// few enough that a chunk's objects stay within a few megabytes.
	batchChunk = 2_000
)

type apiBatch struct {
	Count  int64       `json:"count"`
	Seed   string      `json:"seed"`
	Mode   policy.Mode `json:"mode"`
	Format string      `json:"format"`
}

// POST /api/v1/policies/{policy}/batch streams the labelled cases of a run, storing nothing. The same seed, mode and
// policy version give the same cases, those that `verdictory cases` gives.
func (s *Server) apiBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	var request apiBatch
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &request); err != nil {
		return err
	}
	batch, err := readBatch(request)
	if err != nil {
		return err
	}
	return s.streamRun(w, r, p, batch)
}

// batch is a run, and the format that its cases are written in.
type batch struct {
	policy.Run
	format export.Format
}

func readBatch(request apiBatch) (result batch, err error) {
	run, issues := readRun(request.Count, maxBatchCases, request.Seed, request.Mode)
	result.Run = run
	if request.Format == "" {
		request.Format = "ndjson"
	}
	if result.format, err = export.Find(request.Format); err != nil {
		issues = append(issues, policy.Issue{Field: "format", Message: err.Error()})
	}
	if issues != nil {
		return batch{}, &contract.Error{Code: contract.Invalid, Message: "The request is not one for a batch.", Issues: issues}
	}
	return result, nil
}

// readRun reads what is asked for of a run: at most so many cases, a seed, drawn where none is given, and a mode, which is random
// where none is given. The issues say what is wrong with which field.
func readRun(count, most int64, seed string, mode policy.Mode) (run policy.Run, issues policy.Issues) {
	run = policy.Run{Seed: newSeed(), Mode: policy.Random, Count: count}
	read := func(field string, err error) {
		if err != nil {
			issues = append(issues, policy.Issue{Field: field, Message: err.Error()})
		}
	}
	var err error
	if count < 1 || count > most {
		read("count", fmt.Errorf("count is %d: write 1 to %d; larger sets come from `verdictory cases`", count, most))
	}
	if seed != "" {
		run.Seed, err = policy.ParseSeed(seed)
		read("seed", err)
	}
	if mode != "" {
		run.Mode, err = policy.ParseMode(string(mode))
		read("mode", err)
	}
	return run, issues
}

// streamRun writes the run's cases chunk by chunk. An error before the first byte is answered as any other; after it,
// the answer can only be cut off, so that nobody takes a part for the whole.
func (s *Server) streamRun(w http.ResponseWriter, r *http.Request, p *policy.Policy, batch batch) error {
	table := export.NewTable(p)
	w.Header().Set("X-Verdictory-Seed", batch.Seed.String())
	out := service.NewStream(w, batch.format.ContentType)
	buffer := batch.format.Begin(out.Buffer(), table)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	for drawn := range s.drawAhead(ctx, p, batch.Run) {
		part := <-drawn
		if part.err != nil && part.from == 0 {
			return part.err
		}
		if part.err != nil {
			service.Note(r, contract.AsError(part.err))
			out.Break()
		}
		for i := range part.cases {
			buffer = batch.format.Row(buffer, table, &part.cases[i], part.from+int64(i) == 0)
		}
		if err := out.Keep(buffer); err != nil {
			return nil // the client is gone
		}
		buffer = out.Buffer()
	}
	out.Keep(batch.format.End(buffer, table))
	out.Flush()
	return nil
}

// part is the cases of a run from an index on, or why they could not be made.
type part struct {
	from  int64
	cases []contract.Case
	err   error
}

// drawAhead makes a run part by part, in order, until the context ends: the next part while one is being written or
// waited for, so that all services have something to do.
func (s *Server) drawAhead(ctx context.Context, p *policy.Policy, run policy.Run) <-chan chan part {
	parts := make(chan chan part)
	go func() {
		defer close(parts)
		for from := int64(0); from < run.Count; from += batchChunk {
			drawn := make(chan part, 1)
			go func() {
				cases, err := s.drawRun(ctx, p, run, from, int(min(batchChunk, run.Count-from)))
				drawn <- part{from, cases, err}
			}()
			select {
			case parts <- drawn:
			case <-ctx.Done():
				return
			}
		}
	}()
	return parts
}

// drawRun makes count cases of a run from index from: both generators in parallel, then the rules.
func (s *Server) drawRun(ctx context.Context, p *policy.Policy, run policy.Run, from int64, count int) ([]contract.Case, error) {
	var aimWho, aimWhat contract.Aim
	if run.Mode == policy.Boundary {
		boundaries, err := s.remote.Boundaries(ctx, p)
		if err != nil {
			return nil, err
		}
		aimWho, aimWhat = boundaries.Aims()
	}
	cases := make([]contract.Case, count)
	pairs := make([]contract.Pair, count)
	both, bothCtx := errgroup.WithContext(ctx)
	objects := func(role string, doc *policy.ObjectDoc, aim contract.Aim, keep func(i int, seed policy.Seed, object policy.Object, raw []byte)) {
		both.Go(func() error {
			request := contract.BatchRequest{Document: doc.Digest, Run: run.Seed, From: from, Count: count, Aim: aim}
			return s.remote.Objects(bothCtx, role, p, request, func(i int, answer contract.ObjectAnswer) error {
				if answer.Error != "" {
					return &contract.Error{Code: contract.InvalidDocument, Message: fmt.Sprintf("The %s of seed %s cannot be drawn: %s", doc.Object, answer.Seed, answer.Error)}
				}
				object, err := decodeAnswer(doc.Shape, answer.Object)
				keep(i, answer.Seed, object, bytes.Clone(answer.Object))
				return err
			})
		})
	}
	objects(contract.RoleWho, p.Who, aimWho, func(i int, seed policy.Seed, object policy.Object, raw []byte) {
		cases[i].Code.Who, cases[i].Who, pairs[i].Who = seed, object, raw
	})
	objects(contract.RoleWhat, p.What, aimWhat, func(i int, seed policy.Seed, object policy.Object, raw []byte) {
		cases[i].Code.What, cases[i].What, pairs[i].What = seed, object, raw
	})
	if err := both.Wait(); err != nil {
		return nil, err
	}
	return cases, s.remote.Verdicts(ctx, p, pairs, func(i int, verdict contract.BatchVerdict) (err error) {
		c := &cases[i]
		c.Policy, c.Version, c.Code.Mode, c.Outcome, c.Hits = p.Name, p.Digest, run.Mode, verdict.Outcome, verdict.Hits
		if verdict.Error != "" {
			return &contract.Error{Code: contract.NoVerdict, Message: fmt.Sprintf("Case %s has no verdict: %s", c.Code, verdict.Error)}
		}
		c.Verdict, err = decodeAnswer(p.Rules.Verdict.Shape, verdict.Verdict)
		return err
	})
}

// decodeAnswer reads an object that a service made; one that does not fit its shape is the service's fault.
func decodeAnswer(shape *policy.Shape, raw []byte) (policy.Object, error) {
	object, issues := policy.DecodeObject(shape, raw)
	if issues != nil {
		return policy.Object{}, &contract.Error{Code: contract.Unavailable, Message: "A service answered with a " + shape.Name + " that its document does not describe.", Cause: issues.Err()}
	}
	return object, nil
}

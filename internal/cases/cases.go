// Package cases is the command `verdictory cases`: it writes labelled cases in bulk, without a server and without a
// database. Case i of a run is a function of the policy's version, the run's seed, the mode and i, so the bytes are the
// same whatever the number of workers, and each case's code opens the same case in the workbench.
package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"verdictory/app/export"
	"verdictory/policy"
)

// Options say what to write.
type Options struct {
	Policy  *policy.Policy
	Count   int64
	Seed    policy.Seed // of the run
	Mode    policy.Mode
	Format  export.Format
	Workers int // 0: one for each processor
}

// chunkSize is how many cases a worker makes at a time: enough that handing them over costs nothing, few enough that
// all chunks under way stay within a megabyte.
const chunkSize = 256

// chunk is the cases from one index to another, on their way from a worker to the writer. It is used again and again,
// so that memory does not grow with the number of cases.
type chunk struct {
	from, to int64
	rows     []byte
	made     int64 // the number of cases in rows
	err      error // why the case after them could not be made; nil where rows holds them all
	ready    chan struct{}
}

// Run writes the cases to out in the order of the run, and how far it is to progress unless that is nil. It stops early
// when the context ends, when out fails, or at a case to which the rules give no verdict: the error says which, and what
// was written is still a whole document, of the cases before. A policy that does not compile is policy.Issues.
func Run(ctx context.Context, out, progress io.Writer, o Options) error {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	makers, err := newMakers(o)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	free := make(chan *chunk, 2*o.Workers)
	ordered := make(chan *chunk, cap(free)) // every chunk under way, in order, to the writer
	work := make(chan *chunk)               // the same chunks, each to whichever worker is idle
	for range cap(free) {
		free <- &chunk{ready: make(chan struct{}, 1)}
	}
	for _, m := range makers {
		go func() {
			for c := range work {
				m.fill(c)
				c.ready <- struct{}{}
			}
		}()
	}
	go func() {
		defer close(ordered)
		defer close(work)
		for from := int64(0); from < o.Count; from += chunkSize {
			select {
			case <-ctx.Done():
				return
			case c := <-free:
				c.from, c.to = from, min(from+chunkSize, o.Count)
				ordered <- c
				work <- c
			}
		}
	}()

	table := makers[0].table
	_, err = out.Write(o.Format.Begin(nil, table))
	meter := newMeter(progress, o.Count)
	var made int64
	for c := range ordered {
		<-c.ready
		if err == nil && made == c.from { // else a chunk before this one was cut short
			_, err = out.Write(c.rows)
			made += c.made
			meter.show(made)
		}
		if failed := errors.Join(err, c.err); failed != nil {
			stop(failed)
		}
		free <- c
	}
	meter.end(made)
	if err == nil {
		_, err = out.Write(o.Format.End(nil, table))
	}
	if err == nil && made < o.Count {
		return fmt.Errorf("stopped after %d of %d cases: %w", made, o.Count, context.Cause(ctx))
	}
	return err
}

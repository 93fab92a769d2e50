package cases

import (
	"errors"
	"fmt"

	"verdictory/app/export"
	"verdictory/contract"
	"verdictory/internal/check"
	"verdictory/policy"
)

// maker makes rows of a run's cases. It is one worker's.
type maker struct {
	run     policy.Seed
	sampler *check.Sampler
	table   *export.Table
	format  export.Format
}

// newMakers makes a maker for each worker.
func newMakers(o Options) ([]*maker, error) {
	engine, issues := check.Compile(o.Policy)
	if issues != nil {
		return nil, issues
	}
	table := export.NewTable(o.Policy)
	makers := make([]*maker, o.Workers)
	errs := make([]error, o.Workers)
	for i := range makers {
		makers[i] = &maker{run: o.Seed, table: table, format: o.Format}
		makers[i].sampler, errs[i] = engine.NewSampler(o.Mode)
	}
	return makers, errors.Join(errs...)
}

// fill fills the chunk with its cases' rows, to the first case that cannot be made.
func (m *maker) fill(c *chunk) {
	c.rows, c.made, c.err = c.rows[:0], 0, nil
	for i := c.from; i < c.to; i++ {
		if err := m.sampler.Draw(m.run, i); err != nil {
			c.err = fmt.Errorf("case %s: %s", m.sampler.Case.Code, contract.AsError(err).Message)
			return
		}
		c.rows = m.format.Row(c.rows, m.table, &m.sampler.Case, i == 0)
		c.made++
	}
}

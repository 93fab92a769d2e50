// Package verify is the command `verdictory verify`: it derives the verdict of every stored case again, from its stored objects
// under the policy version that it was stored with, and says which case is not as it was. It also holds what pages count
// to what there is.
package verify

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"verdictory/app/history"
	"verdictory/contract"
	"verdictory/internal/check"
	"verdictory/policy"
	"verdictory/rules"
)

// named is how many wrong cases are named; the others are counted.
const named = 100

// Run verifies every case of the store and prints to out what is wrong and a summary. It reports whether all is as it was.
// Cases that are stored meanwhile may be missed. The error says what kept it from going on.
func Run(ctx context.Context, out io.Writer, store *history.Store) (bool, error) {
	v := &verifier{store: store, out: out, versions: map[policy.Digest]*version{}}
	if err := store.Each(ctx, history.Filter{}, func(c contract.Case) error { return v.one(ctx, c) }); err != nil {
		return false, fmt.Errorf("stopped after %d cases: %w", v.cases, err)
	}
	for _, at := range v.order {
		if err := v.counts(ctx, at); err != nil {
			return false, err
		}
	}
	if v.wrong > named {
		fmt.Fprintf(out, "… and %d more\n", v.wrong-named)
	}
	fmt.Fprintf(out, "%s under %s: %d wrong\n", check.Count(v.cases, "case"), check.Count(len(v.order), "policy version"), v.wrong)
	return v.wrong == 0, nil
}

type verifier struct {
	store    *history.Store
	out      io.Writer
	versions map[policy.Digest]*version
	order    []*version // as they were met
	cases    int
	wrong    int
}

// version is a policy version, with what its cases were found to come to.
type version struct {
	policy  *policy.Policy
	decider *rules.Decider
	verdict policy.Object // the decider writes it

	before history.Counts // as the store has them, when the first case was met
	found  history.Counts
}

// report says what is wrong with a case, or with the counts.
func (v *verifier) report(format string, args ...any) {
	if v.wrong++; v.wrong <= named {
		fmt.Fprintf(v.out, format+"\n", args...)
	}
}

// one verifies a case.
func (v *verifier) one(ctx context.Context, c contract.Case) error {
	at, err := v.version(ctx, c.Version)
	if err != nil {
		return err
	}
	v.cases++
	at.found.Add(&c)
	if err := at.decider.Decide(c.Who.Values, c.What.Values, at.verdict.Values); err != nil {
		v.report("%s %s: its rules give no verdict: %s", c.Policy, c.Code, contract.AsError(err).Message)
		return nil
	}
	var differences []string
	for i, column := range at.verdict.Shape.Columns {
		if stored, again := c.Verdict.Values[i], at.verdict.Values[i]; !stored.Equal(again) {
			differences = append(differences, fmt.Sprintf("%s is stored as %s, and its rules give %s", column.Name, stored, again))
		}
	}
	if again := at.decider.Outcome(); c.Outcome != again {
		differences = append(differences, fmt.Sprintf("its outcome is stored as %s, and its rules give %s", c.Outcome, again))
	}
	if again := at.decider.Hits(); !slices.Equal(c.Hits, again) {
		differences = append(differences, fmt.Sprintf("the rules that hit are stored as %s, and these do: %s", check.Join(c.Hits), check.Join(again)))
	}
	if differences != nil {
		v.report("%s %s: %s", c.Policy, c.Code, strings.Join(differences, "; "))
	}
	return nil
}

// version gives a policy version, compiled once.
func (v *verifier) version(ctx context.Context, digest policy.Digest) (*version, error) {
	if at := v.versions[digest]; at != nil {
		return at, nil
	}
	p, err := v.store.Policy(ctx, digest)
	var before history.Counts
	if err == nil {
		before, err = v.store.Counts(ctx, digest)
	}
	var engine *check.Engine
	if err == nil {
		var issues policy.Issues
		engine, issues = check.Compile(p)
		err = issues.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("policy version %s: %w", digest.Short(), err)
	}
	shape := p.Rules.Verdict.Shape
	at := &version{
		policy: p, decider: engine.Rules.NewDecider(), verdict: policy.Object{Shape: shape, Values: make([]policy.Value, len(shape.Columns))},
		before: before, found: history.NewCounts(),
	}
	v.versions[digest], v.order = at, append(v.order, at)
	return at, nil
}

// counts holds the counts that pages show to what was found: cases may have been stored meanwhile, but no fewer can be
// there than before, and no more than now.
func (v *verifier) counts(ctx context.Context, at *version) error {
	now, err := v.store.Counts(ctx, at.policy.Digest)
	if err != nil {
		return err
	}
	hold := func(what string, before, found, now int64) {
		if found < before || found > now {
			v.report("%s version %s: %d cases %s, and pages count %d", at.policy.Name, at.policy.Digest.Short(), found, what, now)
		}
	}
	hold("are there", at.before.Total, at.found.Total, now.Total)
	for _, o := range at.policy.Rules.Outcome.Values {
		hold("came to "+o.Value, at.before.Outcomes[o.Value], at.found.Outcomes[o.Value], now.Outcomes[o.Value])
	}
	for _, d := range at.policy.Rules.Decisions {
		for _, r := range d.Rules {
			hit := contract.Hit{Decision: d.ID, Rule: r.ID}
			hold("hit "+hit.String(), at.before.Rules[hit], at.found.Rules[hit], now.Rules[hit])
		}
	}
	return nil
}

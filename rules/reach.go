package rules

import (
	"fmt"

	"verdictory/expr"
	"verdictory/policy"
)

// mostBoxes is how many boxes a rule may hold in for the rules below it to be judged by it. More come of long chains of
// || only, and what is left of a first table would fall into pieces that take seconds to look through.
const mostBoxes = 8

// unreachable notes the rules that no objects can reach: a when that never holds, and in a first table a when that holds
// only where an earlier rule has hit already. It goes by what conditions say of single fields; a rule that is out of
// reach for subtler reasons passes.
func (c *compiler) unreachable(doc *policy.Decision, d *decision, path string) {
	everything := expr.Domain{expr.Box{}}
	remaining := everything // of a first table: what no earlier rule takes, or more
	domains := make([]expr.Domain, len(d.rules))
	for j := range d.rules {
		r := &doc.Rules[j]
		at, field := r.When, fmt.Sprintf("%s.rules[%d].when", path, j)
		if at.Source == "" {
			at = policy.Expr{Line: r.Line, Column: r.Column}
		}
		domain, known := everything, true
		if when := d.rules[j].when; when != nil {
			domain, known = when.Domain()
		}
		switch {
		case known && len(domain) == 0:
			c.bad(at, field, "the rule %s can never hit: its conditions contradict each other; correct them or remove the rule", r.ID)
			continue
		case d.policy != policy.First || len(domain) > mostBoxes:
			continue
		case !known:
			domain = everything // or less
		}
		if reached, ok := domain.Intersect(remaining); ok && len(reached) == 0 {
			c.bad(at, field, "the rule %s can never hit: wherever it holds, %s before it; move it up or remove it", r.ID, taker(d, domains[:j], domain))
			continue
		}
		if !known {
			continue
		}
		domains[j] = domain
		if rest, ok := remaining.Minus(domain); ok {
			remaining = rest
		}
	}
}

// taker names the rule that takes all of the domain before the next one does, or says that several do together.
func taker(d *decision, earlier []expr.Domain, domain expr.Domain) string {
	for i := range earlier {
		if rest, ok := domain.Minus(earlier[i]); ok && len(rest) == 0 {
			return d.rules[i].id + " hits"
		}
	}
	return "one of the rules hits"
}

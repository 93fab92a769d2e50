// Package rules turns a policy's rules.yaml into verdicts: decision tables with DMN's hit policies, compiled once and
// evaluated without allocation, with an account of every rule.
//
// Compile type-checks a policy and gives its Book. A Book's Decider, one for each worker, derives the verdict from two
// objects and remembers, in a few bytes, what became of each rule; Trace tells it in full:
//
//	book, issues := rules.Compile(p)
//	decider := book.NewDecider()
//	err := decider.Decide(who.Values, what.Values, verdict)
//	trace := decider.Trace()
//
// The hit policies are those of DMN 1.5, section 8.2.11. Where DMN would give null (no rule hits and there is no
// default) or calls the result undefined (two rules of a unique table hit), there is no verdict but an error that says
// which decision and which rules: a verdict that nobody decided is worth less than none.
//
// NewHandler serves the books over HTTP, under the digests of their policies.
package rules

import (
	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

// document is the name of the document in issues.
const document = "rules.yaml"

// Book is a compiled policy. It is immutable and safe for concurrent use.
type Book struct {
	who, what, verdict *policy.Shape
	vars               []expr.Var // what expressions see: the fields of who and what, and the decisions' outputs
	whoSlots           []slot
	whatSlots          []slot
	decisions          []decision
	rules              int // of all decisions
	fields             []*expr.Program
	outcome            int // the position of the outcome among the verdict's fields
	outcomes           []string
	boundaries         contract.Boundaries
}

// slot says which value of an object goes to which slot of the frame.
type slot struct{ column, slot int }

// decision is a compiled decision table.
type decision struct {
	id, label string
	policy    policy.HitPolicy
	settle    func(*Decider, *decision) error
	outputs   []output
	rules     []rule
	fallback  []*expr.Program // the default, by output; nil for none

	head   []byte // of its trace as JSON
	sorted []int  // the outputs by name
}

// lists reports whether the outputs are lists, with a value for each hit.
func (d *decision) lists() bool {
	return d.policy == policy.RuleOrder || d.policy == policy.OutputOrder || d.policy == policy.Collect
}

// output is one output of a decision.
type output struct {
	name string
	slot int
	kind policy.Kind
	elem policy.Kind // the kind of a rule's expression where the output is a list of them

	// For priority and output order: the values, highest priority first. Empty where the output has no say.
	ranks []policy.Value
}

// rule is a compiled row of a decision table.
type rule struct {
	id      string
	because string
	index   int             // among all rules of the book
	when    *expr.Program   // nil always holds
	then    []*expr.Program // by output
	hit     contract.Hit
	name    []byte // the hit as JSON

	misses []account  // by the condition that failed
	others [3]account // by any other fate
}

// Who gives the shape of the first object.
func (b *Book) Who() *policy.Shape { return b.who }

// What gives the shape of the second object.
func (b *Book) What() *policy.Shape { return b.what }

// Verdict gives the shape of the third object.
func (b *Book) Verdict() *policy.Shape { return b.verdict }

// Rules gives the name of every rule, in order: what a count of hits is held against.
func (b *Book) Rules() []contract.Hit {
	hits := make([]contract.Hit, 0, b.rules)
	for i := range b.decisions {
		for j := range b.decisions[i].rules {
			hits = append(hits, b.decisions[i].rules[j].hit)
		}
	}
	return hits
}

// Boundaries gives the values at which the rules turn, and every condition. The caller must not change them.
func (b *Book) Boundaries() contract.Boundaries { return b.boundaries }

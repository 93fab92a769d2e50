package check

import (
	"errors"
	"path"

	"verdictory/contract"
	"verdictory/generators"
	"verdictory/policy"
	"verdictory/rules"
)

// Engine is a compiled policy: what draws its two objects and what decides. It is immutable and safe for concurrent use.
type Engine struct {
	Policy    *policy.Policy
	Who, What *generators.Generator
	Rules     *rules.Book
}

// Compile compiles all that a policy's documents hold. The issues of all three documents are named as policy.LoadAll
// names them, motor-insurance/who.yaml; where there are any, there is no engine.
func Compile(p *policy.Policy) (*Engine, policy.Issues) {
	who, issues := generators.Compile(path.Join(p.Name, policy.WhoDocument), p.Who)
	what, more := generators.Compile(path.Join(p.Name, policy.WhatDocument), p.What)
	issues = append(issues, more...)
	book, more := rules.Compile(p)
	for _, issue := range more {
		issue.Document = path.Join(p.Name, issue.Document)
		issues = append(issues, issue)
	}
	if issues != nil {
		return nil, issues
	}
	return &Engine{Policy: p, Who: who, What: what, Rules: book}, nil
}

// Sampler makes the cases of a run in one process, one at a time in the same memory. It is one worker's.
type Sampler struct {
	Case contract.Case // the case at hand, until the next; its Created is zero

	who, what *generators.Drawer
	decider   *rules.Decider
}

// NewSampler makes a sampler in the mode.
func (e *Engine) NewSampler(mode policy.Mode) (*Sampler, error) {
	var whoAim, whatAim contract.Aim
	if mode == policy.Boundary {
		whoAim, whatAim = e.Rules.Boundaries().Aims()
	}
	who, whoErr := e.Who.NewDrawer(whoAim)
	what, whatErr := e.What.NewDrawer(whatAim)
	return &Sampler{
		Case: contract.Case{
			Policy: e.Policy.Name, Version: e.Policy.Digest, Code: policy.Code{Mode: mode},
			Who: blank(e.Policy.Who.Shape), What: blank(e.Policy.What.Shape), Verdict: blank(e.Policy.Rules.Verdict.Shape),
		},
		who: who, what: what, decider: e.Rules.NewDecider(),
	}, errors.Join(whoErr, whatErr)
}

func blank(shape *policy.Shape) policy.Object {
	return policy.Object{Shape: shape, Values: make([]policy.Value, len(shape.Columns))}
}

// Draw makes the case with an index in a run: the same as the workbench shows under the case's code. On a
// *contract.Error the case has its code, and nothing else that counts.
func (s *Sampler) Draw(run policy.Seed, index int64) error {
	c := &s.Case
	c.Code.Who = generators.ObjectSeed(run, index, contract.RoleWho)
	c.Code.What = generators.ObjectSeed(run, index, contract.RoleWhat)
	if err := s.who.Draw(c.Code.Who, c.Who.Values); err != nil {
		return err
	}
	if err := s.what.Draw(c.Code.What, c.What.Values); err != nil {
		return err
	}
	return s.Decide()
}

// Decide gives the two objects at hand their verdict, or a *contract.Error.
func (s *Sampler) Decide() error {
	c := &s.Case
	if err := s.decider.Decide(c.Who.Values, c.What.Values, c.Verdict.Values); err != nil {
		return err
	}
	c.Outcome = s.decider.Outcome()
	c.Hits = s.decider.AppendHits(c.Hits[:0])
	return nil
}

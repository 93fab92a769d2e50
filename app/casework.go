package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/policy"
)

// openCase is a case with what is not stored of it.
type openCase struct {
	contract.Case
	Policy *policy.Policy // the policy at the case's version
	Stored bool

	Trace    contract.Trace // nil where TraceErr says why
	TraceErr error

	// The two objects that the seeds give, where the case was edited; nil otherwise, and where a generator is away.
	DrawnWho, DrawnWhat *policy.Object
}

// newSeed draws a seed for a form: each form carries its own, so a resend makes the same case.
func newSeed() policy.Seed { return policy.Seed(rand.Uint64()) & policy.MaxSeed }

// newCode draws both seeds.
func newCode(mode policy.Mode) policy.Code {
	return policy.Code{Who: newSeed(), What: newSeed(), Mode: mode}
}

// draw asks both generators, in parallel, for the objects of a code.
func (s *Server) draw(ctx context.Context, p *policy.Policy, code policy.Code) (who, what policy.Object, err error) {
	var aimWho, aimWhat contract.Aim
	if code.Mode == policy.Boundary {
		boundaries, err := s.remote.Boundaries(ctx, p)
		if err != nil {
			return who, what, err
		}
		aimWho, aimWhat = boundaries.Aims()
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		who, err = s.remote.Object(ctx, contract.RoleWho, p, code.Who, aimWho)
		return err
	})
	both.Go(func() (err error) {
		what, err = s.remote.Object(ctx, contract.RoleWhat, p, code.What, aimWhat)
		return err
	})
	return who, what, both.Wait()
}

// decide asks the rules for the verdict on two objects.
func (s *Server) decide(ctx context.Context, p *policy.Policy, code policy.Code, who, what policy.Object) (openCase, error) {
	verdict, err := s.remote.Verdict(ctx, p, who, what)
	if err != nil {
		return openCase{}, err
	}
	return openCase{
		Case: contract.Case{
			Policy: p.Name, Version: p.Digest, Code: code, Who: who, What: what,
			Verdict: verdict.Object, Outcome: verdict.Outcome, Hits: verdict.Trace.Hits(),
		},
		Policy: p,
		Trace:  verdict.Trace,
	}, nil
}

// generate draws the objects of a code, derives their verdict and stores the case. The same code again gives the same
// case and no second row. key is the caller's idempotency key, empty for none.
func (s *Server) generate(ctx context.Context, p *policy.Policy, code policy.Code, key string) (openCase, error) {
	who, what, err := s.draw(ctx, p, code)
	if err != nil {
		return openCase{}, err
	}
	opened, err := s.decide(ctx, p, code, who, what)
	if err != nil {
		return openCase{}, err
	}
	return s.keep(ctx, opened, key)
}

// keep stores a case.
func (s *Server) keep(ctx context.Context, opened openCase, key string) (openCase, error) {
	stored, _, err := s.history.Save(ctx, opened.Case, key)
	if err != nil {
		return openCase{}, err
	}
	s.metrics.Outcome(stored.Policy, stored.Outcome)
	opened.Case, opened.Stored = stored, true
	return opened, nil
}

// find gives the case of a code: the stored one at the newest version that has it, or else the one that its seeds give
// under the policy's version of today. An edited case is no function of its seeds, so it is found only where it is stored.
func (s *Server) find(ctx context.Context, p *policy.Policy, code policy.Code) (openCase, error) {
	stored, err := s.history.Get(ctx, p.Name, code)
	switch {
	case err == nil:
		return s.reopen(ctx, stored)
	case contract.AsError(err).Code != contract.NotFound:
		return openCase{}, err
	case code.Edit != "":
		return openCase{}, &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf(
			"No case %s is stored here. An edited case cannot be made from its code; %s is the case it started from.",
			code, unedited(code))}
	}
	who, what, err := s.draw(ctx, p, code)
	if err != nil {
		return openCase{}, err
	}
	return s.decide(ctx, p, code, who, what)
}

// reopen adds to a stored case what is not stored: the trace, and the objects it was edited from. Where a service is
// away the case is shown without.
func (s *Server) reopen(ctx context.Context, stored contract.Case) (openCase, error) {
	p, err := s.history.Policy(ctx, stored.Version)
	if err != nil {
		return openCase{}, err
	}
	opened := openCase{Case: stored, Policy: p, Stored: true}
	var parts errgroup.Group
	parts.Go(func() error {
		verdict, err := s.remote.Verdict(ctx, p, stored.Who, stored.What)
		opened.Trace, opened.TraceErr = verdict.Trace, err
		return nil
	})
	if stored.Code.Edit != "" {
		parts.Go(func() error {
			if who, what, err := s.draw(ctx, p, unedited(stored.Code)); err == nil {
				opened.DrawnWho, opened.DrawnWhat = &who, &what
			}
			return nil
		})
	}
	return opened, parts.Wait()
}

func unedited(code policy.Code) policy.Code {
	code.Edit = ""
	return code
}

// fieldError says that a field's new value cannot be.
type fieldError struct{ err error }

// Error says what is wrong and what to write instead.
func (e *fieldError) Error() string { return e.err.Error() }

// edit asks "what if": the case with one field (driver.age) changed to the typed value, its verdict, stored as an
// edited case. Every other field stays as it is, also one that the generator would now draw otherwise. An edit that
// brings back what the seeds gave is the unedited case again.
func (s *Server) edit(ctx context.Context, p *policy.Policy, code policy.Code, field, typed string) (openCase, error) {
	from, err := s.find(ctx, p, code)
	if err != nil {
		return openCase{}, err
	}
	who, what, err := withField(from.Who, from.What, field, typed)
	if err != nil {
		return openCase{}, err
	}
	return s.revise(ctx, from.Policy, code, who, what)
}

// revise derives and stores the verdict on objects that a person changed; code names the seeds they started from.
func (s *Server) revise(ctx context.Context, p *policy.Policy, code policy.Code, who, what policy.Object) (openCase, error) {
	drawnWho, drawnWhat, err := s.draw(ctx, p, unedited(code))
	if err != nil {
		return openCase{}, err
	}
	code.Edit = editOf(drawnWho, drawnWhat, who, what)
	opened, err := s.decide(ctx, p, code, who, what)
	if err != nil {
		return openCase{}, err
	}
	if code.Edit != "" {
		opened.DrawnWho, opened.DrawnWhat = &drawnWho, &drawnWhat
	}
	return s.keep(ctx, opened, "")
}

// rerollEdited draws one of the two objects of an edited case anew, from its seed in next, and keeps the other as it is.
func (s *Server) rerollEdited(ctx context.Context, p *policy.Policy, code policy.Code, keep string, next policy.Code) (openCase, error) {
	from, err := s.find(ctx, p, code)
	if err != nil {
		return openCase{}, err
	}
	who, what, err := s.draw(ctx, from.Policy, next)
	if err != nil {
		return openCase{}, err
	}
	if keep == contract.RoleWho {
		who = from.Who
	} else {
		what = from.What
	}
	return s.revise(ctx, from.Policy, next, who, what)
}

// withField gives the two objects with one field changed.
func withField(who, what policy.Object, field, typed string) (policy.Object, policy.Object, error) {
	name, column, _ := strings.Cut(field, ".")
	for _, object := range []*policy.Object{&who, &what} {
		i := object.Shape.Index(column)
		if object.Shape.Name != name || i < 0 {
			continue
		}
		value, err := page.ParseField(object.Shape.Columns[i], typed)
		if err == nil {
			err = object.Shape.Columns[i].Check(value)
		}
		if err != nil {
			return who, what, &fieldError{err}
		}
		values := slices.Clone(object.Values)
		values[i] = value
		object.Values = values
		return who, what, nil
	}
	return who, what, &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf(
		"There is no field %q: write %s or %s, a dot and the field's name.", field, who.Shape.Name, what.Shape.Name)}
}

// editOf names an edit by its content: a seed of both objects, or nothing where they are as drawn.
func editOf(drawnWho, drawnWhat, who, what policy.Object) string {
	if drawnWho.Equal(who) && drawnWhat.Equal(what) {
		return ""
	}
	return seedOf(what.AppendJSON(who.AppendJSON(nil))).String()
}

package app

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"verdictory/app/history"
	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// latestCases is how many cases the workbench's strip shows.
const latestCases = 5

// maxForm bounds a form's body, in bytes.
const maxForm = 64 << 10

// GET / lists the policies. With policy and page it leads to that page of the policy: the policy select's form does so.
func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	if name := r.URL.Query().Get("policy"); name != "" {
		return s.toPolicy(w, r, name)
	}
	items := make([]page.OverviewItem, len(s.policies))
	for i, p := range s.policies {
		counts, err := s.history.Counts(r.Context(), p.Digest)
		if err != nil {
			return err
		}
		items[i] = page.OverviewItem{Policy: p, Counts: page.Counts(counts)}
	}
	s.rendered(r, s.pages.Page(w, http.StatusOK, s.pages.Overview(items)))
	return nil
}

// toPolicy leads to the page of another policy that is like the page at hand.
func (s *Server) toPolicy(w http.ResponseWriter, r *http.Request, name string) error {
	p, err := s.named(name)
	if err != nil {
		return err
	}
	address := "/" + p.Name
	if section := r.URL.Query().Get("page"); section == "history" || section == "rules" || section == "runs" {
		address += "/" + section
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// GET /{policy} is the workbench with the newest case, or before its first.
func (s *Server) workbench(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	opened, err := s.newest(r.Context(), p)
	if err != nil {
		return err
	}
	return s.showBench(w, r, http.StatusOK, p, opened, page.WorkbenchInput{})
}

// newest gives the newest case of a policy, nil where there is none.
func (s *Server) newest(ctx context.Context, p *policy.Policy) (*openCase, error) {
	found, err := s.history.List(ctx, history.Filter{Policy: p.Name}, "", 1)
	if err != nil || len(found.Cases) == 0 {
		return nil, err
	}
	opened, err := s.reopen(ctx, found.Cases[0])
	return &opened, err
}

// GET /{policy}/{code} is the permanent link of a case: the workbench that shows it.
func (s *Server) casePage(w http.ResponseWriter, r *http.Request) error {
	p, code, err := s.caseOf(r)
	if err != nil {
		return err
	}
	opened, err := s.find(r.Context(), p, code)
	if err != nil {
		return s.failBench(w, r, p, nil, page.WorkbenchInput{Mode: code.Mode}, page.Failure{URL: r.URL.RequestURI()}, err)
	}
	return s.showBench(w, r, http.StatusOK, p, &opened, page.WorkbenchInput{})
}

// POST /{policy}/cases generates a case. The form's key gives the seeds, so that a resend makes the same case; seed
// holds the code or the two seeds that a person typed instead; who or what keeps that object's seed, and where the case
// in from has that object edited, the object as it is.
func (s *Server) postCase(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	form := caseForm{}
	if err := form.read(r); err != nil {
		return err
	}
	in := page.WorkbenchInput{Mode: form.code.Mode, Key: nextKey(form.key)}
	if form.typed.Error != "" {
		in.Seed = form.typed
		return s.showPart(w, r, http.StatusUnprocessableEntity, p, s.findFrom(r.Context(), p, form.from), in, page.Seed)
	}
	var opened openCase
	if form.keep != "" && form.from.Edit != "" {
		opened, err = s.rerollEdited(r.Context(), p, form.from, form.keep, form.code)
	} else {
		opened, err = s.generate(r.Context(), p, form.code, "")
	}
	if err != nil {
		in.Seed.Text, in.Key = form.typed.Text, form.key // trying again asks for the same case
		return s.failBench(w, r, p, s.findFrom(r.Context(), p, form.from), in, page.Failure{Keep: form.keep}, err)
	}
	return s.benchAfter(w, r, p, opened, in)
}

// POST /{policy}/cases/{code}/edit asks what the verdict would be with one field changed: the form's field named as the
// field is, driver.age.
func (s *Server) postEdit(w http.ResponseWriter, r *http.Request) error {
	p, code, err := s.caseOf(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	typed := page.Typed{}
	for name, values := range r.PostForm {
		if strings.Contains(name, ".") && len(values) == 1 {
			typed.Field, typed.Text = name, values[0]
		}
	}
	opened, err := s.edit(r.Context(), p, code, typed.Field, typed.Text)
	in := page.WorkbenchInput{Mode: code.Mode}
	var wrong *fieldError
	switch {
	case errors.As(err, &wrong):
		typed.Error = wrong.Error()
		in.Edit = typed
		return s.showBench(w, r, http.StatusUnprocessableEntity, p, s.findFrom(r.Context(), p, code), in)
	case err != nil:
		in.Edit = typed
		return s.failBench(w, r, p, s.findFrom(r.Context(), p, code), in, page.Failure{}, err)
	}
	return s.benchAfter(w, r, p, opened, in)
}

// caseForm is what the workbench's forms send.
type caseForm struct {
	key   string
	code  policy.Code // of the case to make
	from  policy.Code // of the case shown; the zero code for none
	keep  string      // the role of the object to keep; empty for none
	typed page.Typed  // the seed form
}

func (f *caseForm) read(r *http.Request) error {
	invalid := func(err error) error {
		return &contract.Error{Code: contract.Invalid, Message: "This form is not one that the workbench made: " + err.Error() + ". Open the workbench again."}
	}
	f.key = r.PostForm.Get("key")
	seeds, err := policy.ParseCode(f.key)
	if err != nil {
		return invalid(err)
	}
	f.code = unedited(seeds)
	f.code.Mode = policy.Random
	if mode := r.PostForm.Get("mode"); mode != "" {
		if f.code.Mode, err = policy.ParseMode(mode); err != nil {
			return invalid(err)
		}
	}
	if from := r.PostForm.Get("from"); from != "" {
		if f.from, err = policy.ParseCode(from); err != nil {
			return invalid(err)
		}
	}
	for role, seed := range map[string]*policy.Seed{contract.RoleWho: &f.code.Who, contract.RoleWhat: &f.code.What} {
		if kept := r.PostForm.Get(role); kept != "" {
			f.keep = role
			if *seed, err = policy.ParseSeed(kept); err != nil {
				return invalid(err)
			}
		}
	}
	if f.keep != "" && f.from != (policy.Code{}) {
		f.code.Mode = f.from.Mode // a seed gives the kept object again in its own mode only
	}
	if text := strings.TrimSpace(r.PostForm.Get("seed")); text != "" && f.keep == "" {
		f.typed.Text = text
		if f.code, err = parseTyped(text, f.code.Mode); err != nil {
			f.typed.Error = err.Error()
		}
	}
	return nil
}

// parseTyped reads what a person types as a seed: a case's code, or two seeds with space between them.
func parseTyped(text string, mode policy.Mode) (policy.Code, error) {
	if parts := strings.Fields(text); len(parts) == 2 {
		who, err := policy.ParseSeed(parts[0])
		if err != nil {
			return policy.Code{}, err
		}
		what, err := policy.ParseSeed(parts[1])
		return policy.Code{Who: who, What: what, Mode: mode}, err
	}
	code, err := policy.ParseCode(text)
	return unedited(code), err
}

// nextKey follows a form's key with that of the form in its answer, so that equal requests get equal answers.
func nextKey(key string) string {
	return policy.Code{Who: seedOf([]byte("next who " + key)), What: seedOf([]byte("next what " + key)), Mode: policy.Random}.String()
}

func readForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = service.LimitBody(w, r, maxForm)
	if err := r.ParseForm(); err != nil {
		return service.BodyError(err)
	}
	return nil
}

// findFrom gives the case that the page showed when its form was sent, nil where it cannot be had now: what a person
// had is kept on the page when what they asked for fails.
func (s *Server) findFrom(ctx context.Context, p *policy.Policy, code policy.Code) *openCase {
	if code == (policy.Code{}) {
		return nil
	}
	opened, err := s.find(ctx, p, code)
	if err != nil {
		return nil
	}
	return &opened
}

// benchAfter answers a form that made a case: the workbench's changed parts for htmx, else a redirect to the case's page.
func (s *Server) benchAfter(w http.ResponseWriter, r *http.Request, p *policy.Policy, opened openCase, in page.WorkbenchInput) error {
	address := caseURL(p, opened.Code)
	if !fromHTMX(r) {
		http.Redirect(w, r, address, http.StatusSeeOther)
		return nil
	}
	w.Header().Set("HX-Push-Url", address)
	return s.showBench(w, r, http.StatusOK, p, &opened, in)
}

// caseURL is the address of a case's page.
func caseURL(p *policy.Policy, code policy.Code) string { return "/" + p.Name + "/" + code.String() }

// failBench answers with the workbench that says what failed, in the place of what failed, around what the person had.
// An error that belongs to no card is answered by the caller's wrapper.
func (s *Server) failBench(w http.ResponseWriter, r *http.Request, p *policy.Policy, opened *openCase, in page.WorkbenchInput, failure page.Failure, err error) error {
	failure.Err = contract.AsError(err)
	if failure.Err.Service == "" && failure.Err.Code != contract.NoVerdict {
		return err
	}
	service.Note(r, failure.Err)
	service.SetRetryAfter(w.Header(), failure.Err.Code)
	failure.RequestID = service.RequestID(r.Context())
	in.Failure = &failure
	// The workbench is made without the failed request's deadline, which may be spent.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience/5)
	defer cancel()
	return s.showBench(w, r.WithContext(ctx), failure.Err.Code.Status(), p, opened, in)
}

// showBench writes the workbench, or its changed parts for htmx, around a case (nil for none). in holds what the
// handler knows beyond the case.
func (s *Server) showBench(w http.ResponseWriter, r *http.Request, status int, p *policy.Policy, opened *openCase, in page.WorkbenchInput) error {
	return s.showPart(w, r, status, p, opened, in, page.Bench)
}

// showPart is showBench with another part for htmx.
func (s *Server) showPart(w http.ResponseWriter, r *http.Request, status int, p *policy.Policy, opened *openCase, in page.WorkbenchInput, part page.Part) error {
	in.Policy = p
	if in.Key == "" {
		in.Key = newCode(policy.Random).String()
	}
	if opened != nil {
		withCase(&in, p, opened, service.RequestID(r.Context()))
	}
	if err := s.surroundings(r.Context(), p, &in); err != nil {
		return err
	}
	bench := s.pages.Workbench(in)
	if fromHTMX(r) {
		s.rendered(r, s.pages.Fragment(w, status, bench, part))
	} else {
		s.rendered(r, s.pages.Page(w, status, bench))
	}
	return nil
}

// withCase puts a case into what the workbench shows.
func withCase(in *page.WorkbenchInput, p *policy.Policy, opened *openCase, requestID string) {
	in.Policy, in.Case, in.Trace, in.Stale = opened.Policy, &opened.Case, opened.Trace, opened.Version != p.Digest
	in.JSONURL = "/api/v1/policies/" + p.Name + "/cases/" + opened.Code.String()
	if opened.DrawnWho != nil {
		in.Drawn = &page.Pair{Who: *opened.DrawnWho, What: *opened.DrawnWhat}
	}
	if in.Mode == "" {
		in.Mode = opened.Code.Mode
	}
	if opened.TraceErr != nil && in.Failure == nil {
		in.Failure = &page.Failure{Err: contract.AsError(opened.TraceErr), RequestID: requestID, URL: caseURL(p, opened.Code)}
	}
}

// surroundings adds what the workbench shows around a case: the counts, the newest cases, and the values at which rules
// turn, which are left out where the rules service is away.
func (s *Server) surroundings(ctx context.Context, p *policy.Policy, in *page.WorkbenchInput) error {
	var parts errgroup.Group
	parts.Go(func() error {
		counts, err := s.history.Counts(ctx, p.Digest)
		in.Counts = page.Counts(counts)
		return err
	})
	parts.Go(func() error {
		latest, err := s.history.List(ctx, history.Filter{Policy: p.Name}, "", latestCases)
		in.Latest = latest.Cases
		return err
	})
	parts.Go(func() error {
		if boundaries, err := s.remote.Boundaries(ctx, in.Policy); err == nil {
			in.Boundaries = &boundaries
		}
		return nil
	})
	return parts.Wait()
}

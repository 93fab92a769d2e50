package app

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"verdictory/app/export"
	"verdictory/app/history"
	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

const (
	// runLease is how long a run waits for a core that was killed before another goes on with it.
	runLease = 10 * time.Second
	// runTurn is how many chunks a run is given before the next one that waits has its turn: about a second's work.
	runTurn = 20
	// runPause is how long a run waits where a service or the database is away.
	runPause = 2 * time.Second
	// runPoll is how often a core that is idle looks whether a run waits: one that another core was given, or lost.
	runPoll = time.Second
	// shownRuns is how many runs a page lists.
	shownRuns = 50
)

// ofThePolicy are the errors that a case of the policy gives, and would give again: with another one a run waits.
var ofThePolicy = []contract.Code{contract.InvalidDocument, contract.Invalid, contract.NoVerdict}

// Work carries on with runs until the context ends: chunk by chunk, each counted once, however many cores do it at the same time
// and whenever one of them dies.
func (s *Server) Work(ctx context.Context) {
	for ctx.Err() == nil {
		turn, err := s.history.TakeTurn(ctx, runLease)
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "cannot look for runs", "error", err)
		}
		if turn != nil {
			s.work(ctx, turn)
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.awake:
		case <-time.After(runPoll):
		}
	}
}

// work carries on with a run until its turn is over.
func (s *Server) work(ctx context.Context, turn *history.Turn) {
	var err error
	for range runTurn {
		var over bool
		if over, err = s.workChunk(ctx, turn); over {
			return
		}
		if err != nil {
			break
		}
	}
	trouble, fatal, pause := "", false, time.Duration(0)
	if err != nil && ctx.Err() == nil {
		known := contract.AsError(err)
		trouble, fatal, pause = known.Message, slices.Contains(ofThePolicy, known.Code), runPause
		s.log.WarnContext(ctx, "a run does not go on", "policy", turn.Policy.Name, "run", turn.Run.String(), "case", turn.Next, "error", err)
	}
	// Also where the context has ended: so that another core need not wait for the lease.
	if err := s.history.GiveUp(context.WithoutCancel(ctx), turn, trouble, fatal, pause); err != nil {
		s.log.WarnContext(ctx, "cannot give up a run", "run", turn.Run.String(), "error", err)
	}
}

// workChunk makes the next cases of a run and counts them.
func (s *Server) workChunk(ctx context.Context, turn *history.Turn) (over bool, err error) {
	drawing, cancel := context.WithTimeout(ctx, runLease)
	defer cancel()
	cases, err := s.drawRun(drawing, turn.Policy, turn.Run, turn.Next, int(min(batchChunk, turn.Count-turn.Next)))
	if err != nil {
		return false, err
	}
	return s.history.Advance(ctx, turn, cases, runLease)
}

// begin starts a run of the policy's version of today and wakes the worker.
func (s *Server) begin(ctx context.Context, p *policy.Policy, run policy.Run) (history.Run, error) {
	defer s.wake()
	return s.history.StartRun(ctx, p.Digest, run)
}

// wake has the worker look for a run at once.
func (s *Server) wake() {
	select {
	case s.awake <- struct{}{}:
	default: // it will look anyway
	}
}

// runOf gives the policy and the run that the request's path names.
func (s *Server) runOf(r *http.Request) (*policy.Policy, policy.Run, error) {
	p, err := s.policyOf(r)
	if err != nil {
		return nil, policy.Run{}, err
	}
	named, err := policy.ParseRun(service.Var(r, "run"))
	if err != nil {
		return nil, policy.Run{}, &contract.Error{Code: contract.NotFound, Message: "There is no such page: " + err.Error() + "."}
	}
	return p, named, nil
}

// findRun gives the policy and the run that the request's path names, as it stands.
func (s *Server) findRun(r *http.Request) (*policy.Policy, history.Run, error) {
	p, named, err := s.runOf(r)
	if err != nil {
		return nil, history.Run{}, err
	}
	found, err := s.history.Run(r.Context(), p.Name, named)
	return p, found, err
}

// GET /{policy}/runs lists the runs of a policy, with the form for another.
func (s *Server) runsPage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	return s.showRuns(w, r, http.StatusOK, page.RunsInput{Policy: p, Count: "1000", Mode: policy.Random})
}

func (s *Server) showRuns(w http.ResponseWriter, r *http.Request, status int, in page.RunsInput) error {
	found, err := s.history.Runs(r.Context(), in.Policy.Name, shownRuns)
	if err != nil {
		return err
	}
	for _, one := range found {
		in.Runs = append(in.Runs, stateOf(one))
	}
	in.Key = newSeed().String()
	s.rendered(r, s.pages.Page(w, status, s.pages.Runs(in)))
	return nil
}

// stateOf gives a run as pages know it.
func stateOf(found history.Run) page.RunState {
	return page.RunState{Run: found.Run, State: found.State(), Version: found.Policy.Digest, Started: found.Started, Ended: found.Ended, Trouble: found.Trouble, Counts: page.Counts(found.Counts)}
}

// POST /{policy}/runs starts a run. The form's key is its seed where no other was typed, so that a resend starts no second one.
func (s *Server) postRun(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	if err := readForm(w, r); err != nil {
		return err
	}
	in := page.RunsInput{Policy: p, Count: r.PostFormValue("count"), Seed: r.PostFormValue("seed"), Mode: policy.Mode(r.PostFormValue("mode")), Errors: map[string]string{}}
	count, err := page.ParseField(policy.Column{Kind: policy.Int}, in.Count)
	asked, issues := readRun(count.Int(), policy.MaxRun, cmp.Or(in.Seed, r.PostFormValue("key")), in.Mode)
	for _, issue := range issues {
		in.Errors[issue.Field] = issue.Message
	}
	if err != nil {
		in.Errors["count"] = err.Error()
	}
	if len(in.Errors) > 0 {
		return s.showRuns(w, r, http.StatusUnprocessableEntity, in)
	}
	if _, err := s.begin(r.Context(), p, asked); err != nil {
		return err
	}
	http.Redirect(w, r, runPath(p, asked), http.StatusSeeOther)
	return nil
}

func runPath(p *policy.Policy, named policy.Run) string {
	return "/" + p.Name + "/runs/" + named.String()
}

// GET /{policy}/runs/{run} shows how far a run is and what its cases come to. htmx asks for that part again and again.
func (s *Server) runPage(w http.ResponseWriter, r *http.Request) error {
	p, found, err := s.findRun(r)
	if err != nil {
		return err
	}
	shown := s.pages.Run(page.RunInput{Policy: found.Policy, Outdated: found.Policy.Digest != p.Digest, Run: stateOf(found)})
	if fromHTMX(r) {
		s.rendered(r, s.pages.Fragment(w, http.StatusOK, shown, page.Progress))
		return nil
	}
	s.rendered(r, s.pages.Page(w, http.StatusOK, shown))
	return nil
}

// POST /{policy}/runs/{run}/{change} stops a run, resumes it, or removes it.
func (s *Server) postRunChange(w http.ResponseWriter, r *http.Request) error {
	p, named, err := s.runOf(r)
	if err != nil {
		return err
	}
	address := runPath(p, named)
	if err := s.changeRun(r, p, named); err != nil {
		return err
	}
	if service.Var(r, "change") == "remove" {
		address = "/" + p.Name + "/runs"
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

func (s *Server) changeRun(r *http.Request, p *policy.Policy, named policy.Run) error {
	switch service.Var(r, "change") {
	case "stop":
		return s.history.StopRun(r.Context(), p.Name, named)
	case "resume":
		defer s.wake()
		return s.history.ResumeRun(r.Context(), p.Name, named)
	}
	return s.history.RemoveRun(r.Context(), p.Name, named)
}

// GET /{policy}/runs/{run}.{format} streams all cases of a run, also of one that has not been counted to its end: they are made
// again, under the version that it was started with.
func (s *Server) runExport(w http.ResponseWriter, r *http.Request) error {
	p, found, err := s.findRun(r)
	if err != nil {
		return err
	}
	format, err := export.Find(service.Var(r, "format"))
	if err != nil {
		return &contract.Error{Code: contract.NotFound, Message: "There is no such export: " + err.Error() + "."}
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.Name+"-"+found.Run.String()+format.Extension+`"`)
	return s.streamRun(w, r, found.Policy, batch{found.Run, format})
}

type apiRun struct {
	Policy   string           `json:"policy"`
	Version  policy.Digest    `json:"version"`
	Run      policy.Run       `json:"run"`
	Seed     policy.Seed      `json:"seed"`
	Mode     policy.Mode      `json:"mode"`
	Count    int64            `json:"count"`
	Counted  int64            `json:"counted"`
	State    string           `json:"state"`
	Trouble  string           `json:"trouble,omitempty"`
	Started  time.Time        `json:"started"`
	Ended    *time.Time       `json:"ended,omitempty"`
	Outcomes map[string]int64 `json:"outcomes"`
	Rules    []apiHits        `json:"rules,omitempty"`
}

// apiHits is in how many of a run's cases a rule hit.
type apiHits struct {
	Decision string `json:"decision"`
	Rule     string `json:"rule"`
	Hits     int64  `json:"hits"`
}

func newAPIRun(found history.Run) apiRun {
	answer := apiRun{
		Policy: found.Policy.Name, Version: found.Policy.Digest, Run: found.Run, Seed: found.Seed, Mode: found.Mode, Count: found.Count,
		Counted: found.Counts.Total, State: found.State(), Trouble: found.Trouble, Started: found.Started, Outcomes: found.Counts.Outcomes,
	}
	if !found.Ended.IsZero() {
		answer.Ended = &found.Ended
	}
	return answer
}

// GET /api/v1/policies/{policy}/runs lists runs, newest first.
func (s *Server) apiRuns(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	found, err := s.history.Runs(r.Context(), p.Name, shownRuns)
	if err != nil {
		return err
	}
	list := make([]apiRun, len(found))
	for i := range found {
		list[i] = newAPIRun(found[i])
	}
	service.WriteJSON(w, http.StatusOK, map[string]any{"runs": list})
	return nil
}

// POST /api/v1/policies/{policy}/runs starts a run, or answers with the one that is there.
func (s *Server) apiStartRun(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	var request struct {
		Count int64       `json:"count"`
		Seed  string      `json:"seed"`
		Mode  policy.Mode `json:"mode"`
	}
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &request); err != nil {
		return err
	}
	asked, issues := readRun(request.Count, policy.MaxRun, request.Seed, request.Mode)
	if issues != nil {
		return &contract.Error{Code: contract.Invalid, Message: "The request is not one for a run.", Issues: issues}
	}
	started, err := s.begin(r.Context(), p, asked)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/policies/"+p.Name+"/runs/"+asked.String())
	service.WriteJSON(w, http.StatusCreated, newAPIRun(started))
	return nil
}

// GET /api/v1/policies/{policy}/runs/{run} says how far a run is, and how often each rule hit.
func (s *Server) apiRun(w http.ResponseWriter, r *http.Request) error {
	_, found, err := s.findRun(r)
	if err != nil {
		return err
	}
	answer := newAPIRun(found)
	for _, d := range found.Policy.Rules.Decisions {
		for _, rule := range d.Rules {
			answer.Rules = append(answer.Rules, apiHits{d.ID, rule.ID, found.Counts.Rules[contract.Hit{Decision: d.ID, Rule: rule.ID}]})
		}
	}
	service.WriteJSON(w, http.StatusOK, answer)
	return nil
}

// POST /api/v1/policies/{policy}/runs/{run}/stop and /resume, and DELETE …/{run}.
func (s *Server) apiChangeRun(w http.ResponseWriter, r *http.Request) error {
	p, named, err := s.runOf(r)
	if err != nil {
		return err
	}
	if err := s.changeRun(r, p, named); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

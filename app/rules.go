package app

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// sampleSize is how many objects the drawing of a field's distribution is made from. The run's seed is always the same,
// so the drawing is too.
const (
	sampleSize = 500
	sampleRun  = policy.Seed(1)
)

// GET /{policy}/rules shows the policy's documents as people read them. Where a generator is away, its fields are shown
// without drawings.
func (s *Server) rules(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	in := page.RulesInput{Policy: p}
	parts, ctx := errgroup.WithContext(r.Context())
	parts.Go(func() error {
		counts, err := s.history.Counts(ctx, p.Digest)
		in.Counts = page.Counts(counts)
		return err
	})
	parts.Go(func() error {
		in.Who = s.sample(ctx, contract.RoleWho, p)
		return nil
	})
	parts.Go(func() error {
		in.What = s.sample(ctx, contract.RoleWhat, p)
		return nil
	})
	if err := parts.Wait(); err != nil {
		return err
	}
	s.rendered(r, s.pages.Page(w, http.StatusOK, s.pages.Rules(in)))
	return nil
}

// sample draws objects once for each document; nil where the generator is away.
func (s *Server) sample(ctx context.Context, role string, p *policy.Policy) []policy.Object {
	doc := p.Who
	if role == contract.RoleWhat {
		doc = p.What
	}
	if held, ok := s.samples.Load(doc.Digest); ok {
		return held.([]policy.Object)
	}
	objects := make([]policy.Object, sampleSize)
	request := contract.BatchRequest{Document: doc.Digest, Run: sampleRun, Count: sampleSize}
	err := s.remote.Objects(ctx, role, p, request, func(i int, answer contract.ObjectAnswer) (err error) {
		objects[i], err = decodeAnswer(doc.Shape, answer.Object)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "no sample for the drawings", "role", role, "error", err)
		return nil
	}
	s.samples.Store(doc.Digest, objects)
	return objects
}

// GET /schemas/{kind}.json is the JSON Schema of a document, which editors complete and check with.
func (s *Server) schema(w http.ResponseWriter, r *http.Request) {
	schema := policy.Schema(service.Var(r, "kind"))
	if schema == nil {
		service.WriteProblem(w, r, &contract.Error{Code: contract.NotFound, Message: "There is no such schema: there are object, rules and examples."})
		return
	}
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(schema) // a client that went away is no error of ours
}

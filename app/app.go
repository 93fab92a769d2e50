// Package app is the core, service 1: the pages and their fragments, the JSON API, and the history. It asks the
// generators and the rules service over HTTP (package remote) and keeps cases in SQL (package history).
//
// A request comes in through routes.go, which is the whole URL surface on one screen. Its handler, in the file named
// after its area, decides what to answer; the pages' structs and templates live in package page. What makes, finds and
// changes cases is in casework.go. Every error is a contract.Error, and respond.go turns it into a response.
package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"verdictory/app/history"
	"verdictory/app/page"
	"verdictory/app/remote"
	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// Parts are what the core is put together from. The caller closes the store after the server has drained.
type Parts struct {
	Policies []*policy.Policy // compiled and valid, in the order in which pages list them; at least one
	Remote   *remote.Client
	History  *history.Store
	Pages    *page.Site
	Metrics  *service.Metrics
	Log      *slog.Logger
}

// Server answers the core's requests.
type Server struct {
	policies []*policy.Policy
	remote   *remote.Client
	history  *history.Store
	pages    *page.Site
	metrics  *service.Metrics
	log      *slog.Logger

	operations []page.Operation // of the API, for its page
	awake      chan struct{}    // wakes the worker of runs
	samples    sync.Map         // policy.Digest of an object's document → []policy.Object, for the drawings of distributions
}

// reserved are the first segments of the core's own paths, which no policy may be named.
var reserved = []string{"api", "static", "schemas", "livez", "readyz", "metrics", "favicon.ico", "robots.txt"}

// New puts the core together and keeps the policies' documents in the history. A policy whose name is one of the core's
// own paths is refused.
func New(ctx context.Context, parts Parts) (*Server, error) {
	for _, p := range parts.Policies {
		if slices.Contains(reserved, p.Name) {
			return nil, fmt.Errorf("a policy cannot be named %q, which is a path of Verdictory's own: rename its folder", p.Name)
		}
		if err := keep(ctx, parts, p); err != nil {
			return nil, err
		}
	}
	list, err := operations(openAPIDocument)
	return &Server{
		operations: list, awake: make(chan struct{}, 1),
		policies: parts.Policies, remote: parts.Remote, history: parts.History, pages: parts.Pages, metrics: parts.Metrics, log: parts.Log,
	}, err
}

// startPatience is how long a core that starts waits for a database that is busy or restarts.
const startPatience = 30 * time.Second

// keep keeps a policy's documents in the history. A core that gave up where the database is slow for a moment would have
// its deployment rolled back for nothing.
func keep(ctx context.Context, parts Parts, p *policy.Policy) error {
	waiting, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for {
		err := parts.History.KeepPolicy(ctx, p)
		if err == nil || contract.AsError(err).Code != contract.Unavailable {
			return err
		}
		parts.Log.Warn("waiting for the database to keep a policy", "policy", p.Name, "error", err)
		select {
		case <-waiting.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// policyOf gives the policy that the request's path names.
func (s *Server) policyOf(r *http.Request) (*policy.Policy, error) {
	return s.named(service.Var(r, "policy"))
}

// named gives the policy of a name.
func (s *Server) named(name string) (*policy.Policy, error) {
	for _, p := range s.policies {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf("There is no policy %q here%s.", clip(name), policy.DidYouMean(name, s.names()))}
}

// caseOf gives the policy and the code that the request's path names.
func (s *Server) caseOf(r *http.Request) (*policy.Policy, policy.Code, error) {
	p, err := s.policyOf(r)
	if err != nil {
		return nil, policy.Code{}, err
	}
	code, err := policy.ParseCode(service.Var(r, "code"))
	if err != nil {
		return nil, policy.Code{}, &contract.Error{Code: contract.NotFound, Message: "There is no such page: " + err.Error() + "."}
	}
	return p, code, nil
}

func (s *Server) names() []string {
	names := make([]string, len(s.policies))
	for i, p := range s.policies {
		names[i] = p.Name
	}
	return names
}

// seedOf draws a seed from content: the first 40 bits of its sha256.
func seedOf(content []byte) policy.Seed {
	sum := sha256.Sum256(content)
	return policy.Seed(binary.BigEndian.Uint64(sum[:8]) >> 24)
}

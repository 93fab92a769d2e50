package rules

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// patience is how long a batch may take. A single verdict is far below it whatever its policy does.
const patience = 30 * time.Second

// handler holds the books of the policies that were put to it, and nothing else.
type handler struct {
	held     *service.Held[*crew]
	patience time.Duration
}

// NewHandler makes the rules service's HTTP handler. It holds no policy yet.
func NewHandler() http.Handler { return newHandler(patience) }

func newHandler(patience time.Duration) http.Handler {
	h := &handler{held: service.NewHeld[*crew](), patience: patience}
	router := service.NewRouter()
	router.HandleFunc("/policies/{digest}", answer(h.putPolicy)).Methods(http.MethodPut)
	router.HandleFunc("/policies/{digest}/boundaries", answer(h.getBoundaries)).Methods(http.MethodGet)
	router.HandleFunc("/verdicts", answer(h.postVerdict)).Methods(http.MethodPost)
	router.HandleFunc("/verdicts/batch", answer(h.postBatch)).Methods(http.MethodPost)
	return router
}

// answer answers the error of a handler that has not answered itself.
func answer(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			service.WriteProblem(w, r, err)
		}
	}
}

// putPolicy answers PUT /policies/{digest}: it compiles the policy and holds its book under the digest.
func (h *handler) putPolicy(w http.ResponseWriter, r *http.Request) error {
	var body contract.Bundle
	if err := service.ReadJSON(w, r, contract.MaxDocumentBody, &body); err != nil {
		return err
	}
	// A policy is known here by its digest alone: the name is only for Assemble.
	p, issues := policy.Assemble("policy", []byte(body.Who), []byte(body.What), []byte(body.Rules), nil)
	if issues != nil {
		return invalidPolicy(issues)
	}
	if digest := policy.Digest(service.Var(r, "digest")); digest != p.Digest {
		message := fmt.Sprintf("The policy's digest is %s, not that of the address.", p.Digest)
		return &contract.Error{Code: contract.Invalid, Message: message, Issues: policy.Issues{{Field: "digest", Message: message}}}
	}
	if _, ok := h.held.Get(p.Digest); !ok {
		book, issues := Compile(p)
		if issues != nil {
			return invalidPolicy(issues)
		}
		h.held.Put(p.Digest, newCrew(book))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func invalidPolicy(issues policy.Issues) error {
	return &contract.Error{Code: contract.InvalidDocument, Message: "The policy cannot be used: " + summary(issues), Issues: issues}
}

// summary says what the first issue is, and how many more there are.
func summary(issues policy.Issues) string {
	if len(issues) == 1 {
		return issues[0].String() + "."
	}
	return fmt.Sprintf("%s; and %d more.", issues[0], len(issues)-1)
}

// crew gives the workers of a policy that is held.
func (h *handler) crew(digest policy.Digest) (*crew, error) {
	c, ok := h.held.Get(digest)
	if !ok {
		return nil, &contract.Error{Code: contract.UnknownDocument, Message: "The rules service does not hold the policy " + digest.Short() + ": put it under /policies and ask again."}
	}
	return c, nil
}

// getBoundaries answers GET /policies/{digest}/boundaries.
func (h *handler) getBoundaries(w http.ResponseWriter, r *http.Request) error {
	c, err := h.crew(policy.Digest(service.Var(r, "digest")))
	if err != nil {
		return err
	}
	service.WriteJSON(w, http.StatusOK, c.book.Boundaries())
	return nil
}

// postVerdict answers POST /verdicts: one pair's verdict and its trace.
func (h *handler) postVerdict(w http.ResponseWriter, r *http.Request) error {
	var body contract.VerdictRequest
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &body); err != nil {
		return err
	}
	c, err := h.crew(body.Policy)
	if err != nil {
		return err
	}
	worker := c.take()
	defer c.give(worker)
	if err := worker.decide(body.Who, body.What); err != nil {
		return err
	}
	worker.out = worker.appendAnswer(worker.out[:0])
	w.Header().Set("Content-Type", service.TypeJSON)
	w.Header().Set("Content-Length", strconv.Itoa(len(worker.out)))
	_, _ = w.Write(worker.out) // a client that has gone is no concern of the handler
	return nil
}

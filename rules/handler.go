package rules

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/mux"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// patience is how long one request may take. A verdict is far below it; a batch is looked at between its pairs.
const patience = 30 * time.Second

// server holds the books under the digests of their policies.
type server struct {
	books    *service.Held[*shared]
	patience time.Duration
}

// NewHandler makes the rules service's handler, which holds no policy yet.
func NewHandler() http.Handler {
	s := &server{books: service.NewHeld[*shared](), patience: patience}
	return s.routes()
}

func (s *server) routes() *mux.Router {
	router := service.NewRouter()
	router.HandleFunc("/policies/{digest}", s.put).Methods(http.MethodPut)
	router.HandleFunc("/policies/{digest}/boundaries", s.boundaries).Methods(http.MethodGet)
	router.HandleFunc("/verdicts", s.verdict).Methods(http.MethodPost)
	router.HandleFunc("/verdicts/batch", s.batch).Methods(http.MethodPost)
	return router
}

// put answers PUT /policies/{digest}: it compiles the policy in the body and holds it.
func (s *server) put(w http.ResponseWriter, r *http.Request) {
	var bundle contract.Bundle
	err := service.ReadJSON(w, r, contract.MaxDocumentBody, &bundle)
	if err == nil {
		err = s.hold(policy.Digest(service.Var(r, "digest")), &bundle)
	}
	if err != nil {
		service.WriteProblem(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// hold compiles a bundle and holds it, if the digest is its own.
func (s *server) hold(digest policy.Digest, bundle *contract.Bundle) error {
	// The service knows policies by digest alone: the name is only for Assemble.
	p, issues := policy.Assemble("bundle", []byte(bundle.Who), []byte(bundle.What), []byte(bundle.Rules), nil)
	if issues != nil {
		return invalidDocument(issues)
	}
	if p.Digest != digest {
		return &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf("These documents are the policy %s: put them under that digest.", p.Digest)}
	}
	book, issues := Compile(p)
	if issues != nil {
		return invalidDocument(issues)
	}
	s.books.Put(digest, newShared(book))
	return nil
}

func invalidDocument(issues policy.Issues) error {
	message := "The policy has an issue: " + issues[0].String() + "."
	if len(issues) > 1 {
		message = fmt.Sprintf("The policy has %d issues, the first: %s.", len(issues), issues[0])
	}
	return &contract.Error{Code: contract.InvalidDocument, Message: message, Issues: issues}
}

// book gives the book held under a digest.
func (s *server) book(digest policy.Digest) (*shared, error) {
	if b, ok := s.books.Get(digest); ok {
		return b, nil
	}
	return nil, &contract.Error{Code: contract.UnknownDocument, Message: "The rules service does not hold this policy: put it and ask again."}
}

// boundaries answers GET /policies/{digest}/boundaries.
func (s *server) boundaries(w http.ResponseWriter, r *http.Request) {
	b, err := s.book(policy.Digest(service.Var(r, "digest")))
	if err != nil {
		service.WriteProblem(w, r, err)
		return
	}
	service.WriteJSON(w, http.StatusOK, b.book.Boundaries())
}

// verdict answers POST /verdicts: one pair's verdict and its trace.
func (s *server) verdict(w http.ResponseWriter, r *http.Request) {
	var request contract.VerdictRequest
	err := service.ReadJSON(w, r, contract.MaxRequestBody, &request)
	var b *shared
	if err == nil {
		b, err = s.book(request.Policy)
	}
	if err == nil {
		worker := b.take()
		defer b.give(worker)
		err = worker.answer(&request)
		if err == nil {
			w.Header().Set("Content-Type", service.TypeJSON)
			w.Header().Set("Content-Length", strconv.Itoa(len(worker.out)))
			_, _ = w.Write(worker.out) // a client that has gone is no concern of the handler
			return
		}
	}
	service.WriteProblem(w, r, err)
}

// shared is a book and the workers that share it.
type shared struct {
	book    *Book
	workers sync.Pool // of *worker
}

func newShared(b *Book) *shared {
	s := &shared{book: b}
	s.workers.New = func() any {
		return &worker{book: b, decider: b.NewDecider(), verdict: policy.Object{Shape: b.verdict, Values: make([]policy.Value, len(b.verdict.Columns))}}
	}
	return s
}

func (s *shared) take() *worker { return s.workers.Get().(*worker) }

func (s *shared) give(w *worker) {
	if cap(w.out) <= mostKept {
		s.workers.Put(w)
	}
}

// mostKept is the size in bytes over which a buffer is left to the garbage collector rather than kept.
const mostKept = 1 << 20

// worker answers pairs one after the other.
type worker struct {
	book    *Book
	decider *Decider
	verdict policy.Object
	out     []byte
}

// decide reads both objects and derives their verdict. The error is a *contract.Error.
func (w *worker) decide(who, what []byte) error {
	a, issues := policy.DecodeObject(w.book.who, who)
	b, more := policy.DecodeObject(w.book.what, what)
	if issues = append(issues, more...); issues != nil {
		message := "The pair has an issue: " + issues[0].String() + "."
		if len(issues) > 1 {
			message = fmt.Sprintf("The pair has %d issues, the first: %s.", len(issues), issues[0])
		}
		return &contract.Error{Code: contract.Invalid, Message: message, Issues: issues}
	}
	return w.decider.Decide(a.Values, b.Values, w.verdict.Values)
}

// answer puts a contract.VerdictAnswer into w.out.
func (w *worker) answer(request *contract.VerdictRequest) error {
	if err := w.decide(request.Who, request.What); err != nil {
		return err
	}
	w.out = w.appendVerdict(w.out[:0])
	w.out = append(w.out, `,"trace":`...)
	w.out = w.decider.AppendTraceJSON(w.out)
	w.out = append(w.out, "}\n"...)
	return nil
}

// appendVerdict appends the start of an answer: the verdict and its outcome.
func (w *worker) appendVerdict(dst []byte) []byte {
	dst = append(dst, `{"verdict":`...)
	dst = w.verdict.AppendJSON(dst)
	dst = append(dst, `,"outcome":`...)
	return policy.AppendQuoted(dst, w.decider.Outcome())
}

// appendPair appends a contract.BatchVerdict for one contract.Pair, and a line break.
func (w *worker) appendPair(dst []byte, line []byte) []byte {
	var who, what []byte
	other := 0
	ok := policy.Members(line, func(name, value []byte) {
		switch {
		case string(name) == "who" && who == nil:
			who = value
		case string(name) == "what" && what == nil:
			what = value
		default:
			other++
		}
	})
	if !ok || who == nil || what == nil || other > 0 {
		return appendError(dst, fmt.Sprintf(`%s is not a pair: write {"who": {…}, "what": {…}} on one line.`, clip(string(line))))
	}
	if err := w.decide(who, what); err != nil {
		return appendError(dst, contract.AsError(err).Message)
	}
	dst = w.appendVerdict(dst)
	dst = append(dst, `,"hits":[`...)
	dst = w.decider.appendHitsJSON(dst)
	return append(dst, "]}\n"...)
}

// appendError appends a contract.BatchVerdict that says why its pair has none, and a line break.
func appendError(dst []byte, message string) []byte {
	dst = append(dst, `{"error":`...)
	dst = policy.AppendQuoted(dst, message)
	return append(dst, "}\n"...)
}

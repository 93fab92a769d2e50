package rules

import (
	"fmt"
	"sync"

	"verdictory/contract"
	"verdictory/policy"
)

// mostKept is the size in bytes over which a buffer is left to the garbage collector rather than kept for the next use.
const mostKept = 1 << 20

// crew is a book and the workers that share it.
type crew struct {
	book *Book
	idle sync.Pool // of *worker
}

func newCrew(b *Book) *crew {
	c := &crew{book: b}
	c.idle.New = func() any {
		return &worker{decider: b.NewDecider(), verdict: policy.Object{Shape: b.verdict, Values: make([]policy.Value, len(b.verdict.Columns))}}
	}
	return c
}

func (c *crew) take() *worker { return c.idle.Get().(*worker) }

func (c *crew) give(w *worker) {
	if cap(w.out) <= mostKept {
		c.idle.Put(w)
	}
}

// worker answers pairs one after the other.
type worker struct {
	decider *Decider
	verdict policy.Object
	out     []byte
}

// decide reads both objects and derives their verdict. The error is a *contract.Error.
func (w *worker) decide(who, what []byte) error {
	a, issues := policy.DecodeObject(w.decider.book.who, who)
	b, more := policy.DecodeObject(w.decider.book.what, what)
	if issues = append(issues, more...); issues != nil {
		return &contract.Error{Code: contract.Invalid, Message: "The pair cannot be decided: " + summary(issues), Issues: issues}
	}
	return w.decider.Decide(a.Values, b.Values, w.verdict.Values)
}

// appendAnswer appends the last verdict as a contract.VerdictAnswer, and a line break.
func (w *worker) appendAnswer(dst []byte) []byte {
	dst = append(w.appendVerdict(dst), `,"trace":`...)
	return append(w.decider.AppendTraceJSON(dst), "}\n"...)
}

// appendVerdict appends the start of an answer: the verdict and its outcome.
func (w *worker) appendVerdict(dst []byte) []byte {
	dst = w.verdict.AppendJSON(append(dst, `{"verdict":`...))
	return policy.AppendQuoted(append(dst, `,"outcome":`...), w.decider.Outcome())
}

// appendPair decides a contract.Pair and appends its contract.BatchVerdict, and a line break.
func (w *worker) appendPair(dst, pair []byte) []byte {
	who, what, ok := splitPair(pair)
	if !ok {
		return appendError(dst, fmt.Sprintf(`%s is no pair: write {"who": {…}, "what": {…}} on one line.`, clip(string(pair))))
	}
	if err := w.decide(who, what); err != nil {
		return appendError(dst, contract.AsError(err).Message)
	}
	dst = append(w.appendVerdict(dst), `,"hits":[`...)
	return append(w.decider.appendHitsJSON(dst), "]}\n"...)
}

// splitPair gives the two objects of a contract.Pair, neither of which it looks into.
func splitPair(pair []byte) (who, what []byte, ok bool) {
	others := false
	ok = policy.Members(pair, func(name, value []byte) {
		switch {
		case string(name) == "who" && who == nil:
			who = value
		case string(name) == "what" && what == nil:
			what = value
		default:
			others = true
		}
	})
	return who, what, ok && who != nil && what != nil && !others
}

// appendError appends the contract.BatchVerdict of a pair that has none, and a line break.
func appendError(dst []byte, message string) []byte {
	return append(policy.AppendQuoted(append(dst, `{"error":`...), message), "}\n"...)
}

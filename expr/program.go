package expr

import (
	"math"
	"slices"

	"verdictory/policy"
)

// Frame is one worker's scratch: the values that programs read, slot by slot as NewEnv was given them. Every slot that
// a program names must hold a value of its kind. A Frame is reused from one evaluation to the next.
type Frame struct {
	Slots []policy.Value
	err   *Error // of the evaluation under way
}

// fail records the first error of an evaluation.
func (f *Frame) fail(err *Error) {
	if f.err == nil {
		f.err = err
	}
}

// take ends an evaluation: it gives the error and makes the frame fit for the next.
func (f *Frame) take() error {
	if f.err == nil {
		return nil
	}
	err := f.err
	f.err = nil
	return err
}

// ErrorCode says what kind of error an evaluation met.
type ErrorCode string

// The errors of an evaluation. All but the last two are CEL's.
const (
	Overflow     ErrorCode = "overflow"         // a whole number beyond 64 bits, a date beyond the years 1 to 9999
	ZeroDivision ErrorCode = "division-by-zero" // of whole numbers
	OutOfRange   ErrorCode = "out-of-range"     // an index outside its list
	Conversion   ErrorCode = "conversion"       // a text that is no number or date, a number that is no int
	NotFinite    ErrorCode = "not-finite"       // a result that is no number or infinite: no document can write it
	TooLong      ErrorCode = "too-long"         // a text over 64 KiB, a list over 1,000 values
)

// Error is what went wrong in an evaluation.
type Error struct {
	Code    ErrorCode
	Message string // division by zero
	Source  string // the expression, as the document writes it
}

// Error gives the message and the expression.
func (e *Error) Error() string { return e.Message + " in " + e.Source }

// Program is a compiled expression. It is immutable and safe for concurrent use, each goroutine with its own Frame.
type Program struct {
	env        *Env
	source     string
	root       node
	refs       []int
	conditions []Condition
	first      func(*Frame) int    // the index of the first failing condition, -1 where the program holds
	plain      []func(*Frame) bool // the conditions, where all must hold and none can fail
	notFinite  *Error
}

// Kind gives the kind of the program's result.
func (p *Program) Kind() policy.Kind { return p.root.kind }

// Elem gives the kind of a List result's values.
func (p *Program) Elem() policy.Kind { return p.root.elem }

// Source gives the expression as the document writes it.
func (p *Program) Source() string { return p.source }

// Refs gives the slots that the program names, in the order in which it names them first. The caller must not change them.
func (p *Program) Refs() []int { return p.refs }

// Constant gives the program's result where it is the same for all values and never an error.
func (p *Program) Constant() (policy.Value, bool) { return p.root.value, p.root.constant }

// Eval evaluates the program. The error is an *Error.
func (p *Program) Eval(f *Frame) (policy.Value, error) {
	v := p.root.eval(f)
	if p.root.kind == policy.Number && !finite(v.Number()) || p.root.elem == policy.Number && slices.ContainsFunc(v.List(), infinite) {
		f.fail(p.notFinite)
	}
	return v, f.take()
}

// Bool evaluates a program of kind Bool, without allocating. The error is an *Error.
func (p *Program) Bool(f *Frame) (bool, error) { return p.root.truth(f), f.take() }

// Int evaluates a program of kind Int, or of kind Date to the days since 1970-01-01, without allocating. The error is
// an *Error.
func (p *Program) Int(f *Frame) (int64, error) { return p.root.whole(f), f.take() }

// Number evaluates a program of kind Number, or of kind Int to the nearest float64, without allocating. The result is
// finite. The error is an *Error.
func (p *Program) Number(f *Frame) (float64, error) {
	if p.root.kind == policy.Int {
		return float64(p.root.whole(f)), f.take()
	}
	v := p.root.number(f)
	if !finite(v) {
		f.fail(p.notFinite)
	}
	return v, f.take()
}

// Text evaluates a program of kind String. The error is an *Error.
func (p *Program) Text(f *Frame) (string, error) { return p.root.text(f), f.take() }

// Condition is one atomic condition of a program of kind Bool: an operand of its && and || that is neither of them. A
// negation is one condition, whatever it negates.
type Condition struct {
	Text       string      // exactly as the document writes it, without brackets around the whole
	Slots      []int       // that it names, in the order in which it names them first
	Comparison *Comparison // nil unless it compares one slot with constants
}

// Conditions gives the conditions of a program of kind Bool, in the order of the source; none for other kinds. The
// caller must not change them.
func (p *Program) Conditions() []Condition { return p.conditions }

// FirstFailing evaluates a program of kind Bool, without allocating. It gives -1 where the program holds, else the
// index of the condition that failed first: of a && b that of the operand that failed, of a || b that of a. The error
// is an *Error.
func (p *Program) FirstFailing(f *Frame) (int, error) {
	for i, truth := range p.plain {
		if !truth(f) {
			return i, nil
		}
	}
	if p.plain != nil {
		return holds, nil
	}
	return p.first(f), f.take()
}

func finite(v float64) bool { return !math.IsInf(v, 0) && !math.IsNaN(v) }

func infinite(v policy.Value) bool { return !finite(v.Number()) }

// addRefs adds the slots that are not yet among refs.
func addRefs(refs, more []int) []int {
	for _, slot := range more {
		if !slices.Contains(refs, slot) {
			refs = append(refs, slot)
		}
	}
	return refs
}

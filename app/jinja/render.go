package jinja

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// rendering is a page, or one block of it, on its way out.
type rendering struct {
	out  bytes.Buffer
	page *template // whose blocks are the nearest
	data record    // what the page was handed
}

// scope is a name that a for or a with gave a value; nil is no name.
type scope struct {
	name  string
	value any
	outer *scope
}

// step writes one part of a template: a text, a value, a tag with all it holds.
type step func(*rendering, *scope) error

// expression gives a value: a string, int, bool, record, list or loop, or nil.
type expression func(*rendering, *scope) (any, error)

type steps []step

func (list steps) run(r *rendering, s *scope) error {
	for _, step := range list {
		if err := step(r, s); err != nil {
			return err
		}
	}
	return nil
}

// position is a place in a template, for errors.
type position struct {
	name string
	line int
}

func (at position) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", at.name, at.line, fmt.Sprintf(format, args...))
}

// literal writes a template's own text, without the white space that a tag beside it takes away.
func literal(n *nodes.Data) step {
	text := n.Data.Val
	if n.Trim.Left {
		text = strings.TrimLeft(text, " \r\n\t")
	}
	if n.Trim.Right {
		text = strings.TrimRight(text, " \r\n\t")
	}
	return func(r *rendering, _ *scope) error {
		r.out.WriteString(text)
		return nil
	}
}

// output writes a value, escaped for text and for a quoted attribute. Only texts and whole numbers can be written.
func output(at position, value expression) step {
	return func(r *rendering, s *scope) error {
		v, err := value(r, s)
		if err != nil {
			return err
		}
		switch v := v.(type) {
		case string:
			r.out.WriteString(html.EscapeString(v))
		case int:
			r.out.Write(strconv.AppendInt(r.out.AvailableBuffer(), int64(v), 10))
		default:
			return at.errorf("%s cannot be printed: write {%% if %%} or name one of its fields", kind(v))
		}
		return nil
	}
}

// place writes a block, by its definition that is nearest to the page. As in Jinja2 a block sees none of the names around it.
func place(name string) step {
	return func(r *rendering, _ *scope) error { return r.block(r.page.block(name)) }
}

// whole writes the page within what it extends.
func (r *rendering) whole() error {
	outermost := r.page
	outermost.seen.Store(true)
	for outermost.parent != nil {
		outermost = outermost.parent
		outermost.seen.Store(true)
	}
	return outermost.body.run(r, nil)
}

func (r *rendering) block(b *block) error {
	b.seen.Store(true)
	return b.body.run(r, nil)
}

// include writes another template, which sees all that is known where it stands.
func include(t *template) step {
	return func(r *rendering, s *scope) error {
		t.seen.Store(true)
		return t.body.run(r, s)
	}
}

// branch is one way through an if; else has no condition.
type branch struct {
	condition expression
	body      steps
}

// choose writes the first branch whose condition is true.
func choose(branches []branch) step {
	return func(r *rendering, s *scope) error {
		for _, b := range branches {
			if b.condition == nil {
				return b.body.run(r, s)
			}
			v, err := b.condition(r, s)
			if err != nil {
				return err
			}
			if truth(v) {
				return b.body.run(r, s)
			}
		}
		return nil
	}
}

// loop is what a for's body knows of its round.
type loop struct{ index0, length int }

// each writes the body once for each item, or empty where there is none.
func each(at position, name string, items expression, body, empty steps) step {
	return func(r *rendering, s *scope) error {
		v, err := items(r, s)
		if err != nil {
			return err
		}
		l, ok := v.(list)
		if !ok {
			return at.errorf("for goes through a list, not through %s", kind(v))
		}
		for i, v := range l {
			if err := body.run(r, &scope{name, v, &scope{"loop", loop{i, len(l)}, s}}); err != nil {
				return err
			}
		}
		if len(l) == 0 {
			return empty.run(r, s)
		}
		return nil
	}
}

// with writes the body, which knows the value by the name.
func with(name string, value expression, body steps) step {
	return func(r *rendering, s *scope) error {
		v, err := value(r, s)
		if err != nil {
			return err
		}
		return body.run(r, &scope{name, v, s})
	}
}

func constant(v any) expression {
	return func(*rendering, *scope) (any, error) { return v, nil }
}

// variable gives what the innermost for or with calls by the name, or the page's data does.
func variable(at position, name string) expression {
	return func(r *rendering, s *scope) (any, error) {
		for ; s != nil; s = s.outer {
			if s.name == name {
				return s.value, nil
			}
		}
		if v, ok := r.data[name]; ok {
			return v, nil
		}
		return nil, at.errorf("there is no %s", name)
	}
}

// attribute gives a record's field, or what a loop knows.
func attribute(at position, of expression, name string) expression {
	return func(r *rendering, s *scope) (any, error) {
		v, err := of(r, s)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case record:
			if field, ok := v[name]; ok {
				return field, nil
			}
		case loop:
			switch name {
			case "index":
				return v.index0 + 1, nil
			case "first":
				return v.index0 == 0, nil
			case "last":
				return v.index0 == v.length-1, nil
			case "length":
				return v.length, nil
			}
		}
		return nil, at.errorf("%s has no %s", kind(v), name)
	}
}

// item gives a list's item, the first by 0.
func item(at position, of expression, index int) expression {
	return func(r *rendering, s *scope) (any, error) {
		v, err := of(r, s)
		if err != nil {
			return nil, err
		}
		if l, ok := v.(list); ok && index < len(l) {
			return l[index], nil
		}
		return nil, at.errorf("%s has no item %d", kind(v), index)
	}
}

func not(term expression) expression {
	return func(r *rendering, s *scope) (any, error) {
		v, err := term(r, s)
		return !truth(v), err
	}
}

// operators make what gives the value of two terms with an operator between them.
var operators = map[tokens.Type]func(at position, left, right expression) expression{
	tokens.And: func(_ position, left, right expression) expression {
		return func(r *rendering, s *scope) (any, error) {
			if v, err := left(r, s); err != nil || !truth(v) {
				return v, err
			}
			return right(r, s)
		}
	},
	tokens.Or: func(_ position, left, right expression) expression {
		return func(r *rendering, s *scope) (any, error) {
			if v, err := left(r, s); err != nil || truth(v) {
				return v, err
			}
			return right(r, s)
		}
	},
	tokens.Equals:             comparison(func(c int) bool { return c == 0 }),
	tokens.Ne:                 comparison(func(c int) bool { return c != 0 }),
	tokens.LowerThan:          comparison(func(c int) bool { return c < 0 }),
	tokens.LowerThanOrEqual:   comparison(func(c int) bool { return c <= 0 }),
	tokens.GreaterThan:        comparison(func(c int) bool { return c > 0 }),
	tokens.GreaterThanOrEqual: comparison(func(c int) bool { return c >= 0 }),
}

// comparison compares two texts or two whole numbers. Jinja2 also says that a text and a number are not equal; here that is
// an error, since a template that asks is wrong.
func comparison(holds func(c int) bool) func(at position, left, right expression) expression {
	return func(at position, left, right expression) expression {
		return func(r *rendering, s *scope) (any, error) {
			a, errA := left(r, s)
			b, errB := right(r, s)
			if err := cmp.Or(errA, errB); err != nil {
				return nil, err
			}
			switch a := a.(type) {
			case string:
				if b, ok := b.(string); ok {
					return holds(cmp.Compare(a, b)), nil
				}
			case int:
				if b, ok := b.(int); ok {
					return holds(cmp.Compare(a, b)), nil
				}
			}
			return nil, at.errorf("%s and %s cannot be compared", kind(a), kind(b))
		}
	}
}

// truth is Python's: nothing, an empty text, list or map, 0 and false are false.
func truth(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case int:
		return v != 0
	case bool:
		return v
	case list:
		return len(v) > 0
	case record:
		return len(v) > 0
	}
	return false
}

// kind says what a value is, for people.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case int:
		return "a whole number"
	case bool:
		return "a bool"
	case list:
		return "a list"
	case record:
		return "a record"
	case loop:
		return "loop"
	}
	return "nothing"
}

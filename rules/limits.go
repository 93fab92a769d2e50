package rules

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"verdictory/contract"
	"verdictory/policy"
)

// quickly is how much processor time the refusal of a bomb may take at the start: ten times the 200 ms that tests hold it to, since
// a slow machine is no reason not to start, and a bomb whose limit is lost takes far longer.
const quickly = 2 * time.Second

// ProveLimits sets off the bombs that a hostile document can be: one that is too large, YAML that is nested or repeats
// itself without end, expressions that are too long or too deep, decisions that double one another's output. Each must
// be refused, within two seconds of processor time. The service calls it before it listens, so that an upgrade of a library that loses a limit
// is found before anybody else finds it. The error names the limit that does not hold.
func ProveLimits() error { return prove(bombs(), quickly) }

// prove takes the best of three attempts: the first pays for what is prepared once in a process, and any may share the
// process with other work.
func prove(bombs []bomb, within time.Duration) error {
	for _, b := range bombs {
		best := time.Duration(-1)
		for range 3 {
			start := cpuTime()
			if err := b.refused(); err != nil {
				return fmt.Errorf("the limit on %s does not hold: %w", b.limit, err)
			}
			if took := cpuTime() - start; best < 0 || took < best {
				best = took
			}
			if best <= within {
				break
			}
		}
		if best > within {
			return fmt.Errorf("the limit on %s does not hold: the refusal took %s", b.limit, best)
		}
	}
	return nil
}

// bomb is a rules.yaml that must be refused.
type bomb struct {
	limit string // what it must meet
	rules string
	runs  bool // it is a valid document, and its evaluation must be refused
}

// bombs makes one bomb for each limit.
func bombs() []bomb {
	const kib = 1 << 10
	expression := func(limit, when string) bomb {
		return bomb{limit: limit, rules: bombRules(`- {id: r, when: '`+when+`', then: {x: '"y"'}, because: b}`, `d.x`)}
	}
	return []bomb{
		{limit: "a document's size", rules: bombRules(strings.Repeat("- {id: r, then: {x: '\"y\"'}, because: b}\n", 4*kib), `d.x`)},
		{limit: "the nesting of YAML", rules: strings.Repeat("[", 60*kib)},
		{limit: "aliases of YAML", rules: "a: &a [x,x,x,x,x,x,x,x,x]\n" + laughs("abcdefghi")},
		expression("an expression's size", "true"+strings.Repeat(" && true", kib)),
		expression("an expression's words", "1"+strings.Repeat("+1", kib)+" > 0"),
		expression("an expression's nesting", strings.Repeat("(", 400)+"true"+strings.Repeat(")", 400)),
		expression("an expression's negations", strings.Repeat("!", 3*kib)+"true"),
		{limit: "the texts of a verdict", rules: doubling(), runs: true},
	}
}

// laughs makes YAML lists of nine aliases of the list before.
func laughs(names string) string {
	var b strings.Builder
	for i := 1; i < len(names); i++ {
		fmt.Fprintf(&b, "%c: &%c [%s]\n", names[i], names[i], strings.TrimSuffix(strings.Repeat("*"+names[i-1:i]+",", 9), ","))
	}
	return b.String()
}

// doubling makes decisions each of which gives its predecessor's text twice.
func doubling() string {
	var b strings.Builder
	b.WriteString(`- {id: r, then: {x: '"y"'}, because: b}` + "\n")
	for i := range 30 {
		before := fmt.Sprintf("d%d", i-1)
		if i == 0 {
			before = "d"
		}
		fmt.Fprintf(&b, "  - {id: d%d, hit_policy: first, outputs: [x], rules: [{id: r, then: {x: %s.x + %s.x}}]}\n", i, before, before)
	}
	return bombRules(b.String(), "d29.x")
}

// bombRules makes a rules.yaml of a first decision's rules, behind which more decisions may follow, and of what the
// verdict's one field is.
func bombRules(rules, verdict string) string {
	return `label: Bomb
decisions:
  - id: d
    hit_policy: first
    outputs: [x]
    rules:
    ` + rules + `
verdict: {object: v, fields: [{name: x, type: text, value: ` + verdict + `}]}
outcome: {field: x, decision: d, values: {y: {tone: good}}}
`
}

// refused compiles the bomb, and evaluates it where it is valid. The error says that it went through.
func (b *bomb) refused() error {
	p, issues := policy.Assemble("bomb", []byte(bombWho), []byte(bombWhat), []byte(b.rules), nil)
	var book *Book
	if issues == nil {
		book, issues = Compile(p)
	}
	switch {
	case b.runs && issues != nil:
		return issues // it must come as far as its evaluation
	case issues != nil:
		return nil
	}
	values := []policy.Value{policy.IntValue(1)}
	err := book.NewDecider().Decide(values, values, make([]policy.Value, 1))
	var refusal *contract.Error
	if b.runs && errors.As(err, &refusal) && refusal.Code == contract.NoVerdict {
		return nil
	}
	return fmt.Errorf("it was taken: %v", err)
}

// The objects of the bombs.
const (
	bombWho  = "object: a\nas_of: 2026-01-01\nfields: [{name: n, kind: int, min: 0, max: 9}]\n"
	bombWhat = "object: b\nas_of: 2026-01-01\nfields: [{name: n, kind: int, min: 0, max: 9}]\n"
)

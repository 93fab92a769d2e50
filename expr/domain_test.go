package expr

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"verdictory/policy"
)

func domainOf(t testing.TB, source string) Domain {
	t.Helper()
	d, known := compile(t, source).Domain()
	if !known {
		t.Fatalf("the domain of %s is not known", source)
	}
	return d
}

func TestDomainIsEmptyWhereNothingHolds(t *testing.T) {
	for _, c := range []struct {
		source string
		empty  bool
	}{
		{`driver.age < 18 && driver.age > 60`, true},
		{`driver.age < 18 && driver.age >= 17`, false},
		{`driver.age < 18 && driver.age > 16 && driver.age != 17`, true},
		{`driver.age < -9223372036854775808`, true},
		{`driver.age > 9223372036854775807`, true},
		{`driver.age >= -9223372036854775808 && driver.age <= 9223372036854775807`, false},
		{`driver.temperature < 36.0 && driver.temperature > 35.0`, false},
		{`driver.temperature < 36.0 && driver.temperature >= 36.0`, true},
		{`driver.temperature > 1.0 && driver.temperature < 1.0000000000000002`, true},
		{`driver.temperature < 0.0 && driver.temperature == -0.0`, true},
		{`driver.temperature > 1.7976931348623157e308`, true},
		{`driver.licence != "full" && driver.licence != "provisional"`, false},
		{`driver.licence != "full" && !(driver.licence in ["provisional", "international"])`, true},
		{`driver.note != "a" && driver.note != "b" && !(driver.note in ["a", "c"])`, false},
		{`driver.note in ["a", "b"] && driver.note != "a" && driver.note in ["a", "c"]`, true},
		{`driver.note == "a" && driver.note != "b"`, false},
		{`driver.note != "a" && driver.note == "a"`, true},
		{`driver.ok && !driver.ok`, true},
		{`driver.ok == false && driver.ok in [true, false]`, false},
		{`driver.born < date("0001-01-01")`, true},
		{`driver.born > date("2001-01-01") && driver.born < date("2001-01-02")`, true},
		{`!(driver.ok || driver.age < 3) && driver.age < 3`, true},
		{`!(driver.ok && driver.age < 3) && driver.ok && driver.age < 3`, true},
		{`driver.ok && false`, true},
		{`!(driver.ok && true) && driver.ok`, true},
		{`driver.ok || !false`, false},
	} {
		if d := domainOf(t, c.source); (len(d) == 0) != c.empty {
			t.Errorf("%s: %v", c.source, d)
		}
	}
}

func TestDomainIsNotKnown(t *testing.T) {
	many := func(n int, join string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf("(driver.age != %d || vehicle.value != %d)", i, i)
		}
		return strings.Join(parts, join)
	}
	for _, source := range []string{
		`driver.age + 1 < 3`, `driver.age < vehicle.value`, `driver.age`, `driver.ok && driver.note < "a"`, `driver.note.contains("a")`,
		many(33, " || "), many(7, " && "), "driver.ok && (" + many(33, " || ") + ")", "(" + many(32, " || ") + ") && (" + many(32, " || ") + ")",
	} {
		if d, known := compile(t, source).Domain(); known || d != nil {
			t.Errorf("%s: %v", source, d)
		}
	}
	if d, known := compile(t, many(32, " || ")).Domain(); !known || len(d) != 64 {
		t.Errorf("64 boxes are too many: %d, %v", len(d), known)
	}
}

func TestDomainsCover(t *testing.T) {
	for _, c := range []struct {
		rule, source string
		earlier      []string
		covered      bool
	}{
		{"one earlier rule is wider", `driver.age < 18 && driver.ok`, []string{`driver.age < 20`}, true},
		{"one earlier rule is narrower", `driver.age < 18`, []string{`driver.age < 18 && driver.ok`}, false},
		{"several together are wider", `driver.age >= 18 && driver.age < 30`, []string{`driver.age < 21 && driver.ok`, `driver.age < 25 && !driver.ok`, `driver.age >= 21 && driver.ok`, `driver.age >= 25`}, true},
		{"but for one value", `driver.age >= 18 && driver.age < 30`, []string{`driver.age < 21`, `driver.age > 21`}, false},
		{"all labels are taken", `driver.age > 3`, []string{`driver.licence == "full"`, `driver.licence in ["provisional", "international"]`}, true},
		{"all texts cannot be", `driver.age > 3`, []string{`driver.note == "a"`, `driver.note in ["b"]`}, false},
		{"unless the rest is", `driver.age > 3`, []string{`driver.note == "a"`, `driver.note != "a"`}, true},
		{"numbers have no gaps", `driver.temperature > 0.0`, []string{`driver.temperature < 36.6`, `driver.temperature >= 36.6`}, true},
		{"dates end", `driver.ok`, []string{`driver.born <= date("2001-01-01")`, `driver.born >= date("2001-01-02")`}, true},
		{"a constant covers all", `driver.ok`, []string{`driver.age < 3 || true`}, true},
	} {
		t.Run(c.rule, func(t *testing.T) {
			rest := domainOf(t, c.source)
			for _, earlier := range c.earlier {
				var ok bool
				if rest, ok = rest.Minus(domainOf(t, earlier)); !ok {
					t.Fatal("too many boxes")
				}
			}
			if (len(rest) == 0) != c.covered {
				t.Errorf("what is left is %v", rest)
			}
		})
	}
}

func TestDomainsGrowToALimit(t *testing.T) {
	everything := Domain{Box{}}
	cut := Box{}
	for slot := range 10 {
		cut = append(cut, Side{slot, Set{kind: policy.Int, spans: []span{{0, 1}}}})
	}
	var cuts Domain
	for i := range int64(40) {
		b := append(Box{}, cut...)
		for slot := range b {
			b[slot].Set.spans = []span{{10 * i, 10*i + 1}}
		}
		cuts = append(cuts, b)
	}
	if rest, ok := everything.Minus(cuts); ok || rest != nil {
		t.Errorf("%d boxes are few enough", len(rest))
	}
	if both, ok := cuts.Intersect(cuts); ok || both != nil {
		t.Errorf("%d boxes are few enough", len(both))
	}
}

// conditions writes random conditions whose domain is known.
func (w writer) conditions(depth int) string {
	if depth == 0 {
		op := w.of("<", "<=", ">", ">=", "==", "!=")
		switch w.IntN(8) {
		case 0:
			return "o.b"
		case 1:
			return "o.s " + w.of("==", "!=") + w.of(`"a"`, `"b"`, `"ab"`)
		case 2:
			return "o.i in [1, 2, 18, " + w.of(intTexts...) + "]"
		case 3:
			return "o.d" + op + w.of(dateTexts...)
		case 4:
			return "o.x" + op + w.of(numberTexts...)
		case 5:
			return "o.t in ['a', 'x', " + w.of(textTexts...) + "]"
		}
		return w.of("o.i", "o.j") + op + w.of(intTexts...)
	}
	switch w.IntN(5) {
	case 0:
		return "!(" + w.conditions(depth-1) + ")"
	case 1, 2:
		return "(" + w.conditions(depth-1) + " && " + w.conditions(depth-1) + ")"
	}
	return "(" + w.conditions(depth-1) + " || " + w.conditions(depth-1) + ")"
}

func TestDomainsAgreeWithEvaluation(t *testing.T) {
	env, err := NewEnv(oracleVars)
	if err != nil {
		t.Fatal(err)
	}
	w := writer{rand.New(rand.NewPCG(3, 5))}
	known := 0
	for range 800 {
		var programs [2]*Program
		var domains [2]Domain
		ok := true
		for i := range programs {
			source := w.conditions(w.IntN(4))
			p, issues := env.Compile(policy.Expr{Source: source, Line: 1, Column: 1}, "", "")
			if issues != nil {
				t.Fatal(issues)
			}
			programs[i] = p
			d, here := p.Domain()
			domains[i], ok = d, ok && here
		}
		if !ok {
			continue
		}
		known++
		minus, minusKnown := domains[0].Minus(domains[1])
		both, bothKnown := domains[0].Intersect(domains[1])
		frame := &Frame{}
		for range 60 {
			frame.Slots = w.slots()
			a, _ := programs[0].Bool(frame)
			b, _ := programs[1].Bool(frame)
			if domains[0].Contains(frame.Slots) != a {
				t.Fatalf("%s of %v is %v; its domain is %v", programs[0].Source(), frame.Slots, a, domains[0])
			}
			if minusKnown && minus.Contains(frame.Slots) != (a && !b) {
				t.Fatalf("%s minus %s of %v: %v", programs[0].Source(), programs[1].Source(), frame.Slots, minus)
			}
			if bothKnown && both.Contains(frame.Slots) != (a && b) {
				t.Fatalf("%s and %s of %v: %v", programs[0].Source(), programs[1].Source(), frame.Slots, both)
			}
		}
	}
	if known < 700 {
		t.Errorf("only %d domains are known", known)
	}
}

func TestRankKeepsTheOrderOfNumbers(t *testing.T) {
	numbers := []float64{-math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, math.MaxFloat64}
	for i, x := range numbers[1:] {
		if rank(numbers[i]) >= rank(x) {
			t.Errorf("rank(%v) is not below rank(%v)", numbers[i], x)
		}
		if rank(math.Nextafter(x, math.Inf(-1)))+1 != rank(x) {
			t.Errorf("%v and the number before it are no neighbours", x)
		}
	}
	if rank(0) != rank(math.Copysign(0, -1)) {
		t.Error("the zeros have two ranks")
	}
}

package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

// Compile type-checks the expressions of a policy's rules.yaml, finds the rules that nothing can reach, and gives the
// book. The policy is one that package policy has read without issues; its examples are not looked at. The issues say
// what to write instead, each with its place, and come in the order of their places.
func Compile(p *policy.Policy) (*Book, policy.Issues) {
	c := &compiler{
		policy: p, book: &Book{who: p.Who.Shape, what: p.What.Shape, verdict: p.Rules.Verdict.Shape},
		texts: map[int][]literal{},
	}
	c.book.whoSlots = c.object(p.Who.Shape)
	c.book.whatSlots = c.object(p.What.Shape)
	if first := &p.Rules.Decisions[0]; c.declare(first) && c.decisions() {
		c.verdict()
	}
	if c.issues != nil {
		slices.SortStableFunc(c.issues, func(a, b policy.Issue) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, c.issues
	}
	c.boundaries()
	return c.book, nil
}

// compiler gathers a book and its issues. With any issue the book is not to be used.
type compiler struct {
	policy *policy.Policy
	book   *Book
	issues policy.Issues
	env    *expr.Env         // both objects, and the decisions so far
	texts  map[int][]literal // by slot: where an output's literal texts are written
}

// literal is a text that an expression of the document is, and nothing else.
type literal struct {
	text  string
	at    policy.Expr
	field string
}

// bad notes an issue at an expression.
func (c *compiler) bad(at policy.Expr, field, format string, args ...any) {
	c.issues = append(c.issues, policy.Issue{Document: document, Line: at.Line, Column: at.Column, Field: field, Message: fmt.Sprintf(format, args...)})
}

// object declares the fields that expressions see, and says where their values come from.
func (c *compiler) object(shape *policy.Shape) []slot {
	var slots []slot
	for i, column := range shape.Columns {
		if column.Text {
			continue
		}
		slots = append(slots, slot{i, len(c.book.vars)})
		c.book.vars = append(c.book.vars, expr.Var{
			Name: shape.Name + "." + column.Name, Kind: column.Kind, Elem: column.Elem, Labels: column.Labels,
		})
	}
	return slots
}

// declare lets the expressions that follow see what vars holds by now. It reports whether that has gone well.
func (c *compiler) declare(at *policy.Decision) bool {
	env, err := expr.NewEnv(c.book.vars)
	if err != nil {
		c.bad(policy.Expr{Line: at.Line, Column: at.Column}, "", "%s", err)
	}
	c.env = env
	return err == nil
}

// expression compiles an expression, nil where it has issues.
func (c *compiler) expression(x policy.Expr, field string) *expr.Program {
	p, issues := c.env.Compile(x, document, field)
	c.issues = append(c.issues, issues...)
	return p
}

// decisions compiles all decisions. It stops, and reports false, behind one whose outputs it cannot declare: what comes
// later would only be told that they do not exist.
func (c *compiler) decisions() bool {
	for i := range c.policy.Rules.Decisions {
		if !c.decision(i) {
			return false
		}
	}
	return true
}

// decision compiles a decision and declares its outputs. It reports whether it could.
func (c *compiler) decision(i int) bool {
	doc := &c.policy.Rules.Decisions[i]
	path := fmt.Sprintf("decisions[%d]", i)
	before := len(c.issues)
	d := decision{id: doc.ID, label: doc.Label, policy: doc.HitPolicy, settle: settlers[doc.HitPolicy]}
	for _, o := range doc.Outputs {
		d.outputs = append(d.outputs, output{name: o.Name, slot: len(c.book.vars) + len(d.outputs)})
	}
	for j := range doc.Rules {
		r := &doc.Rules[j]
		compiled := rule{id: r.ID, because: r.Because, index: c.book.rules, hit: contract.Hit{Decision: doc.ID, Rule: r.ID}}
		c.book.rules++
		field := fmt.Sprintf("%s.rules[%d]", path, j)
		if r.When.Source != "" {
			compiled.when = c.condition(r.When, field+".when")
		}
		compiled.then = c.assignments(&d, r.Then, field+".then")
		d.rules = append(d.rules, compiled)
	}
	if doc.Default != nil {
		d.fallback = c.fallback(&d, doc.Default, path+".default")
	}
	for k := range d.outputs {
		if !c.output(doc, &d, k, path) {
			return false
		}
	}
	if len(c.issues) == before {
		c.unreachable(doc, &d, path)
	}
	c.book.accounts(&d)
	c.book.decisions = append(c.book.decisions, d)
	return c.declare(doc)
}

// condition compiles a rule's when.
func (c *compiler) condition(x policy.Expr, field string) *expr.Program {
	p := c.expression(x, field)
	if p != nil && p.Kind() != policy.Bool {
		c.bad(x, field, "a when is true or false, and this is %s: write a comparison", kindName(p.Kind(), p.Elem()))
		return nil
	}
	return p
}

// assignments compiles what a rule gives. The first expression of an output that compiles decides the output's kind;
// the others must agree with it.
func (c *compiler) assignments(d *decision, assignments []policy.Assignment, field string) []*expr.Program {
	programs := make([]*expr.Program, len(assignments))
	for k, a := range assignments {
		field := field + "." + a.Name
		p := c.expression(a.Value, field)
		if p == nil {
			continue
		}
		programs[k] = p
		out := &d.outputs[k]
		switch {
		case out.kind == policy.Absent:
			out.kind, out.elem = p.Kind(), p.Elem()
			c.fits(d, out, a.Value, field)
		case p.Kind() != out.kind || p.Elem() != out.elem:
			c.bad(a.Value, field, "%s is %s in an earlier rule and %s here: write the same kind%s",
				out.name, kindName(out.kind, out.elem), kindName(p.Kind(), p.Elem()), likeInt(out.kind, p.Kind()))
		}
	}
	return programs
}

// likeInt says how to write an int where a number is wanted.
func likeInt(a, b policy.Kind) string {
	if a == policy.Int && b == policy.Number || a == policy.Number && b == policy.Int {
		return ", 2.0 for a number and 2 for an int"
	}
	return ""
}

// fits holds the kind of an output against its decision's hit policy.
func (c *compiler) fits(d *decision, out *output, at policy.Expr, field string) {
	switch d.policy {
	case policy.RuleOrder, policy.OutputOrder, policy.Collect:
		if out.kind == policy.List {
			c.bad(at, field, "%s makes a list of its outputs, so that an output cannot be a list itself: write a single value", d.policy)
		}
	case policy.CollectSum, policy.CollectMin, policy.CollectMax:
		if out.kind != policy.Int && out.kind != policy.Number {
			c.bad(at, field, "%s takes numbers, and this is %s: write an int or a number", d.policy, kindName(out.kind, out.elem))
		}
	}
}

// fallback compiles a decision's default. It gives what one hit would give: of a list its one value. A count's default is
// the count.
func (c *compiler) fallback(d *decision, assignments []policy.Assignment, field string) []*expr.Program {
	if d.policy != policy.CollectCount {
		return c.assignments(d, assignments, field)
	}
	x := assignments[0].Value
	p := c.expression(x, field+"."+assignments[0].Name)
	if p != nil && p.Kind() != policy.Int {
		c.bad(x, field, "the default of a count is an int, and this is %s: write a whole number", kindName(p.Kind(), p.Elem()))
	}
	return []*expr.Program{p}
}

// output declares an output to the expressions that come later. It reports whether its kind is known.
func (c *compiler) output(doc *policy.Decision, d *decision, k int, path string) bool {
	out := &d.outputs[k]
	if out.kind == policy.Absent || d.lists() && out.kind == policy.List {
		return false
	}
	v := expr.Var{Name: strings.ReplaceAll(d.id, "-", "_") + "." + out.name, Kind: out.kind, Elem: out.elem}
	switch {
	case d.lists():
		v.Kind, v.Elem = policy.List, out.kind
	case d.policy == policy.CollectCount:
		v.Kind, v.Elem = policy.Int, policy.Absent
	}
	texts, all := c.literals(doc, d, k, path)
	if all && v.Kind == policy.String {
		for _, l := range texts {
			if !slices.Contains(v.Labels, l.text) {
				v.Labels = append(v.Labels, l.text)
			}
		}
	}
	c.texts[out.slot] = texts
	c.ranks(doc, d, k, path)
	c.book.vars = append(c.book.vars, v)
	return true
}

// literals gives the texts that an output takes as the document writes them, those of the decisions that it hands on
// among them, and whether these are all that it can take.
func (c *compiler) literals(doc *policy.Decision, d *decision, k int, path string) (texts []literal, all bool) {
	all = true
	add := func(p *expr.Program, at policy.Expr, field string) {
		if p == nil || p.Kind() != policy.String {
			all = false
			return
		}
		if v, ok := p.Constant(); ok {
			texts = append(texts, literal{v.Text(), at, field})
			return
		}
		if slot, ok := c.handedOn(p); ok {
			texts = append(texts, c.texts[slot]...)
			all = all && c.book.vars[slot].Labels != nil
			return
		}
		all = false
	}
	for j := range d.rules {
		add(d.rules[j].then[k], doc.Rules[j].Then[k].Value, fmt.Sprintf("%s.rules[%d].then.%s", path, j, d.outputs[k].name))
	}
	if d.fallback != nil {
		add(d.fallback[k], doc.Default[k].Value, path+".default."+d.outputs[k].name)
	}
	return texts, all
}

// handedOn gives the slot of a decision's output where the expression is that and nothing else.
func (c *compiler) handedOn(p *expr.Program) (slot int, ok bool) {
	if len(p.Refs()) != 1 || strings.TrimSpace(p.Source()) != c.book.vars[p.Refs()[0]].Name {
		return 0, false
	}
	_, ok = c.texts[p.Refs()[0]]
	return p.Refs()[0], ok
}

// ranks reads the ordered values of a priority or output order table's output, and holds its literals against them.
func (c *compiler) ranks(doc *policy.Decision, d *decision, k int, path string) {
	out := &d.outputs[k]
	field := path + ".outputs." + out.name
	place := policy.Expr{Line: doc.Outputs[k].Line, Column: doc.Outputs[k].Column}
	for _, text := range doc.Outputs[k].Values {
		v, err := policy.ParseText(out.kind, text)
		if err != nil {
			c.bad(place, field, "a value does not fit the output: %s", err)
			return
		}
		out.ranks = append(out.ranks, v)
	}
	if out.ranks == nil {
		return
	}
	for j := range d.rules {
		p := d.rules[j].then[k]
		if p == nil {
			continue
		}
		if v, ok := p.Constant(); ok && out.rank(v) < 0 {
			c.bad(doc.Rules[j].Then[k].Value, fmt.Sprintf("%s.rules[%d].then.%s", path, j, out.name), "%q is not among the output's values%s",
				v.String(), choose(v.String(), doc.Outputs[k].Values))
		}
	}
}

// verdict compiles the verdict's fields and finds the outcome among them.
func (c *compiler) verdict() {
	doc := &c.policy.Rules.Verdict
	c.book.outcome = c.book.verdict.Index(c.policy.Rules.Outcome.Field)
	for _, v := range c.policy.Rules.Outcome.Values {
		c.book.outcomes = append(c.book.outcomes, v.Value)
	}
	for i, f := range doc.Fields {
		field := fmt.Sprintf("verdict.fields[%d].value", i)
		p := c.expression(f.Value, field)
		if p == nil {
			continue
		}
		if p.Kind() != f.Kind || p.Elem() != f.Elem {
			c.bad(f.Value, field, "%s is declared as %s, and this is %s: change one of them%s",
				f.Name, kindName(f.Kind, f.Elem), kindName(p.Kind(), p.Elem()), likeInt(f.Kind, p.Kind()))
			continue
		}
		c.book.fields = append(c.book.fields, p)
		if i == c.book.outcome {
			c.outcome(p, f.Value, field)
		}
	}
}

// outcome holds the literals that the outcome can be against its values.
func (c *compiler) outcome(p *expr.Program, at policy.Expr, field string) {
	var texts []literal
	if v, ok := p.Constant(); ok {
		texts = []literal{{v.Text(), at, field}}
	} else if slot, ok := c.handedOn(p); ok {
		texts = c.texts[slot]
	}
	for _, l := range texts {
		if !slices.Contains(c.book.outcomes, l.text) {
			c.bad(l.at, l.field, "%q is not among the outcome's values%s", l.text, choose(l.text, c.book.outcomes))
		}
	}
}

// choose says what to write in place of a word that is not among those allowed.
func choose(word string, among []string) string {
	if near := policy.DidYouMean(word, among); near != "" {
		return near
	}
	return ": write one of " + strings.Join(among, ", ")
}

// kindName writes a kind as documents do.
func kindName(kind, elem policy.Kind) string {
	names := map[policy.Kind]string{policy.Int: "int", policy.Number: "number", policy.Bool: "bool", policy.String: "text", policy.Date: "date"}
	if kind == policy.List {
		return "a list of " + names[elem]
	}
	if kind == policy.Int {
		return "an int"
	}
	return "a " + names[kind]
}

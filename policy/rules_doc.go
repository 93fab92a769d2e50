package policy

import (
	"slices"
	"strings"
)

// ParseRules reads a rules.yaml; document is its name in issues, who and what are the objects it speaks of, nil where
// they have issues of their own. It gives the document or, where there are any, the issues. The expressions are not
// looked into: the rules package does that.
func ParseRules(document string, source []byte, who, what *ObjectDoc) (*RulesDoc, Issues) {
	var form rulesForm
	r := &rulesReader{reader: readForm(document, source, &form), taken: map[string]string{}}
	for _, object := range []*ObjectDoc{who, what} {
		if object != nil {
			r.taken[object.Object] = "an object"
		}
	}
	doc := &RulesDoc{
		Label: form.Label.text, Title: form.Title.text, About: form.About.text, Notice: form.Notice.text,
		Verdict: r.verdict(&form.Verdict), Source: string(source),
	}
	for _, s := range form.Sources.list {
		doc.Sources = append(doc.Sources, Source{s.Label.text, s.URL.text})
	}
	form.Decisions.atMost(r.reader, "decisions", MaxDecisions)
	rules := 0
	for i := range form.Decisions.list {
		d, path := &form.Decisions.list[i], indexed("decisions", i)
		doc.Decisions = append(doc.Decisions, r.decision(d, path))
		if before := rules; before <= MaxRules && before+len(d.Rules.list) > MaxRules {
			r.bad(d.Rules.place, join(path, "rules"), "goes beyond %d rules in all: write fewer, or two policies", MaxRules)
		}
		rules += len(d.Rules.list)
	}
	doc.Outcome = r.outcome(&form.Outcome, doc)
	if issues := r.done(); issues != nil {
		return nil, issues
	}
	doc.Digest = digestOf(form)
	return doc, nil
}

// rulesReader reads a rule book. It knows which names expressions have taken, and what by.
type rulesReader struct {
	*reader
	taken map[string]string
}

// take notes a name that is taken already, as expressions write it.
func (r *rulesReader) take(at place, path, name, by string) {
	if first, ok := r.taken[name]; ok {
		r.bad(at, path, "cannot be %q, the name of %s: write another", name, first)
		return
	}
	r.taken[name] = by
}

// decision makes the decision of its form.
func (r *rulesReader) decision(form *decisionForm, path string) Decision {
	d := Decision{
		ID: form.ID.text, Label: orName(form.Label, form.ID.text), Note: form.Note.text,
		HitPolicy: HitPolicy(form.HitPolicy.text), Line: form.ID.line, Column: form.ID.column,
	}
	if d.ID != "" {
		r.decisionID(form.ID, join(path, "id"))
	}
	r.outputs(form, path, &d)
	ids := map[string]bool{}
	for i := range form.Rules.list {
		rule := &form.Rules.list[i]
		path := indexed(join(path, "rules"), i)
		if ids[rule.ID.text] && rule.ID.text != "" {
			r.bad(rule.ID.place, path, "has the id %q of an earlier rule of this decision: write another", clip(rule.ID.text))
		}
		ids[rule.ID.text] = true
		d.Rules = append(d.Rules, r.rule(rule, path, &d))
	}
	if form.Default.line > 0 {
		d.Default = r.assignments(&form.Default, join(path, "default"), d.Outputs)
	}
	return d
}

// decisionID checks the name that later expressions know a decision by.
func (r *rulesReader) decisionID(id id, path string) {
	name := strings.ReplaceAll(id.text, "-", "_")
	if name[0] >= '0' && name[0] <= '9' {
		r.bad(id.place, path, "cannot be %q, since expressions name it: begin with a letter", id.text)
		return
	}
	r.word(id.place, path, name, reservedWords)
	r.word(id.place, path, name, topNames)
	r.take(id.place, path, name, "the decision "+id.text)
}

// outputs makes a decision's outputs and holds them against its hit policy.
func (r *rulesReader) outputs(form *decisionForm, path string, d *Decision) {
	path = join(path, "outputs")
	form.Outputs.list = atMost(r.reader, form.Outputs.place, path, form.Outputs.list, maxOutputs)
	ranked := false
	for _, o := range form.Outputs.list {
		if o.Name.text != "" && slices.ContainsFunc(d.Outputs, func(p Output) bool { return p.Name == o.Name.text }) {
			r.bad(o.Name.place, path, "has %q twice: write it once", clip(o.Name.text))
		}
		out := Output{Name: o.Name.text, Line: o.Name.line, Column: o.Name.column}
		o.Values.atMost(r.reader, join(path, o.Name.text)+".values", maxValues)
		for _, v := range o.Values.list {
			if slices.Contains(out.Values, v.text) {
				r.bad(v.place, join(path, o.Name.text)+".values", "has %q twice: write it once", clip(v.text))
			}
			out.Values = append(out.Values, v.text)
		}
		if o.Values.line > 0 && d.HitPolicy != Priority && d.HitPolicy != OutputOrder {
			r.bad(o.Values.place, join(path, o.Name.text), "has values, which only priority and output order look at: leave them out")
		}
		ranked = ranked || o.Values.line > 0
		d.Outputs = append(d.Outputs, out)
	}
	switch d.HitPolicy {
	case Priority, OutputOrder:
		if !ranked && d.Outputs != nil {
			r.bad(form.Outputs.place, path, "has no values, by which %s orders the hits: write {%s: {values: [highest priority, next]}}", d.HitPolicy, d.Outputs[0].Name)
		}
	case CollectSum, CollectMin, CollectMax, CollectCount:
		if len(d.Outputs) > 1 {
			r.bad(form.Outputs.place, path, "has %d names, and %s gives one: write one", len(d.Outputs), d.HitPolicy)
		}
	}
}

// rule makes a rule of its form.
func (r *rulesReader) rule(form *ruleForm, path string, d *Decision) Rule {
	rule := Rule{
		ID: form.ID.text, When: form.When.Expr(), Because: form.Because.text, Source: form.Source.text,
		Line: form.ID.line, Column: form.ID.column,
	}
	if rule.When.Source == "-" {
		rule.When, form.When = Expr{}, expression{}
	}
	if form.Then.line > 0 {
		rule.Then = r.assignments(&form.Then, join(path, "then"), d.Outputs)
	}
	return rule
}

// assignments gives each output its expression, in the outputs' order.
func (r *rulesReader) assignments(form *pairs[expression], path string, outputs []Output) []Assignment {
	form.sort()
	names := make([]string, len(outputs))
	given := make([]Assignment, len(outputs))
	var missing []string
	for i, o := range outputs {
		names[i], given[i].Name = o.Name, o.Name
		if x := form.find(o.Name); x != nil {
			given[i].Value = x.Expr()
		} else if o.Name != "" {
			missing = append(missing, o.Name)
		}
	}
	if missing != nil && form.list != nil {
		r.bad(form.place, path, "gives no %s: write an expression for each output", some(missing))
	}
	for _, p := range form.list {
		if outputs != nil && !slices.Contains(names, p.key) {
			r.bad(p.place, path, "gives %q, which is no output of the decision%s", clip(p.key), suggest(p.key, names))
		}
	}
	return given
}

// verdict makes the verdict of its form.
func (r *rulesReader) verdict(form *verdictForm) Verdict {
	v := Verdict{Object: form.Object.text, Label: orName(form.Label, form.Object.text)}
	v.Shape = &Shape{Name: v.Object, Label: v.Label}
	if v.Object != "" {
		r.word(form.Object.place, "verdict.object", v.Object, topNames)
		r.take(form.Object.place, "verdict.object", v.Object, "the verdict")
	}
	form.Fields.atMost(r.reader, "verdict.fields", MaxFields)
	for i := range form.Fields.list {
		f := &form.Fields.list[i]
		path := indexed("verdict.fields", i)
		r.free(f.Name, path, v.Shape)
		field := VerdictField{
			Name: f.Name.text, Label: orName(f.Label, f.Name.text), Unit: f.Unit.text, Note: f.Note.text,
			Decimals: f.Decimals.value, Value: f.Value.Expr(), Line: f.Name.line, Column: f.Name.column,
		}
		field.Kind, field.Elem = typeOf(f.Type.text)
		r.decimals(f.Decimals, path, field.Kind)
		v.Fields = append(v.Fields, field)
		v.Shape.Columns = append(v.Shape.Columns, Column{
			Name: field.Name, Kind: field.Kind, Elem: field.Elem, Label: field.Label, Unit: field.Unit, Decimals: field.Decimals, Note: field.Note,
		})
	}
	return v
}

// outcome makes the outcome of its form and names its values as the labels of the verdict's column.
func (r *rulesReader) outcome(form *outcomeForm, doc *RulesDoc) Outcome {
	o := Outcome{Field: form.Field.text, Decision: form.Decision.text, Headline: form.Headline.text}
	form.Values.list = atMost(r.reader, form.Values.place, "outcome.values", form.Values.list, maxValues)
	labels := make([]string, len(form.Values.list))
	for i, v := range form.Values.list {
		labels[i] = v.key
		o.Values = append(o.Values, OutcomeValue{v.key, orName(v.value.Label, v.key), Tone(v.value.Tone.text)})
	}
	shape := doc.Verdict.Shape
	if i := r.field(form.Field, "outcome.field", shape); i >= 0 {
		if column := &shape.Columns[i]; column.Kind == String {
			column.Labels = labels
		} else if column.Kind != Absent {
			r.bad(form.Field.place, "outcome.field", "cannot be %q, whose type is %s: write a text field of the verdict", o.Field, column.Kind)
		}
	}
	r.field(form.Headline, "outcome.headline", shape)
	r.explained(form.Decision, doc.Decisions)
	return o
}

// field gives the position of a verdict's field by its name, or -1.
func (r *rulesReader) field(name line, path string, shape *Shape) int {
	i := shape.Index(name.text)
	if name.text != "" && i < 0 {
		r.bad(name.place, path, "cannot be %q, which is no field of the verdict%s", clip(name.text), suggest(name.text, shape.Names()))
	}
	return i
}

// explained checks that the outcome's decision exists and that each of its rules says why.
func (r *rulesReader) explained(decision line, decisions []Decision) {
	ids := make([]string, len(decisions))
	for i, d := range decisions {
		ids[i] = d.ID
		if d.ID != decision.text {
			continue
		}
		for j, rule := range d.Rules {
			if rule.Because == "" && rule.ID != "" {
				path := indexed(indexed("decisions", i)+".rules", j)
				r.bad(place{rule.Line, rule.Column}, path, "has no because: write because: a sentence for people, since %s explains the outcome", d.ID)
			}
		}
	}
	if decision.text != "" && !slices.Contains(ids, decision.text) {
		r.bad(decision.place, "outcome.decision", "cannot be %q, which is no decision%s", clip(decision.text), suggest(decision.text, ids))
	}
}

package page

import (
	"math"
	"strconv"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// RulesInput is what a handler knows when it shows a policy.
type RulesInput struct {
	Policy *policy.Policy
	Counts Counts
	Who    []policy.Object // samples of each object, for the drawings of their fields; some hundred will do
	What   []policy.Object
}

// Rules is the page of a policy's documents as people read them.
type Rules struct {
	Base
	Heading                  string
	About                    string
	Notice                   string
	Version                  string // the whole digest
	Sources                  []Link
	SoFar                    SoFar
	Objects                  []ObjectDoc
	Decisions                []DecisionTable
	Verdict                  VerdictDoc
	Examples                 []Example
	ExamplesText             string // 30 examples
	Documents                []Document
	WorkbenchURL, HistoryURL string
}

// ObjectDoc is one object: its fields and how they are drawn.
type ObjectDoc struct {
	Role, AnchorURL, Name, Label, About string
	AsOf                                string
	Fields                              []FieldDoc
}

// FieldDoc is one field of an object.
type FieldDoc struct {
	Name, Label, Unit, Note string
	Kind                    string // whole number, choice, yes or no
	Drawn                   string // how it is drawn, in words
	Code                    []Code // the expressions behind it that are too long for a sentence
	Drawing                 *Drawing
}

// Code is a named expression.
type Code struct{ Name, Source string }

// DecisionTable is one decision.
type DecisionTable struct {
	Anchor, AnchorURL, Label, Note string
	Policy                         string // the hit policy's DMN word
	PolicyText                     string // what it means
	Outputs                        []string
	Rules                          []RuleRow
	Default                        []Result // by output; empty for none
	Reached                        string   // 7 of 9 rules reached
	Never                          string   // 2; empty for none
}

// Result is what a rule gives one output: a value, or an expression.
type Result struct {
	Text string
	Code bool // Text is an expression
}

// RuleRow is one rule of a table.
type RuleRow struct {
	ID, AnchorURL string // of the row's element
	Rule          string
	When          string   // empty for always
	Then          []Result // by output
	Because       string
	SourceURL     string
	Count         string
	Share         string // of the cases, in words
	Width         string // of its bar on a scale of 100
	Never         bool
	HistoryURL    string
}

// VerdictDoc is the third object.
type VerdictDoc struct {
	Label  string
	Fields []VerdictFieldDoc
}

// VerdictFieldDoc is one field of the verdict.
type VerdictFieldDoc struct {
	Name, Label, Unit, Note, Kind, Code string
	Outcome, Headline                   bool
}

// Example is a worked example.
type Example struct {
	Name, From, FromURL string
	Who, What, Verdict  string
}

// Document is a document's text.
type Document struct{ Name, Digest, Source string }

func (*Rules) template() string { return "rules.html" }

// Rules makes the page of a policy.
func (s *Site) Rules(in RulesInput) *Rules {
	p, v := in.Policy, s.view(in.Policy)
	r := &Rules{
		Base:    s.place(p, "rules", "Rules · "+p.Rules.Label),
		Heading: p.Rules.Label, About: p.Rules.About, Notice: p.Rules.Notice, Version: string(p.Digest),
		SoFar: soFar(p, in.Counts),
		Objects: []ObjectDoc{
			v.objectDoc(contract.RoleWho, p.Who, in.Who), v.objectDoc(contract.RoleWhat, p.What, in.What),
		},
		WorkbenchURL: policyURL(p.Name), HistoryURL: policyURL(p.Name, "history"),
		Documents: []Document{
			{"who.yaml", p.Who.Digest.Short(), p.Who.Source}, {"what.yaml", p.What.Digest.Short(), p.What.Source},
			{"rules.yaml", p.Rules.Digest.Short(), p.Rules.Source},
		},
	}
	for _, source := range p.Rules.Sources {
		r.Sources = append(r.Sources, Link{Label: source.Label, URL: webURL(source.URL)})
	}
	for _, d := range p.Rules.Decisions {
		r.Decisions = append(r.Decisions, decisionTable(p, d, in.Counts))
	}
	r.Verdict = verdictDoc(p.Rules)
	if p.Examples != nil {
		for _, e := range p.Examples.Examples {
			r.Examples = append(r.Examples, v.example(e))
		}
		r.ExamplesText = plural(int64(len(r.Examples)), "example")
		r.Documents = append(r.Documents, Document{Name: "examples.yaml", Source: p.Examples.Source})
	}
	return r
}

func (v *view) objectDoc(role string, doc *policy.ObjectDoc, samples []policy.Object) ObjectDoc {
	d := ObjectDoc{Role: role, AnchorURL: "#" + role, Name: doc.Object, Label: doc.Label, About: doc.About}
	if doc.AsOf.Kind() == policy.Date {
		d.AsOf = Date(doc.AsOf)
	}
	for i, f := range doc.Fields {
		col := v.column(doc.Object + "." + f.Name)
		field := FieldDoc{Name: f.Name, Label: f.Label, Unit: f.Unit, Note: f.Note, Kind: fieldKinds[f.Kind]}
		field.Drawn, field.Code = col.drawn(f)
		if !col.Text {
			values := make([]policy.Value, 0, len(samples))
			for _, o := range samples {
				values = append(values, o.Values[i])
			}
			field.Drawing = drawing(col, values)
		}
		d.Fields = append(d.Fields, field)
	}
	return d
}

var fieldKinds = map[policy.FieldKind]string{
	policy.FieldInt: "whole number", policy.FieldNumber: "number", policy.FieldChoice: "choice", policy.FieldBool: "yes or no",
	policy.FieldDate: "date", policy.FieldFake: "text", policy.FieldValue: "derived",
}

// drawn says in words how a field is drawn, and gives the expressions that are too long for the sentence.
func (c column) drawn(f policy.Field) (text string, code []Code) {
	term := func(name string, x policy.Expr) string {
		if n, err := policy.ParseText(c.Kind, x.Source); err == nil {
			return c.quantity(n).Before + c.quantity(n).Text // the unit stands beside the field's label
		}
		if len(x.Source) <= shortExpression {
			return x.Source
		}
		code = append(code, Code{name, x.Source})
		return "a worked-out value"
	}
	switch f.Kind {
	case policy.FieldInt, policy.FieldNumber:
		return c.drawnNumber(f, term), code
	case policy.FieldChoice:
		if f.Given != "" {
			return "its own labels and weights for each " + f.Given, nil
		}
		return plural(int64(len(f.Choices)), "label") + ", each with its weight", nil
	case policy.FieldBool:
		if f.Given != "" {
			return "more or less often yes, by " + f.Given, nil
		}
		return "yes in " + percent(int64(f.Probability*10_000+0.5), 10_000), nil
	case policy.FieldDate:
		return "from " + term("from", f.From) + " to " + term("to", f.To), code
	case policy.FieldFake:
		return "for people to read; no rule sees it", nil
	}
	return "from the fields before it", []Code{{"value", f.Value.Source}}
}

// shortExpression is up to how many characters an expression stands in a sentence.
const shortExpression = 40

func (c column) drawnNumber(f policy.Field, term func(string, policy.Expr) string) string {
	if f.Distribution == policy.Weights {
		return plural(int64(len(f.Choices)), "value") + ", each with its weight"
	}
	text := "from " + term("min", f.Min) + " to " + term("max", f.Max)
	if f.Step != "" && f.Step != "1" {
		text += " in steps of " + f.Step
	}
	switch f.Distribution {
	case policy.Normal:
		return text + ", normal around " + term("mean", f.Mean) + ", deviation " + f.Deviation.Source
	case policy.LogNormal:
		return text + ", log-normal around " + term("mean", f.Mean)
	}
	return text + ", all alike"
}

// hitPolicies say what each hit policy means to a reader of the table.
var hitPolicies = map[policy.HitPolicy]string{
	policy.Unique:       "At most one rule holds for any case; that one decides.",
	policy.Any:          "Several rules may hold, and then they all say the same.",
	policy.Priority:     "Of the rules that hold, the one with the highest output decides.",
	policy.First:        "Read from the top: the first rule that holds decides, the rest are not looked at.",
	policy.RuleOrder:    "Every rule that holds counts; the results are listed in the order of the rules.",
	policy.OutputOrder:  "Every rule that holds counts; the results are listed from the highest output to the lowest.",
	policy.Collect:      "Every rule that holds counts; the results are a list.",
	policy.CollectSum:   "Every rule that holds counts; the result is their sum.",
	policy.CollectMin:   "Every rule that holds counts; the result is the smallest.",
	policy.CollectMax:   "Every rule that holds counts; the result is the largest.",
	policy.CollectCount: "The result is the number of rules that hold.",
}

func decisionTable(p *policy.Policy, d policy.Decision, c Counts) DecisionTable {
	t := DecisionTable{Anchor: decisionID(d.ID), AnchorURL: decisionURL(d.ID), Label: d.Label, Note: d.Note, Policy: string(d.HitPolicy), PolicyText: hitPolicies[d.HitPolicy]}
	for _, o := range d.Outputs {
		t.Outputs = append(t.Outputs, o.Name)
	}
	reached := 0
	for _, r := range d.Rules {
		n := c.Rules[contract.Hit{Decision: d.ID, Rule: r.ID}]
		if n > 0 {
			reached++
		}
		row := RuleRow{
			ID: ruleID(d.ID, r.ID), AnchorURL: ruleURL(d.ID, r.ID), Rule: r.ID, When: r.When.Source, Because: r.Because, SourceURL: webURL(r.Source),
			Count: Count(n), Share: percent(n, c.Total), Width: hundredths(n, c.Total), Never: n == 0,
		}
		for _, a := range r.Then {
			row.Then = append(row.Then, result(a.Value.Source))
		}
		if n > 0 {
			row.HistoryURL = withQuery(policyURL(p.Name, "history"), Filter{Rule: d.ID + "/" + r.ID}.Query())
		}
		t.Rules = append(t.Rules, row)
	}
	for _, a := range d.Default {
		t.Default = append(t.Default, result(a.Value.Source))
	}
	if never := len(d.Rules) - reached; never > 0 {
		t.Never = Count(int64(never))
	}
	t.Reached = Count(int64(reached)) + " of " + plural(int64(len(d.Rules)), "rule") + " reached"
	return t
}

// result reads a text's or a number's own literal as the value that it is, as people read a decision table.
func result(source string) Result {
	if text, ok := strings.CutPrefix(source, `"`); ok {
		if text, ok = strings.CutSuffix(text, `"`); ok && !strings.ContainsAny(text, `"\\`) {
			return Result{Text: text}
		}
	}
	if number, err := strconv.ParseFloat(source, 64); err == nil && !math.IsNaN(number) && !math.IsInf(number, 0) {
		return Result{Text: grouped(source, true)}
	}
	return Result{Text: source, Code: true}
}

var kinds = map[policy.Kind]string{
	policy.Int: "whole number", policy.Number: "number", policy.Bool: "yes or no", policy.String: "text", policy.Date: "date", policy.List: "list",
}

func verdictDoc(r *policy.RulesDoc) VerdictDoc {
	d := VerdictDoc{Label: r.Verdict.Label}
	for _, f := range r.Verdict.Fields {
		d.Fields = append(d.Fields, VerdictFieldDoc{
			Name: f.Name, Label: f.Label, Unit: f.Unit, Note: f.Note, Kind: kinds[f.Kind], Code: f.Value.Source,
			Outcome: f.Name == r.Outcome.Field, Headline: f.Name == r.Outcome.Headline,
		})
	}
	return d
}

func (v *view) example(e policy.Example) Example {
	out := Example{Name: e.Name, From: e.From, FromURL: webURL(e.From), Who: v.given(e.Who), What: v.given(e.What)}
	var expected []string
	for _, c := range v.policy.Rules.Verdict.Shape.Columns {
		if value, ok := e.Verdict[c.Name]; ok {
			expected = append(expected, c.Label+" "+v.column(v.policy.Rules.Verdict.Object+"."+c.Name).quantity(value).String())
		}
	}
	out.Verdict = strings.Join(expected, " · ")
	return out
}

// given lists what an example says of an object.
func (v *view) given(o policy.Object) string {
	var texts []string
	for i, value := range o.Values {
		if c := o.Shape.Columns[i]; value.Kind() != policy.Absent && !c.Text {
			texts = append(texts, c.Label+" "+v.columnOf(o.Shape, i).quantity(value).String())
		}
	}
	return strings.Join(texts, " · ")
}

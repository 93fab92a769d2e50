package page

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"verdictory/contract"
	"verdictory/policy"
)

// view is a policy as pages read it: made once for each version at hand, then only looked at.
type view struct {
	policy  *policy.Policy
	columns map[string]column // by qualified name: driver.age, and loading.factor for a decision's output
	reads   map[string]int    // how many rules read a field, by qualified name
	because map[contract.Hit]string
}

func newView(p *policy.Policy) *view {
	v := &view{policy: p, columns: map[string]column{}, reads: map[string]int{}, because: map[contract.Hit]string{}}
	for _, doc := range []*policy.ObjectDoc{p.Who, p.What} {
		for i, c := range doc.Shape.Columns {
			decimals := -1
			if _, fraction, ok := strings.Cut(doc.Fields[i].Step, "."); ok {
				decimals = len(fraction)
			}
			v.columns[doc.Object+"."+c.Name] = column{c, decimals}
		}
	}
	for _, c := range p.Rules.Verdict.Shape.Columns {
		decimals := -1
		if c.Decimals > 0 {
			decimals = c.Decimals
		}
		v.columns[p.Rules.Verdict.Object+"."+c.Name] = column{c, decimals}
	}
	for _, d := range p.Rules.Decisions {
		for _, r := range d.Rules {
			v.because[contract.Hit{Decision: d.ID, Rule: r.ID}] = r.Because
			for name := range v.columns {
				if names(r.When.Source, name) {
					v.reads[name]++
				}
			}
		}
	}
	return v
}

// names reports whether an expression names a field: driver.age, and not driver.age_at_test.
func names(source, field string) bool {
	for {
		i := strings.Index(source, field)
		if i < 0 {
			return false
		}
		source = source[i+len(field):]
		if source == "" || !isWord(source[0]) {
			return true
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// column gives a field's column; one that the version at hand does not have is shown by its name and its value alone.
func (v *view) column(qualified string) column {
	if c, ok := v.columns[qualified]; ok {
		return c
	}
	_, name, _ := strings.Cut(qualified, ".")
	return column{policy.Column{Name: name, Label: name}, -1}
}

// columnOf gives the column of a field of an object, which may be of another version than the view.
func (v *view) columnOf(shape *policy.Shape, i int) column {
	c := v.column(shape.Name + "." + shape.Columns[i].Name)
	c.Column = shape.Columns[i]
	return c
}

// summarised is how many of an object's fields a row of a list shows.
const summarised = 3

// summary tells an object from its neighbours in a list: the fields that most rules read, in the document's order.
func (v *view) summary(o policy.Object) string {
	if o.Shape == nil {
		return ""
	}
	type candidate struct{ index, reads int }
	var candidates []candidate
	for i, c := range o.Shape.Columns {
		if reads := v.reads[o.Shape.Name+"."+c.Name]; reads > 0 && !c.Text {
			candidates = append(candidates, candidate{i, reads})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return b.reads - a.reads })
	texts := make([]string, len(o.Values)) // by field, so that the document's order stays
	for told := 0; len(candidates) > 0 && told < summarised; candidates = candidates[1:] {
		i := candidates[0].index
		if texts[i] = v.columnOf(o.Shape, i).brief(o.Values[i]); texts[i] != "" {
			told++
		}
	}
	return strings.Join(nonEmpty(texts...), " · ")
}

// brief writes one field so that it can be told without its label: a number and a yes take the label along, up to its
// first comma; a no and a count of nothing are left out.
func (c column) brief(value policy.Value) string {
	label, _, _ := strings.Cut(lowerFirst(c.Label), ",")
	text := c.quantity(value).String()
	switch value.Kind() {
	case policy.Absent:
		return ""
	case policy.Bool:
		if !value.Bool() {
			return ""
		}
		return label
	case policy.Int, policy.Number:
		if text == "0" {
			return ""
		}
		return label + " " + text
	}
	return text
}

// lowerFirst writes a label inside a sentence; an abbreviation such as UK keeps its capitals.
func lowerFirst(label string) string {
	first, size := utf8.DecodeRuneInString(label)
	if second, _ := utf8.DecodeRuneInString(label[size:]); unicode.IsUpper(second) {
		return label
	}
	return string(unicode.ToLower(first)) + label[size:]
}

// headline is the verdict field that is shown beside the outcome, empty where the policy has none.
func (v *view) headline(verdict policy.Object) (label, value string) {
	if verdict.Shape == nil {
		return "", ""
	}
	i := verdict.Shape.Index(v.policy.Rules.Outcome.Headline)
	if i < 0 {
		return "", ""
	}
	c := v.columnOf(verdict.Shape, i)
	return c.Label, c.quantity(verdict.Values[i]).String()
}

// reasons are the because of the rules that decided the outcome.
func (v *view) reasons(hits []contract.Hit) []string {
	var reasons []string
	for _, h := range hits {
		if because := v.because[h]; because != "" && h.Decision == v.policy.Rules.Outcome.Decision && !slices.Contains(reasons, because) {
			reasons = append(reasons, because)
		}
	}
	return reasons
}

// Row is a case in a list.
type Row struct {
	Code, URL string
	Who, What string // a few fields of each
	About     string // both
	Outcome   Outcome
	Headline  string // empty where the policy has none
	When      Moment
	Edited    bool
	Boundary  bool
	Current   bool // the case at hand
}

func (v *view) row(c contract.Case) Row {
	code := c.Code.String()
	_, headline := v.headline(c.Verdict)
	who, what := v.summary(c.Who), v.summary(c.What)
	return Row{
		Code: code, URL: policyURL(v.policy.Name, code),
		Who: who, What: what, About: strings.Join(nonEmpty(who, what), " · "),
		Outcome: outcome(v.policy, c.Outcome), Headline: headline,
		When: moment(c.Created), Edited: c.Code.Edit != "", Boundary: c.Code.Mode == policy.Boundary,
	}
}

package rules

import (
	"regexp"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

// boundaries works out the book's Boundaries. What a field is compared with is what the whens of all rules compare it
// with directly; a comparison of something derived from it does not count. Also counted are the limits of slices such as
// a tax has them: the constant of min(field, 250000) or max(field, 0) in what a rule gives.
func (c *compiler) boundaries() {
	b := &c.book.boundaries
	b.Conditions = []contract.Condition{}
	constants := make([][]policy.Value, len(c.book.vars)) // by slot
	for i := range c.book.decisions {
		for j := range c.book.decisions[i].rules {
			r := &c.book.decisions[i].rules[j]
			for _, p := range r.then {
				c.limits(p, constants)
			}
			if r.when == nil {
				continue
			}
			for _, condition := range r.when.Conditions() {
				b.Conditions = append(b.Conditions, contract.Condition{Decision: r.hit.Decision, Rule: r.hit.Rule, Text: condition.Text})
				if at := condition.Comparison; at != nil {
					constants[at.Slot] = append(constants[at.Slot], at.Constants...)
				}
			}
		}
	}
	b.Who = c.turns(c.policy.Who, c.book.whoSlots, constants)
	b.What = c.turns(c.policy.What, c.book.whatSlots, constants)
}

var limit = regexp.MustCompile(`\b(?:min|max)\(\s*(?:([a-z0-9_.]+)\s*,\s*(-?[0-9.]+)|(-?[0-9.]+)\s*,\s*([a-z0-9_.]+))\s*\)`)

// limits adds the constants that the expression limits a slot with. It goes by the source, where a text in quotes can
// look like a call: the worst that comes of it is one value more.
func (c *compiler) limits(p *expr.Program, constants [][]policy.Value) {
	for _, match := range limit.FindAllStringSubmatch(p.Source(), -1) {
		name, constant := match[1]+match[4], match[2]+match[3]
		for _, slot := range p.Refs() {
			v := c.book.vars[slot]
			if value, err := policy.ParseText(v.Kind, constant); err == nil && v.Name == name {
				constants[slot] = append(constants[slot], value)
			}
		}
	}
}

// turns gives the values of each compared field of an object.
func (c *compiler) turns(doc *policy.ObjectDoc, slots []slot, constants [][]policy.Value) []contract.FieldBoundary {
	turns := []contract.FieldBoundary{}
	bounds := c.bounds(doc, slots)
	for _, s := range slots {
		if constants[s.slot] == nil {
			continue
		}
		column := &doc.Shape.Columns[s.column]
		var values []policy.Value
		switch column.Kind {
		case policy.Bool:
			values = []policy.Value{policy.BoolValue(false), policy.BoolValue(true)}
		case policy.String:
			values = labelTurns(column.Labels, constants[s.slot])
		default:
			values = bounds.grid(&doc.Fields[s.column], column.Kind, constants[s.slot]).turns(constants[s.slot])
		}
		if len(values) > 0 {
			turns = append(turns, contract.FieldBoundary{Field: column.Name, Values: values})
		}
	}
	return turns
}

// labelTurns gives the texts compared with, and of the labels that are not the first one: the other side. Labels come
// in their own order, free texts in the alphabet's.
func labelTurns(labels []string, constants []policy.Value) []policy.Value {
	compared := map[string]bool{}
	for _, v := range constants {
		compared[v.Text()] = true
	}
	var values []policy.Value
	if labels == nil {
		for text := range compared {
			values = append(values, policy.StringValue(text))
		}
		slices.SortFunc(values, func(a, b policy.Value) int { return strings.Compare(a.Text(), b.Text()) })
		return values
	}
	other := false
	for _, label := range labels {
		if compared[label] || !other {
			values = append(values, policy.StringValue(label))
		}
		other = other || !compared[label]
	}
	return values
}

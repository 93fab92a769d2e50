package generators

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"verdictory/expr"
	"verdictory/generators/text"
	"verdictory/policy"
)

// asOfSlot is the slot of as_of in a drawer's frame; the fields follow it.
const asOfSlot = 0

func slotOf(field int) int { return field + 1 }
func fieldOf(slot int) int { return slot - 1 }

// compiler turns a document's fields into what draws them. It collects issues; with any, its fields are not to be used.
type compiler struct {
	document string
	doc      *policy.ObjectDoc
	env      *expr.Env
	frame    expr.Frame // with as_of alone, for what is the same for all objects
	fields   []field
	issues   policy.Issues

	at   int    // the field being compiled
	path string // fields[3]
}

// newCompiler declares the fields, text for people among them, so that a reference to one that cannot be had is told
// apart from one that does not exist.
func newCompiler(document string, doc *policy.ObjectDoc) *compiler {
	c := &compiler{document: document, doc: doc, frame: expr.Frame{Slots: []policy.Value{doc.AsOf}}, fields: make([]field, len(doc.Fields))}
	vars := []expr.Var{{Name: "as_of", Kind: policy.Date}}
	for _, column := range doc.Shape.Columns {
		vars = append(vars, expr.Var{Name: doc.Object + "." + column.Name, Kind: column.Kind, Labels: column.Labels})
	}
	var err error
	if c.env, err = expr.NewEnv(vars); err != nil {
		c.issues = append(c.issues, policy.Issue{Document: document, Line: 1, Column: 1, Message: err.Error()})
	}
	return c
}

// bad notes an issue about one key of the field, or with an empty key about the field itself.
func (c *compiler) bad(key string, x policy.Expr, format string, args ...any) {
	path := c.path
	if key != "" {
		path += "." + key
	}
	c.issues = append(c.issues, policy.Issue{
		Document: c.document, Line: x.Line, Column: x.Column, Field: path, Message: path + " " + fmt.Sprintf(format, args...),
	})
}

// field compiles the document's field i.
func (c *compiler) field(i int) {
	spec := &c.doc.Fields[i]
	c.at, c.path = i, fmt.Sprintf("fields[%d]", i)
	f := &c.fields[i]
	f.draws, f.aims = keyOf("draw", c.doc.Object, spec.Name), keyOf("aim", c.doc.Object, spec.Name)
	switch spec.Kind {
	case policy.FieldInt, policy.FieldNumber:
		if spec.Distribution == policy.Weights {
			f.spread = weightsOfInts(spec.Choices)
			return
		}
		f.spread = c.numeric(f, spec)
	case policy.FieldDate:
		g := &grid{kind: policy.Date, scale: 1, step: 1, distribution: policy.Uniform}
		from, to := c.program(f, "from", spec.From, policy.Date), c.program(f, "to", spec.To, policy.Date)
		if from != nil && to != nil {
			c.ends(g, "from", spec.From, from, "to", spec.To, to)
		}
		f.spread = g
	case policy.FieldChoice, policy.FieldBool:
		if spec.Given == "" {
			f.spread = table(spec.Kind, policy.Table{Choices: spec.Choices, Probability: spec.Probability})
			return
		}
		given := c.doc.Shape.Index(spec.Given)
		f.parents = []int{given}
		t := &tables{given: slotOf(given), by: map[string]spread{}}
		for _, row := range spec.Tables {
			t.by[row.Label] = table(spec.Kind, row)
		}
		f.spread = t
	case policy.FieldFake:
		draw, err := text.New(spec.Function, spec.Parameters)
		if err != nil {
			c.bad("function", policy.Expr{Line: spec.Line, Column: spec.Column}, "%s", err)
		}
		f.spread = fake{draw}
	case policy.FieldValue:
		f.value = c.program(f, "value", spec.Value, spec.ValueKind)
	}
}

// table makes the spread of a choice or a bool from one table.
func table(kind policy.FieldKind, t policy.Table) spread {
	if kind == policy.FieldBool {
		return chance(threshold(t.Probability))
	}
	return newWeighted(t.Choices, policy.StringValue)
}

// weightsOfInts makes the spread of an int with weights. Its labels are whole numbers: policy.ParseObject sees to it.
func weightsOfInts(choices []policy.Choice) *weightedInts {
	w := newWeighted(choices, func(label string) policy.Value {
		n, _ := strconv.ParseInt(label, 10, 64)
		return policy.IntValue(n)
	})
	return &weightedInts{w, slices.SortedFunc(slices.Values(w.values), compare)}
}

// numeric compiles an int or a number with a range.
func (c *compiler) numeric(f *field, spec *policy.Field) *grid {
	g := &grid{kind: policy.Int, scale: 1, distribution: spec.Distribution}
	kinds := []policy.Kind{policy.Int}
	if spec.Kind == policy.FieldNumber {
		g.kind = policy.Number
		kinds = append(kinds, policy.Number)
	}
	low, high := c.program(f, "min", spec.Min, kinds...), c.program(f, "max", spec.Max, kinds...)
	if low == nil || high == nil {
		return nil
	}
	c.steps(g, spec, low)
	c.ends(g, "min", spec.Min, low, "max", spec.Max, high)
	if spec.Distribution == policy.Uniform {
		return g
	}
	mean := c.program(f, "mean", spec.Mean, policy.Int, policy.Number)
	deviation := c.program(f, "deviation", spec.Deviation, policy.Int, policy.Number)
	if mean == nil || deviation == nil {
		return nil
	}
	g.mean, g.deviation = c.parameter("mean", spec.Mean, mean), c.parameter("deviation", spec.Deviation, deviation)
	if g.mean.program == nil && g.deviation.program == nil && c.issues == nil {
		if err := g.possible(g.mean.value, g.deviation.value); err != nil {
			c.bad("", spec.Deviation, "%s", err)
		}
	}
	return g
}

// steps sets the unit that a grid counts in, the last decimal of its step or of its minimum, and the step.
func (c *compiler) steps(g *grid, spec *policy.Field, low *expr.Program) {
	step, _ := strconv.ParseFloat(spec.Step, 64) // plain decimals: policy.ParseObject sees to it
	units, places := digits(step)
	most := places
	if low.Kind() == policy.Number && constant(low) {
		if v, err := low.Number(&c.frame); err == nil { // ends tells an error
			_, most = digits(v)
			most = max(places, most)
		}
	}
	if most > 9 { // a minimum like 1.0/3
		most = places
	}
	for i := range most {
		g.scale *= 10
		if i >= places && units <= maxUnits {
			units *= 10
		}
	}
	g.step = units
	if units > maxUnits {
		c.bad("step", spec.Min, "is %s, which is too large to count exactly in units of %s", spec.Step, decimal(1, g.scale))
	}
}

// digits gives a number as a whole number of units and how many decimals a unit has: 0.15 as 15 and 2.
func digits(v float64) (units int64, places int) {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	units, _ = strconv.ParseInt(whole+fraction, 10, 64) // beyond 64 bits it is the largest int64
	return units, len(fraction)
}

// ends sets a grid's bounds: those that are the same for all objects are worked out now.
func (c *compiler) ends(g *grid, lowKey string, lowAt policy.Expr, low *expr.Program, highKey string, highAt policy.Expr, high *expr.Program) {
	g.min, g.max = c.bound(g, lowKey, lowAt, low, math.Ceil), c.bound(g, highKey, highAt, high, math.Floor)
	if g.min.program == nil && g.max.program == nil && g.min.units > g.max.units && c.issues == nil {
		c.bad(highKey, highAt, "is %s, below %s, which is %s: write the larger one behind %s", g.value(g.max.units), lowKey, g.value(g.min.units), highKey)
	}
}

func (c *compiler) bound(g *grid, key string, at policy.Expr, p *expr.Program, inwards func(float64) float64) bound {
	if !constant(p) {
		return bound{program: p}
	}
	units, err := g.units(p, &c.frame, inwards)
	if err != nil {
		c.bad(key, at, "%s", failure(err))
	}
	return bound{units: units}
}

func (c *compiler) parameter(key string, at policy.Expr, p *expr.Program) parameter {
	if !constant(p) {
		return parameter{program: p}
	}
	value, err := p.Number(&c.frame)
	if err != nil {
		c.bad(key, at, "%s", failure(err))
	}
	return parameter{value: value}
}

// constant reports whether a program gives the same for all objects.
func constant(p *expr.Program) bool {
	return !slices.ContainsFunc(p.Refs(), func(slot int) bool { return slot != asOfSlot })
}

var kindNames = map[policy.Kind]string{
	policy.Int: "an int", policy.Number: "a number", policy.Bool: "a bool", policy.String: "a text", policy.Date: "a date", policy.List: "a list",
}

// program compiles an expression that must give one of the kinds, over as_of and earlier fields.
func (c *compiler) program(f *field, key string, x policy.Expr, kinds ...policy.Kind) *expr.Program {
	p, issues := c.env.Compile(x, c.document, c.path+"."+key)
	if issues != nil {
		c.issues = append(c.issues, issues...)
		return nil
	}
	if !slices.Contains(kinds, p.Kind()) {
		c.bad(key, x, "gives %s where %s is needed", kindNames[p.Kind()], kindNames[kinds[len(kinds)-1]])
		return nil
	}
	for _, slot := range p.Refs() {
		if slot == asOfSlot {
			continue
		}
		parent := fieldOf(slot)
		name := c.env.Vars()[slot].Name
		switch {
		case c.doc.Fields[parent].Kind == policy.FieldFake:
			c.bad(key, x, "names %s, which is text for people only: no expression can see it", name)
		case parent >= c.at:
			c.bad(key, x, "names %s, which is not drawn yet: move this field behind it", name)
		case !slices.Contains(f.parents, parent):
			f.parents = append(f.parents, parent)
		}
	}
	return p
}

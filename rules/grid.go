package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"verdictory/expr"
	"verdictory/policy"
)

// bounds evaluates the bounds of an object's fields where they are the same for every object.
type bounds struct {
	env   *expr.Env // the object's fields as its generator knows them, and as_of behind them
	frame expr.Frame
	asOf  int // the slot of as_of
}

func (c *compiler) bounds(doc *policy.ObjectDoc, slots []slot) *bounds {
	var vars []expr.Var
	for _, s := range slots {
		vars = append(vars, c.book.vars[s.slot])
	}
	b := &bounds{asOf: len(vars)}
	b.env, _ = expr.NewEnv(append(vars, expr.Var{Name: "as_of", Kind: policy.Date})) // names that an env has taken before, and no object is called as_of
	b.frame.Slots = make([]policy.Value, len(vars)+1)
	b.frame.Slots[b.asOf] = doc.AsOf
	return b
}

// constant gives the value of a bound, absent where there is none or it is not the same for every object.
func (b *bounds) constant(x policy.Expr) policy.Value {
	if x.Source == "" {
		return policy.Value{}
	}
	p, issues := b.env.Compile(x, "", "")
	if issues != nil || slices.ContainsFunc(p.Refs(), func(slot int) bool { return slot != b.asOf }) {
		return policy.Value{} // what is wrong with it, the generator's compiler says
	}
	v, err := p.Eval(&b.frame)
	if err != nil {
		return policy.Value{}
	}
	return v
}

// grid is the values that a field draws, as whole points: the value times scale.
type grid struct {
	kind     policy.Kind
	scale    float64 // a power of ten; of an int and a date 1
	step     int64
	lo, hi   int64   // beyond any point where the field has no such bound
	anchored bool    // the points are lo, lo + step and so on; otherwise whatever is asked for is a point
	only     []int64 // the only points, ascending; nil for all
}

// furthest bounds the points: below it each is a float64, and sums do not overflow.
const furthest = 1 << 53

// mostDecimals is how fine a grid can be: a constant with more decimals counts as the nearest point.
const mostDecimals = 9

// grid makes the grid of a field of kind Int, Number or Date. A number that is worked out has no step: its grid is as
// fine as the constants that it is compared with.
func (b *bounds) grid(field *policy.Field, kind policy.Kind, constants []policy.Value) *grid {
	g := &grid{kind: kind, scale: 1, step: 1, lo: -2 * furthest, hi: 2 * furthest}
	low, high := b.constant(field.Min), b.constant(field.Max)
	if kind == policy.Date {
		low, high = b.constant(field.From), b.constant(field.To)
	}
	if kind == policy.Number {
		digits := decimals(field.Step)
		for _, v := range append([]policy.Value{low, high}, constants...) {
			digits = max(digits, decimals(v.String()))
		}
		g.scale = math.Pow10(min(digits, mostDecimals))
	}
	step, _ := strconv.ParseFloat(field.Step, 64) // 0 for none
	if p, ok := g.point(policy.NumberValue(step)); ok && p > 0 {
		g.step = p
	}
	if p, ok := g.point(low); ok {
		g.lo, g.anchored = p, true
	}
	if p, ok := g.point(high); ok {
		g.hi = p
	}
	if field.Distribution == policy.Weights {
		for _, choice := range field.Choices {
			n, _ := strconv.ParseInt(choice.Label, 10, 64) // the document's reader has seen to it
			g.only = append(g.only, n)
		}
		slices.Sort(g.only)
	}
	return g
}

// decimals counts the digits behind the point.
func decimals(number string) int {
	_, fraction, _ := strings.Cut(number, ".")
	return len(fraction)
}

// point gives the point of an Int, a Number or a Date; ok is false for an absent value and for one too far out.
func (g *grid) point(v policy.Value) (p int64, ok bool) {
	x := float64(v.Int())
	if v.Kind() == policy.Number {
		x = v.Number()
	}
	x = math.Round(x * g.scale)
	return int64(x), v.Kind() != policy.Absent && math.Abs(x) < furthest
}

// value gives the value of a point.
func (g *grid) value(p int64) policy.Value {
	switch g.kind {
	case policy.Number:
		return policy.NumberValue(float64(p) / g.scale) // both are exact, so this is the float64 nearest to the decimals
	case policy.Date:
		return policy.DateValue(p)
	}
	return policy.IntValue(p)
}

// turns gives the values just below, at and just above each constant, ascending, as far as the field draws them.
func (g *grid) turns(constants []policy.Value) []policy.Value {
	var points []int64
	for _, v := range constants {
		if at, ok := g.point(v); ok {
			points = append(points, g.near(at)...)
		}
	}
	slices.Sort(points)
	var values []policy.Value
	for _, p := range slices.Compact(points) {
		values = append(values, g.value(p))
	}
	return values
}

// near gives the nearest points of the grid below, at and above.
func (g *grid) near(at int64) []int64 {
	if g.only != nil {
		i, found := slices.BinarySearch(g.only, at)
		above := i
		if found {
			above++
		}
		return g.only[max(0, i-1):min(len(g.only), above+1)]
	}
	points := []int64{at - g.step, at, at + g.step}
	if g.anchored {
		if beyond := ((at-g.lo)%g.step + g.step) % g.step; beyond > 0 {
			points = []int64{at - beyond, at - beyond + g.step}
		}
	}
	return slices.DeleteFunc(points, func(p int64) bool { return p < g.lo || p > g.hi })
}

package generators

import (
	"fmt"
	"math"
	"strconv"

	"verdictory/expr"
	"verdictory/policy"
)

// maxUnits bounds what an int or a number counts: every whole number up to it is a float64, and a JSON number everywhere.
const maxUnits = 1 << 53

// grid spreads an int, a number or a date over the values min, min + step and so on up to max. It counts in units: for
// a number in its last decimal, so that 35.1 is 351 units of a tenth, and its float64 is the one nearest to 351/10; for
// an int in ones; for a date in days.
type grid struct {
	kind     policy.Kind
	scale    int64 // units in 1: a power of ten
	step     int64 // in units
	min, max bound

	distribution    policy.Distribution
	mean, deviation parameter
}

// bound is an end of a grid: the same for all objects, or an expression over earlier fields.
type bound struct {
	units   int64 // where program is nil
	program *expr.Program
}

// parameter is a mean or a deviation: the same for all objects, or an expression over earlier fields.
type parameter struct {
	value   float64 // where program is nil
	program *expr.Program
}

func (p *parameter) of(frame *expr.Frame) (float64, error) {
	if p.program == nil {
		return p.value, nil
	}
	return p.program.Number(frame)
}

// span is the grid of one object: min, min + step, … min + last × step.
type span struct{ min, last int64 }

// span gives the values that the field may have for the object in the frame. No value is an error.
func (g *grid) span(frame *expr.Frame) (span, error) {
	low, high := g.min.units, g.max.units
	var err error
	if g.min.program != nil {
		if low, err = g.units(g.min.program, frame, math.Ceil); err != nil {
			return span{}, err
		}
	}
	if g.max.program != nil {
		if high, err = g.units(g.max.program, frame, math.Floor); err != nil {
			return span{}, err
		}
	}
	if low > high {
		return span{}, g.empty(low, high)
	}
	return span{low, (high - low) / g.step}, nil
}

// empty is the error for a range without a value. An object that must have one cannot be drawn: a value outside of the
// range would break what the document says of it.
func (g *grid) empty(low, high int64) error {
	least, most := "min", "max"
	if g.kind == policy.Date {
		least, most = "from", "to"
	}
	return fmt.Errorf("has no value between %s %s and %s %s: write expressions that never give a %s above %s",
		least, g.value(low), most, g.value(high), least, most)
}

// units evaluates a bound. A number that is not whole in units is rounded into the range.
func (g *grid) units(p *expr.Program, frame *expr.Frame, inwards func(float64) float64) (int64, error) {
	if p.Kind() == policy.Number {
		v, err := p.Number(frame)
		if err != nil {
			return 0, err
		}
		return g.unitsOf(v, inwards)
	}
	n, err := p.Int(frame)
	if err != nil {
		return 0, err
	}
	if n > maxUnits/g.scale || n < -maxUnits/g.scale {
		return 0, fmt.Errorf("is bounded by %d, which is too large to count exactly in steps of %s", n, decimal(g.step, g.scale))
	}
	return n * g.scale, nil
}

// unitsOf gives a number in units. What lies within a millionth of a unit from a whole number of them is that number,
// so that 0.1 + 0.2 is 0.3; anything else is rounded inwards.
func (g *grid) unitsOf(v float64, inwards func(float64) float64) (int64, error) {
	scaled := float64(v * float64(g.scale))
	if math.Abs(scaled) > maxUnits {
		return 0, fmt.Errorf("is bounded by %g, which is too large to count exactly in steps of %s", v, decimal(g.step, g.scale))
	}
	nearest := math.Floor(scaled + 0.5)
	if math.Abs(scaled-nearest) < 1e-6 {
		return int64(nearest), nil
	}
	return int64(inwards(scaled)), nil
}

// value gives the value of so many units.
func (g *grid) value(units int64) policy.Value {
	switch g.kind {
	case policy.Number:
		return policy.NumberValue(float64(units) / float64(g.scale)) // the float64 nearest to the decimal, since both are exact
	case policy.Date:
		return policy.DateValue(units)
	}
	return policy.IntValue(units)
}

func (g *grid) draw(d *Drawer) (policy.Value, error) {
	s, err := g.span(&d.frame)
	if err != nil {
		return policy.Value{}, err
	}
	if g.distribution == policy.Uniform {
		return g.value(s.min + int64(d.stream.below(uint64(s.last)+1))*g.step), nil
	}
	mean, err := g.mean.of(&d.frame)
	if err != nil {
		return policy.Value{}, err
	}
	deviation, err := g.deviation.of(&d.frame)
	if err != nil {
		return policy.Value{}, err
	}
	if err := g.possible(mean, deviation); err != nil {
		return policy.Value{}, err
	}
	x := float64(deviation * d.stream.normal())
	if g.distribution == policy.LogNormal {
		x = mean * exp(x)
	} else {
		x += mean
	}
	return g.value(s.min + g.nearest(s, x)*g.step), nil
}

// possible says what is wrong with a mean and a deviation.
func (g *grid) possible(mean, deviation float64) error {
	switch {
	case deviation < 0:
		return fmt.Errorf("has a deviation of %v: write one that is never below 0", deviation)
	case g.distribution == policy.LogNormal && mean <= 0:
		return fmt.Errorf("has a mean of %v: that of log-normal, its median, must be above 0", mean)
	}
	return nil
}

// nearest gives the number of steps from the minimum to the value nearest to x; beyond an end it is the end's.
func (g *grid) nearest(s span, x float64) int64 {
	steps := (float64(x*float64(g.scale)) - float64(s.min)) / float64(g.step)
	switch {
	case steps <= 0:
		return 0
	case steps >= float64(s.last):
		return s.last
	}
	return int64(math.Floor(steps + 0.5))
}

// among appends the indices of the values that the field may have for the object at hand.
func (g *grid) among(d *Drawer, values []policy.Value, indices []int) []int {
	s, _ := g.span(&d.frame)
	for i, v := range values {
		units, ok := v.Int(), true
		if g.kind == policy.Number {
			scaled := math.Floor(float64(v.Number()*float64(g.scale)) + 0.5)
			ok = math.Abs(scaled) <= maxUnits
			if ok {
				units = int64(scaled)
				ok = g.value(units).Equal(v)
			}
		}
		if ok && units >= s.min && units <= s.min+s.last*g.step && (units-s.min)%g.step == 0 {
			indices = append(indices, i)
		}
	}
	return indices
}

// positions gives the field's values for the object at hand in ascending order, by their number.
func (g *grid) positions(d *Drawer) positions {
	s, _ := g.span(&d.frame)
	return positions{grid: g, span: s, count: s.last + 1}
}

// positions is the ascending values of an ordered field: those of a grid, or a list.
type positions struct {
	count int64
	grid  *grid
	span  span
	list  []policy.Value // where grid is nil
}

func (p *positions) at(k int64) policy.Value {
	if p.grid == nil {
		return p.list[k]
	}
	return p.grid.value(p.span.min + k*p.grid.step)
}

// decimal writes so many units in plain decimals.
func decimal(units, scale int64) string {
	return strconv.FormatFloat(float64(units)/float64(scale), 'f', -1, 64)
}

package generators

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// An aim gives some fields values that their own distributions would not often give: a fixed one, or with a probability
// one of some candidates.
//
// A drawn field simply takes the value. A value field cannot: its value follows from others. So it is steered: where it
// depends on an ordered field, that field is searched for the values that give the wanted one, by bisection, which is
// right where the expression only rises or only falls; and what the field then gives is looked at, so that a search
// gone wrong does no harm. What this does not reach is tried by drawing the fields that it depends on anew.
//
// Fixes come before candidates, and among equals the earlier field comes first: what one aim has settled, no later one
// moves. All that an aim changes is its field, the fields that a value field depends on, and what depends on them.

const (
	attempts      = 64   // how often the fields behind a value field are drawn anew before its aim is given up
	maxCandidates = 1000 // values of one field
)

// links say how a field depends on others. They are fields' indices; all but parents are of value fields alone.
type links struct {
	parents []int // that the field's own expressions and tables name
	sources []int // the drawn fields that it depends on, near or far, ascending
	ordered []int // the ordered fields among those that its expressions name, its own or through other value fields, the last first
	chain   []int // the value fields through which they are named, ascending, and the field itself
}

// ordered is a spread over ascending values.
type ordered interface {
	// positions gives the values of the object at hand, for which the field has been drawn already.
	positions(*Drawer) positions
}

// link works out the links of value fields from the parents of all fields.
func link(fields []field) {
	ancestors := make([][]int, len(fields))
	for i := range fields {
		f := &fields[i]
		for _, parent := range f.parents {
			ancestors[i] = append(append(ancestors[i], parent), ancestors[parent]...)
		}
		slices.Sort(ancestors[i])
		ancestors[i] = slices.Compact(ancestors[i])
		if f.value == nil {
			continue
		}
		for _, a := range ancestors[i] {
			if fields[a].value == nil {
				f.sources = append(f.sources, a)
			}
		}
		for _, parent := range f.parents {
			if fields[parent].value != nil {
				f.ordered = append(f.ordered, fields[parent].ordered...)
				f.chain = append(f.chain, fields[parent].chain...)
			} else if _, ok := fields[parent].spread.(ordered); ok {
				f.ordered = append(f.ordered, parent)
			}
		}
		f.chain = append(f.chain, i)
		slices.Sort(f.chain)
		slices.Sort(f.ordered)
		f.chain, f.ordered = slices.Compact(f.chain), slices.Compact(f.ordered)
		slices.Reverse(f.ordered)
	}
}

// level is how firmly a field's value is settled.
type level int

const (
	free level = iota
	candidate
	fixed
)

// aim is what one field is wanted to be.
type aim struct {
	level     level
	values    []policy.Value // one for a fix
	threshold uint64         // how often, for candidates
}

// aiming is a drawer's aims and its scratch for them.
type aiming struct {
	aims              []aim // by field
	states            []state
	fixes, candidates bool
	indices           []int
}

// state is what has been settled about a field of the object being drawn.
type state struct {
	by      level        // an aim that has settled it, its own or a value field's that depends on it
	moved   policy.Value // what a value field's aim has set it to; absent for none
	attempt int          // which of the stream's numbers it is drawn from
	tries   int          // for an aimed value field: how often the fields behind it have been moved or drawn anew
}

// NewDrawer makes a drawer that follows the aim. An aim that does not fit the document is an Invalid contract.Error with
// an issue for each field: one that does not exist or is aimed twice, a value of a wrong kind, a label that the field
// does not have, a probability outside 0 to 1. A fix need not lie within the field's range.
func (g *Generator) NewDrawer(a contract.Aim) (*Drawer, error) {
	d := g.newDrawer()
	if len(a.Fix) == 0 && len(a.Candidates) == 0 {
		return d, nil
	}
	d.aiming = &aiming{
		aims: make([]aim, len(g.fields)), states: make([]state, len(g.fields)),
		fixes: len(a.Fix) > 0, candidates: len(a.Candidates) > 0,
	}
	var issues policy.Issues
	bad := func(name, format string, args ...any) {
		issues = append(issues, policy.Issue{Field: g.doc.Object + "." + name, Message: fmt.Sprintf(format, args...)})
	}
	shape := g.doc.Shape
	for _, name := range slices.Sorted(maps.Keys(a.Fix)) {
		i := shape.Index(name)
		if i < 0 {
			bad(name, "%s has no field %q%s", g.doc.Object, name, policy.DidYouMean(name, shape.Names()))
			continue
		}
		v, err := valueFor(&shape.Columns[i], a.Fix[name])
		if err != nil {
			bad(name, "%s", err)
			continue
		}
		d.aiming.aims[i] = aim{level: fixed, values: []policy.Value{v}}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Candidates)) {
		i, c := shape.Index(name), a.Candidates[name]
		switch {
		case i < 0:
			bad(name, "%s has no field %q%s", g.doc.Object, name, policy.DidYouMean(name, shape.Names()))
			continue
		case d.aiming.aims[i].level == fixed:
			bad(name, "%s is both fixed and given candidates: leave one of them out", name)
			continue
		case len(c.Values) > maxCandidates:
			bad(name, "%s has %d candidates: write at most %d", name, len(c.Values), maxCandidates)
			continue
		case !(c.Probability >= 0 && c.Probability <= 1):
			bad(name, "%s has candidates with the probability %v: write a number from 0 to 1", name, c.Probability)
			continue
		}
		aim := aim{level: candidate, threshold: threshold(c.Probability)}
		for _, value := range c.Values {
			v, err := valueFor(&shape.Columns[i], value.AppendJSON(nil))
			if err != nil {
				bad(name, "%s", err)
				continue
			}
			aim.values = append(aim.values, v)
		}
		if len(aim.values) > 0 {
			d.aiming.aims[i] = aim
		}
	}
	if issues != nil {
		lines := make([]string, len(issues))
		for i, issue := range issues {
			lines[i] = issue.Message
		}
		return nil, &contract.Error{Code: contract.Invalid, Issues: issues, Message: "The aim does not fit the " + g.doc.Object + ": " + strings.Join(lines, "; ") + "."}
	}
	return d, nil
}

// valueFor reads a JSON value for a column.
func valueFor(column *policy.Column, raw []byte) (policy.Value, error) {
	v, err := policy.ParseJSON(column.Kind, raw)
	if err != nil {
		return v, fmt.Errorf("%s: %w", column.Name, err)
	}
	return v, column.Check(v)
}

// drawAimed draws the object of the seed into the frame: once for the fixes, and once more for the candidates, which
// then move nothing that the fixes have settled.
func (d *Drawer) drawAimed(seed policy.Seed) error {
	clear(d.aiming.states)
	if d.aiming.fixes {
		if err := d.pass(seed, fixed); err != nil {
			return err
		}
	}
	if d.aiming.candidates {
		return d.pass(seed, candidate)
	}
	return nil
}

// pass draws all fields and follows the aims of one level. An aim at a value field may send it back to a field that was
// drawn already.
func (d *Drawer) pass(seed policy.Seed, pass level) error {
	for i := 0; i < len(d.generator.fields); {
		if err := d.settled(i, seed); err != nil {
			return d.failed(i, seed, err)
		}
		next := i + 1
		switch aim := &d.aiming.aims[i]; {
		case aim.level != pass || pass == candidate && !d.chosen(i, seed, aim):
		case d.generator.fields[i].value == nil:
			d.take(i, aim)
		default:
			var ok bool
			if next, ok = d.steer(i, seed, aim); !ok {
				return d.failed(i, seed, fmt.Errorf("cannot be fixed to %s: nothing that it follows from, as far as it is free, was found to give that", aim.values[0]))
			}
		}
		i = next
	}
	return nil
}

// settled draws a field as far as it is settled: to its fix, to what it was moved to, or from its stream.
func (d *Drawer) settled(i int, seed policy.Seed) error {
	state, slot := &d.aiming.states[i], &d.frame.Slots[slotOf(i)]
	aim := &d.aiming.aims[i]
	switch {
	case aim.level == fixed && d.generator.fields[i].value == nil:
		state.by = fixed
		*slot = aim.values[0]
	case state.moved.Kind() != policy.Absent:
		*slot = state.moved
	default:
		return d.field(i, seed, state.attempt)
	}
	return nil
}

// chosen says whether the object follows candidates. It leaves the stream behind the field's choice, for those to come.
func (d *Drawer) chosen(i int, seed policy.Seed, aim *aim) bool {
	d.stream.start(d.generator.fields[i].aims, seed, 0)
	return d.stream.hits(aim.threshold)
}

// take gives a drawn field one of its candidates that it could have, each as likely as the others. A fixed field has its
// value already.
func (d *Drawer) take(i int, aim *aim) {
	state := &d.aiming.states[i]
	if state.by == fixed || state.moved.Kind() != policy.Absent {
		return
	}
	d.aiming.indices = d.generator.fields[i].spread.among(d, aim.values, d.aiming.indices[:0])
	if n := len(d.aiming.indices); n > 0 {
		state.by = candidate
		d.frame.Slots[slotOf(i)] = aim.values[d.aiming.indices[d.stream.below(uint64(n))]]
	}
}

// steer follows an aim at a value field that has been worked out. It gives the field to draw next: the one behind it
// where the aim is met or given up, an earlier one that has been moved or is to be drawn anew otherwise; and false for a
// fix that cannot be met.
func (d *Drawer) steer(i int, seed policy.Seed, aim *aim) (next int, ok bool) {
	f, state := &d.generator.fields[i], &d.aiming.states[i]
	if state.tries > attempts+1 {
		return i + 1, true
	}
	if slices.ContainsFunc(aim.values, d.frame.Slots[slotOf(i)].Equal) {
		for _, source := range f.sources {
			d.aiming.states[source].by = max(d.aiming.states[source].by, aim.level)
		}
		return i + 1, true
	}
	state.tries++
	if state.tries == 1 {
		if aim.level == fixed {
			d.stream.start(f.aims, seed, 0)
		}
		if source, value, found := d.search(i, aim); found {
			d.aiming.states[source].moved = value
			return source, true
		}
		state.tries++
	}
	if state.tries <= attempts+1 {
		if source := d.anew(f, state.tries-1); source >= 0 {
			return source, true
		}
		state.tries = attempts + 2
	}
	if aim.level == fixed {
		return 0, false
	}
	if source := d.anew(f, 0); source >= 0 { // as if there were no aim
		return source, true
	}
	return i + 1, true
}

// anew has the fields that a value field depends on drawn from the numbers of another attempt, as far as they are free.
// It gives the first of them, -1 for none.
func (d *Drawer) anew(f *field, attempt int) int {
	first := -1
	for _, source := range f.sources {
		if state := &d.aiming.states[source]; state.by == free {
			state.moved, state.attempt = policy.Value{}, attempt
			if first < 0 {
				first = source
			}
		}
	}
	return first
}

// search looks for a value of one free ordered field that gives the value field one of those wanted. It takes the wanted
// ones in random order, and not more of them than there would be attempts.
func (d *Drawer) search(i int, aim *aim) (source int, value policy.Value, found bool) {
	wanted := d.aiming.indices[:0]
	for j := range aim.values {
		wanted = append(wanted, j)
	}
	d.aiming.indices = wanted
	for n := len(wanted); n > max(0, len(wanted)-attempts); n-- {
		pick := d.stream.below(uint64(n))
		target := aim.values[wanted[pick]]
		wanted[pick] = wanted[n-1]
		for _, source := range d.generator.fields[i].ordered {
			if d.aiming.states[source].by != free {
				continue
			}
			slot := &d.frame.Slots[slotOf(source)]
			own := *slot
			if value, found := d.bisect(i, source, target); found {
				return source, value, true
			}
			*slot = own
			d.derive(i)
		}
	}
	return 0, policy.Value{}, false
}

// bisect gives one of the values of an ordered field for which a value field has the target, each as likely as the
// others, as far as the value field rises or falls with it all the way.
func (d *Drawer) bisect(i, source int, target policy.Value) (value policy.Value, found bool) {
	p := d.generator.fields[source].spread.(ordered).positions(d)
	failed := false
	at := func(k int64) policy.Value {
		d.frame.Slots[slotOf(source)] = p.at(k)
		failed = failed || !d.derive(i)
		return d.frame.Slots[slotOf(i)]
	}
	sign := 1
	if compare(at(0), at(p.count-1)) > 0 {
		sign = -1
	}
	// first gives the first position from which on the value field is at least the target, or with beyond 1 above it.
	first := func(beyond int) int64 {
		low, high := int64(0), p.count
		for low < high {
			middle := low + (high-low)/2
			if sign*compare(at(middle), target) >= beyond {
				high = middle
			} else {
				low = middle + 1
			}
		}
		return low
	}
	low, high := first(0), first(1)
	if low >= high || failed {
		return policy.Value{}, false
	}
	return p.at(low + int64(d.stream.below(uint64(high-low)))), true
}

// derive works out a value field again, with the value fields between it and the fields that it was steered by. It gives
// false where one fails.
func (d *Drawer) derive(i int) bool {
	for _, link := range d.generator.fields[i].chain {
		if d.field(link, 0, 0) != nil {
			return false
		}
	}
	return true
}

// compare orders two values of one kind.
func compare(a, b policy.Value) int {
	switch a.Kind() {
	case policy.Number:
		return cmp.Compare(a.Number(), b.Number())
	case policy.String:
		return strings.Compare(a.Text(), b.Text())
	}
	return cmp.Compare(a.Int(), b.Int()) // an int, a date in days, or a bool as 0 or 1
}

package expr

import (
	"math"
	"slices"

	"verdictory/policy"
)

// The bounds on domains, and so on the work that they are.
const (
	maxBoxes  = 64  // of a program's domain
	maxPieces = 256 // of what domains are cut into
)

// shape is a Bool expression made of comparisons of slots with constants.
type shape struct {
	op         shapeOp
	comparison Comparison // of an atom
	kids       []*shape
}

type shapeOp uint8

const (
	atom shapeOp = iota
	all
	some
	not
	always
	never
)

// with adds an operand to all or some; nil where either is nil.
func (s *shape) with(kid *shape) *shape {
	if s == nil || kid == nil {
		return nil
	}
	return &shape{op: s.op, kids: append(slices.Clip(s.kids), kid)}
}

// negation gives the shape that holds where s does not; nil for nil.
func (s *shape) negation() *shape {
	switch {
	case s == nil:
		return nil
	case s.op == atom:
		c := s.comparison
		c.Op = c.Op.negated()
		return &shape{op: atom, comparison: c}
	}
	return &shape{op: not, kids: []*shape{s}}
}

// Domain is a set of frames: those in any of its boxes. The Domain without boxes is empty.
type Domain []Box

// Box is the frames whose every side's slot holds a value of its set; slots without a side hold any value. Sides are
// in the order of their slots, and none is empty.
type Box []Side

// Side is one slot's share of a box.
type Side struct {
	Slot int
	Set  Set
}

// Set is some of the values of one kind: whole ranges of Int, Date, Number and Bool, single ones of String.
type Set struct {
	kind   policy.Kind
	spans  []span   // disjoint, ascending; all kinds but String
	words  []string // String: the values,
	except bool     // or all values but these
	labels []string // String: all the values there are; nil for any
}

// span is the values from lo to hi: numbers by rank, false and true as 0 and 1.
type span struct{ lo, hi int64 }

// Domain gives the frames for which a program of kind Bool holds. known is false where the program is made of anything
// but &&, ||, ! and comparisons of slots with constants, or would need more than 64 boxes. A slot is taken to hold any
// value of its kind, a String with Labels any of them, a Number any finite one.
func (p *Program) Domain() (d Domain, known bool) {
	if p.root.shape == nil {
		return nil, false
	}
	if d, known = p.env.domain(p.root.shape, true); !known {
		return nil, false
	}
	return d, true
}

// domain gives the frames for which the shape holds, or for which it does not.
func (e *Env) domain(s *shape, positive bool) (Domain, bool) {
	switch s.op {
	case atom:
		v := &e.vars[s.comparison.Slot]
		set := s.comparison.set(v)
		if !positive {
			set = set.complement()
		}
		return Domain{Box{}.with(s.comparison.Slot, set)}.compact(), true
	case not:
		return e.domain(s.kids[0], !positive)
	case always, never:
		if (s.op == always) == positive {
			return Domain{Box{}}, true
		}
		return nil, true
	}
	parts := make([]Domain, len(s.kids))
	for i, kid := range s.kids {
		var ok bool
		if parts[i], ok = e.domain(kid, positive); !ok {
			return nil, false
		}
	}
	if (s.op == some) == positive {
		d := slices.Concat(parts...)
		return d, len(d) <= maxBoxes
	}
	d := Domain{Box{}}
	for _, part := range parts {
		var ok bool
		if d, ok = d.Intersect(part); !ok {
			return nil, false
		}
	}
	return d, len(d) <= maxBoxes
}

// set gives the values for which the comparison holds.
func (c Comparison) set(v *Var) Set {
	s := Set{kind: v.Kind, labels: v.Labels}
	for _, constant := range c.Constants {
		switch v.Kind {
		case policy.String:
			s.words = append(s.words, constant.Text())
		case policy.Number:
			lo, hi := numberBounds(c.Op, constant.Number())
			s.spans = append(s.spans, span{rank(max(lo, -math.MaxFloat64)), rank(min(hi, math.MaxFloat64))})
		case policy.Bool:
			n := zeroOne(constant)
			s.spans = append(s.spans, span{n, n})
		default:
			lo, hi := wholeBounds(c.Op, constant.Int())
			all := everything(v.Kind)
			s.spans = append(s.spans, span{max(lo, all.lo), min(hi, all.hi)})
		}
	}
	slices.Sort(s.words)
	s.words = slices.Compact(s.words)
	s.spans = merged(s.spans)
	if c.Op == Ne || c.Op == NotIn {
		return s.complement()
	}
	return s
}

// rank maps finite numbers to whole ones in the same order, neighbours to neighbours, both zeros to 0.
func rank(x float64) int64 {
	n := int64(math.Float64bits(x))
	if n < 0 {
		return math.MinInt64 - n
	}
	return n
}

// everything is the span of all values of a kind.
func everything(kind policy.Kind) span {
	switch kind {
	case policy.Bool:
		return span{0, 1}
	case policy.Date:
		return span{policy.MinDay, policy.MaxDay}
	case policy.Number:
		return span{rank(-math.MaxFloat64), rank(math.MaxFloat64)}
	}
	return span{math.MinInt64, math.MaxInt64}
}

// merged sorts spans, joins those that meet and drops empty ones.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if a.lo < b.lo {
			return -1
		}
		return 1
	})
	var out []span
	for _, s := range spans {
		if s.lo > s.hi {
			continue
		}
		if last := len(out) - 1; last >= 0 && (s.lo <= out[last].hi || s.lo-1 == out[last].hi) {
			out[last].hi = max(out[last].hi, s.hi)
			continue
		}
		out = append(out, s)
	}
	return out
}

// Empty reports whether no value is in the set.
func (s Set) Empty() bool { return len(s.spans) == 0 && len(s.words) == 0 && !s.except }

// Contains reports whether the value, of the set's kind, is in the set.
func (s Set) Contains(v policy.Value) bool {
	var n int64
	switch s.kind {
	case policy.String:
		return slices.Contains(s.words, v.Text()) != s.except
	case policy.Number:
		n = rank(v.Number())
	case policy.Bool:
		n = zeroOne(v)
	default:
		n = v.Int()
	}
	return slices.ContainsFunc(s.spans, func(s span) bool { return s.lo <= n && n <= s.hi })
}

// complement gives the values of the kind that are not in the set.
func (s Set) complement() Set {
	out := Set{kind: s.kind, labels: s.labels}
	switch {
	case s.kind != policy.String:
		all := everything(s.kind)
		lo := all.lo
		for _, t := range s.spans {
			if t.lo > lo {
				out.spans = append(out.spans, span{lo, t.lo - 1})
			}
			if t.hi == all.hi {
				return out
			}
			lo = t.hi + 1
		}
		out.spans = append(out.spans, span{lo, all.hi})
	case s.labels == nil:
		out.words, out.except = s.words, !s.except
	default:
		for _, label := range s.labels {
			if !slices.Contains(s.words, label) {
				out.words = append(out.words, label)
			}
		}
		slices.Sort(out.words)
	}
	return out
}

// intersect gives the values that are in both sets.
func (s Set) intersect(t Set) Set {
	out := Set{kind: s.kind, labels: s.labels}
	for _, a := range s.spans {
		for _, b := range t.spans {
			if lo, hi := max(a.lo, b.lo), min(a.hi, b.hi); lo <= hi {
				out.spans = append(out.spans, span{lo, hi})
			}
		}
	}
	if s.except && t.except {
		out.except = true
		out.words = slices.Concat(s.words, t.words)
		slices.Sort(out.words)
		out.words = slices.Compact(out.words)
		return out
	}
	if s.except {
		s, t = t, s
	}
	for _, w := range s.words {
		if slices.Contains(t.words, w) != t.except {
			out.words = append(out.words, w)
		}
	}
	return out
}

// with gives the part of the box whose slot holds a value of the set. That side may be empty: compact drops such boxes.
func (b Box) with(slot int, set Set) Box {
	out := make(Box, 0, len(b)+1)
	for i, s := range b {
		if s.Slot == slot {
			out = append(out, Side{slot, s.Set.intersect(set)})
			return append(out, b[i+1:]...)
		}
		if s.Slot > slot {
			return append(append(out, Side{slot, set}), b[i:]...)
		}
		out = append(out, s)
	}
	return append(out, Side{slot, set})
}

// compact drops boxes with an empty side.
func (d Domain) compact() Domain {
	return slices.DeleteFunc(d, Box.empty)
}

func (b Box) empty() bool {
	return slices.ContainsFunc(b, func(s Side) bool { return s.Set.Empty() })
}

// Contains reports whether the frame with these slots is in the domain.
func (d Domain) Contains(slots []policy.Value) bool {
	return slices.ContainsFunc(d, func(b Box) bool {
		return !slices.ContainsFunc(b, func(s Side) bool { return !s.Set.Contains(slots[s.Slot]) })
	})
}

// Intersect gives the frames that are in both domains; ok is false where that may take more than 256 boxes.
func (d Domain) Intersect(other Domain) (both Domain, ok bool) {
	if len(d)*len(other) > maxPieces {
		return nil, false
	}
	for _, a := range d {
		for _, b := range other {
			out := a
			for _, s := range b {
				out = out.with(s.Slot, s.Set)
			}
			both = append(both, out)
		}
	}
	return both.compact(), true
}

// Minus gives the frames that are in d and not in other; ok is false where that takes more than 256 boxes on the way.
func (d Domain) Minus(other Domain) (rest Domain, ok bool) {
	rest = d
	for _, b := range other {
		var next Domain
		for _, a := range rest {
			if next = append(next, a.minus(b)...); len(next) > maxPieces {
				return nil, false
			}
		}
		rest = next
	}
	return rest, true
}

// minus cuts a box out of b: for each of its sides, the part of b that is outside it and inside its earlier sides.
func (b Box) minus(cut Box) Domain {
	var out Domain
	inside := b
	for _, s := range cut {
		out = append(out, inside.with(s.Slot, s.Set.complement()))
		if inside = inside.with(s.Slot, s.Set); inside.empty() {
			return Domain{b} // they have nothing in common
		}
	}
	return out.compact()
}

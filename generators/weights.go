package generators

import (
	"slices"
	"strconv"

	"verdictory/policy"
)

// weighted spreads a choice over labels with weights.
type weighted struct {
	values []policy.Value
	cuts   []uint64 // cumulative, as thresholds; the last is certain
}

// newWeighted makes the spread of choices. A table that is edited a little gives nearly the same objects, because it is
// searched in its own order.
func newWeighted(choices []policy.Choice, value func(label string) policy.Value) *weighted {
	w := &weighted{}
	largest, total := 0.0, 0.0
	for _, c := range choices {
		largest = max(largest, c.Weight)
	}
	for _, c := range choices {
		total += c.Weight / largest // in proportion to the largest, so that no sum is infinite
	}
	sum := 0.0
	for _, c := range choices {
		sum += c.Weight / largest
		w.values = append(w.values, value(c.Label))
		w.cuts = append(w.cuts, threshold(sum/total))
	}
	return w
}

// pick draws one of the values.
func (w *weighted) pick(s *stream) policy.Value {
	u := s.Uint64() >> 11
	low := 0
	if len(w.cuts) > 16 {
		low, _ = slices.BinarySearch(w.cuts, u)
	}
	for u >= w.cuts[low] {
		low++
	}
	return w.values[low]
}

func (w *weighted) draw(d *Drawer) (policy.Value, error) { return w.pick(&d.stream), nil }

func (w *weighted) among(_ *Drawer, values []policy.Value, indices []int) []int {
	for i, v := range values {
		if slices.ContainsFunc(w.values, v.Equal) {
			indices = append(indices, i)
		}
	}
	return indices
}

// weightedInts spreads an int over values with weights.
type weightedInts struct {
	*weighted
	ascending []policy.Value
}

func (w *weightedInts) positions(*Drawer) positions {
	return positions{list: w.ascending, count: int64(len(w.ascending))}
}

// chance spreads a bool: the threshold of true.
type chance uint64

func (c chance) draw(d *Drawer) (policy.Value, error) {
	return policy.BoolValue(d.stream.hits(uint64(c))), nil
}

func (c chance) among(_ *Drawer, values []policy.Value, indices []int) []int {
	for i, v := range values {
		if v.Bool() && c > 0 || !v.Bool() && c < certain {
			indices = append(indices, i)
		}
	}
	return indices
}

// tables spreads a choice or a bool by the label of an earlier field.
type tables struct {
	given int // the slot of that field
	by    map[string]spread
}

func (t *tables) at(d *Drawer) spread {
	given := d.frame.Slots[t.given]
	if given.Kind() == policy.Bool {
		return t.by[strconv.FormatBool(given.Bool())]
	}
	return t.by[given.Text()]
}

func (t *tables) draw(d *Drawer) (policy.Value, error) { return t.at(d).draw(d) }

func (t *tables) among(d *Drawer, values []policy.Value, indices []int) []int {
	return t.at(d).among(d, values, indices)
}

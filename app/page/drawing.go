package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"verdictory/policy"
)

// Drawing is a field's distribution: bars over an area that is 160 wide and 36 high.
type Drawing struct {
	Text      string // what the bars show, in words
	Low, High string // the ends of the axis; empty for labels
	Bars      []Column
	Labels    []LabelShare // the most frequent labels; empty for numbers
	More      string       // 12 more labels; empty for none
}

// Column is one bar of a drawing.
type Column struct{ X, Y, Width, Height string }

// LabelShare is how often a label comes.
type LabelShare struct{ Label, Percent, Width string }

const (
	drawingWidth  = 160.0
	drawingHeight = 36.0
	maxBars       = 24
	labelsShown   = 6
)

// drawing draws what the samples hold; nil where there is nothing to draw.
func drawing(c column, values []policy.Value) *Drawing {
	values = slices.DeleteFunc(slices.Clone(values), func(v policy.Value) bool { return v.Kind() == policy.Absent })
	if len(values) == 0 {
		return nil
	}
	switch c.Kind {
	case policy.Bool, policy.String:
		return labels(c, values)
	case policy.Int, policy.Number, policy.Date:
		return histogram(c, values)
	}
	return nil
}

// scalar places a value on an axis.
func scalar(v policy.Value) float64 {
	if v.Kind() == policy.Number {
		return v.Number()
	}
	return float64(v.Int())
}

// histogram draws bars of equal width between the lowest and the highest sample; where there are few different values, one bar for each.
func histogram(c column, values []policy.Value) *Drawing {
	slices.SortFunc(values, func(a, b policy.Value) int { return cmp.Compare(scalar(a), scalar(b)) })
	low, middle, high := values[0], values[len(values)/2], values[len(values)-1]
	from, span := scalar(low), scalar(high)-scalar(low)
	bars := maxBars
	if c.Kind != policy.Number && span+1 < maxBars {
		bars = int(span) + 1
	}
	counts := make([]int, bars)
	for _, v := range values {
		i := 0
		if span > 0 {
			i = min(bars-1, int((scalar(v)-from)/span*float64(bars)))
			if c.Kind != policy.Number && span+1 < maxBars {
				i = int(scalar(v) - from)
			}
		}
		counts[i]++
	}
	d := &Drawing{Low: c.quantity(low).String(), High: c.quantity(high).String()}
	d.Text = fmt.Sprintf("from %s to %s, half below %s", d.Low, d.High, c.quantity(middle))
	width := drawingWidth / float64(bars)
	top := float64(slices.Max(counts))
	for i, n := range counts {
		if n == 0 {
			continue
		}
		height := math.Max(1, float64(n)/top*drawingHeight)
		d.Bars = append(d.Bars, Column{
			X: decimal(float64(i) * width), Width: decimal(math.Max(1, width-1)), Y: decimal(drawingHeight - height), Height: decimal(height),
		})
	}
	return d
}

func decimal(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// labels lists the labels that come most often.
func labels(c column, values []policy.Value) *Drawing {
	counts := map[string]int{}
	for _, v := range values {
		counts[c.text(v)]++
	}
	order := make([]string, 0, len(counts))
	for label := range counts {
		order = append(order, label)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	d := &Drawing{}
	var texts []string
	for _, label := range order[:min(labelsShown, len(order))] {
		n, total := int64(counts[label]), int64(len(values))
		share := LabelShare{Label: label, Percent: percent(n, total), Width: hundredths(n, int64(counts[order[0]]))}
		d.Labels = append(d.Labels, share)
		texts = append(texts, label+" "+share.Percent)
	}
	d.Text = strings.Join(texts, ", ")
	if more := len(order) - labelsShown; more > 0 {
		d.More = plural(int64(more), "more label")
	}
	return d
}

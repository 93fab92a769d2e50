package generators

import (
	"verdictory/generators/text"
	"verdictory/policy"
)

// fake draws a text for people.
type fake struct{ text text.Draw }

func (f fake) draw(d *Drawer) (policy.Value, error) {
	return policy.StringValue(f.text(d.random)), nil
}

// among takes any text: it is for people only.
func (f fake) among(_ *Drawer, values []policy.Value, indices []int) []int {
	for i := range values {
		indices = append(indices, i)
	}
	return indices
}

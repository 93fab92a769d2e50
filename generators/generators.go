// Package generators draws the objects that a policy's who.yaml and what.yaml describe: services 2 and 3.
//
// Compile makes a Generator of a document; a Drawer draws one object after another from it, each as a function of its
// seed alone:
//
//	generator, issues := generators.Compile("who.yaml", doc)
//	drawer, err := generator.NewDrawer(contract.Aim{})
//	err = drawer.Draw(generators.ObjectSeed(run, index, contract.RoleWho), values)
//
// # Determinism
//
// An object depends on its document, its seed and the aim, and on nothing else: not on the clock, the machine, the order
// or the number of workers. Each field draws from a stream of its own, keyed by the seed, the object's name and the
// field's, so that adding, removing or moving a field changes no other. stream.go says how the streams are the same on
// every machine. The golden file under testdata guards all of it: a byte that changes is a new contract.Engine.
//
// # Ranges
//
// The values of an int, a number or a date are min, min + step and so on up to max. A value drawn from a normal or
// log-normal distribution is rounded to the nearest of them, and beyond the ends it is the end. An object whose own
// range is empty, because an expression gives a max below the min, is not drawn: Draw gives an error with the field
// and both values. Compile draws some objects itself, so that most of such mistakes show when a document is loaded.
package generators

import (
	"fmt"
	"time"

	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

// Generator is a compiled who.yaml or what.yaml. It is immutable and safe for concurrent use.
type Generator struct {
	document string // who.yaml
	doc      *policy.ObjectDoc
	fields   []field
}

// field is one field of the object, ready to be drawn: either by its spread or, for a value field, by its expression.
type field struct {
	spread spread
	value  *expr.Program
	draws  key // its stream; a value field has none
	aims   key // the stream from which an aim at it makes its choices
	links
}

// spread is how the values of a field are spread: one implementation for each way to draw. Both methods read the earlier
// fields from the drawer's frame. The error goes on from the field's name.
type spread interface {
	// draw gives a value for the object, from the drawer's stream.
	draw(*Drawer) (policy.Value, error)
	// among appends the indices of those of the values, which are of the field's kind, that draw could give for the object.
	// The field has been drawn for it already, so that its range is known to be sound.
	among(d *Drawer, values []policy.Value, indices []int) []int
}

// Compile draws some objects to find the mistakes that only values show, and refuses a document whose objects take a
// thousand times longer than usual ones: the fastest of the first three, so that a pause of the machine does not count.
const (
	trials = 200
	timed  = 3
	slow   = 2 * time.Millisecond
)

// Compile makes a Generator of a document that policy.ParseObject has read. The issues carry the document's name, such
// as who.yaml, and the places within it: of expressions with a wrong type or over fields that are not earlier ones, of
// ranges that are empty, of functions that cannot be used, and of what goes wrong with the first few objects.
func Compile(document string, doc *policy.ObjectDoc) (*Generator, policy.Issues) {
	c := newCompiler(document, doc)
	if c.issues != nil {
		return nil, c.issues
	}
	for i := range doc.Fields {
		c.field(i)
	}
	if c.issues != nil {
		return nil, c.issues
	}
	link(c.fields)
	g := &Generator{document: document, doc: doc, fields: c.fields}
	if issues := g.try(); issues != nil {
		return nil, issues
	}
	return g, nil
}

// try draws a few objects.
func (g *Generator) try() policy.Issues {
	d := g.newDrawer()
	values := make([]policy.Value, len(g.fields))
	fastest := time.Hour
	for i := range int64(trials) {
		start := time.Now()
		if err := d.Draw(ObjectSeed(0, i, "trial"), values); err != nil {
			return contract.AsError(err).Issues
		}
		if fastest = min(fastest, time.Since(start)); i == timed-1 && fastest > slow {
			return policy.Issues{{Document: g.document, Line: 1, Column: 1, Message: fmt.Sprintf(
				"to draw one object takes %s: shorten what its expressions do with text", fastest.Round(time.Microsecond))}}
		}
	}
	return nil
}

package generators

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"verdictory/contract"
	"verdictory/expr"
	"verdictory/policy"
)

const maxText = 4 << 10 // bytes of one text field

// Drawer draws objects one after another. It is one worker's scratch: not safe for concurrent use. What it draws does
// not depend on what it drew before.
type Drawer struct {
	generator *Generator
	stream    stream
	random    *rand.Rand // reads stream
	frame     expr.Frame // as_of, and the fields drawn so far
	aiming    *aiming    // nil without an aim
}

func (g *Generator) newDrawer() *Drawer {
	d := &Drawer{generator: g, frame: expr.Frame{Slots: make([]policy.Value, 1+len(g.fields))}}
	d.frame.Slots[asOfSlot] = g.doc.AsOf
	d.random = rand.New(&d.stream.PCG)
	return d
}

// Draw fills values, one for each field in the document's order, with the object of the seed. It allocates nothing but
// text. The error is a contract.Error with an issue at the field that could not be drawn: InvalidDocument, or Invalid
// where the aim fixes a field. The values are then not to be used.
func (d *Drawer) Draw(seed policy.Seed, values []policy.Value) error {
	if d.aiming != nil {
		if err := d.drawAimed(seed); err != nil {
			return err
		}
	} else {
		for i := range d.generator.fields {
			if err := d.field(i, seed, 0); err != nil {
				return d.failed(i, seed, err)
			}
		}
	}
	copy(values, d.frame.Slots[slotOf(0):])
	return nil
}

// field draws one field into the frame, from its stream's numbers for the attempt.
func (d *Drawer) field(i int, seed policy.Seed, attempt int) error {
	f := &d.generator.fields[i]
	var v policy.Value
	var err error
	if f.value != nil {
		if v, err = f.value.Eval(&d.frame); err == nil && len(v.Text()) > maxText {
			err = fmt.Errorf("gives a text of %d bytes: at most %d can be kept", len(v.Text()), maxText)
		}
	} else {
		d.stream.start(f.draws, seed, attempt)
		v, err = f.spread.draw(d)
	}
	d.frame.Slots[slotOf(i)] = v
	return err
}

// failed makes the error for a field that could not be drawn.
func (d *Drawer) failed(i int, seed policy.Seed, err error) error {
	g := d.generator
	spec := &g.doc.Fields[i]
	name := g.doc.Object + "." + spec.Name
	message := fmt.Sprintf("%s %s (seed %s)", name, failure(err), seed)
	issue := policy.Issue{Document: g.document, Line: spec.Line, Column: spec.Column, Field: name, Message: message}
	e := &contract.Error{Code: contract.InvalidDocument, Issues: policy.Issues{issue}, Message: "The " + g.doc.Object + " cannot be drawn: " + message + "."}
	if d.aiming != nil && d.aiming.fixes {
		e.Code = contract.Invalid
	}
	return e
}

// failure words an error as what a field does: the errors of this package go on from its name already.
func failure(err error) string {
	var evaluation *expr.Error
	if errors.As(err, &evaluation) {
		return "fails: " + evaluation.Error()
	}
	return err.Error()
}

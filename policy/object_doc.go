package policy

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// ParseObject reads a who.yaml or what.yaml; document is its name in issues. It gives the document or, where there are
// any, the issues. The expressions are not looked into: the generators package does that.
func ParseObject(document string, source []byte) (*ObjectDoc, Issues) {
	return parseObject(document, source, nil)
}

// parseObject reads an object whose name may not be that of the other one, nil where there is none.
func parseObject(document string, source []byte, other *ObjectDoc) (*ObjectDoc, Issues) {
	var form objectForm
	o := objectReader{reader: readForm(document, source, &form), dated: form.AsOf.line > 0}
	o.shape = &Shape{Name: form.Object.text, Label: orName(form.Label, form.Object.text)}
	o.word(form.Object.place, "object", form.Object.text, topNames)
	if other != nil && other.Object == form.Object.text {
		o.bad(form.Object.place, "object", "cannot be %q, the name of the other object: write another", other.Object)
	}
	form.Fields.atMost(o.reader, "fields", MaxFields)
	doc := &ObjectDoc{
		Object: o.shape.Name, Label: o.shape.Label, About: form.About.text, AsOf: form.AsOf.value,
		Source: string(source), Shape: o.shape,
	}
	for i := range form.Fields.list {
		doc.Fields = append(doc.Fields, o.field(&form.Fields.list[i], indexed("fields", i)))
	}
	if issues := o.done(); issues != nil {
		return nil, issues
	}
	doc.Digest = digestOf(form)
	return doc, nil
}

// read reads the field's mapping by its kind, so that a key of another kind is refused. Without a kind that is known
// all keys are, and the kind alone is the issue.
func (f *fieldForm) read(r *reader, n *yaml.Node, path string) {
	f.place = placeOf(n)
	var kind FieldKind
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == "kind" && slices.Contains(fieldKinds, FieldKind(n.Content[i+1].Value)) {
			kind = FieldKind(n.Content[i+1].Value)
		}
	}
	r.mapping(n, path, reflect.ValueOf(f).Elem(), kind)
}

var fieldKinds = []FieldKind{FieldInt, FieldNumber, FieldChoice, FieldBool, FieldDate, FieldFake, FieldValue}

// objectReader reads an object's fields. Its shape grows by a column with each.
type objectReader struct {
	*reader
	shape *Shape
	dated bool // the document has as_of
}

// field makes the field of its form, and the column that goes with it.
func (o *objectReader) field(form *fieldForm, path string) Field {
	o.free(form.Name, path, o.shape)
	field := Field{
		Name: form.Name.text, Label: orName(form.Label, form.Name.text), Unit: form.Unit.text, Note: form.Note.text,
		Kind: FieldKind(form.Kind.text), Decimals: form.Decimals.value, Line: form.Name.line, Column: form.Name.column,
		Min: form.Min.Expr(), Max: form.Max.Expr(), Mean: form.Mean.Expr(), Deviation: form.Deviation.Expr(),
		From: form.From.Expr(), To: form.To.Expr(), Value: form.Value.Expr(),
		Function: form.Function.text, Probability: form.Probability.value, Choices: form.Choices.choices,
	}
	column := Column{Name: field.Name, Label: field.Label, Unit: field.Unit, Decimals: field.Decimals, Note: field.Note}
	switch field.Kind {
	case FieldInt:
		column.Kind = Int
		o.numeric(form, path, &field)
	case FieldNumber:
		column.Kind = Number
		o.numeric(form, path, &field)
	case FieldChoice:
		column.Kind = String
		o.tables(form, path, &field)
		column.Labels = labelsOf(&field)
	case FieldBool:
		column.Kind = Bool
		o.tables(form, path, &field)
	case FieldDate:
		column.Kind = Date
	case FieldFake:
		column.Kind, column.Text = String, true
		form.Parameters.sort()
		for _, p := range form.Parameters.list {
			if field.Parameters == nil {
				field.Parameters = map[string]string{}
			}
			field.Parameters[p.key] = p.value.text
		}
	case FieldValue:
		field.ValueKind, _ = typeOf(form.Type.text)
		column.Kind = field.ValueKind
	}
	o.decimals(form.Decimals, path, column.Kind)
	for _, x := range []*expression{&form.Min, &form.Max, &form.Mean, &form.Deviation, &form.From, &form.To, &form.Value} {
		if !o.dated && asOf.MatchString(x.text) {
			o.bad(x.place, path, "uses as_of, which the document does not have: write as_of: 2026-01-01, or another day, above fields")
		}
	}
	o.shape.Columns = append(o.shape.Columns, column)
	return field
}

var asOf = regexp.MustCompile(`\bas_of\b`)

// numeric reads what an int or a number is drawn from.
func (o *objectReader) numeric(form *fieldForm, path string, field *Field) {
	field.Step = "1"
	if form.Step.text != "" {
		field.Step = strconv.FormatFloat(form.Step.value, 'f', -1, 64)
		o.step(form, path)
	}
	field.Distribution = Distribution(form.Distribution.text)
	switch {
	case form.Weights.line > 0 && (field.Distribution == "" || field.Distribution == Weights):
		field.Distribution, field.Choices = Weights, form.Weights.choices
		o.without(form, path, "weights, which name the values", "min", "max", "step", "mean", "deviation")
		o.wholeLabels(&form.Weights, join(path, "weights"))
		return
	case form.Weights.line > 0:
		o.bad(form.Weights.place, path, "has weights and a distribution: leave one of them out")
	case field.Distribution == Weights && field.Kind == FieldNumber:
		o.bad(form.Distribution.place, path, "cannot be drawn by weights, which need an int: write uniform, normal or log-normal")
	case field.Distribution == Weights:
		o.bad(form.Distribution.place, path, "has no weights: write weights: {0: 80, 1: 20}")
		return
	case field.Distribution == "":
		field.Distribution = Uniform
	}
	o.with(form, path, "min", "max")
	switch field.Distribution {
	case Uniform:
		o.without(form, path, "a uniform distribution", "mean", "deviation")
	case Normal, LogNormal:
		o.with(form, path, "mean", "deviation")
	}
}

// step checks that the values of a field can be counted in its step.
func (o *objectReader) step(form *fieldForm, path string) {
	switch {
	case form.Step.value <= 0 || !stepPattern.MatchString(form.Step.text):
		o.bad(form.Step.place, path, "cannot go in steps of %s: write a step above 0 in plain decimals, at most 9 of them, such as 0.1", clip(form.Step.text))
	case form.Kind.text == string(FieldInt) && form.Step.value != math.Trunc(form.Step.value):
		o.bad(form.Step.place, path, "cannot go in steps of %s, since it is an int: write a whole number", form.Step.text)
	}
}

var stepPattern = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,9})?$`)

// wholeLabels checks that the labels are different whole numbers.
func (o *objectReader) wholeLabels(w *weights, path string) {
	for i, c := range w.choices {
		n, err := strconv.ParseInt(c.Label, 10, 64)
		if c.Label != "" && (err != nil || strconv.FormatInt(n, 10) != c.Label) {
			o.bad(w.places[i], path, "has %q for a value: write a whole number", clip(c.Label))
		}
	}
}

// tables reads what a choice or a bool is drawn from: one table, or one for each label of an earlier field.
func (o *objectReader) tables(form *fieldForm, path string, field *Field) {
	alone, at := "choices", form.Choices.place
	if field.Kind == FieldBool {
		alone, at = "probability", form.Probability.place
	}
	switch {
	case at.line > 0 && (form.Given.line > 0 || form.Tables.line > 0):
		o.bad(at, path, "has %s beside given and tables: leave one or the other out", alone)
		return
	case at.line > 0:
		o.probability(form.Probability, path)
		return
	case form.Given.line == 0 && form.Tables.line == 0:
		o.bad(form.place, path, "has no %s: write %s, or given and tables", alone, alone)
		return
	case form.Given.line == 0 || form.Tables.line == 0:
		o.bad(form.place, path, "has only one of given and tables: write both")
		return
	}
	field.Given = form.Given.text
	if labels := o.labelsOf(form.Given, path); labels != nil && form.Tables.list != nil {
		o.covers(&form.Tables, labels, path, form.Given.text)
	}
	for _, t := range form.Tables.list {
		at := join(join(path, "tables"), t.key)
		switch {
		case field.Kind == FieldChoice && t.value.weights.line == 0:
			o.bad(t.value.place, at, "is no table: write labels with their weights, such as {petrol: 3, diesel: 2}")
		case field.Kind == FieldBool && t.value.weights.line > 0:
			o.bad(t.value.place, at, "is no probability: write a number from 0 to 1")
		}
		o.probability(t.value.probability, at)
		field.Tables = append(field.Tables, Table{t.key, t.value.weights.choices, t.value.probability.value})
	}
}

// probability checks that a number is one.
func (o *objectReader) probability(p number, path string) {
	if p.value < 0 || p.value > 1 {
		o.bad(p.place, path, "cannot have the probability %s: write a number from 0 to 1", p.text)
	}
}

// labelsOf gives the labels of the earlier field that a field is given, nil where that cannot be.
func (o *objectReader) labelsOf(given line, path string) []string {
	var candidates []string
	for _, c := range o.shape.Columns {
		labels := c.Labels
		if c.Kind == Bool {
			labels = []string{"true", "false"}
		}
		if labels != nil && c.Name == given.text {
			return labels
		}
		if labels != nil {
			candidates = append(candidates, c.Name)
		}
	}
	if given.text != "" {
		o.bad(given.place, join(path, "given"), "cannot be %q, which is no earlier choice or bool%s", clip(given.text), DidYouMean(given.text, candidates))
	}
	return nil
}

// covers checks that there is a table for each label and no other.
func (o *objectReader) covers(tables *pairs[table], labels []string, path, given string) {
	missing := map[string]bool{}
	for _, label := range labels {
		missing[label] = true
	}
	path = join(path, "tables")
	for _, t := range tables.list {
		if !missing[t.key] {
			o.bad(t.place, path, "has %q, which is no label of %s%s", clip(t.key), given, suggest(t.key, labels))
		}
		delete(missing, t.key)
	}
	for _, label := range labels {
		if missing[label] {
			o.bad(tables.place, path, "has no table for %q: write one for each label of %s", label, given)
		}
	}
}

// with notes each of the keys that the field lacks; without, each that it has beside something that excludes it.
func (o *objectReader) with(form *fieldForm, path string, keys ...string) {
	for _, key := range keys {
		if form.at(key).line == 0 {
			o.bad(form.place, path, "has no %s: write it, such as %s: 10", key, key)
		}
	}
}

func (o *objectReader) without(form *fieldForm, path, beside string, keys ...string) {
	for _, key := range keys {
		if at := form.at(key); at.line > 0 {
			o.bad(at, path, "has %s beside %s: leave it out", key, beside)
		}
	}
}

// at gives the place of a key's value, the zero place where the field does not have it.
func (f *fieldForm) at(key string) place {
	return map[string]place{
		"min": f.Min.place, "max": f.Max.place, "step": f.Step.place, "mean": f.Mean.place, "deviation": f.Deviation.place,
	}[key]
}

// labelsOf gives all labels that a choice may take, in the order in which the document has them first.
func labelsOf(field *Field) []string {
	var labels []string
	seen := map[string]bool{}
	add := func(choices []Choice) {
		for _, c := range choices {
			if !seen[c.Label] {
				seen[c.Label] = true
				labels = append(labels, c.Label)
			}
		}
	}
	add(field.Choices)
	for _, t := range field.Tables {
		add(t.Choices)
	}
	return labels
}

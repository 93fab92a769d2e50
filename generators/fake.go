package generators

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"verdictory/policy"
)

// The limits on text.
const (
	maxText  = 4 << 10 // bytes of one text field
	maxParam = 200     // bytes of a text parameter, and what the sizes among the parameters may be multiplied
)

// Functions of gofakeit that are refused, with what to write instead. The first depend on the clock: on the day, or on
// the year in which the program was started. Those behind them give as much as they are asked for, or run a language of
// their own.
var refused = map[string]string{
	"creditcardexp": "depends on the clock, so that no case could be drawn again: use kind date with from and to",
	"date":          "depends on the clock, so that no case could be drawn again: use kind date with from and to",
	"daterange":     "depends on the clock, so that no case could be drawn again: use kind date with from and to",
	"futuredate":    "depends on the clock, so that no case could be drawn again: use kind date with from and to",
	"pastdate":      "depends on the clock, so that no case could be drawn again: use kind date with from and to",
	"year":          "depends on the clock, so that no case could be drawn again: use kind int with min and max",

	"firefoxuseragent": "depends on the clock, so that no case could be drawn again: use chromeuseragent",
	"useragent":        "depends on the clock, so that no case could be drawn again: use chromeuseragent",

	"csv": unbounded, "email_text": unbounded, "fixed_width": unbounded, "generate": unbounded, "imagejpeg": unbounded,
	"imagepng": unbounded, "json": unbounded, "map": unbounded, "markdown": unbounded, "regex": unbounded, "sql": unbounded,
	"svg": unbounded, "template": unbounded, "xml": unbounded,
}

const unbounded = "has no bound to what it gives: use a function for one text, such as name, street or sentence"

// fake draws a text with a function of gofakeit, which reads the drawer's stream.
type fake struct {
	info       *gofakeit.Info // looked up once: gofakeit copies it on every look-up
	parameters *gofakeit.MapParams
}

// newFake finds a function and tries it. The error says what is wrong, as a sentence that goes on from the field's name.
func newFake(function string, parameters map[string]string) (*fake, error) {
	f := &fake{info: gofakeit.GetFuncLookup(function)}
	if f.info == nil {
		return nil, fmt.Errorf("has the function %q, which gofakeit does not have%s", function, policy.DidYouMean(function, functions()))
	}
	if why, ok := refused[function]; ok {
		return nil, fmt.Errorf("cannot have the function %s, which %s", function, why)
	}
	if err := f.set(parameters); err != nil {
		return nil, err
	}
	return f, f.try()
}

// functions lists the functions that a document may name.
func functions() []string {
	names := slices.Sorted(maps.Keys(gofakeit.FuncLookups))
	return slices.DeleteFunc(names, func(name string) bool { return refused[name] != "" })
}

// set checks the parameters and keeps them as gofakeit wants them.
func (f *fake) set(parameters map[string]string) error {
	var known []string
	for _, p := range f.info.Params {
		known = append(known, p.Field)
	}
	set, size := gofakeit.MapParams{}, int64(1)
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value := parameters[name]
		i := slices.Index(known, name)
		if i < 0 && known == nil {
			return fmt.Errorf("has the parameter %q, but its function takes none: leave it out", name)
		}
		if i < 0 {
			return fmt.Errorf("has the parameter %q, which its function does not take%s; it takes %s", name, policy.DidYouMean(name, known), strings.Join(known, ", "))
		}
		values := []string{value}
		switch p := f.info.Params[i]; {
		case strings.HasPrefix(p.Type, "[]"):
			values = strings.Split(value, ",")
		case p.Type == "int" || p.Type == "uint":
			n, err := strconv.ParseInt(value, 10, 32)
			if err != nil || n < 1 || n > maxParam {
				return fmt.Errorf("has %q for the parameter %s: write a whole number from 1 to %d", value, name, maxParam)
			}
			size *= n
		}
		if len(value) > maxParam || size > maxParam {
			return fmt.Errorf("would give too much with the parameter %s: write at most %d characters, and sizes that multiplied are at most %d", name, maxParam, maxParam)
		}
		set[name] = values
	}
	if len(set) > 0 {
		f.parameters = &set
	}
	return nil
}

// try draws a few texts, so that a function that gives no text or fails is found before the first case.
func (f *fake) try() error {
	var s stream
	faker := gofakeit.NewFaker(&s.PCG, false)
	for seed := range policy.Seed(20) {
		s.start(key{}, seed, 0)
		if _, err := f.text(faker); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) text(faker *gofakeit.Faker) (string, error) {
	result, err := f.info.Generate(faker, f.parameters, f.info)
	if err != nil {
		return "", fmt.Errorf("cannot use its function: %w", err)
	}
	text, ok := result.(string)
	if !ok {
		return "", fmt.Errorf("has a function that gives a %T, not a text: use another kind, such as int, or another function", result)
	}
	if len(text) > maxText {
		return "", fmt.Errorf("has a function that gives a text of %d bytes: use one that gives at most %d", len(text), maxText)
	}
	return text, nil
}

func (f *fake) draw(d *Drawer) (policy.Value, error) {
	text, err := f.text(d.faker)
	return policy.StringValue(text), err
}

// among takes any text: it is for people only.
func (f *fake) among(_ *Drawer, values []policy.Value, indices []int) []int {
	for i := range values {
		indices = append(indices, i)
	}
	return indices
}

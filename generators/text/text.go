// Package text draws the texts of fake fields: names, streets, products, sentences.
//
// New finds a function by its name and gives what draws one text after another:
//
//	draw, err := text.New("numerify", map[string]string{"str": "AB## CDE"})
//	plate := draw(random)
//
// The functions' names, their meaning and the lists they pick from are those of gofakeit v7; the functions are our own.
// Only gofakeit's lists are imported here: its functions, which register themselves at the start, keep the linker from
// dropping the methods that nobody calls, in the whole program; some ask the clock, and some fail only when they are
// called. The tests import gofakeit itself as the oracle: each function gives the text that gofakeit gives from the same
// random numbers. That is why some of what follows draws in an order, or in a way, that nobody would choose.
//
// A function is a row of one of three tables: plain, filled or parametrised.
package text

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"verdictory/policy"
)

// Draw draws a text of at most 4 KB. It depends on the random numbers alone, and never fails.
type Draw func(*rand.Rand) string

// New finds a function and checks its parameters. The error says what is wrong, as a sentence that goes on from the
// field's name.
func New(function string, parameters map[string]string) (Draw, error) {
	if why := refusal(function); why != "" {
		return nil, fmt.Errorf("cannot have the function %s, which %s", function, why)
	}
	a := &arguments{given: parameters, size: 1}
	draw, ok := plain[function]
	if !ok {
		draw, ok = filled[function]
	}
	if with, takes := parametrised[function]; takes {
		draw, ok = with(a), true
	}
	if !ok {
		return nil, fmt.Errorf("has the function %q, which does not exist%s", function,
			cmp.Or(policy.DidYouMean(function, Functions()), ": write one such as name, street or sentence"))
	}
	return draw, a.check()
}

// Functions lists the functions that there are, in the order of their names.
func Functions() []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(plain)), maps.Keys(filled))
	names = slices.AppendSeq(names, maps.Keys(parametrised))
	slices.Sort(names)
	return names
}

// refused are the functions of gofakeit that are not ours, by the reason, which says what to write instead.
var refused = map[string]string{
	clock + "use kind date with from and to": "creditcardexp date daterange futuredate pastdate",
	clock + "use kind int with min and max":  "year",
	clock + "use chromeuseragent":            "firefoxuseragent useragent",
	clock + "use sentence":                   "emojisentence",

	// As gofakeit has it, 09:00 to 09:30 gives 07:44: it counts from the year 0, beyond its range of nanoseconds.
	"gives times outside its range: use time": "timerange",

	"has no bound to what it gives: use a function for one text, such as name, street or sentence": "csv email_text fixed_width generate " +
		"imagejpeg imagepng json map markdown regex sql svg template xml",

	"gives a number, not a text: use kind int or number": "age day float32 float32range float64 float64range hour httpstatuscode " +
		"httpstatuscodesimple int int16 int32 int64 int8 intn intrange latitude latituderange longitude longituderange minute month " +
		"nanosecond number price randomint randomuint second timezoneoffset uint uint16 uint32 uint64 uint8 uintn uintrange",
	"gives true or false, not a text: use kind bool":                              "bool",
	"gives one of several values by weight: use kind choice, which rules can see": "weighted",
	"gives a list, not a text: use a function for one text, such as hexcolor": "dice hslcolor nicecolors productaudience rgbcolor " +
		"shuffleints shufflestrings teams",
	"gives a record, not a text: use a field for each of its texts, such as name and city": "address book car creditcard currency job " +
		"movie person product song",
	"gives an error, not a text: use phrase or sentence": "error errordatabase errorgrpc errorhttp errorhttpclient errorhttpserver " +
		"errorobject errorruntime errorvalidation",
}

const clock = "depends on the clock, so that no case could be drawn again: "

// refusal gives the reason for which a function is refused, empty for any other.
func refusal(function string) string {
	for reason, functions := range refused {
		if slices.Contains(strings.Fields(functions), function) {
			return reason
		}
	}
	return ""
}

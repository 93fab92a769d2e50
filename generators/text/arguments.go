package text

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"verdictory/policy"
)

// most is how many bytes a parameter may have, and what the counts of a function may be when they are multiplied.
const most = 200

// arguments reads the parameters of a function: what it reads is what the function takes. It keeps the first error, and
// with one the function is not to be used.
type arguments struct {
	given map[string]string
	taken []string
	size  int // the counts, multiplied
	err   error
}

func (a *arguments) bad(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

// read gives a parameter of at most limit bytes, or the fallback where the document has none.
func (a *arguments) read(name, fallback string, limit int) string {
	a.taken = append(a.taken, name)
	value, ok := a.given[name]
	if !ok {
		return fallback
	}
	if len(value) > limit {
		a.bad("has %d bytes for the parameter %s: write at most %d", len(value), name, limit)
	}
	return value
}

// need asks for a parameter that has no fallback.
func (a *arguments) need(name string) {
	if _, ok := a.given[name]; !ok {
		a.bad("needs the parameter %s: write it under parameters", name)
	}
}

// text gives a parameter that must be there.
func (a *arguments) text(name string) string {
	a.need(name)
	return a.read(name, "", most)
}

// count gives a whole number from 1 to limit. With an empty fallback it must be there.
func (a *arguments) count(name, fallback string, limit int) int {
	if fallback == "" {
		a.need(name)
	}
	value := a.read(name, fallback, most)
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > limit {
		a.bad("has %q for the parameter %s: write a whole number from 1 to %d", value, name, limit)
	}
	a.size *= n
	return n
}

// flag gives true or false.
func (a *arguments) flag(name, fallback string) bool {
	value := a.read(name, fallback, most)
	set, err := strconv.ParseBool(value)
	if err != nil {
		a.bad("has %q for the parameter %s: write true or false", value, name)
	}
	return set
}

// list gives the texts between commas, nil where the document has none. Each must be valid, or the advice says what to
// write.
func (a *arguments) list(name string, valid func(string) bool, advice string) []string {
	value := a.read(name, "", most)
	if _, ok := a.given[name]; !ok {
		return nil
	}
	values := strings.Split(value, ",")
	for _, v := range values {
		if !valid(v) {
			a.bad("has %q for the parameter %s: write %s", v, name, advice)
		}
	}
	return values
}

// check tells the parameters that the function does not take, otherwise the first that is wrong, otherwise counts that
// would give too much together.
func (a *arguments) check() error {
	for _, name := range slices.Sorted(maps.Keys(a.given)) {
		if a.taken == nil {
			return fmt.Errorf("has the parameter %q, but its function takes none: leave it out", name)
		}
		if !slices.Contains(a.taken, name) {
			return fmt.Errorf("has the parameter %q, which its function does not take%s; it takes %s", name, policy.DidYouMean(name, a.taken), strings.Join(a.taken, ", "))
		}
	}
	if a.err == nil && a.size > most {
		a.bad("would give too much, with counts that multiplied are %d: write such that are at most %d", a.size, most)
	}
	return a.err
}

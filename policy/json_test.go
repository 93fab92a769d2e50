package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseJSON(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		raw  string
		want Value // absent for an error
	}{
		{Int, "42", IntValue(42)},
		{Int, " -42\n", IntValue(-42)},
		{Int, "42.0", IntValue(42)},
		{Int, "4.2e1", IntValue(42)},
		{Int, "9223372036854775807", IntValue(9223372036854775807)},
		{Int, "9223372036854775808", Value{}},
		{Int, "9007199254740991.0", IntValue(9007199254740991)},
		{Int, "9007199254740993.0", Value{}}, // a float64 would make it ...992
		{Int, "42.5", Value{}},
		{Int, "1e999", Value{}},
		{Int, `"42"`, Value{}},
		{Int, "true", Value{}},
		{Int, "0x10", Value{}},
		{Int, "1_000", Value{}},
		{Int, "+1", Value{}},
		{Int, "01", Value{}},
		{Int, "", Value{}},
		{Number, "36.6", NumberValue(36.6)},
		{Number, "36", NumberValue(36)},
		{Number, "1e3", NumberValue(1000)},
		{Number, "1e999", Value{}},
		{Number, "Infinity", Value{}},
		{Number, "null", Value{}},
		{Bool, "true", BoolValue(true)},
		{Bool, "false", BoolValue(false)},
		{Bool, "1", Value{}},
		{Bool, "null", Value{}},
		{Date, `"2025-04-01"`, DateValue(DaysOf(2025, 4, 1))},
		{Date, `"2025-02-30"`, Value{}},
		{Date, "20250401", Value{}},
		{String, `"full"`, StringValue("full")},
		{String, `"\u00a3 \"x\" \ud83d\ude00"`, StringValue(`£ "x" 😀`)},
		{String, "\"\xff\"", StringValue("\uFFFD")},
		{String, "full", Value{}},
		{String, "1", Value{}},
		{List, "[1]", Value{}},
		{Absent, "1", Value{}},
	} {
		got, err := ParseJSON(c.kind, []byte(c.raw))
		if !got.Equal(c.want) || (err == nil) != (c.want.Kind() != Absent) {
			t.Errorf("%s %s is read as %s %s (%v), want %s %s", c.kind, c.raw, got.Kind(), got, err, c.want.Kind(), c.want)
		}
	}
}

func TestParseJSONSaysWhatToWrite(t *testing.T) {
	for _, c := range []struct {
		kind      Kind
		raw, want string
	}{
		{Int, "1.5", `1.5 is the wrong type: write a whole number, such as 42`},
		{Number, `"1"`, `"1" is the wrong type: write a number, such as 36.6`},
		{Bool, `"yes"`, `"yes" is the wrong type: write true or false`},
		{Date, "1", `1 is the wrong type: write a date, such as "2025-04-01"`},
		{String, "[1, 2]", `[1, 2] is the wrong type: write a text, such as "full"`},
		{String, "full", `full is not JSON: write a text, such as "full"`},
		{List, "[", `[ is not JSON: write a list, such as [1, 2]`},
		{List, "[]", `a value of kind list cannot be given`},
		{Int, strings.Repeat("9", 100), strings.Repeat("9", 60) + `… is the wrong type: write a whole number, such as 42`},
	} {
		if _, err := ParseJSON(c.kind, []byte(c.raw)); err == nil || err.Error() != c.want {
			t.Errorf("%s %s: %v, want %s", c.kind, c.raw, err, c.want)
		}
	}
}

func TestValueUnmarshalsByItsLook(t *testing.T) {
	for raw, want := range map[string]Value{
		"42": IntValue(42), "-0": IntValue(0), "36.0": IntValue(36), "36.5": NumberValue(36.5), "18446744073709551616": NumberValue(1 << 64),
		"true": BoolValue(true), "false": BoolValue(false), `"x"`: StringValue("x"), `"2025-04-01"`: StringValue("2025-04-01"),
		"[]": ListValue(nil), ` [1, "a" ,true] `: ListValue([]Value{IntValue(1), StringValue("a"), BoolValue(true)}),
	} {
		var got Value
		if err := json.Unmarshal([]byte(raw), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is read as %s %s (%v), want %s %s", raw, got.Kind(), got, err, want.Kind(), want)
		}
	}
	for raw, want := range map[string]string{
		"null":    "null is neither a scalar nor a list of them",
		"{}":      "{} is neither a scalar nor a list of them",
		"[1,[2]]": "[2] is neither a scalar nor a list of them",
		"1e999":   "1e999 is the wrong type: write a number, such as 36.6",
		"":        " is not JSON",
		"[1":      "[1 is not JSON",
	} {
		got := IntValue(7)
		if err := got.UnmarshalJSON([]byte(raw)); err == nil || err.Error() != want || !got.Equal(IntValue(7)) {
			t.Errorf("%s is read as %s: %v, want %s", raw, got, err, want)
		}
	}
}

func TestDecodeObjectTakesFieldsInAnyOrder(t *testing.T) {
	for name, raw := range map[string]string{
		"in order":          driverJSON,
		"backwards, spaced": "\n{ \"modified\" : false ,\"temperature\":36.60, \"postcode_area\":\"Y\\u004f\",\"claims_3y\":2.0,\"licence\":\"provisional\",\"\\u0061ge\":35,\t\"date_of_birth\":\"1990-12-10\",\"name\":\"Ada Lovelace\"}\r\n",
	} {
		object, issues := DecodeObject(driver, []byte(raw))
		if issues != nil {
			t.Fatalf("%s: %v", name, issues)
		}
		if got := string(object.AppendJSON(nil)); got != driverJSON {
			t.Errorf("%s: written %s, want %s", name, got, driverJSON)
		}
		if object.Shape != driver || !object.Get("licence").Equal(StringValue("provisional")) {
			t.Errorf("%s: the licence is %s", name, object.Get("licence"))
		}
	}
}

func TestDecodeObjectLeavesTextOut(t *testing.T) {
	raw := strings.Replace(driverJSON, `"name":"Ada Lovelace",`, "", 1)
	object, issues := DecodeObject(driver, []byte(raw))
	if issues != nil || object.Get("name").Kind() != Absent || string(object.AppendJSON(nil)) != raw {
		t.Errorf("got %s, %v", object.AppendJSON(nil), issues)
	}
}

func TestDecodeObjectReadsLists(t *testing.T) {
	shape := &Shape{Name: "score", Columns: []Column{{Name: "parts", Kind: List, Elem: Int}}}
	for raw, want := range map[string]string{
		`{"parts":[]}`:             "",
		`{"parts":[1, 2 ,3 ]}`:     "",
		`{"parts":3}`:              "score.parts: parts: 3 is the wrong type: write a list, such as [1, 2]",
		`{"parts":["1"]}`:          `score.parts: parts: "1" is the wrong type: write a whole number, such as 42`,
		`{"parts":[[1]]}`:          `score.parts: parts: [1] is the wrong type: write a whole number, such as 42`,
		`{"parts":[1],"parts":[]}`: "score.parts: parts is given twice: write it once",
		`{}`:                       "score.parts: parts is missing: write a list, such as [1, 2]",
	} {
		if _, issues := DecodeObject(shape, []byte(raw)); issues.Error() != want {
			t.Errorf("%s: %v, want %s", raw, issues, want)
		}
	}
}

func TestDecodeObjectNamesEveryMistake(t *testing.T) {
	raw := `{"age":"x","agee":{"a":[1]},"licence":"ful","date_of_birth":"2001-02-30","modified":1,"age":3,"zzz":null,"temperature":null}`
	_, issues := DecodeObject(driver, []byte(raw))
	want := []string{
		`driver.age: age: "x" is the wrong type: write a whole number, such as 42`,
		`driver.agee: driver has no field "agee": did you mean "age"?`,
		`driver.licence: licence: "ful" is no label of licence: did you mean "full"?`,
		`driver.date_of_birth: date_of_birth: "2001-02-30" is not a date: write year-month-day, such as 2025-04-01`,
		`driver.modified: modified: 1 is the wrong type: write true or false`,
		`driver.age: age is given twice: write it once`,
		`driver.zzz: driver has no field "zzz": write one of name, date_of_birth, age, licence, claims_3y, postcode_area, temperature, modified`,
		`driver.temperature: temperature: null is the wrong type: write a number, such as 36.6`,
		`driver.claims_3y: claims_3y is missing: write a whole number, such as 42`,
		`driver.postcode_area: postcode_area is missing: write a text, such as "full"`,
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), issues.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeObjectRefusesWhatIsNoObject(t *testing.T) {
	for _, raw := range []string{
		"", " ", "null", "[]", "{", "}", "{}}", "{} x", `{"age"}`, `{"age":}`, `{"age":1,}`, `{,}`, `{"age" 1}`, `{age:1}`, `{"age":1 "name":""}`, `{"age":01}`,
		`{"age":"\x"}`, `{"age":"\u12g4"}`, "{\"age\":\"\n\"}", `{"age":tru}`, `{"age":[1,]}`, `{"age":{"a":1,}}`, `{"age":{"a"}}`, `{"age":1.}`, `{"age":1e}`, `{"age":-}`, `{"a\`,
		"[" + driverJSON + "]", `"` + "x" + `"`,
	} {
		_, issues := DecodeObject(driver, []byte(raw))
		if len(issues) != 1 || issues[0].Field != "driver" || !strings.Contains(issues[0].Message, "JSON") {
			t.Errorf("%s: %v", raw, issues)
		}
	}
}

// What is sent to confuse costs little: a megabyte of mistakes is told of in twenty issues.
func TestDecodeObjectIsNotWornOut(t *testing.T) {
	wide := &Shape{Name: "wide"}
	for i := range MaxFields {
		wide.Columns = append(wide.Columns, Column{Name: fmt.Sprintf("%s%d", strings.Repeat("a", 38), i), Kind: Int})
	}
	repeat := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	for name, raw := range map[string]string{
		"unknown fields":  "{" + repeat(`"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa00":1,`, 1<<20) + `"x":1}`,
		"one field":       "{" + repeat(`"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0":1,`, 1<<20) + `"x":1}`,
		"deep":            `{"x":` + repeat("[", 1<<20),
		"deep and closed": `{"x":` + repeat("[", maxNesting-2) + repeat("]", maxNesting-2) + "}",
		"long text":       `{"x":"` + repeat(`\u0041`, 1<<20) + `"}`,
		"long number":     `{"` + wide.Columns[0].Name + `":` + repeat("9", 1<<20) + `}`,
		"long list":       `{"x":[` + repeat("1,", 1<<20) + "1]}",
	} {
		began := spent(t)
		_, issues := DecodeObject(wide, []byte(raw))
		if took := spent(t) - began; took > 200*time.Millisecond*slowdown {
			t.Errorf("%s: takes %s", name, took)
		}
		if len(issues) == 0 || len(issues) > maxObjectIssues || len(issues.Error()) > 20_000 {
			t.Errorf("%s: %d issues of %d bytes", name, len(issues), len(issues.Error()))
		}
	}
}

// The scanner takes what encoding/json takes, and the object that comes of it is written as JSON that reads as the same object.
func FuzzDecodeObject(f *testing.F) {
	f.Add([]byte(driverJSON))
	for _, s := range []string{`{}`, `{"age":1e2}`, `{"name":"\ud800\n"}`, `[{"a":[1,{"b":null}]}]`, "{\"name\":\"\xff\"}", `{"age":-0,"x":[[],{}]}`, ` {"a":1.5E+3 , "b":false} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if ok := ValidJSON(raw); ok != json.Valid(raw) {
			t.Fatalf("%q is JSON: %t, encoding/json has %t", raw, ok, !ok)
		}
		object, issues := DecodeObject(driver, raw)
		if issues != nil {
			return
		}
		written := object.AppendJSON(nil)
		again, issues := DecodeObject(driver, written)
		if issues != nil || !again.Equal(object) || !bytes.Equal(again.AppendJSON(nil), written) {
			t.Errorf("%q is written %s, and that %s (%v)", raw, written, again.AppendJSON(nil), issues)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Errorf("%q is taken, and is no object: %v", raw, err)
		}
	})
}

func FuzzValueJSON(f *testing.F) {
	for _, s := range []string{"1", "1.5", "-0.0", `"x"`, "true", "[1,2]", "[]", "1e400", "{}", "[[1]]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v, w Value
		if v.UnmarshalJSON(raw) != nil {
			return
		}
		written := v.AppendJSON(nil)
		if err := w.UnmarshalJSON(written); err != nil || !bytes.Equal(w.AppendJSON(nil), written) {
			t.Errorf("%q is written %s, and that %s (%v)", raw, written, w.AppendJSON(nil), err)
		}
	})
}

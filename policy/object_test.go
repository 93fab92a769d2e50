package policy

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectIsItsShapesValuesInOrder(t *testing.T) {
	object, issues := DecodeObject(driver, []byte(driverJSON))
	if issues != nil {
		t.Fatal(issues)
	}
	for name, want := range map[string]Value{
		"name": StringValue("Ada Lovelace"), "age": IntValue(35), "modified": BoolValue(false), "date_of_birth": DateValue(DaysOf(1990, 12, 10)), "nothing": {},
	} {
		if got := object.Get(name); !got.Equal(want) {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if i := driver.Index("age"); i != 2 {
		t.Errorf("age is column %d, want 2", i)
	}
	if i := driver.Index("Age"); i != -1 {
		t.Errorf("Age is column %d, want none", i)
	}
	if diff := cmp.Diff([]string{"name", "date_of_birth", "age", "licence", "claims_3y", "postcode_area", "temperature", "modified"}, driver.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestObjectIsWrittenWithoutItsAbsentValues(t *testing.T) {
	shape := &Shape{Name: "x", Columns: []Column{{Name: "a", Kind: Int}, {Name: "b", Kind: String, Text: true}, {Name: "c", Kind: List, Elem: String}}}
	for want, values := range map[string][]Value{
		`{}`:                       {{}, {}, {}},
		`{"a":1}`:                  {IntValue(1), {}, {}},
		`{"b":"\"","c":["x","y"]}`: {{}, StringValue(`"`), ListValue([]Value{StringValue("x"), StringValue("y")})},
		`{"a":-1,"b":"","c":[]}`:   {IntValue(-1), StringValue(""), ListValue(nil)},
	} {
		got, err := json.Marshal(Object{shape, values})
		if err != nil || string(got) != want {
			t.Errorf("written %s (%v), want %s", got, err, want)
		}
	}
}

func TestObjectsAreEqualByTheirValues(t *testing.T) {
	a := Object{driver, []Value{IntValue(1), {}}}
	if !a.Equal(Object{nil, []Value{IntValue(1), {}}}) || a.Equal(Object{driver, []Value{IntValue(1)}}) || a.Equal(Object{driver, []Value{IntValue(1), IntValue(0)}}) {
		t.Error("equality is not of the values")
	}
}

func TestCheckHoldsAValueAgainstItsColumn(t *testing.T) {
	licence, name := &driver.Columns[3], &driver.Columns[0]
	for _, c := range []struct {
		column *Column
		value  Value
		want   string
	}{
		{licence, StringValue("full"), ""},
		{licence, StringValue("fulll"), `"fulll" is no label of licence: did you mean "full"?`},
		{licence, StringValue("none"), `"none" is no label of licence: write one of full, provisional, international`},
		{licence, IntValue(7), `7 is the wrong type: write a text, such as "full"`},
		{licence, Value{}, `licence has no value: write a text, such as "full"`},
		{name, StringValue("anything"), ""},
		{&driver.Columns[2], NumberValue(1), `1 is the wrong type: write a whole number, such as 42`},
	} {
		got := ""
		if err := c.column.Check(c.value); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.column.Name, c.value, got, c.want)
		}
	}
}

func TestDigestIsShortForPeople(t *testing.T) {
	if got := Digest("0123456789abcdef").Short(); got != "0123456" {
		t.Errorf("got %s", got)
	}
	if got := Digest("01").Short(); got != "01" {
		t.Errorf("got %s", got)
	}
}

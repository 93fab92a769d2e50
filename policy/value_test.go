package policy

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestValueIsWrittenForPeopleAndAsJSON(t *testing.T) {
	for _, c := range []struct {
		name       string
		value      Value
		text, json string
	}{
		{"absent", Value{}, "", "null"},
		{"int", IntValue(-42), "-42", "-42"},
		{"greatest int", IntValue(math.MaxInt64), "9223372036854775807", "9223372036854775807"},
		{"number", NumberValue(36.6), "36.6", "36.6"},
		{"whole number has no fraction", NumberValue(2), "2", "2"},
		{"small number has no exponent", NumberValue(1e-7), "0.0000001", "0.0000001"},
		{"great number has no exponent", NumberValue(1e21), "1000000000000000000000", "1000000000000000000000"},
		{"minus nought is nought", NumberValue(math.Copysign(0, -1)), "0", "0"},
		{"true", BoolValue(true), "true", "true"},
		{"false", BoolValue(false), "false", "false"},
		{"string", StringValue("a b"), "a b", `"a b"`},
		{"date", DateValue(DaysOf(2025, 4, 1)), "2025-04-01", `"2025-04-01"`},
		{"day before 1970", DateValue(-1), "1969-12-31", `"1969-12-31"`},
		{"first day", DateValue(MinDay), "0001-01-01", `"0001-01-01"`},
		{"last day", DateValue(MaxDay), "9999-12-31", `"9999-12-31"`},
		{"empty list", ListValue(nil), "", "[]"},
		{"list", ListValue([]Value{StringValue("a"), StringValue("b;")}), "a; b;", `["a","b;"]`},
		{"list of one", ListValue([]Value{IntValue(1)}), "1", "[1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.value.String(); got != c.text {
				t.Errorf("String gives %q, want %q", got, c.text)
			}
			got, err := json.Marshal(c.value)
			if err != nil || string(got) != c.json {
				t.Errorf("JSON is %s (%v), want %s", got, err, c.json)
			}
		})
	}
}

func TestValueGivesItsContent(t *testing.T) {
	list := []Value{IntValue(1), IntValue(2)}
	for _, c := range []struct {
		value     Value
		kind      Kind
		word      string
		got, want any
	}{
		{Value{}, Absent, "absent", Value{}.List(), []Value(nil)},
		{IntValue(7), Int, "int", IntValue(7).Int(), int64(7)},
		{NumberValue(7.5), Number, "number", NumberValue(7.5).Number(), 7.5},
		{BoolValue(true), Bool, "bool", BoolValue(true).Bool(), true},
		{BoolValue(false), Bool, "bool", BoolValue(false).Bool(), false},
		{StringValue("x"), String, "string", StringValue("x").Text(), "x"},
		{DateValue(3), Date, "date", DateValue(3).Int(), int64(3)},
		{ListValue(list), List, "list", ListValue(list).List(), list},
	} {
		if c.value.Kind() != c.kind || c.kind.String() != c.word {
			t.Errorf("%s has the kind %s, want %s, written %s", c.value, c.value.Kind(), c.kind, c.word)
		}
		if !cmp.Equal(c.got, c.want) {
			t.Errorf("%s gives %v, want %v", c.word, c.got, c.want)
		}
	}
}

func TestValuesAreEqualByKindAndContent(t *testing.T) {
	values := []Value{
		{}, IntValue(0), IntValue(1), NumberValue(0), NumberValue(1), BoolValue(false), BoolValue(true), StringValue(""), StringValue("1"),
		DateValue(0), DateValue(1), ListValue(nil), ListValue([]Value{IntValue(1)}), ListValue([]Value{NumberValue(1)}),
	}
	for i, v := range values {
		for j, w := range values {
			if got := v.Equal(w); got != (i == j) {
				t.Errorf("%s %s equals %s %s: %t", v.Kind(), v, w.Kind(), w, got)
			}
		}
	}
	if !NumberValue(0).Equal(NumberValue(math.Copysign(0, -1))) {
		t.Error("0 does not equal -0")
	}
}

func TestAppendQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"":                        `""`,
		"plain":                   `"plain"`,
		`say "no" \ `:             `"say \"no\" \\ "`,
		"a\nb\rc\td\x00\x1fe\x7f": `"a\nb\rc\td\u0000\u001fe` + "\x7f\"",
		"<b>&":                    `"<b>&"`,
		"£ 😀 \u2028":              "\"£ 😀 \u2028\"",
		"bad \xff\xc3(":           "\"bad \uFFFD\uFFFD(\"",
		"\uFFFD":                  "\"\uFFFD\"",
	} {
		if got := string(AppendQuoted(nil, in)); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}

func FuzzAppendQuoted(f *testing.F) {
	for _, s := range []string{"", "a\"b\\", "\x00\n\u2028", "\xff\xfe", "£😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := AppendQuoted(nil, s)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatalf("%q is written %s: %v", s, quoted, err)
		}
		if want := string([]rune(s)); back != want { // a byte that is no UTF-8 is U+FFFD
			t.Errorf("%q comes back as %q", s, back)
		}
		if again := AppendQuoted(nil, back); string(again) != string(quoted) {
			t.Errorf("%s is written %s the second time", quoted, again)
		}
	})
}

func TestDaysAreTheCalendarsDays(t *testing.T) {
	if first, last := DaysOf(1, 1, 1), DaysOf(9999, 12, 31); first != MinDay || last != MaxDay {
		t.Fatalf("days go from %d to %d, want %d to %d", first, last, MinDay, MaxDay)
	}
	for days := MinDay - 1000; days <= MaxDay+1000; days += 13 {
		want := time.Unix(days*86400, 0).UTC()
		year, month, day := CivilOf(days)
		if year != want.Year() || month != int(want.Month()) || day != want.Day() {
			t.Fatalf("day %d is %d-%d-%d, want %s", days, year, month, day, want.Format(time.DateOnly))
		}
		if again := DaysOf(year, month, day); again != days {
			t.Fatalf("%d-%d-%d is day %d, want %d", year, month, day, again, days)
		}
	}
}

func TestDaysOfNormalisesAsTimeDateDoes(t *testing.T) {
	for year := 1999; year <= 2004; year++ {
		for month := -25; month <= 25; month++ {
			for day := -70; day <= 70; day += 7 {
				want := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / 86400
				if got := DaysOf(year, month, day); got != want {
					t.Fatalf("%d-%d-%d is day %d, want %d", year, month, day, got, want)
				}
			}
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, ok := range map[string]bool{
		"2025-04-01": true, "2024-02-29": true, "0001-01-01": true, "9999-12-31": true, "2000-02-29": true,
		"2025-02-29": false, "1900-02-29": false, "0000-01-01": false, "2025-00-10": false, "2025-13-01": false, "2025-01-00": false, "2025-04-31": false,
		"": false, "2025-4-1": false, "2025-04-01T00:00:00Z": false, "2025/04/01": false, " 2025-04-01": false, "٢٠٢٥-04-01": false, "2025-04-0x": false, "+025-04-01": false,
	} {
		v, err := ParseDate(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		} else if ok && (v.Kind() != Date || v.String() != text) {
			t.Errorf("%q is read as %s %s", text, v.Kind(), v)
		}
	}
	_, err := ParseDate("1 April")
	if want := `"1 April" is not a date: write year-month-day, such as 2025-04-01`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2025-04-01", "2024-02-30", "0000-01-01", "", "2025-4-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseDate(s)
		want, wrong := time.Parse(time.DateOnly, s)
		if ok := wrong == nil && want.Year() > 0; ok != (err == nil) {
			t.Fatalf("%q: %v, time.Parse has %v", s, err, wrong)
		}
		if err == nil && v.Int() != want.Unix()/86400 {
			t.Errorf("%q is day %d, want %d", s, v.Int(), want.Unix()/86400)
		}
	})
}

func TestParseText(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		text string
		want Value // absent for an error
	}{
		{Int, "42", IntValue(42)},
		{Int, " -7 ", IntValue(-7)},
		{Int, "+7", IntValue(7)},
		{Int, "1,234,567", IntValue(1234567)},
		{Int, "1,5", Value{}},
		{Int, "1,2345", Value{}},
		{Int, ",123", Value{}},
		{Int, "12.0", Value{}},
		{Int, "9223372036854775808", Value{}},
		{Int, "", Value{}},
		{Int, "0x10", Value{}},
		{Int, "1_000", Value{}},
		{Number, "36.6", NumberValue(36.6)},
		{Number, "1,234.5", NumberValue(1234.5)},
		{Number, ".5", NumberValue(0.5)},
		{Number, "1e3", NumberValue(1000)},
		{Number, "1e999", Value{}},
		{Number, "36,6", Value{}},
		{Number, "inf", Value{}},
		{Number, "NaN", Value{}},
		{Number, "0x1p4", Value{}},
		{Number, ".", Value{}},
		{Number, "", Value{}},
		{Bool, "yes", BoolValue(true)},
		{Bool, "True", BoolValue(true)},
		{Bool, " no", BoolValue(false)},
		{Bool, "false", BoolValue(false)},
		{Bool, "1", Value{}},
		{Date, " 2025-04-01 ", DateValue(DaysOf(2025, 4, 1))},
		{Date, "01/04/2025", Value{}},
		{String, " full ", StringValue("full")},
		{String, "", StringValue("")},
		{List, "1", Value{}},
		{Absent, "1", Value{}},
	} {
		got, err := ParseText(c.kind, c.text)
		if !got.Equal(c.want) || (err == nil) != (c.want.Kind() != Absent) {
			t.Errorf("%s %q is read as %s %s (%v), want %s %s", c.kind, c.text, got.Kind(), got, err, c.want.Kind(), c.want)
		}
	}
}

func TestParseTextSaysWhatToWrite(t *testing.T) {
	for kind, want := range map[Kind]string{
		Int:    `"?" is not a whole number: write digits, such as 42`,
		Number: `"?" is not a number: write it in decimals, such as 36.6`,
		Bool:   `"?" is neither yes nor no: write one of them`,
		Date:   `"?" is not a date: write year-month-day, such as 2025-04-01`,
		List:   `a value of kind list cannot be typed in`,
	} {
		if _, err := ParseText(kind, "?"); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", kind, err, want)
		}
	}
}

// A number that is written reads back as the same number, from JSON and as typed.
func FuzzNumberRoundTrip(f *testing.F) {
	for _, x := range []float64{0, 1, -1.5, 36.6, 1e21, 5e-324, math.MaxFloat64} {
		f.Add(math.Float64bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint64) {
		x := math.Float64frombits(bits)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Skip()
		}
		v := NumberValue(x)
		for name, read := range map[string]func() (Value, error){
			"JSON": func() (Value, error) { return ParseJSON(Number, v.AppendJSON(nil)) },
			"text": func() (Value, error) { return ParseText(Number, v.String()) },
		} {
			if w, err := read(); err != nil || !w.Equal(v) {
				t.Errorf("%s: %s comes back as %s (%v)", name, strconv.FormatFloat(x, 'g', -1, 64), w, err)
			}
		}
	})
}

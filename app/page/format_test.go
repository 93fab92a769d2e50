package page

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

func day2003() policy.Value { return policy.DateValue(policy.DaysOf(2003, 3, 14)) }

func TestQuantity(t *testing.T) {
	pounds := column{policy.Column{Kind: policy.Int, Unit: "£"}, -1}
	pence := column{policy.Column{Kind: policy.Int, Unit: "£", Decimals: 2}, -1}
	plainInt := column{policy.Column{Kind: policy.Int}, -1}
	degrees := column{policy.Column{Kind: policy.Number, Unit: "°C"}, 1}
	number := column{policy.Column{Kind: policy.Number, Unit: "%"}, -1}
	factor := column{policy.Column{Kind: policy.Int, Unit: "×", Decimals: 2}, -1}
	miles := column{policy.Column{Kind: policy.Int, Unit: "miles"}, -1}
	for name, c := range map[string]struct {
		column column
		value  policy.Value
		want   Quantity
		text   string
	}{
		"pounds before the number":          {pounds, policy.IntValue(14350), Quantity{Before: "£", Text: "14,350"}, "£14,350"},
		"pence are hundredths of a pound":   {pence, policy.IntValue(128420), Quantity{Before: "£", Text: "1,284.20"}, "£1,284.20"},
		"less than a pound":                 {pence, policy.IntValue(5), Quantity{Before: "£", Text: "0.05"}, "£0.05"},
		"minus stands before the pound":     {pence, policy.IntValue(-2500), Quantity{Before: "−£", Text: "25.00"}, "−£25.00"},
		"minus less than a pound":           {pence, policy.IntValue(-5), Quantity{Before: "−£", Text: "0.05"}, "−£0.05"},
		"a unit of four digits has a comma": {miles, policy.IntValue(4000), Quantity{Text: "4,000", After: "miles"}, "4,000\u00a0miles"},
		"a year has none":                   {plainInt, policy.IntValue(2019), Quantity{Text: "2019"}, "2019"},
		"a bare number of five digits has":  {plainInt, policy.IntValue(-20190), Quantity{Text: "−20,190"}, "−20,190"},
		"decimals of the step":              {degrees, policy.NumberValue(37), Quantity{Text: "37.0", After: "°C"}, "37.0\u00a0°C"},
		"as many decimals as there are":     {number, policy.NumberValue(3.25), Quantity{Text: "3.25", After: "%"}, "3.25\u00a0%"},
		"a factor has its sign before":      {factor, policy.IntValue(145), Quantity{Before: "×\u00a0", Text: "1.45"}, "×\u00a01.45"},
		"yes":                               {column{}, policy.BoolValue(true), Quantity{Text: "yes"}, "yes"},
		"no":                                {column{}, policy.BoolValue(false), Quantity{Text: "no"}, "no"},
		"a date":                            {column{}, day2003(), Quantity{Text: "14 Mar 2003"}, "14 Mar 2003"},
		"a text":                            {column{policy.Column{Unit: "£"}, -1}, policy.StringValue("LS"), Quantity{Text: "LS"}, "LS"},
		"an empty text":                     {column{}, policy.StringValue(""), Quantity{Text: "–"}, "–"},
		"nothing":                           {pounds, policy.Value{}, Quantity{Text: "–"}, "–"},
		"a list, each with its unit":        {pounds, policy.ListValue([]policy.Value{policy.IntValue(1), policy.IntValue(2000)}), Quantity{Text: "£1, £2,000"}, "£1, £2,000"},
		"an empty list":                     {pounds, policy.ListValue(nil), Quantity{Text: "none"}, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.column.quantity(c.value)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if got.String() != c.text {
				t.Errorf("String gives %q, want %q", got.String(), c.text)
			}
		})
	}
}

func TestPercentNeverRoundsToNothingOrAll(t *testing.T) {
	for _, c := range []struct {
		n, total int64
		want     string
	}{{0, 0, "0 %"}, {0, 5, "0 %"}, {1, 1000, "< 1 %"}, {1, 3, "33 %"}, {2, 3, "67 %"}, {999, 1000, "> 99 %"}, {5, 5, "100 %"}} {
		if got := strings.ReplaceAll(percent(c.n, c.total), "\u00a0", " "); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.n, c.total, got, c.want)
		}
	}
}

func TestCountsAndMoments(t *testing.T) {
	if got := plural(1, "case") + ", " + plural(1204, "case") + ", " + plural(0, "case"); got != "1 case, 1,204 cases, 0 cases" {
		t.Error(got)
	}
	at := time.Date(2026, 3, 4, 10, 57, 31, 0, time.FixedZone("CET", 3600))
	if diff := cmp.Diff(Moment{"4 Mar 2026, 09:57", "2026-03-04T09:57:31Z"}, moment(at)); diff != "" {
		t.Error(diff)
	}
	if (moment(time.Time{}) != Moment{}) {
		t.Error("no time is shown as one")
	}
}

func TestParseFieldReadsWhatPlainWrites(t *testing.T) {
	for _, c := range []struct {
		column policy.Column
		value  policy.Value
		text   string
	}{
		{policy.Column{Kind: policy.Int}, policy.IntValue(-23), "-23"},
		{policy.Column{Kind: policy.Int, Decimals: 2}, policy.IntValue(128420), "1284.20"},
		{policy.Column{Kind: policy.Int, Decimals: 2}, policy.IntValue(-7), "-0.07"},
		{policy.Column{Kind: policy.Number}, policy.NumberValue(36.6), "36.6"},
		{policy.Column{Kind: policy.Bool}, policy.BoolValue(true), "yes"},
		{policy.Column{Kind: policy.Date}, day2003(), "2003-03-14"},
		{policy.Column{Kind: policy.String, Labels: []string{"full"}}, policy.StringValue("full"), "full"},
	} {
		if got := plain(c.column, c.value); got != c.text {
			t.Errorf("plain gives %q, want %q", got, c.text)
		}
		if got, err := ParseField(c.column, c.text); err != nil || !got.Equal(c.value) {
			t.Errorf("%q reads as %v, %v", c.text, got, err)
		}
	}
}

func TestParseField(t *testing.T) {
	pence := policy.Column{Name: "premium", Kind: policy.Int, Unit: "£", Decimals: 2}
	for _, c := range []struct {
		column policy.Column
		text   string
		want   policy.Value
		wrong  string
	}{
		{pence, " £1,284.2 ", policy.IntValue(128420), ""},
		{pence, "−5", policy.IntValue(-500), ""},
		{pence, "12.345", policy.Value{}, `"12.345" has more than 2 decimals: write fewer, such as 12.34`},
		{pence, "12.3x", policy.Value{}, "is not a whole number"},
		{policy.Column{Kind: policy.Int}, "11 000", policy.IntValue(11000), ""},
		{policy.Column{Kind: policy.Int}, "twenty", policy.Value{}, "is not a whole number"},
		{policy.Column{Kind: policy.Int}, "", policy.Value{}, "is not a whole number"},
		{policy.Column{Kind: policy.Number}, "37,000.5", policy.NumberValue(37000.5), ""},
		{policy.Column{Kind: policy.Bool}, "YES", policy.BoolValue(true), ""},
		{policy.Column{Name: "licence", Kind: policy.String, Labels: []string{"full", "provisional"}}, "ful", policy.Value{}, `did you mean "full"?`},
	} {
		got, err := ParseField(c.column, c.text)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q: error %v, want %q", c.text, err, c.wrong)
			}
		} else if err != nil || !got.Equal(c.want) {
			t.Errorf("%q reads as %v, %v", c.text, got, err)
		}
	}
}

// FuzzParseField holds that what is read is written and read again as the same value, and that nothing panics.
func FuzzParseField(f *testing.F) {
	for _, seed := range []string{"£1,284.20", "−5", ".5", "1e9", "99999999999999999999", "yes", "0x1F", "1.-2", "--1", "１２"} {
		f.Add(seed, 2)
	}
	f.Fuzz(func(t *testing.T, text string, decimals int) {
		c := policy.Column{Kind: policy.Int, Decimals: max(0, min(decimals, 6))}
		v, err := ParseField(c, text)
		if err != nil {
			return
		}
		again, err := ParseField(c, plain(c, v))
		if err != nil || !again.Equal(v) {
			t.Errorf("%q is %v, written %q, read %v, %v", text, v, plain(c, v), again, err)
		}
	})
}

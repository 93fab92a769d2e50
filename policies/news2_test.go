package policies_test

import (
	"math"
	"testing"

	"verdictory/policy"
)

// band is the score of a measurement that is at most a limit, and above the band before.
type band struct{ to, score int64 }

func score(bands []band, v int64) int64 {
	for _, b := range bands {
		if v <= b.to {
			return b.score
		}
	}
	panic("the last band has no limit")
}

// The chart, in the order of the verdict's sub-scores.
var (
	respirationBands = []band{{8, 3}, {11, 1}, {20, 0}, {24, 2}, {math.MaxInt64, 3}}
	scale1Bands      = []band{{91, 3}, {93, 2}, {95, 1}, {math.MaxInt64, 0}}
	scale2AirBands   = []band{{83, 3}, {85, 2}, {87, 1}, {math.MaxInt64, 0}}
	scale2OxyBands   = []band{{83, 3}, {85, 2}, {87, 1}, {92, 0}, {94, 1}, {96, 2}, {math.MaxInt64, 3}}
	pressureBands    = []band{{90, 3}, {100, 2}, {110, 1}, {219, 0}, {math.MaxInt64, 3}}
	pulseBands       = []band{{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {math.MaxInt64, 3}}
	temperatureBands = []band{{350, 3}, {360, 1}, {380, 0}, {390, 1}, {math.MaxInt64, 2}} // in tenths of a degree
)

var subScores = []string{"respiration_rate", "oxygen_saturation", "supplemental_oxygen", "systolic_pressure", "pulse", "consciousness", "temperature"}

// compareNEWS2 holds the policy's verdict on the objects at hand against the chart, read without the policy's document.
func compareNEWS2(t *testing.T, b *bench) {
	t.Helper()
	o := b.what
	oxygen := o("supplemental_oxygen").Bool()
	saturation := scale1Bands
	if b.who("hypercapnic_failure").Bool() {
		saturation = scale2AirBands
		if oxygen {
			saturation = scale2OxyBands
		}
	}
	want := [7]int64{
		score(respirationBands, o("respiration_rate").Int()), score(saturation, o("oxygen_saturation").Int()), 0,
		score(pressureBands, o("systolic_pressure").Int()), score(pulseBands, o("pulse").Int()), 0,
		score(temperatureBands, int64(math.Round(o("temperature").Number()*10))),
	}
	if oxygen {
		want[2] = 2
	}
	if o("consciousness").Text() != "alert" {
		want[5] = 3
	}
	total, single3 := int64(0), false
	for i, s := range want {
		total += s
		single3 = single3 || s == 3
		if got := b.verdict(subScores[i]).Int(); got != s {
			t.Fatalf("%s: %s scores %d, want %d", b, subScores[i], got, s)
		}
	}
	risk, monitoring := "low", "every 4 to 6 hours"
	switch {
	case total >= 7:
		risk, monitoring = "high", "continuous"
	case total >= 5:
		risk, monitoring = "medium", "every hour"
	case single3:
		risk, monitoring = "low-medium", "every hour"
	case total == 0:
		monitoring = "every 12 hours"
	}
	if v := b.verdict; v("total").Int() != total || v("risk").Text() != risk || v("monitoring").Text() != monitoring {
		t.Fatalf("%s: want %d, %s, %s", b, total, risk, monitoring)
	}
}

func TestNEWS2AgreesWithTheChart(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "news2", mode)
			for i := range int64(50_000) {
				b.draw(i)
				compareNEWS2(t, b)
			}
		})
	}
}

// TestNEWS2AgreesWithTheChartAtEveryBoundary goes through every boundary of the chart, from both sides, combined with
// both sides of every other parameter's steps to 0 and to 3.
func TestNEWS2AgreesWithTheChartAtEveryBoundary(t *testing.T) {
	values := map[string][]policy.Value{
		"hypercapnic_failure": {policy.BoolValue(false), policy.BoolValue(true)},
		"respiration_rate":    ints(0, 8, 9, 11, 12, 20, 21, 24, 25, 99),
		"oxygen_saturation":   ints(0, 83, 84, 85, 86, 87, 88, 91, 92, 93, 94, 95, 96, 97, 100),
		"supplemental_oxygen": {policy.BoolValue(false), policy.BoolValue(true)},
		"systolic_pressure":   ints(0, 90, 91, 100, 101, 110, 111, 219, 220, 300),
		"pulse":               ints(0, 40, 41, 50, 51, 90, 91, 110, 111, 130, 131, 300),
		"consciousness":       {policy.StringValue("alert"), policy.StringValue("confusion"), policy.StringValue("voice"), policy.StringValue("pain"), policy.StringValue("unresponsive")},
		"temperature":         {tenths(200), tenths(350), tenths(351), tenths(360), tenths(361), tenths(380), tenths(381), tenths(390), tenths(391), tenths(450)},
	}
	coarse := map[string][]policy.Value{
		"hypercapnic_failure": values["hypercapnic_failure"], "supplemental_oxygen": values["supplemental_oxygen"],
		"respiration_rate": ints(8, 9, 12, 21), "oxygen_saturation": ints(83, 93, 96), "systolic_pressure": ints(90, 91, 111),
		"pulse": ints(41, 51, 131), "consciousness": values["consciousness"][:2], "temperature": {tenths(350), tenths(370), tenths(391)},
	}
	fields := append([]string{"hypercapnic_failure"}, subScores...)
	for _, fine := range fields {
		t.Run(fine, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "news2", policy.Random)
			b.draw(0)
			var walk func(i int)
			walk = func(i int) {
				if i == len(fields) {
					b.decide()
					compareNEWS2(t, b)
					return
				}
				object, choices := b.Case.What, coarse[fields[i]]
				if i == 0 {
					object = b.Case.Who
				}
				if fields[i] == fine {
					choices = values[fine]
				}
				for _, v := range choices {
					set(object, fields[i], v)
					walk(i + 1)
				}
			}
			walk(0)
		})
	}
}

func ints(values ...int64) []policy.Value {
	out := make([]policy.Value, len(values))
	for i, v := range values {
		out[i] = policy.IntValue(v)
	}
	return out
}

// tenths gives a temperature as it is read from a document: the float64 nearest to its one decimal.
func tenths(n int64) policy.Value { return policy.NumberValue(float64(n) / 10) }

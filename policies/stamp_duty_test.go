package policies_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"verdictory/contract"
	"verdictory/policy"
)

// purchase is what the tax is worked out from, taxBill what comes out.
type purchase struct {
	firstTime, additional, resident bool
	price                           int64
	completed                       string // 2006-01-02, which orders as days do
}

type taxBill struct {
	tax, surcharge int64
	schedule       string
	rate           string // percent, two decimals
}

// slice is the rate in percent on the part of a price up to a limit and above the slice before.
type slice struct{ to, percent int64 }

const noLimit = 1 << 50

// stampDuty works the tax out as the law's tables are read, without looking at the policy's document.
func stampDuty(p purchase) taxBill {
	standard := []slice{{125_000, 0}, {250_000, 2}, {925_000, 5}, {1_500_000, 10}, {noLimit, 12}}
	firstTime := []slice{{300_000, 0}, {500_000, 5}}
	if p.completed >= "2022-09-23" && p.completed <= "2025-03-31" {
		standard = []slice{{250_000, 0}, {925_000, 5}, {1_500_000, 10}, {noLimit, 12}}
		firstTime = []slice{{425_000, 0}, {625_000, 5}}
	}
	bill := taxBill{schedule: "standard"}
	slices := standard
	if p.firstTime && !p.additional {
		bill.schedule = "first-time" // whatever the price
		if p.price <= firstTime[1].to {
			slices = firstTime
		}
	}
	hundredths := int64(0) // of a pound
	from := int64(0)
	for _, s := range slices {
		if p.price > from {
			hundredths += (min(p.price, s.to) - from) * s.percent
		}
		from = s.to
	}
	surcharge := int64(0)
	if p.additional && p.price >= 40_000 {
		bill.schedule = "higher"
		surcharge = 5 * p.price
		if p.completed <= "2024-10-30" {
			surcharge = 3 * p.price
		}
	}
	if !p.resident && p.price >= 40_000 {
		surcharge += 2 * p.price
	}
	bill.tax, bill.surcharge = (hundredths+surcharge)/100, surcharge/100
	bill.rate = "0.00"
	if p.price > 0 {
		bill.rate = big.NewRat(100*bill.tax, p.price).FloatString(2) // rounds halves away from zero
	}
	return bill
}

// compareStampDuty holds the policy's verdict on the objects at hand against the oracle's.
func compareStampDuty(t *testing.T, b *bench) {
	t.Helper()
	want := stampDuty(purchase{
		firstTime: b.who("first_time_buyer").Bool(), additional: b.who("additional_dwelling").Bool(), resident: b.who("uk_resident").Bool(),
		price: b.what("price").Int(), completed: b.what("completion_date").String(),
	})
	got := taxBill{
		tax: b.verdict("tax").Int(), surcharge: b.verdict("surcharge").Int(), schedule: b.verdict("schedule").Text(),
		rate: big.NewRat(1, 1).SetFloat64(b.verdict("effective_rate").Number()).FloatString(2),
	}
	if got != want {
		t.Fatalf("%s: got %+v, want %+v", b, got, want)
	}
	if again, _ := policy.ParseJSON(policy.Number, []byte(want.rate)); !again.Equal(b.verdict("effective_rate")) {
		t.Fatalf("%s: effective_rate has more than two decimals", b)
	}
}

func TestStampDutyAgreesWithTheOracle(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "stamp-duty", mode)
			for i := range int64(50_000) {
				b.draw(i)
				compareStampDuty(t, b)
			}
		})
	}
}

func TestStampDutyAgreesWithTheOracleAtEveryBoundary(t *testing.T) {
	t.Parallel()
	b := newBench(t, "stamp-duty", policy.Random)
	b.draw(0)
	prices := []int64{1, 49, 50, 51, 100_000_000, 1_000_000_000_000}
	for _, p := range []int64{40_000, 125_000, 250_000, 300_000, 425_000, 500_000, 625_000, 925_000, 1_500_000} {
		for _, d := range []int64{-51, -50, -49, -1, 0, 1, 2, 9, 10, 19, 20, 49, 50, 51} { // £50 of a slice bring the first pound at 2 %, £20 at 5 %
			prices = append(prices, p+d)
		}
	}
	days := []string{
		"2021-10-01", "2021-10-02", "2022-09-22", "2022-09-23", "2024-10-30", "2024-10-31", "2025-03-31", "2025-04-01", "2026-12-31", "2027-01-01", "9999-12-31",
	}
	for _, day := range days {
		completed, err := policy.ParseDate(day)
		if err != nil {
			t.Fatal(err)
		}
		set(b.Case.What, "completion_date", completed)
		for _, price := range prices {
			set(b.Case.What, "price", policy.IntValue(price))
			for bits := range 8 {
				set(b.Case.Who, "first_time_buyer", policy.BoolValue(bits&1 != 0))
				set(b.Case.Who, "additional_dwelling", policy.BoolValue(bits&2 != 0))
				set(b.Case.Who, "uk_resident", policy.BoolValue(bits&4 != 0))
				b.decide()
				compareStampDuty(t, b)
			}
		}
	}
}

func TestStampDutyOfNothingIsNothing(t *testing.T) {
	b := newBench(t, "stamp-duty", policy.Random)
	b.draw(0)
	for _, price := range []int64{0, -1, -500_000} {
		set(b.Case.What, "price", policy.IntValue(price))
		set(b.Case.Who, "additional_dwelling", policy.BoolValue(true))
		b.decide()
		if got, want := string(b.Case.Verdict.AppendJSON(nil)), `{"tax":0,"schedule":"standard","effective_rate":0,"surcharge":0}`; got != want {
			t.Errorf("at a price of %d: got %s, want %s", price, got, want)
		}
	}
}

func TestStampDutyHasNoVerdictBeforeItsFirstDay(t *testing.T) {
	b := newBench(t, "stamp-duty", policy.Random)
	b.draw(0)
	day, err := policy.ParseDate("2021-09-30")
	if err != nil {
		t.Fatal(err)
	}
	set(b.Case.What, "completion_date", day)
	err = b.Decide()
	var refusal *contract.Error
	if !errors.As(err, &refusal) || refusal.Code != contract.NoVerdict || !strings.Contains(refusal.Message, "period") {
		t.Errorf("got %v, want a no-verdict error that names the decision", err)
	}
}

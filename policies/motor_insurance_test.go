package policies_test

import (
	"testing"

	"verdictory/policy"
)

// hundredth gives a × percent / 100, the half away from zero.
func hundredth(a, percent int64) int64 {
	n := a * percent
	if n < 0 {
		return (n - 50) / 100
	}
	return (n + 50) / 100
}

func TestMotorInsuranceQuotesAddUp(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "motor-insurance", mode)
			for i := range int64(10_000) {
				b.draw(i)
				q := func(field string) int64 { return b.verdict(field).Int() }
				product := hundredth(hundredth(hundredth(q("base_premium"), q("age_factor")), q("group_factor")), q("record_factor"))
				premium := max(18_000, product+q("overnight_loading")+q("use_loading"))
				excess := q("excess")
				switch decision := b.verdict("decision").Text(); {
				case decision == "decline" && (q("premium") != 0 || excess != 0):
					t.Fatalf("%s: a declined quote has neither premium nor excess", b)
				case decision != "decline" && q("premium") != premium:
					t.Fatalf("%s: the premium is %d, its factors make %d", b, q("premium"), premium)
				case decision != "decline" && (excess < 250 || excess > 950 || excess%50 != 0):
					t.Fatalf("%s: the excess is odd", b)
				case (decision == "accept") != (b.verdict("reason").Text() == "Standard terms"):
					t.Fatalf("%s: the reason does not fit the decision", b)
				}
			}
		})
	}
}

// TestMotorInsuranceWorseIsNeverBetter makes one thing worse at a time: the decision must not become better, and the
// premium of a quote that is not declined must not fall.
func TestMotorInsuranceWorseIsNeverBetter(t *testing.T) {
	rank := map[string]int{"accept": 0, "refer": 1, "decline": 2}
	worse := map[string]func(b *bench) (object policy.Object, by int64){
		"claims_3y":       func(b *bench) (policy.Object, int64) { return b.Case.Who, 1 },
		"penalty_points":  func(b *bench) (policy.Object, int64) { return b.Case.Who, 3 },
		"licence_years":   func(b *bench) (policy.Object, int64) { return b.Case.Who, -2 },
		"insurance_group": func(b *bench) (policy.Object, int64) { return b.Case.What, 5 },
		"annual_mileage":  func(b *bench) (policy.Object, int64) { return b.Case.What, 5_000 },
		"value":           func(b *bench) (policy.Object, int64) { return b.Case.What, 10_000 },
	}
	for field, change := range worse {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "motor-insurance", policy.Random)
			for i := range int64(2_000) {
				b.draw(i)
				before, premium, was := rank[b.Case.Outcome], b.verdict("premium").Int(), b.String()
				object, by := change(b)
				set(object, field, policy.IntValue(object.Get(field).Int()+by))
				b.decide()
				after := rank[b.Case.Outcome]
				if after < before || after < 2 && b.verdict("premium").Int() < premium {
					t.Fatalf("was %s, with a worse %s %s", was, field, b)
				}
			}
		})
	}
}

func TestMotorInsuranceObjectsAgreeInThemselves(t *testing.T) {
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "motor-insurance", mode)
			among := func(o *policy.ObjectDoc, field, given, value string) bool {
				for _, f := range o.Fields {
					for _, table := range f.Tables {
						for _, c := range table.Choices {
							if f.Name == field && table.Label == given && c.Label == value {
								return true
							}
						}
					}
				}
				return false
			}
			newest := b.policy.What.AsOf
			year, _, _ := policy.CivilOf(newest.Int())
			for i := range int64(2_000) {
				b.draw(i)
				who, what := b.who, b.what
				age := who("age").Int()
				born, _, _ := policy.CivilOf(who("date_of_birth").Int())
				turned := int64(year - born)
				switch {
				case age < 17 || age > 90 || age != turned && age != turned-1:
					t.Fatalf("%s: the age does not fit the date of birth", b)
				case who("licence_years").Int() > age-17 || who("licence_years").Int() < 0:
					t.Fatalf("%s: a licence before 17", b)
				case !among(b.policy.Who, "postcode_area", who("region").Text(), who("postcode_area").Text()):
					t.Fatalf("%s: the postcode area is not in the region", b)
				case !among(b.policy.What, "model", what("make").Text(), what("model").Text()):
					t.Fatalf("%s: the model is not of the make", b)
				case what("insurance_group").Int() < 1 || what("insurance_group").Int() > 50 || what("value").Int()%50 != 0:
					t.Fatalf("%s: group or value out of range", b)
				}
			}
		})
	}
}

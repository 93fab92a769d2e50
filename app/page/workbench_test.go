package page

import (
	"testing"
	"time"

	"verdictory/contract"
	"verdictory/policy"
)

// shown is the workbench with the referred case.
func shown() WorkbenchInput {
	c := refer()
	return WorkbenchInput{
		Policy: cover(), Key: "k-1", Case: &c, Trace: traceOf(cover(), c), JSONURL: "/api/v1/cases/x", Latest: []contract.Case{c, with(c, "driver.age", policy.IntValue(40))},
		Counts: countsOf(cover(), 1204, "eligibility/abroad", "marks/old"),
	}
}

func TestWorkbenchBeforeTheFirstCase(t *testing.T) {
	doc := rendered(t, site(), site().Workbench(WorkbenchInput{Policy: cover(), Key: "k-1", Mode: policy.Boundary}), Part{})
	expect(t, doc, map[string]string{
		"title": "Cover · Verdictory", "h1": "A driver, a vehicle, and the cover they get", ".top nav [aria-current]": "Workbench",
		".lead > div:first-child > p": "Nobody charges these prices. Version " + cover().Digest.Short(), ".seg label": "Random | Boundary",
		".card h2": "Driver who | Vehicle what | Quote verdict", ".out": "◇No case yet. Generate draws the driver and the vehicle, and the rules decide.",
		".verdict dt": "Reason | Factor | Marks", ".vehicle dt": "", ".what dd": " |  |  |  |  | ", ".roll": "", ".from": "", ".why .quiet": "Here each rule says whether it hit, which condition failed, and what it saw.",
		"#so-far-label small": "0 cases", "table": "",
	})
	if attr(doc.Find("#generate"), "action") != "/cover/cases" || attr(doc.Find("#generate"), "hx-post") != "/cover/cases" || attr(doc.Find("input[name=mode][checked]"), "value") != "boundary" {
		t.Error("the form does not say where it goes or in which mode")
	}
	if attr(doc.Find("input[name=key][form=generate]"), "value") != "k-1" || doc.Find("input[name=from]").Length() != 0 || doc.Find("#seed-box[open]").Length() != 0 {
		t.Error("the form's hidden fields are wrong")
	}
}

func TestWorkbenchShowsACase(t *testing.T) {
	doc := rendered(t, site(), site().Workbench(shown()), Part{})
	code := refer().Code.String()
	expect(t, doc, map[string]string{
		"title": code + " · Cover · Verdictory", ".who .code": "seed " + seedA.String(), ".what .code": "seed " + seedB.String(),
		".roll": "↻ Re-roll Driver | ↻ Re-roll Vehicle", ".verdict .code": code,
		"#f-driver-name dd": "Marlene Okafor", "#f-driver-age summary": "Change Age: 22 years", "#f-driver-date_of_birth summary": "Change Date of birth: 14 Mar 2003",
		"#f-vehicle-value summary": "Change Value: £14,350", "#f-vehicle-year summary": "Change Year: 2019", "#f-vehicle-engine summary": "Change Engine size: 2.0 litres",
		".out.warn": "▲ReferPremium £650.00", ".because": "An underwriter decides.", ".verdict dt": "Reason | Factor | Marks",
		".verdict dd": "Young and fast | × 1.45 | big, old", "#why-label small": "3 decisions, 3 rules hit of 10",
		".why .group th":                   "Eligibility first → gave decision 20,000, reason 20,000 | Loading collect sum → gave 20,000 | Marks rule order → gave 20,000",
		".why .hit td:first-child":         "eligibility · young-and-fast | loading · young | loading · claims | marks · none",
		".why .hit td:nth-child(3)":        "saw 22 years, 31 of 50 | saw 22 years | saw 1 | ",
		".why .other td:first-child":       "too-young | learner | abroad | standard | modified | big | old",
		".why .other.miss td:nth-child(2)": "driver.age < 18 | vehicle.modified | vehicle.engine > 3.0 | vehicle.year < 2000",
		".why .other .mark":                "✕missed | –not looked at | –not looked at | –not looked at | ✕missed | ✕missed | ✕missed",
		".coverage b":                      "8 of 10", ".never a": "eligibility · abroad | marks · old",
		".latest tbody tr":    code + "age 22 years · full · claims 1 · year 2019 · insurance group 31 of 50 · engine size 2.0 litres ▲ Refer £650.00 | " + code + "age 40 years · full · claims 1 · year 2019 · insurance group 31 of 50 · engine size 2.0 litres ▲ Refer £650.00",
		".from p:first-child": code + " random mode Driver " + seedA.String() + " Vehicle " + seedB.String() + " version " + cover().Digest.Short() + " stored 14 Mar 2026, 09:57 UTC",
		".from .acts a":       "JSON", ".key li": "● Accept 61 % , 734 cases | ◆ Ask 24 % , 286 cases | ▲ Refer 9 % , 112 cases | ■ Decline 6 % , 72 cases",
	})
	roll := doc.Find("#roll-who")
	if attr(roll, "form") != "generate" || attr(roll, "name") != "what" || attr(roll, "value") != seedB.String() {
		t.Error("re-rolling who does not keep what")
	}
	if attr(doc.Find("#copy"), "data-path") != "/cover/"+code || attr(doc.Find("input[name=from]"), "value") != code || attr(doc.Find(".mix").First(), "aria-label") != "Accept 61\u00a0%, Ask 24\u00a0%, Refer 9\u00a0%, Decline 6\u00a0%" {
		t.Error("the case's links are wrong")
	}
	if attr(doc.Find(".why .hit a").First(), "href") != "/cover/rules#eligibility/young-and-fast" || attr(doc.Find(".why .group a").First(), "href") != "/cover/rules#decision-eligibility" {
		t.Error("rules do not lead to the policy page")
	}
	if doc.Find(".latest .current").Length() != 2 || doc.Find("#f-driver-name form").Length() != 0 || attr(doc.Find("input[name=mode][checked]"), "value") != "random" {
		t.Error("the case at hand is not marked, or its name can be edited")
	}
}

func TestEveryFieldHasItsForm(t *testing.T) {
	in := shown()
	in.Boundaries = &contract.Boundaries{
		Who:  []contract.FieldBoundary{{Field: "claims_3y"}, {Field: "age", Values: ints(17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)}},
		What: []contract.FieldBoundary{{Field: "engine", Values: []policy.Value{policy.NumberValue(2.9), policy.NumberValue(3)}}, {Field: "value", Values: ints(40000)}},
	}
	doc := rendered(t, site(), site().Workbench(in), Part{})
	expect(t, doc, map[string]string{
		"#f-driver-licence option": "full | provisional", "#f-driver-licence option[selected]": "full", "#f-driver-uk_resident option": "yes | no", "#f-driver-uk_resident option[selected]": "yes",
		"#f-driver-age .limits button": "18 | 19 | 20 | 21 | 22 | 23 | 24 | 25 | 26", "#f-driver-age [aria-current]": "22", "#f-driver-claims_3y .limits": "",
		"#f-vehicle-engine .limits button": "2.9 | 3.0", "#f-vehicle-value .limits button": "£40,000", "#f-driver-age .unit": "years | years", "#f-driver-licence_years .hint": "No longer than since 17.",
	})
	for selector, want := range map[string]string{
		"#f-driver-date_of_birth-input[type=date]": "2003-03-14", "#f-driver-age-input[inputmode=numeric]": "22",
		"#f-vehicle-engine-input[inputmode=decimal]": "2", "#f-vehicle-value-input[inputmode=numeric]": "14350",
	} {
		if got := attr(doc.Find(selector), "value"); got != want {
			t.Errorf("%s holds %q, want %q", selector, got, want)
		}
	}
	form := doc.Find("form#edit-f-driver-age")
	want := "/cover/cases/" + refer().Code.String() + "/edit"
	if attr(form, "action") != want || attr(form, "hx-post") != want || attr(form, "method") != "post" || attr(form.Find("input[name=key]"), "value") != "k-1" || attr(form.Find("#f-driver-age-input"), "name") != "driver.age" {
		t.Error("a field's form does not say where it goes")
	}
	if attr(doc.Find(".limits button").First(), "name") != "driver.age" || attr(doc.Find(".limits button").First(), "value") != "18" {
		t.Error("a limit does not send its value")
	}
}

func ints(numbers ...int64) []policy.Value {
	var values []policy.Value
	for _, n := range numbers {
		values = append(values, policy.IntValue(n))
	}
	return values
}

func TestALabelThatTheFieldNoLongerHasStaysInItsForm(t *testing.T) {
	in := shown()
	c := with(*in.Case, "driver.licence", policy.StringValue("imperial"))
	in.Case = &c
	expect(t, rendered(t, site(), site().Workbench(in), Part{}), map[string]string{"#f-driver-licence option": "imperial | full | provisional"})
}

func TestAnEditedCaseShowsWhatItWas(t *testing.T) {
	in := shown()
	drawn := refer()
	c := with(with(drawn, "driver.age", policy.IntValue(26)), "vehicle.value", policy.IntValue(20000))
	c.Code.Edit, c.Code.Mode, c.Created = "4W0Q2ZTA", policy.Boundary, drawn.Created.AddDate(0, 0, 1)
	in.Case, in.Drawn, in.Stale = &c, &Pair{drawn.Who, drawn.What}, true
	doc := rendered(t, site(), site().Workbench(in), Part{})
	expect(t, doc, map[string]string{
		".edited summary": "Change Age: was 22 26 years | Change Value: was £14,350 £20,000", ".from .chip": "edited", ".from .acts a": "Reset edits | JSON",
		".from p:first-child span:nth-child(3)": "boundary mode", ".from p:first-child > span:nth-child(6)": "version " + cover().Digest.Short() + " (not the current one)",
	})
	unedited := drawn.Code
	unedited.Mode = policy.Boundary
	if attr(doc.Find(".from .acts a").First(), "href") != "/cover/"+unedited.String() || attr(doc.Find("input[name=mode][checked]"), "value") != "boundary" {
		t.Error("the edits cannot be reset")
	}
}

func TestACaseThatIsNotStoredSaysSo(t *testing.T) {
	in := shown()
	in.Case.Created = time.Time{}
	in.JSONURL = "//evil"
	doc := rendered(t, site(), site().Workbench(in), Part{})
	expect(t, doc, map[string]string{".from time": "", ".from p:first-child > span:last-child": "regenerated from its seeds, not stored", ".from .acts a": ""})
}

func TestAWrongFieldKeepsWhatWasTyped(t *testing.T) {
	in := shown()
	in.Edit = Typed{Field: "driver.age", Text: "twenty", Error: "write digits"}
	doc := rendered(t, site(), site().Workbench(in), Part{})
	input := doc.Find("#f-driver-age-input")
	if attr(input, "value") != "twenty" || attr(input, "aria-invalid") != "true" || attr(input, "aria-describedby") != "f-driver-age-error" || doc.Find("#f-driver-age details[open]").Length() != 1 {
		t.Error("the field does not show what was typed")
	}
	expect(t, doc, map[string]string{"#f-driver-age-error": "write digits", "details[open] summary": "Change Age: 22 years"})
}

func TestAWrongSeedKeepsWhatWasTyped(t *testing.T) {
	doc := rendered(t, site(), site().Workbench(WorkbenchInput{Policy: cover(), Seed: Typed{Text: "7KQ2", Error: "write two seeds"}}), Seed)
	expect(t, doc, map[string]string{"#seed-error": "write two seeds"})
	if attr(doc.Find("#seed-text"), "value") != "7KQ2" || doc.Find("#seed-box[open]").Length() != 1 {
		t.Error("the seed form does not show what was typed")
	}
}

func TestAFailureStandsInItsCardWithAWayToTryAgain(t *testing.T) {
	away := func(service string) *contract.Error {
		return &contract.Error{Code: contract.Unavailable, Message: "Nothing was stored.", Service: service}
	}
	for name, c := range map[string]struct {
		failure       Failure
		edit, seed    Typed
		without       bool // a case
		place, button string
		attrs         map[string]string
	}{
		"generating, who is away": {failure: Failure{Err: away("driver generator (who)"), RequestID: "r-1"}, place: ".card.who .trouble", button: "button", attrs: map[string]string{"form": "generate", "name": "(none)"}},
		"re-rolling what":         {failure: Failure{Err: away("vehicle generator (what)"), Keep: "who"}, place: ".card.what .trouble", button: "button", attrs: map[string]string{"form": "generate", "name": "who", "value": seedA.String()}},
		"re-rolling who":          {failure: Failure{Err: away("driver generator (who)"), Keep: "what"}, place: ".card.who .trouble", button: "button", attrs: map[string]string{"form": "generate", "name": "what", "value": seedB.String()}},
		"the first case":          {failure: Failure{Err: away("rules service"), Keep: "what"}, without: true, place: ".card.verdict .trouble", button: "button", attrs: map[string]string{"form": "generate", "name": "(none)"}},
		"editing":                 {failure: Failure{Err: away("rules service")}, edit: Typed{Field: "driver.age", Text: "30"}, place: ".card.verdict .trouble", button: "button", attrs: map[string]string{"form": "edit-f-driver-age"}},
		"opening a code":          {failure: Failure{Err: away("rules service")}, seed: Typed{Text: "X"}, place: ".card.verdict .trouble", button: "button", attrs: map[string]string{"form": "seed"}},
		"opening a page":          {failure: Failure{Err: away("rules service"), URL: "/cover/X"}, place: ".card.verdict .trouble", button: "a", attrs: map[string]string{"href": "/cover/X"}},
		"no verdict":              {failure: Failure{Err: &contract.Error{Code: contract.NoVerdict, Message: "Two rules hit.", Issues: policy.Issues{{Field: "marks", Message: "big, old"}}}}, place: ".card.verdict .trouble", button: "button", attrs: map[string]string{"form": "generate"}},
		"a failure of no card":    {failure: Failure{Err: &contract.Error{Code: contract.Internal, Message: "The log has it."}}, place: "#bench > .trouble", button: "button", attrs: map[string]string{"form": "generate"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := shown()
			in.Failure, in.Edit, in.Seed, in.Trace = &c.failure, c.edit, c.seed, nil
			if c.without {
				in.Case = nil
			}
			doc := rendered(t, site(), site().Workbench(in), Part{})
			place := doc.Find(c.place)
			if doc.Find("#bench .trouble").Length() != 1 || place.Length() != 1 {
				t.Fatalf("%d troubles, %d in %s", doc.Find("#bench .trouble").Length(), place.Length(), c.place)
			}
			again := place.Find(".again " + c.button)
			for name, want := range c.attrs {
				if got := attr(again, name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if !c.without {
				expect(t, doc, map[string]string{".out b": "Refer", ".why .quiet": "The rules service does not answer, so the reasons are not shown."})
			}
		})
	}
}

func TestTheAnnouncementSaysTheVerdictOrTheTrouble(t *testing.T) {
	in := shown()
	expect(t, rendered(t, site(), site().Workbench(in), Bench), map[string]string{"[hx-swap-oob]": "Refer, £650.00. An underwriter decides."})
	in.Failure = &Failure{Err: &contract.Error{Code: contract.Unavailable, Message: "Nothing was stored.", Service: "rules service"}}
	expect(t, rendered(t, site(), site().Workbench(in), Bench), map[string]string{"[hx-swap-oob]": "The rules service does not answer. Nothing was stored."})
}

func TestCoverageNamesTheFirstRulesThatNoCaseReached(t *testing.T) {
	in := shown()
	in.Counts = Counts{Total: 1, Outcomes: map[string]int64{"accept": 1}}
	expect(t, rendered(t, site(), site().Workbench(in), Part{}), map[string]string{".coverage b": "0 of 10", ".coverage .never > a": "eligibility · too-young | eligibility · young-and-fast | eligibility · learner | eligibility · abroad | eligibility · standard | loading · young | and 4 more"})
	in.Counts = countsOf(cover(), 100)
	expect(t, rendered(t, site(), site().Workbench(in), Part{}), map[string]string{".coverage b": "10 of 10", ".coverage .never": "● Every rule has been reached."})
}

func TestACaseOfAnotherShapeIsShownByItsNames(t *testing.T) {
	in := shown()
	old := refer()
	shape := *old.Who.Shape
	shape.Columns = append([]policy.Column{{Name: "hat", Kind: policy.Int, Label: "Hat size"}}, shape.Columns[1:]...)
	old.Who = policy.Object{Shape: &shape, Values: append(ints(7), old.Who.Values[1:]...)}
	old.Outcome = "withdrawn"
	in.Case, in.Latest = &old, []contract.Case{old, {Outcome: "accept"}}
	in.Trace = append(in.Trace, contract.DecisionTrace{Decision: "gone", Rules: []contract.RuleTrace{{Rule: "x", Status: contract.StatusHit, Saw: []contract.Saw{{Field: "driver.hat", Value: policy.IntValue(7)}}}}})
	doc := rendered(t, site(), site().Workbench(in), Part{})
	expect(t, doc, map[string]string{"#f-driver-hat summary": "Change Hat size: 7", ".out.neutral b": "withdrawn", ".why tbody:last-of-type .hit": "gone · x always saw 7 ✓hit", ".latest tr:nth-child(2) .about": ""})
}

func TestALeadSaysWhatThePolicyIsAboutWhereItHasNoNotice(t *testing.T) {
	p := *cover()
	rules := *p.Rules
	rules.Notice, p.Rules = "", &rules
	if got := lead(&p); got != "A tariff for tests." {
		t.Error(got)
	}
}

func TestBriefTellsAFieldWithoutItsLabelWhereItCan(t *testing.T) {
	for _, c := range []struct {
		column policy.Column
		value  policy.Value
		want   string
	}{
		{policy.Column{Label: "Overnight"}, policy.StringValue("street"), "street"},
		{policy.Column{Label: "Overnight"}, policy.Value{}, ""},
		{policy.Column{Label: "Modified"}, policy.BoolValue(true), "modified"},
		{policy.Column{Label: "Modified"}, policy.BoolValue(false), ""},
		{policy.Column{Label: "UK resident"}, policy.BoolValue(true), "UK resident"},
		{policy.Column{Label: "Über 80"}, policy.BoolValue(true), "über 80"},
		{policy.Column{Label: "Claims, last 3 years"}, policy.IntValue(0), ""},
		{policy.Column{Label: "Claims, last 3 years"}, policy.IntValue(2), "claims 2"},
		{policy.Column{Label: "Price", Unit: "£"}, policy.IntValue(0), "price £0"},
	} {
		if got := (column{c.column, -1}).brief(c.value); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.column.Label, c.value, got, c.want)
		}
	}
}

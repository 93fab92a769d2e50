package page

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/policy"
)

func TestRulesShowsTheDocuments(t *testing.T) {
	p := cover()
	c := countsOf(p, 1000, "eligibility/abroad", "marks/old", "marks/big")
	doc := rendered(t, site(), site().Rules(RulesInput{Policy: p, Counts: c, Who: drawnObjects(p.Who, 200), What: drawnObjects(p.What, 200)}), Part{})
	expect(t, doc, map[string]string{
		"title": "Rules · Cover · Verdictory", "h1": "Cover", ".notice": "Nobody charges these prices.", ".sources a": "The statute", ".digest": string(p.Digest),
		".toc ul ul li": "Eligibility ○ 11 rules never hit | Loading | Marks ○ 22 rules never hit",
		"#who-label":    "Driver who", "#who > .about": "Who asks for the quote.", "#what > .about": "",
		"#who tbody th":                 "Namedriver.name | Date of birthdriver.date_of_birth | Age yearsdriver.age | Licencedriver.licence | Licence held yearsdriver.licence_years | Claims, last 3 yearsdriver.claims_3y | Regiondriver.region | Postcode areadriver.postcode_area | UK residentdriver.uk_resident | Risk takerdriver.risk_taker",
		"#who td:nth-child(2)":          "text | date | derived | choice | whole number | whole number | choice | choice | yes or no | yes or no",
		"#what td:nth-child(3)":         "2 labels, each with its weight | from 1990 to 2025, all alike | from £500 to £150,000 in steps of 50, log-normal around £9,000 | from 1 to 50, all alike | from 0.8 to 6.0 in steps of 0.1, all alike | yes in 6 %",
		"#who .shares li.quiet":         "1 more label | 3 more labels",
		"#decision-eligibility th":      "Rule | When | decision | reason | Because | Cases | too-young | young-and-fast | learner | abroad | standard",
		"#decision-eligibility .head p": "4 of 5 rules reached", "#decision-eligibility > .about": "Read from the top: the first rule that holds decides, the rest are not looked at. Grounds to decline come first.",
		"#decision-eligibility td:nth-child(2)": `driver.age < 18 | driver.age < 25 && vehicle.insurance_group >= 30 | driver.licence == "provisional" | !driver.uk_resident | always`,
		"#decision-eligibility .unhit":          "abroad !driver.uk_resident ask Abroad Somebody asks. ○ never", "#decision-eligibility td.then:nth-child(3)": "decline | refer | refer | ask | accept",
		"#decision-loading td.then": "20,000 | driver.claims_3y * 5000 | 12,000 | 0", "#decision-loading td.then code": "driver.claims_3y * 5000", "#decision-loading .default th": "otherwise",
		"#decision-loading tbody tr:first-child td.r": "500 50 %", "#verdict tbody th": "Decision outcomedecision | Premium £ headlinepremium | Reasonreason | Factor ×factor | Marksmarks",
		"#verdict td:nth-child(2)": "text | whole number | text | whole number | list", "#examples-label small": "2 examples", "#examples th p": "Source | The tariff, page 3",
		"#examples tbody tr:nth-child(2) td:last-child": "Decision decline", ".document summary code": "who.yaml | what.yaml | rules.yaml | examples.yaml",
	})
	if got := attr(doc.Find(`tr[id="eligibility/too-young"] a`).First(), "href"); got != "#eligibility/too-young" {
		t.Errorf("a rule leads to %s", got)
	}
	if attr(doc.Find("#decision-eligibility .because a"), "href") != "https://example.org/age" || attr(doc.Find("#decision-loading td.r a").First(), "href") != "/cover/history?rule=loading%2Fyoung" {
		t.Error("a rule does not lead to its source or its cases")
	}
	if doc.Find("#who .drawing").Length() != 4 || doc.Find("#who .shares").Length() != 5 {
		t.Errorf("%d histograms and %d lists are drawn", doc.Find("#who .drawing").Length(), doc.Find("#who .shares").Length())
	}
}

func TestRulesWithoutSamplesOrCases(t *testing.T) {
	p := *cover()
	rules := *p.Rules
	rules.Notice, rules.Sources, p.Examples = "", []policy.Source{{Label: "A book", URL: "javascript:alert(1)"}}, nil
	p.Rules = &rules
	doc := rendered(t, site(), site().Rules(RulesInput{Policy: &p}), Part{})
	expect(t, doc, map[string]string{".notice": "", "#examples": "", ".drawing": "", ".shares": "", ".sources": "A book", ".sources a": "", "#coverage .pair .quiet": "No case yet under this version."})
}

func TestEveryBuiltInPolicyHasItsPages(t *testing.T) {
	for _, p := range builtIn() {
		doc := rendered(t, site(), site().Rules(RulesInput{Policy: p, Counts: countsOf(p, 100), Who: drawnObjects(p.Who, 50), What: drawnObjects(p.What, 50)}), Part{})
		if doc.Find(".decision").Length() != len(p.Rules.Decisions) || doc.Find("#who tbody tr").Length() != len(p.Who.Fields) {
			t.Errorf("%s: %d decisions, %d fields", p.Name, doc.Find(".decision").Length(), doc.Find("#who tbody tr").Length())
		}
		if doc.Find(".decision > .about:empty").Length() != 0 {
			t.Errorf("%s: a hit policy is not explained", p.Name)
		}
		rendered(t, site(), site().Workbench(WorkbenchInput{Policy: p}), Part{})
	}
}

func TestDrawn(t *testing.T) {
	long := policy.Expr{Source: strings.Repeat("driver.age + ", 5) + "1"}
	for name, c := range map[string]struct {
		column policy.Column
		field  policy.Field
		want   string
		code   []Code
	}{
		"normal": {policy.Column{Kind: policy.Int, Unit: "years"}, policy.Field{Kind: policy.FieldInt, Min: policy.Expr{Source: "0"}, Max: long, Step: "1", Distribution: policy.Normal, Mean: policy.Expr{Source: "driver.age - 20"}, Deviation: policy.Expr{Source: "5"}},
			"from 0 to a worked-out value, normal around driver.age - 20, deviation 5", []Code{{"max", long.Source}}},
		"weights":         {policy.Column{Kind: policy.Int}, policy.Field{Kind: policy.FieldInt, Distribution: policy.Weights, Choices: make([]policy.Choice, 6)}, "6 values, each with its weight", nil},
		"a choice, given": {policy.Column{Kind: policy.String}, policy.Field{Kind: policy.FieldChoice, Given: "region"}, "its own labels and weights for each region", nil},
		"a bool, given":   {policy.Column{Kind: policy.Bool}, policy.Field{Kind: policy.FieldBool, Given: "region"}, "more or less often yes, by region", nil},
		"a date":          {policy.Column{Kind: policy.Date}, policy.Field{Kind: policy.FieldDate, From: policy.Expr{Source: "2021-10-01"}, To: policy.Expr{Source: "as_of"}}, "from 1 Oct 2021 to as_of", nil},
		"a text":          {policy.Column{Kind: policy.String}, policy.Field{Kind: policy.FieldFake}, "for people to read; no rule sees it", nil},
		"derived":         {policy.Column{Kind: policy.Int}, policy.Field{Kind: policy.FieldValue, Value: policy.Expr{Source: "1 + 1"}}, "from the fields before it", []Code{{"value", "1 + 1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, code := column{c.column, -1}.drawn(c.field)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.code, code); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResult(t *testing.T) {
	for source, want := range map[string]Result{
		`"decline"`: {"decline", false}, "52000": {"52,000", false}, "-2500": {"−2,500", false}, "1.5": {"1.5", false},
		`"a" + "b"`: {`"a" + "b"`, true}, "driver.age": {"driver.age", true}, "true": {"true", true}, `"a`: {`"a`, true}, "NaN": {"NaN", true}, `"a\n"`: {`"a\n"`, true},
	} {
		if got := result(source); got != want {
			t.Errorf("%s: %v, want %v", source, got, want)
		}
	}
}

func TestHitPoliciesAreAllExplained(t *testing.T) {
	for _, h := range []policy.HitPolicy{policy.Unique, policy.Any, policy.Priority, policy.First, policy.RuleOrder, policy.OutputOrder, policy.Collect, policy.CollectSum, policy.CollectMin, policy.CollectMax, policy.CollectCount} {
		if decisionTable(cover(), policy.Decision{HitPolicy: h}, Counts{}).PolicyText == "" {
			t.Errorf("%s is not explained", h)
		}
	}
}

func TestDrawing(t *testing.T) {
	years := column{policy.Column{Kind: policy.Int, Unit: "years"}, -1}
	degrees := column{policy.Column{Kind: policy.Number, Unit: "°C"}, 1}
	for name, c := range map[string]struct {
		column column
		values []policy.Value
		want   *Drawing
	}{
		"nothing":     {years, nil, nil},
		"only absent": {years, []policy.Value{{}}, nil},
		"a list":      {column{policy.Column{Kind: policy.List}, -1}, []policy.Value{policy.ListValue(nil)}, nil},
		"one value":   {years, ints(7), &Drawing{Text: "from 7\u00a0years to 7\u00a0years, half below 7\u00a0years", Low: "7\u00a0years", High: "7\u00a0years", Bars: []Column{{"0", "0", "159", "36"}}}},
		"one number":  {degrees, []policy.Value{policy.NumberValue(37)}, &Drawing{Text: "from 37.0\u00a0°C to 37.0\u00a0°C, half below 37.0\u00a0°C", Low: "37.0\u00a0°C", High: "37.0\u00a0°C", Bars: []Column{{"0", "0", "5.7", "36"}}}},
		"a bar for each of few values": {years, ints(3, 1, 1, 4, 1), &Drawing{Text: "from 1\u00a0years to 4\u00a0years, half below 1\u00a0years", Low: "1\u00a0years", High: "4\u00a0years",
			Bars: []Column{{"0", "0", "39", "36"}, {"80", "24", "39", "12"}, {"120", "24", "39", "12"}}}},
		"yes and no": {column{policy.Column{Kind: policy.Bool}, -1}, []policy.Value{policy.BoolValue(true), policy.BoolValue(false), policy.BoolValue(false)},
			&Drawing{Text: "no 67\u00a0%, yes 33\u00a0%", Labels: []LabelShare{{"no", "67\u00a0%", "100.0"}, {"yes", "33\u00a0%", "50.0"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, drawing(c.column, c.values)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAWideHistogramHasBarsOfEqualWidth(t *testing.T) {
	var values []policy.Value
	for i := range int64(100) {
		values = append(values, policy.IntValue(i*10))
	}
	d := drawing(column{policy.Column{Kind: policy.Int}, -1}, values)
	if len(d.Bars) != maxBars || d.Low != "0" || d.High != "990" {
		t.Errorf("%d bars from %s to %s", len(d.Bars), d.Low, d.High)
	}
}

func TestOverviewListsPolicies(t *testing.T) {
	s := site()
	doc := rendered(t, s, s.Overview([]OverviewItem{{cover(), countsOf(cover(), 10, "marks/old")}, {builtIn()[0], Counts{}}}), Part{})
	expect(t, doc, map[string]string{
		"title": "Policies · Verdictory", ".policies h2": "Cover | " + builtIn()[0].Rules.Label, ".policies li:first-child .flow": "Driver +and Vehicle →give Quote",
		".policies li:first-child .facts > p":   "10 cases · 3 decisions · 10 rules · version " + cover().Digest.Short() + " | Rules reached: 9 of 10",
		".policies li:last-child .facts .quiet": "No case yet.", ".policies li:first-child .acts": "Workbench of Cover Rules of Cover History of Cover",
	})
}

func TestAPIGroupsOperations(t *testing.T) {
	s := site()
	doc := rendered(t, s, s.API("1", "https://example.org", "/api/openapi.json", []Operation{
		{Group: "Cases", Method: "POST", Path: "/api/v1/{policy}/cases", Summary: "Make a case", Description: "It is stored.", Parameters: []Parameter{{"policy", "path", "string", true, "Its name."}},
			Body: `{"note":"it's"}`, Answers: []Answer{{"201", "The case."}}},
		{Group: "Policies", Method: "GET", Path: "/api/v1/policies", Summary: "List policies"},
		{Group: "Cases", Method: "GET", Path: "/api/v1/{policy}/cases", Summary: "List cases"},
	}), Part{})
	expect(t, doc, map[string]string{
		".toc a": "Cases | Policies", ".api h2": "Cases | Policies", "#group-cases .operation summary": "POST /api/v1/{policy}/cases Make a case | GET /api/v1/{policy}/cases List cases",
		"#post-api-v1-policy-cases pre": `curl -X POST -H 'Content-Type: application/json' -d '{"note":"it'\''s"}' 'https://example.org/api/v1/{policy}/cases'`,
		"#get-api-v1-policies pre":      "curl 'https://example.org/api/v1/policies'", "#post-api-v1-policy-cases .answers": "201 The case.", "#post-api-v1-policy-cases td": "policy required | path | string | Its name.",
		".top nav [aria-current]": "API",
	})
}

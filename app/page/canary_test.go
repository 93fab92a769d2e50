package page

import (
	"reflect"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"verdictory/contract"
	"verdictory/policy"
	"verdictory/static"
	"verdictory/templates"
)

// canary is a text that shows wherever it comes out raw, in text and in attributes.
const canary = `<x"'>`

// fill sets every string within a struct to the canary, an address to one that ends in it, and every bool to on. Lists
// get n items, pointers a struct where n is more than nothing.
func fill(v reflect.Value, name string, n int, on bool) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(canary)
		if strings.HasSuffix(name, "URL") {
			v.SetString("/" + canary)
		}
	case reflect.Bool:
		v.SetBool(on)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), v.Type().Field(i).Name, n, on)
			}
		}
	case reflect.Pointer:
		if n > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), name, n, on)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fill(v.Index(i), name, n, on)
		}
	default:
		panic("a page has a field of kind " + v.Kind().String())
	}
}

// partsOf are the parts of each page.
var partsOf = map[string][]Part{"workbench.html": {{}, Bench, Seed}, "history.html": {{}, Results, Rows}, "run.html": {{}, Progress}, "problem.html": {{}, alert}}

func TestNoTextComesOutRaw(t *testing.T) {
	s := site()
	for _, empty := range []Page{&Overview{}, &Workbench{}, &History{}, &Runs{}, &Run{}, &Rules{}, &API{}, &Problem{}} {
		kind := reflect.TypeOf(empty).Elem()
		for _, n := range []int{0, 1, 2} {
			for _, on := range []bool{false, true} {
				p := reflect.New(kind)
				fill(p.Elem(), "", n, on)
				for _, part := range append([]Part{}, partsOf[empty.template()]...) {
					held(t, s, p.Interface().(Page), part)
				}
				held(t, s, p.Interface().(Page), Part{})
			}
		}
	}
}

func held(t *testing.T, s *Site, p Page, part Part) {
	t.Helper()
	body, err := s.render(p, part)
	if err != nil {
		t.Fatalf("%s %v: %v", p.template(), part, err)
	}
	if strings.Contains(string(body), "<x") || strings.Contains(string(body), `"'>`) {
		t.Errorf("%s %v lets the canary out: %s", p.template(), part, body)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Find("x").Length() != 0 {
		t.Errorf("%s %v: the canary became an element", p.template(), part)
	}
}

// The canary in a policy's and a case's own texts goes through the constructors too.
func TestNoTextOfAPolicyOrACaseComesOutRaw(t *testing.T) {
	p := *cover()
	rules := *p.Rules
	fillTexts(reflect.ValueOf(&rules).Elem())
	p.Rules, p.Digest = &rules, "canary"
	rules.Decisions[0].ID = "eligibility"
	c := refer()
	c = with(c, "driver.name", policy.StringValue(canary))
	c.Verdict = clone(c.Verdict)
	c.Verdict.Values[2] = policy.StringValue(canary)
	c.Outcome = canary
	err := &contract.Error{Code: contract.Unavailable, Message: canary, Service: canary, Issues: policy.Issues{{Field: canary, Message: canary}}}
	in := WorkbenchInput{Policy: &p, Key: canary, Case: &c, Trace: traceOf(cover(), c), Latest: []contract.Case{c}, JSONURL: canary,
		Seed: Typed{Text: canary, Error: canary}, Edit: Typed{Field: "driver.age", Text: canary, Error: canary}, Failure: &Failure{Err: err, RequestID: canary, URL: canary}}
	s := site()
	for _, page := range []Page{
		s.Workbench(in), s.Rules(RulesInput{Policy: &p}), s.Overview([]OverviewItem{{&p, Counts{}}}), s.Problem(ProblemInput{Err: err, RequestID: canary, RetryURL: canary, Policy: &p}),
		s.History(HistoryInput{Policy: &p, Cases: []contract.Case{c}, Next: canary, Errors: map[string]string{"q": canary}, Filter: Filter{canary, canary, canary, canary, canary, canary, canary}}),
		s.Runs(RunsInput{Policy: &p, Count: canary, Seed: canary, Mode: canary, Key: canary, Errors: map[string]string{"count": canary, "seed": canary, "mode": canary}}),
		s.Run(RunInput{Policy: &p, Run: RunState{State: "failed", Version: canary, Trouble: canary, Counts: Counts{Total: 1, Outcomes: map[string]int64{canary: 1}}}}),
		s.API(canary, canary, "/", []Operation{{Group: canary, Method: canary, Path: canary, Summary: canary, Body: canary}}),
	} {
		held(t, s, page, Part{})
	}
}

// fillTexts sets the texts of a policy's rules that people read to the canary, and leaves names, sources and kinds as they are.
func fillTexts(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			switch v.Type().Field(i).Name {
			case "Label", "Title", "About", "Notice", "Note", "Because", "URL", "Source", "Unit":
				if v.Field(i).Kind() == reflect.String {
					v.Field(i).SetString(canary)
				}
			case "Verdict", "Shape":
			default:
				if v.Type().Field(i).IsExported() {
					fillTexts(v.Field(i))
				}
			}
		}
	case reflect.Slice:
		copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		for i := range v.Len() {
			fillTexts(v.Index(i))
		}
	}
}

func TestEveryTemplateIsRendered(t *testing.T) {
	s, err := NewSite(Config{Policies: []*policy.Policy{cover()}, Templates: templates.FS, Static: static.FS})
	if err != nil {
		t.Fatal(err)
	}
	in := shown()
	pages := []Page{
		s.Workbench(in), s.Rules(RulesInput{Policy: cover(), Who: drawnObjects(cover().Who, 5)}), s.Overview([]OverviewItem{{cover(), in.Counts}}), s.API("1", "", "/", nil),
		s.History(HistoryInput{Policy: cover(), Cases: in.Latest}), s.Runs(RunsInput{Policy: cover()}), s.Run(RunInput{Policy: cover()}), s.Problem(ProblemInput{Err: &contract.Error{Code: contract.NotFound}}),
	}
	for _, p := range pages {
		for _, part := range append([]Part{{}}, partsOf[p.template()]...) {
			if _, err := s.render(p, part); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The layout's own main and the pages' defaults are always replaced.
	for _, name := range s.templates.Unrendered() {
		if name != "layout.html#main" {
			t.Errorf("no test renders %s", name)
		}
	}
}

func BenchmarkWorkbench(b *testing.B) {
	s, in := site(), shown()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.render(s.Workbench(in), Part{}); err != nil {
			b.Fatal(err)
		}
	}
}

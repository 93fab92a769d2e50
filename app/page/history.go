package page

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"verdictory/contract"
	"verdictory/policy"
)

// Filter is history's filter as the form's fields hold it; a field that is empty does not filter.
type Filter struct {
	Outcome string // outcome
	Rule    string // rule: decision/rule
	Mode    string // mode: random, boundary
	Origin  string // origin: generated, edited
	From    string // from: 2026-03-14, included
	To      string // to: 2026-03-14, included
	Text    string // q
}

// FilterFromQuery reads the filter's fields as they were sent.
func FilterFromQuery(q url.Values) Filter {
	return Filter{
		Outcome: q.Get("outcome"), Rule: q.Get("rule"), Mode: q.Get("mode"), Origin: q.Get("origin"),
		From: q.Get("from"), To: q.Get("to"), Text: q.Get("q"),
	}
}

// Query gives the fields that filter.
func (f Filter) Query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"outcome": f.Outcome, "rule": f.Rule, "mode": f.Mode, "origin": f.Origin, "from": f.From, "to": f.To, "q": f.Text,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// HistoryInput is what a handler knows when it shows cases.
type HistoryInput struct {
	Policy   *policy.Policy
	Filter   Filter
	Errors   map[string]string // what is wrong with a field, by the form field's name
	Cases    []contract.Case   // newest first
	Cursor   string            // of this page; empty for the newest
	Next     string            // cursor of the next page; empty at the end
	Searched time.Time         // how far back this page looked, where it is not full though there is a next one
	Counts   Counts            // of the current version
}

// History is the page of cases.
type History struct {
	Base
	Label         string // of the policy
	URL           string // of the form: GET outcome, rule, mode, origin, from, to, q
	WhoLabel      string
	WhatLabel     string
	HeadlineLabel string
	Total         string // 1,204 cases under the current version
	Form          FilterForm
	Chips         []Chip
	ClearURL      string // the page without a filter; empty where there is none
	Exports       []Link
	Rows          []Row
	Errors        []string // what is wrong with the filter
	OlderURL      string   // the next page; empty at the end
	NewestURL     string   // the first page; empty on it
	Searched      Moment
	WorkbenchURL  string
	Announcement  string // what a screen reader says after a swap
}

// FilterForm is the filter's fields. An error stands beside its field.
type FilterForm struct {
	Outcomes, Modes, Origins                                                       []Option
	Decisions                                                                      []RuleGroup
	From, To, Text                                                                 string
	FromError, ToError, RuleError, OutcomeError, ModeError, OriginError, TextError string
	Open                                                                           bool // a field of the folded part filters
}

// RuleGroup is the rules of a decision in the select.
type RuleGroup struct {
	Label string
	Rules []Option
}

// Chip is one active filter; URL is the page without it.
type Chip struct{ Label, Value, URL string }

func (*History) template() string { return "history.html" }

// exports are the formats that history can be taken in: the path's extension and what people call it.
var exports = []Link{
	{Label: "CSV", URL: "csv"}, {Label: "JSON", URL: "json"}, {Label: "NDJSON", URL: "ndjson"}, {Label: "SQL", URL: "sql"}, {Label: "Gherkin", URL: "gherkin"},
}

// History makes the page of cases.
func (s *Site) History(in HistoryInput) *History {
	p, v := in.Policy, s.view(in.Policy)
	address := policyURL(p.Name, "history")
	query := in.Filter.Query()
	h := &History{
		Base:  s.place(p, "history", "History · "+p.Rules.Label),
		Label: p.Rules.Label, URL: address, WorkbenchURL: policyURL(p.Name),
		WhoLabel: p.Who.Label, WhatLabel: p.What.Label,
		Total:    plural(in.Counts.Total, "case"),
		Form:     filterForm(p, in),
		Chips:    chips(p, in.Filter, address),
		Searched: moment(in.Searched),
	}
	if name := p.Rules.Outcome.Headline; name != "" {
		h.HeadlineLabel = v.column(p.Rules.Verdict.Object + "." + name).Label
	}
	if len(query) > 0 {
		h.ClearURL = address
	}
	for _, e := range exports {
		h.Exports = append(h.Exports, Link{Label: e.Label, URL: withQuery(address+"."+e.URL, query)})
	}
	for _, field := range slices.Sorted(maps.Keys(in.Errors)) {
		h.Errors = append(h.Errors, in.Errors[field])
		h.ClearURL = address
	}
	for _, c := range in.Cases {
		h.Rows = append(h.Rows, v.row(c))
	}
	if in.Cursor != "" {
		h.NewestURL = withQuery(address, query)
	}
	h.Announcement = plural(int64(len(h.Rows)), "case") + " shown"
	if in.Next != "" {
		query.Set("cursor", in.Next)
		h.OlderURL = withQuery(address, query)
	}
	return h
}

func filterForm(p *policy.Policy, in HistoryInput) FilterForm {
	f := in.Filter
	form := FilterForm{
		From: f.From, To: f.To, Text: f.Text,
		FromError: in.Errors["from"], ToError: in.Errors["to"], RuleError: in.Errors["rule"], OutcomeError: in.Errors["outcome"],
		ModeError: in.Errors["mode"], OriginError: in.Errors["origin"], TextError: in.Errors["q"],
		Open: f.Rule != "" || f.Mode != "" || f.Origin != "" || f.From != "" || f.To != "",
	}
	for _, o := range p.Rules.Outcome.Values {
		form.Outcomes = append(form.Outcomes, Option{Value: o.Value, Label: o.Label, Selected: o.Value == f.Outcome})
	}
	form.Modes = []Option{
		{Value: string(policy.Random), Label: "Random", Selected: f.Mode == string(policy.Random)},
		{Value: string(policy.Boundary), Label: "Boundary", Selected: f.Mode == string(policy.Boundary)},
	}
	form.Origins = []Option{
		{Value: "generated", Label: "As generated", Selected: f.Origin == "generated"},
		{Value: "edited", Label: "Edited", Selected: f.Origin == "edited"},
	}
	for _, d := range p.Rules.Decisions {
		group := RuleGroup{Label: d.Label}
		for _, r := range d.Rules {
			value := d.ID + "/" + r.ID
			group.Rules = append(group.Rules, Option{Value: value, Label: r.ID, Selected: value == f.Rule})
		}
		form.Decisions = append(form.Decisions, group)
	}
	return form
}

func chips(p *policy.Policy, f Filter, address string) []Chip {
	var list []Chip
	add := func(field, label, value, shown string) {
		if value == "" {
			return
		}
		rest := f.Query()
		rest.Del(field)
		list = append(list, Chip{Label: label, Value: shown, URL: withQuery(address, rest)})
	}
	add("q", "Text", f.Text, f.Text)
	add("outcome", "Outcome", f.Outcome, outcome(p, f.Outcome).Label)
	add("rule", "Rule", f.Rule, f.Rule)
	add("mode", "Mode", f.Mode, f.Mode)
	add("origin", "Origin", f.Origin, f.Origin)
	add("from", "From", f.From, day(f.From))
	add("to", "To", f.To, day(f.To))
	return list
}

// day writes a date field for people, or as it was typed where it is no date.
func day(text string) string {
	v, err := policy.ParseDate(text)
	if err != nil {
		return text
	}
	return Date(v)
}

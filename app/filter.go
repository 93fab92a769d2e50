package app

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"verdictory/app/history"
	"verdictory/contract"
	"verdictory/policy"
)

// The most cases that a page of the API holds, and how many it holds unless asked.
const (
	maxLimit     = 200
	defaultLimit = 20
)

// filterOf reads the filter of a history's query: outcome, rule (decision/rule), mode, origin (generated or edited),
// from and to (days, both included, in UTC) and q (free text). An empty part filters nothing. A part that cannot be
// is an error that says what to write.
func filterOf(query url.Values, p *policy.Policy) (history.Filter, error) {
	filter := history.Filter{Policy: p.Name, Outcome: query.Get("outcome"), Text: query.Get("q")}
	var issues policy.Issues
	bad := func(field, format string, args ...any) {
		issues = append(issues, policy.Issue{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if filter.Outcome != "" && !slices.ContainsFunc(p.Rules.Outcome.Values, func(v policy.OutcomeValue) bool { return v.Value == filter.Outcome }) {
		bad("outcome", "outcome %q is not one of this policy: write %s", clip(filter.Outcome), outcomeNames(p))
	}
	if text := query.Get("rule"); text != "" {
		hit, err := contract.ParseHit(clip(text))
		if err != nil {
			bad("rule", "%s", err)
		}
		filter.Rule = hit
	}
	if text := query.Get("mode"); text != "" {
		mode, err := policy.ParseMode(text)
		if err != nil {
			bad("mode", "%s", err)
		}
		filter.Mode = mode
	}
	switch origin := history.Origin(query.Get("origin")); origin {
	case "", history.Generated, history.Edited:
		filter.Origin = origin
	default:
		bad("origin", "origin %q is not known: write generated or edited", clip(string(origin)))
	}
	day := func(field string, later int64) time.Time {
		text := query.Get(field)
		if text == "" {
			return time.Time{}
		}
		value, err := policy.ParseDate(text)
		if err != nil {
			bad(field, "%s", err)
		}
		return time.Unix((value.Int()+later)*86400, 0).UTC()
	}
	filter.From, filter.To = day("from", 0), day("to", 1) // the last day is included
	if !filter.From.IsZero() && !filter.To.IsZero() && !filter.From.Before(filter.To) {
		bad("from", "from is after to: write the earlier day first")
	}
	if len(filter.Text) > 200 {
		bad("q", "the text is over 200 characters: write a few words")
	}
	if issues != nil {
		return filter, &contract.Error{Code: contract.Invalid, Message: "This filter cannot be applied.", Issues: issues}
	}
	return filter, nil
}

func limitOf(query url.Values) (int, error) {
	text := query.Get("limit")
	if text == "" {
		return defaultLimit, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > maxLimit {
		return 0, &contract.Error{Code: contract.Invalid, Message: fmt.Sprintf("limit %q is not one: write a whole number from 1 to %d.", clip(text), maxLimit)}
	}
	return limit, nil
}

func outcomeNames(p *policy.Policy) []string {
	names := make([]string, len(p.Rules.Outcome.Values))
	for i, v := range p.Rules.Outcome.Values {
		names[i] = v.Value
	}
	return names
}

// clip cuts what a stranger sent to what a message may repeat.
func clip(text string) string {
	if len(text) > 100 {
		return text[:100] + "…"
	}
	return text
}

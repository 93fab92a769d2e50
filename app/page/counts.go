package page

import (
	"net/url"
	"strconv"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// Counts is how many cases a policy version has, by outcome and by rule: history.Counts, field by field.
type Counts struct {
	Total    int64
	Outcomes map[string]int64
	Rules    map[contract.Hit]int64
}

// SoFar is what the cases of a policy version have come to.
type SoFar struct {
	Total   string // 1,204 cases
	Any     bool
	Mix     Mix
	Reached string // 31
	Of      string // 34
	All     bool   // every rule was reached
	Share   string // 91.2: width of the coverage bar, in hundredths
	Never   []RuleLink
	More    string // 12 more; empty where Never lists all
	MoreURL string
}

// RuleLink leads to a rule on the policy page.
type RuleLink struct{ Decision, Rule, URL string }

// Mix is a bar of shares of outcomes and its key.
type Mix struct {
	Text string // accept 61 %, refer 22 %, decline 17 %
	Bars []Bar
	Key  []Share
}

// Bar is one part of a bar that is 100 wide.
type Bar struct{ Tone, X, Width string }

// Share is an entry of a bar's key.
type Share struct {
	Outcome Outcome
	Percent string
	Count   string
	URL     string // history of these cases
}

// neverShown is how many unreached rules are named beside the cards; the policy page marks them all.
const neverShown = 6

func soFar(p *policy.Policy, c Counts) SoFar {
	s := SoFar{Total: plural(c.Total, "case"), Any: c.Total > 0, Mix: mix(p, c)}
	reached, total := 0, 0
	for _, d := range p.Rules.Decisions {
		for _, r := range d.Rules {
			total++
			if c.Rules[contract.Hit{Decision: d.ID, Rule: r.ID}] > 0 {
				reached++
			} else if len(s.Never) < neverShown {
				s.Never = append(s.Never, ruleLink(p.Name, d.ID, r.ID))
			}
		}
	}
	s.Reached, s.Of, s.All = Count(int64(reached)), Count(int64(total)), reached == total
	s.Share = hundredths(int64(reached), int64(total))
	if more := total - reached - len(s.Never); more > 0 {
		s.More, s.MoreURL = Count(int64(more))+" more", policyURL(p.Name, "rules")+"#coverage"
	}
	return s
}

func ruleLink(policy, decision, rule string) RuleLink {
	return RuleLink{Decision: decision, Rule: rule, URL: policyURL(policy, "rules") + ruleURL(decision, rule)}
}

// ruleID is the id of a rule's row on the policy page. The slash keeps a-b/c from a/b-c.
func ruleID(decision, rule string) string { return decision + "/" + rule }

// ruleURL leads to a rule's row within the policy page.
func ruleURL(decision, rule string) string {
	return "#" + url.PathEscape(decision) + "/" + url.PathEscape(rule)
}

// decisionID is the id of a decision's table on the policy page.
func decisionID(decision string) string { return "decision-" + decision }

// decisionURL leads to a decision's table within the policy page.
func decisionURL(decision string) string { return "#decision-" + url.PathEscape(decision) }

func mix(p *policy.Policy, c Counts) Mix {
	var m Mix
	var sum int64
	for _, o := range p.Rules.Outcome.Values {
		sum += c.Outcomes[o.Value]
	}
	var texts []string
	var before int64
	for _, o := range p.Rules.Outcome.Values {
		n := c.Outcomes[o.Value]
		look := outcome(p, o.Value)
		share := Share{Outcome: look, Percent: percent(n, sum), Count: Count(n)}
		share.URL = withQuery(policyURL(p.Name, "history"), url.Values{"outcome": {o.Value}})
		m.Key = append(m.Key, share)
		texts = append(texts, look.Label+" "+share.Percent)
		if n > 0 {
			m.Bars = append(m.Bars, Bar{Tone: look.Tone, X: hundredths(before, sum), Width: hundredths(n, sum)})
		}
		before += n
	}
	m.Text = strings.Join(texts, ", ")
	return m
}

// hundredths gives n of total on a scale of 100, with one decimal.
func hundredths(n, total int64) string {
	if total == 0 {
		return "0"
	}
	return strconv.FormatFloat(float64(n)*100/float64(total), 'f', 1, 64)
}

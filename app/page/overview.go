package page

import "verdictory/policy"

// OverviewItem is one policy and its cases.
type OverviewItem struct {
	Policy *policy.Policy
	Counts Counts
}

// Overview is the page of all policies.
type Overview struct {
	Base
	Items []PolicyCard
}

// PolicyCard is one policy on the overview.
type PolicyCard struct {
	Label, Title, About, Notice string
	Who, What, Verdict          string // labels of the three objects
	Decisions                   string // 4 decisions
	Rules                       string // 34 rules
	Version                     string
	Official                    bool // it names its sources
	SoFar                       SoFar
	URL, RulesURL, HistoryURL   string
}

func (*Overview) template() string { return "overview.html" }

// Overview makes the page of all policies.
func (s *Site) Overview(items []OverviewItem) *Overview {
	o := &Overview{Base: s.place(nil, "", "Policies")}
	for _, item := range items {
		p := item.Policy
		so := soFar(p, item.Counts)
		o.Items = append(o.Items, PolicyCard{
			Label: p.Rules.Label, Title: p.Rules.Title, About: p.Rules.About, Notice: p.Rules.Notice,
			Who: p.Who.Label, What: p.What.Label, Verdict: p.Rules.Verdict.Label,
			Decisions: plural(int64(len(p.Rules.Decisions)), "decision"), Rules: so.Of + " rules",
			Version: p.Digest.Short(), Official: len(p.Rules.Sources) > 0, SoFar: so,
			URL: policyURL(p.Name), RulesURL: policyURL(p.Name, "rules"), HistoryURL: policyURL(p.Name, "history"),
		})
	}
	return o
}

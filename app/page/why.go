package page

import (
	"maps"
	"slices"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// why writes a trace for people: each decision, its hits first, then what the other rules failed on.
func (v *view) why(trace contract.Trace) Why {
	w := Why{Known: true}
	hits, rules := 0, 0
	for _, d := range trace {
		decision := v.decisionTrace(d)
		hits += len(decision.Hits)
		rules += len(d.Rules)
		w.Decisions = append(w.Decisions, decision)
	}
	w.Summary = plural(int64(len(trace)), "decision") + ", " + plural(int64(hits), "rule") + " hit of " + Count(int64(rules))
	return w
}

var statusMarks = map[contract.Status][2]string{
	contract.StatusHit: {"✓", "hit"}, contract.StatusMiss: {"✕", "missed"}, contract.StatusSkipped: {dash, "not looked at"},
}

func (v *view) decisionTrace(d contract.DecisionTrace) DecisionTrace {
	out := DecisionTrace{ID: d.Decision, Label: d.Decision, Policy: string(d.HitPolicy), URL: policyURL(v.policy.Name, "rules") + decisionURL(d.Decision)}
	if i := slices.IndexFunc(v.policy.Rules.Decisions, func(x policy.Decision) bool { return x.ID == d.Decision }); i >= 0 {
		out.Label = v.policy.Rules.Decisions[i].Label
	}
	var outputs []string
	for _, name := range slices.Sorted(maps.Keys(d.Output)) {
		text := v.column(name).text(d.Output[name])
		if len(d.Output) > 1 {
			text = name + " " + text
		}
		outputs = append(outputs, text)
	}
	out.Output = strings.Join(outputs, ", ")
	for _, r := range d.Rules {
		rule := RuleTrace{
			Rule: r.Rule, URL: ruleLink(v.policy.Name, d.Decision, r.Rule).URL,
			Status: string(r.Status), Mark: statusMarks[r.Status][0], Word: statusMarks[r.Status][1], Condition: r.When, Because: r.Because,
		}
		if r.Status == contract.StatusMiss {
			rule.Condition = r.Failed
		}
		if rule.Condition == "" {
			rule.Condition = "always"
		}
		for _, saw := range r.Saw {
			rule.Saw = append(rule.Saw, v.column(saw.Field).quantity(saw.Value).String())
		}
		if r.Status == contract.StatusHit {
			out.Hits = append(out.Hits, rule)
		} else {
			out.Others = append(out.Others, rule)
		}
	}
	if len(out.Others) > 0 {
		out.OthersText = plural(int64(len(out.Others)), "rule") + " did not hit"
	}
	return out
}

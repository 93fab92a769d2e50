package page

import (
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
	for _, decision := range v.policy.Rules.Decisions {
		if decision.ID == d.Decision {
			out.Label, out.Output = decision.Label, gave(decision, d.Output)
		}
	}
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

// gave writes a decision's output: its value, or name and value of each where there are several.
func gave(d policy.Decision, output map[string]policy.Value) string {
	var texts []string
	for _, o := range d.Outputs {
		text := column{decimals: -1}.text(output[o.Name])
		if len(d.Outputs) > 1 {
			text = o.Name + " " + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

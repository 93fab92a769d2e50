package page

import "verdictory/policy"

// Outcome is what a case came to, with its tone: a word, a colour and a shape.
type Outcome struct {
	Value string
	Label string
	Tone  string // good, neutral, warn, bad
	Mark  string // ●, ◆, ▲, ■
}

var marks = map[policy.Tone]string{policy.Good: "●", policy.Neutral: "◆", policy.Warn: "▲", policy.Bad: "■"}

// outcome gives the outcome's looks; a value that the policy does not name is neutral and speaks for itself.
func outcome(p *policy.Policy, value string) Outcome {
	for _, o := range p.Rules.Outcome.Values {
		if o.Value == value {
			return Outcome{Value: value, Label: o.Label, Tone: string(o.Tone), Mark: marks[o.Tone]}
		}
	}
	return Outcome{Value: value, Label: value, Tone: string(policy.Neutral), Mark: marks[policy.Neutral]}
}

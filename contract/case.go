package contract

import (
	"fmt"
	"strings"
	"time"

	"verdictory/policy"
)

// Case is a labelled test case: the two objects, the verdict that the rules gave them, and which rules hit.
type Case struct {
	Policy  string        // motor-insurance
	Version policy.Digest // of the policy
	Code    policy.Code
	Who     policy.Object
	What    policy.Object
	Verdict policy.Object
	Outcome string
	Hits    []Hit
	Marks   []Mark    // in the order of the fields; nil for a case whose values could be drawn
	Created time.Time // zero where the case is not stored
}

// String gives decision/rule.
func (h Hit) String() string { return h.Decision + "/" + h.Rule }

// MarshalText gives decision/rule.
func (h Hit) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseHit reads.
func (h *Hit) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHit(string(text))
	return err
}

// ParseHit reads decision/rule.
func ParseHit(text string) (Hit, error) {
	decision, rule, ok := strings.Cut(text, "/")
	if !ok || decision == "" || rule == "" {
		return Hit{}, fmt.Errorf("rule %q: write decision/rule, such as eligibility/too-young", text)
	}
	return Hit{decision, rule}, nil
}

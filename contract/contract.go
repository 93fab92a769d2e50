// Package contract holds what travels between Verdictory's services: requests, answers, error codes. It imports only
// policy. The services' handlers and the core's clients share these types, so that neither can drift from the other.
package contract

import (
	"encoding/json"

	"verdictory/policy"
)

// Engine is the version of the way that objects are drawn and verdicts derived. A change that alters one byte of any
// case is a new engine version.
const Engine = 1

// The limits that every service keeps.
const (
	MaxBatch        = 10_000    // objects or pairs a call
	MaxDocumentBody = 256 << 10 // bytes of a PUT
	MaxRequestBody  = 1 << 20   // bytes of a single request
	MaxBatchBody    = 64 << 20  // bytes of a batch of pairs
)

// Roles of the generator.
const (
	RoleWho  = "who"
	RoleWhat = "what"
)

// Document is the body of PUT /documents/{digest} at a generator: the text of a who.yaml or what.yaml. Answers 204.
type Document struct {
	Source string `json:"source"`
}

// Bundle is the body of PUT /policies/{digest} at the rules service. Answers 204.
type Bundle struct {
	Who   string `json:"who"`
	What  string `json:"what"`
	Rules string `json:"rules"`
}

// Aim steers how an object is drawn. Both maps are by field name.
type Aim struct {
	Fix        map[string]json.RawMessage `json:"fix,omitempty"`        // the field's value
	Candidates map[string]Candidates      `json:"candidates,omitempty"` // values to take now and then
}

// Candidates are values that a field takes with a probability (0 to 1) in place of its own distribution. A value
// outside the field's range or step for the object at hand is passed over.
type Candidates struct {
	Values      []policy.Value `json:"values"`
	Probability float64        `json:"probability"`
}

// ObjectRequest is the body of POST /objects at a generator: one object.
type ObjectRequest struct {
	Document policy.Digest `json:"document"`
	Seed     policy.Seed   `json:"seed"`
	Aim      Aim           `json:"aim,omitzero"`
}

// ObjectAnswer is the answer: the object in its document's field order. Only in a batch, an object that cannot be drawn
// has Error in its place, a sentence for people.
type ObjectAnswer struct {
	Seed   policy.Seed     `json:"seed"`
	Object json.RawMessage `json:"object,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// BatchRequest is the body of POST /objects/batch at a generator: Count objects of a run, from index From. The answer
// is NDJSON, one ObjectAnswer a line in index order, streamed; the bytes of a line do not depend on From and Count.
type BatchRequest struct {
	Document policy.Digest `json:"document"`
	Run      policy.Seed   `json:"run"`
	From     int64         `json:"from"`
	Count    int           `json:"count"`
	Aim      Aim           `json:"aim,omitzero"`
}

// VerdictRequest is the body of POST /verdicts at the rules service: one pair.
type VerdictRequest struct {
	Policy policy.Digest   `json:"policy"`
	Who    json.RawMessage `json:"who"`
	What   json.RawMessage `json:"what"`
}

// VerdictAnswer is the answer: the third object, its outcome, and the trace. POST /verdicts/batch?policy=DIGEST takes
// NDJSON, one Pair a line, and answers NDJSON, one BatchVerdict a line in the same order, streamed.
type VerdictAnswer struct {
	Verdict json.RawMessage `json:"verdict"`
	Outcome string          `json:"outcome"`
	Trace   Trace           `json:"trace"`
}

// Pair is one line of a batch of verdicts.
type Pair struct {
	Who  json.RawMessage `json:"who"`
	What json.RawMessage `json:"what"`
}

// BatchVerdict is one line of the answer to a batch: Hits in place of a trace, or Error where this pair has no verdict.
type BatchVerdict struct {
	Verdict json.RawMessage `json:"verdict,omitempty"`
	Outcome string          `json:"outcome,omitempty"`
	Hits    []Hit           `json:"hits,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// Hit names a rule that hit, written decision/rule in JSON and in filters.
type Hit struct{ Decision, Rule string }

// Trace is the account of a verdict: each decision in order.
type Trace []DecisionTrace

// DecisionTrace is the account of one decision: its output, and each of its rules in order.
type DecisionTrace struct {
	Decision  string                  `json:"decision"`
	HitPolicy policy.HitPolicy        `json:"hit_policy"`
	Output    map[string]policy.Value `json:"output"`
	Rules     []RuleTrace             `json:"rules"`
}

// Status says what became of a rule.
type Status string

// The statuses of a rule.
const (
	StatusHit     Status = "hit"     // its conditions hold and it counts
	StatusMiss    Status = "miss"    // a condition does not hold: Failed says which
	StatusSkipped Status = "skipped" // a first table had its hit already, so the rule was not looked at

	// StatusOutranked: its conditions hold, but in a priority table a rule that ranks higher counts.
	StatusOutranked Status = "outranked"
)

// RuleTrace is the account of one rule. When is its source; Saw the values of the fields that When (or, for a miss, the
// failed condition) names, in the order in which they are named first.
type RuleTrace struct {
	Rule    string `json:"rule"`
	Status  Status `json:"status"`
	When    string `json:"when,omitempty"`
	Because string `json:"because,omitempty"`
	Failed  string `json:"failed,omitempty"` // the first condition that does not hold, as the document writes it
	Saw     []Saw  `json:"saw,omitempty"`
}

// Saw is a field's value as a condition saw it.
type Saw struct {
	Field string       `json:"field"` // driver.age
	Value policy.Value `json:"value"`
}

// Hits gives the rules that hit, in order.
func (t Trace) Hits() []Hit {
	var hits []Hit
	for _, d := range t {
		for _, r := range d.Rules {
			if r.Status == StatusHit {
				hits = append(hits, Hit{d.Decision, r.Rule})
			}
		}
	}
	return hits
}

// Boundaries is the answer of GET /policies/{digest}/boundaries at the rules service: for each field that a condition
// compares, the values just below, at and just above what it is compared with, in the field's step; and every
// condition of the rule book. Ordered as the documents order them.
type Boundaries struct {
	Who        []FieldBoundary `json:"who"`
	What       []FieldBoundary `json:"what"`
	Conditions []Condition     `json:"conditions"`
}

// FieldBoundary is the values that matter for one field, ascending.
type FieldBoundary struct {
	Field  string         `json:"field"`
	Values []policy.Value `json:"values"`
}

// Condition is one atomic comparison of a rule's when.
type Condition struct {
	Decision string `json:"decision"`
	Rule     string `json:"rule"`
	Text     string `json:"text"`
}

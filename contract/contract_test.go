package contract_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

func TestHitIsWrittenAsDecisionAndRule(t *testing.T) {
	hit := contract.Hit{Decision: "eligibility", Rule: "too-young"}
	text, err := json.Marshal([]contract.Hit{hit})
	if err != nil || string(text) != `["eligibility/too-young"]` {
		t.Errorf("got %s, %v", text, err)
	}
	var back []contract.Hit
	if err := json.Unmarshal(text, &back); err != nil || len(back) != 1 || back[0] != hit {
		t.Errorf("read back %v, %v", back, err)
	}
	if hit.String() != "eligibility/too-young" {
		t.Errorf("got %s", hit)
	}
}

func TestParseHit(t *testing.T) {
	for text, want := range map[string]contract.Hit{
		"a/b":        {Decision: "a", Rule: "b"},
		"a/b/c":      {Decision: "a", Rule: "b/c"},
		"":           {},
		"a":          {},
		"a/":         {},
		"/b":         {},
		"/":          {},
		"too young/": {},
	} {
		got, err := contract.ParseHit(text)
		if got != want || (err == nil) != (want != contract.Hit{}) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "write decision/rule") {
			t.Errorf("%q: the error does not say what to write: %v", text, err)
		}
	}
	if err := json.Unmarshal([]byte(`"too-young"`), new(contract.Hit)); err == nil {
		t.Error("a rule without its decision was read")
	}
}

func TestTraceHits(t *testing.T) {
	rule := func(id string, status contract.Status) contract.RuleTrace {
		return contract.RuleTrace{Rule: id, Status: status}
	}
	trace := contract.Trace{
		{Decision: "a", Rules: []contract.RuleTrace{rule("x", contract.StatusMiss), rule("y", contract.StatusHit), rule("z", contract.StatusSkipped)}},
		{Decision: "b", Rules: []contract.RuleTrace{rule("x", contract.StatusMiss)}},
		{Decision: "c", Rules: []contract.RuleTrace{rule("x", contract.StatusHit), rule("y", contract.StatusHit)}},
	}
	want := []contract.Hit{{Decision: "a", Rule: "y"}, {Decision: "c", Rule: "x"}, {Decision: "c", Rule: "y"}}
	if diff := cmp.Diff(want, trace.Hits()); diff != "" {
		t.Error(diff)
	}
	if hits := (contract.Trace{}).Hits(); hits != nil {
		t.Errorf("an empty trace has hits: %v", hits)
	}
}

func TestAimsTakeEachBoundaryHalfTheTime(t *testing.T) {
	values := []policy.Value{policy.IntValue(17), policy.IntValue(18)}
	who, what := contract.Boundaries{
		Who:  []contract.FieldBoundary{{Field: "age", Values: values}},
		What: []contract.FieldBoundary{},
	}.Aims()
	if diff := cmp.Diff(contract.Aim{Candidates: map[string]contract.Candidates{"age": {Values: values, Probability: .5}}}, who); diff != "" {
		t.Error(diff)
	}
	if len(what.Candidates) != 0 || what.Fix != nil {
		t.Errorf("an object without boundaries has the aim %v", what)
	}
}

// TestRequestsLeaveOutWhatIsNotSaid holds the bytes of the requests, which older services read too.
func TestRequestsLeaveOutWhatIsNotSaid(t *testing.T) {
	for want, request := range map[string]any{
		`{"document":"d","seed":"00000007"}`:                                                        contract.ObjectRequest{Document: "d", Seed: 7},
		`{"document":"d","seed":"00000007","aim":{"fix":{"age":17}}}`:                               contract.ObjectRequest{Document: "d", Seed: 7, Aim: contract.Aim{Fix: map[string]json.RawMessage{"age": json.RawMessage("17")}}},
		`{"document":"d","run":"00000001","from":2,"count":3}`:                                      contract.BatchRequest{Document: "d", Run: 1, From: 2, Count: 3},
		`{"verdict":{},"outcome":"accept","hits":["a/b"]}`:                                          contract.BatchVerdict{Verdict: json.RawMessage("{}"), Outcome: "accept", Hits: []contract.Hit{{Decision: "a", Rule: "b"}}},
		`{"error":"no rule hit"}`:                                                                   contract.BatchVerdict{Error: "no rule hit"},
		`{"type":"about:blank","title":"Not Found","status":404,"code":"not-found","detail":"No."}`: (&contract.Error{Code: contract.NotFound, Message: "No."}).Problem(""),
	} {
		got, err := json.Marshal(request)
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
}

func TestCodesHaveTheirStatus(t *testing.T) {
	for code, want := range map[contract.Code]int{
		contract.Invalid: 422, contract.InvalidDocument: 422, contract.NotFound: 404, contract.UnknownDocument: 404, contract.BadMethod: 405,
		contract.Conflict: 422, contract.TooLarge: 413, contract.NoVerdict: 422, contract.Forbidden: 403, contract.Unavailable: 503,
		contract.Overloaded: 503, contract.Internal: 500, "gone-fishing": 500, "": 500,
	} {
		if got := code.Status(); got != want {
			t.Errorf("%q: got %d, want %d", code, got, want)
		}
	}
}

func TestError(t *testing.T) {
	cause := errors.New("connection refused")
	e := &contract.Error{Code: contract.Unavailable, Message: "The rules service is away.", Service: "rules service", Issues: policy.Issues{{Field: "f", Message: "m"}}, Cause: cause}
	if got := e.Error(); got != "The rules service is away.: connection refused" {
		t.Errorf("the log gets %q", got)
	}
	if got := (&contract.Error{Message: "No."}).Error(); got != "No." {
		t.Errorf("without a cause: %q", got)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is not in the chain")
	}
	want := contract.Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusServiceUnavailable), Status: http.StatusServiceUnavailable, Code: contract.Unavailable,
		Detail: "The rules service is away.", Service: "rules service", Issues: policy.Issues{{Field: "f", Message: "m"}}, RequestID: "r-1",
	}
	if diff := cmp.Diff(want, e.Problem("r-1")); diff != "" {
		t.Error(diff)
	}
	if text, _ := json.Marshal(e.Problem("r-1")); strings.Contains(string(text), "refused") {
		t.Errorf("the cause leaves the process: %s", text)
	}
}

func TestAsError(t *testing.T) {
	e := &contract.Error{Code: contract.NoVerdict, Message: "No rule hit."}
	if got := contract.AsError(fmt.Errorf("case 3: %w", e)); got != e {
		t.Errorf("the error in the chain was not found: %v", got)
	}
	cause := errors.New("secret")
	got := contract.AsError(cause)
	if got.Code != contract.Internal || strings.Contains(got.Message, "secret") || !errors.Is(got, cause) {
		t.Errorf("got %#v", got)
	}
}

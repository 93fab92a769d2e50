package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// serving makes the handler in the layers that a service runs it in.
func serving(patience time.Duration) http.Handler {
	return service.Wrap(newHandler(patience), slog.New(slog.DiscardHandler), service.NewMetrics("rules", "test"), 8)
}

// call sends a request with a JSON body and gives the answer.
func call(t testing.TB, h http.Handler, method, path string, body any) *httptest.ResponseRecorder {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", service.TypeJSON)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bundle(p *policy.Policy) contract.Bundle {
	return contract.Bundle{Who: p.Who.Source, What: p.What.Source, Rules: p.Rules.Source}
}

// holding makes a handler that holds the policy.
func holding(t testing.TB, p *policy.Policy, patience time.Duration) http.Handler {
	t.Helper()
	h := serving(patience)
	if w := call(t, h, http.MethodPut, "/policies/"+string(p.Digest), bundle(p)); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return h
}

// halves is a policy in which n of the object a decides: 0 has no verdict, others do.
func halves(t testing.TB) *policy.Policy {
	who := "object: a\nas_of: 2026-01-01\nfields: [{name: name, kind: fake, function: name}, {name: n, kind: int, min: 0, max: 9}]\n"
	what := "object: b\nas_of: 2026-01-01\nfields: [{name: open, kind: bool, probability: 0.5}]\n"
	rules := `label: Halves
decisions:
  - id: half
    label: Half
    hit_policy: first
    outputs: [n]
    rules:
      - {id: of-ten, when: b.open, then: {n: 10 / a.n}}
      - {id: of-twenty, when: a.n < 5, then: {n: 20 / a.n}}
  - {id: end, hit_policy: first, outputs: [x], rules: [{id: always, then: {x: '"yes"'}, because: b}]}
verdict: {object: v, fields: [{name: outcome, type: text, value: end.x}, {name: n, type: int, value: half.n}]}
outcome: {field: outcome, decision: end, values: {"yes": {tone: good}}}
`
	return assemble(t, []byte(who), []byte(what), []byte(rules))
}

// checkProblem holds an error answer against what it should be. A detail or an issue that ends in … is the start of one:
// what follows is another package's to say.
func checkProblem(t *testing.T, w *httptest.ResponseRecorder, code contract.Code, detail string, issue string) {
	t.Helper()
	var p contract.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != service.TypeProblem || w.Code != code.Status() {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if p.Code != code || !matches(p.Detail, detail) {
		t.Errorf("got %s: %s\nwant %s: %s", p.Code, p.Detail, code, detail)
	}
	got := ""
	if len(p.Issues) > 0 {
		got = p.Issues[0].String()
	}
	if !matches(got, issue) {
		t.Errorf("first issue is %q, want %q", got, issue)
	}
}

func matches(got, want string) bool {
	start, open := strings.CutSuffix(want, "…")
	return got == want || open && strings.HasPrefix(got, start)
}

func TestPutPolicy(t *testing.T) {
	p := halves(t)
	path := "/policies/" + string(p.Digest)
	wrong := bundle(p)
	wrong.Rules = strings.Replace(strings.Replace(wrong.Rules, "b.open", "b.opn", 1), "a.n < 5", "a.m < 5", 1)
	wrongPath := "/policies/" + string(assemble(t, []byte(wrong.Who), []byte(wrong.What), []byte(wrong.Rules)).Digest)
	for _, test := range []struct {
		name, path string
		body       any
		code       contract.Code
		detail     string
		issue      string
	}{
		{"no bundle", path, 3, contract.Invalid, "…", "…"},
		{"a document that cannot be read", path, contract.Bundle{Who: p.Who.Source, What: p.What.Source, Rules: strings.Replace(p.Rules.Source, "label: Halves\n", "", 1)}, contract.InvalidDocument,
			"The policy cannot be used: rules.yaml:1:1: …", "rules.yaml:1:1: …"},
		{"expressions that are wrong", wrongPath, wrong, contract.InvalidDocument,
			"The policy cannot be used: rules.yaml:8:28: b has no field \"opn\": did you mean \"open\"?; and 1 more.", "rules.yaml:8:28: b has no field \"opn\": did you mean \"open\"?"},
		{"another policy's digest", "/policies/abc", bundle(p), contract.Invalid,
			"The policy's digest is " + string(p.Digest) + ", not that of the address.", "digest: The policy's digest is " + string(p.Digest) + ", not that of the address."},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := call(t, serving(time.Minute), http.MethodPut, test.path, test.body)
			checkProblem(t, w, test.code, test.detail, test.issue)
		})
	}
	t.Run("a policy that is held already", func(t *testing.T) {
		if w := call(t, holding(t, p, time.Minute), http.MethodPut, path, bundle(p)); w.Code != http.StatusNoContent {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestGetBoundaries(t *testing.T) {
	p := halves(t)
	h := holding(t, p, time.Minute)
	w := call(t, h, http.MethodGet, "/policies/"+string(p.Digest)+"/boundaries", nil)
	want := `{"who":[{"field":"n","values":[4,5,6]}],"what":[{"field":"open","values":[false,true]}],` +
		`"conditions":[{"decision":"half","rule":"of-ten","text":"b.open"},{"decision":"half","rule":"of-twenty","text":"a.n < 5"}]}` + "\n"
	if w.Code != http.StatusOK || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	checkProblem(t, call(t, h, http.MethodGet, "/policies/0123456789/boundaries", nil), contract.UnknownDocument,
		"The rules service does not hold the policy 0123456: put it under /policies and ask again.", "")
}

func TestPostVerdict(t *testing.T) {
	p := halves(t)
	h := holding(t, p, time.Minute)
	ask := func(who, what string) contract.VerdictRequest {
		return contract.VerdictRequest{Policy: p.Digest, Who: json.RawMessage(who), What: json.RawMessage(what)}
	}
	t.Run("an answer", func(t *testing.T) {
		for _, open := range []string{"true", "false"} { // more than once, so that workers are used again
			who, what := `{"n":2,"name":"Ada"}`, `{"open":`+open+`}`
			w := call(t, h, http.MethodPost, "/verdicts", ask(who, what))
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != service.TypeJSON || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
				t.Fatalf("%d %v", w.Code, w.Header())
			}
			book, _ := Compile(p)
			d := book.NewDecider()
			verdict := decideJSON(t, d, []byte(who), []byte(what))
			want, err := json.Marshal(contract.VerdictAnswer{Verdict: verdict.AppendJSON(nil), Outcome: "yes", Trace: d.Trace()})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want)+"\n", w.Body.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
	for _, test := range []struct {
		name   string
		body   any
		code   contract.Code
		detail string
		issue  string
	}{
		{"no request", []int{1}, contract.Invalid, "…", "…"},
		{"a policy that is not held", contract.VerdictRequest{Policy: "abc", Who: json.RawMessage("{}"), What: json.RawMessage("{}")}, contract.UnknownDocument,
			"The rules service does not hold the policy abc: put it under /policies and ask again.", ""},
		{"a field that is missing, and one that is wrong", ask(`{}`, `{"open":3}`), contract.Invalid,
			"The pair cannot be decided: a.n: n is missing: …", "a.n: n is missing: …"},
		{"an object that is left out", contract.VerdictRequest{Policy: p.Digest, Who: json.RawMessage(`{"n":1}`)}, contract.Invalid,
			"The pair cannot be decided: b: …", "b: …"},
		{"objects without a verdict", ask(`{"n":0}`, `{"open":true}`), contract.NoVerdict,
			"There is no verdict: in the decision half (Half) its rule of-ten cannot be worked out: a division by zero in 10 / a.n.", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkProblem(t, call(t, h, http.MethodPost, "/verdicts", test.body), test.code, test.detail, test.issue)
		})
	}
}

// NewHandler is the handler that the tests serve with a patience of their own.
func TestNewHandler(t *testing.T) {
	w := call(t, NewHandler(), http.MethodDelete, "/verdicts", nil)
	checkProblem(t, w, contract.BadMethod, "This address takes POST, not DELETE.", "")
}

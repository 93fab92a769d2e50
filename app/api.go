package app

import (
	"encoding/json"
	"net/http"
	"time"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// The JSON API, /api/v1. openapi.json describes it; a test validates every answer against that description.

type apiPolicy struct {
	Name    string        `json:"name"`
	Label   string        `json:"label"`
	Title   string        `json:"title"`
	Version policy.Digest `json:"version"`
}

func newAPIPolicy(p *policy.Policy) apiPolicy {
	return apiPolicy{Name: p.Name, Label: p.Rules.Label, Title: p.Rules.Title, Version: p.Digest}
}

type apiField struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Label    string   `json:"label"`
	Unit     string   `json:"unit,omitempty"`
	Decimals int      `json:"decimals,omitempty"`
	Note     string   `json:"note,omitempty"`
	Values   []string `json:"values,omitempty"`
	Optional bool     `json:"optional,omitempty"`
}

type apiObject struct {
	Name   string     `json:"name"`
	Label  string     `json:"label"`
	Fields []apiField `json:"fields"`
}

func newAPIObject(shape *policy.Shape) apiObject {
	object := apiObject{Name: shape.Name, Label: shape.Label}
	for _, c := range shape.Columns {
		object.Fields = append(object.Fields, apiField{
			Name: c.Name, Kind: c.Kind.String(), Label: c.Label, Unit: c.Unit, Decimals: c.Decimals, Note: c.Note, Values: c.Labels, Optional: c.Text,
		})
	}
	return object
}

type apiRule struct {
	Decision string `json:"decision"`
	Rule     string `json:"rule"`
	When     string `json:"when,omitempty"`
	Because  string `json:"because,omitempty"`
	Source   string `json:"source,omitempty"`
	Hits     int64  `json:"hits"`
}

type apiPolicyDetail struct {
	apiPolicy
	About    string           `json:"about,omitempty"`
	Notice   string           `json:"notice,omitempty"`
	Who      apiObject        `json:"who"`
	What     apiObject        `json:"what"`
	Verdict  apiObject        `json:"verdict"`
	Outcome  string           `json:"outcome"`
	Outcomes map[string]int64 `json:"outcomes"`
	Cases    int64            `json:"cases"`
	Rules    []apiRule        `json:"rules"`
}

type apiCase struct {
	Policy  string          `json:"policy"`
	Version policy.Digest   `json:"version"`
	Code    policy.Code     `json:"code"`
	Mode    policy.Mode     `json:"mode"`
	Edited  bool            `json:"edited"`
	Who     policy.Object   `json:"who"`
	What    policy.Object   `json:"what"`
	Verdict policy.Object   `json:"verdict"`
	Outcome string          `json:"outcome"`
	Rules   []contract.Hit  `json:"rules"`
	Created *time.Time      `json:"created,omitempty"`
	Trace   *contract.Trace `json:"trace,omitempty"`
}

func newAPICase(c contract.Case) apiCase {
	answer := apiCase{
		Policy: c.Policy, Version: c.Version, Code: c.Code, Mode: c.Code.Mode, Edited: c.Code.Edit != "",
		Who: c.Who, What: c.What, Verdict: c.Verdict, Outcome: c.Outcome, Rules: c.Hits,
	}
	if !c.Created.IsZero() {
		created := c.Created.UTC()
		answer.Created = &created
	}
	return answer
}

func newAPIOpenCase(c openCase) apiCase {
	answer := newAPICase(c.Case)
	if c.TraceErr == nil {
		answer.Trace = &c.Trace
	}
	return answer
}

// GET /api/v1/policies
func (s *Server) apiPolicies(w http.ResponseWriter, _ *http.Request) error {
	list := make([]apiPolicy, len(s.policies))
	for i, p := range s.policies {
		list[i] = newAPIPolicy(p)
	}
	service.WriteJSON(w, http.StatusOK, map[string]any{"policies": list})
	return nil
}

// GET /api/v1/policies/{policy}
func (s *Server) apiPolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	counts, err := s.history.Counts(r.Context(), p.Digest)
	if err != nil {
		return err
	}
	detail := apiPolicyDetail{
		apiPolicy: newAPIPolicy(p), About: p.Rules.About, Notice: p.Rules.Notice,
		Who: newAPIObject(p.Who.Shape), What: newAPIObject(p.What.Shape), Verdict: newAPIObject(p.Rules.Verdict.Shape),
		Outcome: p.Rules.Outcome.Field, Outcomes: map[string]int64{}, Cases: counts.Total,
	}
	for _, v := range p.Rules.Outcome.Values {
		detail.Outcomes[v.Value] = counts.Outcomes[v.Value]
	}
	for _, d := range p.Rules.Decisions {
		for _, rule := range d.Rules {
			detail.Rules = append(detail.Rules, apiRule{
				Decision: d.ID, Rule: rule.ID, When: rule.When.Source, Because: rule.Because, Source: rule.Source,
				Hits: counts.Rules[contract.Hit{Decision: d.ID, Rule: rule.ID}],
			})
		}
	}
	service.WriteJSON(w, http.StatusOK, detail)
	return nil
}

// POST /api/v1/policies/{policy}/verdicts derives the verdict of given objects and stores nothing.
func (s *Server) apiVerdict(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	var pair contract.Pair
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &pair); err != nil {
		return err
	}
	who, issues := decodeGiven(p.Who.Shape, "who", pair.Who)
	what, more := decodeGiven(p.What.Shape, "what", pair.What)
	if issues = append(issues, more...); issues != nil {
		return &contract.Error{Code: contract.Invalid, Message: "The objects are not as the policy describes them.", Issues: issues}
	}
	verdict, err := s.remote.Verdict(r.Context(), p, who, what)
	if err != nil {
		return err
	}
	service.WriteJSON(w, http.StatusOK, map[string]any{"verdict": verdict.Object, "outcome": verdict.Outcome, "trace": verdict.Trace})
	return nil
}

func decodeGiven(shape *policy.Shape, side string, raw json.RawMessage) (policy.Object, policy.Issues) {
	if raw == nil {
		return policy.Object{}, policy.Issues{{Field: side, Message: side + " is missing: write the " + shape.Name + `'s fields, {"` + shape.Columns[0].Name + `": …}`}}
	}
	return policy.DecodeObject(shape, raw)
}

type apiGenerate struct {
	Mode policy.Mode `json:"mode"`
	Who  string      `json:"who_seed"`
	What string      `json:"what_seed"`
}

// POST /api/v1/policies/{policy}/cases generates a case and stores it. With an Idempotency-Key header, a resend gives
// the same case; the same key with another body is a conflict.
func (s *Server) apiGenerate(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	request := apiGenerate{}
	if r.ContentLength != 0 {
		if err := service.ReadJSON(w, r, contract.MaxRequestBody, &request); err != nil {
			return err
		}
	}
	key, code, err := s.requestedCode(r, p, request)
	if err != nil {
		return err
	}
	opened, err := s.generate(r.Context(), p, code, key)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/policies/"+p.Name+"/cases/"+code.String())
	service.WriteJSON(w, http.StatusCreated, newAPIOpenCase(opened))
	return nil
}

// requestedCode gives the code that a request asks for. Seeds that it leaves open are drawn: from the idempotency key
// where there is one, so that a resend asks for the same case, else at random.
func (s *Server) requestedCode(r *http.Request, p *policy.Policy, request apiGenerate) (key string, code policy.Code, err error) {
	var issues policy.Issues
	read := func(field string, err error) {
		if err != nil {
			issues = append(issues, policy.Issue{Field: field, Message: err.Error()})
		}
	}
	code = newCode(policy.Random)
	if key = r.Header.Get("Idempotency-Key"); key != "" {
		if len(key) > 200 {
			issues = append(issues, policy.Issue{Field: "Idempotency-Key", Message: "the key is over 200 characters: write a shorter one, such as a UUID"})
		}
		key = p.Name + "\x00" + key
		code.Who, code.What = seedOf([]byte("who\x00"+key)), seedOf([]byte("what\x00"+key))
	}
	if request.Mode != "" {
		code.Mode, err = policy.ParseMode(string(request.Mode))
		read("mode", err)
	}
	if request.Who != "" {
		code.Who, err = policy.ParseSeed(request.Who)
		read("who_seed", err)
	}
	if request.What != "" {
		code.What, err = policy.ParseSeed(request.What)
		read("what_seed", err)
	}
	if issues != nil {
		return "", code, &contract.Error{Code: contract.Invalid, Message: "The request is not one for a case.", Issues: issues}
	}
	return key, code, nil
}

// GET /api/v1/policies/{policy}/cases lists stored cases, newest first.
func (s *Server) apiCases(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	filter, err := filterOf(r.URL.Query(), p)
	if err != nil {
		return err
	}
	limit, err := limitOf(r.URL.Query())
	if err != nil {
		return err
	}
	found, err := s.history.List(r.Context(), filter, r.URL.Query().Get("cursor"), limit)
	if err != nil {
		return err
	}
	cases := make([]apiCase, len(found.Cases))
	for i, c := range found.Cases {
		cases[i] = newAPICase(c)
	}
	answer := map[string]any{"cases": cases}
	if found.Next != "" {
		answer["next"] = found.Next
	}
	service.WriteJSON(w, http.StatusOK, answer)
	return nil
}

// GET /api/v1/policies/{policy}/cases/{code}
func (s *Server) apiCase(w http.ResponseWriter, r *http.Request) error {
	p, code, err := s.caseOf(r)
	if err != nil {
		return err
	}
	opened, err := s.find(r.Context(), p, code)
	if err != nil {
		return err
	}
	service.WriteJSON(w, http.StatusOK, newAPIOpenCase(opened))
	return nil
}

package remote

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

const (
	whoYAML = `
object: driver
label: Driver
about: Who asks.
as_of: 2026-01-01
fields:
  - {name: age, kind: int, min: 17, max: 90}
  - {name: name, kind: fake, function: name}
`
	whatYAML = `
object: vehicle
label: Vehicle
about: What is insured.
as_of: 2026-01-01
fields:
  - {name: price, kind: int, min: 1, max: 9}
`
	rulesYAML = `
label: Motor
title: Motor
about: A test.
decisions:
  - id: eligibility
    label: Eligibility
    hit_policy: first
    outputs: [decision]
    rules:
      - {id: too-young, when: driver.age < 18, then: {decision: '"decline"'}, because: Too young.}
    default: {decision: '"accept"'}
verdict:
  object: quote
  label: Quote
  fields:
    - {name: decision, type: text, value: eligibility.decision}
outcome:
  field: decision
  decision: eligibility
  values:
    accept: {label: Accept, tone: good}
    decline: {label: Decline, tone: bad}
`
)

var motor = func() *policy.Policy {
	p, issues := policy.Assemble("motor", []byte(whoYAML), []byte(whatYAML), []byte(rulesYAML), nil)
	if issues != nil {
		panic(issues)
	}
	return p
}()

func object(t testing.TB, shape *policy.Shape, text string) policy.Object {
	t.Helper()
	o, issues := policy.DecodeObject(shape, []byte(text))
	if issues != nil {
		t.Fatal(issues)
	}
	return o
}

// Answers of services that are well.
const (
	goodObject     = `{"seed":"00000007","object":{"age":40}}`
	goodVerdict    = `{"verdict":{"decision":"accept"},"outcome":"accept","trace":[{"decision":"eligibility","hit_policy":"first","output":{},"rules":[]}]}`
	goodBoundaries = `{"who":[{"field":"age","values":[17,18]}],"what":[],"conditions":[]}`
)

// stub stands for all three services and answers as it is told.
type stub struct {
	*httptest.Server
	calls  atomic.Int64
	answer atomic.Pointer[http.HandlerFunc]
}

func newStub(t testing.TB, answer http.HandlerFunc) *stub {
	s := new(stub)
	s.set(answer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) set(answer http.HandlerFunc) { s.answer.Store(&answer) }

// answering gives a handler that always gives the same answer.
func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func problem(status int, code contract.Code) http.HandlerFunc {
	body, _ := json.Marshal(contract.Problem{Status: status, Code: code, Detail: "It is so.", Issues: policy.Issues{{Field: "driver.age", Message: "no"}}})
	return answering(status, service.TypeProblem, string(body))
}

// newClient makes a client whose three services are at one address, with retries saved up.
func newClient(t testing.TB, address string, retries int) *Client {
	t.Helper()
	c, err := New(Config{Who: address, What: address, Rules: address, Metrics: service.NewMetrics("app", "1"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*link{c.who, c.what, c.rules} {
		l.budget.tenths = retries * retryCost
		t.Cleanup(l.transport.CloseIdleConnections)
	}
	return c
}

// counted gives the client's figures of calls by service and result.
func counted(t testing.TB, l *link) map[string]int {
	t.Helper()
	families, err := l.metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]int{}
	for _, family := range families {
		if family.GetName() != "verdictory_dependency_calls_total" {
			continue
		}
		for _, metric := range family.Metric {
			if metric.Label[1].GetValue() == l.name {
				results[metric.Label[0].GetValue()] = int(metric.Counter.GetValue())
			}
		}
	}
	return results
}

func TestNewRefusesWhatIsNoBaseURL(t *testing.T) {
	for _, address := range []string{"", "localhost:8080", "http://", "ftp://x", "http://user:canary@x", "http://x?a=canary", "http://\x7f"} {
		good := Config{Who: "http://who", What: "http://what/base/", Rules: "https://rules", Metrics: service.NewMetrics("app", "1"), Log: slog.Default()}
		if _, err := New(good); err != nil {
			t.Fatal(err)
		}
		good.What = address
		_, err := New(good)
		if err == nil || !strings.Contains(err.Error(), "generator-what") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// The three single calls, each with a good answer, for the tables below.
var singles = map[string]struct {
	service string
	good    string
	ask     func(context.Context, *Client) (any, error)
}{
	"object": {"driver generator (who)", goodObject, func(ctx context.Context, c *Client) (any, error) {
		return c.Object(ctx, contract.RoleWho, motor, 7, contract.Aim{})
	}},
	"verdict": {"rules service", goodVerdict, func(ctx context.Context, c *Client) (any, error) {
		who := policy.Object{Shape: motor.Who.Shape, Values: []policy.Value{policy.IntValue(40), {}}}
		what := policy.Object{Shape: motor.What.Shape, Values: []policy.Value{policy.IntValue(5)}}
		return c.Verdict(ctx, motor, who, what)
	}},
	"boundaries": {"rules service", goodBoundaries, func(ctx context.Context, c *Client) (any, error) {
		return c.Boundaries(ctx, motor)
	}},
}

func TestSingleCalls(t *testing.T) {
	accepted := object(t, motor.Rules.Verdict.Shape, `{"decision":"accept"}`)
	for name, want := range map[string]struct {
		request string
		answer  any
	}{
		"object": {
			"POST /objects application/json " + `{"document":"` + string(motor.Who.Digest) + `","seed":"00000007"}`,
			object(t, motor.Who.Shape, `{"age":40}`),
		},
		"verdict": {
			"POST /verdicts application/json " + `{"policy":"` + string(motor.Digest) + `","who":{"age":40},"what":{"price":5}}`,
			Verdict{Object: accepted, Outcome: "accept", Trace: contract.Trace{{Decision: "eligibility", HitPolicy: "first", Output: map[string]policy.Value{}, Rules: []contract.RuleTrace{}}}},
		},
		"boundaries": {
			"GET /policies/" + string(motor.Digest) + "/boundaries  ",
			contract.Boundaries{Who: []contract.FieldBoundary{{Field: "age", Values: []policy.Value{policy.IntValue(17), policy.IntValue(18)}}}, What: []contract.FieldBoundary{}, Conditions: []contract.Condition{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			single, got := singles[name], ""
			s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Content-Type") + " " + strings.TrimSuffix(string(body), "\n")
				answering(200, "application/json; charset=utf-8", single.good)(w, r)
			})
			answer, err := single.ask(t.Context(), newClient(t, s.URL, 0))
			if err != nil {
				t.Fatal(err)
			}
			if got != want.request {
				t.Errorf("asked %s\nwant  %s", got, want.request)
			}
			if diff := cmp.Diff(want.answer, answer); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestObjectAsksTheGeneratorOfTheRole(t *testing.T) {
	who, what := newStub(t, answering(200, service.TypeJSON, goodObject)), newStub(t, answering(200, service.TypeJSON, `{"seed":"00000007","object":{"price":3}}`))
	c, err := New(Config{Who: who.URL, What: what.URL, Rules: "http://127.0.0.1:1", Metrics: service.NewMetrics("app", "1"), Log: slog.Default()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Object(t.Context(), contract.RoleWhat, motor, 7, contract.Aim{Fix: map[string]json.RawMessage{"price": json.RawMessage("3")}})
	if err != nil || got.Get("price").Int() != 3 || who.calls.Load() != 0 {
		t.Errorf("got %v, %v; the other generator was asked %d times", got, err, who.calls.Load())
	}
}

func TestAnAimThatIsNoJSONIsAFaultOfTheProgram(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	_, _ = newClient(t, "http://127.0.0.1:1", 0).Object(t.Context(), contract.RoleWho, motor, 7, contract.Aim{Fix: map[string]json.RawMessage{"age": json.RawMessage("{")}})
}

func TestBoundariesAreAskedOnce(t *testing.T) {
	s := newStub(t, answering(200, service.TypeJSON, goodBoundaries))
	c := newClient(t, s.URL, 0)
	first, err := c.Boundaries(t.Context(), motor)
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.Boundaries(t.Context(), motor)
	if err != nil || s.calls.Load() != 1 {
		t.Errorf("asked %d times: %v", s.calls.Load(), err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

// TestGarbage holds that an answer that is none becomes an error that names the service, and never a result.
func TestGarbage(t *testing.T) {
	every := map[string]http.HandlerFunc{
		"no content type":    answering(200, "", goodObject),
		"HTML":               answering(200, "text/html", "<html>"),
		"JSON sent as text":  answering(200, "text/plain", goodObject),
		"an empty body":      answering(200, service.TypeJSON, ""),
		"no JSON":            answering(200, service.TypeJSON, "\x00\xff"),
		"an empty object":    answering(200, service.TypeJSON, "{}"),
		"null":               answering(200, service.TypeJSON, "null"),
		"a list":             answering(200, service.TypeJSON, "[1]"),
		"more behind":        answering(200, service.TypeJSON, goodObject+goodObject),
		"no content":         answering(204, service.TypeJSON, ""),
		"another 2xx":        answering(201, service.TypeJSON, goodObject),
		"an HTML error":      answering(404, "text/html", "<h1>nginx</h1>"),
		"a bad gateway":      answering(502, "text/html", "<h1>nginx</h1>"),
		"half a problem":     answering(422, service.TypeProblem, `{"code":`),
		"a JSON error":       answering(422, service.TypeJSON, `{"error":"x"}`),
		"too long an answer": answering(200, service.TypeJSON, `{"seed":"00000007","object":{"name":"`+strings.Repeat("x", maxAnswer)+`","age":40}}`),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"a header that is none":   raw("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
		"no HTTP":                 raw("SSH-2.0-OpenSSH\r\n"),
		"too long a header":       raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n"),
		"nothing":                 raw(""),
		"half an answer":          raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"),
		"a cookie and no content": answering(204, "", ""),
	}
	only := map[string]map[string]string{
		"object": {
			"another seed":      `{"seed":"00000008","object":{"age":40}}`,
			"a wrong field":     `{"seed":"00000007","object":{"age":40,"x":1}}`,
			"a missing field":   `{"seed":"00000007","object":{}}`,
			"a wrong type":      `{"seed":"00000007","object":{"age":"40"}}`,
			"no seed":           `{"object":{"age":40}}`,
			"an error as batch": `{"seed":"00000007","error":"cannot be drawn"}`,
		},
		"verdict": {
			"another outcome":   strings.Replace(goodVerdict, `"outcome":"accept"`, `"outcome":"decline"`, 1),
			"no outcome":        strings.Replace(goodVerdict, `"outcome":"accept",`, ``, 1),
			"a wrong field":     strings.Replace(goodVerdict, `{"decision":"accept"}`, `{"decisions":"accept"}`, 1),
			"no trace":          `{"verdict":{"decision":"accept"},"outcome":"accept"}`,
			"another decision":  strings.Replace(goodVerdict, `eligibility`, `premium`, 1),
			"a wrong rule form": strings.Replace(goodVerdict, `"rules":[]`, `"rules":3`, 1),
		},
		"boundaries": {"a list missing": `{"who":[],"what":[]}`},
	}
	for name, single := range singles {
		try := func(what string, answer http.HandlerFunc) {
			t.Run(name+"/"+what, func(t *testing.T) {
				s := newStub(t, answer)
				s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
				c := newClient(t, s.URL, 1)
				result, err := single.ask(t.Context(), c)
				var e *contract.Error
				if !errors.As(err, &e) || e.Code != contract.Unavailable || e.Service != single.service || !strings.Contains(e.Message, single.service) || e.Cause == nil {
					t.Fatalf("got %v, %v", result, err)
				}
				if strings.Contains(err.Error(), s.URL) {
					t.Errorf("the address is in the log: %v", err)
				}
				if n := s.calls.Load(); n != 2 {
					t.Errorf("asked %d times, want once and once more", n)
				}
				if name != "object" {
					return
				}
				if got := counted(t, c.who); got["unavailable"] != 2 {
					t.Errorf("counted %v", got)
				}
			})
		}
		for what, answer := range every {
			try(what, answer)
		}
		for what, body := range only[name] {
			try(what, answering(200, service.TypeJSON, body))
		}
	}
}

// raw takes the connection and writes what it likes.
func raw(bytes string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(connection, bytes)
			connection.Close()
		}
	}
}

func TestRefusalsAreCarriedOn(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   contract.Error
		calls  int64 // with one retry saved up
	}{
		"an invalid request":              {problem(422, contract.Invalid), contract.Error{Code: contract.Invalid, Message: "It is so.", Issues: policy.Issues{{Field: "driver.age", Message: "no"}}}, 1},
		"an invalid document":             {problem(422, contract.InvalidDocument), contract.Error{Code: contract.InvalidDocument, Message: "It is so.", Issues: policy.Issues{{Field: "driver.age", Message: "no"}}}, 1},
		"no verdict":                      {problem(422, contract.NoVerdict), contract.Error{Code: contract.NoVerdict, Message: "It is so.", Issues: policy.Issues{{Field: "driver.age", Message: "no"}}}, 1},
		"too large":                       {problem(413, contract.TooLarge), contract.Error{Code: contract.TooLarge, Message: "It is so.", Issues: policy.Issues{{Field: "driver.age", Message: "no"}}}, 1},
		"an unknown code":                 {problem(422, "gone-fishing"), contract.Error{Code: contract.Internal, Message: "The rules service could not handle this; its log has it under this request's id.", Service: "rules service"}, 1},
		"a code that is not the status's": {problem(422, contract.NotFound), contract.Error{Code: contract.Internal, Message: "The rules service could not handle this; its log has it under this request's id.", Service: "rules service"}, 1},
		"a fault":                         {problem(500, contract.Internal), contract.Error{Code: contract.Internal, Message: "The rules service could not handle this; its log has it under this request's id.", Service: "rules service"}, 1},
		"overloaded":                      {problem(503, contract.Overloaded), contract.Error{Code: contract.Overloaded, Message: "The rules service has more to do than it can take. Try again in a few seconds.", Service: "rules service"}, 2},
		"unavailable":                     {problem(503, contract.Unavailable), contract.Error{Code: contract.Unavailable, Message: "The rules service is not available at the moment. Try again in a few seconds.", Service: "rules service"}, 2},
		"a gateway's time-out":            {problem(504, contract.Unavailable), contract.Error{Code: contract.Unavailable, Message: "The rules service is not available at the moment. Try again in a few seconds.", Service: "rules service"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStub(t, c.answer)
			_, err := singles["verdict"].ask(t.Context(), newClient(t, s.URL, 1))
			var got *contract.Error
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			if (got.Cause != nil) != (got.Service != "") {
				t.Errorf("the cause is %v", got.Cause)
			}
			plain := *got
			plain.Cause = nil
			if diff := cmp.Diff(c.want, plain); diff != "" {
				t.Error(diff)
			}
			if n := s.calls.Load(); n != c.calls {
				t.Errorf("asked %d times, want %d", n, c.calls)
			}
		})
	}
}

// TestUnknownDocument holds how a service is told a document that it does not hold.
func TestUnknownDocument(t *testing.T) {
	unknown := problem(404, contract.UnknownDocument)
	for name, single := range singles {
		t.Run(name, func(t *testing.T) {
			var told string
			s := newStub(t, nil)
			s.set(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					body, _ := io.ReadAll(r.Body)
					told = r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
					w.WriteHeader(http.StatusNoContent)
				} else if told == "" {
					unknown(w, r)
				} else {
					answering(200, service.TypeJSON, single.good)(w, r)
				}
			})
			c := newClient(t, s.URL, 0)
			if _, err := single.ask(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			want := "/policies/" + string(motor.Digest) + ` application/json {"who":` + quoted(whoYAML) + `,"what":` + quoted(whatYAML) + `,"rules":` + quoted(rulesYAML) + "}\n"
			if name == "object" {
				want = "/documents/" + string(motor.Who.Digest) + ` application/json {"source":` + quoted(whoYAML) + "}\n"
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Error(diff)
			}
			if n := s.calls.Load(); n != 3 {
				t.Errorf("asked %d times", n)
			}
		})
	}
	t.Run("is refused", func(t *testing.T) {
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				problem(422, contract.InvalidDocument)(w, r)
				return
			}
			unknown(w, r)
		})
		_, err := singles["object"].ask(t.Context(), newClient(t, s.URL, 1))
		if contract.AsError(err).Code != contract.InvalidDocument || s.calls.Load() != 2 {
			t.Errorf("got %v after %d calls", err, s.calls.Load())
		}
	})
	t.Run("is never held", func(t *testing.T) {
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			unknown(w, r)
		})
		_, err := singles["object"].ask(t.Context(), newClient(t, s.URL, 0))
		if e := contract.AsError(err); e.Code != contract.Unavailable || !strings.Contains(e.Error(), noDocumentYet) || s.calls.Load() != 3 {
			t.Errorf("got %v after %d calls", err, s.calls.Load())
		}
	})
	t.Run("two replicas", func(t *testing.T) { // the second one asked does not hold it either: that takes the retry
		asked := 0
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			switch asked++; asked {
			case 2, 5:
				w.WriteHeader(http.StatusNoContent)
			case 6:
				answering(200, service.TypeJSON, goodObject)(w, r)
			default:
				unknown(w, r)
			}
		})
		if _, err := singles["object"].ask(t.Context(), newClient(t, s.URL, 1)); err != nil {
			t.Error(err)
		}
	})
}

func quoted(s string) string { return string(policy.AppendQuoted(nil, s)) }

func TestTheRequestIDTravels(t *testing.T) {
	var got string
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get(service.HeaderRequestID)
		answering(200, service.TypeJSON, goodObject)(w, r)
	})
	c := newClient(t, s.URL, 0)
	app := service.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := singles["object"].ask(r.Context(), c); err != nil {
			t.Error(err)
		}
	}), slog.New(slog.DiscardHandler), service.NewMetrics("app", "1"), 1)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set(service.HeaderRequestID, "r-1")
	app.ServeHTTP(httptest.NewRecorder(), r)
	if got != "r-1" {
		t.Errorf("got %q", got)
	}
}

// BenchmarkVerdict measures one call on loopback, the stub's side included.
func BenchmarkVerdict(b *testing.B) {
	s := newStub(b, answering(200, service.TypeJSON, goodVerdict))
	c := newClient(b, s.URL, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := singles["verdict"].ask(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

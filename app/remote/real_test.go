package remote

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/generators"
	"verdictory/internal/service"
	"verdictory/policies"
	"verdictory/policy"
	"verdictory/rules"
)

// run starts a service as main does, at an address or a free port. Stopping it waits for its end.
func run(t testing.TB, address string, handler http.Handler) (url string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- service.Serve(ctx, service.Config{Name: "test", Log: slog.New(slog.DiscardHandler), Metrics: service.NewMetrics("test", "1")}, listener, handler)
	}()
	return "http://" + listener.Addr().String(), func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func realClient(t testing.TB) *Client {
	who, stopWho := run(t, "127.0.0.1:0", generators.NewHandler(contract.RoleWho))
	what, stopWhat := run(t, "127.0.0.1:0", generators.NewHandler(contract.RoleWhat))
	verdicts, stopRules := run(t, "127.0.0.1:0", rules.NewHandler())
	c, err := New(Config{Who: who, What: what, Rules: verdicts, Metrics: service.NewMetrics("app", "1"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*link{c.who, c.what, c.rules} {
		l.budget.tenths = mostSaved // compiling a policy on a busy machine can outlast an attempt
	}
	t.Cleanup(func() {
		for _, l := range []*link{c.who, c.what, c.rules} {
			l.transport.CloseIdleConnections()
		}
		stopWho()
		stopWhat()
		stopRules()
	})
	return c
}

func builtIn(t testing.TB) []*policy.Policy {
	t.Helper()
	all, issues := policy.LoadAll(policies.FS)
	if issues != nil {
		t.Fatal(issues)
	}
	return all
}

// TestRealServices holds the clients against the real services, with every built-in policy: a case one by one is the
// same as in a batch.
func TestRealServices(t *testing.T) {
	c := realClient(t)
	for _, p := range builtIn(t) {
		t.Run(p.Name, func(t *testing.T) {
			const count = 40
			boundaries, err := c.Boundaries(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			aimWho, aimWhat := boundaries.Aims()
			pairs, seeds := make([]contract.Pair, count), [count]policy.Code{}
			if err := c.Objects(t.Context(), contract.RoleWho, p, contract.BatchRequest{Run: 1, Count: count, Aim: aimWho}, func(i int, a contract.ObjectAnswer) error {
				pairs[i].Who, seeds[i].Who = a.Object, a.Seed
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err := c.Objects(t.Context(), contract.RoleWhat, p, contract.BatchRequest{Run: 1, Count: count, Aim: aimWhat}, func(i int, a contract.ObjectAnswer) error {
				pairs[i].What, seeds[i].What = a.Object, a.Seed
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			batch := make([]contract.BatchVerdict, count)
			if err := c.Verdicts(t.Context(), p, pairs, func(i int, v contract.BatchVerdict) error {
				batch[i] = v
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				who, err := c.Object(t.Context(), contract.RoleWho, p, seeds[i].Who, aimWho)
				if err != nil {
					t.Fatal(err)
				}
				what, err := c.Object(t.Context(), contract.RoleWhat, p, seeds[i].What, aimWhat)
				if err != nil {
					t.Fatal(err)
				}
				verdict, err := c.Verdict(t.Context(), p, who, what)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(pairs[i].Who)+string(pairs[i].What), string(who.AppendJSON(nil))+string(what.AppendJSON(nil))); diff != "" {
					t.Errorf("objects %d: %s", i, diff)
				}
				single := contract.BatchVerdict{Verdict: verdict.Object.AppendJSON(nil), Outcome: verdict.Outcome, Hits: verdict.Trace.Hits()}
				if diff := cmp.Diff(batch[i], single); diff != "" {
					t.Errorf("verdict %d: %s", i, diff)
				}
			}
		})
	}
}

// TestRealRefusals holds that what the real services refuse arrives in their own words.
func TestRealRefusals(t *testing.T) {
	c := realClient(t)
	p := builtIn(t)[0]
	who, err := c.Object(t.Context(), contract.RoleWho, p, 1, contract.Aim{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Verdict(t.Context(), p, who, policy.Object{Shape: p.What.Shape, Values: make([]policy.Value, len(p.What.Shape.Columns))})
	if e := contract.AsError(err); e.Code != contract.Invalid || len(e.Issues) == 0 || e.Service != "" {
		t.Errorf("an object without values: %#v", e)
	}
	_, err = c.Object(t.Context(), contract.RoleWho, p, 1, contract.Aim{Fix: map[string]json.RawMessage{"no_such_field": json.RawMessage("1")}})
	if e := contract.AsError(err); e.Code != contract.Invalid || len(e.Issues) == 0 {
		t.Errorf("an aim at no field: %#v", e)
	}
}

// TestAReplacedServiceIsToldAgain holds that a service which comes back empty is given the policy with the next call.
func TestAReplacedServiceIsToldAgain(t *testing.T) {
	p := builtIn(t)[0]
	url, stop := run(t, "127.0.0.1:0", generators.NewHandler(contract.RoleWho))
	c := newClient(t, url, 0)
	first, err := c.Object(t.Context(), contract.RoleWho, p, 1, contract.Aim{})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	_, stop = run(t, url[len("http://"):], generators.NewHandler(contract.RoleWho))
	defer func() {
		c.who.transport.CloseIdleConnections()
		stop()
	}()
	again, err := c.Object(t.Context(), contract.RoleWho, p, 1, contract.Aim{})
	if err != nil || !again.Equal(first) {
		t.Errorf("got %v, %v", again, err)
	}
	if got := counted(t, c.who); got["ok"] != 2 {
		t.Errorf("counted %v", got)
	}
}

// BenchmarkCase measures what one case costs: both objects one after the other, then the verdict, each over HTTP with
// the real services in this process.
func BenchmarkCase(b *testing.B) {
	c, p := realClient(b), builtIn(b)[0]
	b.ReportAllocs()
	seed := policy.Seed(0)
	for b.Loop() {
		seed++
		who, err := c.Object(b.Context(), contract.RoleWho, p, seed, contract.Aim{})
		if err != nil {
			b.Fatal(err)
		}
		what, err := c.Object(b.Context(), contract.RoleWhat, p, seed, contract.Aim{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Verdict(b.Context(), p, who, what); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBatch measures a case of a batch of two thousand, as BenchmarkCase does one by one.
func BenchmarkBatch(b *testing.B) {
	c, p := realClient(b), builtIn(b)[0]
	const count = 2000
	pairs := make([]contract.Pair, count)
	b.ReportAllocs()
	for b.Loop() {
		request := contract.BatchRequest{Run: 1, Count: count}
		if err := c.Objects(b.Context(), contract.RoleWho, p, request, func(i int, a contract.ObjectAnswer) error { pairs[i].Who = a.Object; return nil }); err != nil {
			b.Fatal(err)
		}
		if err := c.Objects(b.Context(), contract.RoleWhat, p, request, func(i int, a contract.ObjectAnswer) error { pairs[i].What = a.Object; return nil }); err != nil {
			b.Fatal(err)
		}
		if err := c.Verdicts(b.Context(), p, pairs, func(int, contract.BatchVerdict) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/case")
}

package remote

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"verdictory/contract"
	"verdictory/internal/service"
)

// throughProxy makes a client that reaches a good generator through a proxy, whose toxics the test chooses.
func throughProxy(t *testing.T) (*Client, *toxiproxy.Proxy) {
	t.Helper()
	s := newStub(t, answering(200, service.TypeJSON, goodObject))
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "link", "127.0.0.1:0", strings.TrimPrefix(s.URL, "http://"))
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	return newClient(t, "http://"+proxy.Listen, 0), proxy
}

// TestLinks holds promise A1 on a real connection: whatever the link does, a call ends in an error that names the
// service, within an attempt's patience; and a sound link works.
func TestLinks(t *testing.T) {
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		toxic string
		after time.Duration // that the call takes at least
	}{
		"slow":                  {`{"type": "latency", "attributes": {"latency": 5000}}`, patience},
		"answers swallowed":     {`{"type": "timeout", "attributes": {"timeout": 0}}`, patience},
		"requests swallowed":    {`{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`, patience},
		"a byte a second":       {`{"type": "slicer", "attributes": {"average_size": 1, "size_variation": 0, "delay": 1000000}}`, patience},
		"no bandwidth":          {`{"type": "bandwidth", "attributes": {"rate": 0}}`, patience},
		"reset":                 {`{"type": "reset_peer", "attributes": {"timeout": 0}}`, 0},
		"cut within the answer": {`{"type": "limit_data", "attributes": {"bytes": 130}}`, 0},
		"cut within its head":   {`{"type": "limit_data", "attributes": {"bytes": 20}}`, 0},
	} {
		for _, used := range []bool{false, true} { // toxic from the start, or on a connection in use
			client, proxy := throughProxy(t)
			all.Go(func() { // all at once: most of the time is waiting
				if used {
					if err := object7(t.Context(), client); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(c.toxic)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				start := time.Now()
				err := object7(t.Context(), client)
				took := time.Since(start)
				if e := contract.AsError(err); e.Code != contract.Unavailable || e.Service != "driver generator (who)" {
					t.Errorf("%s: got %v", name, err)
				}
				if most := patience + 500*time.Millisecond; took < c.after || took > most { // the half second is for a busy machine
					t.Errorf("%s: took %s, want %s to %s", name, took, c.after, most)
				}
			})
		}
	}
	all.Wait()
}

// TestDownAndUp holds promises A2 and A3 on a real connection: a service that is down fails fast, and one that returns
// is taken up again within 5 s.
func TestDownAndUp(t *testing.T) {
	t.Parallel()
	c, proxy := throughProxy(t)
	if err := object7(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	proxy.Stop()
	for i := range 4 * tripAfter {
		start := time.Now() // TestBreaker holds that an open breaker takes no time at all; a busy machine may
		if err := object7(t.Context(), c); !unavailable(err) || time.Since(start) > patience/2 {
			t.Errorf("call %d: %v after %s", i, err, time.Since(start))
		}
	}
	back := time.Now()
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	for object7(t.Context(), c) != nil {
		if time.Since(back) > 5*time.Second {
			t.Fatal("not back within 5 s")
		}
		time.Sleep(20 * time.Millisecond)
	}
	for range 100 {
		if err := object7(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNobodyListens holds that a service which never started is an error like any other.
func TestNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	for name, single := range singles {
		var e *contract.Error
		if _, err := single.ask(t.Context(), newClient(t, "http://"+address, 1)); !errors.As(err, &e) || e.Code != contract.Unavailable || e.Service != single.service {
			t.Errorf("%s: %v", name, err)
		}
	}
}

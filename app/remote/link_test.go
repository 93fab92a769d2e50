package remote

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"verdictory/contract"
	"verdictory/internal/service"
)

// mocked makes a client whose generator of the who answers as told, without a network: time in a synctest bubble then
// passes by itself.
func mocked(t *testing.T, retries int, answer httpmock.Responder) (*Client, *httpmock.MockTransport) {
	c := newClient(t, "http://mock", retries)
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(answer)
	c.who.resty.SetTransport(mock)
	return c, mock
}

func well(*http.Request) (*http.Response, error) {
	response := httpmock.NewStringResponse(200, goodObject)
	response.Header.Set("Content-Type", service.TypeJSON)
	return response, nil
}

func refused(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

// hangs never answers.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// drips answers a byte a second, for ever.
func drips(r *http.Request) (*http.Response, error) {
	response := httpmock.NewStringResponse(200, "")
	response.Header.Set("Content-Type", service.TypeJSON)
	response.Body = io.NopCloser(dripping{r.Context()})
	return response, nil
}

type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	}
}

// slow answers well after a time.
func slow(after time.Duration) httpmock.Responder {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(after):
			return well(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func object7(ctx context.Context, c *Client) error {
	_, err := c.Object(ctx, contract.RoleWho, motor, 7, contract.Aim{})
	return err
}

func unavailable(err error) bool {
	return err != nil && contract.AsError(err).Code == contract.Unavailable
}

// TestPatience holds that a call ends in time whatever the service does, with a retry to spare for it.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		answer  httpmock.Responder
		retries int
		ok      bool
		most    time.Duration
		calls   int
	}{
		"hangs":                           {hangs, 0, false, patience, 1},
		"hangs, with a retry":             {hangs, 1, false, 2*patience + maxJitter, 2},
		"a byte a second":                 {drips, 1, false, 2*patience + maxJitter, 2},
		"slow, but in time":               {slow(900 * time.Millisecond), 1, true, 900 * time.Millisecond, 1},
		"slow, over its time":             {slow(1100 * time.Millisecond), 0, false, patience, 1},
		"refuses at once":                 {refused, 1, false, maxJitter, 2},
		"hangs, then answers":             {httpmock.Responder(hangs).Then(well), 1, true, patience + maxJitter, 2},
		"refuses, then answers":           {httpmock.Responder(refused).Then(well), 1, true, maxJitter, 2},
		"refuses, and no retry is earned": {httpmock.Responder(refused).Then(well), 0, false, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := mocked(t, c.retries, c.answer)
				start := time.Now()
				err := object7(t.Context(), client)
				if took := time.Since(start); took > c.most {
					t.Errorf("took %s, want at most %s", took, c.most)
				}
				if c.ok != (err == nil) || !c.ok && !unavailable(err) {
					t.Errorf("got %v", err)
				}
				if n := mock.GetTotalCallCount(); n != c.calls {
					t.Errorf("%d calls, want %d", n, c.calls)
				}
			})
		})
	}
}

// TestDeadline holds that the caller's deadline ends a call, and that no call is made after it.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, mock := mocked(t, 5, hangs)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := object7(ctx, c); !unavailable(err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 300*time.Millisecond || mock.GetTotalCallCount() != 1 {
			t.Errorf("took %s and %d calls", took, mock.GetTotalCallCount())
		}
		// The pause before a retry ends with the caller's patience too.
		mock.RegisterNoResponder(refused)
		ended := 0
		for range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), maxJitter/4)
			defer cancel()
			before := mock.GetTotalCallCount()
			start := time.Now()
			_ = object7(ctx, c)
			if time.Since(start) > maxJitter/4 {
				t.Errorf("took %s", time.Since(start))
			}
			if mock.GetTotalCallCount() == before+1 {
				ended++
			}
			c.who.budget.tenths = retryCost
			time.Sleep(3 * time.Second) // past the breaker
		}
		if ended == 0 {
			t.Error("no deadline ended a pause")
		}
	})
}

// TestBudget holds that a failing service gets at most 1.1 calls a request (promise A4).
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, fail := 0, 2
		c, mock := mocked(t, 0, func(r *http.Request) (*http.Response, error) {
			if n++; n%fail == 0 { // every second one, so that the breaker stays closed
				return refused(r)
			}
			return well(r)
		})
		const requests = 400
		for range requests {
			_ = object7(t.Context(), c)
		}
		if calls := mock.GetTotalCallCount(); calls <= requests || calls > requests*11/10 {
			t.Errorf("%d calls for %d requests", calls, requests)
		}
		// However long all goes well, no more than ten retries are saved.
		fail = 1 << 30
		for range requests {
			_ = object7(t.Context(), c)
		}
		if c.who.budget.tenths != mostSaved {
			t.Errorf("%d tenths are saved", c.who.budget.tenths)
		}
	})
}

// TestBreaker holds that a failing service is left alone (promise A2) and taken up again soon after its return (A3).
func TestBreaker(t *testing.T) {
	for name, answer := range map[string]httpmock.Responder{
		"refusing": refused,
		"hanging":  hangs,
		"garbage":  httpmock.NewStringResponder(200, "x"),
		"gateway":  httpmock.NewStringResponder(502, "x"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, mock := mocked(t, 0, answer)
				for range tripAfter {
					if err := object7(t.Context(), c); !unavailable(err) {
						t.Fatal(err)
					}
				}
				if mock.GetTotalCallCount() != tripAfter {
					t.Fatalf("%d calls", mock.GetTotalCallCount())
				}
				// Open: fails at once and says who, for a minute of requests at 20 a second, with a probe now and then.
				probes := 0
				for range 60 * 20 {
					before, start := mock.GetTotalCallCount(), time.Now()
					err := object7(t.Context(), c)
					if !unavailable(err) || contract.AsError(err).Service != "driver generator (who)" {
						t.Fatal(err)
					}
					if mock.GetTotalCallCount() > before {
						probes++
					} else if took := time.Since(start); took != 0 {
						t.Fatalf("failing took %s", took)
					}
					time.Sleep(50 * time.Millisecond)
				}
				if probes < 10 || probes > 30 {
					t.Errorf("%d probes in a minute", probes)
				}
				// It returns: within 5 s all succeed again.
				mock.RegisterNoResponder(well)
				back := time.Now()
				for object7(t.Context(), c) != nil {
					time.Sleep(50 * time.Millisecond)
				}
				if took := time.Since(back); took > 3*time.Second {
					t.Errorf("took %s to come back", took)
				}
				for range 100 {
					if err := object7(t.Context(), c); err != nil {
						t.Fatal(err)
					}
				}
				if got := counted(t, c.who); got["ok"] != 101 || got["unavailable"] != tripAfter+probes || got["breaker-open"] == 0 {
					t.Errorf("counted %v", got)
				}
			})
		})
	}
}

// TestBreakerLetsOneTry holds that of many callers one tries a service that may be back, and the others fail at once.
func TestBreakerLetsOneTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, mock := mocked(t, 0, refused)
		for range tripAfter {
			_ = object7(t.Context(), c)
		}
		time.Sleep(openFor + time.Millisecond)
		mock.RegisterNoResponder(slow(patience / 2))
		var group sync.WaitGroup
		var mu sync.Mutex
		succeeded := 0
		for range 20 {
			group.Go(func() {
				if object7(t.Context(), c) == nil {
					mu.Lock()
					succeeded++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if succeeded != 1 || mock.GetTotalCallCount() != tripAfter+1 {
			t.Errorf("%d succeeded, %d calls", succeeded, mock.GetTotalCallCount())
		}
	})
}

// TestBreakerIgnores holds what does not speak against a service: that it refuses, that it has a fault with one request,
// that it sheds load, and that callers give up early.
func TestBreakerIgnores(t *testing.T) {
	respond := func(status int, code contract.Code) httpmock.Responder {
		return func(*http.Request) (*http.Response, error) {
			response := httpmock.NewStringResponse(status, `{"code":"`+string(code)+`"}`)
			response.Header.Set("Content-Type", service.TypeProblem)
			return response, nil
		}
	}
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(patience*9/10, cancel)
		return ctx, cancel
	}
	hurried := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, patience/3)
	}
	for name, c := range map[string]struct {
		answer  httpmock.Responder
		context func(context.Context) (context.Context, context.CancelFunc)
		result  string
	}{
		"refusals":           {respond(422, contract.Invalid), context.WithCancel, "invalid"},
		"faults":             {respond(500, contract.Internal), context.WithCancel, "internal"},
		"overload":           {respond(503, contract.Overloaded), context.WithCancel, "overloaded"},
		"callers that left":  {hangs, cancelled, "given-up"},
		"callers in a hurry": {hangs, hurried, "given-up"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, mock := mocked(t, 0, c.answer)
				for range 3 * tripAfter {
					client.who.budget.tenths = 0
					ctx, cancel := c.context(t.Context())
					if err := object7(ctx, client); err == nil {
						t.Fatal("no error")
					}
					cancel()
				}
				if got := counted(t, client.who); got[c.result] != 3*tripAfter || mock.GetTotalCallCount() != 3*tripAfter {
					t.Errorf("%d calls: %v", mock.GetTotalCallCount(), got)
				}
			})
		})
	}
}

// TestAnOldConnectionCostsOneTimeout holds that once a connection failed the others are not tried one by one: they may
// all lead to a container that is no more.
func TestAnOldConnectionCostsOneTimeout(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	old, dead := map[string]bool{}, false
	var both sync.WaitGroup
	both.Add(2)
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		isOld := dead && old[r.RemoteAddr]
		first := !dead
		old[r.RemoteAddr] = true
		mu.Unlock()
		if isOld {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		if first { // both at once, so that there are two connections
			both.Done()
			both.Wait()
		}
		answering(200, service.TypeJSON, goodObject)(w, r)
	})
	c := newClient(t, s.URL, 1)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if err := object7(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	mu.Lock()
	dead = true
	mu.Unlock()
	if err := object7(t.Context(), c); err != nil {
		t.Error(err)
	}
	if n := s.calls.Load(); n != 4 {
		t.Errorf("%d calls", n)
	}
}

// TestConnectionsAreReused holds that calls do not open connections anew.
func TestConnectionsAreReused(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		connections[r.RemoteAddr] = true
		mu.Unlock()
		if r.Header.Get("Cookie") != "" || !strings.HasPrefix(r.UserAgent(), "verdictory") {
			t.Errorf("sent %v", r.Header)
		}
		w.Header().Set("Set-Cookie", "a=b")
		answering(200, service.TypeJSON, goodObject)(w, r)
	})
	c := newClient(t, s.URL, 0)
	for range 20 {
		if err := object7(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for 20 calls one after the other", len(connections))
	}
}

// TestAnIdleConnectionThatTheServiceClosed holds that such a connection costs neither an error nor a retry: services
// are replaced at any moment.
func TestAnIdleConnectionThatTheServiceClosed(t *testing.T) {
	var mu sync.Mutex
	used := map[string]bool{}
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		again := used[r.RemoteAddr]
		used[r.RemoteAddr] = true
		mu.Unlock()
		if again {
			raw("")(w, r)
			return
		}
		if r.Header.Get("Idempotency-Key") != "" {
			t.Error("the mark was sent")
		}
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), `"seed":"00000007"`) {
			t.Errorf("sent %q", body)
		}
		answering(200, service.TypeJSON, goodObject)(w, r)
	})
	c := newClient(t, s.URL, 0)
	for range 3 {
		if err := object7(t.Context(), c); err != nil {
			t.Error(err)
		}
	}
	if got := counted(t, c.who); got["ok"] != 3 || len(got) != 1 {
		t.Errorf("counted %v", got)
	}
}

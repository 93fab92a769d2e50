package remote

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"verdictory/contract"
)

// Callers that find a document missing at the same time share one PUT, since each costs the service a compilation.
func TestOneTellsForAll(t *testing.T) {
	var told atomic.Bool
	var puts atomic.Int64
	missing := problem(http.StatusNotFound, contract.UnknownDocument)
	asked := make(chan struct{}, 16)
	s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case r.Method == http.MethodPut:
			puts.Add(1)
			for range cap(asked) { // everybody has found it missing
				<-asked
			}
			time.Sleep(50 * time.Millisecond) // and come to the PUT
			told.Store(true)
			w.WriteHeader(http.StatusNoContent)
		case told.Load():
			answering(http.StatusOK, "application/json", `{"seed":"00000007","object":{"age":20}}`)(w, r)
		default:
			missing(w, r)
			asked <- struct{}{}
		}
	})
	c := newClient(t, s.URL, 0)
	var all sync.WaitGroup
	for range cap(asked) {
		all.Go(func() {
			if err := object7(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := puts.Load(); n != 1 {
		t.Errorf("the document was put %d times, want once", n)
	}
}

func TestTellingThatFails(t *testing.T) {
	for name, put := range map[string]http.HandlerFunc{
		"refused by a broken service": answering(http.StatusBadGateway, "text/html", "no"),
		"never answered":              func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		missing := problem(http.StatusNotFound, contract.UnknownDocument)
		s := newStub(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Method == http.MethodPut {
				put(w, r)
				return
			}
			missing(w, r)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := object7(ctx, newClient(t, s.URL, 0)); !unavailable(err) {
			t.Errorf("%s: got %v, want unavailable", name, err)
		}
		cancel()
	}
}

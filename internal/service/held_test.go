package service

import (
	"fmt"
	"sync"
	"testing"

	"verdictory/policy"
)

func digest(i int) policy.Digest { return policy.Digest(fmt.Sprintf("%064x", i)) }

func TestHeldLetsGoOfTheLeastUsed(t *testing.T) {
	h := NewHeld[int]()
	for i := range HeldLimit {
		h.Put(digest(i), i)
	}
	if v, ok := h.Get(digest(0)); !ok || v != 0 {
		t.Fatalf("got %d %v for the first", v, ok)
	}
	h.Put(digest(1), 100) // again: replaced, not added
	h.Put(digest(HeldLimit), HeldLimit)
	if h.Len() != HeldLimit {
		t.Errorf("holds %d, want %d", h.Len(), HeldLimit)
	}
	for i, want := range map[int]struct {
		value int
		ok    bool
	}{0: {0, true}, 1: {100, true}, 2: {0, false}, 3: {3, true}, HeldLimit: {HeldLimit, true}} {
		if v, ok := h.Get(digest(i)); v != want.value || ok != want.ok {
			t.Errorf("digest %d: got %d %v, want %d %v", i, v, ok, want.value, want.ok)
		}
	}
}

func TestHeldIsConcurrent(t *testing.T) {
	h := NewHeld[int]()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 1000 {
				n := (i*7 + worker) % 100
				if v, ok := h.Get(digest(n)); ok && v != n {
					t.Errorf("digest %d holds %d", n, v)
				}
				h.Put(digest(n), n)
			}
		})
	}
	group.Wait()
	if h.Len() != HeldLimit {
		t.Errorf("holds %d, want %d", h.Len(), HeldLimit)
	}
}

func BenchmarkHeldGet(b *testing.B) {
	h := NewHeld[int]()
	h.Put(digest(1), 1)
	key := digest(1)
	b.ReportAllocs()
	for b.Loop() {
		h.Get(key)
	}
}

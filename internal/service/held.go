package service

import (
	"container/list"
	"sync"

	"verdictory/policy"
)

// HeldLimit is how many compiled documents a service holds at most.
const HeldLimit = 64

// Held keeps compiled documents by their digest, the HeldLimit last used ones. It is safe for concurrent use; what it
// holds must be too.
type Held[T any] struct {
	mu      sync.Mutex
	byUse   *list.List // of entry[T], last used first
	entries map[policy.Digest]*list.Element
}

type entry[T any] struct {
	digest policy.Digest
	thing  T
}

// NewHeld makes an empty Held.
func NewHeld[T any]() *Held[T] {
	return &Held[T]{byUse: list.New(), entries: map[policy.Digest]*list.Element{}}
}

// Get gives what is held under the digest.
func (h *Held[T]) Get(digest policy.Digest) (thing T, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	element, ok := h.entries[digest]
	if !ok {
		return thing, false
	}
	h.byUse.MoveToFront(element)
	return element.Value.(entry[T]).thing, true
}

// Put holds a thing under its digest, and lets go of the one that was used longest ago where that makes too many.
func (h *Held[T]) Put(digest policy.Digest, thing T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if element, ok := h.entries[digest]; ok {
		element.Value = entry[T]{digest, thing}
		h.byUse.MoveToFront(element)
		return
	}
	h.entries[digest] = h.byUse.PushFront(entry[T]{digest, thing})
	if h.byUse.Len() > HeldLimit {
		last := h.byUse.Remove(h.byUse.Back()).(entry[T])
		delete(h.entries, last.digest)
	}
}

// Len says how many are held.
func (h *Held[T]) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.entries)
}

package history

import (
	"math/rand/v2"
	"sync"
	"time"
)

// An id is the milliseconds since the start of 2020, and below them 20 bits that tell the cases of a millisecond apart.
// 43 bits of milliseconds last until 2298.
const (
	sequenceBits = 20
	firstYear    = 2020
	maxID        = 1<<63 - 1
)

var epoch = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// sequence gives the ids of cases and runs, each greater than the last. Replicas do not know of one another: a millisecond starts at a
// random place, and the writer takes another id where two meet.
type sequence struct {
	sync.Mutex
	last   int64
	now    func() time.Time
	random func() int64
}

func newSequence() sequence {
	// Half of the range is left for counting up.
	return sequence{now: time.Now, random: func() int64 { return rand.Int64N(1 << (sequenceBits - 1)) }}
}

func (s *sequence) next() int64 {
	s.Lock()
	defer s.Unlock()
	s.last = max(s.last+1, (s.now().UnixMilli()-epoch)<<sequenceBits|s.random())
	return s.last
}

// created gives when the case of an id was stored, in whole milliseconds.
func created(id int64) time.Time { return time.UnixMilli(id>>sequenceBits + epoch).UTC() }

// firstID gives the smallest id of a case stored at t or later.
func firstID(t time.Time) int64 {
	milliseconds := t.Add(time.Millisecond-1).UnixMilli() - epoch
	return min(max(milliseconds, 0), maxID>>sequenceBits) << sequenceBits
}

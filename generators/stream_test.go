package generators

import (
	"math"
	"testing"

	"verdictory/contract"
	"verdictory/policy"
)

func TestObjectSeedNeverRepeatsInARun(t *testing.T) {
	const n = 1 << 16
	seen := make(map[policy.Seed]bool, 2*n)
	for _, start := range []int64{0, maxIndex - n} {
		for i := range int64(n) {
			seed := ObjectSeed(7, start+i, contract.RoleWho)
			if seed > policy.MaxSeed {
				t.Fatalf("index %d: seed %d has more than 40 bits", start+i, uint64(seed))
			}
			if seen[seed] {
				t.Fatalf("index %d: seed %s was there before", start+i, seed)
			}
			seen[seed] = true
		}
	}
}

func TestObjectSeedDependsOnRunAndRole(t *testing.T) {
	seen := map[policy.Seed]bool{}
	for run := range policy.Seed(1000) {
		seen[ObjectSeed(run, 0, contract.RoleWho)] = true
		seen[ObjectSeed(run, 0, contract.RoleWhat)] = true
	}
	if len(seen) != 2000 {
		t.Errorf("1,000 runs of two roles begin with %d different seeds", len(seen))
	}
}

func TestKeysDifferByEachName(t *testing.T) {
	seen := map[key]bool{}
	for _, names := range [][]string{{"draw", "a", "b"}, {"aim", "a", "b"}, {"draw", "ab", ""}, {"draw", "b", "a"}, {"draw", "a", "bb"}} {
		seen[keyOf(names...)] = true
	}
	if len(seen) != 5 {
		t.Errorf("5 streams have %d keys", len(seen))
	}
}

func TestStreamsOfNeighboursAreUnrelated(t *testing.T) {
	// The bits of the first numbers of neighbouring objects, and of neighbouring attempts, agree half the time.
	var a, b stream
	k := keyOf("draw", "driver", "age")
	const n = 20_000
	for name, neighbour := range map[string]func(policy.Seed){
		"seed":    func(s policy.Seed) { b.start(k, s+1, 0) },
		"attempt": func(s policy.Seed) { b.start(k, s, 1) },
		"field":   func(s policy.Seed) { b.start(keyOf("draw", "driver", "agf"), s, 0) },
	} {
		agree := 0
		for s := range policy.Seed(n) {
			a.start(k, s, 0)
			neighbour(s)
			for x := ^(a.Uint64() ^ b.Uint64()); x != 0; x &= x - 1 {
				agree++
			}
		}
		// The standard deviation of the share of 64 n bits is 1/(2 sqrt(64 n)).
		if share := float64(agree) / (64 * n); math.Abs(share-0.5) > 5*0.5/math.Sqrt(64*n) {
			t.Errorf("next %s: %.4f of the bits agree", name, share)
		}
	}
}

// chiSquare gives the sum of (seen - expected)²/expected, where the shares add up to 1.
func chiSquare(seen []int, shares []float64) float64 {
	n := 0
	for _, s := range seen {
		n += s
	}
	sum := 0.0
	for i, s := range seen {
		expected := shares[i] * float64(n)
		sum += (float64(s) - expected) * (float64(s) - expected) / expected
	}
	return sum
}

// fits reports whether the counts fit the shares: chi-square has a mean of its degrees of freedom and a variance of twice
// that, and five deviations are a wide bound for the fixed seeds of a test.
func fits(t *testing.T, what string, seen []int, shares []float64) {
	t.Helper()
	freedom := float64(len(seen) - 1)
	if x := chiSquare(seen, shares); x > freedom+5*math.Sqrt(2*freedom) {
		t.Errorf("%s: chi-square %.1f with %v degrees of freedom: %v", what, x, freedom, seen)
	}
}

func TestBelowIsUniform(t *testing.T) {
	var s stream
	s.start(keyOf("test"), 1, 0)
	for _, n := range []uint64{1, 2, 3, 10, 64} {
		seen, shares := make([]int, n), make([]float64, n)
		for range 20_000 {
			seen[s.below(n)]++
		}
		for i := range shares {
			shares[i] = 1 / float64(n)
		}
		if n > 1 {
			fits(t, "below", seen, shares)
		}
	}
}

func TestBelowRedrawsWhatWouldBias(t *testing.T) {
	// Of 2^64 numbers, 2^64 mod n are too many for an equal share: for n = 2^63+1 almost half, so every second draw or so
	// is thrown away, and half of the results still are below n/2.
	var s stream
	s.start(keyOf("test"), 2, 0)
	const n = 1<<63 + 1
	low := 0
	for range 10_000 {
		if s.below(n) < n/2 {
			low++
		}
	}
	if low < 4700 || low > 5300 {
		t.Errorf("%d of 10,000 are in the lower half", low)
	}
}

func TestHits(t *testing.T) {
	var s stream
	s.start(keyOf("test"), 3, 0)
	for _, probability := range []float64{0, 0.06, 0.5, 1} {
		hits := 0
		for range 10_000 {
			if s.hits(threshold(probability)) {
				hits++
			}
		}
		expected, deviation := 10_000*probability, math.Sqrt(10_000*probability*(1-probability))
		if math.Abs(float64(hits)-expected) > 5*deviation {
			t.Errorf("probability %v: %d of 10,000", probability, hits)
		}
	}
}

func TestNormal(t *testing.T) {
	// Cells of a quarter of a deviation from -3 to 3, and the tails.
	const cells = 26
	share := func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	shares := make([]float64, cells)
	last := 0.0
	for i := range cells - 1 {
		next := share(-3 + float64(i)/4)
		shares[i], last = next-last, next
	}
	shares[cells-1] = 1 - last
	var s stream
	s.start(keyOf("test"), 4, 0)
	seen := make([]int, cells)
	sum, squares := 0.0, 0.0
	const n = 200_000
	for range n {
		z := s.normal()
		sum, squares = sum+z, squares+z*z
		seen[min(max(int(math.Ceil((z+3)*4)), 0), cells-1)]++
	}
	fits(t, "normal", seen, shares)
	if mean := sum / n; math.Abs(mean) > 5/math.Sqrt(n) {
		t.Errorf("the mean is %v", mean)
	}
	if variance := squares / n; math.Abs(variance-1) > 5*math.Sqrt(2.0/n) {
		t.Errorf("the variance is %v", variance)
	}
}

func TestWholesAreCumulativeProbabilities(t *testing.T) {
	total := 0.0
	for k := range 40 {
		total += math.Exp(-float64(k*k) / 2)
	}
	sum := 0.0
	for k, whole := range wholes {
		sum += math.Exp(-float64(k*k) / 2)
		if got, want := float64(whole)/(1<<64), sum/total; math.Abs(got-want) > 1e-15 {
			t.Errorf("wholes[%d] is %v, want %v", k, got, want)
		}
	}
	if wholes[len(wholes)-1] != math.MaxUint64 {
		t.Error("the last is not certain")
	}
}

func TestExp(t *testing.T) {
	for x := -700.0; x <= 700; x += 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 4e-16*want {
			t.Errorf("exp(%v) is %v, want %v", x, got, want)
		}
	}
	for _, c := range []struct{ x, want float64 }{{0, 1}, {1e9, exp(700)}, {math.Inf(-1), exp(-700)}} {
		if got := exp(c.x); got != c.want {
			t.Errorf("exp(%v) is %v, want %v", c.x, got, c.want)
		}
	}
}

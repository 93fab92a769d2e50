package generators

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"

	"verdictory/policy"
)

// Everything that a case is drawn from is in this file, but for texts, which package text makes of the same numbers. None of
// it may differ between machines: the numbers are PCG-DXSM's, whose algorithm is public and fixed; what is made of them is
// whole-number arithmetic, or float64 additions, multiplications and divisions alone. IEEE 754 gives these the same last
// bit everywhere, as long as no multiplication is fused with an addition, which Go may do on some processors and must not
// do across a float64 conversion: so each product
// here is converted. The functions of package math beyond floor and scaling by powers of two are not used: some
// processors have their own versions of them, with another last bit.

// mix spreads a number over all 64 bits: the finaliser of splitmix64.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

const weyl = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: the step of splitmix64

// ObjectSeed gives the seed of one object of a run, index from 0. It is a permutation of the 40 bits for each run and
// role (a Feistel network of four rounds), so that no two objects of a run have the same seed.
func ObjectSeed(run policy.Seed, index int64, role string) policy.Seed {
	key := uint64(run)
	for _, c := range []byte(role) {
		key = mix(key + weyl ^ uint64(c))
	}
	const half = 1<<20 - 1
	left, right := uint64(index)>>20&half, uint64(index)&half
	for range 4 {
		key += weyl
		left, right = right, left^mix(key^right)&half
	}
	return policy.Seed(left<<20 | right)
}

// key names a stream of numbers: one for each field of an object, and one more for each field that is aimed.
type key struct{ high, low uint64 }

// keyOf makes the key of the named stream.
func keyOf(names ...string) key {
	sum := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return key{binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])}
}

// stream is a source of random numbers that is set anew for each field of each object.
type stream struct{ rand.PCG }

// start sets the stream to the beginning of the key's numbers for an object. Each attempt has numbers of its own; the
// first is attempt 0.
func (s *stream) start(k key, seed policy.Seed, attempt int) {
	object := uint64(seed) | uint64(attempt)<<40
	s.Seed(mix(k.high^object), mix(k.low+object*weyl))
}

// below gives a whole number from 0 to n-1, each as likely as the others (Lemire's method, without a bias).
func (s *stream) below(n uint64) uint64 {
	high, low := bits.Mul64(s.Uint64(), n)
	if low < n {
		for least := -n % n; low < least; {
			high, low = bits.Mul64(s.Uint64(), n)
		}
	}
	return high
}

// certain is a threshold for hits that always hits.
const certain = 1 << 53

// threshold gives what hits compares with for a probability from 0 to 1: it is exact to 2^-53.
func threshold(probability float64) uint64 { return uint64(int64(probability * certain)) }

// hits gives true with the threshold's probability.
func (s *stream) hits(threshold uint64) bool { return s.Uint64()>>11 < threshold }

// wholes are the cumulative probabilities, in 2^-64, of the whole number k of a normal deviate: in proportion to
// exp(-k²/2) for k from 0. Those beyond the last are less likely than 2^-64.
var wholes = [...]uint64{
	0x92025b19482ce72b, 0xea91798547a0ef93, 0xfe5415c6e9da4bae, 0xfff3523319908c11, 0xffffdc31b8ef5942,
	0xffffffdaa2d72344, 0xfffffffff1a20da4, 0xfffffffffffdf76c, 0xffffffffffffffe4, 0xffffffffffffffff,
}

// normal gives a deviate of the normal distribution with mean 0 and deviation 1. It is drawn exactly and in whole numbers
// (C. F. F. Karney, Sampling exactly from the normal distribution, ACM TOMS 42, 2016, algorithm N): a whole part k with
// a probability in proportion to exp(-k²/2), a fraction x that is taken with the probability exp(-x(2k+x)/2), and a sign.
func (s *stream) normal() float64 {
	for {
		k, u := 0, s.Uint64()
		for u > wholes[k] {
			k++
		}
		x := s.Uint64()
		if !s.takes(k, x) {
			continue
		}
		// The fraction has 53 bits, so the product is exact and the sum is rounded once.
		z := float64(k) + float64(float64(x>>11)*0x1p-53)
		if s.Uint64()>>63 == 1 {
			return -z
		}
		return z
	}
}

// takes gives true with the probability exp(-x(2k+x)/2), x in 2^-64: k+1 times that of exp(-x(2k+x)/(2k+2)).
func (s *stream) takes(k int, x uint64) bool {
	for range k + 1 {
		if !s.falls(uint64(k), x) {
			return false
		}
	}
	return true
}

// falls gives true with the probability exp(-xf) for f = (2k+x)/(2k+2), by von Neumann's method: it goes on as long as the
// numbers drawn fall from x on and each also meets the probability f. The chance to go on n times is (xf)^n/n!, and the
// sum of these with alternating signs, that of stopping at an even count, is exp(-xf).
func (s *stream) falls(k, x uint64) bool {
	for even, last := true, x; ; even = !even {
		next := s.Uint64()
		if next >= last {
			return even
		}
		last = next
		switch part := s.below(2*k + 2); {
		case part == 2*k && s.Uint64() >= x, part > 2*k:
			return even
		}
	}
}

// series are 1/i! for i from 0, of which exp is made.
var series = [...]float64{
	1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880,
	1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800,
}

// exp gives e to the power of x, x cut to ±700: by its series around the nearest multiple of the logarithm of 2. It is
// right to the last few bits, and these are the same everywhere.
func exp(x float64) float64 {
	x = min(max(x, -700), 700)
	// The high part of the logarithm has zeros at its end, so that its multiples are exact.
	const log2, log2High, log2Low = 0x1.62e42fefa39efp-1, 0x1.62e42fee00000p-1, 0x1.a39ef35793c76p-33
	n := math.Floor(x/log2 + 0.5)
	r := float64(x-float64(n*log2High)) - float64(n*log2Low)
	sum := series[len(series)-1]
	for i := len(series) - 2; i >= 0; i-- {
		sum = series[i] + float64(sum*r)
	}
	return sum * math.Float64frombits(uint64(1023+int(n))<<52) // 2 to the power of n
}

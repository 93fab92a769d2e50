//go:build race

package policy

// slowdown is what the race detector costs: it is not the documents' doing.
const slowdown = 20

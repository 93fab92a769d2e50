//go:build race

package policy

// The race detector makes everything slower, which is not the documents' doing: they are smaller under it, and have
// slowdown times as long.
const (
	bombSize = MaxDocument / 4
	slowdown = 20
)

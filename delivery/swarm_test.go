//go:build delivery

package delivery

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// swarm is a stack deployed to a Swarm of this machine.
type swarm struct {
	t       *testing.T
	base    string
	setting []string
}

// newSwarm makes this engine a Swarm of one, unless it is one, and leaves it afterwards.
func newSwarm(t *testing.T) *swarm {
	t.Helper()
	if strings.TrimSpace(run(t, "docker", "info", "--format", "{{.Swarm.LocalNodeState}}")) != "active" {
		run(t, "docker", "swarm", "init", "--advertise-addr", "127.0.0.1")
		t.Cleanup(func() { try("docker", "swarm", "leave", "--force") })
	}
	http, https := free(t), free(t)
	s := &swarm{t: t, base: "http://127.0.0.1:" + http, setting: []string{
		"VERDICTORY_STACK=vswarm", "VERDICTORY_SECRETS=" + secrets(t), "VERDICTORY_HTTP_PORT=" + http, "VERDICTORY_HTTPS_PORT=" + https,
		"VERDICTORY_RESOLVE_IMAGE=never",
	}}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := try("docker", "stack", "ps", "--no-trunc", "vswarm")
			logs, _ := try("docker", "service", "logs", "--raw", "--tail", "30", "vswarm_app")
			t.Log(out, logs)
		}
		try("docker", "stack", "rm", "vswarm")
		eventually(t, patienceOfStart, "the stack is gone", func() error {
			out, err := try("docker", "ps", "--quiet", "--all", "--filter", "label=com.docker.stack.namespace=vswarm")
			if err == nil && strings.TrimSpace(out) != "" {
				err = fmt.Errorf("containers are left: %s", out)
			}
			return err
		})
		try("docker", "volume", "rm", "vswarm_postgres", "vswarm_postgres-run", "vswarm_backups", "vswarm_edge")
	})
	return s
}

// deploy is make deploy of an image.
func (s *swarm) deploy(image string) (string, error) {
	return try(in(append(in(s.setting), "VERDICTORY_IMAGE="+image), "make", "deploy")...)
}

func (s *swarm) mustDeploy(image string) (last string, took time.Duration) {
	s.t.Helper()
	start := time.Now()
	out, err := s.deploy(image)
	if err != nil {
		s.t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return lines[len(lines)-1], time.Since(start)
}

// container gives a running container of a service.
func (s *swarm) container(service string) string {
	s.t.Helper()
	return strings.TrimSpace(run(s.t, "VERDICTORY_STACK=vswarm", "scripts/container", service))
}

func (s *swarm) sql(query string) string {
	s.t.Helper()
	return strings.TrimSpace(run(s.t, "docker", "exec", s.container("postgres"), "psql", "-U", "verdictory", "-d", "verdictory", "-Atc", query))
}

// imagesOf gives the images of a service's running tasks.
func (s *swarm) imagesOf(service string) []string {
	s.t.Helper()
	return slices.Compact(strings.Fields(run(s.t, "docker", "service", "ps", "--filter", "desired-state=running", "--format", "{{.Image}}", "vswarm_"+service)))
}

var ours = []string{"app", "generator-who", "generator-what", "rules"}

// requestsPerSecond is the load that users must not notice a deploy under.
const requestsPerSecond = 200

// A deploy, a reload and a broken image cost nobody a request; a killed container costs few, for a moment.
func TestSwarm(t *testing.T) {
	first := built(t)
	second, broken := "verdictory:test-next", "verdictory:test-broken"
	// What changes from version to version: what pages look like and do, under new addresses.
	variant(t, second, map[string]string{
		"static/style.css": content(t, "static/style.css") + "/* next */\n",
		"static/app.js":    content(t, "static/app.js") + "// next\n",
	})
	// One whose core brings the schema a step further and ends then, and whose other services end at once.
	steps, err := filepath.Glob(filepath.Join(root, "app/history/migrations/postgres/*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	further := fmt.Sprintf("%04d_further.fits-%04d.sql", len(steps)+1, len(steps))
	const migrated = "\treturn live("
	migrate := content(t, "app/history/migrate.go")
	if strings.Count(migrate, migrated) != 1 {
		t.Fatalf("app/history/migrate.go does not say %q once", migrated)
	}
	variant(t, broken, map[string]string{
		"app/history/migrations/postgres/" + further: "CREATE TABLE further (n BIGINT)",
		"app/history/migrate.go":                     strings.Replace(migrate, migrated, "\tpanic(`broken`)\n"+migrated, 1),
		"broken.go":                                  "package main\n\nimport \"os\"\n\nfunc init() {\n\tif len(os.Args) < 2 || os.Args[1] != `app` {\n\t\tos.Exit(1)\n\t}\n}\n",
	})
	s := newSwarm(t)

	last, took := s.mustDeploy(first)
	t.Logf("first deploy: %s", took.Round(100*time.Millisecond))
	if last != "deployed: changed" {
		t.Errorf("the first deploy ends with %q", last)
	}
	if last, took := s.mustDeploy(first); last != "deployed: unchanged" || took > 30*time.Second {
		t.Errorf("the same deploy again ends with %q after %s", last, took)
	}
	run(t, in(s.setting, "make", "smoke", "URL="+s.base)...)

	l := startLoad(s.base, requestsPerSecond)
	defer l.stop()
	begin := time.Now()
	time.Sleep(2 * time.Second) // of load alone, to compare with
	t.Logf("load alone: %s", l.since(begin))

	mark := time.Now()
	_, took = s.mustDeploy(second)
	quiet(t, l, mark, fmt.Sprintf("rolling update of the four services (%s)", took.Round(100*time.Millisecond)))
	for _, service := range ours {
		if images := s.imagesOf(service); !slices.Equal(images, []string{second}) {
			t.Errorf("%s runs %v after the deploy", service, images)
		}
	}

	mark = time.Now()
	for range 3 {
		run(t, "docker", "exec", s.container("nginx"), "nginx", "-e", "/dev/stderr", "-s", "reload")
		time.Sleep(500 * time.Millisecond)
	}
	quiet(t, l, mark, "three reloads of nginx")

	mark = time.Now()
	out, err := s.deploy(broken)
	if err == nil || !strings.Contains(out, "deploy: rolled back: the new version did not become healthy, and the one before it serves") {
		t.Errorf("the deploy of a broken image ended with %v and said %s", err, out)
	}
	quiet(t, l, mark, fmt.Sprintf("broken image, rolled back (%s)", time.Since(mark).Round(100*time.Millisecond)))
	for _, service := range ours {
		if images := s.imagesOf(service); !slices.Equal(images, []string{second}) {
			t.Errorf("%s runs %v after the rollback", service, images)
		}
	}
	// The schema stays as the broken version left it. A core that is killed starts on it, below.
	if taken := s.sql("SELECT name FROM schema_migrations ORDER BY version DESC LIMIT 1"); taken != further {
		t.Errorf("the broken version left the schema at %s, want it at %s", taken, further)
	}
	l.stop()
	whole := l.since(begin)
	t.Logf("in all: %s", whole)
	s.kept(l)

	t.Run("kill", s.kill)
	if left := s.imagesOf("app"); !slices.Equal(left, []string{second}) {
		t.Errorf("the core runs %v", left)
	}
}

// quiet reports a part of the load, and fails where a request failed.
func quiet(t *testing.T, l *load, mark time.Time, what string) {
	t.Helper()
	time.Sleep(500 * time.Millisecond)
	r := l.since(mark)
	t.Logf("%s: %s", what, r)
	if r.failed > 0 || r.sent == 0 {
		t.Errorf("%s: %d of %d requests failed", what, r.failed, r.sent)
	}
}

// kept fails where a case was acknowledged and is not stored exactly once.
func (s *swarm) kept(l *load) {
	s.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	stored := map[string]int{}
	for _, code := range strings.Fields(s.sql("SELECT code FROM cases")) {
		stored[code]++
	}
	for _, code := range l.codes {
		if stored[code] != 1 {
			s.t.Errorf("the acknowledged case %s is stored %d times", code, stored[code])
		}
	}
	s.t.Logf("%d acknowledged cases, each stored once", len(l.codes))
	if len(l.codes) == 0 {
		s.t.Error("no case was made")
	}
}

// kill -9 of one container of each service: what fails, and that all is well within five seconds.
func (s *swarm) kill(t *testing.T) {
	s = &swarm{t: t, base: s.base, setting: s.setting}
	for _, service := range append(slices.Clone(ours), "nginx", "postgres", "backup") {
		l := startLoad(s.base, 50)
		time.Sleep(time.Second)
		id := s.container(service)
		mark := time.Now()
		run(t, "docker", "kill", "--signal", "KILL", id)
		// It is over when nothing has failed for two seconds; what failed last says when all was well again.
		eventually(t, 30*time.Second, "requests succeed again", func() error {
			r := l.since(mark)
			if calm := time.Since(mark) - r.last; calm < 2*time.Second {
				return fmt.Errorf("the last failure was %s ago: %s", calm, r)
			}
			return nil
		})
		l.stop()
		r := l.since(mark)
		t.Logf("kill -9 of %s: %s", service, r)
		if r.last > 5*time.Second {
			t.Errorf("after a kill of %s requests failed for %s, want at most 5 s", service, r.last)
		}
		if service == "backup" && r.failed > 0 {
			t.Errorf("a kill of %s failed requests", service)
		}
		s.kept(l)
		eventually(t, patienceOfStart, service+" has its replicas again", func() error {
			out, err := try("docker", "service", "ls", "--filter", "name=vswarm_"+service, "--format", "{{.Replicas}}")
			if n, m, ok := strings.Cut(strings.TrimSpace(out), "/"); err == nil && (!ok || n != m) {
				err = fmt.Errorf("%s of %s run", n, m)
			}
			return err
		})
	}
}

// content is a file of the source tree.
func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// variant builds an image of the product with some files of its source tree in the place of others, or beside them.
func variant(t *testing.T, name string, files map[string]string) {
	t.Helper()
	folder := t.TempDir()
	write := func(file, text string) string {
		file = filepath.Join(folder, file)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for file, text := range files {
		overlay.Replace[filepath.Join(root, file)] = write(strings.ReplaceAll(file, "/", "-"), text)
	}
	document, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "go", "build", "-trimpath", "-overlay", write("overlay.json", string(document)),
		"-ldflags", "-s -w -buildid= -X main.version=test -X main.commit=test", "-o", filepath.Join(folder, "verdictory"), ".")
	write("Dockerfile", "FROM "+built(t)+"\nCOPY verdictory /verdictory\n")
	write(".dockerignore", "*\n!verdictory\n")
	run(t, "docker", "build", "--quiet", "--tag", name, folder)
}

// From the push of a one-line change to the change being served: what the pipeline's stages do on the main branch, tests
// aside, with a registry of this machine.
func TestPushToServed(t *testing.T) {
	built(t) // so that the build's cache is warm, as an agent's is
	registry := startRegistry(t)
	s := newSwarm(t)
	folder := t.TempDir()
	bare, checkout, agent := filepath.Join(folder, "origin.git"), filepath.Join(folder, "checkout"), filepath.Join(folder, "agent")
	run(t, "git", "clone", "--quiet", "--bare", root, bare)
	run(t, "git", "clone", "--quiet", bare, checkout)
	run(t, "git", "clone", "--quiet", bare, agent)
	git := func(args ...string) {
		run(t, append([]string{"git", "-C", checkout, "-c", "user.name=test", "-c", "user.email=test@example.org"}, args...)...)
	}

	setting := append(in(s.setting), "IMAGE="+registry+"/verdictory")
	pipeline := func() (stages string) {
		for _, stage := range [][]string{
			in(setting, "make", "image", "-C", agent), in(setting, "make", "push", "-C", agent),
			in(setting, "make", "deploy", "-C", agent), in(setting, "make", "smoke", "-C", agent, "URL="+s.base),
		} {
			start := time.Now()
			run(t, stage...)
			stages += fmt.Sprintf(" %s %s", stage[len(setting)+1], time.Since(start).Round(100*time.Millisecond))
		}
		return stages
	}
	t.Logf("the first time:%s", pipeline())

	const heading = "A change that was pushed"
	file := filepath.Join(checkout, "app", "routes.go")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(content), "There is nothing at %s.", heading+": %s.", 1)
	if changed == string(content) {
		t.Fatal("app/routes.go has no message to change")
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	git("commit", "--quiet", "--all", "--message", "Change a message")
	start := time.Now()
	git("push", "--quiet", "origin", "HEAD")
	run(t, "git", "-C", agent, "pull", "--quiet")
	stages := pipeline()
	took := time.Since(start)
	for range 4 { // both replicas
		if _, body, err := ask("GET", s.base+"/a/page/that/is/not/there"); err != nil || !strings.Contains(body, heading) {
			t.Errorf("the change is not served: %v %.300s", err, body)
		}
	}
	t.Logf("from git push to served: %s:%s", took.Round(100*time.Millisecond), stages)
}

// startRegistry runs a registry on loopback and gives its address.
func startRegistry(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	address := "127.0.0.1:" + free(t)
	config := filepath.Join(folder, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: %s}\n", folder, address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("docker-registry", "serve", config)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	eventually(t, 10*time.Second, "the registry answers", func() error {
		_, _, err := ask("GET", "http://"+address+"/v2/")
		return err
	})
	return address
}

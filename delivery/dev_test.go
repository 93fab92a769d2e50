//go:build delivery

package delivery

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// development is a running compose.dev.yml, with a source tree of its own to save files in.
type development struct {
	stack
	tree string
	uid  int // who owns the tree, and is in the containers
}

// newDevelopment copies the source tree, for a user who is not root, and says how the stack is started on it.
func newDevelopment(t *testing.T) *development {
	t.Helper()
	d := &development{stack: stack{t: t, name: "vdev"}, tree: t.TempDir(), uid: os.Getuid()}
	if d.uid == 0 {
		d.uid = 1000
	}
	copying := []string{"cp", "--preserve=mode", "--parents", "--target-directory", d.tree}
	for file := range strings.SplitSeq(run(t, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if info, err := os.Stat(filepath.Join(root, file)); err == nil && !info.IsDir() { // a file that is deleted and not yet committed is named too
			copying = append(copying, file)
		}
	}
	run(t, copying...)
	d.own(d.tree)

	// Modules and compiled packages are kept from one run to the next: they are a minute and a half of work.
	cache := os.Getenv("VERDICTORY_DEV_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(user, "verdictory-dev")
		if err := os.MkdirAll(cache, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(cache, d.uid, d.uid); err != nil {
			t.Fatal(err)
		}
	}
	port := free(t)
	d.base = "http://127.0.0.1:" + port
	d.setting = []string{
		"VERDICTORY_PORT=" + port, "VERDICTORY_APP_PORT=" + free(t), "VERDICTORY_DEV_CACHE=" + cache,
		fmt.Sprint("VERDICTORY_UID=", d.uid), fmt.Sprint("VERDICTORY_GID=", d.uid), "COMPOSE_PROGRESS=quiet",
	}
	t.Cleanup(func() {
		if t.Failed() {
			logs, _ := d.compose("logs", "--no-color", "--tail", "15")
			t.Log(logs)
		}
		if out, err := d.compose("down", "--volumes", "--timeout", "2"); err != nil {
			t.Error(out, err)
		}
	})
	return d
}

// own gives a file or a tree to the user of the containers, if it is not theirs already.
func (d *development) own(path string) {
	d.t.Helper()
	if os.Getuid() == 0 {
		run(d.t, "chown", "-R", fmt.Sprintf("%d:%d", d.uid, d.uid), path)
	}
}

func (d *development) compose(args ...string) (string, error) {
	return try(slices.Concat(d.setting, []string{"build/bin/docker-compose", "--project-name", d.name, "--file", filepath.Join(d.tree, "compose.dev.yml")}, args)...)
}

// up starts the stack and gives how long that took, which is minutes where the cache is empty.
func (d *development) up(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if out, err := d.compose("up", "--detach", "--wait", "--wait-timeout", "540"); err != nil {
		t.Fatal(out, err)
	}
	return time.Since(start)
}

// builds gives what the service that compiles has said.
func (d *development) builds(t *testing.T) string {
	t.Helper()
	out, err := d.compose("logs", "--no-color", "--no-log-prefix", "build")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read gives a file of the tree.
func (d *development) read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(d.tree, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// save writes a file of the tree, as some editors do in its place and as others do beside it and then over it.
func (d *development) save(t *testing.T, file, content string, beside bool) {
	t.Helper()
	path := filepath.Join(d.tree, file)
	written := path
	if beside {
		written += "~"
	}
	if err := os.WriteFile(written, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if beside {
		d.own(written)
		if err := os.Rename(written, path); err != nil {
			t.Fatal(err)
		}
	}
}

// promisedOfSave is the time from a save to the first answer that shows it. The alarm is wider: it tells a build that does
// too much from a slow machine, or one that has other work.
const (
	promisedOfSave = 3 * time.Second
	alarmOfSave    = 20 * time.Second
)

// shown replaces the first group of the pattern in the file by a new word, and measures how long it takes until ask finds
// it, twice, and twice more where that took too long. The quickest counts: what else the machine does meanwhile is not what is
// measured.
func (d *development) shown(t *testing.T, file string, pattern *regexp.Regexp, ask func(word string) error) {
	t.Helper()
	var took []time.Duration
	for i := range 4 {
		content := d.read(t, file)
		place := pattern.FindStringSubmatchIndex(content)
		if place == nil {
			t.Fatalf("%s has nothing like %s", file, pattern)
		}
		word := fmt.Sprintf("saved%d", time.Now().UnixNano())
		untilIdle(t)
		d.save(t, file, content[:place[2]]+word+content[place[3]:], i%2 == 1)
		took = append(took, eventually(t, 3*time.Minute, "a save of "+file+" is served", func() error { return ask(word) }).Round(10*time.Millisecond))
		if i == 1 && slices.Max(took) <= promisedOfSave {
			break
		}
	}
	t.Logf("%s: from save to served %s, promised within %s", file, took, promisedOfSave)
	if quickest := slices.Min(took); quickest > alarmOfSave {
		t.Errorf("%s: from save to served took %s at best, want at most %s, with any other work %s", file, quickest, promisedOfSave, alarmOfSave)
	}
}

// untilIdle waits, ten seconds at most, until the machine has little else to do.
func untilIdle(t *testing.T) {
	t.Helper()
	sample := func() (idle, all int) {
		stat, err := os.ReadFile("/proc/stat")
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(stat), "\n")
		for i, field := range strings.Fields(first)[1:] { // user, nice, system, idle, and more
			ticks, _ := strconv.Atoi(field)
			if all += ticks; i == 3 {
				idle = ticks
			}
		}
		return idle, all
	}
	for range 33 {
		idle, all := sample()
		time.Sleep(300 * time.Millisecond)
		idleThen, allThen := sample()
		if (idleThen-idle)*10 > (allThen-all)*7 {
			return
		}
	}
}

// shows asks for a page until it has the word.
func (d *development) shows(path string) func(word string) error {
	return func(word string) error {
		answer, body, err := ask("GET", d.base+path)
		if err == nil && !strings.Contains(body, word) {
			err = fmt.Errorf("%s answers %s without %q", path, answer.Status, word)
		}
		return err
	}
}

var (
	titleInGo       = regexp.MustCompile(`http\.StatusNotFound:\s+"([^"]*)"`)              // of the page that says so
	adviceInGo      = regexp.MustCompile(`rule %q: write decision/rule, such as ([^"]*)"`) // of a filter's error
	titleInTemplate = regexp.MustCompile(`<a class="skip" href="#main">([^<]*)</a>`)
	wordInStyle     = regexp.MustCompile(`^/\* ([^*]*) `) // of its first comment
	styleOfPage     = regexp.MustCompile(`<link rel="stylesheet" href="([^"]+/style\.css)">`)
)

// nowhere is the address of a page that is not there: what it says is in titleOfNowhere.
const (
	nowhere        = "/nowhere/at-all"
	titleOfNowhere = "app/page/problem.go"
)

// What is saved is served, in a time that is printed, and what is stored stays.
func TestComposeDev(t *testing.T) {
	d := newDevelopment(t)
	if out, err := d.compose("down", "--volumes"); err != nil { // what a run that was cut off has left
		t.Fatal(out, err)
	}
	t.Logf("healthy after %s", d.up(t))

	t.Run("published on loopback alone", func(t *testing.T) {
		published := map[string]bool{}
		for _, c := range d.containers() {
			service := strings.Split(c.Name, "-1")[0]
			for port, bindings := range c.HostConfig.PortBindings {
				for _, binding := range bindings {
					published[strings.TrimPrefix(service, "/vdev-")+" "+port] = true
					if binding.HostIp != "127.0.0.1" {
						t.Errorf("%s publishes %s on %q, where others reach it", c.Name, port, binding.HostIp)
					}
				}
			}
		}
		for _, want := range []string{"nginx 8080/tcp", "app 8080/tcp", "postgres 5432/tcp"} {
			if !published[want] || len(published) != 3 {
				t.Errorf("published are %v, want %s among three", published, want)
			}
		}
	})

	t.Run("as the owner of the source", func(t *testing.T) {
		want := fmt.Sprintf("%d:%d", d.uid, d.uid)
		for _, c := range d.containers() {
			switch {
			case strings.Contains(c.Name, "postgres"): // becomes its own user after it has taken its volume
			case strings.Contains(c.Name, "nginx"):
				if c.Config.User != "101:101" {
					t.Errorf("%s runs as %q", c.Name, c.Config.User)
				}
			case c.Config.User != want:
				t.Errorf("%s runs as %q, want %s", c.Name, c.Config.User, want)
			}
			if slices.Contains(c.HostConfig.CapDrop, "ALL") == strings.Contains(c.Name, "postgres") {
				t.Errorf("%s drops the capabilities %v", c.Name, c.HostConfig.CapDrop)
			}
		}
		made := 0
		err := filepath.WalkDir(d.tree, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != d.uid {
				t.Errorf("%s belongs to user %d", path, owner)
			}
			if strings.HasSuffix(path, "static/vendor/htmx.min.js") {
				made++
			}
			return nil
		})
		if err != nil || made != 1 {
			t.Errorf("htmx is in the tree %d times: %v", made, err)
		}
	})

	code, err := generate(d.base)
	if err != nil {
		t.Fatal(err)
	}
	stored := func(t *testing.T) {
		if n := d.sql("SELECT count(*) FROM cases"); n != "1" {
			t.Errorf("the database has %s cases, want the one that was generated", n)
		}
		if err := found(d.base, code); err != nil {
			t.Error(err)
		}
	}
	t.Run("a case is stored in PostgreSQL", stored)

	t.Run("Go", func(t *testing.T) {
		patiently := func(path string) func(string) error {
			return func(word string) error {
				err := d.shows(path)(word)
				if err != nil {
					time.Sleep(100 * time.Millisecond) // a page takes as much of the processors as the compiler gets meanwhile
				}
				return err
			}
		}
		d.shown(t, titleOfNowhere, titleInGo, patiently(nowhere))
		// Nearly every package is compiled anew for this one.
		d.shown(t, "contract/case.go", adviceInGo, patiently("/motor-insurance/history?rule=none"))
	})

	t.Run("templates and style without a rebuild", func(t *testing.T) {
		before := d.builds(t)
		d.shown(t, "templates/layout.html", titleInTemplate, d.shows("/"))
		d.shown(t, "static/style.css", wordInStyle, func(word string) error {
			_, page, err := ask("GET", d.base+"/")
			if err != nil {
				return err
			}
			link := styleOfPage.FindStringSubmatch(page)
			if link == nil {
				return errors.New("the page links no style sheet")
			}
			return d.shows(link[1])(word)
		})
		if after := d.builds(t); after != before {
			t.Errorf("it was compiled for that: %s", strings.TrimPrefix(after, before))
		}
	})

	t.Run("what does not compile", func(t *testing.T) {
		good := d.read(t, titleOfNowhere)
		title := titleInGo.FindStringSubmatch(good)[1]
		line := strings.Count(good, "\n") + 1
		d.save(t, titleOfNowhere, good+"func unfinished( {\n", false)
		eventually(t, 3*time.Minute, "the error is in the log", func() error {
			log := d.builds(t)
			if want := titleOfNowhere + ":" + strconv.Itoa(line); !strings.Contains(log, want) || !strings.Contains(log, "does not compile") {
				return fmt.Errorf("no %s in %s", want, log)
			}
			return nil
		})
		if err := d.shows(nowhere)(title); err != nil {
			t.Errorf("the binary before it does not go on: %v", err)
		}
		if answer, _, err := ask("GET", d.base+"/readyz"); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("the core is not ready: %v, %v", answer, err)
		}
		d.save(t, titleOfNowhere, strings.Replace(good, title, "compiles again", 1), false)
		eventually(t, 3*time.Minute, "what compiles again is served", func() error { return d.shows(nowhere)("compiles again") })
	})

	t.Run("down and up keeps what is stored", func(t *testing.T) {
		if out, err := d.compose("down", "--timeout", "5"); err != nil {
			t.Fatal(out, err)
		}
		t.Logf("healthy again after %s", d.up(t))
		stored(t)
	})
}

// Base images are pinned to a whole version, and every file that names one names the same.
func TestBaseImagesAreThoseOfEveryFile(t *testing.T) {
	named := regexp.MustCompile(`(?:ARG |\$\{)([A-Z]+_IMAGE)(?:=|:-)([^}\s]+)`)
	whole := regexp.MustCompile(`:\d+\.\d+(\.\d+)?(-[a-z-]+)?$`)
	first := map[string]string{}
	for _, file := range []string{"Dockerfile", "compose.dev.yml", "compose.prod.yml"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		all := named.FindAllStringSubmatch(string(content), -1)
		if len(all) < 2 {
			t.Errorf("%s names %d base images: write them as variables with a default", file, len(all))
		}
		for _, match := range all {
			name, image := match[1], match[2]
			if !whole.MatchString(image) {
				t.Errorf("%s: %s is %s: pin a whole version, such as nginx:1.28.0", file, name, image)
			}
			if first[name] == "" {
				first[name] = image
			}
			if first[name] != image {
				t.Errorf("%s: %s is %s, and %s elsewhere", file, name, image, first[name])
			}
		}
	}
}

package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// loaded matches what a page loads: styles, scripts, icons and pictures.
var loaded = regexp.MustCompile(`<(?:script|img)[^>]*\ssrc="([^"]+)"|<link[^>]*\shref="([^"]+)"`)

// metered counts what a connection receives, heads included.
type metered struct {
	net.Conn
	received *atomic.Int64
}

func (m metered) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.received.Add(int64(n))
	return n, err
}

// TestPage weighs the first load of the workbench, with a case on it, and lets Lighthouse judge it.
func TestPage(t *testing.T) {
	app := start(t, "up", "up", "--data", t.TempDir())
	base := "http://" + app.address
	answer, err := http.Post(base+"/api/v1/policies/"+policyName+"/cases", "application/json", strings.NewReader("{}"))
	if err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatal(answer, err)
	}
	answer.Body.Close()
	weigh(t, base)
	lighthouse(t, base)
}

func weigh(t *testing.T, base string) {
	var received atomic.Int64
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return metered{conn, &received}, err
	}}}
	var parts []string
	get := func(path string) string {
		before := received.Load()
		answer, err := client.Get(base + path) // asks for gzip by itself
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
		}
		parts = append(parts, fmt.Sprintf("%s %.1f", filepath.Base(path), float64(received.Load()-before)/1000))
		return string(body)
	}
	scripts, got := 0, map[string]bool{}
	for _, match := range loaded.FindAllStringSubmatch(get("/"+policyName), -1) {
		path := match[1] + match[2]
		if !strings.HasPrefix(path, "/static/") || got[path] {
			continue
		}
		got[path] = true
		if get(path); strings.HasSuffix(path, ".js") && !strings.Contains(path, "htmx") {
			scripts++
		}
	}
	total := float64(received.Load()) / 1000
	report(t, "workbench, first load over the wire", "≤ 60 kB", total <= 60, "%.1f kB (%s)", total, strings.Join(parts, ", "))
	report(t, "script files besides htmx", "≤ 1", scripts <= 1, "%d", scripts)
}

// lighthouse runs the judge that bench/package.json names, in the Chromium of the tests.
func lighthouse(t *testing.T, base string) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIPPED: Lighthouse, since there is no chromium; make setup installs it")
	}
	out := filepath.Join(t.TempDir(), "lighthouse.json")
	command := exec.Command("node_modules/.bin/lighthouse", base+"/"+policyName, "--preset=desktop", "--only-categories=accessibility,best-practices",
		"--output=json", "--output-path="+out, "--quiet", "--no-enable-error-reporting",
		"--chrome-flags=--headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update --disable-sync")
	command.Env = append(os.Environ(), "CHROME_PATH="+chromium)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("lighthouse (scripts/bench installs it): %v: %s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var judged struct {
		Version    string `json:"lighthouseVersion"`
		Categories map[string]struct {
			Score  float64
			Audits []struct {
				ID     string
				Weight float64
			} `json:"auditRefs"`
		}
		Audits map[string]struct {
			Title string
			Score *float64
		}
	}
	if err := json.Unmarshal(text, &judged); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"accessibility", "best-practices"} {
		category := judged.Categories[name]
		var lost []string
		for _, audit := range category.Audits {
			if a := judged.Audits[audit.ID]; audit.Weight > 0 && a.Score != nil && *a.Score < 1 {
				lost = append(lost, a.Title)
			}
		}
		report(t, "Lighthouse "+judged.Version+", desktop: "+name, "100", category.Score == 1, "%s", strings.Join(append([]string{fmt.Sprintf("%.0f", category.Score*100)}, lost...), "; "))
	}
}

// Package e2e tests what needs a browser, and the product as its user starts it: the binary, with a database of its own,
// in Chromium. Everything is on loopback.
package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var (
	base    string          // the address of the product with the built-in policies
	browser context.Context // one Chromium for all tests; each has a tab
	binary  string
	axe     string // axe-core's source
)

func TestMain(m *testing.M) {
	code, err := prepare(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func prepare(m *testing.M) (code int, err error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			return 1, fmt.Errorf("browser tests need chromium: make setup installs it: %w", err)
		}
		fmt.Fprintln(os.Stderr, "SKIPPED: all browser tests, since there is no chromium; make setup installs it")
		return 0, nil
	}
	source, err := os.ReadFile("../node_modules/axe-core/axe.min.js")
	if err != nil {
		return 1, fmt.Errorf("make assets installs axe-core: %w", err)
	}
	axe = string(source)
	scratch, err := os.MkdirTemp("", "verdictory-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	if binary = os.Getenv("VERDICTORY_COVER_BINARY"); binary == "" {
		binary = filepath.Join(scratch, "verdictory")
		if out, err := exec.Command("go", "build", "-o", binary, "..").CombinedOutput(); err != nil {
			return 1, fmt.Errorf("%w: %s", err, out)
		}
	}
	address, stop, err := up(filepath.Join(scratch, "data"))
	if err != nil {
		return 1, err
	}
	defer stop()
	base = address

	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancelAllocator()
	var cancelBrowser context.CancelFunc
	browser, cancelBrowser = chromedp.NewContext(allocator)
	defer cancelBrowser()
	if err := chromedp.Do(browser); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// up starts the product on a free port and gives its address and what stops it.
func up(data string, args ...string) (address string, stop func(), err error) {
	command := exec.Command(binary, append([]string{"up", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "error"}, args...)...)
	command.Stderr = os.Stderr
	command.Env = append(os.Environ(), "GOCOVERDIR="+os.Getenv("VERDICTORY_COVER_DIR"))
	out, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = command.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "Verdictory is ready: ")
	if err != nil || !ok {
		stop()
		return "", nil, fmt.Errorf("verdictory up printed %q: %w", line, err)
	}
	return address, stop, nil
}

// tab is one page of the browser, as a test uses it.
type tab struct {
	*testing.T
	ctx context.Context
}

// look is how the person looks at the page.
type look struct {
	width, height int64
	dark          bool
	noScript      bool
}

var (
	desktop = look{width: 1440, height: 900}
	phone   = look{width: 360, height: 780}
)

// watch is run before any script of a page. It counts what must never happen.
const watch = `
window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sample));
window.addEventListener("error", (e) => window.violations.push("error " + e.message));
window.alert = window.confirm = window.prompt = (x) => window.violations.push("ran " + x);
`

func open(t *testing.T, how look) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancelTime)
	b := &tab{t, ctx}
	theme := "light"
	if how.dark {
		theme = "dark"
	}
	b.do(chromedp.EmulateViewport(how.width, how.height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}})
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: how.noScript})
	call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// visit opens an address of the product.
func (b *tab) visit(path string) {
	b.Helper()
	if strings.HasPrefix(path, "/") {
		path = base + path
	}
	b.do(chromedp.Navigate(path))
}

// eval gives the value of a JavaScript expression as T.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

// until waits until a JavaScript expression holds.
func (b *tab) until(expression string) {
	b.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		value, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && value {
			return
		}
		if time.Now().After(deadline) {
			b.Fatalf("never came true: %s (%v) at %s", expression, err, eval[string](b, "location.href"))
		}
	}
}

func (b *tab) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) press(keys string) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys))
}

func (b *tab) text(selector string) string {
	b.Helper()
	quoted, _ := json.Marshal(selector)
	return eval[string](b, "(document.querySelector("+string(quoted)+")?.textContent ?? '').replace(/\\s+/g, ' ').trim()")
}

func (b *tab) path() string {
	b.Helper()
	return eval[string](b, "location.pathname + location.search")
}

// clean fails when a policy of the page was violated, a script failed, or one ran that is not ours.
func (b *tab) clean() {
	b.Helper()
	for _, violation := range eval[[]string](b, "window.violations ?? ['the page was not watched']") {
		b.Errorf("%s: %s", b.path(), violation)
	}
}

var axeOnce sync.Mutex // axe keeps state of its own; one page at a time

// accessible runs axe-core and fails on each violation.
func (b *tab) accessible() {
	b.Helper()
	axeOnce.Lock()
	defer axeOnce.Unlock()
	eval[bool](b, axe+";true")
	eval[bool](b, `window.axeDone = null; axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then((r) => { window.axeDone = r.violations.map((v) => v.id + ": " + v.help + " at " + v.nodes.map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join("; ")); },
		(e) => { window.axeDone = [String(e)]; }); true`)
	b.until("window.axeDone")
	for _, violation := range eval[[]string](b, "window.axeDone") {
		b.Errorf("%s: %s", b.path(), violation)
	}
}

// fits fails when the page is wider than the window.
func (b *tab) fits() {
	b.Helper()
	if wide := eval[float64](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		b.Errorf("%s is %g px wider than its window", b.path(), wide)
	}
}

// made asks the API for n cases of a policy and gives the last one's code.
func made(t *testing.T, address, policy string, n int) (code string) {
	t.Helper()
	for range n {
		answer, err := http.Post(address+"/api/v1/policies/"+policy+"/cases", "application/json", strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusCreated {
			t.Fatalf("%d %v %s", answer.StatusCode, err, body)
		}
		var made struct{ Code string }
		if err := json.Unmarshal(body, &made); err != nil {
			t.Fatal(err)
		}
		code = made.Code
	}
	return code
}

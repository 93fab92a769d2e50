//go:build delivery

package delivery

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// proxy is nginx in a container, and what stands around it.
type proxy struct {
	network     string
	nginx, core string // containers
	image       string
	binary      string // the product
	edge        string // the folder that nginx is given from its host
	address     string // nginx's own, on the network
	coreAddress string
	client      *http.Client
}

// proxiedBinary builds the product as its image has it, and gives the binary's path.
func proxiedBinary(t *testing.T) string {
	t.Helper()
	run(t, "make", "--no-print-directory", "assets")
	binary := filepath.Join(t.TempDir(), "verdictory")
	run(t, "CGO_ENABLED=0", "go", "build", "-o", binary, ".")
	return binary
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	name := fmt.Sprintf("vproxy-%d", os.Getpid())
	p := &proxy{network: name, nginx: name + "-nginx", core: name + "-core", image: os.Getenv("NGINX_IMAGE"), edge: t.TempDir()}
	if p.image == "" {
		p.image = "local/nginx:debian"
	}
	p.binary = proxiedBinary(t)
	p.client = &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, folder := range []string{"tls", "acme/.well-known/acme-challenge"} {
		if err := os.MkdirAll(filepath.Join(p.edge, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "docker", "network", "create", p.network)
	t.Cleanup(func() { _, _ = try("docker", "network", "rm", p.network) })
	p.startCore(t)
	pages := ":/etc/nginx/pages/"
	p.start(t, p.nginx, []string{
		"--read-only", "--tmpfs", "/tmp:size=64m", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "101:101",
		"-v", root + "/nginx.conf:/etc/nginx/nginx.conf:ro",
		"-v", root + "/static/away/page.html" + pages + "page.html:ro", "-v", root + "/static/away/alert.html" + pages + "alert.html:ro",
		"-v", root + "/static/frame.css" + pages + "frame.css:ro", "-v", root + "/static/icon.svg" + pages + "icon.svg:ro",
		"-v", p.edge + ":/etc/nginx/edge:ro",
	}, "nginx", "-e", "/dev/stderr", "-g", "daemon off;")
	p.address = p.addressOf(t, p.nginx)
	eventually(t, 20*time.Second, "nginx answers for the core", func() error { return p.ready() })
	return p
}

// start runs a container until the test ends; what it printed is shown where the test failed.
func (p *proxy) start(t *testing.T, name string, options []string, command ...string) {
	t.Helper()
	words := append([]string{"docker", "run", "-d", "--name", name, "--network", p.network}, options...)
	run(t, append(append(words, p.image), command...)...)
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := try("docker", "logs", "--tail", "30", name)
			t.Logf("the end of what %s printed:\n%s", name, text)
		}
		_, _ = try("docker", "rm", "-f", "-v", name)
	})
}

// startCore starts the core, with all four services in one process, under the name that nginx asks for.
func (p *proxy) startCore(t *testing.T) {
	t.Helper()
	p.start(t, p.core, []string{"--network-alias", "app", "-v", p.binary + ":/verdictory:ro"}, "/verdictory", "up", "--listen", ":8080", "--data", "/tmp/data", "--log-level", "info")
	p.coreAddress = p.addressOf(t, p.core)
	eventually(t, 20*time.Second, "the core is ready", func() error { return answersWith("http://"+p.coreAddress+":8080/readyz", http.StatusOK) })
}

func (p *proxy) addressOf(t *testing.T, container string) string {
	t.Helper()
	return strings.TrimSpace(run(t, "docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container))
}

func (p *proxy) ready() error { return answersWith("http://"+p.address+":8080/readyz", http.StatusOK) }

// answersWith tells whether an address answers with a status.
func answersWith(address string, want int) error {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(address)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != want {
		return fmt.Errorf("%s answered %d", address, answer.StatusCode)
	}
	return nil
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
}

// ask sends a request through nginx, on plain HTTP, with headers as name and value in turn.
func (p *proxy) ask(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	return p.askAt(t, "http://"+p.address+":8080", method, path, body, headers...)
}

func (p *proxy) askAt(t *testing.T, base, method, path, body string, headers ...string) reply {
	t.Helper()
	r, err := p.try(base, method, path, body, headers...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func (p *proxy) try(base, method, path, body string, headers ...string) (reply, error) {
	request, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return reply{answer, string(text)}, err
}

// raw sends bytes as they are and reads the answer.
func (p *proxy) raw(t *testing.T, text string) reply {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.address+":8080", 3*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%.40q: %v", text, err)
	}
	return reply{answer, string(body)}
}

// html parses an answer that must be a page of text/html.
func (r reply) html(t *testing.T) *goquery.Document {
	t.Helper()
	if kind := r.Header.Get("Content-Type"); kind != "text/html; charset=utf-8" {
		t.Fatalf("%d, and Content-Type is %q: %.200s", r.StatusCode, kind, r.body)
	}
	document, err := goquery.NewDocumentFromReader(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func replied(t *testing.T, r reply, want int) reply {
	t.Helper()
	if r.StatusCode != want {
		t.Errorf("answered %d in place of %d: %.300s", r.StatusCode, want, r.body)
	}
	return r
}

func wordsIn(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// ownPage checks that an answer is the page of nginx's own errors.
func ownPage(t *testing.T, r reply, code int, title string) *goquery.Document {
	t.Helper()
	replied(t, r, code)
	document := r.html(t)
	if got := wordsIn(document.Find("h1")); got != title {
		t.Errorf("the page is headed %q in place of %q", got, title)
	}
	if got := wordsIn(document.Find(".out .n")); got != fmt.Sprint(code) {
		t.Errorf("the page says %q in place of %d", got, code)
	}
	if got := wordsIn(document.Find("dd code").Last()); got == "" || got != r.Header.Get("X-Request-Id") {
		t.Errorf("the page shows the request as %q, its header as %q", got, r.Header.Get("X-Request-Id"))
	}
	if strings.Contains(r.body, "[an error occurred") || strings.Contains(r.body, "<!--#") {
		t.Errorf("the page was not put together: %s", r.body)
	}
	return document
}

// problemJSON reads an answer that must be problem+json as the core writes it.
func problemJSON(t *testing.T, r reply, code int, word string) {
	t.Helper()
	replied(t, r, code)
	var got struct {
		Type, Title, Code, Detail string
		Status                    int
		RequestID                 string `json:"request_id"`
	}
	decoder := json.NewDecoder(strings.NewReader(r.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil || r.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s, %v: %s", r.Header.Get("Content-Type"), err, r.body)
	}
	if got.Type != "about:blank" || got.Status != code || got.Code != word || got.Title != http.StatusText(code) || got.Detail == "" || got.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("%d %s: %+v", code, word, got)
	}
}

// proxyTab is a tab that looks at nginx.
type proxyTab struct {
	*testing.T
	ctx  context.Context
	base string
}

// watchTab is run before any script of a page and notes what must never happen.
const watchTab = `window.violations = [];
document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI));
window.addEventListener("error", (e) => window.violations.push("error " + e.message));`

func (p *proxy) openTab(t *testing.T) *proxyTab {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("make setup installs chromium: %v", err)
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &proxyTab{t, ctx, "http://" + p.address + ":8080"}
	b.do(chromedp.EmulateViewport(1280, 800))
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchTab}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *proxyTab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

func (b *proxyTab) visit(path string)     { b.Helper(); b.do(chromedp.Navigate(b.base + path)) }
func (b *proxyTab) click(selector string) { b.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }

func evaluateIn[T any](b *proxyTab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return value
}

func (b *proxyTab) holds(expression string) bool {
	b.Helper()
	return evaluateIn[bool](b, "Boolean("+expression+")")
}

func (b *proxyTab) until(expression string) {
	b.Helper()
	eventually(b, 15*time.Second, expression, func() error {
		if !b.holds(expression) {
			return errors.New("it does not hold")
		}
		return nil
	})
}

func (b *proxyTab) text(selector string) string {
	b.Helper()
	return evaluateIn[string](b, `document.querySelector("`+selector+`").textContent.replace(/\s+/g, " ").trim()`)
}

func (b *proxyTab) clean() {
	b.Helper()
	for _, violation := range evaluateIn[[]string](b, "window.violations") {
		b.Errorf("%s: %s", evaluateIn[string](b, "location.href"), violation)
	}
}

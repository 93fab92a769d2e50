//go:build delivery

package delivery

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestProxy runs nginx with nginx.conf as production does, hardened, in front of the real core, on a network of its own,
// and looks at what people, programs and attackers get to see. About 30 s.
func TestProxy(t *testing.T) {
	p := startProxy(t)
	t.Run("configuration", p.configuration)
	t.Run("slow clients", p.slowClients)
	slow := p.openSlowly(t) // they are looked at again at the end: nginx must have given up on them by then
	t.Run("pages and forms", p.pagesAndForms)
	t.Run("headers", p.headers)
	t.Run("limits", p.limits)
	t.Run("caching", p.caching)
	t.Run("internal paths", p.internalPaths)
	t.Run("streams", p.streams)
	t.Run("other replicas", p.otherReplicas)
	t.Run("log", p.log)
	t.Run("password", p.password)
	t.Run("TLS", p.tls)
	t.Run("core away", p.coreAway)
	t.Run("slow headers", func(t *testing.T) { slow.gaveUp(t) })
	t.Run("every line is JSON", p.everyLine)
}

func (p *proxy) configuration(t *testing.T) {
	out := run(t, "docker", "exec", p.nginx, "nginx", "-e", "/dev/stderr", "-t")
	if !strings.Contains(out, "test is successful") {
		t.Error(out)
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "[warn]") && !strings.Contains(line, `"listen ... http2" directive is deprecated`) { // which 1.22 has no other word for
			t.Error(line)
		}
	}
}

func (p *proxy) pagesAndForms(t *testing.T) {
	home := replied(t, p.ask(t, "GET", "/", ""), 200).html(t)
	if home.Find(`a[href="/motor-insurance"]`).Length() == 0 {
		t.Error("the overview does not list the policies")
	}
	// htmx puts nginx's alerts into the page, as it does the core's.
	var htmx struct {
		ResponseHandling []struct {
			Code string
			Swap bool
		}
	}
	config, _ := home.Find(`meta[name="htmx-config"]`).Attr("content")
	if err := json.Unmarshal([]byte(config), &htmx); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"401", "404", "405", "413", "414", "429", "431", "500", "503"} {
		if !slices.ContainsFunc(htmx.ResponseHandling, func(r struct {
			Code string
			Swap bool
		}) bool {
			return r.Swap && strings.Contains(r.Code, code)
		}) {
			t.Errorf("htmx does not swap %s: %s", code, config)
		}
	}
	bench := replied(t, p.ask(t, "GET", "/motor-insurance", ""), 200).html(t)
	key, _ := bench.Find(`input[name=key]`).Attr("value")
	form := "key=" + key + "&mode=random"
	kind := []string{"Content-Type", "application/x-www-form-urlencoded", "Host", "verdictory.test:8000"}

	// On plain HTTP browsers send Origin and nothing else that tells a site's own forms from another's. The core compares it
	// with Host, port and all.
	made := replied(t, p.ask(t, "POST", "/motor-insurance/cases", form, append(kind, "Origin", "http://verdictory.test:8000")...), 303)
	place := made.Header.Get("Location")
	if !strings.HasPrefix(place, "/motor-insurance/"+key) {
		t.Errorf("leads to %q", place)
	}
	if shown := replied(t, p.ask(t, "GET", place, ""), 200).html(t); shown.Find(".verdict .out b").Length() != 1 {
		t.Error("the case's page shows no verdict")
	}
	for _, origin := range []string{"http://evil.test", "http://verdictory.test", "http://verdictory.test:8001"} {
		replied(t, p.ask(t, "POST", "/motor-insurance/cases", form, append(kind, "Origin", origin)...), 403)
	}
	replied(t, p.ask(t, "POST", "/api/v1/policies/news2/cases", "{}", "Content-Type", "application/json"), 201)
	replied(t, p.ask(t, "GET", "/motor-insurance/history?q=nobody%20of%20this%20name&outcome=", ""), 200)
	replied(t, p.raw(t, "GET / HTTP/1.0\r\n\r\n"), 200)

	// Methods: the core says which an address takes; TRACE never gets there.
	if options := replied(t, p.ask(t, "OPTIONS", "/", ""), 405); options.Header.Get("Allow") != "GET" {
		t.Errorf("OPTIONS is allowed %q", options.Header.Get("Allow"))
	}
	ownPage(t, p.ask(t, "TRACE", "/", ""), 405, "That address does not take this kind of request")
	if head := replied(t, p.ask(t, "HEAD", "/livez", ""), 200); head.body != "" {
		t.Errorf("HEAD brought %q", head.body)
	}
	if live := replied(t, p.ask(t, "GET", "/livez", ""), 200); live.body != "ok\n" {
		t.Errorf("/livez says %q", live.body)
	}

	// An address is passed on as it came: dots and doubled slashes are the core's to judge.
	for _, path := range []string{"//motor-insurance", "/motor-insurance//history", "/./motor-insurance", "/api", "/api/", "/static", "/static/", "/motor-insurance/"} {
		got, want := p.ask(t, "GET", path, ""), p.askAt(t, "http://"+p.coreAddress+":8080", "GET", path, "")
		if got.StatusCode != want.StatusCode {
			t.Errorf("%s: %d, and straight %d", path, got.StatusCode, want.StatusCode)
		}
	}
}

// promised are the headers that every answer carries, whoever made it.
var promised = []string{
	"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Cache-Control", "X-Request-Id",
}

// carries checks that an answer has each of the promised headers once, as the core sends it.
func (p *proxy) carries(t *testing.T, r reply, core http.Header) {
	t.Helper()
	what := fmt.Sprint(r.StatusCode)
	if r.Request != nil {
		what += " " + r.Request.URL.String()
	}
	for _, name := range promised {
		values := r.Header.Values(name)
		if len(values) != 1 || values[0] == "" {
			t.Errorf("%s: %s is there %d times: %q", what, name, len(values), values)
		} else if name != "Cache-Control" && name != "X-Request-Id" && values[0] != core.Get(name) {
			t.Errorf("%s: %s is %q, and the core's %q", what, name, values[0], core.Get(name))
		}
	}
	if server := r.Header.Get("Server"); server != "nginx" {
		t.Errorf("%s: Server is %q", what, server)
	}
	if secure := r.Header.Values("Strict-Transport-Security"); len(secure) > 0 != (r.TLS != nil) {
		t.Errorf("%s: Strict-Transport-Security is %q", what, secure)
	}
}

func (p *proxy) headers(t *testing.T) {
	core := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/motor-insurance", "").Header
	style := p.asset(t, "style.css")
	for _, path := range []string{"/motor-insurance", "/motor-insurance/history.csv", "/api/v1/policies", "/schemas/rules.json", "/nothing/here", "/livez", "/readyz", "/metrics", "/.pages/frame.css", style, "/static/00000000/style.css"} {
		r := p.ask(t, "GET", path, "")
		p.carries(t, r, core)
		immutable := strings.Contains(r.Header.Get("Cache-Control"), "immutable")
		if immutable != (path == style) || !immutable && r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", path, r.Header.Get("Cache-Control"))
		}
	}
	p.carries(t, replied(t, p.ask(t, "GET", "/?policy=news2", ""), 303), core) // a redirect of the core's
	p.carries(t, replied(t, p.ask(t, "POST", "/metrics", "x"), 404), core)
	p.carries(t, replied(t, p.raw(t, "NONSENSE\r\n\r\n"), 400), core)
	p.carries(t, replied(t, p.raw(t, "GET /api/ HTTP/1.1\r\nHost: x\r\nA: "+strings.Repeat("a", 9000)+"\r\n\r\n"), 431), core)
	replied(t, p.ask(t, "GET", "/nothing", "", "HX-Request", "true"), 404)
}

// asset gives the address of a file that pages load.
func (p *proxy) asset(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`/static/[0-9a-f]+/` + regexp.QuoteMeta(name)).FindString(p.ask(t, "GET", "/", "").body)
	if found == "" {
		t.Fatalf("no page loads %s", name)
	}
	return found
}

func (p *proxy) limits(t *testing.T) {
	// Sizes. What nginx stops has its own words; what is a little over the core's limits has the core's.
	large := func(path string, size int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, size)
	}
	ownPage(t, p.raw(t, large("/motor-insurance/cases", 400<<10)), 413, "That is too large")
	problemJSON(t, p.raw(t, large("/api/v1/policies/news2/cases", 2<<20)), 413, "too-large")
	for range 10 {
		form := replied(t, p.ask(t, "POST", "/motor-insurance/cases", strings.Repeat("a", 290<<10), "Content-Type", "application/x-www-form-urlencoded"), 413)
		if !strings.Contains(form.body, "over its limit of 65536 bytes") {
			t.Errorf("the core's words about a form do not get through: %s", form.body)
		}
		api := replied(t, p.ask(t, "POST", "/api/v1/policies/news2/cases", strings.Repeat(" ", 1099<<10), "Content-Type", "application/json"), 413)
		if !strings.Contains(api.body, "over its limit of 1048576 bytes") {
			t.Errorf("the core's words about a body do not get through: %s", api.body)
		}
	}
	whole := `{"count":1` + strings.Repeat(" ", 1<<20-11) + `}`
	replied(t, p.ask(t, "POST", "/api/v1/policies/news2/batch", whole, "Content-Type", "application/json"), 200)

	long := strings.Repeat("a", 9000)
	ownPage(t, p.raw(t, "GET /"+long+" HTTP/1.1\r\nHost: x\r\n\r\n"), 414, "That address is too long")
	ownPage(t, p.raw(t, "GET / HTTP/1.1\r\nHost: x\r\nCookie: "+long+"\r\n\r\n"), 431, "Those headers are too large")
	problemJSON(t, p.raw(t, "GET /api/v1/policies HTTP/1.1\r\nHost: x\r\nCookie: "+long+"\r\n\r\n"), 431, "invalid")
	for _, broken := range []string{
		"NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		ownPage(t, p.raw(t, broken), 400, "That request cannot be read")
	}

	// What people do at their quickest: htmx asks 60 times at once, and a script sends 200 a second.
	p.many(t, 60, 60, func() { replied(t, p.ask(t, "GET", "/motor-insurance", "", "HX-Request", "true"), 200) })
	end := time.Now().Add(time.Second)
	for n := range 200 {
		time.Sleep(time.Until(end.Add(-time.Second + time.Duration(n)*5*time.Millisecond)))
		replied(t, p.ask(t, "HEAD", "/.pages/frame.css", ""), 200)
	}

	// 300 bodies that never come: the next request of that address is refused at once, others notice nothing, and the core has
	// not heard of any. (It takes some more: the last requests before may not quite have ended for nginx.)
	var drips []net.Conn
	for range 330 {
		conn, err := net.Dial("tcp", p.address+":8080")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, large("/api/v1/policies/news2/cases", 1000)); err != nil {
			t.Fatal(err)
		}
		drips = append(drips, conn)
	}
	eventually(t, 5*time.Second, "a request beside 300 is refused", func() error { return answersWith("http://"+p.address+":8080/motor-insurance", 429) })
	if out := run(t, "docker", "exec", p.core, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://"+p.nginx+":8080/motor-insurance"); out != "200" {
		t.Errorf("another address got %s", out)
	}
	p.coreIsIdle(t)
	for _, conn := range drips {
		conn.Close()
	}
	eventually(t, 3*time.Second, "the address is let in again", func() error { return answersWith("http://"+p.address+":8080/motor-insurance", 200) })

	// A flood, of what nginx answers by itself. The 300 have used half of what one address may send at once.
	var lock sync.Mutex
	counts := map[int]int{}
	p.many(t, 2000, 32, func() {
		r := p.ask(t, "HEAD", "/.pages/frame.css", "")
		lock.Lock()
		defer lock.Unlock()
		if counts[r.StatusCode]++; r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") != "1" {
			t.Errorf("429 with Retry-After %q", r.Header.Get("Retry-After"))
		}
	})
	if counts[200] < 250 || counts[429] == 0 || counts[200]+counts[429] != 2000 {
		t.Errorf("of a flood of 2000, answers by status: %v", counts)
	}
	p.flooded(t, func(r reply) bool { problemJSON(t, r, 429, "overloaded"); return true }, "/api/v1/policies")
	p.flooded(t, func(r reply) bool {
		if r.Header.Get("HX-Retarget") != "#alert" || wordsIn(r.html(t).Find(".trouble b")) != "Too many requests." {
			t.Errorf("htmx is told %v: %s", r.Header, r.body)
		}
		return true
	}, "/motor-insurance", "HX-Request", "true")
	eventually(t, 3*time.Second, "the flood is forgotten", func() error { return answersWith("http://"+p.address+":8080/.pages/frame.css", 200) })
	time.Sleep(2 * time.Second) // and all of it, which is 600 at 300 a second: what comes next is in a hurry
}

// many does something a number of times, some at once.
func (p *proxy) many(t *testing.T, times, atOnce int, do func()) {
	t.Helper()
	work := make(chan struct{}, times)
	for range times {
		work <- struct{}{}
	}
	close(work)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for range work {
				do()
			}
		})
	}
	workers.Wait()
}

// flooded asks for nginx's 429 at a path while the address has no requests left.
func (p *proxy) flooded(t *testing.T, check func(reply) bool, path string, headers ...string) {
	t.Helper()
	var lock sync.Mutex
	var refused *reply
	p.many(t, 1200, 32, func() {
		_ = p.ask(t, "HEAD", "/.pages/frame.css", "")
		lock.Lock()
		wanted := refused == nil
		lock.Unlock()
		if !wanted {
			return
		}
		if r := p.ask(t, "GET", path, "", headers...); r.StatusCode == http.StatusTooManyRequests {
			lock.Lock()
			refused = &r
			lock.Unlock()
		}
	})
	if refused == nil {
		t.Errorf("a flood did not reach the limit at %s", path)
		return
	}
	check(*refused)
}

func (p *proxy) caching(t *testing.T) {
	path := p.asset(t, "app.js") + "?of=caching" // which nobody has asked for
	file, err := os.ReadFile(filepath.Join(root, "static/app.js"))
	if err != nil {
		t.Fatal(err)
	}
	zipped := func(r reply) string {
		z, err := gzip.NewReader(strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	path, _, _ = strings.Cut(path, "?")
	query := 0
	for _, c := range []struct {
		accept, encoding string
	}{{"gzip", "gzip"}, {"", ""}, {"br, gzip;q=0.5, zstd", "gzip"}, {"gzip;q=0, br", ""}, {"identity", ""}} {
		query++
		for i, want := range []string{"MISS", "HIT", "HIT"} {
			r := replied(t, p.ask(t, "GET", fmt.Sprintf("%s?%d", path, query), "", "Accept-Encoding", c.accept), 200)
			body := r.body
			if c.encoding == "gzip" {
				body = zipped(r)
			}
			if r.Header.Get("Content-Encoding") != c.encoding || body != string(file) {
				t.Errorf("%q: the file comes as %q, %d bytes", c.accept, r.Header.Get("Content-Encoding"), len(r.body))
			}
			if r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("%q: Vary %q, Cache-Control %q", c.accept, r.Header.Get("Vary"), r.Header.Get("Cache-Control"))
			}
			if line := p.line(t, r); line.Cache != want {
				t.Errorf("%q, time %d: the cache says %q in place of %q", c.accept, i+1, line.Cache, want)
			}
		}
	}
	// Both forms lie beside each other under one address.
	one := fmt.Sprintf("%s?both", path)
	for _, accept := range []string{"gzip", "identity", "gzip", "identity"} {
		if r := p.ask(t, "GET", one, "", "Accept-Encoding", accept); (r.Header.Get("Content-Encoding") == "gzip") != (accept == "gzip") {
			t.Errorf("%s: came as %q", accept, r.Header.Get("Content-Encoding"))
		}
	}
	// Pages are the core's to compress, in whatever it offers, and never kept.
	page := p.ask(t, "GET", "/motor-insurance", "", "Accept-Encoding", "gzip")
	if page.Header.Get("Content-Encoding") != "gzip" || p.line(t, page).Cache != "" {
		t.Errorf("a page came as %q, from the cache: %q", page.Header.Get("Content-Encoding"), p.line(t, page).Cache)
	}
	// nginx's own page is nginx's to compress.
	own := p.ask(t, "GET", "/metrics", "", "Accept-Encoding", "gzip")
	if own.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(zipped(own), "<h1>There is nothing here</h1>") {
		t.Errorf("its own page came as %q", own.Header.Get("Content-Encoding"))
	}
}

func (p *proxy) internalPaths(t *testing.T) {
	for _, path := range []string{
		"/metrics", "/metrics/", "/metrics?x=1", "//metrics", "/./metrics", "/x/../metrics", "/%6detrics", "/x/%2e%2e/metrics", "/debug/pprof/", "/debug", "/stub_status",
		"/.pages/page.html", "/.pages/", "/.pages/nothing", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/nothing", "/.well-known/acme-challenge/../../../users",
	} {
		request := "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"
		if strings.HasSuffix(path, "/../users") {
			if r := p.raw(t, request); r.StatusCode != 400 && r.StatusCode != 404 {
				t.Errorf("%s: %d", path, r.StatusCode)
			}
			continue
		}
		ownPage(t, p.raw(t, request), 404, "There is nothing here")
	}
	ownPage(t, p.raw(t, "GET http://other.test/metrics HTTP/1.1\r\nHost: x\r\n\r\n"), 404, "There is nothing here")
	// They are there: inside.
	if inside := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/metrics", ""); !strings.Contains(inside.body, "verdictory_build_info") {
		t.Errorf("the core's own metrics are gone: %.200s", inside.body)
	}
	if out := run(t, "docker", "exec", p.core, "curl", "-s", "http://"+p.nginx+":8081/stub_status"); !strings.Contains(out, "Active connections: ") {
		t.Errorf("/stub_status inside says %q", out)
	}
	if err := os.WriteFile(filepath.Join(p.edge, "acme/.well-known/acme-challenge/token"), []byte("token.thumbprint"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := replied(t, p.ask(t, "GET", "/.well-known/acme-challenge/token", ""), 200); r.body != "token.thumbprint" || r.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("the authority reads %q as %q", r.body, r.Header.Get("Content-Type"))
	}
}

func (p *proxy) streams(t *testing.T) {
	const batch, request = "/api/v1/policies/motor-insurance/batch", `{"count":20000,"seed":"1","format":"ndjson"}`
	open := func(base string) *http.Response {
		answer, err := p.client.Post(base+batch, "application/json", strings.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	straight := open("http://" + p.coreAddress + ":8080")
	want, err := io.ReadAll(straight.Body)
	straight.Body.Close()
	if err != nil || bytes.Count(want, []byte("\n")) != 20000 {
		t.Fatalf("%v: the core gives %d lines", err, bytes.Count(want, []byte("\n")))
	}

	through := open("http://" + p.address + ":8080")
	start := time.Now()
	got := make([]byte, len(want)+1)
	first, err := through.Body.Read(got)
	early := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadFull(through.Body, got[first:])
	whole := time.Since(start)
	through.Body.Close()
	if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal(got[:first+rest], want) { // the buffer is a byte longer than it is
		t.Errorf("%v: %d of %d bytes of a stream arrived", err, first+rest, len(want))
	}
	if early > whole/2 {
		t.Errorf("the first part of a stream came after %s of %s", early, whole)
	}

	// A slow reader gets all of it too: 8 MB/s, through a small window.
	conn, err := (&net.Dialer{}).Dial("tcp", p.address+":8080")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(16 << 10)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", batch, len(request), request)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	part, length := make([]byte, 64<<10), 0
	for begun := time.Now(); ; time.Sleep(time.Until(begun.Add(time.Duration(length/8) * time.Microsecond))) {
		n, err := answer.Body.Read(part)
		if !bytes.Equal(part[:n], want[length:length+n]) {
			t.Fatalf("a slow reader gets other bytes from %d on", length)
		}
		length += n
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("a slow reader is cut off at %d of %d bytes: %v", length, len(want), err)
		}
	}
	if length != len(want) {
		t.Errorf("a slow reader gets %d of %d bytes", length, len(want))
	}
	if out := run(t, "docker", "exec", p.nginx, "find", "/tmp/proxy", "-type", "f"); out != "" {
		t.Errorf("a stream was gathered in %s", out)
	}
}

// otherReplicas puts another container under the core's name: one that nobody listens in, and then one that answers
// badly.
func (p *proxy) otherReplicas(t *testing.T) {
	other := p.core + "-other"
	p.start(t, other, []string{"--network-alias", "app"}, "sleep", "600")
	address := p.addressOf(t, other)
	// Through nginx a request may meet either first. It always ends at the core, a POST too, since it was not sent before.
	tried := 0
	settle := func(until func() bool) {
		t.Helper()
		for range 200 {
			if until() {
				return
			}
		}
		t.Errorf("the other replica was never asked")
	}
	settle(func() bool {
		r := replied(t, p.ask(t, "POST", "/api/v1/policies/news2/cases", "{}", "Content-Type", "application/json"), 201)
		if strings.HasPrefix(p.line(t, r).Upstream, address+":8080, ") {
			tried++
		}
		return tried == 3
	})

	conf := filepath.Join(t.TempDir(), "bad.conf")
	if err := os.WriteFile(conf, []byte(`pid /tmp/bad.pid; events { } http { access_log off; server { listen 8080;
		location /static/ { return 404; } location / { add_header Retry-After 7 always; return 503 "busy"; } } }`), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "docker", "rm", "-f", other)
	p.start(t, other, []string{"--network-alias", "app", "-v", conf + ":/etc/nginx/nginx.conf:ro"}, "nginx", "-g", "daemon off;")
	address = p.addressOf(t, other)
	eventually(t, 5*time.Second, "the other replica answers", func() error { return answersWith("http://"+address+":8080/", 503) })

	// One that is overloaded is passed over for a GET; a POST that it has taken is never sent again: its answer, with when to
	// come again, is the client's.
	refused, tried := 0, 0
	settle(func() bool {
		if r := replied(t, p.ask(t, "GET", "/schemas/rules.json", ""), 200); strings.HasPrefix(p.line(t, r).Upstream, address+":8080, ") {
			tried++
		}
		r := p.ask(t, "POST", "/api/v1/policies/news2/cases", "{}", "Content-Type", "application/json")
		upstream := p.line(t, r).Upstream
		switch {
		case r.StatusCode == 503 && r.body == "busy" && r.Header.Get("Retry-After") == "7" && upstream == address+":8080":
			refused++
		case r.StatusCode != 201 || upstream != p.coreAddress+":8080":
			t.Errorf("a POST was answered %d by %s: %s", r.StatusCode, upstream, r.body)
		}
		return tried >= 3 && refused >= 3
	})

	// A hashed asset that one replica does not have yet, or any more, is asked of the other.
	style, tried := p.asset(t, "style.css"), 0
	query := 0
	settle(func() bool {
		query++
		r := replied(t, p.ask(t, "GET", fmt.Sprintf("%s?other=%d", style, query), ""), 200)
		if strings.HasPrefix(p.line(t, r).Upstream, address+":8080, ") {
			tried++
		}
		return tried == 3
	})
	run(t, "docker", "rm", "-f", other)
	eventually(t, 5*time.Second, "the other replica is forgotten", func() error {
		for range 10 {
			if upstream := p.line(t, p.ask(t, "GET", "/schemas/rules.json", "")).Upstream; upstream != p.coreAddress+":8080" {
				return errors.New("asked was " + upstream)
			}
		}
		return nil
	})
}

// proxyLine is a line of nginx's log.
type proxyLine struct {
	Time                           time.Time
	Epoch, Seconds                 float64
	Status, Bytes                  int
	Service, Msg                   string
	RequestID                      string `json:"request_id"`
	Client, Method, Path, Agent    string
	Upstream, Cache, Protocol, TLS string
	UpstreamStatus                 string `json:"upstream_status"`
	UpstreamSeconds                string `json:"upstream_seconds"`
}

// line gives the line of nginx's log for an answer.
func (p *proxy) line(t *testing.T, r reply) (line proxyLine) {
	t.Helper()
	id := r.Header.Get("X-Request-Id")
	eventually(t, 5*time.Second, "the log has the request "+id, func() error {
		out, err := exec.Command("docker", "logs", "--tail", "60", p.nginx).Output() // standard output: the log of requests
		if err != nil {
			return err
		}
		for text := range strings.Lines(string(out)) {
			if strings.Contains(text, id) {
				return json.Unmarshal([]byte(text), &line)
			}
		}
		return errors.New("it is not there")
	})
	return line
}

func (p *proxy) log(t *testing.T) {
	// From another container, which has an address of its own, and says other things of itself.
	client := p.core
	out := run(t, "docker", "exec", client, "curl", "-s", "-D", "-", "-o", "/dev/null", "-A", `quote " back \ tab`+"\t", "-H", "X-Forwarded-For: 1.2.3.4", "-H", "X-Request-Id: mine",
		"http://"+p.nginx+":8080/motor-insurance/history?q=secret")
	head, err := http.ReadResponse(bufio.NewReader(strings.NewReader(out)), &http.Request{Method: "HEAD"})
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	line := p.line(t, reply{Response: head})
	if line.Client != p.addressOf(t, client) || line.Client == "" {
		t.Errorf("the log has the client as %s, and it is %s", line.Client, p.addressOf(t, client))
	}
	id := head.Header.Get("X-Request-Id")
	if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 {
		t.Errorf("the request id is %q", id)
	}
	if line.Method != "GET" || line.Path != "/motor-insurance/history" || line.Status != 200 || line.Upstream != p.coreAddress+":8080" || line.UpstreamStatus != "200" ||
		line.UpstreamSeconds == "" || line.Protocol != "HTTP/1.1" || line.TLS != "" || line.Bytes == 0 || line.Agent != `quote " back \ tab` || line.Time.IsZero() {
		t.Errorf("%+v", line)
	}
	// The core's line of the same request has the same id.
	coreLog := run(t, "docker", "logs", "--tail", "20", p.core)
	if !strings.Contains(coreLog, `"request_id":"`+id+`"`) {
		t.Errorf("the core's log does not have %s:\n%s", id, coreLog)
	}
	for what, log := range map[string]string{"nginx": run(t, "docker", "logs", p.nginx), "the core": coreLog} {
		if strings.Contains(log, "q=secret") {
			t.Errorf("the log of %s holds what was searched for", what)
		}
	}
	// nginx changes a request's method and address on its way to an error's page; the log does not.
	if refused := p.line(t, p.ask(t, "POST", "/metrics?secret", "x")); refused.Method != "POST" || refused.Path != "/metrics" || refused.Status != 404 {
		t.Errorf("%+v", refused)
	}
	// The core believes nginx about the address and the scheme: its API's description says where it is.
	described := p.ask(t, "GET", "/api", "", "Host", "shown.test:8000", "X-Forwarded-Proto", "https").html(t)
	if example := wordsIn(described.Find("pre")); !strings.Contains(example, "http://shown.test:8000/api/v1") || strings.Contains(example, "https://shown") {
		t.Errorf("the page of the API takes another address or scheme for its own: %.300s", example)
	}
}

// everyLine reads all that nginx has logged, after every kind of request.
func (p *proxy) everyLine(t *testing.T) {
	p.raw(t, "GET /\xff\xfe\"\\ HTTP/1.1\r\nHost: x\r\nUser-Agent: \xff\"\r\n\r\n")
	conn, err := net.Dial("tcp", p.address+":8080") // one that is gone before its answer
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "POST /api/v1/policies/news2/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
	conn.Close()
	out, err := exec.Command("docker", "logs", p.nginx).Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for text := range strings.Lines(string(out)) {
		var line proxyLine
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&line); err != nil || line.Service != "nginx" || line.Msg != "request" || net.ParseIP(line.Client) == nil || len(line.RequestID) != 32 {
			t.Errorf("%v: %s", err, text)
		}
		if strings.Contains(line.Path, "?") || line.Path == "/livez" {
			t.Errorf("the log holds a query, or probes: %s", text)
		}
		n++
	}
	if n < 2000 {
		t.Errorf("the log has %d lines", n)
	}
}

func (p *proxy) password(t *testing.T) {
	users := filepath.Join(p.edge, "users")
	if err := os.WriteFile(users, []byte("tester:{PLAIN}secret\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	core := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/motor-insurance", "").Header
	style := p.asset401(t)
	for _, path := range []string{"/", "/motor-insurance", "/motor-insurance/history.csv", style, "/nothing"} {
		r := p.ask(t, "GET", path, "")
		ownPage(t, r, 401, "A password is needed")
		p.carries(t, r, core)
		if r.Header.Get("WWW-Authenticate") != `Basic realm="Verdictory"` {
			t.Errorf("%s: asks by %q", path, r.Header.Get("WWW-Authenticate"))
		}
	}
	problemJSON(t, p.ask(t, "GET", "/api/v1/policies", ""), 401, "forbidden")
	problemJSON(t, p.ask(t, "POST", "/api/v1/policies/news2/cases", "{}"), 401, "forbidden")
	replied(t, p.ask(t, "GET", "/", "", "Authorization", "Basic dGVzdGVyOndyb25n"), 401)
	replied(t, p.ask(t, "GET", "/", "", "Authorization", "Basic dGVzdGVyOnNlY3JldA=="), 200) // tester:secret
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/.well-known/acme-challenge/token": 200, "/.pages/frame.css": 200, "/metrics": 404} {
		replied(t, p.ask(t, "GET", path, ""), want)
	}
	if err := os.Remove(users); err != nil {
		t.Fatal(err)
	}
	replied(t, p.ask(t, "GET", "/", ""), 200)
}

// asset401 gives an asset's address from the core itself, since nginx asks for a password.
func (p *proxy) asset401(t *testing.T) string {
	t.Helper()
	return regexp.MustCompile(`/static/[0-9a-f]+/style\.css`).FindString(p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/", "").body)
}

// certify puts a certificate for a name into the folder that nginx is given, the key first, as whoever renews one does.
func (p *proxy) certify(t *testing.T, name string, number int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	model := &x509.Certificate{
		SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, model, model, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []struct {
		name, kind string
		content    []byte
	}{{"key.pem", "PRIVATE KEY", secret}, {"certificate.pem", "CERTIFICATE", certificate}} {
		path := filepath.Join(p.edge, "tls", file.name)
		if err := os.WriteFile(path+".new", pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.content}), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

// shake opens a TLS connection to nginx with a client's settings.
func (p *proxy) shake(config *tls.Config) (tls.ConnectionState, error) {
	config.ServerName, config.InsecureSkipVerify = "verdictory.test", true
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", p.address+":8443", config)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if len(config.NextProtos) == 0 { // a whole request, behind which TLS 1.3 brings its sessions
		fmt.Fprint(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if _, err := io.Copy(io.Discard, conn); err != nil {
			return tls.ConnectionState{}, err
		}
	}
	return conn.ConnectionState(), nil
}

func (p *proxy) tls(t *testing.T) {
	if state, err := p.shake(&tls.Config{}); err == nil {
		t.Errorf("TLS without a certificate: %+v", state)
	}
	replied(t, p.ask(t, "GET", "/", ""), 200)

	p.certify(t, "verdictory.test", 1)
	core := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/motor-insurance", "").Header
	for _, c := range []struct{ method, path, host, to string }{
		{"GET", "/motor-insurance/history?q=a%20b", "verdictory.test", "https://verdictory.test/motor-insurance/history?q=a%20b"},
		{"POST", "/motor-insurance/cases", "verdictory.test:80", "https://verdictory.test/motor-insurance/cases"},
		{"GET", "/metrics", "verdictory.test", "https://verdictory.test/metrics"},
		{"GET", "/livez/", "verdictory.test", "https://verdictory.test/livez/"},
	} {
		r := replied(t, p.ask(t, c.method, c.path, "", "Host", c.host), 308)
		if r.Header.Get("Location") != c.to {
			t.Errorf("%s leads to %q", c.path, r.Header.Get("Location"))
		}
		p.carries(t, r, core)
	}
	for _, path := range []string{"/livez", "/readyz", "/.well-known/acme-challenge/token"} {
		replied(t, p.ask(t, "GET", path, ""), 200)
	}
	ownPage(t, p.raw(t, "NONSENSE\r\n\r\n"), 400, "That request cannot be read") // not a redirect
	if r := replied(t, p.askAt(t, "http://"+p.address+":8443", "GET", "/x?y", "", "Host", "verdictory.test:8443"), 308); r.Header.Get("Location") != "https://verdictory.test:8443/x?y" {
		t.Errorf("plain HTTP on the port of TLS leads to %q", r.Header.Get("Location"))
	}

	secure := "https://" + p.address + ":8443"
	plain := p.client
	modern := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "verdictory.test"}, ForceAttemptHTTP2: true, DisableCompression: true}
	p.client = &http.Client{Timeout: plain.Timeout, Transport: modern, CheckRedirect: plain.CheckRedirect}
	for _, path := range []string{"/motor-insurance", "/metrics", "/livez", "/nothing", p.assetAt(t, secure)} {
		r := p.askAt(t, secure, "GET", path, "")
		p.carries(t, r, core)
		if hsts := r.Header.Get("Strict-Transport-Security"); hsts != "max-age=31536000" || r.ProtoMajor != 2 {
			t.Errorf("%s over %s: Strict-Transport-Security is %q", path, r.Proto, hsts)
		}
	}
	form := []string{"Content-Type", "application/x-www-form-urlencoded", "Host", "verdictory.test", "Origin", "https://verdictory.test", "Sec-Fetch-Site", "same-origin"}
	made := p.askAt(t, secure, "POST", "/motor-insurance/cases", "mode=random&key=7KQ2X9FM-03ZT8W1C", form...)
	if line := p.line(t, replied(t, made, 303)); line.TLS != "TLSv1.3" || line.Protocol != "HTTP/2.0" || line.Method != "POST" || line.Path != "/motor-insurance/cases" {
		t.Errorf("%+v", line)
	}
	if described := p.askAt(t, secure, "GET", "/api", "", "Host", "shown.test").html(t); !strings.Contains(wordsIn(described.Find("pre")), "https://shown.test/api/v1") {
		t.Error("the core does not know that it is reached by TLS")
	}
	p.many(t, 60, 60, func() { replied(t, p.askAt(t, secure, "GET", "/motor-insurance", "", "HX-Request", "true"), 200) }) // on one connection

	for name, c := range map[string]struct {
		config *tls.Config
		fine   bool
	}{
		"1.0":                      {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
		"1.1":                      {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"1.2":                      {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"1.2, CBC":                 {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		"1.2, no forward secrecy":  {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
		"1.3":                      {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"HTTP/1.1 where it is all": {&tls.Config{NextProtos: []string{"http/1.1"}}, true},
	} {
		if state, err := p.shake(c.config); (err == nil) != c.fine {
			t.Errorf("TLS %s: %v, %+v", name, err, state)
		}
	}
	sessions := &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(4)}
	for i := range 2 {
		if state, err := p.shake(sessions); err != nil || state.DidResume != (i == 1) {
			t.Errorf("time %d: %v, resumed: %v", i+1, err, state.DidResume)
		}
	}

	p.certify(t, "verdictory.test", 2) // renewed, with nobody told
	if state, err := p.shake(&tls.Config{}); err != nil || state.PeerCertificates[0].SerialNumber.Int64() != 2 {
		t.Errorf("a renewed certificate is not used: %v", err)
	}
	modern.CloseIdleConnections()
	p.client = plain
	if err := os.Remove(filepath.Join(p.edge, "tls/key.pem")); err != nil { // half of it is none
		t.Fatal(err)
	}
	replied(t, p.ask(t, "GET", "/", ""), 200)
	if err := os.Remove(filepath.Join(p.edge, "tls/certificate.pem")); err != nil {
		t.Fatal(err)
	}
	replied(t, p.ask(t, "GET", "/", ""), 200)
}

func (p *proxy) assetAt(t *testing.T, base string) string {
	t.Helper()
	return regexp.MustCompile(`/static/[0-9a-f]+/style\.css`).FindString(p.askAt(t, base, "GET", "/", "").body)
}

// coreAway takes the core away under somebody who is at work, and gives it back at another address.
func (p *proxy) coreAway(t *testing.T) {
	core := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/motor-insurance", "").Header
	b := p.openTab(t)
	b.visit("/motor-insurance")
	before := b.text("#bench")
	b.click("#generate-button")
	eventually(t, 5*time.Second, "a case is made", func() error {
		if b.text("#bench") == before {
			return errors.New("the page shows what it showed")
		}
		return nil
	})
	b.until(`!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`)
	had := b.text("#bench")
	style := p.asset(t, "style.css")
	kept := p.ask(t, "GET", style, "").body

	// A stream that breaks off is not taken for a whole one.
	answer, err := p.client.Post("http://"+p.address+":8080/api/v1/policies/motor-insurance/batch", "application/json", strings.NewReader(`{"count":100000}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	run(t, "docker", "kill", p.core)
	if n, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Errorf("a stream whose core was killed ended well, %d bytes later", n)
	}

	const title = "Verdictory does not answer right now"
	soon := func(method, path, body string, headers ...string) reply {
		t.Helper()
		start := time.Now()
		r := p.ask(t, method, path, body, headers...)
		p.carries(t, r, core)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s %s was answered after %s", method, path, took)
		}
		if r.Header.Get("Retry-After") != "2" {
			t.Errorf("%s %s: Retry-After is %q", method, path, r.Header.Get("Retry-After"))
		}
		return r
	}
	page := ownPage(t, soon("GET", `/motor-insurance/history?q="><script>alert(1)</script>`, ""), 503, title)
	if again, _ := page.Find(".go a.p").Attr("href"); again != `/motor-insurance/history?q="><script>alert(1)</script>` || page.Find("script").Length() > 0 {
		t.Errorf("Try again leads to %q", again)
	}
	for _, foreign := range []string{"//evil.test/x", `/\evil.test/x`} {
		r := p.raw(t, "GET "+foreign+" HTTP/1.1\r\nHost: x\r\n\r\n")
		if replied(t, r, 503); strings.Contains(r.body, "Try again") {
			t.Errorf("%s: Try again may lead to another site", foreign)
		}
	}
	form := ownPage(t, soon("POST", "/motor-insurance/cases", "mode=random", "Content-Type", "application/x-www-form-urlencoded"), 503, title)
	if form.Find(".go a.p").Length() > 0 {
		t.Error("Try again would send a GET where a form was sent")
	}
	if head := soon("HEAD", "/", ""); head.StatusCode != 503 || head.body != "" {
		t.Errorf("HEAD: %d %q", head.StatusCode, head.body)
	}
	problemJSON(t, soon("GET", "/api/v1/policies", ""), 503, "unavailable")
	problemJSON(t, soon("POST", "/api/v1/policies/news2/cases", "{}"), 503, "unavailable")
	if r := soon("GET", "/readyz", ""); r.StatusCode != 503 || r.body != title+"\n" {
		t.Errorf("/readyz: %d %q", r.StatusCode, r.body)
	}
	replied(t, p.ask(t, "GET", "/livez", ""), 200)
	ownPage(t, soon("GET", "/motor-insurance", "", "HX-Request", "true", "HX-History-Restore-Request", "true"), 503, title)
	alert := soon("GET", "/motor-insurance/history?q=<b>", "", "HX-Request", "true")
	part := replied(t, alert, 503).html(t)
	if again, _ := part.Find(".trouble a.btn").Attr("href"); again != "/motor-insurance/history?q=<b>" || wordsIn(part.Find(".trouble b")) != title+"." || part.Find("h1").Length() > 0 ||
		wordsIn(part.Find("code")) != alert.Header.Get("X-Request-Id") || strings.Contains(alert.body, "<!") {
		t.Errorf("htmx gets %s", alert.body)
	}
	for name, want := range map[string]string{"HX-Retarget": "#alert", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"} {
		if got := alert.Header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s is %q", name, got)
		}
	}
	// What pages load is there all the same, and so is the style of nginx's own page.
	if r := replied(t, p.ask(t, "GET", style, ""), 200); r.body != kept {
		t.Error("the style is not kept while the core is away")
	}
	if own := replied(t, p.ask(t, "GET", "/.pages/frame.css", ""), 200); own.body != content(t, "static/frame.css") || own.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the page's style is not its own: %s", own.Header.Get("Content-Type"))
	}
	replied(t, p.ask(t, "GET", "/.pages/icon.svg", ""), 200)

	// Who is at work sees an alert, and keeps what they had.
	b.click("#generate-button")
	b.until(`document.querySelector("#alert .trouble b")?.textContent === "` + title + `."`)
	if got := b.text("#bench"); got != had || b.text("#lost") == "" || !b.holds(`document.getElementById("lost").hidden`) {
		t.Errorf("what was on the page is gone, or it says that it is lost: %s", got)
	}
	b.pictures(t)

	// Back, at another address: the old one is somebody else's now.
	old := p.coreAddress
	run(t, "docker", "rm", "-f", p.core)
	p.start(t, p.core+"-place", nil, "sleep", "600")
	p.startCore(t)
	if p.coreAddress == old {
		t.Fatalf("the core is back at %s", old)
	}
	took := eventually(t, 2*time.Second, "the core that is back is found", p.ready)
	t.Logf("found %s after the core said that it is ready", took.Round(time.Millisecond))
	b.click("#generate-button")
	b.until(`document.querySelector("#alert").children.length === 0 && document.querySelector(".verdict .out b")`)
	b.clean()
}

// slowly are connections whose headers come a line at a time.
type slowly struct {
	conns []net.Conn
	begun time.Time
	ended chan time.Duration // of each, when nginx gave up
}

// openSlowly opens 50 of them.
func (p *proxy) openSlowly(t *testing.T) *slowly {
	t.Helper()
	s := &slowly{begun: time.Now(), ended: make(chan time.Duration, 50)}
	for range 50 {
		conn, err := net.Dial("tcp", p.address+":8080")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n")
		go func() {
			for i := 0; i < 60; i++ { // 30 s, and nginx has 10
				time.Sleep(500 * time.Millisecond)
				if _, err := fmt.Fprintf(conn, "X-%d: y\r\n", i); err != nil {
					break
				}
			}
			s.ended <- time.Since(s.begun)
		}()
		s.conns = append(s.conns, conn)
	}
	return s
}

// drip opens 250 connections to nginx from within a container, half of them for a header and half for a body that comes a byte a
// second, and opens each anew when nginx gives up on it. It stops by itself.
const drip = `
trap '' PIPE
open() {
	exec {fd}<>/dev/tcp/$NGINX/8080 || exit 1
	if (($1 % 2)); then
		printf 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ' >&$fd
	else
		printf 'POST /api/v1/policies/news2/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{' >&$fd
	fi
	fds[$1]=$fd
}
for i in {1..250}; do open $i; done
while ((SECONDS < 60)); do
	sleep 1
	for i in ${!fds[@]}; do
		fd=${fds[i]}
		printf ' ' >&$fd 2>/dev/null || { exec {fd}>&-; open $i; }
	done
done`

// coreIsIdle holds that nothing of what is under way at nginx has reached the core.
func (p *proxy) coreIsIdle(t *testing.T) {
	t.Helper()
	metrics := p.askAt(t, "http://"+p.coreAddress+":8080", "GET", "/metrics", "").body
	if busy := regexp.MustCompile(`(?m)^verdictory_http_requests_in_flight (.*)$`).FindStringSubmatch(metrics); busy == nil || busy[1] != "0" {
		t.Errorf("the core has %q requests in flight", busy)
	}
}

// alarmOfPage is how much longer than that a page may take: a machine that does other work is not a fault.
const alarmOfPage = 50 * time.Millisecond

// slowClients has eight addresses hold 2,000 connections without ever finishing a request: others wait twice as long at most, and the
// core hears of none of it.
func (p *proxy) slowClients(t *testing.T) {
	const addresses, each = 8, 250
	slowest := func() time.Duration { // but for one in a hundred
		var took []time.Duration
		for range 300 {
			start := time.Now()
			replied(t, p.ask(t, "GET", "/motor-insurance", ""), 200)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	before := max(slowest(), 5*time.Millisecond) // below that it is the machine's scheduler that one measures
	for i := range addresses {
		p.start(t, fmt.Sprintf("%s-slow%d", p.network, i), []string{"-e", "NGINX=" + p.address}, "bash", "-c", drip)
	}
	active := regexp.MustCompile(`Active connections: (\d+)`)
	held := func() error {
		status, err := try("docker", "exec", p.nginx, "curl", "-s", "http://127.0.0.1:8081/stub_status")
		if found := active.FindStringSubmatch(status); err == nil && found != nil {
			if open, _ := strconv.Atoi(found[1]); open >= addresses*each {
				return nil
			}
		}
		return fmt.Errorf("fewer than %d are open: %s, %v", addresses*each, status, err)
	}
	eventually(t, 20*time.Second, "2,000 slow connections are open", held)
	// What else the machine does meanwhile is told from what they do by asking again.
	var during []time.Duration
	for range 3 {
		during = append(during, slowest().Round(100*time.Microsecond))
		if during[len(during)-1] <= 2*before {
			break
		}
	}
	t.Logf("the 99th percentile of a page: %s, and beside 2,000 slow connections %s", before.Round(100*time.Microsecond), during)
	if slices.Min(during) > 2*before+alarmOfPage {
		t.Errorf("beside 2,000 slow connections a page takes %s, more than twice the %s without", during, before)
	}
	if err := held(); err != nil {
		t.Error(err)
	}
	p.coreIsIdle(t)
	for i := range addresses {
		run(t, "docker", "rm", "-f", fmt.Sprintf("%s-slow%d", p.network, i))
	}
}

// gaveUp waits until nginx has closed them all.
func (s *slowly) gaveUp(t *testing.T) {
	for range s.conns {
		select {
		case took := <-s.ended:
			if took > 15*time.Second {
				t.Errorf("a header was waited for %s", took)
			}
		case <-time.After(15 * time.Second):
			t.Fatal("nginx still waits for a header")
		}
	}
}

// pictures looks at the page of an error as people do, in another tab: light, dark and on a phone. They are kept in the
// folder that VERDICTORY_SCREENSHOTS names.
func (b *proxyTab) pictures(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join(root, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatalf("make assets installs axe-core: %v", err)
	}
	ctx, cancel := chromedp.NewContext(b.ctx)
	defer cancel()
	tab := &proxyTab{t, ctx, b.base}
	tab.do(chromedp.EmulateViewport(1280, 800)) // makes the tab
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchTab}); err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		name, theme, paper string
		width, height      int64
	}{{"away", "light", "rgb(251, 250, 247)", 1280, 640}, {"away-dark", "dark", "rgb(23, 25, 28)", 1280, 640}, {"away-phone", "light", "rgb(251, 250, 247)", 390, 844}} {
		tab.do(chromedp.EmulateViewport(look.width, look.height))
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.theme}}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
			t.Fatal(err)
		}
		tab.visit("/motor-insurance/history?outcome=refer")
		tab.until("document.readyState === 'complete'")
		if paper := evaluateIn[string](tab, "getComputedStyle(document.body).backgroundColor"); paper != look.paper {
			t.Errorf("%s: the paper is %s", look.name, paper)
		}
		if tab.holds("document.documentElement.scrollWidth > innerWidth") {
			t.Errorf("%s: the page is wider than its window", look.name)
		}
		evaluateIn[bool](tab, string(axe)+";true")
		evaluateIn[bool](tab, `window.found = null; axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
			.then((r) => { window.found = r.violations.map((v) => v.id + ": " + v.nodes[0].html) }, (e) => { window.found = [String(e)] }); true`)
		tab.until("window.found")
		for _, violation := range evaluateIn[[]string](tab, "window.found") {
			t.Errorf("%s: %s", look.name, violation)
		}
		tab.clean()
		tab.likeTheProduct(look.name)
		if folder := os.Getenv("VERDICTORY_SCREENSHOTS"); folder != "" {
			picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, look.name+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// likeTheProduct holds that nginx's page needs nothing of style.css: with it too each element looks the same.
func (b *proxyTab) likeTheProduct(look string) {
	b.Helper()
	const looks = `[...document.querySelectorAll("*")].map((e) => {
		const style = getComputedStyle(e), place = e.getBoundingClientRect();
		return [e.tagName, e.className, place.x, place.y, place.width, place.height, ...[...style].map((p) => p + ": " + style.getPropertyValue(p))];
	}).map((e) => e.map(String))`
	rest, err := json.Marshal(content(b.T, "static/style.css"))
	if err != nil {
		b.Fatal(err)
	}
	own := evaluateIn[[][]string](b, looks)
	with := evaluateIn[[][]string](b, `(() => {
		const sheet = new CSSStyleSheet();
		sheet.replaceSync(`+string(rest)+`);
		document.adoptedStyleSheets = [sheet];
		try { return `+looks+` } finally { document.adoptedStyleSheets = [] }
	})()`)
	if len(own) != len(with) || len(own) < 40 {
		b.Fatalf("%s: %d elements, and %d with style.css", look, len(own), len(with))
	}
	for i, element := range own {
		for j, property := range element {
			if property != with[i][j] {
				b.Errorf("%s: <%s class=%q> has %s, and with static/style.css %s: move the rule to static/frame.css", look, element[0], element[1], property, with[i][j])
				break // the others of this element have the same cause, mostly
			}
		}
	}
}

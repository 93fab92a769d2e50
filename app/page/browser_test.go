package page

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

// What only a browser can tell: that no script or style is against the policy, that axe finds nothing, that swaps keep
// the focus and speak, and that a page is no wider than its window.

// stub answers as the handlers do, with made-up cases, and records the forms that it was sent.
type stub struct {
	mu    sync.Mutex
	forms []url.Values
}

// sent takes the forms that were sent since it was last asked; it waits for n of them.
func (s *stub) sent(n int) []url.Values {
	for range 200 {
		s.mu.Lock()
		if forms := s.forms; len(forms) >= n {
			s.forms = nil
			s.mu.Unlock()
			return forms
		}
		s.mu.Unlock()
		time.Sleep(25 * time.Millisecond)
	}
	return nil
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_ = r.ParseForm()
	if r.Method == http.MethodPost {
		s.mu.Lock()
		s.forms = append(s.forms, r.PostForm)
		s.mu.Unlock()
	}
	pages, in := site(), shown()
	in.Boundaries = &contract.Boundaries{Who: []contract.FieldBoundary{{Field: "age", Values: ints(17, 18, 24, 25)}}}
	address := "/cover/" + in.Case.Code.String()
	show := func(status int, p Page, part Part) {
		if r.Header.Get("HX-Request") == "true" {
			if status == 200 && r.Method == http.MethodPost {
				w.Header().Set("HX-Push-Url", address)
			}
			_ = pages.Fragment(w, status, p, part)
		} else {
			_ = pages.Page(w, status, p)
		}
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/static/"):
		pages.Static().ServeHTTP(w, r)
	case r.URL.Path == "/":
		show(200, pages.Overview([]OverviewItem{{cover(), in.Counts}, {cover(), Counts{}}}), Part{})
	case r.URL.Path == "/api":
		show(200, pages.API("1", "http://localhost", "/api/openapi.json", []Operation{{Group: "Cases", Method: "POST", Path: "/api/v1/{policy}/cases", Summary: "Make a case", Parameters: []Parameter{{"policy", "path", "string", true, "Its name."}}, Answers: []Answer{{"201", "The case."}}}}), Part{})
	case r.URL.Path == "/problem":
		show(503, pages.Problem(ProblemInput{Err: &contract.Error{Code: contract.Unavailable, Service: "rules service", Message: "Nothing was stored."}, RequestID: "r-1", RetryURL: "/problem"}), Part{})
	case r.URL.Path == "/cover":
		show(200, pages.Workbench(WorkbenchInput{Policy: cover(), Key: "k-0"}), Bench)
	case r.URL.Path == "/cover/rules":
		show(200, pages.Rules(RulesInput{Policy: cover(), Counts: in.Counts, Who: drawnObjects(cover().Who, 100), What: drawnObjects(cover().What, 100)}), Part{})
	case r.URL.Path == "/cover/history" && r.Form.Get("cursor") != "":
		show(200, pages.History(HistoryInput{Policy: cover(), Cases: in.Latest}), Rows)
	case r.URL.Path == "/cover/history":
		h := HistoryInput{Policy: cover(), Counts: in.Counts, Filter: FilterFromQuery(r.Form), Cases: in.Latest, Next: "n"}
		if h.Filter.Text == "zebra" {
			h.Cases, h.Next = nil, ""
		}
		if h.Filter.Outcome != "" {
			h.Cases, h.Next = in.Latest[:1], ""
		}
		show(200, pages.History(h), Results)
	case r.URL.Path == "/cover/cases" && r.Form.Get("seed") == "wrong":
		show(422, pages.Workbench(WorkbenchInput{Policy: cover(), Key: "k-2", Seed: Typed{Text: "wrong", Error: "write two seeds"}}), Seed)
	case r.URL.Path == "/cover/cases" && r.Form.Get("who") != "":
		in.Failure = &Failure{Err: &contract.Error{Code: contract.Unavailable, Service: "vehicle generator (what)", Message: "Nothing was stored."}, RequestID: "r-2", Keep: "who"}
		show(503, pages.Workbench(in), Bench)
	case r.URL.Path == "/cover/cases" && r.Form.Get("mode") == "boundary":
		w.WriteHeader(http.StatusBadGateway) // as a proxy answers for a server that is gone
		_, _ = w.Write([]byte("<html><body>Bad gateway</body></html>"))
	case strings.HasSuffix(r.URL.Path, "/edit") && r.Form.Get("driver.age") == "twenty":
		in.Edit = Typed{Field: "driver.age", Text: "twenty", Error: "write digits"}
		show(422, pages.Workbench(in), Bench)
	case strings.HasSuffix(r.URL.Path, "/edit") && r.Form.Get("driver.age") == "18":
		_ = pages.Alert(w, 500, pages.Problem(ProblemInput{Err: &contract.Error{Code: contract.Internal, Message: "The log has it."}, RequestID: "r-3"}))
	case strings.HasSuffix(r.URL.Path, "/edit"):
		c := with(*in.Case, "driver.age", policy.IntValue(24))
		in.Drawn, in.Case = &Pair{in.Case.Who, in.Case.What}, &c
		show(200, pages.Workbench(in), Bench)
	default:
		in.Key = "k-1"
		show(200, pages.Workbench(in), Bench)
	}
}

// browse starts Chromium and a stub.
func browse(t *testing.T) (context.Context, *stub, string) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no chromium on the PATH")
		}
		t.Skip("SKIPPED, pages are not tried in a browser: no chromium on the PATH (apt-get install chromium)")
	}
	s := &stub{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	return ctx, s, server.URL
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// evaluate gives what a script in the page gives.
func evaluate(t *testing.T, ctx context.Context, script string) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")"))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return got
}

// eventually waits until a script gives a text. While the page is left for another there is nothing to ask.
func eventually(t *testing.T, ctx context.Context, script, want string) {
	t.Helper()
	var got string
	for range 200 {
		var err error
		if got, err = chromedp.Run(ctx, chromedp.Evaluate[string]("String("+script+")")); err == nil && got == want {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Errorf("%s is %q, want %q", script, got, want)
}

// look sets the window's width and the colour scheme, and stills what moves.
func look(width int64, scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := chromedp.EmulateViewport(width, 900)(ctx, target); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return chromedp.Void{}, err
	}
}

// violations are what the page did against its content security policy, and errors that no script caught.
const violations = `(window.seen || ["no listener"]).join("; ")`

func TestInABrowser(t *testing.T) {
	ctx, server, origin := browse(t)
	listen := func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](`window.seen = []; document.addEventListener("securitypolicyviolation", (e) => seen.push(e.violatedDirective + " " + e.sourceFile)); window.addEventListener("error", (e) => seen.push(e.message)); undefined`))
		return chromedp.Void{}, err
	}
	open := func(path string) chromedp.Action[chromedp.Void] {
		return chromedp.Steps(chromedp.Navigate(origin+path), listen)
	}
	code := refer().Code.String()

	t.Run("generate swaps the cards, says the verdict, keeps the focus and moves the address", func(t *testing.T) {
		do(t, ctx, look(1440, "light"), open("/cover"), chromedp.Focus(chromedp.CSS("#generate-button")), chromedp.KeyEvent("g"))
		eventually(t, ctx, `document.querySelector(".out b").textContent`, "Refer")
		eventually(t, ctx, `document.querySelector("#live").textContent`, "Refer, £650.00. An underwriter decides.")
		eventually(t, ctx, `location.pathname`, "/cover/"+code)
		eventually(t, ctx, `document.title`, code+" · Cover · Verdictory")
		eventually(t, ctx, `document.activeElement.id`, "generate-button")
		want := []url.Values{{"key": {"k-0"}, "mode": {"random"}}}
		if diff := cmp.Diff(want, server.sent(1)); diff != "" {
			t.Error(diff)
		}
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`history.back()`))
		eventually(t, ctx, `document.querySelector(".out b")?.textContent`, "No case yet.")
		do(t, ctx, open("/cover/"+code))
	})
	t.Run("re-roll keeps the other object, and its failure stands in the card", func(t *testing.T) {
		do(t, ctx, chromedp.Click(chromedp.CSS("#roll-what")))
		eventually(t, ctx, `document.querySelector(".card.what .trouble b")?.textContent`, "The vehicle generator (what) does not answer.")
		eventually(t, ctx, `document.activeElement.id`, "roll-what")
		want := []url.Values{{"from": {code}, "key": {"k-1"}, "mode": {"random"}, "who": {seedA.String()}}}
		if diff := cmp.Diff(want, server.sent(1)); diff != "" {
			t.Error(diff)
		}
		do(t, ctx, chromedp.Click(chromedp.CSS(".card.what .trouble button")))
		if got := server.sent(1); len(got) != 1 || got[0].Get("who") != seedA.String() {
			t.Errorf("trying again sent %v", got)
		}
	})
	t.Run("a field opens ready to type, keeps a wrong text, and shows what it was", func(t *testing.T) {
		do(t, ctx, open("/cover/"+code), chromedp.Click(chromedp.CSS("#f-driver-age-value")))
		eventually(t, ctx, `document.activeElement.id`, "f-driver-age-input")
		do(t, ctx, chromedp.KeyEvent("twenty\r"))
		eventually(t, ctx, `document.querySelector("#f-driver-age-error")?.textContent`, "write digits")
		eventually(t, ctx, `document.activeElement.id`, "f-driver-age-input")
		eventually(t, ctx, `document.activeElement.value`, "twenty")
		do(t, ctx, chromedp.Click(chromedp.CSS("#f-driver-age .limits button[value='24']")))
		eventually(t, ctx, `document.querySelector("#f-driver-age s")?.textContent`, "was 22")
		eventually(t, ctx, `document.activeElement.id`, "f-driver-age-value")
		forms := server.sent(2)
		if len(forms) != 2 || forms[1].Get("driver.age") != "24" || len(forms[1]["driver.age"]) != 1 {
			t.Errorf("sent %v", forms)
		}
	})
	t.Run("an error of no card stands above the page, which stays", func(t *testing.T) {
		do(t, ctx, open("/cover/"+code), chromedp.Click(chromedp.CSS("#f-driver-age-value")), chromedp.Click(chromedp.CSS("#f-driver-age .limits button[value='18']")))
		eventually(t, ctx, `document.querySelector("#alert b")?.textContent`, "Something went wrong.")
		eventually(t, ctx, `document.querySelector("#f-driver-age summary").innerText.includes("22")`, "true")
	})
	t.Run("a proxy's page is not put into ours", func(t *testing.T) {
		do(t, ctx, open("/cover/"+code), chromedp.Click(chromedp.CSS("input[value=boundary]")), chromedp.Click(chromedp.CSS("#generate-button")))
		eventually(t, ctx, `document.querySelector("#lost").hidden`, "false")
		eventually(t, ctx, `document.querySelector(".out b").textContent`, "Refer")
	})
	t.Run("a wrong seed keeps the form open", func(t *testing.T) {
		do(t, ctx, open("/cover"), chromedp.Click(chromedp.CSS("#seed-box summary")))
		eventually(t, ctx, `document.activeElement.id`, "seed-text")
		do(t, ctx, chromedp.KeyEvent("wrong\r"))
		eventually(t, ctx, `document.querySelector("#seed-error")?.textContent`, "write two seeds")
		eventually(t, ctx, `document.querySelector("#seed-text").value`, "wrong")
		do(t, ctx, chromedp.KeyEvent("\u001b"))
		eventually(t, ctx, `document.querySelector("#seed-box").open`, "false")
	})
	t.Run("all rules show at a key, which can be switched off", func(t *testing.T) {
		do(t, ctx, open("/cover/"+code), chromedp.KeyEvent("a"))
		eventually(t, ctx, `getComputedStyle(document.querySelector(".why .other")).display`, "table-row")
		do(t, ctx, chromedp.Click(chromedp.CSS("#generate-button")))
		eventually(t, ctx, `document.querySelector("#all-rules").checked`, "true")
		do(t, ctx, chromedp.Click(chromedp.CSS("#keys summary")), chromedp.Click(chromedp.CSS("#keys-on")), chromedp.Click(chromedp.CSS("h1")), chromedp.KeyEvent("a"))
		eventually(t, ctx, `document.querySelector("#all-rules").checked`, "true")
		do(t, ctx, open("/cover/"+code))
		eventually(t, ctx, `document.querySelector("#keys-on").checked`, "false")
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`localStorage.clear()`))
	})
	t.Run("history filters in place and goes on when its end is seen", func(t *testing.T) {
		do(t, ctx, open("/cover/history"))
		eventually(t, ctx, `document.querySelectorAll(".list tbody tr").length`, "5")
		eventually(t, ctx, `document.querySelector(".more").innerText`, "That is all.")
		do(t, ctx, chromedp.SetValue(chromedp.CSS("#outcome"), "refer"), chromedp.Evaluate[chromedp.Void](`document.querySelector("#outcome").dispatchEvent(new Event("change", {bubbles: true}))`))
		eventually(t, ctx, `document.querySelector(".chips .chip")?.innerText.startsWith("Outcome: Refer")`, "true")
		eventually(t, ctx, `location.search.includes("outcome=refer")`, "true")
		eventually(t, ctx, `document.querySelector("#live").textContent`, "1 case shown")
		eventually(t, ctx, violations, "")
	})
	t.Run("every page fits its window, keeps to its policy, and passes axe", func(t *testing.T) {
		axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
		if err != nil {
			t.Fatalf("%v: run npm ci", err)
		}
		for _, c := range []struct {
			path, before string
		}{
			{"/", ""}, {"/cover", `document.querySelector("#keys").open = true`}, {"/cover/" + code, `document.querySelector("#all-rules").click(); document.querySelector("#f-driver-age details").open = true`},
			{"/cover/rules", `document.querySelectorAll("details").forEach((d) => d.open = true)`}, {"/cover/history", `document.querySelector(".menu").open = true`}, {"/cover/history?q=zebra", ""},
			{"/api", `document.querySelectorAll("details").forEach((d) => d.open = true)`}, {"/problem", ""},
		} {
			do(t, ctx, open(c.path), chromedp.Evaluate[chromedp.Void](c.before+";undefined"), chromedp.Evaluate[chromedp.Void](string(axe)+";undefined"))
			for _, l := range []struct {
				width  int64
				scheme string
				rules  string // all of them need not be asked twice
			}{{1440, "light", `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`}, {360, "dark", `{type: "rule", values: ["color-contrast", "target-size"]}`}} {
				do(t, ctx, look(l.width, l.scheme))
				if got := evaluate(t, ctx, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); got != "0" {
					t.Errorf("%s is %s pixels wider than %d", c.path, got, l.width)
				}
				raw, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run(document, {runOnly: `+l.rules+`}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join(" | "))))`, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatal(err)
				}
				var found []string
				if err := json.Unmarshal([]byte(raw), &found); err != nil || len(found) > 0 {
					t.Errorf("%s, %d wide, %s: axe finds %s, %v", c.path, l.width, l.scheme, strings.Join(found, "\n"), err)
				}
				eventually(t, ctx, violations, "")
			}
		}
	})
}

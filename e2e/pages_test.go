package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pages are all pages, as a person meets them.
func pages(t *testing.T) []string {
	counted(t, base, "motor-insurance", "7KQ2X9FM", 500)
	motor, duty, news := made(t, base, "motor-insurance", 25), made(t, base, "stamp-duty", 1), made(t, base, "news2", 1)
	return []string{
		"/", "/motor-insurance", "/motor-insurance/" + motor, "/motor-insurance/rules", "/motor-insurance/history", "/motor-insurance/history?outcome=accept&q=nothing",
		"/motor-insurance/history?mode=maybe", "/motor-insurance/runs", "/motor-insurance/runs/7KQ2X9FM-500", "/stamp-duty/runs", "/stamp-duty/" + duty, "/stamp-duty/rules", "/news2/" + news, "/news2/rules", "/api", "/nothing", "/news2/11111111-22222222",
	}
}

// counted starts a run and waits until all its cases are counted.
func counted(t *testing.T, base, policy, seed string, count int) {
	t.Helper()
	run := fmt.Sprintf("%s/api/v1/policies/%s/runs", base, policy)
	ask(t, http.MethodPost, run, fmt.Sprintf(`{"count":%d,"seed":"%s"}`, count, seed))
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer := ask(t, http.MethodGet, fmt.Sprintf("%s/%s-%d", run, seed, count), "")
		if strings.Contains(answer, `"state":"complete"`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the run stays at %s", answer)
		}
	}
}

// ask sends JSON to the API and gives what it answers.
func ask(t *testing.T, method, address, body string) string {
	t.Helper()
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %v %s", method, address, response.StatusCode, err, answer)
	}
	return string(answer)
}

func TestARunGrowsBeforeOnesEyes(t *testing.T) {
	b := open(t, desktop)
	b.visit("/news2/runs")
	eval[bool](b, `document.querySelector("#count").value = "20,000", true`)
	b.click("form.start button[type=submit]")
	b.until("location.pathname.endsWith('-20000')")
	eval[bool](b, "window.kept = true")
	b.until("document.querySelector('#run-label')?.textContent.startsWith('20,000 of 20,000')")
	if !eval[bool](b, "window.kept === true && !document.querySelector('#run[hx-get]')") {
		t.Error("the page was loaded anew, or asks on although the run is complete")
	}
	if got := b.text("#live"); got != "Complete: 20,000 cases counted" {
		t.Errorf("a screen reader is told %q", got)
	}
	if got := eval[string](b, "document.title"); !strings.HasPrefix(got, "Run ") {
		t.Errorf("the title is %q", got)
	}
	b.accessible()
	b.click("#remove")
	b.until("location.pathname === '/news2/runs'")
	if strings.Contains(b.text("main"), "-20000") {
		t.Error("the removed run is in the list")
	}
	b.clean()
}

// What grows must not take the focus away from whoever is about to stop it.
func TestARunIsStoppedByKeyboard(t *testing.T) {
	ask(t, http.MethodPost, base+"/api/v1/policies/news2/runs", `{"count":5000000,"seed":"5T0P"}`)
	b := open(t, phone)
	b.visit("/news2/runs/00005T0P-5000000")
	before := b.text("#run-label")
	eval[bool](b, "document.querySelector('#stop').focus(), true")
	b.until("document.querySelector('#run-label')?.textContent !== '" + before + "'")
	if !eval[bool](b, "document.activeElement.id === 'stop'") {
		t.Error("the button has lost the focus as the page grew")
	}
	b.accessible()
	b.press("\r")
	b.until("document.querySelector('#resume')")
	if got := b.text("#run .chip"); got != "▲ Stopped" {
		t.Errorf("the run is %q", got)
	}
	b.click("#remove")
	b.until("location.pathname === '/news2/runs'")
	b.clean()
}

// Every page, in each theme and at each width: nothing wider than the window, no error, no breach of the content
// security policy, and in the looks that differ for axe, no violation that it finds.
func TestEveryPageInEveryLook(t *testing.T) {
	all := pages(t)
	for _, test := range []struct {
		how   look
		judge bool
	}{
		{desktop, true}, {look{width: 1440, height: 900, dark: true}, true}, {phone, true},
		{look{width: 360, height: 780, dark: true}, false}, {look{width: 2560, height: 1300}, false},
	} {
		t.Run(fmt.Sprintf("%d wide, dark %v", test.how.width, test.how.dark), func(t *testing.T) {
			b := open(t, test.how)
			for _, path := range all {
				b.visit(path)
				b.until("document.readyState === 'complete'")
				b.fits()
				if test.judge {
					b.accessible()
				}
				b.clean()
			}
		})
	}
}

func TestEmptyWorkbench(t *testing.T) {
	address, stop, err := up(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	b := open(t, phone)
	for _, path := range []string{"/motor-insurance", "/motor-insurance/history", "/motor-insurance/runs", "/motor-insurance/rules"} {
		b.visit(address + path)
		b.until("document.readyState === 'complete'")
		b.fits()
		b.accessible()
		b.clean()
	}
}

// What is swapped must not make the rest of the page jump.
func TestNoLayoutShift(t *testing.T) {
	made(t, base, "motor-insurance", 1)
	b := open(t, desktop)
	b.visit("/motor-insurance")
	eval[bool](b, `window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.shift += e.value; })).observe({type: "layout-shift", buffered: true}); true`)
	for range 5 {
		b.generate()
	}
	if shift := eval[float64](b, "window.shift"); shift > 0.1 {
		t.Errorf("the layout shifted by %g over five cases, want at most 0.1", shift)
	}
}

func TestHistoryScrollsAndFilters(t *testing.T) {
	made(t, base, "news2", 45)
	b := open(t, desktop)
	b.visit("/news2/history")
	b.until("document.querySelectorAll('#results tbody a.code').length === 20")
	for _, want := range []string{"40", "45"} {
		eval[bool](b, "scrollTo(0, document.body.scrollHeight), true")
		b.until("document.querySelectorAll('#results tbody a.code').length >= " + want)
	}
	first := b.text("#results tbody a.code")
	eval[bool](b, `(() => { const s = document.querySelector("#outcome"); s.value = "high"; s.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	b.until("location.search.includes('outcome=high')")
	b.until("[...document.querySelectorAll('#results tbody .chip')].every((c) => c.textContent.includes('High'))")
	eval[bool](b, "history.back(), true")
	b.until("!location.search.includes('outcome=high') && document.querySelector('#results tbody a.code')?.textContent === '" + first + "'")
	b.click("#results tbody a.code")
	b.until("location.pathname === '/news2/" + first + "'")
	b.clean()
}

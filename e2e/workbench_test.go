package e2e

import (
	"strings"
	"testing"
)

const outcome = ".verdict .out b"

// generate presses Generate and waits for another case.
func (b *tab) generate() (path string) {
	b.Helper()
	before := b.path()
	b.click("#generate-button")
	b.another(before)
	return b.path()
}

// another waits until another case than that of the path is shown, and htmx has done with it.
func (b *tab) another(before string) {
	b.Helper()
	b.until("location.pathname !== '" + before + "' && document.querySelector('.from .code')?.textContent === location.pathname.split('/')[2]" +
		" && !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')")
}

func TestGenerateSwapsTheCardsInPlace(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	eval[bool](b, "window.kept = true")
	first := b.generate()
	second := b.generate()
	if first == second {
		t.Errorf("both cases are at %s", first)
	}
	if !eval[bool](b, "window.kept === true") {
		t.Error("the page was loaded anew, want its parts swapped")
	}
	if got := b.text("#live"); !strings.Contains(strings.ToLower(got), strings.ToLower(b.text(outcome))) {
		t.Errorf("a screen reader is told %q, want the outcome", got)
	}
	if got := b.text(".latest .current a"); !strings.HasSuffix(second, got) {
		t.Errorf("the strip's current case is %s, want %s", got, second)
	}
	b.clean()
}

func TestBackShowsTheCaseBefore(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	first := b.generate()
	b.generate()
	eval[bool](b, "history.back(), true")
	b.until("location.pathname === '" + first + "' && document.querySelector('.from .code')?.textContent === location.pathname.split('/')[2]")
	if !eval[bool](b, "Boolean(document.querySelector('header.top'))") {
		t.Error("the page is not whole after going back")
	}
	b.clean()
}

func TestRerollKeepsTheOtherObject(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	b.generate()
	who, what, path := b.text(".card.who dl"), b.text(".card.what dl"), b.path()
	b.click("#roll-what")
	b.another(path)
	if b.text(".card.who dl") != who {
		t.Error("the driver changed with the vehicle's re-roll")
	}
	if b.text(".card.what dl") == what {
		t.Error("the vehicle is as it was")
	}
}

func TestWhatIf(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	path := b.generate()
	b.click("#f-driver-age-value")
	b.until("document.activeElement.id === 'f-driver-age-input'")
	b.press("16\r") // younger than any that is drawn, so that it is a change
	b.another(path)
	if !strings.HasPrefix(b.path(), path+"-E") {
		t.Errorf("the edited case is at %s", b.path())
	}
	if got := b.text(outcome); got != "Decline" {
		t.Errorf("the verdict on a driver of 16 is %q, want Decline", got)
	}
	if got := b.text("#f-driver-age s"); got == "" {
		t.Error("the changed field does not show what it was")
	}
	edited := b.path()
	b.click("#f-driver-age-value")
	b.until("document.activeElement.id === 'f-driver-age-input'")
	b.press("young\r")
	b.until("document.querySelector('#f-driver-age-error')")
	if got := eval[string](b, "document.querySelector('#f-driver-age-input').value"); got != "young" {
		t.Errorf("the field holds %q after the error, want what was typed", got)
	}
	if b.path() != edited {
		t.Errorf("an edit that cannot be leads to %s", b.path())
	}
	b.accessible()
	b.clean()
}

func TestBoundaryModeAndSeed(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	eval[bool](b, "document.querySelector('input[name=mode][value=boundary]').click(), true")
	if path := b.generate(); !strings.HasSuffix(path, "-B") {
		t.Errorf("a case of boundary mode is at %s", path)
	}
	b.click("#seed-box summary")
	b.until("document.activeElement.id === 'seed-text'")
	b.press("7kq2x9fm-03zt8w1c\r")
	b.until("location.pathname === '/motor-insurance/7KQ2X9FM-03ZT8W1C'")
	b.another("")
	b.click("#seed-box summary")
	b.until("document.activeElement.id === 'seed-text'")
	b.press("nonsense\r")
	b.until("document.querySelector('#seed-error')")
	b.clean()
}

// Everything is done with keys alone.
func TestKeyboardAlone(t *testing.T) {
	b := open(t, desktop)
	b.visit("/motor-insurance")
	b.press("g")
	b.another("/motor-insurance")
	path := b.path()
	b.press("2")
	b.another(path)
	// Tab reaches every control, and each shows that it has the focus.
	eval[bool](b, "document.activeElement.blur(), scrollTo(0, 0), true")
	seen := map[string]bool{}
	for range 60 {
		b.press("\t")
		seen[eval[string](b, "document.activeElement.id || document.activeElement.className || document.activeElement.textContent.trim()")] = true
		if !eval[bool](b, `(() => { const e = document.activeElement; if (e === document.body) return true;
			const s = getComputedStyle(e), p = getComputedStyle(e.parentElement), n = e.nextElementSibling && getComputedStyle(e.nextElementSibling);
			return [s, p, n].some((x) => x && (x.outlineStyle !== "none" || x.boxShadow !== "none")); })()`) {
			t.Errorf("%s has the focus and does not show it", eval[string](b, "document.activeElement.outerHTML.slice(0, 120)"))
		}
	}
	for _, id := range []string{"skip", "generate-button", "roll-who", "roll-what", "f-driver-age-value", "policy"} {
		if !seen[id] {
			t.Errorf("Tab never reaches %s", id)
		}
	}
	eval[bool](b, "document.querySelector('#f-driver-age-value').focus(), true")
	b.press("\r")
	b.until("document.activeElement.id === 'f-driver-age-input'")
	b.press("\u001b")
	b.until("document.activeElement.id === 'f-driver-age-value'")
	b.clean()
}

func TestScriptsOff(t *testing.T) {
	code := made(t, base, "motor-insurance", 1)
	b := open(t, look{width: 1440, height: 900, noScript: true})
	b.visit("/motor-insurance/" + code)
	if eval[bool](b, "Boolean(window.htmx)") {
		t.Fatal("scripts ran")
	}
	b.click("#generate-button")
	b.until("location.pathname !== '/motor-insurance/" + code + "' && document.readyState === 'complete'")
	made := b.path()
	b.click("#f-driver-licence-value")
	eval[bool](b, "document.querySelector('#f-driver-licence-input').value = 'provisional', true")
	b.click("#edit-f-driver-licence button")
	b.until("location.pathname.startsWith('" + made + "-E') && document.readyState === 'complete'")
	if got := b.text(outcome); got != "Decline" {
		t.Errorf("the verdict on a provisional licence is %q, want Decline", got)
	}
	b.visit("/motor-insurance/history")
	eval[bool](b, "document.querySelector('#outcome').value = 'decline', true")
	b.click(".filter button[type=submit]")
	b.until("location.search.includes('outcome=decline') && document.readyState === 'complete'")
	eval[bool](b, "document.querySelector('#policy').value = 'news2', true")
	b.click("form.policy button")
	b.until("location.pathname === '/news2/history'")
}

package app

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

const (
	bench = "/motor-insurance"
	key   = "7KQ2X9FM-03ZT8W1C"
)

func TestWorkbenchBeforeItsFirstCase(t *testing.T) {
	c := newCore(t)
	page := html(t, c.get(bench))
	if got := text(page, "#bench .verdict"); !strings.Contains(got, "No case yet") {
		t.Errorf("the verdict card says %q, want that there is no case yet", got)
	}
	if _, err := policy.ParseCode(page.Find("input[name=key][form=generate]").AttrOr("value", "")); err != nil {
		t.Errorf("the form has no key: %v", err)
	}
}

func TestGenerateWithoutScripts(t *testing.T) {
	c := newCore(t)
	w := c.post(bench+"/cases", "key="+key+"&mode=random")
	wantStatus(t, w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != bench+"/"+key {
		t.Fatalf("leads to %s, want the case's page", got)
	}
	page := html(t, c.get(w.Header().Get("Location")))
	if got := text(page, ".from"); !strings.Contains(got, "stored") || !strings.Contains(got, "7KQ2X9FM") {
		t.Errorf("provenance is %q, want the seed and when it was stored", got)
	}
	if text(page, ".verdict .out b") == "" {
		t.Error("the verdict card has no outcome")
	}
	if got := text(html(t, c.get(bench)), ".from"); !strings.Contains(got, key) {
		t.Errorf("the workbench shows %q, want the newest case", got)
	}
}

func TestGenerateWithHTMXAnswersTheParts(t *testing.T) {
	c := newCore(t)
	w := c.post(bench+"/cases", "key="+key+"&mode=boundary", htmx, "true")
	wantStatus(t, w, http.StatusOK)
	if got := w.Header().Get("HX-Push-Url"); got != bench+"/"+key+"-B" {
		t.Errorf("pushes %q, want the case's page", got)
	}
	page := html(t, w)
	if page.Find("header.top").Length() != 0 {
		t.Error("the answer is a whole page, want its changed parts")
	}
	if got := text(page, "#bench .latest .current"); !strings.Contains(got, key) {
		t.Errorf("the newest case in the strip is %q, want the one made", got)
	}
	if got := page.Find("input[name=key][form=generate]").AttrOr("value", ""); got == key || got == "" {
		t.Errorf("the next form's key is %q, want another", got)
	}
	if got := c.get(bench, htmx, "true", "HX-History-Restore-Request", "true").Body.String(); !strings.Contains(got, "<html") {
		t.Error("a page restored from the browser's history is not whole")
	}
}

// The same form sent many times makes one row and equal answers.
func TestAFormSentAgainMakesOneCase(t *testing.T) {
	c := newCore(t)
	answers := make([]string, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = c.post(bench+"/cases", "key="+key, htmx, "true").Body.String() })
	}
	all.Wait()
	for _, answer := range answers {
		if answer != answers[0] {
			t.Fatalf("equal requests got different answers: %s", cmp.Diff(answers[0], answer))
		}
	}
	if n := c.cases("motor-insurance"); n != 1 {
		t.Errorf("%d cases are stored, want 1", n)
	}
}

func TestRerollKeepsTheOther(t *testing.T) {
	c := newCore(t)
	c.post(bench+"/cases", "key="+key+"&mode=boundary")
	w := c.post(bench+"/cases", "key=11111111-22222222&mode=random&from="+key+"-B&who=7KQ2X9FM", htmx, "true")
	wantStatus(t, w, http.StatusOK)
	if got := w.Header().Get("HX-Push-Url"); got != bench+"/7KQ2X9FM-22222222-B" {
		t.Errorf("pushes %s, want the kept who with the form's what, in the mode that the kept one was drawn in", got)
	}
	w = c.post(bench+"/cases", "key=11111111-22222222&from="+key+"-B&what=03ZT8W1C", htmx, "true")
	if got := w.Header().Get("HX-Push-Url"); got != bench+"/11111111-03ZT8W1C-B" {
		t.Errorf("pushes %s, want the form's who with the kept what", got)
	}
}

// edited makes a case, edits a field, and gives the address of the edited case.
func (c *core) edited(field, value string) string {
	c.t.Helper()
	c.post(bench+"/cases", "key="+key)
	w := c.post(bench+"/cases/"+key+"/edit", formValues(field, value, "key", key))
	wantStatus(c.t, w, http.StatusSeeOther)
	return w.Header().Get("Location")
}

func TestWhatIfChangesOneFieldAndTheVerdict(t *testing.T) {
	c := newCore(t)
	address := c.edited("driver.age", "17")
	if !strings.HasPrefix(address, bench+"/"+key+"-E") {
		t.Fatalf("leads to %s, want an edited case's code", address)
	}
	page := html(t, c.get(address))
	if got := text(page, ".verdict .out b"); got != "Decline" {
		t.Errorf("the verdict on a driver of 17 is %q, want Decline", got)
	}
	if got := page.Find("#bench s").Length(); got != 1 {
		t.Errorf("%d fields are marked as changed, want the one", got)
	}
	if n := c.cases("motor-insurance"); n != 2 {
		t.Errorf("%d cases are stored, want the generated and the edited one", n)
	}
	// The same edit again is the same case; the value as drawn is the unedited case.
	if again := c.edited("driver.age", "17"); again != address {
		t.Errorf("the same edit leads to %s and then to %s", address, again)
	}
	drawn := c.drawn("driver.age")
	w := c.post(strings.Replace(address, bench, bench+"/cases", 1)+"/edit", formValues("driver.age", drawn))
	if got := w.Header().Get("Location"); got != bench+"/"+key {
		t.Errorf("the value as drawn leads to %s, want the unedited case", got)
	}
	if n := c.cases("motor-insurance"); n != 2 {
		t.Errorf("%d cases are stored, want still 2", n)
	}
}

// drawn gives a field's value in the unedited case.
func (c *core) drawn(field string) string {
	c.t.Helper()
	code, err := policy.ParseCode(key)
	if err != nil {
		c.t.Fatal(err)
	}
	stored, err := c.store.Get(c.t.Context(), "motor-insurance", code)
	if err != nil {
		c.t.Fatal(err)
	}
	_, name, _ := strings.Cut(field, ".")
	if stored.Who.Shape.Index(name) >= 0 {
		return stored.Who.Get(name).String()
	}
	return stored.What.Get(name).String()
}

func TestRerollKeepsAnEditedObject(t *testing.T) {
	for _, test := range []struct{ field, keep, seed string }{
		{"driver.age", "who", "7KQ2X9FM"},
		{"vehicle.insurance_group", "what", "03ZT8W1C"},
	} {
		c := newCore(t)
		address := c.edited(test.field, "49")
		from := strings.TrimPrefix(address, bench+"/")
		w := c.post(bench+"/cases", "key=11111111-22222222&from="+from+"&"+test.keep+"="+test.seed)
		wantStatus(t, w, http.StatusSeeOther)
		page := html(t, c.get(w.Header().Get("Location")))
		if got := page.Find("#bench s").Length(); got != 1 {
			t.Errorf("%s: %d fields are marked as changed after the re-roll, want the edited one", test.field, got)
		}
	}
}

func TestWhatIfThatCannotBe(t *testing.T) {
	c := newCore(t)
	c.post(bench+"/cases", "key="+key)
	edit := bench + "/cases/" + key + "/edit"
	for name, test := range map[string]struct {
		form, want string
		status     int
	}{
		"no number":         {formValues("driver.age", "old"), "whole number", 422},
		"no label":          {formValues("driver.licence", "ful"), "full", 422},
		"no field":          {formValues("driver.ago", "3"), "no field", 422},
		"no object":         {formValues("horse.age", "3"), "no field", 422},
		"nothing":           {"key=" + key, "no field", 422},
		"typed is kept":     {formValues("driver.age", "thirty"), "thirty", 422},
		"hostile text":      {formValues("driver.age", `"><script>alert(1)</script>`), "&lt;script&gt;", 422},
		"too long for form": {"driver.age=" + strings.Repeat("9", 70_000), "", 413},
	} {
		w := c.post(edit, test.form)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s: %d, want %d with %q: %.300s", name, w.Code, test.status, test.want, w.Body)
		}
	}
	if n := c.cases("motor-insurance"); n != 1 {
		t.Errorf("%d cases are stored, want the one that was generated", n)
	}
	wantStatus(t, c.post(bench+"/cases/nothing/edit", "driver.age=1"), http.StatusNotFound)
}

func TestEditedCaseThatIsNotStoredIsNotMadeUp(t *testing.T) {
	c := newCore(t)
	w := c.get(bench + "/" + key + "-E00000001")
	wantStatus(t, w, http.StatusNotFound)
	if !strings.Contains(w.Body.String(), key) {
		t.Error("the page does not name the case that it started from")
	}
	wantStatus(t, c.post(bench+"/cases/"+key+"-E00000001/edit", "driver.age=20"), http.StatusNotFound)
	wantStatus(t, c.post(bench+"/cases", "key="+key+"&from="+key+"-E00000001&who=7KQ2X9FM"), http.StatusNotFound)
}

func TestSeedForm(t *testing.T) {
	c := newCore(t)
	for typed, want := range map[string]string{
		"7kq2x9fm-o3zt8wic":                "/7KQ2X9FM-03ZT8W1C",
		"7KQ2X9FM-03ZT8W1C-B":              "/7KQ2X9FM-03ZT8W1C-B",
		"1 2":                              "/00000001-00000002",
		" 7KQ2X9FM-03ZT8W1C-E00000001  \t": "/7KQ2X9FM-03ZT8W1C",
	} {
		w := c.post(bench+"/cases", formValues("key", "11111111-22222222", "seed", typed))
		if got := w.Header().Get("Location"); got != bench+want {
			t.Errorf("seed %q leads to %q, want %q", typed, got, bench+want)
		}
	}
	for _, typed := range []string{"x", "1 u", "u 1", "1 2 3"} {
		w := c.post(bench+"/cases", formValues("key", "11111111-22222222", "seed", typed, "from", key), htmx, "true")
		wantStatus(t, w, http.StatusUnprocessableEntity)
		if got := html(t, w).Find("#seed-text").AttrOr("value", ""); got != typed {
			t.Errorf("the form holds %q, want what was typed, %q", got, typed)
		}
	}
}

func TestFormsThatTheWorkbenchDidNotMake(t *testing.T) {
	c := newCore(t)
	for _, form := range []string{"", "key=x", "key=" + key + "&mode=x", "key=" + key + "&from=x", "key=" + key + "&who=", "key=" + key + "&who=UUUU"} {
		w := c.post(bench+"/cases", form)
		want := http.StatusUnprocessableEntity
		if strings.HasSuffix(form, "who=") {
			want = http.StatusSeeOther // an empty field is one that was not sent
		}
		if w.Code != want {
			t.Errorf("%q answered %d, want %d", form, w.Code, want)
		}
	}
	wantStatus(t, c.post("/nothing/cases", "key="+key), http.StatusNotFound)
	wantStatus(t, c.post(bench+"/cases", "key="+strings.Repeat("K", 70_000)), http.StatusRequestEntityTooLarge)
}

func TestAServiceThatIsAwayIsNamedAndNothingIsStored(t *testing.T) {
	c := newCore(t)
	c.post(bench+"/cases", "key="+key)
	for name, gate := range map[string]*gate{"driver generator": c.who, "vehicle generator": c.what, "rules service": c.rules} {
		gate.shut()
		w := c.post(bench+"/cases", "key=11111111-22222222&from="+key, htmx, "true")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(text(html(t, w), ".trouble"), name) {
			t.Errorf("%s away: %d %q, want 503 that names it", name, w.Code, text(html(t, w), ".trouble"))
		}
		if got := html(t, w).Find("input[name=key][form=generate]").AttrOr("value", ""); got != "11111111-22222222" {
			t.Errorf("%s away: trying again has key %q, want that of the form", name, got)
		}
		if got := text(html(t, w), "#bench"); !strings.Contains(got, "7KQ2X9FM") {
			t.Errorf("%s away: the case that was there is gone", name)
		}
		w = c.get(bench + "/11111111-22222222")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(text(html(t, w), ".trouble"), name) {
			t.Errorf("%s away: a case to make from its code answered %d %q, want 503 that names it", name, w.Code, text(html(t, w), ".trouble"))
		}
		w = c.post(bench+"/cases/"+key+"/edit", "driver.age=20")
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("%s away: an edit answered %d, want 503", name, w.Code)
		}
		for _, target := range []string{bench, bench + "/" + key, bench + "/history", bench + "/rules", "/"} {
			wantStatus(t, c.get(target), http.StatusOK)
		}
		gate.open()
	}
	if n := c.cases("motor-insurance"); n != 1 {
		t.Errorf("%d cases are stored, want the one from before", n)
	}
}

func TestObjectsWithoutAVerdictAreExplained(t *testing.T) {
	c := newCore(t)
	c.post("/stamp-duty/cases", "key="+key)
	w := c.post("/stamp-duty/cases/"+key+"/edit", "property.completion_date=2019-01-01", htmx, "true")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	if got := text(html(t, w), ".verdict .trouble"); !strings.Contains(got, "period") {
		t.Errorf("the verdict card says %q, want the decision that no rule hit", got)
	}
}

func TestACaseOfAnOlderVersionIsShownUnderIt(t *testing.T) {
	c := newCore(t)
	c.post(bench+"/cases", "key="+key)
	p, err := c.server.named("motor-insurance")
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Replace(p.Rules.Source, "label: Motor insurance", "label: Car insurance", 1)
	newer, issues := policy.Assemble(p.Name, []byte(p.Who.Source), []byte(p.What.Source), []byte(rules), nil)
	if issues != nil {
		t.Fatal(issues)
	}
	if err := c.store.KeepPolicy(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	c.server.policies = []*policy.Policy{newer}
	if got := text(html(t, c.get(bench+"/"+key)), ".from"); !strings.Contains(got, p.Digest.Short()) {
		t.Errorf("provenance is %q, want the version that made the case, %s", got, p.Digest.Short())
	}
	w := c.get(bench + "/11111111-22222222")
	if got := text(html(t, w), ".from"); !strings.Contains(got, newer.Digest.Short()) || !strings.Contains(got, "not stored") {
		t.Errorf("provenance is %q, want today's version, not stored", got)
	}
}

func TestAGeneratorAwayLeavesAnEditedCaseReadable(t *testing.T) {
	c := newCore(t)
	address := c.edited("driver.age", "17")
	c.who.shut()
	page := html(t, c.get(address))
	if got := text(page, ".verdict .out b"); got != "Decline" {
		t.Errorf("the verdict is %q, want Decline", got)
	}
	if page.Find("#bench s").Length() != 0 {
		t.Error("the page marks a change though it cannot know what was drawn")
	}
}

func TestUnknownErrorsAreNotShown(t *testing.T) {
	c := newCore(t)
	w := c.do("GET", "/nothing", "", "", htmx, "true")
	wantStatus(t, w, http.StatusNotFound)
	if w.Header().Get("HX-Retarget") != "#alert" {
		t.Error("htmx is not told to put the problem into the alert")
	}
	if got := contract.AsError(http.ErrBodyNotAllowed).Message; strings.Contains(got, "body") {
		t.Errorf("the message %q tells what is inside", got)
	}
}

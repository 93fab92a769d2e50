package page

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"verdictory/contract"
	"verdictory/templates"
)

// rendered reads a page's HTML.
func rendered(t *testing.T, s *Site, p Page, part Part) *goquery.Document {
	t.Helper()
	body, err := s.render(p, part)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// text gives a selection's text with its white space made single spaces.
func text(sel *goquery.Selection) string { return strings.Join(strings.Fields(sel.Text()), " ") }

func attr(sel *goquery.Selection, name string) string { return sel.AttrOr(name, "(none)") }

// expect holds the text of what each selector finds, joined by | where it finds several.
func expect(t *testing.T, doc *goquery.Document, want map[string]string) {
	t.Helper()
	for selector, wanted := range want {
		var texts []string
		doc.Find(selector).Each(func(_ int, s *goquery.Selection) { texts = append(texts, text(s)) })
		if got := strings.Join(texts, " | "); got != wanted {
			t.Errorf("%s: %q, want %q", selector, got, wanted)
		}
	}
}

func TestPageWritesAWholeDocument(t *testing.T) {
	s := site()
	w := httptest.NewRecorder()
	if err := s.Page(w, 404, s.Problem(ProblemInput{Err: &contract.Error{Code: contract.NotFound, Message: "There is no such case."}, RequestID: "r-1", RetryURL: "//evil"})); err != nil {
		t.Fatal(err)
	}
	if h := w.Header(); w.Code != 404 || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Vary") != "HX-Request" || h.Get("HX-Retarget") != "" {
		t.Errorf("%d %v", w.Code, h)
	}
	doc, _ := goquery.NewDocumentFromReader(w.Body)
	expect(t, doc, map[string]string{
		"title": "There is nothing here · Verdictory", "h1": "There is nothing here", ".message": "There is no such case.", ".problem code": "r-1",
		".top nav a": "Workbench | History | Runs | Rules | API", "#policy option": "All | Cover | Motor insurance | NEWS2 | Stamp duty", ".problem .btn": "All policies",
	})
	sheets := doc.Find("link[rel=stylesheet]") // the frame first: the other builds on it
	if attr(sheets.First(), "href") != s.assets.byName["frame.css"] || attr(sheets.Last(), "href") != s.assets.byName["style.css"] || sheets.Length() != 2 || doc.Find("script[src]").Length() != 2 {
		t.Error("the page does not load its style and scripts")
	}
}

func TestFragmentWritesItsBlocksAlone(t *testing.T) {
	s := site()
	w := httptest.NewRecorder()
	if err := s.Fragment(w, 200, s.Workbench(WorkbenchInput{Policy: cover()}), Bench); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	if strings.Contains(body, "<html") || !strings.HasPrefix(body, "<title>Cover · Verdictory</title>") || !strings.Contains(body, `<div id="bench">`) || !strings.Contains(body, `hx-swap-oob="innerHTML:#live"`) {
		t.Errorf("got %s", body)
	}
	if w.Header().Get("HX-Retarget") != "" || w.Header().Get("Vary") != "HX-Request" {
		t.Error(w.Header())
	}
	w = httptest.NewRecorder()
	if err := s.Fragment(w, 422, s.Workbench(WorkbenchInput{Policy: cover(), Seed: Typed{Text: "x", Error: "wrong"}}), Seed); err != nil {
		t.Fatal(err)
	}
	if w.Code != 422 || w.Header().Get("HX-Retarget") != "#seed-box" || w.Header().Get("HX-Reswap") != "outerHTML" || !strings.HasPrefix(w.Body.String(), "<details class=\"seed\"") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestAlertKeepsThePageAtHand(t *testing.T) {
	s := site()
	w := httptest.NewRecorder()
	problem := s.Problem(ProblemInput{Err: &contract.Error{Code: contract.Overloaded, Message: "Come again."}, RequestID: "r-2", Policy: cover(), RetryURL: "/cover"})
	if err := s.Alert(w, 503, problem); err != nil {
		t.Fatal(err)
	}
	if h := w.Header(); w.Code != 503 || h.Get("HX-Retarget") != "#alert" || h.Get("HX-Reswap") != "innerHTML" || h.Get("HX-Push-Url") != "false" {
		t.Errorf("%d %v", w.Code, h)
	}
	doc, _ := goquery.NewDocumentFromReader(w.Body)
	expect(t, doc, map[string]string{".trouble b": "Too busy right now.", ".again a": "Try again", ".again code": "r-2"})
}

// faulty is a page whose struct does not fit its template.
type faulty struct{ Base }

func (*faulty) template() string { return "workbench.html" }

func TestAPageThatCannotBeRenderedSaysSo(t *testing.T) {
	s := site()
	w := httptest.NewRecorder()
	w.Header().Set("X-Request-Id", `<x"'>`)
	err := s.Page(w, 200, &faulty{})
	if err == nil || !strings.Contains(err.Error(), "page workbench.html: ") {
		t.Errorf("error %v", err)
	}
	if w.Code != 500 || strings.Contains(w.Body.String(), "<x") || !strings.Contains(w.Body.String(), "&lt;x&#34;&#39;&gt;") || strings.Contains(w.Body.String(), requestIDMark) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	if err := s.Fragment(w, 200, &faulty{}, Bench); err == nil || !strings.Contains(err.Error(), "part [title bench live] of page workbench.html: ") {
		t.Errorf("error %v", err)
	}
	if w.Code != 500 || w.Header().Get("HX-Retarget") != "#alert" || !strings.Contains(w.Body.String(), "Something went wrong") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestASiteWithoutPolicies(t *testing.T) {
	s, err := NewSite(Config{Templates: templates.FS, Static: files()})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rendered(t, s, s.Overview(nil), Part{}), map[string]string{".top nav a": "API", "#policy": "", ".empty h2": "No policy"})
}

func TestTroubleTitles(t *testing.T) {
	for name, c := range map[string]struct {
		err  contract.Error
		want string
	}{
		"not found":           {contract.Error{Code: contract.NotFound}, "There is nothing here"},
		"another site":        {contract.Error{Code: contract.Forbidden}, "That request came from another site"},
		"a service is away":   {contract.Error{Code: contract.Unavailable, Service: "rules service"}, "The rules service does not answer"},
		"we are away":         {contract.Error{Code: contract.Unavailable}, "Not available right now"},
		"busy":                {contract.Error{Code: contract.Overloaded, Service: "rules service"}, "Too busy right now"},
		"no verdict":          {contract.Error{Code: contract.NoVerdict, Service: "rules service"}, "The rules give no verdict"},
		"our own fault":       {contract.Error{Code: contract.Internal}, "Something went wrong"},
		"a code nobody knows": {contract.Error{Code: "nonsense"}, "Something went wrong"},
	} {
		if got := trouble(&c.err, "").Title; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

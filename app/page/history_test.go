package page

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

func TestFilterReadsAndWritesItsFields(t *testing.T) {
	q := url.Values{"outcome": {"refer"}, "rule": {"loading/young"}, "mode": {"random"}, "origin": {"edited"}, "from": {"2026-03-01"}, "to": {"2026-03-02"}, "q": {"golf"}}
	f := FilterFromQuery(q)
	want := Filter{Outcome: "refer", Rule: "loading/young", Mode: "random", Origin: "edited", From: "2026-03-01", To: "2026-03-02", Text: "golf"}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(q, f.Query()); diff != "" {
		t.Error(diff)
	}
	if len(Filter{}.Query()) != 0 {
		t.Error("an empty filter has a query")
	}
}

func TestHistoryListsCases(t *testing.T) {
	c := refer()
	edited := with(c, "driver.claims_3y", policy.IntValue(0))
	edited.Code.Edit, edited.Code.Mode = "4W0Q2ZTA", policy.Boundary
	doc := rendered(t, site(), site().History(HistoryInput{Policy: cover(), Counts: Counts{Total: 1204}, Cases: []contract.Case{c, edited}, Next: "n/1"}), Part{})
	expect(t, doc, map[string]string{
		"title": "History · Cover · Verdictory", ".top nav [aria-current]": "History", ".lead p": "Cover: 1,204 cases under the current version. Every case is a test case; take what the filter shows as a file.",
		".list th": "Case | Driver | Vehicle | Outcome | Premium | When (UTC)", ".list td:nth-child(2)": "age 22 years · full · claims 1 | age 22 years · full · UK resident",
		".list .tag": "edited | boundary", ".list .chip": "▲ Refer | ▲ Refer", ".list td:nth-child(5)": "£650.00 | £650.00", ".list time": "14 Mar 2026, 09:57 | 14 Mar 2026, 09:57",
		".menu a": "CSV | JSON | NDJSON | SQL | Gherkin", ".chips": "", ".bar-line > .quiet": "Newest first.", ".more a": "Older", "#rule optgroup option": "too-young | young-and-fast | learner | abroad | standard | young | claims | modified | big | old",
	})
	older := doc.Find(".more a")
	if attr(older, "href") != "/cover/history?cursor=n%2F1" || attr(older, "hx-get") != "/cover/history?cursor=n%2F1" || attr(older, "hx-trigger") != "revealed, click" {
		t.Error("the next page is not asked for")
	}
	if attr(doc.Find(".list a.code").First(), "href") != "/cover/"+c.Code.String() || attr(doc.Find(".menu a").First(), "href") != "/cover/history.csv" || attr(doc.Find("optgroup").First(), "label") != "Eligibility" {
		t.Error("links are wrong")
	}
}

func TestHistoryShowsItsFilter(t *testing.T) {
	f := Filter{Outcome: "refer", Rule: "loading/young", Mode: "boundary", Origin: "generated", From: "2026-03-01", To: "soon", Text: "golf"}
	doc := rendered(t, site(), site().History(HistoryInput{Policy: cover(), Filter: f, Cases: []contract.Case{refer()}, Cursor: "c"}), Part{})
	expect(t, doc, map[string]string{
		".chips .chip":     "Text: golf ✕, remove | Outcome: Refer ✕, remove | Rule: loading/young ✕, remove | Mode: boundary ✕, remove | Origin: generated ✕, remove | From: 1 Mar 2026 ✕, remove | To: soon ✕, remove",
		"option[selected]": "Cover | Refer | young | Boundary | As generated", ".more": "That is all.", ".chips > li:last-child": "Back to the newest",
	})
	if attr(doc.Find("#q"), "value") != "golf" || attr(doc.Find("#from"), "value") != "2026-03-01" || attr(doc.Find("#to"), "value") != "soon" {
		t.Error("the form does not show the filter")
	}
	if got := attr(doc.Find(".chips .chip").First(), "href"); got != "/cover/history?from=2026-03-01&mode=boundary&origin=generated&outcome=refer&rule=loading%2Fyoung&to=soon" {
		t.Errorf("removing a filter leads to %s", got)
	}
	if got := attr(doc.Find(".menu a").Last(), "href"); got != "/cover/history.gherkin?"+f.Query().Encode() {
		t.Errorf("exporting leads to %s", got)
	}
}

func TestHistoryWithoutRows(t *testing.T) {
	long := time.Date(2026, 2, 3, 4, 5, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		in   HistoryInput
		want map[string]string
	}{
		"no case yet":            {HistoryInput{}, map[string]string{".empty h2": "No case yet", ".empty a": "Open the workbench", ".menu": ""}},
		"no case matches":        {HistoryInput{Filter: Filter{Text: "zebra"}}, map[string]string{".empty h2": "No case matches", ".empty a": "Clear the filter | Open the workbench", ".chips a": "Text: zebra ✕, remove | Clear all"}},
		"nothing so far":         {HistoryInput{Filter: Filter{Text: "zebra"}, Next: "n", Searched: long}, map[string]string{".empty h2": "Nothing found so far", ".empty a": "Search further back | Clear the filter", ".empty time": "3 Feb 2026, 04:05 UTC"}},
		"past the last page":     {HistoryInput{Cursor: "c"}, map[string]string{".empty h2": "No case yet", ".bar-line .quiet": "Older cases. Back to the newest"}},
		"a filter that is wrong": {HistoryInput{Filter: Filter{From: "soon", Rule: "x"}, Errors: map[string]string{"from": "no date", "rule": "no rule", "to": "t", "outcome": "o", "mode": "m", "origin": "g", "q": "w"}}, map[string]string{".empty h2": "The filter cannot be read", ".empty .error": "no date | m | g | o | w | no rule | t", "#from-error": "no date", "#rule-error": "no rule", "#to-error": "t", "#outcome-error": "o", "#mode-error": "m", "#origin-error": "g", "#q-error": "w"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.in.Policy = cover()
			expect(t, rendered(t, site(), site().History(c.in), Part{}), c.want)
		})
	}
}

func TestMoreRowsComeAlone(t *testing.T) {
	h := site().History(HistoryInput{Policy: cover(), Cases: []contract.Case{refer()}, Next: "n", Searched: refer().Created})
	body, err := site().render(h, Rows)
	if err != nil {
		t.Fatal(err)
	}
	doc := rendered(t, site(), h, Part{})
	expect(t, doc, map[string]string{".more p": "Searched back to 14 Mar 2026, 09:57 UTC so far.", ".more a": "Search further back"})
	if attr(doc.Find(".more a"), "hx-trigger") != "(none)" {
		t.Error("a long search goes on by itself")
	}
	if string(body[:4]) != "<tr>" {
		t.Errorf("got %s", body)
	}
}

func TestAPolicyWithoutAHeadline(t *testing.T) {
	p := *cover()
	rules := *p.Rules
	rules.Outcome.Headline = ""
	p.Rules, p.Digest = &rules, "another"
	c := refer()
	doc := rendered(t, site(), site().History(HistoryInput{Policy: &p, Cases: []contract.Case{c}}), Part{})
	expect(t, doc, map[string]string{".list th:nth-child(5)": "Value", ".list td:nth-child(5)": ""})
	expect(t, rendered(t, site(), site().Workbench(WorkbenchInput{Policy: &p, Case: &c}), Part{}), map[string]string{".out .n": "", ".verdict dt": "Premium | Reason | Factor | Marks"})
	expect(t, rendered(t, site(), site().Workbench(WorkbenchInput{Policy: &p}), Part{}), map[string]string{".verdict dt": "Premium | Reason | Factor | Marks"})
}

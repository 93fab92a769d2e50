package page

import (
	"bytes"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"strconv"

	"verdictory/app/jinja"
	"verdictory/policy"
)

// Config is what a Site is made of.
type Config struct {
	Policies  []*policy.Policy // in the order of the policy select; the first is the default
	Templates fs.FS
	Static    fs.FS
	Reload    bool // templates and assets are read anew for each answer, from a directory somebody works on
}

// Site makes pages and writes them. It is safe for concurrent use.
type Site struct {
	policies  []*policy.Policy
	views     map[policy.Digest]*view
	templates *jinja.Set
	assets    *assets
	reload    fs.FS  // where assets are read anew for each answer; nil for never
	failure   []byte // the page for when rendering fails, made at start-up
}

// NewSite parses and checks all templates, reads and compresses all assets, and renders the page that is shown when
// rendering fails. An error names the file and the line.
func NewSite(cfg Config) (*Site, error) {
	templates, err := jinja.New(cfg.Templates, cfg.Reload)
	if err != nil {
		return nil, err
	}
	assets, err := readAssets(cfg.Static)
	if err != nil {
		return nil, err
	}
	s := &Site{policies: cfg.Policies, views: map[policy.Digest]*view{}, templates: templates, assets: assets}
	if cfg.Reload {
		s.reload = cfg.Static
	}
	for _, p := range cfg.Policies {
		s.views[p.Digest] = newView(p)
	}
	if s.failure, err = s.renderFailure(); err != nil {
		return nil, err
	}
	return s, nil
}

// view gives a policy's view; one of an older version is made anew.
func (s *Site) view(p *policy.Policy) *view {
	if v, ok := s.views[p.Digest]; ok {
		return v
	}
	return newView(p)
}

// requestIDMark stands in the failure page for the id of the request at hand.
const requestIDMark = "REQUEST-ID"

func (s *Site) renderFailure() ([]byte, error) {
	p := &Problem{
		Base: s.place(nil, "", "Something went wrong"), Status: "500", HomeURL: "/", HomeLabel: "All policies",
		Trouble: Trouble{
			Title: "Something went wrong", RequestID: requestIDMark,
			Message: "The page could not be made; the log has the reason under this request's id.",
		},
	}
	return s.render(p, Part{})
}

func (s *Site) render(p Page, part Part) ([]byte, error) {
	p.base().Assets = s.current().urls()
	if part.blocks == nil {
		return s.templates.Render(p.template(), p)
	}
	var out []byte
	for _, block := range part.blocks {
		fragment, err := s.templates.RenderBlock(p.template(), block, p)
		if err != nil {
			return nil, err
		}
		out = append(out, fragment...)
	}
	return out, nil
}

// Page writes a whole page. Where it cannot be rendered, a page that says so is written with status 500, and the error
// is for the log.
func (s *Site) Page(w http.ResponseWriter, status int, p Page) error {
	body, err := s.render(p, Part{})
	if err != nil {
		id := html.EscapeString(w.Header().Get("X-Request-Id"))
		body, status = bytes.ReplaceAll(s.failure, []byte(requestIDMark), []byte(id)), http.StatusInternalServerError
		err = fmt.Errorf("page %s: %w", p.template(), err)
	}
	write(w, status, body)
	return err
}

// Fragment writes a part of a page, for htmx to swap. Where it cannot be rendered, an alert that says so is written
// with status 500, and the error is for the log.
func (s *Site) Fragment(w http.ResponseWriter, status int, p Page, part Part) error {
	body, err := s.render(p, part)
	if err != nil {
		err = fmt.Errorf("part %v of page %s: %w", part.blocks, p.template(), err)
		part = alert
		body, status = []byte(`<p>Something went wrong: the page could not be made.</p>`), http.StatusInternalServerError
	}
	switch part.target {
	case "":
	case alert.target:
		w.Header().Set("HX-Retarget", part.target)
		w.Header().Set("HX-Reswap", "innerHTML")
		w.Header().Set("HX-Push-Url", "false")
	default:
		w.Header().Set("HX-Retarget", part.target)
		w.Header().Set("HX-Reswap", "outerHTML")
	}
	write(w, status, body)
	return err
}

// Alert writes a problem as an alert that htmx puts above the page at hand, which stays as it is.
func (s *Site) Alert(w http.ResponseWriter, status int, p *Problem) error {
	return s.Fragment(w, status, p, alert)
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Add("Vary", "HX-Request")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no error of the page's
}

package page

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"verdictory/contract"
	"verdictory/static"
	"verdictory/templates"
)

// files is a static tree with all that pages load.
func files() fstest.MapFS {
	return fstest.MapFS{
		"frame.css": {Data: []byte("p{color:red}")}, "style.css": {Data: bytes.Repeat([]byte("p{margin:0}"), 50)}, "app.js": {Data: []byte("1")}, "icon.svg": {Data: []byte("<svg/>")},
		"vendor/htmx.min.js": {Data: []byte("2")}, "embed.go": {Data: []byte("package static")},
	}
}

func get(t *testing.T, h http.Handler, path, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestStaticServesAFileUnderTheHashOfItsContent(t *testing.T) {
	tree := files()
	s, err := NewSite(Config{Templates: templates.FS, Static: tree})
	if err != nil {
		t.Fatal(err)
	}
	urls := s.assets.urls()
	for _, c := range []struct {
		url, accept, contentType, encoding string
		body                               []byte
	}{
		{urls.StyleURL, "br, gzip", "text/css; charset=utf-8", "gzip", tree["style.css"].Data},
		{urls.StyleURL, "", "text/css; charset=utf-8", "", tree["style.css"].Data},
		{urls.ScriptURL, "gzip", "text/javascript; charset=utf-8", "", tree["app.js"].Data},
		{urls.HtmxURL, "", "text/javascript; charset=utf-8", "", tree["vendor/htmx.min.js"].Data},
		{urls.IconURL, "", "image/svg+xml", "", tree["icon.svg"].Data},
	} {
		answer := get(t, s.Static(), c.url, c.accept)
		var body io.Reader = answer.Body
		if c.encoding == "gzip" {
			if body, err = gzip.NewReader(body); err != nil {
				t.Fatal(err)
			}
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, c.body) {
			t.Errorf("%s: body %q, %v", c.url, got, err)
		}
		h := answer.Header
		if answer.StatusCode != 200 || h.Get("Content-Type") != c.contentType || h.Get("Content-Encoding") != c.encoding ||
			h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %d %v", c.url, answer.StatusCode, h)
		}
	}
	for _, path := range []string{"/static/", "/static/style.css", strings.Replace(urls.StyleURL, "/static/", "/static/0", 1), "/static/" + "0000/embed.go"} {
		if answer := get(t, s.Static(), path, ""); answer.StatusCode != 404 || answer.Header.Get("Cache-Control") != "" {
			t.Errorf("%s: %d %v", path, answer.StatusCode, answer.Header)
		}
	}
}

func TestReloadServesAssetsAsTheyAreNow(t *testing.T) {
	tree := files()
	s, err := NewSite(Config{Templates: templates.FS, Static: tree, Reload: true})
	if err != nil {
		t.Fatal(err)
	}
	old := s.current().urls().StyleURL
	tree["style.css"] = &fstest.MapFile{Data: []byte("p{}")}
	if now := s.current().urls().StyleURL; now == old {
		t.Error("the style's address is still that of its old content")
	}
	delete(tree, "style.css")
	if now := s.current().urls().StyleURL; now != old {
		t.Errorf("a tree that cannot be read gives %q, want the last good %q", now, old)
	}
}

type broken struct {
	fs.FS
	name string
}

func (b broken) Open(name string) (fs.File, error) {
	if name == b.name {
		return nil, errors.New("disk on fire")
	}
	return b.FS.Open(name)
}

func TestNewSiteRefuses(t *testing.T) {
	missing := files()
	delete(missing, "vendor/htmx.min.js")
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"a static file that is missing":       {Config{Templates: templates.FS, Static: missing}, "static file vendor/htmx.min.js is missing: run npm ci"},
		"a static file that cannot be read":   {Config{Templates: templates.FS, Static: broken{files(), "app.js"}}, "static files: "},
		"a static tree that cannot be listed": {Config{Templates: templates.FS, Static: broken{files(), "."}}, "static files: disk on fire"},
		"a template with a fault":             {Config{Templates: fstest.MapFS{"a.html": {Data: []byte("<p style='x'>")}}, Static: files()}, "a.html:1"},
		"no template for problems":            {Config{Templates: fstest.MapFS{}, Static: files()}, "problem.html"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewSite(c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// The promise is 60 kB for a first visit: page, style, both scripts and the icon, compressed.
func TestFirstLoadIsSmall(t *testing.T) {
	s, p, c := site(), cover(), refer()
	body, err := s.render(s.Workbench(WorkbenchInput{Policy: p, Case: &c, Trace: traceOf(p, c), Counts: countsOf(p, 1204), Latest: []contract.Case{c}}), Part{})
	if err != nil {
		t.Fatal(err)
	}
	total := len(compress(body))
	urls := s.assets.urls()
	for _, url := range []string{urls.FrameURL, urls.StyleURL, urls.ScriptURL, urls.HtmxURL, urls.IconURL} {
		file := s.assets.byURL[url]
		total += min(len(file.body), len(file.zip)+len(file.body)*max(0, 1-len(file.zip)))
	}
	if total > 60_000 {
		t.Errorf("a first visit loads %d bytes", total)
	}
	t.Logf("a first visit loads %d bytes, of which the page %d (%d before compression)", total, len(compress(body)), len(body))
	if _, err := fs.Stat(static.FS, "vendor/htmx.min.js"); err != nil {
		t.Error(err)
	}
}

package jinja

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// tree makes a file system of templates.
func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func newSet(t *testing.T, files map[string]string) *Set {
	t.Helper()
	s, err := New(tree(files), false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type row struct {
	Name string
	Sub  *sub
}

type sub struct{ Text string }

type data struct {
	Title string
	Rows  []row
	Count int
	Share string
	On    bool
	Sub   *sub
	None  *sub
}

var site = map[string]string{
	"layout.html":      "<title>{% block title %}none{% endblock %}</title>{% block main %}{% endblock %}\n",
	"page.html":        "{% extends \"layout.html\" %}\n{% block title %}{{ title }}{% endblock %}\n{% block main %}\n{% for row in rows %}\n{% include \"parts/row.html\" %}\n{% else %}\nempty\n{% endfor %}\n{% block foot %}\n<p>{{ count }} {{ share }}{% if on %} on{% endif %}</p>\n{% endblock %}\n{% endblock %}\n{% block live %}<i>{{ title }}</i>{% endblock %}\n",
	"parts/row.html":   "<li>{{ loop.index }} {{ row.name }}{% with sub = row.sub %}{% if sub %} {{ sub.text }}{% endif %}{% endwith %}</li>\n",
	"unused.html":      "{{ title }}",
	"notes/readme.txt": "{{ not a template",
}

func TestRender(t *testing.T) {
	s := newSet(t, site)
	d := data{Title: `<x"'>`, Rows: []row{{Name: "a & b"}, {Name: "c", Sub: &sub{"deep"}}}, Count: 3, Share: "0.5", On: true}
	for name, c := range map[string]struct{ block, want string }{
		"a page within its layout":      {"", "<title>&lt;x&#34;&#39;&gt;</title><li>1 a &amp; b</li><li>2 c deep</li><p>3 0.5 on</p>\n"},
		"one block alone":               {"foot", "<p>3 0.5 on</p>\n"},
		"a block that only a swap uses": {"live", "<i>&lt;x&#34;&#39;&gt;</i>"},
		"a block with blocks inside":    {"main", "<li>1 a &amp; b</li><li>2 c deep</li><p>3 0.5 on</p>\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out []byte
			var err error
			if c.block == "" {
				out, err = s.Render("page.html", &d)
			} else {
				out, err = s.RenderBlock("page.html", c.block, d)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnrenderedListsFilesAndBlocksThatNoRenderingReached(t *testing.T) {
	s := newSet(t, site)
	want := []string{"layout.html", "layout.html#main", "layout.html#title", "page.html", "page.html#foot", "page.html#live", "page.html#main", "page.html#title", "parts/row.html", "unused.html"}
	if diff := cmp.Diff(want, s.Unrendered()); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Render("page.html", data{Rows: []row{{}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RenderBlock("page.html", "live", data{}); err != nil {
		t.Fatal(err)
	}
	want = []string{"layout.html#main", "layout.html#title", "unused.html"}
	if diff := cmp.Diff(want, s.Unrendered()); diff != "" {
		t.Error(diff)
	}
}

func TestReloadReadsFilesAnewAtEachRendering(t *testing.T) {
	files := tree(map[string]string{"page.html": "old {{ title }}"})
	s, err := New(files, true)
	if err != nil {
		t.Fatal(err)
	}
	files["page.html"].Data = []byte("new {{ title }}")
	out, err := s.Render("page.html", data{Title: "t"})
	if err != nil || string(out) != "new t" {
		t.Errorf("got %q, %v", out, err)
	}
	files["page.html"].Data = []byte("{{ broken")
	if _, err := s.Render("page.html", data{}); err == nil {
		t.Error("a template that was broken since renders")
	}
}

func TestRenderFailsWithTheFilesName(t *testing.T) {
	s := newSet(t, map[string]string{
		"layout.html":    "{% block main %}{% endblock %}",
		"page.html":      "{% extends \"layout.html\" %}{% block main %}{% include \"parts/bad.html\" %}{% endblock %}",
		"parts/bad.html": "one\n{{ title }}\n{{ missing }}",
		"list.html":      "{{ rows }}",
		"record.html":    "{{ sub }}",
		"method.html":    "{{ sub.String }}",
	})
	for name, c := range map[string]struct {
		file, block string
		data        any
		want        []string
	}{
		"a name that is not there":  {"page.html", "", data{}, []string{"parts/bad.html:3: there is no missing"}},
		"a list printed":            {"list.html", "", data{Rows: []row{{}}}, []string{"list.html:1: a list cannot be printed"}},
		"a record printed":          {"record.html", "", data{Sub: &sub{}}, []string{"record.html:1: a record cannot be printed"}},
		"a method of a record":      {"method.html", "", data{Sub: &sub{}}, []string{"method.html:1: a record has no String"}},
		"no such template":          {"nowhere.html", "", data{}, []string{"there is no template nowhere.html"}},
		"no such block":             {"page.html", "nowhere", data{}, []string{"page.html: there is no block nowhere"}},
		"data that is no struct":    {"page.html", "", "text", []string{"page.html: data is a string: hand over a struct"}},
		"data that cannot be shown": {"page.html", "", struct{ F func() }{}, []string{"page.html: data.f is of a kind"}},
		"data that is nothing":      {"page.html", "", nil, []string{"page.html: data is of a kind"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := s.render(c.file, c.block, c.data)
			if err == nil {
				t.Fatalf("rendered %q", out)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// failing is a tree in which one operation fails.
type failing struct {
	fs.FS
	name string // the file that cannot be opened
}

func (f failing) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, errors.New("disk on fire")
	}
	return f.FS.Open(name)
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		files fs.FS
		want  string
	}{
		"a template that the lint finds fault with":      {tree(map[string]string{"a.html": "<p style=\"x\">"}), "a.html:1: style attributes"},
		"a template that extends one that is not there":  {tree(map[string]string{"a.html": "{% extends \"b.html\" %}"}), "there is no template b.html"},
		"a template that includes one that is not there": {tree(map[string]string{"a.html": "{% include \"b.html\" %}"}), "there is no template b.html"},
		"a template that includes itself":                {tree(map[string]string{"a.html": "{% include \"b.html\" %}", "b.html": "{% include \"a.html\" %}"}), "a.html holds itself: a.html → b.html → a.html"},
		"a part with a block":                            {tree(map[string]string{"a.html": "{% include \"b.html\" %}", "b.html": "{% block x %}{% endblock %}"}), "b.html is included, so it may neither extend another nor have blocks"},
		"a block that stands twice":                      {tree(map[string]string{"a.html": "{% block x %}{% endblock %}{% block x %}{% endblock %}"}), "block x stands twice"},
		"an expression that does not parse":              {tree(map[string]string{"a.html": "{{ a b }}"}), "a.html: "},
		"a block around what does not parse":             {tree(map[string]string{"a.html": "{% block x %}{{ a b }}{% endblock %}"}), "a.html: "},
		"a tree that cannot be listed":                   {failing{tree(map[string]string{"a.html": ""}), "."}, "templates: disk on fire"},
		"a file that cannot be read":                     {failing{tree(map[string]string{"a.html": ""}), "a.html"}, "templates: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.files, false)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestConcurrentRendering(t *testing.T) {
	s := newSet(t, site)
	done := make(chan string)
	for range 8 {
		go func() {
			out, err := s.Render("page.html", data{Title: "t", Rows: []row{{Name: "r"}}})
			if err != nil {
				done <- err.Error()
			}
			done <- string(out)
		}()
	}
	want := "<title>t</title><li>1 r</li><p>0 </p>\n"
	for range 8 {
		if got := <-done; got != want {
			t.Errorf("got %q", got)
		}
	}
}

// FuzzEscaping holds that no text comes out raw, in text or in an attribute.
func FuzzEscaping(f *testing.F) {
	for _, seed := range []string{`<x"'>`, "</p><script>alert(1)</script>", "{{ title }}", "{% raw %}", "&lt;", "\x00\xff", "javascript:alert(1)", "' onload='x"} {
		f.Add(seed)
	}
	s, err := New(tree(map[string]string{"a.html": `<p title="{{ title }}">{{ title }}</p>`}), false)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := s.Render("a.html", data{Title: text})
		if err != nil {
			t.Fatal(err)
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(string(out), `<p title="`), "</p>")
		attribute, body, ok := strings.Cut(inner, `">`)
		if !ok || attribute != body || strings.ContainsAny(body, `<>"'`) {
			t.Errorf("%q came out as %q", text, out)
		}
	})
}

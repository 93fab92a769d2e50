package jinja

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
)

// thing is data with a value of each kind.
type thing struct {
	Name   string
	Empty  string
	Count  int
	Zero   int
	On     bool
	Off    bool
	Things []thing
	None   *thing
	Sub    *thing
	Map    map[string]string
}

var things = thing{
	Name: `<x"'&>`, Count: 3, On: true, Map: map[string]string{"key": "of a map"},
	Sub:    &thing{Name: "sub", Count: 2, Map: map[string]string{}},
	Things: []thing{{Name: "first", On: true}, {Name: "second"}, {Name: "third", Things: []thing{{Name: "deep"}}}},
}

// TestRendersAsGonja renders what templates here may hold as gonja's own renderer does, which its authors hold to Jinja2.
func TestRendersAsGonja(t *testing.T) {
	conditions := []string{
		"on", "off", "not on", "not off", "name", "empty", "count", "zero", "things", "none", "sub", "map", "sub.map", "sub.things", "true", "false", "True", "False",
		"count == 3", "count != 3", "count < 3", "count <= 3", "count > 2", "count >= 4", "sub.name == \"sub\"", "sub.name != 'sub'", "sub.name < \"t\"", "sub.name >= \"t\"",
		"on and off", "on or off", "off or on and empty", "not off and on", "not on or on", "on and count == 3", "not count == 3", "none or sub", "none and none.name", "on or none.name",
	}
	sources := []string{
		"text, {# a comment #}and more\n", "a\r\nb\n{% if on %}\r\nc\n{% endif %}\r\nd\n", "{{ name }} {{ empty }}|{{ count }}|{{ zero }}", "{{ 'text' }}{{ \"<b>\" }}{{ 42 }}",
		"{{ sub.name }} {{ map.key }} {{ things.0.name }} {{ things.2.things.0.name }}", "{{ name or empty }}{{ empty or 'none' }}{{ on and name }}",
		"  {% if on %}\n  yes\n  {% else %}\n  no\n  {% endif %}\n  end\n", "a {%- if on -%} b {%- endif -%} c", "a {{- name -}} b", "a\n\n{% if on +%}\nb{% endif %}", "x {#- y -#} z",
		"{% if off %}a{% elif zero %}b{% elif count %}c{% else %}d{% endif %}", "{% if off %}a{% elif zero %}b{% else %}d{% endif %}", "{% if off %}a{% endif %}",
		"{% for thing in things %}{{ loop.index }}/{{ loop.length }} {{ thing.name }}{% if loop.first %} first{% endif %}{% if not loop.last %}, {% endif %}{% endfor %}",
		"{% for thing in things %}{% for inner in thing.things %}{{ thing.name }} {{ inner.name }} {{ loop.length }}{% else %}none {% endfor %}{{ loop.index }}{% endfor %}",
		"{% for thing in sub.things %}{{ thing.name }}{% else %}{{ name }}{% endfor %}", "{% for thing in sub.things %}{{ thing.name }}{% endfor %}",
		"{% with a = sub.name %}{% with b = a %}{{ a }}{{ b }}{% endwith %}{% endwith %}", "{% with name = sub.name %}{{ name }}{% endwith %}{{ name }}",
		"{% for name in things %}{{ name.name }}{% endfor %}{{ name }}", "{% for thing in things %}{% include \"part.html\" %}{% endfor %}",
	}
	for _, condition := range conditions {
		sources = append(sources, "{% if "+condition+" %}yes{% else %}no{% endif %}")
	}
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			files := map[string]string{"page.html": source, "part.html": "{{ loop.index }} {{ thing.name }}\n"}
			got, err := newSet(t, files).Render("page.html", things)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(renderedByGonja(t, files, "page.html", things), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// sources is gonja's loader of a tree.
type sources map[string]string

func (s sources) Read(name string) (io.Reader, error)    { return strings.NewReader(s[name]), nil }
func (s sources) Resolve(name string) (string, error)    { return name, nil }
func (s sources) Inherit(string) (loaders.Loader, error) { return s, nil }

func renderedByGonja(t *testing.T, files map[string]string, name string, data any) string {
	t.Helper()
	strict := settings()
	strict.AutoEscape, strict.StrictUndefined = true, true
	template, err := exec.NewTemplate(name, strict, sources(files), &exec.Environment{
		Context: exec.EmptyContext(), Filters: exec.NewFilterSet(nil), Tests: exec.NewTestSet(nil), ControlStructures: builtins.ControlStructures,
	})
	if err != nil {
		t.Fatal(err)
	}
	fields, err := fieldsIn(data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := template.ExecuteToString(exec.NewContext(fields))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBlocksSeeNoNamesAroundThem(t *testing.T) {
	s := newSet(t, map[string]string{"page.html": "{% with name = sub.name %}{{ name }}, {% block b %}{{ name }}{% endblock %}{% endwith %}"})
	got, err := s.Render("page.html", things)
	if want := "sub, &lt;x&#34;&#39;&amp;&gt;"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestTheNearestBlockIsRendered(t *testing.T) {
	s := newSet(t, map[string]string{
		"base.html":   "{% block a %}base a{% endblock %}, {% block b %}base b{% endblock %}, {% block c %}base c{% endblock %}",
		"middle.html": "{% extends \"base.html\" %}lost {% block a %}middle a{% endblock %}{% block b %}middle b{% endblock %}",
		"page.html":   "{% extends \"middle.html\" %}{% block a %}page a{% endblock %}",
	})
	for block, want := range map[string]string{"": "page a, middle b, base c", "a": "page a", "b": "middle b", "c": "base c"} {
		if got, err := s.RenderBlock("page.html", block, things); err != nil || string(got) != want {
			t.Errorf("block %q: got %q, %v; want %q", block, got, err, want)
		}
	}
}

func TestRenderFails(t *testing.T) {
	for source, want := range map[string]string{
		"{{ nowhere }}":       "there is no nowhere",
		"{{ sub.nowhere }}":   "a record has no nowhere",
		"{{ none.name }}":     "nothing has no name",
		"{{ name.upper }}":    "a text has no upper",
		"{{ nowhere.name }}":  "there is no nowhere",
		"{{ nowhere.0 }}":     "there is no nowhere",
		"{{ things.3.name }}": "a list has no item 3",
		"{{ sub.0 }}":         "a record has no item 0",
		"{{ on }}":            "a bool cannot be printed: write {% if %}",
		"{{ none }}":          "nothing cannot be printed",
		"{{ things }}":        "a list cannot be printed",
		"{{ map }}":           "a record cannot be printed",
		"{% for x in things %}{{ loop }}{% endfor %}":      "loop cannot be printed",
		"{% for x in things %}{{ loop.prev }}{% endfor %}": "loop has no prev",
		"{% for x in things %}{{ nowhere }}{% endfor %}":   "there is no nowhere",
		"{% for x in nowhere %}{% endfor %}":               "there is no nowhere",
		"{% for x in name %}{% endfor %}":                  "for goes through a list, not through a text",
		"{% for x in map %}{% endfor %}":                   "for goes through a list, not through a record",
		"{% with a = nowhere %}{% endwith %}":              "there is no nowhere",
		"{% if nowhere %}{% endif %}":                      "there is no nowhere",
		"{% if not nowhere %}{% endif %}":                  "there is no nowhere",
		"{% if nowhere and on %}{% endif %}":               "there is no nowhere",
		"{% if nowhere or on %}{% endif %}":                "there is no nowhere",
		"{% if nowhere == 3 %}{% endif %}":                 "there is no nowhere",
		"{% if 3 == nowhere %}{% endif %}":                 "there is no nowhere",
		"{% if name == 3 %}{% endif %}":                    "a text and a whole number cannot be compared",
		"{% if count < name %}{% endif %}":                 "a whole number and a text cannot be compared",
		"{% if on == on %}{% endif %}":                     "a bool and a bool cannot be compared",
		"{% if things == none %}{% endif %}":               "a list and nothing cannot be compared",
	} {
		t.Run(source, func(t *testing.T) {
			out, err := newSet(t, map[string]string{"page.html": "<p>\n" + source}).Render("page.html", things)
			if want := "page.html:2: " + want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %q, %v; want %q", out, err, want)
			}
		})
	}
}

func TestNewRefusesWhatItCannotRender(t *testing.T) {
	const few = "write names, texts, whole numbers, one comparison, and, or, not"
	for source, want := range map[string]string{
		"{{ None }}":                                             "a.html:1: None: " + few,
		"{{ None.name }}":                                        few,
		"{{ a if b }}":                                           "a.html:1: a value with a condition: write {% if %} around it",
		"{% if a < b < c %}{% endif %}":                          "a.html:1: a < b < c: " + few,
		"{% if a and None == b %}{% endif %}":                    few,
		"{% if a == None %}{% endif %}":                          few,
		"{% if not None %}{% endif %}":                           few,
		"{% if a b %}{% endif %}":                                `"b" does not belong to the expression before it`,
		"{% if a %}{% elif b c %}{% endif %}":                    `"c" does not belong to the expression before it`,
		"{% if a == %}{% endif %}":                               "a.html: ",
		"{% if a %}{% else %}{% elif b %}{% endif %}":            "elif",
		"{% if a %}{{ None }}{% endif %}":                        few,
		"{% for a in None %}{% endfor %}":                        few,
		"{% for a in b c %}{% endfor %}":                         `"c" does not belong`,
		"{% for a in b %}{{ None }}{% endfor %}":                 few,
		"{% for a in b %}{% else %}{{ None }}{% endfor %}":       few,
		"{% with a = None %}{% endwith %}":                       few,
		"{% with a = b %}{{ None }}{% endwith %}":                few,
		"{% block a %}{% block a %}{% endblock %}{% endblock %}": "block a stands twice",
		"{% extends \"b.html\" %}{% extends \"b.html\" %}":       "a template extends one other",
		"{% extends \"a.html\" %}":                               "a.html holds itself: a.html → a.html",
	} {
		t.Run(source, func(t *testing.T) {
			_, err := New(tree(map[string]string{"a.html": source, "b.html": ""}), false)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

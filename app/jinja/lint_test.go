package jinja

import (
	"errors"
	"strings"
	"testing"
)

func TestLintFinds(t *testing.T) {
	for source, want := range map[string]string{
		// expressions
		"{{ a|safe }}":                        `"|": write names`,
		"{{ a|urlize }}":                      `"|": write names`,
		"{{ range(3) }}":                      `"(": write names`,
		"{{ a.b() }}":                         `"(": write names`,
		"{{ (a) }}":                           `"(": write names`,
		"{{ a + b }}":                         `"+": write names`,
		"{{ 1 % 0 }}":                         `"%": write names`,
		"{{ a ~ b }}":                         `"~": write names`,
		"{{ [a] }}":                           `"[": write names`,
		"{{ a is defined }}":                  `"is": write names`,
		"{{ }}":                               "an expression is missing",
		"{% if %}{% endif %}":                 "an expression is missing",
		"{% if a|x %}{% endif %}":             `"|": write names`,
		"{% if a %}{% elif (a) %}{% endif %}": `"(": write names`,
		// tags
		"{% set a = 1 %}":                           `tag "set" is not used here`,
		"{% macro a() %}{% endmacro %}":             `tag "macro" is not used here`,
		"{% import \"a\" as b %}":                   `tag "import" is not used here`,
		"{% raw %}{{ a }}{% endraw %}":              "is not used here",
		"{% autoescape false %}{% endautoescape %}": `tag "autoescape" is not used here`,
		"{% %}":                                  `tag "" is not used here`,
		"{% include a %}":                        `write {% include "file.html" %}`,
		"{% include \"a\" ignore missing %}":     `write {% include "file.html" %}`,
		"{% block a %}{% extends \"a\" %}":       "extends stands outside of every other tag",
		"{% if a %}{% extends \"a\" %}":          "extends stands outside of every other tag",
		"{% extends a %}":                        `write {% extends "file.html" %}`,
		"{% block %}{% endblock %}":              "write {% block name %}",
		"{% block \"a\" %}{% endblock %}":        "write {% block name %}",
		"{% block a %}{% endblock a %}":          "endblock takes nothing",
		"{% for a, b in c %}{% endfor %}":        "write {% for name in name %}",
		"{% for a %}{% endfor %}":                "write {% for name in name %}",
		"{% for a in b if c %}{% endfor %}":      `"if": for takes one name`,
		"{% for a in b recursive %}{% endfor %}": `"recursive": for takes one name`,
		"{% for a in range(3) %}{% endfor %}":    `"(": for takes one name`,
		"{% with a %}{% endwith %}":              "write {% with name = name %}",
		"{% with a = b(1) %}{% endwith %}":       `"(": with takes one name`,
		"{% if a %}{% else a %}{% endif %}":      "else takes nothing",
		"{% endif %}":                            "endif without a beginning",
		"{% if a %}":                             "a tag is not closed",
		"{% if a":                                "a tag is not closed",
		"{{ 'a":                                  "cannot be read: a",
		"{# a":                                   "cannot be read: unclosed comment",
		// places
		"<p class={{ a }}>x</p>":                 "attribute class needs quotes",
		"<p class=a>x</p>":                       "attribute class needs quotes",
		"<{{ a }}>":                              "a value may not stand inside a tag",
		"<p {{ a }}>":                            "a value may not stand inside a tag",
		"<p a{{ a }}>":                           "a value may not stand inside a tag",
		"<!-- {{ a }} -->":                       "a value may not stand inside a comment",
		"<script src=\"/a\">{{ a }}</script>":    "a value may not stand inside a script",
		"<script>alert(1)</script>":              "a script stands in a file of its own",
		"<script >\nx </script>":                 "a script stands in a file of its own",
		"<style>p{}</style>":                     "style stands in a file of its own",
		"<STYLE media=\"x\">":                    "style stands in a file of its own",
		"<p style=\"color:red\">":                "style attributes are not allowed",
		"<p onclick=\"x\">":                      "onclick runs a script",
		"<p OnClick=\"x\">":                      "onclick runs a script",
		"<p hx-on:click=\"x\">":                  "hx-on:click runs a script",
		"<p hx-vals=\"js:x\">":                   "hx-vals can run a script",
		"<p hx-headers='{}'>":                    "hx-headers can run a script",
		"<iframe srcdoc=\"x\">":                  "srcdoc can run a script",
		"<p hx-trigger=\"{{ a }}\">":             "hx-trigger takes no value",
		"<p hx-target=\"#{{ a }}\">":             "hx-target takes no value",
		"<a href=\"javascript:x\">":              "attribute href runs a script",
		"<a href=\"data:x\">":                    "attribute href runs a script",
		"<a href=\"{{ a }}\">":                   "attribute href takes a value called url",
		"<a href=\"{{ a or b.url }}\">":          "attribute href takes a value called url",
		"<a href=\"{{ curl }}\">":                "attribute href takes a value called url",
		"<a href=\"/{{ a.url }}\">":              "a link is built in Go: href holds one value",
		"<a href=\"{{ a.url }}#x\">":             "a link is built in Go: href holds one value",
		"<a href=\"{{ a.url }}{{ b.url }}\">":    "a link is built in Go: href holds one value",
		"<a href=\"{% if a %}/a{% endif %}\">":   "a link is built in Go: no tag inside attribute href",
		"<p hx-get=\"{{ a }}\">":                 "attribute hx-get takes a value called url",
		"<p on{% if a %}click{% endif %}=\"x\">": "a name may not be cut by a tag",
		"<sc{% if a %}ript{% endif %}>":          "a name may not be cut by a tag",
		// branches
		"{% if a %}<a title=\"{% else %}<a title='{% endif %}": "else stands inside attribute title, but its beginning inside text",
		"<p {% if a %}class=\"x{% endif %}\">":                 "endif stands inside attribute class, but its beginning inside a tag",
		"<p {% block a %}{% endblock %}>":                      "block may not stand inside a tag",
		"<p {% include \"a\" %}>":                              "include may not stand inside a tag",
		"<p title=\"{% extends \"a\" %}\">":                    "extends may not stand inside attribute title",
		"<p":                                                   "the file ends inside a tag",
		"<p title=\"":                                          "the file ends inside attribute title",
		"<p title=":                                            "the file ends inside attribute title",
		"<!-- x":                                               "the file ends inside a comment",
		"<script src=\"/a\">":                                  "the file ends inside a script",
	} {
		t.Run(source, func(t *testing.T) {
			findings := lint("a.html", source)
			if err := errors.Join(findings...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

func TestLintLetsThrough(t *testing.T) {
	for _, source := range []string{
		"{% extends \"layout.html\" %}\n{% block main %}{% include \"parts/a.html\" %}{% endblock %}",
		"{% if a and not b.c or d == \"x\" %}{{ a }}{% elif e >= 3 %}{{ a.b.0 }}{% else %}no{% endif %}",
		"{% for row in page.rows %}{{ loop.index }}{% else %}none{% endfor %}{% with a = b.c %}{{ a }}{% endwith %}",
		"<a href=\"{{ row.url }}\" class='a {{ b }}' title=\"{% if c %}{{ c }}{% endif %}\">{{ d }}</a>",
		"<input type=\"radio\" {% if a %}checked{% endif %}><option{% if a %} selected{% endif %}>x</option><br/>",
		"<!doctype html><!-- <script>alert(1)</script> --><script src=\"{{ assets.script_url }}\" defer></script>",
		"<form action=\"{{ url }}\" hx-post=\"{{ url }}\" hx-target=\"#a\" hx-trigger=\"revealed\"></form>{# {{ a|safe }} #}",
		"<p>a < b > c</p>",
	} {
		t.Run(source, func(t *testing.T) {
			if err := errors.Join(lint("a.html", source)...); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLintNamesTheLine(t *testing.T) {
	err := errors.Join(lint("a.html", "one\n<p\n class=x>\n{{ a|b }}\n")...)
	want := "a.html:3: attribute class needs quotes\na.html:4: \"|\": write names, texts, numbers, comparisons, and, or, not; format in Go"
	if err == nil || !strings.Contains(err.Error(), "a.html:3: attribute class needs quotes") || !strings.Contains(err.Error(), "a.html:4: \"|\"") {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzLint holds that no template makes the lint panic, and that what it lets through parses or is refused with an error.
func FuzzLint(f *testing.F) {
	for _, seed := range []string{"{{ a }}", "{% if a %}<p{% endif %}", "{% block x %}", "<a href='{{ url }}'", "{% for a in b %}{% endfor %}", "{#", "{% raw %}", "{%-", "{{ \"\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		_, _ = New(tree(map[string]string{"a.html": source}), false)
	})
}

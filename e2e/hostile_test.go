package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// payloads are texts that become a script, a style or another element where a page prints them carelessly: as an
// element, out of an attribute, as an address, in a script, in a template, or for htmx.
var payloads = []string{
	`<script>alert(1)</script>`, `"><script>alert(1)</script>`, `'><script>alert(1)</script>`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`,
	`<img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<body onload=alert(1)>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`, `<object data="javascript:alert(1)">`, `<embed src="javascript:alert(1)">`, `<a href="javascript:alert(1)">x</a>`,
	`javascript:alert(1)`, `" onmouseover="alert(1)`, `' onfocus='alert(1)' autofocus='`, `" autofocus onfocus=alert(1) x="`, `" style="background:url(javascript:alert(1))`,
	`<details open ontoggle=alert(1)>`, `<video><source onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`, `<input autofocus onfocus=alert(1)>`, `<select autofocus onfocus=alert(1)>`,
	`<marquee onstart=alert(1)>`, `<form action="javascript:alert(1)"><input type=submit>`, `<button formaction="javascript:alert(1)">x</button>`, `<meta http-equiv="refresh" content="0;url=javascript:alert(1)">`, `<base href="javascript:/a/">`,
	`<link rel=stylesheet href="data:text/css,*{x:y}">`, `<style>@import "data:text/css,x";</style>`, `<math><mtext></mtext><script>alert(1)</script></math>`, `<template><script>alert(1)</script></template>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
	`{{ 7*7 }}`, `{% if true %}<script>alert(1)</script>{% endif %}`, `${alert(1)}`, `<div hx-on:load="alert(1)">`, `<div hx-get="/" hx-trigger="load">`,
	`" hx-on::load="alert(1)`, `<div data-hx-vals="js:{x:alert(1)}" hx-trigger="load" hx-get="/">`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `&#60;script&#62;alert(1)&#60;/script&#62;`, `\u003cscript\u003ealert(1)\u003c/script\u003e`,
	`<!--><script>alert(1)</script>-->`, `]]><script>alert(1)</script>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<img/src=x/onerror=alert(1)>`, `<ſcript>alert(1)</ſcript>`,
}

// hostilePolicy writes a policy that carries the payload in every text that it can bring to a page.
func hostilePolicy(t *testing.T, dir, name, payload string) {
	t.Helper()
	quoted, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	cel, err := json.Marshal(string(quoted)) // a CEL text in a YAML text
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("PAYLOAD", string(quoted), "CEL", string(cel)).Replace
	folder := filepath.Join(dir, name)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for file, source := range map[string]string{
		"who.yaml": `
object: person
label: PAYLOAD
about: PAYLOAD
fields:
  - {name: note, kind: choice, label: PAYLOAD, note: PAYLOAD, unit: PAYLOAD, choices: [PAYLOAD, other]}
  - {name: age, kind: int, label: PAYLOAD, note: PAYLOAD, unit: PAYLOAD, min: 0, max: 9}
`,
		"what.yaml": `
object: thing
label: PAYLOAD
about: PAYLOAD
fields:
  - {name: kind, kind: choice, label: PAYLOAD, note: PAYLOAD, choices: [PAYLOAD]}
`,
		"rules.yaml": `
label: PAYLOAD
title: PAYLOAD
about: PAYLOAD
notice: PAYLOAD
sources: [{label: PAYLOAD, url: "https://example.com/"}]
decisions:
  - id: one
    label: PAYLOAD
    note: PAYLOAD
    hit_policy: first
    outputs: [text]
    rules:
      - {id: old, when: person.age > 5, then: {text: CEL}, because: PAYLOAD}
      - {id: young, then: {text: CEL}, because: PAYLOAD}
verdict:
  object: answer
  label: PAYLOAD
  fields:
    - {name: outcome, type: text, label: PAYLOAD, note: PAYLOAD, unit: PAYLOAD, value: one.text}
    - {name: head, type: text, label: PAYLOAD, unit: PAYLOAD, value: person.note}
outcome:
  field: outcome
  decision: one
  headline: head
  values: {PAYLOAD: {label: PAYLOAD, tone: good}}
`,
		"examples.yaml": `
examples:
  - {name: PAYLOAD, from: PAYLOAD, who: {note: PAYLOAD, age: 1}, what: {kind: PAYLOAD}, verdict: {outcome: PAYLOAD}}
`,
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(fill(source)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// No text of a policy becomes anything but text, on any page.
func TestNoTextOfAPolicyRuns(t *testing.T) {
	dir := t.TempDir()
	for i, payload := range payloads {
		hostilePolicy(t, dir, fmt.Sprintf("hostile-%d", i), payload)
	}
	address, stop, err := up(t.TempDir(), "--policies", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	b := open(t, desktop)
	b.visit(address + "/")
	b.harmless("the overview")
	for i, payload := range payloads {
		name := fmt.Sprintf("hostile-%d", i)
		code := made(t, address, name, 1)
		for _, path := range []string{"/" + name + "/" + code, "/" + name + "/rules", "/" + name + "/history"} {
			b.visit(address + path)
			if got := b.text("main"); !strings.Contains(got, strings.Join(strings.Fields(payload), " ")) {
				t.Errorf("%s does not show %q as the text that it is: %.300q", path, payload, got)
			}
			b.harmless(payload + " at " + path)
		}
	}
}

// harmless fails where an element stands that no template of ours has, or something ran.
func (b *tab) harmless(what string) {
	b.Helper()
	found := eval[[]string](b, `[...document.querySelectorAll("script:not([src^='/static/']), style, iframe, object, embed, img, video, audio, base, marquee, math, template, link:not([href^='/static/']), [onerror], [onload], [onfocus], [onmouseover], [ontoggle], [style], [formaction], [srcdoc], [hx-on\\:load], [hx-on\\:\\:load], [data-hx-vals], a[href^='javascript:'], form[action^='javascript:'], meta[http-equiv=refresh]")].map((e) => e.outerHTML.slice(0, 200))`)
	for _, element := range found {
		b.Errorf("%s: became the element %s", what, element)
	}
	b.clean()
}

// What a person types into a form comes back as text.
func TestNoTypedTextRuns(t *testing.T) {
	code := made(t, base, "motor-insurance", 1)
	b := open(t, desktop)
	for i, payload := range payloads {
		escaped := url.QueryEscape(payload)
		b.visit("/motor-insurance/history?q=" + escaped + "&outcome=" + escaped + "&rule=" + escaped + "&from=" + escaped + "&mode=" + escaped + "&origin=" + escaped)
		b.harmless("the filter with " + payload)
		b.visit("/" + url.PathEscape(payload))
		b.harmless("the address " + payload)
		if i%10 > 0 {
			continue // the forms below print through the same two templates
		}
		for _, form := range []struct{ action, field string }{{"/motor-insurance/cases", "seed"}, {"/motor-insurance/cases/" + code + "/edit", "driver.age"}} {
			fields, err := json.Marshal(map[string]string{"key": "7KQ2X9FM-03ZT8W1C", form.field: payload})
			if err != nil {
				t.Fatal(err)
			}
			b.visit("/motor-insurance/" + code)
			eval[bool](b, `(() => { const f = document.createElement("form"); f.method = "post"; f.action = "`+form.action+`";
				for (const [k, v] of Object.entries(`+string(fields)+`)) { const i = document.createElement("input"); i.name = k; i.value = v; f.append(i); }
				document.body.append(f); f.submit(); return true; })()`)
			b.until("location.pathname === '" + form.action + "' && document.readyState === 'complete'")
			b.harmless("the form " + form.action + " with " + payload)
		}
	}
}

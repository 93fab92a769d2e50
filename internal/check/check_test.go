package check

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"verdictory/policy"
)

// small is a policy that is as it should be. Tests change one of its documents.
var small = map[string]string{
	"who.yaml": `object: person
label: Person
about: Who asks.
as_of: 2026-01-01
fields:
  - {name: age, kind: int, min: 0, max: 1000000}
  - {name: half, kind: value, type: int, value: person.age / 2}
`,
	"what.yaml": `object: ticket
label: Ticket
about: What is asked for.
as_of: 2026-01-01
fields:
  - {name: zone, kind: int, min: 1, max: 4}
`,
	"rules.yaml": `label: Fares
title: A person, a ticket, and the fare
about: A fare.
decisions:
  - id: fare
    label: Fare
    hit_policy: first
    outputs: [price, class]
    rules:
      - {id: inner, when: ticket.zone <= 2, then: {price: 3, class: '"near"'}, because: Two zones cost 3.}
      - {id: outer, then: {price: 5, class: '"far"'}, because: The others cost 5.}
verdict:
  object: bill
  label: Bill
  fields:
    - {name: price, type: int, value: fare.price}
    - {name: class, type: text, value: fare.class}
outcome:
  field: class
  decision: fare
  values:
    near: {label: Near, tone: good}
    far: {label: Far, tone: neutral}
`,
	"examples.yaml": `base:
  who: {age: 30, half: 15}
examples:
  - name: at the border
    what: {zone: 2}
    verdict: {price: 3, class: near}
`,
}

// write puts the small policy with changes (document, old, new, …) into a folder of that name.
func write(t *testing.T, folder string, changes ...string) {
	t.Helper()
	documents := maps.Clone(small)
	for i := 0; i < len(changes); i += 3 {
		was := documents[changes[i]]
		documents[changes[i]] = strings.Replace(was, changes[i+1], changes[i+2], 1)
		if documents[changes[i]] == was {
			t.Fatalf("%s holds no %q", changes[i], changes[i+1])
		}
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range documents {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []string // of the small policy
		ok      bool
		want    []string // each line of the output holds its own
	}{
		{
			name: "a policy that is as it should be", ok: true,
			want: []string{": 0 errors, 0 warnings; 2 rules in 1 decision, 1 example; of 10000 random cases near 49"},
		},
		{
			name:    "a rule that only boundary mode reaches is a warning",
			changes: []string{"rules.yaml", "      - {id: outer,", "      - {id: one, when: person.age == 500000, then: {price: 1, class: '\"near\"'}, because: One.}\n      - {id: outer,"},
			ok:      true,
			want:    []string{"rules.yaml:11:14: warning: none of 10000 random cases hits fare/one; in boundary mode ", ": 0 errors, 1 warning; 3 rules"},
		},
		{
			name:    "an example that the rules contradict, with the rule that fired",
			changes: []string{"examples.yaml", "price: 3", "price: 4"},
			want:    []string{`examples.yaml:4:11: "at the border": price is 3, and the example says 4; the rules that hit: fare/inner`, ": 1 error, 0 warnings; "},
		},
		{
			name:    "an example without a verdict",
			changes: []string{"rules.yaml", "price: 3", "price: 100 / (person.half - 15)"},
			want:    []string{`examples.yaml:4:11: "at the border": `, ": 1 error, 0 warnings; "},
		},
		{
			name:    "a random case without a verdict",
			changes: []string{"rules.yaml", "price: 5", "price: 100 / (ticket.zone - 3)"},
			want:    []string{"fares: case ", "fares: case ", ": 2 errors, 0 warnings; "},
		},
		{
			name:    "a generator that fails seldom",
			changes: []string{"who.yaml", "max: 1000000", "max: 3000", "who.yaml", "person.age / 2", "1 / (person.age - 1234)"},
			want:    []string{"fares: case ", "fares: case ", ": 2 errors"},
		},
		{
			name:    "the other generator fails seldom",
			changes: []string{"what.yaml", "  - {name: zone, kind: int, min: 1, max: 4}", "  - {name: serial, kind: int, min: 0, max: 3000}\n  - {name: zone, kind: int, min: 1, max: 9 + 1 / (ticket.serial - 1234)}", "examples.yaml", "{zone: 2}", "{zone: 2, serial: 0}"},
			want:    []string{"fares: case ", "fares: case ", ": 2 errors"},
		},
		{
			name:    "documents that cannot be read",
			changes: []string{"who.yaml", "kind: int", "kind: integer", "what.yaml", "min: 1", "min: [1]"},
			want:    []string{"who.yaml:6:23: ", "what.yaml:6:34: ", ": 2 errors"},
		},
		{
			name:    "every expression that does not compile",
			changes: []string{"who.yaml", "person.age / 2", "person.ag / 2", "what.yaml", "max: 4", "max: ticket.four", "rules.yaml", "ticket.zone <= 2", "ticket.zone <= true"},
			want:    []string{"who.yaml:7:", "what.yaml:6:", "rules.yaml:10:", ": 3 errors"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "fares")
			write(t, folder, c.changes...)
			var out bytes.Buffer
			if ok := Run(&out, folder); ok != c.ok {
				t.Errorf("ok is %t", ok)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("got:\n%s", &out)
			}
			for i, want := range c.want {
				if !strings.Contains(lines[i], want) {
					t.Errorf("got:\n%s\nwant %q in line %d", &out, want, i+1)
				}
				if strings.Contains(want, ".yaml") && !strings.HasPrefix(lines[i], folder+"/") {
					t.Errorf("%q does not begin with the folder as it was given", lines[i])
				}
			}
		})
	}
}

func TestRunOnFolders(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "all", "good"))
	write(t, filepath.Join(root, "all", "bad"), "examples.yaml", "price: 3", "price: 4")
	write(t, filepath.Join(root, "all", ".hidden"), "examples.yaml", "price: 3", "price: 4")
	for _, empty := range []string{"empty", "incomplete"} {
		if err := os.Mkdir(filepath.Join(root, empty), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "incomplete", "rules.yaml"), []byte(small["rules.yaml"]), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, dir string
		ok        bool
		want      []string
	}{
		{"a folder of policies: all are checked, and one that fails fails all", "all", false, []string{"all/bad/examples.yaml:4:11: ", "bad ", "good "}},
		{"a policy", "all/good", true, []string{"good "}},
		{"the folder that one is in", "all/good/.", true, []string{"good "}},
		{"a policy without all of its documents", "incomplete", false, []string{"incomplete/who.yaml: ", "incomplete/what.yaml: ", "incomplete/examples.yaml: ", "incomplete: 3 errors"}},
		{"an empty folder", "empty", false, []string{"empty: holds no policy"}},
		{"no folder", "nowhere", false, []string{"nowhere: cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if ok := Run(&out, filepath.Join(root, c.dir)); ok != c.ok {
				t.Errorf("ok is %t", ok)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("got:\n%s", &out)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(strings.TrimPrefix(lines[i], root+"/"), want) {
					t.Errorf("got:\n%s\nwant line %d to begin with %q", &out, i+1, want)
				}
			}
		})
	}
}

func TestSamplerDrawsTheSameCaseForTheSameIndex(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "fares"))
	p, issues := policy.Load(os.DirFS(root), "fares")
	if issues != nil {
		t.Fatal(issues)
	}
	e, issues := Compile(p)
	if issues != nil {
		t.Fatal(issues)
	}
	for _, mode := range []policy.Mode{policy.Random, policy.Boundary} {
		var first, again []string
		for _, into := range []*[]string{&first, &again} {
			s, err := e.NewSampler(mode)
			if err != nil {
				t.Fatal(err)
			}
			for i := range int64(100) {
				if into == &again {
					i = 99 - i
				}
				if err := s.Draw(7, i); err != nil {
					t.Fatal(err)
				}
				*into = append(*into, s.Case.Code.String()+string(s.Case.Verdict.AppendJSON(s.Case.Who.AppendJSON(nil))))
			}
		}
		for i := range first {
			if first[i] != again[99-i] {
				t.Errorf("%s: case %d is %s and then %s", mode, i, first[i], again[99-i])
			}
		}
		if strings.Contains(first[0], "-B") != (mode == policy.Boundary) {
			t.Errorf("%s: the code is %s", mode, first[0])
		}
	}
}

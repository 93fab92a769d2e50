package remote

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

const fullVerdict = ` {"verdict" : {"decision":"accept", "tags":["a,b","}\"]"], "n":[[],{}]} , "outcome":"acc\u0065pt",
	"new":{"a":[1,{"b":"]"}]}, "trace":[ {"decision":"eligibility","hit_policy":"first","new":null,
	"output":{"decision":"accept","n":-12,"rate":0.5,"ok":true,"tags":["x",1],"none":[]},
	"rules":[{"rule":"too-young","status":"miss","when":"driver.age < 18","because":"\u00dcber \"18\"","failed":"driver.age < 18","new":1,
		"saw":[{"field":"driver.age","value":40,"new":2},{"field":"driver.name","value":"Zoë \n"}]},{}]},{"decision":"x","output":{},"rules":[]}]}
`

// TestScanReadsWhatEncodingJSONReads holds that the one-pass reader gives what encoding/json gives.
func TestScanReadsWhatEncodingJSONReads(t *testing.T) {
	t.Run("verdict", func(t *testing.T) {
		for _, text := range []string{fullVerdict, goodVerdict, `{}`, `{"trace":[]}`, `{"outcome":""}`} {
			var want, got contract.VerdictAnswer
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			if err := scanAll([]byte(text), func(s *scanner) { got = s.verdictAnswer() }); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if len(want.Trace) == 0 { // nil or empty: nobody can tell
				want.Trace, got.Trace = nil, nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
		}
	})
	t.Run("object line", func(t *testing.T) {
		for _, text := range []string{objectLine(3), `{"error":"no \"such\"","seed":"7kq2x9fm","new":[]}`, ` { "object" : { "a" : [ 1 , 2 ] } } `} {
			var want, got contract.ObjectAnswer
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			if err := scanAll([]byte(text), func(s *scanner) { got = s.objectLine() }); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
		}
	})
	t.Run("verdict line", func(t *testing.T) {
		for _, text := range []string{`{"verdict":{"a":1},"outcome":"x","hits":["a/b","c/d"],"new":true}`, `{"error":"no"}`} {
			var want, got contract.BatchVerdict
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			if err := scanAll([]byte(text), func(s *scanner) { got = s.verdictLine() }); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", text, diff)
			}
		}
	})
}

func TestScanRefuses(t *testing.T) {
	for _, text := range []string{
		``, ` `, `null`, `3`, `"x"`, `[]`, `{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1}}`, `{"a":1}{}`,
		`{"a":[1}`, `{"a":{"b":1]}`, `{"a":[1,]}`, `{"a":tru}`, `{"a":01}`, `{"a":"\x"}`, "{\"a\":\"\n\"}", `{"a":[`, `{"a":["`, `{"a":,}`, `{"a":{]}}`, `{"a":"x\"}`,
		`{"verdict":}`, `{"verdict":[}`, `{"outcome":null}`, `{"outcome":1}`, `{"outcome":"\u12"}`, `{"outcome":"\u12 4"}`, `{"trace":{}}`, `{"trace":null}`, `{"trace":[1]}`, `{"trace":[{"decision":1}]}`,
		`{"trace":[{"output":[]}]}`, `{"trace":[{"output":{"a":{}}}]}`, `{"trace":[{"output":{"a":null}}]}`, `{"trace":[{"output":{"a":[[1],{}]}}]}`, `{"trace":[{"output":{"a":}}]}`, `{"trace":[{"rules":3}]}`,
		`{"trace":[{"rules":[{"saw":[{"value":{}}]}]}]}`, `{"trace":[{"rules":[{"saw":[{"field":3}]}]}]}`, "{\"trace\":[{\"rules\":[{\"when\":\"\x00\"}]}]}",
	} {
		if err := scanAll([]byte(text), func(s *scanner) { s.verdictAnswer() }); err == nil {
			t.Errorf("%q was read as a verdict", text)
		}
	}
	for _, text := range []string{`{}`, `{"object":{},"error":"x"}`, `{"object":{},"seed":"U"}`, `{"object":{},"seed":7}`, `{"object":}`, `{"error":""}`, `{"object":{"a":1}`} {
		if err := scanAll([]byte(text), func(s *scanner) { s.objectLine() }); err == nil {
			t.Errorf("%q was read as an object's line", text)
		}
	}
	for _, text := range []string{`{}`, `{"verdict":{},"error":"x"}`, `{"verdict":{},"hits":["a"]}`, `{"verdict":{},"hits":[1]}`, `{"verdict":{},"hits":"a/b"}`} {
		if err := scanAll([]byte(text), func(s *scanner) { s.verdictLine() }); err == nil {
			t.Errorf("%q was read as a verdict's line", text)
		}
	}
}

// FuzzScan holds that what is read is JSON, and that it reads the same when written again.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{fullVerdict, goodVerdict, objectLine(1), `{"verdict":{"a":1},"hits":["a/b"]}`, `{"a":"\ud800","outcome":"\xff"}`, `{"a":[[[[{"b":[]}]]]]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var answer, again contract.VerdictAnswer
		if scanAll(text, func(s *scanner) { answer = s.verdictAnswer() }) == nil {
			if !json.Valid(text) {
				t.Fatalf("%q is not JSON", text)
			}
			if answer.Verdict == nil {
				answer.Verdict = json.RawMessage("null")
			}
			written, err := json.Marshal(answer)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Trace == nil {
				written = bytes.Replace(written, []byte(`"trace":null`), []byte(`"trace":[]`), 1)
			}
			for i := range answer.Trace { // the contract's own writer has null for what was left out
				if answer.Trace[i].Output == nil || answer.Trace[i].Rules == nil {
					return
				}
			}
			if err := scanAll(written, func(s *scanner) { again = s.verdictAnswer() }); err != nil {
				t.Fatalf("%s: %v", written, err)
			}
			if second, _ := json.Marshal(again); answer.Trace != nil && !bytes.Equal(written, second) {
				t.Fatalf("%s became %s", written, second)
			}
		}
		var line contract.ObjectAnswer
		if scanAll(text, func(s *scanner) { line = s.objectLine() }) == nil && (!json.Valid(text) || line.Object != nil && !json.Valid(line.Object)) {
			t.Fatalf("%q is not JSON", text)
		}
		if scanAll(text, func(s *scanner) { s.verdictLine() }) == nil && !json.Valid(text) {
			t.Fatalf("%q is not JSON", text)
		}
	})
}

// TestScanKeepsWhatPeopleWrote holds texts that need care.
func TestScanKeepsWhatPeopleWrote(t *testing.T) {
	for text, want := range map[string]string{
		`""`: "", `"a"`: "a", `"ä€😀"`: "ä€😀", `"\u00e4\n\"\\\/"`: "ä\n\"\\/", `"\ud83d\ude00"`: "😀", `"\ud83d"`: "\ufffd", "\"\xff\"": "\ufffd", `"\\"`: `\`,
		`"\u003c18 \"\t\b"`: "<18 \"\t\b", `"\u003c18 \"\t"`: "<18 \"\t", `"ä\u003c"`: "ä<",
	} {
		var got string
		if err := scanAll([]byte(text), func(s *scanner) { got = s.text() }); err != nil || got != want {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]policy.Value{
		`1`: policy.IntValue(1), `1.5`: policy.NumberValue(1.5), `false`: policy.BoolValue(false), `"2025-04-01"`: policy.StringValue("2025-04-01"),
		`[1,"a"]`: policy.ListValue([]policy.Value{policy.IntValue(1), policy.StringValue("a")}),
	} {
		var got policy.Value
		if err := scanAll([]byte(text), func(s *scanner) { got = s.value() }); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
}

// BenchmarkScan measures a trace and a line of a batch against encoding/json.
func BenchmarkScan(b *testing.B) {
	rule := `{"rule":"a-rule-of-it","status":"miss","when":"driver.age < 25 && vehicle.group > 30","because":"` + strings.Repeat("Why it is so. ", 6) + `","failed":"driver.age < 25","saw":[{"field":"driver.age","value":40}]}`
	decision := `{"decision":"loads","hit_policy":"collect sum","output":{"percent":15},"rules":[` + strings.TrimSuffix(strings.Repeat(rule+",", 10), ",") + `]}`
	verdict := []byte(`{"verdict":{"decision":"accept"},"outcome":"accept","trace":[` + strings.TrimSuffix(strings.Repeat(decision+",", 6), ",") + `]}`)
	line := []byte(`{"seed":"7KQ2X9FM","object":{"age":40,"name":"` + strings.Repeat("x", 400) + `"}}`)
	for name, run := range map[string]func() error{
		"trace/scan": func() error { return scanAll(verdict, func(s *scanner) { s.verdictAnswer() }) },
		"trace/json": func() error { return json.Unmarshal(verdict, new(contract.VerdictAnswer)) },
		"line/scan":  func() error { return scanAll(line, func(s *scanner) { s.objectLine() }) },
		"line/json":  func() error { return json.Unmarshal(line, new(contract.ObjectAnswer)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

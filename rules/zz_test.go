package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"verdictory/policy"
)

func TestReachBomb(t *testing.T) {
	for _, shape := range []int{0, 1, 2, 3} {
		var rules strings.Builder
		for i := range 200 {
			var when string
			switch shape {
			case 0: // 8x8 boxes
				var a, b []string
				for k := range 8 {
					a = append(a, fmt.Sprintf("o.a<%d", i*100+k*7))
					b = append(b, fmt.Sprintf("p.b>%d", i*50+k*9))
				}
				when = "(" + strings.Join(a, "||") + ")&&(" + strings.Join(b, "||") + ")"
			case 1: // 2 conditions each on many fields
				when = fmt.Sprintf("o.f%d==%d && o.f%d==%d && o.f%d==%d", i%20, i, (i+7)%20, i, (i+13)%20, i)
			case 2:
				when = fmt.Sprintf("o.f%d != %d || o.f%d==%d", i%20, i, (i+7)%20, i)
			case 3:
				var a []string
				for k := range 24 {
					a = append(a, fmt.Sprintf("o.f%d==%d", k%20, i*100+k))
				}
				when = strings.Join(a, "||")
			}
			fmt.Fprintf(&rules, "      - {id: r%d, when: '%s', then: {x: '\"y\"'}, because: b}\n", i, when)
		}
		var fields strings.Builder
		for i := range 20 {
			fmt.Fprintf(&fields, "  - {name: f%d, kind: int, min: 0, max: 9}\n", i)
		}
		who := "object: o\nas_of: 2026-01-01\nfields:\n  - {name: a, kind: int, min: 0, max: 9}\n" + fields.String()
		what := "object: p\nas_of: 2026-01-01\nfields:\n  - {name: b, kind: int, min: 0, max: 9}\n"
		doc := "label: X\ndecisions:\n  - id: d\n    hit_policy: first\n    outputs: [x]\n    rules:\n" + rules.String() + "    default: {x: '\"y\"'}\nverdict:\n  object: v\n  fields: [{name: x, type: text, value: d.x}]\noutcome: {field: x, decision: d, values: {y: {tone: good}}}\n"
		start := time.Now()
		p, issues := policy.Assemble("x", []byte(who), []byte(what), []byte(doc), nil)
		if issues != nil {
			t.Log(len(doc), issues)
			continue
		}
		parsed := time.Since(start)
		start = time.Now()
		_, issues = Compile(p)
		t.Log(shape, len(doc), parsed, time.Since(start), len(issues))
	}
}

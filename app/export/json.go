package export

import (
	"time"

	"verdictory/contract"
	"verdictory/policy"
)

// jsonFormat is one array of cases; ndjsonFormat is one case a line. A case is written as the API writes it, without
// its trace.
var (
	jsonFormat = Format{
		Name: "json", ContentType: "application/json", Extension: "json",
		Begin: func(dst []byte, _ *Table) []byte { return append(dst, '[') },
		Row: func(dst []byte, _ *Table, c *contract.Case, first bool) []byte {
			if !first {
				dst = append(dst, ',')
			}
			return appendCase(append(dst, '\n'), c)
		},
		End: func(dst []byte, _ *Table) []byte { return append(dst, "\n]\n"...) },
	}
	ndjsonFormat = Format{
		Name: "ndjson", ContentType: "application/x-ndjson", Extension: "ndjson",
		Begin: func(dst []byte, _ *Table) []byte { return dst },
		Row: func(dst []byte, _ *Table, c *contract.Case, _ bool) []byte {
			return append(appendCase(dst, c), '\n')
		},
		End: func(dst []byte, _ *Table) []byte { return dst },
	}
)

// appendCase appends a case as a JSON object.
func appendCase(dst []byte, c *contract.Case) []byte {
	dst = policy.AppendQuoted(append(dst, `{"policy":`...), c.Policy)
	dst = append(append(append(dst, `,"version":"`...), c.Version...), `","code":"`...)
	dst = append(c.Code.AppendText(dst), `","mode":"`...)
	dst = append(append(dst, c.Code.Mode...), `","edited":`...)
	if c.Code.Edit != "" {
		dst = append(dst, `true,"who":`...)
	} else {
		dst = append(dst, `false,"who":`...)
	}
	dst = append(c.Who.AppendJSON(dst), `,"what":`...)
	dst = append(c.What.AppendJSON(dst), `,"verdict":`...)
	dst = append(c.Verdict.AppendJSON(dst), `,"outcome":`...)
	dst = append(policy.AppendQuoted(dst, c.Outcome), `,"rules":[`...)
	for i, h := range c.Hits {
		if i > 0 {
			dst = append(dst, ',')
		}
		// The ids of decisions and rules are letters, digits and hyphens: nothing in them needs escaping.
		dst = append(append(append(append(append(dst, '"'), h.Decision...), '/'), h.Rule...), '"')
	}
	dst = append(dst, ']')
	if !c.Created.IsZero() {
		dst = append(c.Created.UTC().AppendFormat(append(dst, `,"created":"`...), time.RFC3339Nano), '"')
	}
	return append(dst, '}')
}

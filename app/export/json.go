package export

import (
	"verdictory/contract"
	"verdictory/policy"
)

// json is one array, a case a line.
var json = Format{
	Name: "json", ContentType: "application/json", Extension: ".json",
	Begin: func(dst []byte, _ *Table) []byte { return append(dst, '[') },
	Row: func(dst []byte, _ *Table, c *contract.Case, first bool) []byte {
		if !first {
			dst = append(dst, ',')
		}
		return AppendJSON(append(dst, '\n'), c)
	},
	End: func(dst []byte, _ *Table) []byte { return append(dst, "\n]\n"...) },
}

// ndjson is a case a line.
var ndjson = Format{
	Name: "ndjson", ContentType: "application/x-ndjson", Extension: ".ndjson",
	Begin: func(dst []byte, _ *Table) []byte { return dst },
	Row:   func(dst []byte, _ *Table, c *contract.Case, _ bool) []byte { return append(AppendJSON(dst, c), '\n') },
	End:   func(dst []byte, _ *Table) []byte { return dst },
}

// AppendJSON appends a case as a JSON object: policy, version, code, mode, who, what, verdict, outcome, rules (those that
// hit, each decision/rule) and, where the case is stored, created (RFC 3339 in UTC, milliseconds). The objects have the
// fields of their own version.
func AppendJSON(dst []byte, c *contract.Case) []byte {
	dst = policy.AppendQuoted(append(dst, `{"policy":`...), c.Policy)
	dst = policy.AppendQuoted(append(dst, `,"version":`...), string(c.Version))
	dst = append(c.Code.AppendText(append(dst, `,"code":"`...)), '"')
	dst = policy.AppendQuoted(append(dst, `,"mode":`...), string(c.Code.Mode))
	dst = c.Who.AppendJSON(append(dst, `,"who":`...))
	dst = c.What.AppendJSON(append(dst, `,"what":`...))
	dst = c.Verdict.AppendJSON(append(dst, `,"verdict":`...))
	dst = policy.AppendQuoted(append(dst, `,"outcome":`...), c.Outcome)
	dst = append(dst, `,"rules":[`...)
	for i, hit := range c.Hits {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(append(append(dst, '"'), hit.Decision...), '/'), hit.Rule...), '"') // ids need no escapes
	}
	dst = append(dst, ']')
	if !c.Created.IsZero() {
		dst = append(dst, `,"created":"`...)
		dst = append(c.Created.UTC().AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00"), '"')
	}
	return append(dst, '}')
}

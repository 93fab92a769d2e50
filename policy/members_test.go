package policy

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestMembers(t *testing.T) {
	for _, test := range []struct {
		name, raw, want string
		ok              bool
	}{
		{"members in order", ` {"who": {"a":[1, 2]} , "what":null}  `, `who={"a":[1, 2]} what=null `, true},
		{"no members", `{}`, ``, true},
		{"a name with an escape stays as written", `{"wh\u006f":1}`, `wh\u006f=1 `, true},
		{"an array", `[1]`, ``, false},
		{"a scalar", `3`, ``, false},
		{"nothing", ``, ``, false},
		{"more behind it", `{"a":1} {}`, `a=1 `, false},
		{"broken off", `{"a":1,`, `a=1 `, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			ok := Members([]byte(test.raw), func(name, value []byte) { got += fmt.Sprintf("%s=%s ", name, value) })
			if got != test.want || ok != test.ok {
				t.Errorf("got %q, %v, want %q, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(`{"who":{"a":1},"what":{"b":[true,"\u00e9"]}}`))
	f.Add([]byte(`{"a":1e5,"a":-0.5}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		last := map[string]string{}
		ok := Members(raw, func(name, value []byte) {
			var plain string
			if json.Unmarshal([]byte(`"`+string(name)+`"`), &plain) == nil {
				last[plain] = string(value)
			}
		})
		var want map[string]json.RawMessage
		err := json.Unmarshal(raw, &want)
		if ok != (err == nil && want != nil) {
			t.Fatalf("ok is %v, encoding/json says %v", ok, err)
		}
		for name, value := range want {
			if ok && last[name] != string(value) {
				t.Errorf("%q is %q, encoding/json reads %q", name, last[name], value)
			}
		}
	})
}

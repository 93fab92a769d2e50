package jinja

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type named string

func (named) String() string { return "<raw>" }

type Embedded struct{ RequestID string }

type shapes struct {
	Embedded
	JSONURL  string
	URL      string
	ID       string
	Named    named
	Int      int64
	Bool     bool
	List     []named
	Map      map[string]int
	Pointer  *sub
	Nil      *sub
	Struct   sub
	unshown  func()
	HTMLText string
}

func TestFieldsInNamesAndConverts(t *testing.T) {
	fields, err := fieldsIn(shapes{
		Embedded: Embedded{"r1"}, JSONURL: "/api", Named: "n", Int: 7, Bool: true,
		List: []named{"a"}, Map: map[string]int{"k": 2}, Pointer: &sub{"p"}, Struct: sub{"s"}, unshown: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"request_id": "r1", "json_url": "/api", "url": "", "id": "", "named": "n", "int": 7, "bool": true,
		"list": list{"a"}, "map": record{"k": 2}, "pointer": record{"text": "p"}, "nil": nil, "struct": record{"text": "s"}, "html_text": "",
	} {
		got, ok := fields[name]
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, embedded := fields["embedded"]; embedded || len(fields) != 13 {
		t.Error("an unexported field or an embedded struct is seen by its own name")
	}
}

func TestConvertRefuses(t *testing.T) {
	for name, v := range map[string]any{
		"a function": struct{ F func() }{}, "bytes": struct{ B []byte }{[]byte("x")}, "an interface": struct{ A any }{"x"},
		"a channel": struct{ C chan int }{}, "a pointer to a text": struct{ P *string }{}, "a map by number": struct{ M map[int]string }{},
		"a number with decimals": struct{ F float64 }{0.5}, "unsigned": struct{ U uint }{},
		"in a list": struct{ L []func() }{[]func(){nil}}, "in a map": struct{ M map[string]any }{map[string]any{"x": 1}},
		"in a struct": struct{ S struct{ F func() } }{}, "an array": struct{ A [1]string }{},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := convert("data", reflect.ValueOf(v)); err == nil || !strings.Contains(err.Error(), "templates may not see") {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestAddressesThatAPageMayLinkTo(t *testing.T) {
	for address, ok := range map[string]bool{
		"": true, "/": true, "/a?b=c#d": true, "#id": true, "?q=1": true, "https://example.org": true, "http://example.org": true,
		"javascript:alert(1)": false, "data:text/html,x": false, "//example.org": false, `/\example.org`: false, "a": false, " /": false, "JAVASCRIPT:x": false,
	} {
		for _, field := range []string{"data.url", "data.list.retry_url"} {
			if _, err := text(field, address); (err == nil) != ok {
				t.Errorf("%s %q: %v", field, address, err)
			}
		}
		if _, err := text("data.curl", address); err != nil {
			t.Errorf("a field that is no address: %v", err)
		}
	}
}

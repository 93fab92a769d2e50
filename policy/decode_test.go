package policy

import "testing"

func TestDecodeObject(t *testing.T) {
	shape := &Shape{Name: "driver", Label: "Driver", Columns: []Column{
		{Name: "age", Kind: Int}, {Name: "name", Kind: String, Text: true}, {Name: "born", Kind: Date},
		{Name: "licence", Kind: String, Labels: []string{"full", "none"}}, {Name: "tags", Kind: List, Elem: Int}, {Name: "ok", Kind: Bool}, {Name: "t", Kind: Number},
	}}
	o, issues := DecodeObject(shape, []byte(` { "age" : 23 , "born":"2001-02-03", "licence":"fu\u006cl", "t\u0061gs" :[1, 2 ,3] ,"ok":true,"t":36.10} `))
	if issues != nil {
		t.Fatal(issues)
	}
	if got, want := string(o.AppendJSON(nil)), `{"age":23,"born":"2001-02-03","licence":"full","tags":[1,2,3],"ok":true,"t":36.1}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, issues = DecodeObject(shape, []byte(`{"age":"x","ago":{"a":[1]},"licence":"ful","born":"2001-02-30","tags":3,"ok":1,"age":3}`))
	t.Log(issues)
}

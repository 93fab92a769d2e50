package policy

import "testing"

// driver is a shape of eight fields of every kind, as a batch of pairs has them.
var driver = &Shape{Name: "driver", Label: "Driver", Columns: []Column{
	{Name: "name", Kind: String, Label: "Name", Text: true},
	{Name: "date_of_birth", Kind: Date, Label: "Date of birth"},
	{Name: "age", Kind: Int, Label: "Age"},
	{Name: "licence", Kind: String, Label: "Licence", Labels: []string{"full", "provisional", "international"}},
	{Name: "claims_3y", Kind: Int, Label: "Claims"},
	{Name: "postcode_area", Kind: String, Label: "Postcode area", Labels: []string{"LS", "YO", "E", "N"}},
	{Name: "temperature", Kind: Number, Label: "Temperature"},
	{Name: "modified", Kind: Bool, Label: "Modified"},
}}

const driverJSON = `{"name":"Ada Lovelace","date_of_birth":"1990-12-10","age":35,"licence":"provisional","claims_3y":2,"postcode_area":"YO","temperature":36.6,"modified":false}`

func BenchmarkDecodeObject(b *testing.B) {
	raw := []byte(driverJSON)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, issues := DecodeObject(driver, raw); issues != nil {
			b.Fatal(issues)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	object, _ := DecodeObject(driver, []byte(driverJSON))
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = object.AppendJSON(dst[:0])
	}
}

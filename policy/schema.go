package policy

import "embed"

// schemas are made of the forms that documents are read by: schema_forms_test.go makes them, and holds them to the forms.
//
//go:embed schemas
var schemas embed.FS

// Schema gives the JSON Schema (2020-12) of a kind of document, for editors: object (who.yaml and what.yaml), rules or
// examples; nil for any other word. What a schema cannot say (names that must agree, what goes with what), the reader does.
func Schema(kind string) []byte {
	text, err := schemas.ReadFile("schemas/" + kind + ".json")
	if err != nil {
		return nil
	}
	return text
}

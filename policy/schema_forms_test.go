package policy

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

// TestSchemasAreThoseOfTheForms holds schemas/ to the forms that documents are read by; with -update it writes them.
func TestSchemasAreThoseOfTheForms(t *testing.T) {
	for kind, form := range map[string]any{"object": objectForm{}, "rules": rulesForm{}, "examples": examplesForm{}} {
		schema := schemaOf(form)
		schema.Version = jsonschema.Version
		schema.Title = "Verdictory: " + kind
		want, err := json.MarshalIndent(schema, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		if *update {
			if err := os.WriteFile("schemas/"+kind+".json", want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(string(want), string(Schema(kind))); diff != "" {
			t.Errorf("schemas/%s.json is not that of the form: go test ./policy -run SchemasAreThose -update\n%s", kind, diff)
		}
	}
	for _, kind := range []string{"", "who", "../schemas/object", "object.json"} {
		if got := Schema(kind); got != nil {
			t.Errorf("there is a schema %q: %s", kind, got)
		}
	}
}

// schemaOf gives the schema of a form or of a part of one.
func schemaOf(form any) *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true, RequiredFromJSONSchemaTags: true}
	schema := reflector.Reflect(form)
	schema.Version = ""
	return schema
}

// typeSchema gives the schema of a JSON type.
func typeSchema(name string) *jsonschema.Schema { return &jsonschema.Schema{Type: name} }

func anyOf(schemas ...*jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: schemas}
}

func textSchema(longest uint64) *jsonschema.Schema {
	least := uint64(1)
	return &jsonschema.Schema{Type: "string", MinLength: &least, MaxLength: &longest}
}

func patternSchema(pattern string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: pattern}
}

// JSONSchema gives the leaf's schema. So do the methods below.
func (line) JSONSchema() *jsonschema.Schema { return textSchema(maxLine) }

func (prose) JSONSchema() *jsonschema.Schema { return textSchema(maxText) }

func (label) JSONSchema() *jsonschema.Schema {
	return anyOf(textSchema(maxLine), typeSchema("number"), typeSchema("boolean"))
}

func (argument) JSONSchema() *jsonschema.Schema {
	most := uint64(maxText)
	return anyOf(&jsonschema.Schema{Type: "string", MaxLength: &most}, typeSchema("number"), typeSchema("boolean"))
}

func (name) JSONSchema() *jsonschema.Schema { return patternSchema(namePattern.String()) }

func (id) JSONSchema() *jsonschema.Schema { return patternSchema(idPattern.String()) }

func (link) JSONSchema() *jsonschema.Schema { return patternSchema(`^https?://.`) }

func (word) JSONSchema() *jsonschema.Schema { return typeSchema("string") }

func (number) JSONSchema() *jsonschema.Schema { return typeSchema("number") }

func (whole) JSONSchema() *jsonschema.Schema { return typeSchema("integer") }

func (day) JSONSchema() *jsonschema.Schema { return patternSchema(isoDate.String()) }

func (expression) JSONSchema() *jsonschema.Schema {
	return anyOf(textSchema(MaxExpression), typeSchema("number"), typeSchema("boolean"))
}

func (data) JSONSchema() *jsonschema.Schema {
	return anyOf(typeSchema("string"), typeSchema("number"), typeSchema("boolean"), typeSchema("array"))
}

func (weights) JSONSchema() *jsonschema.Schema {
	least, most := uint64(1), uint64(MaxChoices)
	return anyOf(
		&jsonschema.Schema{
			Type: "object", MinProperties: &least, MaxProperties: &most,
			AdditionalProperties: &jsonschema.Schema{Type: "number", ExclusiveMinimum: "0"},
		},
		&jsonschema.Schema{Type: "array", MinItems: &least, MaxItems: &most, Items: label{}.JSONSchema()},
	)
}

func (table) JSONSchema() *jsonschema.Schema {
	probability := &jsonschema.Schema{Type: "number", Minimum: "0", Maximum: "1"}
	return anyOf(append(weights{}.JSONSchema().AnyOf, probability)...)
}

func (outputs) JSONSchema() *jsonschema.Schema {
	least, most := uint64(1), uint64(maxOutputs)
	return anyOf(
		&jsonschema.Schema{Type: "array", MinItems: &least, MaxItems: &most, UniqueItems: true, Items: name{}.JSONSchema()},
		&jsonschema.Schema{
			Type: "object", MinProperties: &least, MaxProperties: &most, PropertyNames: name{}.JSONSchema(),
			AdditionalProperties: anyOf(typeSchema("null"), schemaOf(outputAbout{})),
		},
	)
}

func (items[T]) JSONSchema() *jsonschema.Schema {
	var item T
	least := uint64(1)
	return &jsonschema.Schema{Type: "array", MinItems: &least, Items: schemaOf(item)}
}

func (pairs[T]) JSONSchema() *jsonschema.Schema {
	var value T
	least := uint64(1)
	return &jsonschema.Schema{Type: "object", MinProperties: &least, AdditionalProperties: schemaOf(value)}
}

// JSONSchema gives for each kind the keys that it takes.
func (fieldForm) JSONSchema() *jsonschema.Schema {
	type form fieldForm // without this method
	all := schemaOf(form{})
	schema := &jsonschema.Schema{Type: "object", Required: all.Required, Properties: jsonschema.NewProperties()}
	for _, k := range keysOf(reflect.TypeFor[form](), "") {
		if k.required {
			schema.Properties.Set(k.name, all.Properties.Value(k.name))
		}
	}
	for _, kind := range fieldKinds {
		properties := jsonschema.NewProperties()
		var required []string
		for _, k := range keysOf(reflect.TypeFor[form](), kind) {
			properties.Set(k.name, all.Properties.Value(k.name))
			if k.required {
				required = append(required, k.name)
			}
		}
		is := jsonschema.NewProperties()
		is.Set("kind", &jsonschema.Schema{Const: kind})
		schema.AllOf = append(schema.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: is, Required: []string{"kind"}},
			Then: &jsonschema.Schema{Properties: properties, Required: required, AdditionalProperties: jsonschema.FalseSchema},
		})
	}
	return schema
}

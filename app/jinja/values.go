package jinja

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// fieldsIn makes a template's variables of a struct, or a pointer to one: its exported fields, an embedded struct's
// among them. A field is known by its name in small letters with underscores: RequestID is request_id, JSONURL is json_url.
//
// Fields are strings, whole numbers, bools, and structs, pointers to structs, slices and string-keyed maps of those; a nil
// pointer is false. Anything else is refused: numbers with decimals and days are formatted in Go. The text of a field called
// url or something_url is a web address or one of our own, so that no value can make a link run a script.
func fieldsIn(data any) (record, error) {
	value, err := convert("data", reflect.ValueOf(data))
	if err != nil {
		return nil, err
	}
	fields, ok := value.(record)
	if !ok {
		return nil, fmt.Errorf("data is a %T: hand over a struct", data)
	}
	return fields, nil
}

// record is a struct or a map as templates see it.
type record map[string]any

// list is a slice as templates see it.
type list []any

// convert makes what templates may see of a value; name is where it was found.
func convert(name string, v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.String:
		return text(name, v.String())
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(v.Int()), nil
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct {
			if v.IsNil() {
				return nil, nil
			}
			return convert(name, v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return convertList(name, v)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			return convertMap(name, v)
		}
	case reflect.Struct:
		r := record{}
		return r, addFields(r, name, v)
	}
	return nil, fmt.Errorf("%s is of a kind that templates may not see", name)
}

// text checks a string that is an address.
func text(name, s string) (string, error) {
	field := name[strings.LastIndexByte(name, '.')+1:]
	if field != "url" && !strings.HasSuffix(field, "_url") || s == "" || s[0] == '#' || s[0] == '?' ||
		strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s, nil
	}
	if s[0] == '/' && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, `/\`) {
		return s, nil
	}
	return "", fmt.Errorf("%s is %q, which is not an address that a page may link to", name, s)
}

func convertList(name string, v reflect.Value) (any, error) {
	values := make(list, v.Len())
	for i := range values {
		var err error
		if values[i], err = convert(name, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func convertMap(name string, v reflect.Value) (any, error) {
	r := record{}
	for entries := v.MapRange(); entries.Next(); {
		key := entries.Key().String()
		value, err := convert(name+"."+key, entries.Value())
		if err != nil {
			return nil, err
		}
		r[key] = value
	}
	return r, nil
}

func addFields(r record, name string, v reflect.Value) error {
	for _, f := range fieldsOf(v.Type()) {
		value, err := convert(name+"."+f.name, v.FieldByIndex(f.index))
		if err != nil {
			return err
		}
		r[f.name] = value
	}
	return nil
}

// field is a struct's field, and its name in templates.
type field struct {
	name  string
	index []int
}

var structs sync.Map // reflect.Type → []field

// fieldsOf lists a struct's exported fields, an embedded struct's in its place.
func fieldsOf(t reflect.Type) []field {
	if known, ok := structs.Load(t); ok {
		return known.([]field)
	}
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if f.IsExported() && !f.Anonymous {
			fields = append(fields, field{snake(f.Name), f.Index})
		}
	}
	structs.Store(t, fields)
	return fields
}

// snake writes a Go name as templates do: RequestID is request_id.
func snake(name string) string {
	if prefix, ok := strings.CutSuffix(name, "URL"); ok && prefix != "" {
		return snake(prefix) + "_url"
	}
	var b strings.Builder
	for i, c := range []byte(name) {
		if upper(c) && i > 0 && (!upper(name[i-1]) || i+1 < len(name) && !upper(name[i+1])) {
			b.WriteByte('_')
		}
		b.WriteByte(c)
	}
	return strings.ToLower(b.String())
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

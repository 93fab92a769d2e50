package policy

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// items is a list.
type items[T any] struct {
	place
	list []T
}

func (l *items[T]) read(r *reader, n *yaml.Node, path string) {
	l.place = placeOf(n)
	if n.Kind != yaml.SequenceNode {
		r.bad(l.place, path, "is %s: write a list, each item after a dash", describe(n))
		return
	}
	if len(n.Content) == 0 {
		r.bad(l.place, path, "is empty: write at least one item")
	}
	for i := 0; i < len(n.Content) && !r.full(); i++ {
		var next T
		r.value(n.Content[i], indexed(path, i), reflect.ValueOf(&next).Elem())
		l.list = append(l.list, next)
	}
}

// atMost notes a list with more items than allowed, and leaves those out.
func (l *items[T]) atMost(r *reader, path string, most int) {
	l.list = atMost(r, l.place, path, l.list, most)
}

// atMost notes a list with more items than allowed, and leaves those out.
func atMost[T any](r *reader, at place, path string, list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	r.bad(at, path, "has %d items: write at most %d", len(list), most)
	return list[:most]
}

// MarshalJSON gives the items.
func (l items[T]) MarshalJSON() ([]byte, error) { return json.Marshal(l.list) }

// pairs is a mapping whose keys are the document's own, in its order.
type pairs[T any] struct {
	place
	list []pair[T]
}

type pair[T any] struct {
	place // of the key
	key   string
	value T
}

func (p *pairs[T]) read(r *reader, n *yaml.Node, path string) {
	p.place = placeOf(n)
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.bad(p.place, path, "is empty: write at least one key and value")
	}
	r.entries(n, path, func(key, value *yaml.Node) {
		var l label
		l.read(r, key, path)
		next := pair[T]{place: placeOf(key), key: l.text}
		r.value(value, join(path, key.Value), reflect.ValueOf(&next.value).Elem())
		p.list = append(p.list, next)
	})
}

// sort brings the pairs into the order of their keys, for a mapping whose order means nothing.
func (p *pairs[T]) sort() {
	slices.SortFunc(p.list, func(a, b pair[T]) int { return cmp.Compare(a.key, b.key) })
}

// find gives the value of a key, nil where there is none.
func (p *pairs[T]) find(key string) *T {
	for i := range p.list {
		if p.list[i].key == key {
			return &p.list[i].value
		}
	}
	return nil
}

// MarshalJSON gives a list of key and value: the canonical form keeps the order.
func (p pairs[T]) MarshalJSON() ([]byte, error) {
	list := make([][2]any, len(p.list))
	for i, next := range p.list {
		list[i] = [2]any{next.key, next.value}
	}
	return json.Marshal(list)
}

// data is a value whose type the form does not know.
type data struct {
	place
	node *yaml.Node
}

func (d *data) read(_ *reader, n *yaml.Node, _ string) { d.place, d.node = placeOf(n), n }

// outputs is a decision's outputs: a list of names, or a mapping of names to what is said of them.
type outputs struct {
	place
	list []outputForm
}

type outputForm struct {
	Name   name         `json:"name"`
	Values items[label] `json:"values,omitzero"`
}

func (o *outputs) read(r *reader, n *yaml.Node, path string) {
	o.place = placeOf(n)
	if n.Kind == yaml.SequenceNode {
		var names items[name]
		names.read(r, n, path)
		for _, name := range names.list {
			o.list = append(o.list, outputForm{Name: name})
		}
		return
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.bad(o.place, path, "is empty: write at least one name")
	}
	r.entries(n, path, func(key, value *yaml.Node) {
		var next outputForm
		next.Name.read(r, key, path)
		if value.Tag != "!!null" {
			var about outputAbout
			r.value(value, join(path, key.Value), reflect.ValueOf(&about).Elem())
			next.Values = about.Values
		}
		o.list = append(o.list, next)
	})
}

// MarshalJSON gives the outputs in order.
func (o outputs) MarshalJSON() ([]byte, error) { return json.Marshal(o.list) }

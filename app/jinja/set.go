// Package jinja renders Jinja2 templates, made safe. Gonja's parser reads them; what it read is compiled to closures here,
// since gonja's own renderer escapes no lists, lets panics through, reads included files again at every rendering, and looks
// methods up by name, for which the linker keeps every method of the whole binary. A Set parses each file once, escapes every
// value, knows nothing but extends, block, include, for, if and with, and refuses at start-up whatever the lint finds: a
// value in a place where escaping does not help, an attribute without quotes, a filter.
//
// Templates see values through Set.Render's data: see values.go for what may be handed over and how fields are named.
package jinja

import (
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/nikolalohinski/gonja/v2/config"
)

// Set is all templates of a tree, each known by its path in it. It is safe for concurrent use.
type Set struct {
	files  fs.FS
	reload bool
	parsed templates
}

// New checks and parses every file of the tree whose name ends in .html. With reload each rendering reads the files
// anew, for somebody who works on them. The error names each finding with its file and line.
func New(files fs.FS, reload bool) (*Set, error) {
	s := &Set{files: files, reload: reload}
	var err error
	s.parsed, err = parseAll(files)
	return s, err
}

// Render renders a whole template, within what it extends.
func (s *Set) Render(name string, data any) ([]byte, error) { return s.render(name, "", data) }

// RenderBlock renders one block of a template alone.
func (s *Set) RenderBlock(name, block string, data any) ([]byte, error) {
	return s.render(name, block, data)
}

func (s *Set) render(name, block string, data any) ([]byte, error) {
	parsed := s.parsed
	if s.reload {
		var err error
		if parsed, err = parseAll(s.files); err != nil {
			return nil, err
		}
	}
	page := parsed[name]
	if page == nil {
		return nil, fmt.Errorf("there is no template %s", name)
	}
	fields, err := fieldsIn(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &rendering{page: page, data: fields}
	if block == "" {
		err = r.whole()
	} else if b := page.block(block); b != nil {
		err = r.block(b)
	} else {
		err = fmt.Errorf("%s: there is no block %s", name, block)
	}
	if err != nil {
		return nil, err
	}
	return r.out.Bytes(), nil
}

// Unrendered lists the files and the blocks, as file#block, that were never rendered since New: for a test that holds
// the templates to be covered. It means nothing with reload.
func (s *Set) Unrendered() []string {
	var names []string
	for name, t := range s.parsed {
		if !t.seen.Load() {
			names = append(names, name)
		}
		for block, b := range t.blocks {
			if !b.seen.Load() {
				names = append(names, name+"#"+block)
			}
		}
	}
	slices.Sort(names)
	return names
}

// settings are how gonja reads: a tag takes the white space before it on its line, and the line's end behind it.
func settings() *config.Config {
	c := config.New()
	c.TrimBlocks = true
	c.LeftStripBlocks = true
	return c
}

// names lists the templates of a tree.
func names(files fs.FS) ([]string, error) {
	var list []string
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".html" {
			list = append(list, name)
		}
		return err
	})
	return list, err
}

// Package jinja renders Jinja2 templates with gonja, made safe. Gonja as it comes escapes nothing, prints lists raw,
// ignores what is undefined, reads included files again at every rendering and lets a panic through. A Set parses each
// file once, escapes every value, knows nothing but extends, block, include, for, if and with, and refuses at start-up
// whatever the lint finds: a value in a place where escaping does not help, an attribute without quotes, a filter.
//
// Templates see values through Set.Render's data: see values.go for what may be handed over and how fields are named.
package jinja

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync/atomic"

	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// Set is all templates of a tree, each known by its path in it. It is safe for concurrent use.
type Set struct {
	files  fs.FS
	reload bool
	parsed parsed
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

func (s *Set) render(name, block string, data any) (out []byte, err error) {
	p := s.parsed
	if s.reload {
		if p, err = parseAll(s.files); err != nil {
			return nil, err
		}
	}
	t := p.templates[name]
	if t == nil {
		return nil, fmt.Errorf("there is no template %s", name)
	}
	context, err := contextOf(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("%s: %v", name, r)
		}
	}()
	var b bytes.Buffer
	r := exec.NewRenderer(environment(context), &b, settings(), nil, t.Template)
	if block == "" {
		t.mark(p.seen)
		err = r.Execute()
	} else if blocks := t.Root().GetBlocks(block); len(blocks) > 0 {
		err = r.ExecuteWrapper(blocks[0])
	} else {
		err = errors.New("there is no block " + block)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return b.Bytes(), nil
}

// Unrendered lists the files and the blocks, as file#block, that were never rendered since New: for a test that holds
// the templates to be covered. It means nothing with reload.
func (s *Set) Unrendered() []string {
	var names []string
	for name, seen := range s.parsed.seen {
		if !seen.Load() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// settings are gonja's, made strict.
func settings() *config.Config {
	c := config.New()
	c.AutoEscape = true
	c.StrictUndefined = true
	c.TrimBlocks = true
	c.LeftStripBlocks = true
	return c
}

// seen records which files and blocks were rendered.
type seen map[string]*atomic.Bool

// see gives the record of a name, made where there is none.
func (s seen) see(name string) *atomic.Bool {
	if s[name] == nil {
		s[name] = new(atomic.Bool)
	}
	return s[name]
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

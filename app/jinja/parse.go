package jinja

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"
	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// parsed is a tree of templates, parsed.
type parsed struct {
	templates map[string]*template
	seen      seen
}

// template is one parsed file.
type template struct{ *exec.Template }

// mark records that the file is rendered, and what it extends.
func (t *template) mark(s seen) {
	for root := t.Root(); root != nil; root = root.Parent {
		s[root.Identifier].Store(true)
	}
}

// reader parses a tree. It resolves each include when it parses it, so that a template is parsed once and a missing or circular
// include is found at start-up.
type reader struct {
	sources map[string]string
	parsed  parsed
	open    []string // the files being parsed, each included by the one before
}

func parseAll(files fs.FS) (parsed, error) {
	list, err := names(files)
	if err != nil {
		return parsed{}, fmt.Errorf("templates: %w", err)
	}
	r := &reader{sources: map[string]string{}, parsed: parsed{map[string]*template{}, seen{}}}
	var findings []error
	for _, name := range list {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return parsed{}, fmt.Errorf("templates: %w", err)
		}
		r.sources[name] = string(source)
		findings = append(findings, lint(name, string(source))...)
	}
	if err := errors.Join(findings...); err != nil {
		return parsed{}, err
	}
	for _, name := range list {
		if _, err := r.template(name); err != nil {
			return parsed{}, err
		}
	}
	return r.parsed, nil
}

// template parses the named file, once.
func (r *reader) template(name string) (*template, error) {
	if t := r.parsed.templates[name]; t != nil {
		return t, nil
	}
	if slices.Contains(r.open, name) {
		return nil, fmt.Errorf("%s includes itself: %s", name, strings.Join(append(r.open, name), " → "))
	}
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	env := environment(exec.EmptyContext())
	env.ControlStructures = r.structures()
	t, err := exec.NewTemplate(name, settings(), r, env)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.parsed.templates[name] = &template{t}
	for root := t.Root(); root != nil; root = root.Parent {
		r.parsed.seen.see(root.Identifier)
	}
	return r.parsed.templates[name], nil
}

// Read, Resolve and Inherit are gonja's Loader over the sources at hand, for extends.
func (r *reader) Read(name string) (io.Reader, error) {
	source, ok := r.sources[name]
	if !ok {
		return nil, fmt.Errorf("there is no template %s", name)
	}
	return strings.NewReader(source), nil
}

// Resolve gives the name: all are relative to the tree's root.
func (r *reader) Resolve(name string) (string, error) { return name, nil }

// Inherit gives the reader itself.
func (r *reader) Inherit(string) (loaders.Loader, error) { return r, nil }

// structures are the tags that templates may use. Gonja's own block keeps super and self, which escape twice or not at
// all, and its include parses the file anew at each rendering: ours replace them.
func (r *reader) structures() *exec.ControlStructureSet {
	set := map[string]parser.ControlStructureParser{"block": r.parseBlock, "include": r.parseInclude}
	for _, name := range []string{"extends", "if", "for", "with"} {
		set[name], _ = builtins.ControlStructures.Get(name)
	}
	return exec.NewControlStructureSet(set)
}

// environment has no filter, test, function or method: pages format in Go.
func environment(context *exec.Context) *exec.Environment {
	return &exec.Environment{
		Filters: exec.NewFilterSet(nil), Tests: exec.NewTestSet(nil), ControlStructures: exec.NewControlStructureSet(nil), Context: context,
	}
}

// place is where a block stands: in the definition that is nearest to the template rendered.
type place struct {
	location *tokens.Token
	name     string
}

func (p *place) Position() *tokens.Token { return p.location }
func (p *place) String() string          { return "block " + p.name }

// Execute renders the block's nearest definition.
func (p *place) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	return r.ExecuteWrapper(r.RootNode.GetBlocks(p.name)[0])
}

// body is one definition of a block.
type body struct {
	place
	file    string
	wrapper *nodes.Wrapper
	seen    *atomic.Bool
}

// Execute renders the definition.
func (b *body) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	b.seen.Store(true)
	if err := r.ExecuteWrapper(b.wrapper); err != nil {
		return fmt.Errorf("%s: %w", b.file, err)
	}
	return nil
}

func (r *reader) parseBlock(p, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.Name).Val // the lint saw to it
	file := p.Template.Identifier
	at := place{p.Current(), name}
	if p.Template.Blocks.Exists(name) {
		return nil, fmt.Errorf("block %s stands twice", name)
	}
	wrapper, _, err := p.WrapUntil("endblock")
	if err != nil {
		return nil, err
	}
	definition := &body{at, file, wrapper, r.parsed.seen.see(file + "#" + name)}
	p.Template.Blocks[name] = &nodes.Wrapper{
		Location: wrapper.Location, Trim: wrapper.Trim,
		Nodes: []nodes.Node{&nodes.ControlStructureBlock{Location: at.location, Name: name, ControlStructure: definition}},
	}
	return &at, nil
}

// include is another template, rendered with all that is known where it stands.
type include struct {
	location *tokens.Token
	name     string
	wrapper  *nodes.Wrapper
	seen     *atomic.Bool
}

func (i *include) Position() *tokens.Token { return i.location }
func (i *include) String() string          { return "include " + i.name }

// Execute renders the included template.
func (i *include) Execute(r *exec.Renderer, _ *nodes.ControlStructureBlock) error {
	i.seen.Store(true)
	if err := r.ExecuteWrapper(i.wrapper); err != nil {
		return fmt.Errorf("%s: %w", i.name, err)
	}
	return nil
}

func (r *reader) parseInclude(p, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.String).Val // the lint saw to it
	t, err := r.template(name)
	if err != nil {
		return nil, err
	}
	root := t.Root()
	if root.Parent != nil || len(root.Blocks) > 0 {
		return nil, fmt.Errorf("%s is included, so it may neither extend another nor have blocks", name)
	}
	return &include{p.Current(), name, &nodes.Wrapper{Location: p.Current(), Trim: &nodes.Trim{}, Nodes: root.Nodes}, r.parsed.seen.see(name)}, nil
}

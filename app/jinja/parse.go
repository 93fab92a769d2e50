package jinja

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/parser"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// templates are a tree's, parsed, each by its path.
type templates map[string]*template

// template is one parsed file.
type template struct {
	parent *template // what it extends; its own body is then never rendered
	body   steps
	blocks map[string]*block // those that it defines
	seen   atomic.Bool       // it was rendered
}

// block is one definition of a block.
type block struct {
	body steps
	seen atomic.Bool
}

// block finds the nearest definition, nil where there is none.
func (t *template) block(name string) *block {
	for ; t != nil; t = t.parent {
		if b := t.blocks[name]; b != nil {
			return b
		}
	}
	return nil
}

// reader parses a tree. It follows each include and extends when it parses them, so that a template is parsed once and a
// missing or circular one is found at start-up.
type reader struct {
	sources map[string]string
	parsed  templates
	open    []string // the files being parsed, each named by the one before
}

func parseAll(files fs.FS) (templates, error) {
	list, err := names(files)
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	r := &reader{sources: map[string]string{}, parsed: templates{}}
	var findings []error
	for _, name := range list {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		r.sources[name] = string(source)
		findings = append(findings, lint(name, string(source))...)
	}
	if err := errors.Join(findings...); err != nil {
		return nil, err
	}
	for _, name := range list {
		if _, err := r.template(name); err != nil {
			return nil, err
		}
	}
	return r.parsed, nil
}

// template parses the named file, once.
func (r *reader) template(name string) (*template, error) {
	if t := r.parsed[name]; t != nil {
		return t, nil
	}
	if slices.Contains(r.open, name) {
		return nil, fmt.Errorf("%s holds itself: %s", name, strings.Join(append(r.open, name), " → "))
	}
	source, ok := r.sources[name]
	if !ok {
		return nil, fmt.Errorf("there is no template %s", name)
	}
	r.open = append(r.open, name)
	defer func() { r.open = r.open[:len(r.open)-1] }()
	g := &grammar{r, name, &template{blocks: map[string]*block{}}}
	root, err := parser.NewParser(name, tokens.LexAll(source, settings()), settings(), nil, g).Parse()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if g.template.body, err = g.steps(root.Nodes); err != nil {
		return nil, err
	}
	r.parsed[name] = g.template
	return g.template, nil
}

// grammar is what a template may hold, and what becomes of it. Gonja's parser reads expressions and the text between
// tags; the tags are read here. The lint has seen to their arguments.
type grammar struct {
	reader   *reader
	name     string
	template *template
}

// Get gives what reads a tag: gonja asks for it.
func (g *grammar) Get(tag string) (parser.ControlStructureParser, bool) {
	read, ok := map[string]parser.ControlStructureParser{
		"extends": g.extends, "block": g.block, "include": g.include, "if": g.choose, "for": g.loop, "with": g.with,
	}[tag]
	return read, ok
}

// tag is a tag that was read, among gonja's nodes.
type tag struct {
	nodes.Node
	step step
}

// steps makes what renders the nodes.
func (g *grammar) steps(list []nodes.Node) (steps, error) {
	var body steps
	for _, node := range list {
		switch n := node.(type) {
		case *nodes.Data:
			body = append(body, literal(n))
		case *nodes.Output:
			value, err := g.expression(n.Expression)
			if n.Condition != nil {
				err = g.at(n).errorf("a value with a condition: write {%% if %%} around it")
			}
			if err != nil {
				return nil, err
			}
			body = append(body, output(g.at(n), value))
		case *nodes.ControlStructureBlock:
			body = append(body, n.ControlStructure.(*tag).step)
		}
	}
	return body, nil
}

// until makes what renders the text up to one of the tags, and gives which it was and its arguments.
func (g *grammar) until(p *parser.Parser, tags ...string) (body steps, end string, args *parser.Parser, err error) {
	wrapper, args, err := p.WrapUntil(tags...)
	if err != nil {
		return nil, "", nil, err
	}
	body, err = g.steps(wrapper.Nodes)
	return body, wrapper.EndTag, args, err
}

// whole makes what gives the value of a tag's arguments, which are one expression.
func (g *grammar) whole(args *parser.Parser) (expression, error) {
	node, err := args.ParseExpression()
	if err != nil {
		return nil, err
	}
	if !args.End() {
		return nil, g.at(node).errorf("%q does not belong to the expression before it", args.Current().Val)
	}
	return g.expression(node)
}

func (g *grammar) extends(_, args *parser.Parser) (nodes.ControlStructure, error) {
	if g.template.parent != nil {
		return nil, errors.New("a template extends one other")
	}
	var err error
	g.template.parent, err = g.reader.template(args.Match(tokens.String).Val)
	return &tag{step: nil}, err // the body is never rendered
}

func (g *grammar) block(p, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.Name).Val
	if g.template.blocks[name] != nil {
		return nil, fmt.Errorf("block %s stands twice", name)
	}
	b := &block{}
	g.template.blocks[name] = b
	var err error
	b.body, _, _, err = g.until(p, "endblock")
	return &tag{step: place(name)}, err
}

func (g *grammar) include(_, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.String).Val
	t, err := g.reader.template(name)
	if err != nil {
		return nil, err
	}
	if t.parent != nil || len(t.blocks) > 0 {
		return nil, fmt.Errorf("%s is included, so it may neither extend another nor have blocks", name)
	}
	return &tag{step: include(t)}, nil
}

func (g *grammar) choose(p, args *parser.Parser) (nodes.ControlStructure, error) {
	var branches []branch
	for word := "if"; word != "endif"; {
		next := branch{}
		ends := []string{"endif"}
		var err error
		if word != "else" {
			ends = append(ends, "elif", "else")
			if next.condition, err = g.whole(args); err != nil {
				return nil, err
			}
		}
		if next.body, word, args, err = g.until(p, ends...); err != nil {
			return nil, err
		}
		branches = append(branches, next)
	}
	return &tag{step: choose(branches)}, nil
}

func (g *grammar) loop(p, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.Name)
	args.Match(tokens.In)
	items, err := g.whole(args)
	if err != nil {
		return nil, err
	}
	body, end, _, err := g.until(p, "else", "endfor")
	var empty steps
	if end == "else" && err == nil {
		empty, _, _, err = g.until(p, "endfor")
	}
	return &tag{step: each(g.at(&nodes.Name{Name: name}), name.Val, items, body, empty)}, err
}

func (g *grammar) with(p, args *parser.Parser) (nodes.ControlStructure, error) {
	name := args.Match(tokens.Name).Val
	args.Match(tokens.Assign)
	value, err := g.whole(args)
	if err != nil {
		return nil, err
	}
	body, _, _, err := g.until(p, "endwith")
	return &tag{step: with(name, value, body)}, err
}

// expression makes what gives the value of an expression.
func (g *grammar) expression(node nodes.Node) (expression, error) {
	switch n := node.(type) {
	case *nodes.String:
		return constant(n.Val), nil
	case *nodes.Integer:
		return constant(n.Val), nil
	case *nodes.Bool:
		return constant(n.Val), nil
	case *nodes.Name:
		return variable(g.at(n), n.Name.Val), nil
	case *nodes.GetAttribute:
		of, err := g.expression(n.Node)
		if n.Attribute == "" {
			return item(g.at(n), of, n.Index), err
		}
		return attribute(g.at(n), of, n.Attribute), err
	case *nodes.Negation:
		term, err := g.expression(n.Term)
		return not(term), err
	case *nodes.BinaryExpression:
		operator, left := operators[n.Operator.Token.Type], n.Left
		if inner, ok := left.(*nodes.BinaryExpression); ok && operator != nil && compares(n) && compares(inner) {
			left = nil // a < b < c, which Jinja2 reads in a way of its own
		}
		if operator != nil && left != nil {
			left, leftErr := g.expression(left)
			right, rightErr := g.expression(n.Right)
			return operator(g.at(n), left, right), errors.Join(leftErr, rightErr)
		}
	}
	return nil, g.at(node).errorf("%s: write names, texts, whole numbers, one comparison, and, or, not; format in Go", node)
}

// compares reports whether the operator is a comparison.
func compares(n *nodes.BinaryExpression) bool {
	t := n.Operator.Token.Type
	return t != tokens.And && t != tokens.Or
}

// at gives where a node stands.
func (g *grammar) at(node nodes.Node) position { return position{g.name, node.Position().Line} }

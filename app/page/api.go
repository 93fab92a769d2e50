package page

import (
	"slices"
	"strings"
)

// Operation is one operation of the API, as the OpenAPI document has it.
type Operation struct {
	Group       string // operations of a group stand together, groups in the order in which they come first
	Method      string // GET
	Path        string // /api/v1/{policy}/cases
	Summary     string
	Description string
	Parameters  []Parameter
	Body        string // an example of the request's body; empty for none
	Answers     []Answer
}

// Parameter is a parameter of an operation.
type Parameter struct {
	Name, Place, Type string // Place: path, query, header
	Required          bool
	Description       string
}

// Answer is one of an operation's answers.
type Answer struct{ Status, Description string }

// API is the page of the API's operations.
type API struct {
	Base
	Version     string // of the API
	DocumentURL string
	Groups      []OperationGroup
}

// OperationGroup is operations that belong together.
type OperationGroup struct {
	ID, AnchorURL, Name string
	Operations          []OperationRow
}

// OperationRow is an operation with the id of its place on the page.
type OperationRow struct {
	ID string
	Operation
	Curl string // the command that calls it
}

func (*API) template() string { return "api.html" }

// API makes the page of the API's operations. origin is the scheme and host that the examples are to call, documentURL
// the OpenAPI document's address.
func (s *Site) API(version, origin, documentURL string, operations []Operation) *API {
	a := &API{Base: s.place(nil, "api", "API"), Version: version, DocumentURL: documentURL}
	for _, op := range operations {
		i := slices.IndexFunc(a.Groups, func(g OperationGroup) bool { return g.Name == op.Group })
		if i < 0 {
			i = len(a.Groups)
			id := "group-" + slug(op.Group)
			a.Groups = append(a.Groups, OperationGroup{ID: id, AnchorURL: "#" + id, Name: op.Group})
		}
		a.Groups[i].Operations = append(a.Groups[i].Operations, OperationRow{ID: slug(op.Method + " " + op.Path), Operation: op, Curl: curl(origin, op)})
	}
	return a
}

// slug writes a text as an id: get-api-v1-policy-cases for GET /api/v1/{policy}/cases.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return c > 127 || !isWord(byte(c)) })
	return strings.Join(words, "-")
}

func curl(origin string, op Operation) string {
	command := "curl"
	if op.Method != "GET" {
		command += " -X " + op.Method
	}
	if op.Body != "" {
		command += " -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(op.Body, "'", `'\''`) + "'"
	}
	return command + " '" + origin + op.Path + "'"
}

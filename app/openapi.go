package app

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"verdictory/app/page"
)

// openAPIDocument describes the JSON API, OpenAPI 3.1.
//
//go:embed openapi.json
var openAPIDocument []byte

// openAPIPath is the part of an OpenAPI document that the API's page shows of a path.
type openAPIPath struct {
	Parameters        []openAPIParameter
	Get, Post, Delete *openAPIOperation
}

type openAPIOperation struct {
	Tags        []string
	Summary     string
	Description string
	Parameters  []openAPIParameter
	RequestBody struct {
		Content map[string]struct{ Example json.RawMessage }
	}
	Responses map[string]struct{ Description string }
}

type openAPIParameter struct {
	Name, In, Description string
	Required              bool
	Schema                struct {
		Type string
		Enum []string
	}
}

// operations lists the document's operations in the order of their paths.
func operations(document []byte) (list []page.Operation, err error) {
	var api struct{ Paths map[string]openAPIPath }
	if err := json.Unmarshal(document, &api); err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	for _, address := range slices.Sorted(maps.Keys(api.Paths)) {
		path := api.Paths[address]
		for _, method := range []struct {
			name string
			op   *openAPIOperation
		}{{http.MethodGet, path.Get}, {http.MethodPost, path.Post}, {http.MethodDelete, path.Delete}} {
			if method.op != nil {
				list = append(list, operation(method.name, address, path.Parameters, method.op))
			}
		}
	}
	return list, nil
}

func operation(method, address string, shared []openAPIParameter, op *openAPIOperation) page.Operation {
	shown := page.Operation{Group: op.Tags[0], Method: method, Path: address, Summary: op.Summary, Description: op.Description}
	for _, p := range slices.Concat(shared, op.Parameters) {
		kind := p.Schema.Type
		if p.Schema.Enum != nil {
			kind = strings.Join(p.Schema.Enum, " or ")
		}
		shown.Parameters = append(shown.Parameters, page.Parameter{Name: p.Name, Place: p.In, Type: kind, Required: p.Required, Description: p.Description})
	}
	shown.Body = string(op.RequestBody.Content["application/json"].Example)
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		shown.Answers = append(shown.Answers, page.Answer{Status: status, Description: op.Responses[status].Description})
	}
	return shown
}

// GET /api/openapi.json
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(openAPIDocument) // a client that went away is no error of ours
}

// GET /api shows the API's operations.
func (s *Server) apiPage(w http.ResponseWriter, r *http.Request) error {
	origin := "http://" + r.Host
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		origin = "https://" + r.Host
	}
	s.rendered(r, s.pages.Page(w, http.StatusOK, s.pages.API("v1", origin, "/api/openapi.json", s.operations)))
	return nil
}

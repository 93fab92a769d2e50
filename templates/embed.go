// Package templates holds the pages' Jinja2 templates: layout.html, one file a page, and the parts that pages share.
// Package page has the struct behind each.
package templates

import "embed"

// FS holds the templates.
//
//go:embed *.html parts/*.html
var FS embed.FS

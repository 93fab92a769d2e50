// Package policies holds the policies that come with Verdictory, each a folder of four documents. They are documents
// like anybody's own: nothing in the program knows them by name.
package policies

import "embed"

// FS holds the built-in policies, one folder each.
//
//go:embed motor-insurance news2 stamp-duty
var FS embed.FS

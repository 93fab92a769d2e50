// Package static holds what the pages load: frame.css, style.css, app.js and icon.svg are ours, vendor/ is filled by npm ci and
// is not committed.
package static

import "embed"

// FS holds the files. Without vendor/htmx.min.js the program compiles, and refuses to start.
//
//go:embed *
var FS embed.FS

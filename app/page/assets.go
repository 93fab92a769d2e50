package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// AssetURLs are the addresses of what a page loads, each under the hash of its content.
type AssetURLs struct{ FrameURL, StyleURL, ScriptURL, HtmxURL, IconURL string }

// asset is a file and its compressed form.
type asset struct {
	contentType string
	body, zip   []byte // zip is nil where compression gains nothing
}

// assets is every file of the static tree, by its address.
type assets struct {
	byURL  map[string]asset  // /static/1f2e3d4c/style.css
	byName map[string]string // style.css → its address
}

// contentTypes are those of the files that are served; another file is not.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
	".ico": "image/x-icon",
}

// readAssets reads and compresses the tree. What pages load must be there.
func readAssets(files fs.FS) (*assets, error) {
	a := &assets{map[string]asset{}, map[string]string{}}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		contentType := contentTypes[path.Ext(name)]
		if err != nil || entry.IsDir() || contentType == "" {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		hash := sha256.Sum256(body)
		address := "/static/" + hex.EncodeToString(hash[:4]) + "/" + name
		a.byURL[address], a.byName[name] = asset{contentType, body, compress(body)}, address
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	for _, name := range []string{"frame.css", "style.css", "app.js", "icon.svg", "vendor/htmx.min.js"} {
		if a.byName[name] == "" {
			return nil, fmt.Errorf("static file %s is missing: run npm ci", name)
		}
	}
	return a, nil
}

// compress gives the body compressed, nil where that is no shorter.
func compress(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = z.Write(body) // into memory
	_ = z.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

func (a *assets) urls() AssetURLs {
	return AssetURLs{
		FrameURL: a.byName["frame.css"], StyleURL: a.byName["style.css"], ScriptURL: a.byName["app.js"], IconURL: a.byName["icon.svg"], HtmxURL: a.byName["vendor/htmx.min.js"],
	}
}

// Static answers GET and HEAD /static/{hash}/{name}: a file that never changes under its address.
func (s *Site) Static() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.current().serve(w, r) })
}

// current gives the assets; with Reload as they are now, or as they were last if they cannot be read now.
func (s *Site) current() *assets {
	if s.reload == nil {
		return s.assets
	}
	if a, err := readAssets(s.reload); err == nil {
		return a
	}
	return s.assets
}

// serve writes the file, compressed where the client takes it.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byURL[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Add("Vary", "Accept-Encoding")
	body := file.body
	if file.zip != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.zip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // net/http drops it for HEAD
}

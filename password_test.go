package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPasswordFromAFile(t *testing.T) {
	folder := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "p@ss/wörd \n")
	for _, test := range []struct{ database, file, want, err string }{
		{"sqlite::memory:", "", "sqlite::memory:", ""},
		{"postgres://u@h/d?sslmode=disable", good, "postgres://u:p%40ss%2Fw%C3%B6rd%20@h/d?sslmode=disable", ""},
		{"postgresql://u@h/d", good, "postgresql://u:p%40ss%2Fw%C3%B6rd%20@h/d", ""},
		{"postgres://u@h/d", file("empty", "\n"), "", "is empty"},
		{"postgres://u@h/d", filepath.Join(folder, "none"), "", "cannot be read"},
		{"postgres://u:secret@h/d", good, "", "leave one out"},
		{"sqlite:///v.db", good, "", "postgres://user@host/database"},
		{"postgres://u:secret@h\x7f/d", good, "", "postgres://user@host/database"},
	} {
		got, err := withPassword(test.database, test.file)
		switch {
		case got != test.want || (err == nil) != (test.err == ""):
			t.Errorf("%s with %s: %q, %v", test.database, test.file, got, err)
		case err != nil && (!strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "wörd")):
			t.Errorf("%s with %s: %v", test.database, test.file, err)
		}
	}
}

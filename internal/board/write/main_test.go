package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The project's own board is written, and wrong arguments say how it is called.
func TestMainWritesTheBoard(t *testing.T) {
	codes := []int{}
	exit = func(code int) { codes = append(codes, code) }
	args := os.Args
	t.Cleanup(func() { exit, os.Args = os.Exit, args })
	folder := t.TempDir()
	os.Args = []string{"write", "../../../docs/board.md", folder}
	main()
	os.Args = []string{"write"}
	main()
	if len(codes) != 2 || codes[0] != 0 || codes[1] != 2 {
		t.Errorf("exit codes %v, want 0 and 2", codes)
	}
	for _, name := range []string{"board.csv", "board.json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}

// Command write writes docs/board.md as build/board/board.csv and build/board/board.json; make board runs it. It takes
// the board's file and the folder to write to.
package main

import (
	"fmt"
	"os"

	"verdictory/internal/board"
)

var exit = os.Exit // a test takes its place

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "write the board's file and the folder to write to: write docs/board.md build/board")
		exit(2)
		return
	}
	exit(board.Write(os.Args[1], os.Args[2], os.Stdout, os.Stderr))
}

// Verdictory makes labelled test cases for decision policies: a random who, a random what, and the verdict that the
// policy's rules give them, with the reason. This binary holds all four services and the command line; commands.go has
// what each command does, arguments.go how it is asked for, help.go how that is explained.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
)

// version and commit are set by the build.
var version, commit = "dev", "unknown"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// errFailed ends a command that has already said what failed.
var errFailed = errors.New("failed")

// run parses the arguments, runs the command until it ends or a signal comes, and gives the exit code: 0, 1 for a
// command that failed, 2 for arguments that cannot be.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	command, err := parse(commands(), args, stdout)
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "verdictory: %v\nTry verdictory --help.\n", err)
		return 2
	}
	if err := command.Run(ctx, streams{stdout, stderr}); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintf(stderr, "verdictory: %v\n", err)
		}
		return 1
	}
	return 0
}

// streams are where a command prints.
type streams struct{ out, err io.Writer }

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// helpOfAll prints what the program is and which commands it has.
func helpOfAll(out io.Writer, all []subcommand) {
	fmt.Fprint(out, `Labelled test cases for decision policies: a random who, a random what, and the verdict that the
rules give them, with the reason.

Usage: verdictory COMMAND [flags]

Commands:
`)
	for _, c := range all {
		fmt.Fprintf(out, "  %-10s %s\n", c.name, c.about)
	}
	fmt.Fprint(out, "\nverdictory COMMAND --help has a command's flags, with their defaults and environment variables.\n")
}

// helpOf prints what a command does and how it is written. The flags are of no other use then.
func helpOf(out io.Writer, c subcommand, flags *flagSet) {
	usage, more := c.name, ""
	if flags.argument != nil {
		usage += " " + flags.argument.Name
		more += fmt.Sprintf("\n%s is %s\n", flags.argument.Name, flags.argument.Usage)
	}
	if flags.HasFlags() {
		usage += " [flags]"
		flags.VisitAll(flags.note)
		more += "\nFlags:\n" + flags.FlagUsagesWrapped(100)
	}
	fmt.Fprintf(out, "%s\n\nUsage: verdictory %s\n%s", c.about, usage, more)
}

// note writes behind the usage of a flag what holds where the flag is not given.
func (f *flagSet) note(flag *pflag.Flag) {
	var notes []string
	if slices.Contains(f.required, flag.Name) {
		notes = append(notes, "required")
	}
	if flag.DefValue != "" {
		notes = append(notes, "default "+flag.DefValue)
	}
	before := " ("
	if variable := f.variable(flag.Name); variable != "" {
		notes, before = append(notes, "or "+variable), "\n(" // on a line of its own, or most would be broken in two
	}
	if len(notes) > 0 {
		flag.Usage += before + strings.Join(notes, ", ") + ")"
	}
	// Or pflag writes some defaults once more, in its way. It does not where one is empty and of no type that it knows.
	flag.DefValue, flag.Value = "", struct{ pflag.Value }{flag.Value}
}

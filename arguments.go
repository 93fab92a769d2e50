package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"verdictory/policy"
)

// parse gives the command that the arguments name, with its flags. Where they ask for help it prints that, and the
// error is pflag.ErrHelp; every other one says what to write instead.
func parse(all []subcommand, args []string, stdout io.Writer) (runner, error) {
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("a command is missing: write one of %s", strings.Join(names, ", "))
	}
	if args[0] == "-h" || args[0] == "--help" {
		helpOfAll(stdout, all)
		return nil, pflag.ErrHelp
	}
	i := slices.Index(names, args[0])
	if i < 0 {
		return nil, fmt.Errorf("there is no command %q%s: write one of %s", args[0], policy.DidYouMean(args[0], names), strings.Join(names, ", "))
	}
	flags := newFlagSet(all[i])
	flags.Usage = func() { helpOf(stdout, all[i], flags) } // pflag calls it for -h and --help
	return all[i].runner, flags.read(args[1:])
}

// flagSet is a command's flags, with what pflag does not know of them.
type flagSet struct {
	*pflag.FlagSet
	required   []string    // flags that must be given
	noVariable []string    // flags that no environment variable stands in for
	argument   *pflag.Flag // what is written without a flag, and must be; nil for nothing
}

func newFlagSet(c subcommand) *flagSet {
	flags := &flagSet{FlagSet: pflag.NewFlagSet(c.name, pflag.ContinueOnError)}
	flags.SortFlags = false // help has them as they are defined
	c.define(flags)
	return flags
}

// variable names the environment variable that stands in for a flag; "" where none does.
func (f *flagSet) variable(flag string) string {
	if slices.Contains(f.noVariable, flag) {
		return ""
	}
	return "VERDICTORY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// read takes what the arguments give, and from the environment the flags that they do not.
func (f *flagSet) read(args []string) error {
	if err := f.Parse(args); err != nil {
		return f.plain(err)
	}
	rest := f.Args()
	if f.argument != nil {
		if len(rest) == 0 {
			return fmt.Errorf("%s is required", f.argument.Name)
		}
		if err := f.argument.Value.Set(rest[0]); err != nil {
			return invalid(f.argument.Name, rest[0], err)
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	var wrong []error
	f.VisitAll(func(flag *pflag.Flag) {
		variable := f.variable(flag.Name)
		value, found := os.LookupEnv(variable)
		switch {
		case flag.Changed: // by the arguments
		case found:
			if err := flag.Value.Set(value); err != nil {
				wrong = append(wrong, invalid(variable, value, err))
			}
		case slices.Contains(f.required, flag.Name):
			wrong = append(wrong, fmt.Errorf("--%s is required, or the environment variable %s", flag.Name, variable))
		}
	})
	return errors.Join(wrong...)
}

// plain says in our words what pflag found wrong, without the value of an unknown flag, which may be secret.
func (f *flagSet) plain(err error) error {
	var (
		misread *pflag.InvalidValueError
		bare    *pflag.ValueRequiredError
		unknown *pflag.NotExistError
		odd     *pflag.InvalidSyntaxError // such as ---limit=5
	)
	switch {
	case errors.As(err, &misread):
		return invalid("--"+misread.GetFlag().Name, misread.GetValue(), misread.Unwrap())
	case errors.As(err, &bare):
		placeholder, _ := pflag.UnquoteUsage(bare.GetFlag())
		return fmt.Errorf("--%[1]s has no value: write --%[1]s %[2]s", bare.GetFlag().Name, placeholder)
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("unknown flag -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		known, flag := []string{"--help"}, "--"+unknown.GetSpecifiedName()
		f.VisitAll(func(one *pflag.Flag) { known = append(known, "--"+one.Name) })
		return fmt.Errorf("unknown flag %s%s", flag, policy.DidYouMean(flag, known))
	case errors.As(err, &odd):
		return errors.New("a flag begins with one hyphen or two, and then its name")
	}
	return err // pflag.ErrHelp
}

// invalid says where a value stands that cannot be, and with the cause what it must be.
func invalid(where, value string, cause error) error {
	return fmt.Errorf("%s: %q %w", where, value, cause)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"verdictory/app/export"
	"verdictory/app/history"
	"verdictory/contract"
	"verdictory/internal/cases"
	"verdictory/internal/check"
	"verdictory/internal/service"
	"verdictory/internal/verify"
	"verdictory/policy"
)

// subcommand is what one word of the command line does.
type subcommand struct {
	name, about string
	runner      // a pointer to the command's flags, which parse fills
}

// runner holds a command's flags. Once they are defined and read, Run does what it is for, until that is done or the
// context ends.
type runner interface {
	define(*flagSet)
	Run(context.Context, streams) error
}

// commands are all of them, in the order of the help, with no flag read yet. docs/configuration.md has the flags as a
// table, and a test holds the two together.
func commands() []subcommand {
	return []subcommand{
		{"up", "Start everything in one process, with SQLite.", &upCommand{}},
		{"app", "Start the core: pages, JSON API, history.", &appCommand{}},
		{"generator", "Start a generator of random objects.", &generatorCommand{}},
		{"rules", "Start the rules service.", &rulesCommand{}},
		{"check", "Compile a policy, run its examples, say which rules random cases never hit.", &checkCommand{}},
		{"cases", "Write labelled cases to standard output, without a server.", &casesCommand{}},
		{"verify", "Derive the verdict of every stored case again, and say which is not as it was.", &verifyCommand{}},
		{"health", "Ask a service on this machine how it is: exit code 0 where it is well.", &healthCommand{}},
		{"version", "Print the version.", &versionCommand{}},
	}
}

type checkCommand struct {
	Dir string
}

func (c *checkCommand) define(flags *flagSet) {
	flags.argument = &pflag.Flag{Name: "DIR", Usage: "a policy's folder, or a folder of such folders.", Value: (*folder)(&c.Dir)}
}

// Run prints what is wrong and fails where something is.
func (c *checkCommand) Run(_ context.Context, s streams) error {
	if !check.Run(s.out, c.Dir) {
		return errFailed
	}
	return nil
}

type casesCommand struct {
	Policy string
	Count  int64
	Seed   string
	Mode   string
	Format string
	policyFlags
}

func (c *casesCommand) define(flags *flagSet) {
	flags.StringVar(&c.Policy, "policy", "motor-insurance", "The policy's `NAME`.")
	flags.Int64VarP(&c.Count, "count", "n", 10, "Write `N` cases.")
	flags.StringVar(&c.Seed, "seed", "", "The run's `SEED`, up to 8 of 0-9 and A-Z without I, L, O, U: the same seed gives the same cases. Else one is drawn.")
	flags.StringVar(&c.Mode, "mode", "random", "The `MODE`: random or boundary.")
	flags.StringVarP(&c.Format, "format", "f", "csv", "The `FORMAT`: csv, json, ndjson, sql or gherkin.")
	flags.noVariable = []string{"policy", "count", "seed", "mode", "format"}
	c.policyFlags.define(flags)
}

// Run writes the cases to standard output, and to standard error the progress, where that is a terminal, and the seed,
// where it was drawn.
func (c *casesCommand) Run(ctx context.Context, s streams) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	if c.Seed == "" {
		fmt.Fprintf(s.err, "seed %s\n", options.Seed)
	}
	return cases.Run(ctx, s.out, cases.Progress(os.Stderr), options)
}

func (c *casesCommand) options() (options cases.Options, err error) {
	loaded, err := c.load()
	if err != nil {
		return options, err
	}
	i := slices.IndexFunc(loaded, named(c.Policy))
	if i < 0 {
		var names []string
		for _, p := range loaded {
			names = append(names, p.Name)
		}
		return options, fmt.Errorf("there is no policy %q%s: write one of %s", c.Policy, policy.DidYouMean(c.Policy, names), strings.Join(names, ", "))
	}
	if c.Count < 1 {
		return options, fmt.Errorf("--count is %d: write 1 or more", c.Count)
	}
	options = cases.Options{Policy: loaded[i], Count: c.Count, Seed: policy.Seed(rand.Uint64()) & policy.MaxSeed}
	if c.Seed != "" {
		if options.Seed, err = policy.ParseSeed(c.Seed); err != nil {
			return options, err
		}
	}
	if options.Mode, err = policy.ParseMode(c.Mode); err != nil {
		return options, err
	}
	options.Format, err = export.Find(c.Format)
	return options, err
}

// verifyCommand looks at a history, of a core that runs or not.
type verifyCommand struct {
	Database             string
	DatabasePasswordFile string
}

func (c *verifyCommand) define(flags *flagSet) {
	defineDatabase(flags, &c.Database)
	definePasswordFile(flags, &c.DatabasePasswordFile)
}

// Run opens the history as a core of this version does, and fails where a case is not as it was.
func (c *verifyCommand) Run(ctx context.Context, s streams) error {
	database, err := withPassword(c.Database, c.DatabasePasswordFile)
	if err != nil {
		return err
	}
	store, err := history.Open(ctx, database, service.NewLog(os.Stderr, slog.LevelWarn, "verify"))
	if err != nil {
		return err
	}
	ok, err := verify.Run(ctx, s.out, store)
	if err = errors.Join(err, store.Close()); err == nil && !ok {
		err = errFailed
	}
	return err
}

type versionCommand struct{}

func (*versionCommand) define(*flagSet) {}

// Run prints the version, and that of the engine, which cases depend on.
func (*versionCommand) Run(_ context.Context, s streams) error {
	_, err := fmt.Fprintf(s.out, "verdictory %s (commit %s, engine %d)\n", version, commit, contract.Engine)
	return err
}

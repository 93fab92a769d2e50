package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"verdictory/app/export"
	"verdictory/contract"
	"verdictory/internal/cases"
	"verdictory/internal/check"
	"verdictory/policy"
)

// commandLine is every command with its flags; kong fills it. docs/configuration.md has the same as a table, and a
// test holds the two together.
type commandLine struct {
	Up        upCommand        `cmd:"" set:"log_level=warn" help:"Start everything in one process, with SQLite."`
	App       appCommand       `cmd:"" help:"Start the core: pages, JSON API, history."`
	Generator generatorCommand `cmd:"" help:"Start a generator of random objects."`
	Rules     rulesCommand     `cmd:"" help:"Start the rules service."`
	Check     checkCommand     `cmd:"" help:"Compile a policy, run its examples, say which rules random cases never hit."`
	Cases     casesCommand     `cmd:"" help:"Write labelled cases to standard output, without a server."`
	Health    healthCommand    `cmd:"" help:"Ask a service on this machine how it is: exit code 0 where it is well."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

type checkCommand struct {
	Dir string `arg:"" type:"existingdir" help:"A policy's folder, or a folder of such folders."`
}

// Run prints what is wrong and fails where something is.
func (c *checkCommand) Run(s *streams) error {
	if !check.Run(s.out, c.Dir) {
		return errFailed
	}
	return nil
}

type casesCommand struct {
	Policy string `default:"motor-insurance" placeholder:"NAME" help:"The policy. (${default})"`
	Count  int64  `short:"n" default:"10" placeholder:"N" help:"How many cases. (${default})"`
	Seed   string `placeholder:"SEED" help:"The run's seed, up to 8 of 0-9 and A-Z without I, L, O, U: the same seed gives the same cases. (drawn)"`
	Mode   string `default:"random" placeholder:"MODE" help:"random or boundary. (${default})"`
	Format string `short:"f" default:"csv" placeholder:"FORMAT" help:"csv, json, ndjson, sql or gherkin. (${default})"`
	policyFlags
}

// Run writes the cases to standard output, and to standard error the progress, where that is a terminal, and the seed,
// where it was drawn.
func (c *casesCommand) Run(ctx context.Context, s *streams) error {
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

type versionCommand struct{}

// Run prints the version, and that of the engine, which cases depend on.
func (versionCommand) Run(s *streams) error {
	_, err := fmt.Fprintf(s.out, "verdictory %s (commit %s, engine %d)\n", version, commit, contract.Engine)
	return err
}

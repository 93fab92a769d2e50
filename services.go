package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"verdictory/app"
	"verdictory/app/history"
	"verdictory/app/page"
	"verdictory/app/remote"
	"verdictory/contract"
	"verdictory/generators"
	"verdictory/internal/service"
	"verdictory/policy"
	"verdictory/rules"
	"verdictory/static"
	"verdictory/templates"
)

// runFlags are how a service runs, the same for all four.
type runFlags struct {
	LogLevel slog.Level
	Limit    int
	Pause    time.Duration
	Grace    time.Duration
	Traces   string
}

func (f *runFlags) define(flags *flagSet, least slog.Level) {
	f.LogLevel = least
	flags.Var((*level)(&f.LogLevel), "log-level", "The least that is logged: debug, info, warn or error.")
	flags.IntVar(&f.Limit, "limit", 128, "Handle `N` requests at once; more are answered 503.")
	flags.DurationVar(&f.Pause, "pause", 0, "When stopping, the `TIME` from not ready to not listening: what probes of /readyz need to notice.")
	flags.DurationVar(&f.Grace, "grace", 10*time.Second, "When stopping, the `TIME` that requests in hand are given.")
	flags.StringVar(&f.Traces, "traces", "", "Send OpenTelemetry traces to this OTLP/HTTP `URL`.")
}

// config makes what a service of the name runs with. Its tracing is to be closed.
func (f runFlags) config(ctx context.Context, name string) (service.Config, error) {
	service.TuneRuntime() // of the process, so for up once would do
	log := service.NewLog(os.Stderr, f.LogLevel, name)
	tracing, err := service.NewTracing(ctx, f.Traces, name, version, log)
	return service.Config{
		Name: name, Limit: f.Limit, Pause: f.Pause, Grace: f.Grace,
		Log: log, Metrics: service.NewMetrics(name, version), Tracing: tracing,
	}, err
}

// serve runs a service until the context ends.
func (f runFlags) serve(ctx context.Context, name string, listener net.Listener, handler http.Handler) error {
	config, err := f.config(ctx, name)
	if err != nil {
		return err
	}
	err = service.Serve(ctx, config, listener, handler)
	return errors.Join(err, config.Tracing.Close(context.WithoutCancel(ctx)))
}

// listen takes an address.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen, perhaps because another program does (--listen takes another address): %w", err)
	}
	return listener, nil
}

// generatorCommand is services 2 and 3.
type generatorCommand struct {
	Role   string
	Listen string
	runFlags
}

func (c *generatorCommand) define(flags *flagSet) {
	flags.Var((*role)(&c.Role), "role", "Which of a policy's objects to generate.")
	flags.required = []string{"role"}
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8081", "The `HOST:PORT` to listen on; --role what by custom takes port 8082.")
	c.runFlags.define(flags, slog.LevelInfo)
}

// Run serves objects until the context ends.
func (c *generatorCommand) Run(ctx context.Context, _ streams) error {
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	return c.serve(ctx, "generator-"+c.Role, listener, generators.NewHandler(c.Role))
}

// rulesCommand is service 4.
type rulesCommand struct {
	Listen string
	runFlags
}

func (c *rulesCommand) define(flags *flagSet) {
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8083", "The `HOST:PORT` to listen on.")
	c.runFlags.define(flags, slog.LevelInfo)
}

// Run proves the limits on hostile documents and then serves verdicts until the context ends.
func (c *rulesCommand) Run(ctx context.Context, _ streams) error {
	listener, err := listen(c.Listen)
	if err = errors.Join(rules.ProveLimits(), err); err != nil {
		return err
	}
	return c.serve(ctx, "rules", listener, rules.NewHandler())
}

// appCommand is service 1, the core.
type appCommand struct {
	Listen           string
	Database         string
	Who, What, Rules string
	coreFlags
	runFlags
}

func (c *appCommand) define(flags *flagSet) {
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "The `HOST:PORT` of the pages and the API.")
	defineDatabase(flags, &c.Database)
	flags.StringVar(&c.Who, "who", "http://127.0.0.1:8081", "The `URL` of the generator of --role who.")
	flags.StringVar(&c.What, "what", "http://127.0.0.1:8082", "The `URL` of the generator of --role what.")
	flags.StringVar(&c.Rules, "rules", "http://127.0.0.1:8083", "The `URL` of the rules service.")
	c.coreFlags.define(flags)
	c.runFlags.define(flags, slog.LevelInfo)
}

// coreFlags are what the core takes, alone and in up.
type coreFlags struct {
	policyFlags
	DatabasePasswordFile string
	Source               string
}

func (f *coreFlags) define(flags *flagSet) {
	f.policyFlags.define(flags)
	definePasswordFile(flags, &f.DatabasePasswordFile)
	flags.Var((*folder)(&f.Source), "source", "Read templates/ and static/ from this folder anew for each page, not the built-in ones: for those who work on them.")
}

// Run serves pages and API until the context ends.
func (c *appCommand) Run(ctx context.Context, _ streams) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	return c.serveCore(ctx, core{run: c.runFlags, database: c.Database, who: c.Who, what: c.What, rules: c.Rules, policies: loaded}, listener)
}

// core is what the core is started with.
type core struct {
	run              runFlags
	database         string
	who, what, rules string // the other services' addresses
	policies         []*policy.Policy
	ready            func() // called before the first request is answered; nil for nothing
}

// serveCore runs the core until the context ends, and closes the history after the last request.
func (f coreFlags) serveCore(ctx context.Context, c core, listener net.Listener) (err error) {
	config, err := c.run.config(ctx, "app")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, config.Tracing.Close(context.WithoutCancel(ctx))) }()
	database, err := withPassword(c.database, f.DatabasePasswordFile)
	if err != nil {
		return err
	}
	store, err := history.Open(ctx, database, config.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	client, err := remote.New(remote.Config{Who: c.who, What: c.what, Rules: c.rules, Metrics: config.Metrics, Tracing: config.Tracing, Log: config.Log})
	if err != nil {
		return err
	}
	pages, err := page.NewSite(f.site(c.policies))
	if err != nil {
		return fmt.Errorf("the pages cannot be made (`make assets` fetches htmx): %w", err)
	}
	server, err := app.New(ctx, app.Parts{Policies: c.policies, Remote: client, History: store, Pages: pages, Metrics: config.Metrics, Log: config.Log})
	if err != nil {
		return err
	}
	config.Ready = store.Ready
	if c.ready != nil {
		c.ready()
	}
	working, stop := context.WithCancel(ctx)
	var worker sync.WaitGroup
	worker.Go(func() { server.Work(working) })
	err = service.Serve(ctx, config, listener, server.Handler())
	stop()
	worker.Wait() // before the history is closed
	return err
}

// site says where the pages' files come from.
func (f coreFlags) site(loaded []*policy.Policy) page.Config {
	if f.Source == "" {
		return page.Config{Policies: loaded, Templates: templates.FS, Static: static.FS}
	}
	from := func(folder string) fs.FS { return os.DirFS(filepath.Join(f.Source, folder)) }
	return page.Config{Policies: loaded, Templates: from("templates"), Static: from("static"), Reload: true}
}

// upCommand is all four services in one process.
type upCommand struct {
	Listen   string
	Data     string
	Database string
	coreFlags
	runFlags
}

func (c *upCommand) define(flags *flagSet) {
	flags.StringVar(&c.Listen, "listen", "127.0.0.1:8080", "The `HOST:PORT` of the pages and the API.")
	flags.StringVar(&c.Data, "data", "data", "Keep the history in this `DIR`, with SQLite.")
	flags.StringVar(&c.Database, "database", "", "Keep the history at this `URL` instead: postgres://user:password@host/database.")
	c.coreFlags.define(flags)
	c.runFlags.define(flags, slog.LevelWarn)
}

// Run starts the three other services on free loopback ports and the core in front of them, until the context ends.
// They stop after the core has drained, so that its last requests find them.
func (c *upCommand) Run(ctx context.Context, s streams) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	if c.Database == "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return fmt.Errorf("the folder of the history cannot be made (--data takes another): %w", err)
		}
		c.Database = "sqlite://" + filepath.ToSlash(filepath.Join(c.Data, "verdictory.db"))
	}
	listeners, err := listenAll(c.Listen, inner, inner, inner)
	if err = errors.Join(rules.ProveLimits(), err); err != nil {
		return err
	}
	pages, who, what, verdicts := listeners[0], listeners[1], listeners[2], listeners[3]

	others, stopOthers := context.WithCancel(context.WithoutCancel(ctx))
	var all errgroup.Group
	all.Go(func() error { return c.serve(others, "generator-who", who, generators.NewHandler(contract.RoleWho)) })
	all.Go(func() error { return c.serve(others, "generator-what", what, generators.NewHandler(contract.RoleWhat)) })
	all.Go(func() error { return c.serve(others, "rules", verdicts, rules.NewHandler()) })
	err = c.serveCore(ctx, core{
		run: c.runFlags, database: c.Database, policies: loaded, who: url(who), what: url(what), rules: url(verdicts),
		ready: func() { fmt.Fprintf(s.out, "Verdictory is ready: %s\n", url(pages)) },
	}, pages)
	stopOthers()
	return errors.Join(err, all.Wait())
}

// inner is where up's other services listen: a free port that only this machine reaches.
const inner = "127.0.0.1:0"

// listenAll takes all addresses, or none.
func listenAll(addresses ...string) (listeners []net.Listener, err error) {
	for _, address := range addresses {
		listener, err := listen(address)
		if err != nil {
			for _, taken := range listeners {
				err = errors.Join(err, taken.Close())
			}
			return nil, err
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

func url(listener net.Listener) string { return "http://" + listener.Addr().String() }

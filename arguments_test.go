package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VERDICTORY_LISTEN", ":1")
	t.Setenv("VERDICTORY_TRACES", "")
	t.Setenv("VERDICTORY_GRACE", "1m30s")
	t.Setenv("VERDICTORY_PAUSE", "soon") // read nowhere: the flag wins
	t.Setenv("VERDICTORY_COUNT", "1")
	run := runFlags{LogLevel: slog.LevelInfo, Limit: 128, Pause: time.Second, Grace: 90 * time.Second}
	quiet := run
	quiet.LogLevel = slog.LevelWarn
	few := casesCommand{Policy: "motor-insurance", Count: 5, Mode: "random", Format: "csv"}
	seeded := few
	seeded.Seed, seeded.Format = "A=", "json"
	odd := few
	odd.Seed = "-x"
	negative := few
	negative.Count = -5
	for args, want := range map[string]runner{
		"up --pause 1s":                      &upCommand{Listen: ":1", Data: "data", runFlags: quiet},
		"rules --pause=1s --listen :2":       &rulesCommand{Listen: ":2", runFlags: run},
		"rules --pause=1s --log-level=INFO":  &rulesCommand{Listen: ":1", runFlags: run},
		"generator --pause 1s --role=what":   &generatorCommand{Role: "what", Listen: ":1", runFlags: run},
		"app --database d --pause 1s --who=": &appCommand{Listen: ":1", Database: "d", What: "http://127.0.0.1:8082", Rules: "http://127.0.0.1:8083", runFlags: run},
		"check policies":                     &checkCommand{Dir: filepath.Join(here, "policies")},
		"check .":                            &checkCommand{Dir: here},
		"check -- policies":                  &checkCommand{Dir: filepath.Join(here, "policies")},
		"cases --count 5":                    &few,
		"cases --count=5":                    &few,
		"cases -n 5":                         &few,
		"cases -n5":                          &few,
		"cases -n 1 -n=5":                    &few,
		"cases --seed= -n 5":                 &few,
		"cases -n5 -fjson --seed=A=":         &seeded,
		"cases --seed A= -f json -n5":        &seeded,
		"cases -n5 --seed -x":                &odd,
		"cases -n -5":                        &negative,
		"cases -n-5":                         &negative,
		"cases --count=-5":                   &negative,
		"health --ready":                     &healthCommand{Listen: ":1", Ready: true},
		"health --ready=false":               &healthCommand{Listen: ":1"},
	} {
		got, err := parse(commands(), strings.Fields(args), io.Discard)
		if err != nil {
			t.Errorf("%s: %v", args, err)
		} else if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
			t.Errorf("%s is read differently (-want +got):\n%s", args, diff)
		}
	}
}

func TestParseSaysWhatToWriteInstead(t *testing.T) {
	for _, test := range []struct{ args, env, want string }{
		{"--version", "", `there is no command "--version": did you mean "version"?: write one of up, app, generator, rules, check, cases, verify, health, version`},
		{"version 2", "", `unexpected argument "2"`},
		{"check", "", `DIR is required`},
		{"check . more", "", `unexpected argument "more"`},
		{"check main.go", "", `DIR: "main.go" must be a folder, and HERE/main.go is none`},
		{"check -- --ready=", "", `DIR: "--ready=" must be a folder, and HERE/--ready= is none`},
		{"cases --seed", "", `--seed has no value: write --seed SEED`},
		{"cases -n", "", `--count has no value: write --count N`},
		{"generator --role", "", `--role has no value: write --role who|what`},
		{"cases --policies main.go", "", `--policies: "main.go" must be a folder, and HERE/main.go is none`},
		{"cases", "POLICIES=none", `VERDICTORY_POLICIES: "none" must be a folder, and HERE/none is none`},
		{"cases -n many", "", `--count: "many" must be an integer`},
		{"cases --count=", "", `--count: "" must be an integer`},
		{"cases --count 9223372036854775808", "", `--count: "9223372036854775808" must be an integer`},
		{"cases -x", "", `unknown flag -x`},
		{"cases -xsecret", "", `unknown flag -x`},
		{"cases --formt=json", "", `unknown flag --formt: did you mean "--format"?`},
		{"cases --hlep", "", `unknown flag --hlep: did you mean "--help"?`},
		{"generator --role who --limti 5", "", `unknown flag --limti: did you mean "--limit"?`},
		{"generator --role both", "", `--role: "both" must be who or what`},
		{"generator", "ROLE=", `VERDICTORY_ROLE: "" must be who or what`},
		{"app --databse=postgres://u:secret@h/d", "", `unknown flag --databse: did you mean "--database"?`},
		{"app --databse postgres://u:secret@h/d", "", `unknown flag --databse: did you mean "--database"?`},
		{"app ---database=postgres://u:secret@h/d", "", `a flag begins with one hyphen or two, and then its name`},
		{"app", "LIMIT=few", "--database is required, or the environment variable VERDICTORY_DATABASE\nVERDICTORY_LIMIT: \"few\" must be an integer"},
		{"rules --pause 5", "", `--pause: "5" must be a duration like "30s" or "5m"`},
		{"rules", "GRACE=soon", `VERDICTORY_GRACE: "soon" must be a duration like "30s" or "5m"`},
		{"rules", "LIMIT=", `VERDICTORY_LIMIT: "" must be an integer`},
		{"rules", "LOG_LEVEL=loud", `VERDICTORY_LOG_LEVEL: "loud" must be debug, info, warn or error`},
		{"health --ready=maybe", "", `--ready: "maybe" must be true or false`},
	} {
		t.Run(test.args+test.env, func(t *testing.T) {
			if name, value, set := strings.Cut(test.env, "="); set {
				t.Setenv("VERDICTORY_"+name, value)
			}
			here, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			_, err = parse(commands(), strings.Fields(test.args), io.Discard)
			if err == nil || strings.ReplaceAll(err.Error(), here, "HERE") != test.want {
				t.Errorf("%s %s says %v, want %s", test.env, test.args, err, test.want)
			}
		})
	}
}

func TestAFolderInNoFolder(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(gone, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(gone)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := new(folder).Set("policies"); err == nil {
		t.Error("a path is absolute where the current folder is gone")
	}
}

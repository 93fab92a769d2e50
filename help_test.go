package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestHelpOfTheProgramHasItsCommands(t *testing.T) {
	help, stderr, code := command(t, "-h")
	if code != 0 || stderr != "" {
		t.Errorf("-h ends with %d: %s", code, stderr)
	}
	for _, c := range commands() {
		if !strings.Contains(help, fmt.Sprintf("\n  %-10s %s\n", c.name, c.about)) {
			t.Errorf("it does not say what %s does: %s", c.name, help)
		}
	}
}

func TestHelpOfACommand(t *testing.T) {
	for args, want := range map[string]string{
		"version --help": "Print the version.\n\nUsage: verdictory version\n",
		"check -h": "Compile a policy, run its examples, say which rules random cases never hit.\n\n" +
			"Usage: verdictory check DIR\n\nDIR is a policy's folder, or a folder of such folders.\n",
		"health --help": "Ask a service on this machine how it is: exit code 0 where it is well.\n\n" +
			"Usage: verdictory health [flags]\n\nFlags:\n" +
			"      --listen HOST:PORT   The HOST:PORT that the service was given to listen on.\n" +
			"                           (default 127.0.0.1:8080, or VERDICTORY_LISTEN)\n" +
			"      --ready              Ask whether it takes requests (/readyz), not only whether it runs\n" +
			"                           (/livez). (default false)\n",
	} {
		if help, stderr, code := command(t, strings.Fields(args)...); code != 0 || help != want || stderr != "" {
			t.Errorf("%s ends with %d and says %s%s", args, code, help, stderr)
		}
	}
}

func TestHelpOfEachCommandHasItsFlags(t *testing.T) {
	for _, c := range commands() {
		help, stderr, code := command(t, c.name, "--help")
		if code != 0 || stderr != "" {
			t.Errorf("%s --help ends with %d: %s", c.name, code, stderr)
		}
		for line := range strings.Lines(help) {
			if len(line) > 101 {
				t.Errorf("the help of %s has a line of more than 100 characters: %s", c.name, line)
			}
		}
		flags := newFlagSet(c)
		flags.VisitAll(func(flag *pflag.Flag) {
			_, text, found := strings.Cut(help, " --"+flag.Name+" ")
			text, _, _ = strings.Cut(text, "\n      --")
			variable := flags.variable(flag.Name)
			if !found || variable != "" && !strings.Contains(text, "or "+variable+")") || flag.DefValue != "" && !strings.Contains(text, "(default "+flag.DefValue) {
				t.Errorf("the help of %s does not have --%s with the default %q and the variable %q: %s", c.name, flag.Name, flag.DefValue, variable, text)
			}
		})
	}
}

func TestHelpSaysWhatHoldsWithoutAFlag(t *testing.T) {
	for name, wants := range map[string][]string{
		"up":        {"(default warn, or VERDICTORY_LOG_LEVEL)\n", "(default 0s, or VERDICTORY_PAUSE)\n"},
		"app":       {"(required, or VERDICTORY_DATABASE)\n", "(default info, or VERDICTORY_LOG_LEVEL)\n", "(or VERDICTORY_TRACES)\n"},
		"generator": {"--role who|what      Which of a policy's objects to generate.\n", "(required, or VERDICTORY_ROLE)\n"},
		"cases":     {"  -n, --count N         Write N cases. (default 10)\n", "Else one is drawn.\n"},
	} {
		help, _, _ := command(t, name, "--help")
		for _, want := range wants {
			if !strings.Contains(help, want) {
				t.Errorf("the help of %s has no %q: %s", name, want, help)
			}
		}
	}
}

//go:build delivery

package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What delivery/groovy says of Jenkinsfiles: each of a set of broken ones is refused with its reason, and ours is run as a
// feature branch and as main, with every step failing and hanging once.

// groovyQuestion is one for delivery/groovy/check.
type groovyQuestion struct {
	File string   `json:"file"`
	Run  *pipeRun `json:"run,omitempty"`
}

// pipeRun is what happens in a run; Simulation.groovy says what each means.
type pipeRun struct {
	Branch   string            `json:"branch"`
	Previous string            `json:"previous,omitempty"`
	Fails    []string          `json:"fails,omitempty"`
	Hangs    []string          `json:"hangs,omitempty"`
	Marks    map[string]string `json:"marks,omitempty"`
}

type groovyAnswer struct {
	Errors  []string
	Plugins map[string]string
	Run     struct {
		Result string
		Stages [][2]string
		Trace  []tracedStep
	}
}

type tracedStep struct {
	Stage, Step, Result string
	Given               []any
	Within, Secrets     []string
	Environment         map[string]string
}

func askGroovy(t *testing.T, questions []groovyQuestion) []groovyAnswer {
	t.Helper()
	asked, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	c := command(ctx, "delivery/groovy/check")
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(asked), &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("delivery/groovy/check: %v\n%s", err, stderr.String())
	}
	var answers []groovyAnswer
	if err := json.Unmarshal(stdout.Bytes(), &answers); err != nil {
		t.Fatalf("delivery/groovy/check: %v\n%s", err, stdout.String())
	}
	return answers
}

// sh gives the scripts that were run, in order.
func (a groovyAnswer) sh() []string {
	var scripts []string
	for _, step := range a.Run.Trace {
		if step.Step == "sh" {
			scripts = append(scripts, step.Given[0].(string))
		}
	}
	return scripts
}

func (a groovyAnswer) find(step, given string) *tracedStep {
	for i, s := range a.Run.Trace {
		if s.Step == step && (given == "" || len(s.Given) > 0 && s.Given[0] == given) {
			return &a.Run.Trace[i]
		}
	}
	return nil
}

func TestBrokenJenkinsfilesAreRefused(t *testing.T) {
	files, err := filepath.Glob("testdata/jenkinsfiles/*.groovy")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d broken Jenkinsfiles, %v", len(files), err)
	}
	var questions []groovyQuestion
	for _, file := range files {
		questions = append(questions, groovyQuestion{File: "delivery/" + file})
	}
	for i, a := range askGroovy(t, questions) {
		content, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(content), "\n")
		reason, ok := strings.CutPrefix(first, "// refused: ")
		if !ok {
			t.Errorf("%s: its first line is not // refused: …", files[i])
		}
		if !slices.ContainsFunc(a.Errors, func(e string) bool { return strings.Contains(e, reason) }) {
			t.Errorf("%s: refused for %q, should be for %q", files[i], a.Errors, reason)
		}
		for _, e := range a.Errors {
			if !regexp.MustCompile(`^line [0-9]+: `).MatchString(e) {
				t.Errorf("%s: %q does not say where", files[i], e)
			}
		}
	}
}

var (
	checkSteps   = []string{"make setup", "make assets", "make lint", "make lint-delivery", "make unit", "make coverage"}
	releaseSteps = []string{"make image", "make login", "make push", "make deploy", `make smoke URL="$VERDICTORY_URL"`}
)

func TestJenkinsfileRuns(t *testing.T) {
	all := append(slices.Clone(checkSteps), releaseSteps...)
	type expectation struct {
		name   string
		run    pipeRun
		sh     []string
		result string
		more   func(*testing.T, groovyAnswer)
	}
	told := func(result string) func(*testing.T, groovyAnswer) {
		return func(t *testing.T, a groovyAnswer) {
			if step := a.find("sh", "make notify"); step.Environment["NOTIFY_RESULT"] != result || !slices.Equal(step.Secrets, []string{"NOTIFY_URL"}) {
				t.Errorf("told %s with the secrets %v, should tell %s with NOTIFY_URL", step.Environment["NOTIFY_RESULT"], step.Secrets, result)
			}
		}
	}
	expected := []expectation{
		{name: "feature", run: pipeRun{Branch: "history-by-week"}, sh: checkSteps, result: "SUCCESS", more: func(t *testing.T, a groovyAnswer) {
			for _, step := range a.Run.Trace {
				if len(step.Secrets) > 0 {
					t.Errorf("%s %v of a feature branch can see %v", step.Step, step.Given, step.Secrets)
				}
			}
			if !slices.Contains(a.Run.Stages, [2]string{"Release", "not for this build"}) {
				t.Errorf("stages: %v", a.Run.Stages)
			}
		}},
		{name: "feature that fails", run: pipeRun{Branch: "history-by-week", Previous: "SUCCESS", Fails: []string{"make unit"}}, sh: checkSteps[:5], result: "FAILURE"},
		{name: "a branch with a name like main", run: pipeRun{Branch: "feature/main"}, sh: checkSteps, result: "SUCCESS"},
		{name: "main", run: pipeRun{Branch: "main", Previous: "SUCCESS"}, sh: all, result: "SUCCESS", more: func(t *testing.T, a groovyAnswer) {
			for _, script := range []string{"make deploy", `make smoke URL="$VERDICTORY_URL"`} {
				if step := a.find("sh", script); !slices.Contains(step.Within, "lock(verdictory-production)") {
					t.Errorf("%s runs within %v, without the lock", script, step.Within)
				}
			}
			for _, step := range a.Run.Trace {
				var secrets []string
				if step.Step == "sh" && step.Given[0] == "make login" {
					secrets = []string{"REGISTRY_PASSWORD", "REGISTRY_USER"}
				}
				if !slices.Equal(step.Secrets, secrets) {
					t.Errorf("%s %v sees the secrets %v, should see %v", step.Step, step.Given, step.Secrets, secrets)
				}
			}
			folder := a.find("sh", "make login").Environment["DOCKER_CONFIG"]
			for _, script := range []string{"make push", "make deploy"} {
				if a.find("sh", script).Environment["DOCKER_CONFIG"] != folder || folder == "" {
					t.Errorf("%s does not use the login of make login, in %s", script, folder)
				}
			}
			if step := a.Run.Trace[len(a.Run.Trace)-1]; step.Step != "deleteDir" || !slices.Contains(step.Within, "dir("+filepath.Dir(folder)+")") {
				t.Errorf("last comes %s within %v, should delete the folder of the login", step.Step, step.Within)
			}
		}},
		{name: "main, first of all", run: pipeRun{Branch: "main"}, sh: all, result: "SUCCESS"},
		{name: "main that recovers", run: pipeRun{Branch: "main", Previous: "FAILURE"}, sh: append(slices.Clone(all), "make notify"), result: "SUCCESS", more: told("SUCCESS")},
		{name: "main that recovers, and the chat is away", run: pipeRun{Branch: "main", Previous: "FAILURE", Fails: []string{"make notify"}},
			sh: append(slices.Clone(all), "make notify"), result: "SUCCESS"},
		{name: "main with a failed test in the report", run: pipeRun{Branch: "main", Marks: map[string]string{"junit": "UNSTABLE"}},
			sh: append(slices.Clone(checkSteps[:5]), "make notify"), result: "UNSTABLE", more: told("UNSTABLE")},
		{name: "main with coverage below the gate", run: pipeRun{Branch: "main", Marks: map[string]string{"recordCoverage": "FAILURE"}},
			sh: append(slices.Clone(checkSteps), "make notify"), result: "FAILURE", more: told("FAILURE")},
		{name: "main with no report", run: pipeRun{Branch: "main", Fails: []string{"junit"}}, sh: append(slices.Clone(checkSteps[:5]), "make notify"), result: "FAILURE"},
	}
	for i, script := range all {
		done := all[:i+1]
		if i >= 2 && i <= 4 { // of the parallel stages all are finished
			done = checkSteps[:5]
		}
		done = append(slices.Clone(done), "make notify")
		expected = append(expected,
			expectation{script + " fails", pipeRun{Branch: "main", Previous: "SUCCESS", Fails: []string{script}}, done, "FAILURE", told("FAILURE")},
			expectation{script + " hangs", pipeRun{Branch: "main", Previous: "SUCCESS", Hangs: []string{script}}, done, "ABORTED", told("ABORTED")})
	}

	var questions []groovyQuestion
	for _, e := range expected {
		questions = append(questions, groovyQuestion{File: "Jenkinsfile", Run: &e.run})
	}
	for i, a := range askGroovy(t, questions) {
		t.Run(strings.ReplaceAll(expected[i].name, " ", "-"), func(t *testing.T) {
			if len(a.Errors) > 0 {
				t.Fatal(strings.Join(a.Errors, "\n"))
			}
			if !slices.Equal(a.sh(), expected[i].sh) {
				t.Errorf("ran\n%s\nshould run\n%s", strings.Join(a.sh(), "\n"), strings.Join(expected[i].sh, "\n"))
			}
			if a.Run.Result != expected[i].result {
				t.Errorf("result %s, should be %s", a.Run.Result, expected[i].result)
			}
			ran := func(script string) bool { return slices.Contains(a.sh(), script) }
			for script, reports := range map[string][]string{"make unit": {"junit"}, "make coverage": {"recordCoverage", "publishHTML", "archiveArtifacts"}} {
				if !slices.Contains(expected[i].run.Fails, "junit") && ran(script) {
					for _, report := range reports {
						if a.find(report, "") == nil {
							t.Errorf("%s ran and %s did not", script, report)
						}
					}
				}
			}
			if last := a.Run.Trace[len(a.Run.Trace)-1]; last.Step != "deleteDir" || last.Stage != "post" {
				t.Errorf("last comes %s, should clean up", last.Step)
			}
			if expected[i].more != nil && !t.Failed() {
				expected[i].more(t, a)
			}
		})
	}
}

// Each step and option comes from a plugin, which the controller has to have.
func TestJenkinsPluginsBringWhatTheJenkinsfileUses(t *testing.T) {
	listed := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^  ([a-z0-9-]+): "?[0-9][^"\s]*"?$`).FindAllStringSubmatch(readProject(t, "provisioning/roles/jenkins/defaults/main.yml"), -1) {
		listed[match[1]] = true
	}
	if len(listed) < 10 {
		t.Fatalf("read %v from the role's defaults", listed)
	}
	plugins := askGroovy(t, []groovyQuestion{{File: "Jenkinsfile"}})[0].Plugins
	if len(plugins) < 10 {
		t.Fatalf("the Jenkinsfile needs %v", plugins)
	}
	for word, plugin := range plugins {
		if !listed[plugin] {
			t.Errorf("%s comes from the plugin %s, which jenkins_plugins does not list", word, plugin)
		}
	}
}

func TestJenkinsfileLintRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Jenkinsfile")
	if err := os.WriteFile(file, []byte("pipeline {\n agent any;\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := try("scripts/lint-jenkinsfile", file)
	if err == nil {
		t.Fatal("a Jenkinsfile with a style of its own passes")
	}
	if want := "UnnecessarySemicolon"; !strings.Contains(out, want) {
		t.Error(fmt.Sprintf("the linter does not name %s:\n", want) + out)
	}
}

package delivery

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The Jenkinsfile as text: what a reader without Groovy can hold it to. jenkinsfile_dsl_test.go runs it.

// readProject gives a file of the repository.
func readProject(t testing.TB, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// jenkinsBlock is a `name … { … }` of the Jenkinsfile, with the lines that are its own.
type jenkinsBlock struct {
	head   string // what stands before the brace, such as stage('Lint')
	lines  []string
	inside []*jenkinsBlock
	around *jenkinsBlock
}

// jenkinsfile reads the blocks of the Jenkinsfile. The file is written one statement a line, so lines are enough.
func jenkinsfile(t testing.TB) *jenkinsBlock {
	t.Helper()
	top := &jenkinsBlock{}
	at := top
	for number, line := range strings.Split(readProject(t, "Jenkinsfile"), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "//") || line == "" {
			continue
		}
		single := strings.HasSuffix(line, "}") && strings.Contains(line, "{ ")
		switch {
		case single: // options { timeout(…) }
			head, rest, _ := strings.Cut(line, "{ ")
			at.inside = append(at.inside, &jenkinsBlock{head: strings.TrimSpace(head), lines: []string{strings.TrimSpace(strings.TrimSuffix(rest, "}"))}, around: at})
		case strings.HasSuffix(line, "{"):
			next := &jenkinsBlock{head: strings.TrimSpace(strings.TrimSuffix(line, "{")), around: at}
			at.inside = append(at.inside, next)
			at = next
		case line == "}":
			if at.around == nil {
				t.Fatalf("Jenkinsfile:%d: a brace too many", number+1)
			}
			at = at.around
		default:
			at.lines = append(at.lines, line)
		}
	}
	if at != top {
		t.Fatalf("Jenkinsfile: %s is not closed", at.head)
	}
	return top
}

// child gives the block of that name in a block, an empty one when there is none.
func (b *jenkinsBlock) child(head string) *jenkinsBlock {
	for _, inside := range b.inside {
		if inside.head == head {
			return inside
		}
	}
	return &jenkinsBlock{around: b}
}

func (b *jenkinsBlock) each(visit func(*jenkinsBlock)) {
	visit(b)
	for _, inside := range b.inside {
		inside.each(visit)
	}
}

func (b *jenkinsBlock) says(part string) bool {
	return slices.ContainsFunc(b.lines, func(line string) bool { return strings.Contains(line, part) })
}

// within says whether a block stands in a stage of that name.
func (b *jenkinsBlock) within(stage string) bool {
	for at := b; at != nil; at = at.around {
		if at.head == "stage('"+stage+"')" {
			return true
		}
	}
	return false
}

var (
	aStep   = regexp.MustCompile(`\bsh\b`)
	aTarget = regexp.MustCompile(`^sh 'make ([a-z-]+)((?: [A-Z_]+="\$[A-Z_]+")*)'$`)
)

// targets gives the make targets that the Jenkinsfile runs, each by a line of its own.
func jenkinsTargets(t testing.TB) []string {
	t.Helper()
	var found []string
	jenkinsfile(t).each(func(b *jenkinsBlock) {
		for _, line := range b.lines {
			if !aStep.MatchString(line) {
				continue
			}
			match := aTarget.FindStringSubmatch(line)
			if match == nil {
				t.Errorf("Jenkinsfile: %s\nA step is one make target, in single quotes, with values from the environment: sh 'make target NAME=\"$NAME\"'", line)
				continue
			}
			found = append(found, match[1])
		}
	})
	return found
}

// rules reads the Makefile: for each target those that it runs first, or from its recipe.
func makeRules(t testing.TB) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	rule := regexp.MustCompile(`^([a-z][a-z-]*):([^=#]*)(##|$)`)
	again := regexp.MustCompile(`\$\(MAKE\) ([a-z-]+)`)
	current := ""
	for _, line := range strings.Split(readProject(t, "Makefile"), "\n") {
		if match := rule.FindStringSubmatch(line); match != nil {
			current = match[1]
			found[current] = strings.Fields(match[2])
		} else if strings.HasPrefix(line, "\t") && current != "" {
			for _, match := range again.FindAllStringSubmatch(line, -1) {
				found[current] = append(found[current], match[1])
			}
		} else {
			current = ""
		}
	}
	return found
}

// ciRuns gives the make targets that .ci/run runs: those it names, what these run first, and where the delivery's tests are
// among them, the targets that these call.
func ciRuns(t testing.TB) map[string]bool {
	t.Helper()
	rules, runs := makeRules(t), map[string]bool{}
	var add func(string)
	add = func(target string) {
		if runs[target] {
			return
		}
		runs[target] = true
		for _, before := range rules[target] {
			add(before)
		}
		if target == "test-delivery" {
			for _, called := range testsCall(t) {
				add(called)
			}
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^make ([a-z -]+)$`).FindAllStringSubmatch(readProject(t, ".ci/run"), -1) {
		for _, target := range strings.Fields(match[1]) {
			add(target)
		}
	}
	return runs
}

// testsCall gives the make targets that the tests of this package call: calls with "make", "target" among their arguments.
func testsCall(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			for i := 0; i+1 < len(call.Args); i++ {
				if goString(call.Args[i]) == "make" {
					found = append(found, goString(call.Args[i+1]))
				}
			}
			return true
		})
	}
	return found
}

func goString(expression ast.Expr) string {
	if basic, ok := expression.(*ast.BasicLit); ok && basic.Kind == token.STRING {
		text, _ := strconv.Unquote(basic.Value)
		return text
	}
	return ""
}

func TestJenkinsRunsMakeTargetsThatCIRuns(t *testing.T) {
	rules, runs := makeRules(t), ciRuns(t)
	if !runs["unit"] || !runs["lint"] {
		t.Fatalf("read from .ci/run and the Makefile: %v. It should have at least unit and lint", runs)
	}
	for _, target := range jenkinsTargets(t) {
		if _, ok := rules[target]; !ok {
			t.Errorf("the Jenkinsfile runs make %s, which the Makefile does not have", target)
		} else if !runs[target] {
			t.Errorf("the Jenkinsfile runs make %s, which CI does not: no target of .ci/run needs it, and no test in delivery/ calls it", target)
		}
	}
}

func TestJenkinsStages(t *testing.T) {
	top := jenkinsfile(t)
	pipeline := top.child("pipeline")
	if agent := pipeline.child("agent"); !agent.says("label '") {
		t.Error("the pipeline has no agent with a label")
	}
	options := pipeline.child("options")
	for _, option := range []string{"buildDiscarder(", "disableConcurrentBuilds()", "skipStagesAfterUnstable()", "timeout("} {
		if !options.says(option) {
			t.Errorf("the pipeline's options have no %s", option)
		}
	}
	for _, condition := range []string{"unsuccessful", "fixed", "cleanup"} {
		if len(pipeline.child("post").child(condition).lines)+len(pipeline.child("post").child(condition).inside) == 0 {
			t.Errorf("nothing happens after a run when %s", condition)
		}
	}

	// runs says which stage runs a target, and around which of these conditions and locks.
	stages := map[string]*jenkinsBlock{}
	top.each(func(b *jenkinsBlock) {
		if b.head == "steps" && !b.around.child("options").says("timeout(") {
			t.Errorf("%s has no timeout of its own", b.around.head)
		}
		for _, line := range b.lines {
			if match := aTarget.FindStringSubmatch(line); match != nil {
				stages[match[1]] = b
			}
		}
	})
	for target, stage := range map[string]string{
		"setup": "Prepare", "assets": "Prepare", "lint": "Lint", "lint-delivery": "Lint delivery", "unit": "Test", "coverage": "Coverage",
		"image": "Image", "login": "Push", "push": "Push", "deploy": "Deploy", "smoke": "Smoke",
	} {
		b, ok := stages[target]
		if !ok {
			t.Errorf("no stage runs make %s", target)
			continue
		}
		if !b.within(stage) {
			t.Errorf("make %s is not in the stage %s", target, stage)
		}
		released := slices.Contains([]string{"image", "login", "push", "deploy", "smoke"}, target)
		if b.within("Release") != released {
			t.Errorf("make %s in the stage Release: %t, should be %t", target, b.within("Release"), released)
		}
		if deployed := target == "deploy" || target == "smoke"; b.within("Production") != deployed {
			t.Errorf("make %s in the stage Production: %t, should be %t", target, b.within("Production"), deployed)
		}
		if parallel := strings.HasPrefix(target, "lint") || target == "unit"; b.within("Check") != parallel {
			t.Errorf("make %s in the parallel stage Check: %t, should be %t", target, b.within("Check"), parallel)
		}
	}
	if _, ok := stages["notify"]; !ok {
		t.Error("nothing runs make notify")
	}

	top.each(func(b *jenkinsBlock) {
		switch b.head {
		case "stage('Release')":
			if when := b.child("when"); !when.says("branch 'main'") || len(when.child("expression").lines) == 0 {
				t.Error("the stage Release does not ask for main, and for a build in which nothing was marked")
			}
		case "stage('Production')":
			if !b.child("options").says("lock(resource: 'verdictory-production')") {
				t.Error("the stage Production holds no lock")
			}
		case "stage('Check')":
			if len(b.child("parallel").inside) != 3 {
				t.Error("the stage Check has not three parallel stages")
			}
		case "stage('Test')":
			if !b.child("post").child("always").says("junit 'build/reports/junit.xml'") {
				t.Error("the stage Test does not always publish its report")
			}
		case "stage('Coverage')":
			always := strings.Join(b.child("post").child("always").lines, " ")
			for _, part := range []string{
				"recordCoverage(", "parser: 'COBERTURA', pattern: 'build/reports/coverage.xml'",
				"metric: 'LINE', baseline: 'PROJECT', threshold: 100.0, criticality: 'FAILURE'",
				"publishHTML(", "reportFiles: 'coverage.html'", "archiveArtifacts artifacts: 'build/reports/*.csv",
			} {
				if !strings.Contains(always, part) {
					t.Errorf("the stage Coverage does not always do this: %s", part)
				}
			}
		}
	})
}

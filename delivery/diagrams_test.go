package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The diagrams of docs/architecture.md are of what is there: the tables and columns of the migrations, the services and
// replicas of compose.prod.yml.

var (
	diagram      = regexp.MustCompile("(?s)```mermaid\n(.*?)```")
	entity       = regexp.MustCompile(`(?ms)^  ([a-z_]+) \{\n(.*?)^  \}`)
	createTable  = regexp.MustCompile(`(?ms)^CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+) \((.*?)\n\)`)
	addColumn    = regexp.MustCompile(`(?m)^ALTER TABLE ([a-z_]+) ADD COLUMN ([a-z_]+)`)
	columnLine   = regexp.MustCompile(`^  ([a-z_]+) +[A-Z]`)
	anyService   = regexp.MustCompile(`(?m)^  ([a-z-]+):$`)
	anyReplicas  = regexp.MustCompile(`(?m)^ +replicas: ([0-9]+)$`)
	drawnService = regexp.MustCompile(`\["([a-z-]+) × ([0-9]+)`)
)

// tablesOfMigrations gives each table's columns, in order.
func tablesOfMigrations(migrations string) map[string][]string {
	tables := map[string][]string{}
	for _, found := range createTable.FindAllStringSubmatch(migrations, -1) {
		for _, line := range strings.Split(found[2], "\n") {
			if column := columnLine.FindStringSubmatch(line); column != nil {
				tables[found[1]] = append(tables[found[1]], column[1])
			}
		}
	}
	for _, found := range addColumn.FindAllStringSubmatch(migrations, -1) {
		tables[found[1]] = append(tables[found[1]], found[2])
	}
	return tables
}

// tablesDrawn gives the columns of each entity of a diagram.
func tablesDrawn(text string) map[string][]string {
	tables := map[string][]string{}
	for _, found := range entity.FindAllStringSubmatch(text, -1) {
		for _, line := range strings.Split(strings.TrimSpace(found[2]), "\n") {
			if words := strings.Fields(line); len(words) > 1 {
				tables[found[1]] = append(tables[found[1]], words[1])
			}
		}
	}
	return tables
}

// servicesOfCompose gives the number of replicas of each service, as text. One that does not say it has that of the file's
// x-deploy, which is the first.
func servicesOfCompose(file string) map[string]string {
	usual := anyReplicas.FindStringSubmatch(file)
	_, services, _ := strings.Cut(file, "\nservices:\n")
	services, _, _ = strings.Cut(services, "\nnetworks:\n")
	all := map[string]string{}
	places := anyService.FindAllStringSubmatchIndex(services, -1)
	for i, at := range places {
		end := len(services)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		replicas := usual
		if own := anyReplicas.FindStringSubmatch(services[at[0]:end]); own != nil {
			replicas = own
		}
		all[services[at[2]:at[3]]] = replicas[1]
	}
	return all
}

func servicesDrawn(text string) map[string]string {
	all := map[string]string{}
	for _, found := range drawnService.FindAllStringSubmatch(text, -1) {
		all[found[1]] = found[2]
	}
	return all
}

// differ gives the names under which two maps differ.
func differ(drawn, there map[string]string) (names []string) {
	for name := range there {
		if drawn[name] != there[name] {
			names = append(names, fmt.Sprintf("%s is drawn as %q and is %q", name, drawn[name], there[name]))
		}
	}
	for name := range drawn {
		if _, is := there[name]; !is {
			names = append(names, name+" is drawn and is not there")
		}
	}
	slices.Sort(names)
	return names
}

// joined makes one text of each list.
func joined(lists map[string][]string) map[string]string {
	all := map[string]string{}
	for name, list := range lists {
		all[name] = strings.Join(list, " ")
	}
	return all
}

func TestDiagramsAreOfWhatIsThere(t *testing.T) {
	text, err := os.ReadFile(docs + "/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	diagrams := diagram.FindAllStringSubmatch(string(text), -1)
	if len(diagrams) != 3 {
		t.Fatalf("%d diagrams, want those of the services, the tables and the deployment", len(diagrams))
	}
	var migrations strings.Builder
	files, err := filepath.Glob("../app/history/migrations/postgres/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		migrations.Write(content)
		migrations.WriteByte('\n')
	}
	tables := tablesOfMigrations(migrations.String())
	tables["schema_migrations"] = []string{"version", "name", "applied"} // app/history/migrate.go makes it itself
	for _, name := range differ(joined(tablesDrawn(diagrams[1][1])), joined(tables)) {
		t.Error(name)
	}
	compose, err := os.ReadFile("../compose.prod.yml")
	if err != nil {
		t.Fatal(err)
	}
	services := servicesOfCompose(string(compose))
	if len(services) < 7 {
		t.Errorf("read %v", services)
	}
	for _, name := range differ(servicesDrawn(diagrams[2][1]), services) {
		t.Error(name)
	}
}

func TestADiagramOfSomethingElseIsFound(t *testing.T) {
	const (
		sql     = "CREATE TABLE a (\n  id   BIGINT,\n  name TEXT NOT NULL,\n  PRIMARY KEY (id)\n);\nALTER TABLE a ADD COLUMN later TEXT;\n"
		er      = "erDiagram\n  a {\n    bigint id PK\n    text name \"x\"\n    text later\n  }\n"
		compose = "x-deploy:\n  replicas: 2\n\nservices:\n  app:\n    deploy: *deploy\n\n  nginx:\n    deploy:\n      replicas: 1\n\nnetworks:\n  front:\n"
		picture = `a["app × 2"] --> n["nginx × 1<br/>80"]`
	)
	for name, test := range map[string]struct {
		er, picture, want string
	}{
		"as it is":                     {er, picture, ""},
		"a column less":                {strings.Replace(er, "    text name \"x\"\n", "", 1), picture, `a is drawn as "id later" and is "id name later"`},
		"a column more":                {strings.Replace(er, "    text later\n", "    text later\n    text more\n", 1), picture, `a is drawn as "id name later more"`},
		"a table less":                 {"erDiagram\n", picture, `a is drawn as ""`},
		"a table more":                 {er + "  b {\n    text c\n  }\n", picture, "b is drawn and is not there"},
		"a service less":               {er, `n["nginx × 1"]`, `app is drawn as "" and is "2"`},
		"a service more":               {er, picture + `c["cache × 1"]`, "cache is drawn and is not there"},
		"another number of a service":  {er, strings.Replace(picture, "app × 2", "app × 3", 1), `app is drawn as "3" and is "2"`},
		"a service of another's usual": {er, strings.Replace(picture, "nginx × 1", "nginx × 2", 1), `nginx is drawn as "2" and is "1"`},
	} {
		got := strings.Join(append(differ(joined(tablesDrawn(test.er)), joined(tablesOfMigrations(sql))), differ(servicesDrawn(test.picture), servicesOfCompose(compose))...), "\n")
		if !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

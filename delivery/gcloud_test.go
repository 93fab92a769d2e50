//go:build delivery

package delivery

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// No cloud can be reached here, so provisioning/gcloud.yml is not run; its tasks are held to what the collection says that its
// modules take, down to the fields of nested values, and to the order in which things need one another.

// option is a parameter of a module, as ansible-doc describes it.
type option struct {
	Type       string
	Required   bool
	Choices    []any
	Suboptions map[string]option
}

// misfits says what of the given parameters a module does not take, and what it lacks.
func misfits(where string, given map[string]any, takes map[string]option) []string {
	var wrong []string
	for name, o := range takes {
		if _, ok := given[name]; o.Required && !ok {
			wrong = append(wrong, fmt.Sprintf("%s needs %s", where, name))
		}
	}
	for name, value := range given {
		o, ok := takes[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s takes no %s", where, name))
			continue
		}
		at := where + "." + name
		if text, ok := value.(string); ok && strings.Contains(text, "{{") {
			continue // known when it runs
		}
		if len(o.Choices) > 0 && !slices.ContainsFunc(o.Choices, func(c any) bool { return fmt.Sprint(c) == fmt.Sprint(value) }) {
			wrong = append(wrong, fmt.Sprintf("%s is %v, not one of %v", at, value, o.Choices))
		}
		values, isList := value.([]any)
		if isList != (o.Type == "list") {
			wrong = append(wrong, fmt.Sprintf("%s is %v, should be a %s", at, value, o.Type))
		}
		if !isList {
			values = []any{value}
		}
		for _, v := range values {
			fields, isMap := v.(map[string]any)
			if isMap && o.Suboptions != nil {
				wrong = append(wrong, misfits(at, fields, o.Suboptions)...)
			} else if !isMap && o.Suboptions != nil {
				wrong = append(wrong, fmt.Sprintf("%s is %v, should have fields", at, v))
			}
		}
	}
	return wrong
}

func TestGoogleCloudTasksFitTheirModules(t *testing.T) {
	modules := map[string]map[string]option{}
	takes := func(module string) map[string]option {
		if modules[module] == nil {
			out, err := exec.Command("ansible-doc", "-j", module).Output()
			var docs map[string]struct {
				Doc struct{ Options map[string]option }
			}
			if err == nil {
				err = json.Unmarshal(out, &docs)
			}
			if err != nil || len(docs[module].Doc.Options) == 0 {
				t.Fatalf("ansible-doc %s: %v", module, err)
			}
			modules[module] = docs[module].Doc.Options
		}
		return modules[module]
	}
	made := map[string][]string{}
	for _, file := range []string{"gcloud.yml", "gcloud-absent.yml"} {
		var tasks []map[string]any
		if err := yaml.Unmarshal([]byte(readProject(t, "provisioning/tasks/"+file)), &tasks); err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			for key, given := range task {
				if !strings.HasPrefix(key, "google.cloud.") {
					continue
				}
				made[file] = append(made[file], strings.TrimPrefix(key, "google.cloud.gcp_compute_"))
				for _, wrong := range misfits(key, given.(map[string]any), takes(key)) {
					t.Errorf("%s: %s", file, wrong)
				}
			}
		}
	}
	if want := []string{"network", "subnetwork", "firewall", "address", "instance"}; !slices.Equal(made["gcloud.yml"], want) {
		t.Errorf("made in the order %v, should be %v", made["gcloud.yml"], want)
	}
	// What is used is taken away after what uses it.
	if want := []string{"instance", "address", "firewall", "subnetwork", "network"}; !slices.Equal(made["gcloud-absent.yml"], want) {
		t.Errorf("taken away in the order %v, should be %v", made["gcloud-absent.yml"], want)
	}

	// As far as it goes without a cloud: what is missing is said before anything is asked for.
	for given, want := range map[string]string{
		"gcloud_state=present": "gcloud.yml needs gcloud_project, the project's id (it is ``)",
		"gcloud_state=gone":    "and gcloud_state, present or absent",
	} {
		out, err := try("ANSIBLE_CONFIG=provisioning/ansible.cfg", "ansible-playbook", "-i", "provisioning/inventories/gcloud", "-e", given, "provisioning/gcloud.yml")
		if err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("with %s it does not say %q: %v\n%s", given, want, err, out)
		}
	}

	// The check finds what it is for.
	broken := map[string]any{
		"auth_kind": "password", "name": "x", "machine_typo": "e2-medium", "disks": map[string]any{}, "tags": []any{"x"},
		"network_interfaces": []any{map[string]any{"access_configs": []any{map[string]any{"type": "ONE_TO_ONE_NAT"}}}},
	}
	found := strings.Join(misfits("m", broken, takes("google.cloud.gcp_compute_instance")), "\n")
	for _, want := range []string{"m takes no machine_typo", "m needs zone", "m.auth_kind is password", "m.disks is map[], should be a list", "m.tags is [x], should be a dict", "m.network_interfaces.access_configs needs name"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found among\n%s", want, found)
		}
	}
}

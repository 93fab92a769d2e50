//go:build delivery

package delivery

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// provisioning/jenkins.yml on a real host with systemd: registry, agent, controller and webhook. What comes from repositories that
// cannot be reached here (Jenkins, Java 21, Node 22, Go) stands in as packages of a repository made for the test, signed, and
// GitHub's API as a server that keeps webhooks as GitHub does. nginx, SSH, the registry, systemd and its credentials are real.

const jenkinsHost = "vjenkins-host"

// standIns makes a signed flat repository of packages, and gives its folder and its key's fingerprint.
func standIns(t *testing.T) (folder, fingerprint string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "stand-ins")
	home := filepath.Join(t.TempDir(), "gnupg")
	for _, name := range []string{folder, home} {
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write := func(file, content string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	jenkins := readProject(t, "delivery/testdata/jenkins/jenkins")
	version := regexp.MustCompile(`(?m)^jenkins_version: (\S+)$`).FindStringSubmatch(readProject(t, "provisioning/roles/jenkins/defaults/main.yml"))[1]
	var list strings.Builder
	for _, p := range []struct {
		name, version, postinst string
		files                   map[string]string
	}{
		{"jenkins", version, "adduser --system --group --quiet --home /var/lib/jenkins jenkins 2>/dev/null || useradd --system --user-group --create-home --home-dir /var/lib/jenkins jenkins\n" +
			"systemctl daemon-reload\nsystemctl enable --now jenkins || echo not started\n",
			map[string]string{"usr/bin/jenkins": jenkins, "usr/share/java/jenkins.war": version + "\n", "lib/systemd/system/jenkins.service": readProject(t, "delivery/testdata/jenkins/jenkins.service")}},
		{"temurin-21-jre", "21.0.11", "true\n", map[string]string{"usr/bin/java": readProject(t, "delivery/testdata/jenkins/java")}},
		{"nodejs", "22.20.0", "true\n", map[string]string{"usr/bin/node": "#!/bin/sh\necho v22.20.0\n"}},
	} {
		tree := filepath.Join(t.TempDir(), p.name)
		for file, content := range p.files {
			mode := os.FileMode(0o755)
			if !strings.HasPrefix(file, "usr/bin/") {
				mode = 0o644
			}
			write(filepath.Join(tree, file), content, mode)
		}
		control := fmt.Sprintf("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Tests <tests@example.org>\nDescription: stand-in\n", p.name, p.version)
		write(filepath.Join(tree, "DEBIAN/control"), control, 0o644)
		write(filepath.Join(tree, "DEBIAN/postinst"), "#!/bin/sh\nset -e\n"+p.postinst, 0o755)
		file := filepath.Join(folder, p.name+".deb")
		run(t, "dpkg-deb", "-Zgzip", "--root-owner-group", "--build", tree, file)
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, "%sFilename: ./%s.deb\nSize: %d\nSHA256: %x\n\n", control, p.name, len(content), sha256.Sum256(content))
	}
	write(filepath.Join(folder, "Packages"), list.String(), 0o644)
	write(filepath.Join(folder, "Release"), fmt.Sprintf("Origin: stand-ins\nDate: %s\nMD5Sum:\n %x %d Packages\nSHA256:\n %x %d Packages\n",
		time.Now().UTC().Format(time.RFC1123), md5.Sum([]byte(list.String())), list.Len(), sha256.Sum256([]byte(list.String())), list.Len()), 0o644)

	gpg := func(words ...string) string {
		return run(t, append([]string{"gpg", "--homedir", home, "--batch", "--quiet", "--yes", "--pinentry-mode", "loopback", "--passphrase", ""}, words...)...)
	}
	gpg("--quick-generate-key", "stand-ins", "ed25519", "sign", "never")
	fingerprint = regexp.MustCompile(`(?m)^fpr:+([0-9A-F]{40}):`).FindStringSubmatch(gpg("--with-colons", "--list-keys"))[1]
	gpg("--clearsign", "--output", filepath.Join(folder, "InRelease"), filepath.Join(folder, "Release"))
	gpg("--armor", "--output", filepath.Join(folder, "key.asc"), "--export", fingerprint)
	// A key file in which a second key hides beside the right one.
	gpg("--quick-generate-key", "somebody else", "ed25519", "sign", "never")
	gpg("--armor", "--output", filepath.Join(folder, "two-keys.asc"), "--export")
	try("gpgconf", "--homedir", home, "--kill", "all")

	write(filepath.Join(folder, "manager.jar"), "stand-in\n", 0o644)
	write(filepath.Join(folder, "manager.jar.sha256"), fmt.Sprintf("%x\n", sha256.Sum256([]byte("stand-in\n"))), 0o644)
	for _, name := range []string{"go", "gofmt"} {
		write(filepath.Join(folder, "go/bin", name), "#!/bin/sh\necho go version go1.26.8\n", 0o755)
	}
	run(t, "tar", "-C", folder, "-czf", filepath.Join(folder, "go.tar.gz"), "go")
	archive, err := os.ReadFile(filepath.Join(folder, "go.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	write(filepath.Join(folder, "go.tar.gz.sha256"), fmt.Sprintf("%x\n", sha256.Sum256(archive)), 0o644)
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, fingerprint
}

// gitHub keeps the webhooks of one repository as GitHub's API does: a secret goes in and never comes out.
type gitHub struct {
	sync.Mutex
	token    string
	hooks    []map[string]any
	secret   string
	requests []string // those that change something
}

func (g *gitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.Lock()
	defer g.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("Authorization") != "Bearer "+g.token {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Bad credentials"}`)
		return
	}
	const hooks = "/repos/example/verdictory/hooks"
	switch {
	case r.Method == "GET" && r.URL.Path == hooks:
		json.NewEncoder(w).Encode(g.hooks)
		return
	case r.Method == "POST" && r.URL.Path == hooks, r.Method == "PATCH" && r.URL.Path == hooks+"/7":
		var hook map[string]any
		if err := json.NewDecoder(r.Body).Decode(&hook); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		config := hook["config"].(map[string]any)
		g.secret = config["secret"].(string)
		config["secret"] = "********"
		hook["id"] = 7
		if r.Method == "POST" {
			g.hooks = append(g.hooks, hook)
			w.WriteHeader(http.StatusCreated)
		} else {
			g.hooks[1] = hook
		}
		g.requests = append(g.requests, r.Method)
		json.NewEncoder(w).Encode(hook)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, `{"message":"Not Found"}`)
}

func TestJenkinsIsProvisioned(t *testing.T) {
	t.Parallel() // with the other provisioning, after the tests that measure
	repository, fingerprint := standIns(t)
	api := &gitHub{token: canary + "-github-token", hooks: []map[string]any{
		{"id": 3, "active": true, "events": []string{"push"}, "config": map[string]any{"url": "https://elsewhere.example/hook", "content_type": "json", "insecure_ssl": "0"}},
	}}
	server := httptest.NewServer(api)
	defer server.Close()

	port := free(t)
	host := jenkinsTarget(t, port, repository)
	folder := t.TempDir()
	inventory := filepath.Join(folder, "hosts.yml")
	given := filepath.Join(folder, "given.yml")
	if err := os.WriteFile(inventory, []byte(`all:
  vars: {ansible_connection: community.docker.docker}
  children:
    verdictory: {children: {manager: {hosts: {`+jenkinsHost+`: }}}}
    jenkins: {hosts: {`+jenkinsHost+`: }}
    registry: {hosts: {`+jenkinsHost+`: }}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	source := func(name string) map[string]string {
		return map[string]string{"name": name, "line": "file:/srv/" + name + " ./", "key": "file:///srv/stand-ins/key.asc", "fingerprint": fingerprint}
	}
	settings := map[string]any{
		"jenkins_source": source("jenkins"), "jenkins_java_source": source("adoptium"), "jenkins_agent_java_source": source("adoptium"), "jenkins_agent_node_source": source("nodesource"),
		"jenkins_plugin_manager_url": "file:///srv/stand-ins/manager.jar", "jenkins_agent_go_url": "file:///srv/stand-ins/go.tar.gz",
		// Of the long list those that the checks below use: the rest is Debian's, and takes minutes.
		"jenkins_agent_packages":         []string{"git", "make", "openssh-server"},
		"jenkins_github_repository":      "example/verdictory",
		"jenkins_github_api":             server.URL,
		"jenkins_webhook_unverified":     true,
		"jenkins_sources":                []string{"192.0.2.0/24"},
		"jenkins_agent_environment":      map[string]string{"CURL_CA_BUNDLE": "/etc/ssl/one.pem"},
		"vault_jenkins_admin_password":   canary + "-admin",
		"vault_jenkins_github_token":     api.token,
		"vault_jenkins_webhook_secret":   canary + "-webhook-secret",
		"vault_jenkins_notify_url":       "https://chat.example/" + canary,
		"vault_registry_password":        canary + "-registry",
		"vault_postgres_password":        canary + "-postgres",
		"registry_listen":                "0.0.0.0:5000",
		"verdictory_registry":            "127.0.0.1:" + port,
		"verdictory_registry_user":       "verdictory",
		"verdictory_name":                "verdictory.example",
		"jenkins_agent_go_version":       "1.26.8",
		"jenkins_name":                   "jenkins.example",
		"jenkins_plugin_manager_version": "2.15.0",
	}
	ansible := func(all map[string]any, words ...string) (string, error) {
		t.Helper()
		content, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(given, content, 0o600); err != nil {
			t.Fatal(err)
		}
		// -vvv shows what modules are called with and answer: all that a person looking for a fault would see.
		out, err := try(append([]string{"ANSIBLE_CONFIG=provisioning/ansible.cfg", words[0], "-vvv", "-i", inventory, "-e", "@" + given}, words[1:]...)...)
		if strings.Contains(out, canary) {
			at := strings.Index(out, canary)
			t.Errorf("a secret shows in Ansible's output:\n%s", out[max(0, at-1500):min(len(out), at+200)])
		}
		return out, err
	}
	recap := regexp.MustCompile(jenkinsHost + ` +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=0`)
	changed := func(out string) string {
		t.Helper()
		match := recap.FindStringSubmatch(out)
		if match == nil {
			t.Fatalf("no recap:\n%s", out[max(0, len(out)-4000):])
		}
		return match[1]
	}
	must := func() string {
		t.Helper()
		start := time.Now()
		out, err := ansible(settings, "ansible-playbook", "provisioning/jenkins.yml")
		if err != nil {
			t.Fatalf("%s", out[max(0, strings.Index(out, "fatal: ")-3000):])
		}
		t.Logf("jenkins.yml: %s, changed=%s", time.Since(start).Round(time.Second), changed(out))
		return out
	}

	// role runs a part of a role alone.
	role := func(arguments string, more map[string]any) (string, error) {
		t.Helper()
		all := maps.Clone(settings)
		maps.Copy(all, more)
		return ansible(all, "ansible", "-b", "-m", "ansible.builtin.include_role", "-a", arguments, jenkinsHost)
	}

	// A key that is not the one, or has another beside it, is not trusted, and nothing is installed.
	two := source("adoptium")
	two["key"] = "file:///srv/stand-ins/two-keys.asc"
	other := source("adoptium")
	other["fingerprint"] = strings.Repeat("A", 40)
	for _, apt := range []map[string]string{two, other} {
		if out, err := role("name=apt_source", map[string]any{"apt_source": apt}); err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), "not "+apt["fingerprint"]+" alone. Nothing was") {
			t.Errorf("the key of %v is not refused: %v\n%s", apt, err, out[max(0, len(out)-2000):])
		}
	}
	if out := host("ls /etc/apt/keyrings /etc/apt/sources.list.d"); strings.Contains(out, "adoptium.asc\n") || strings.Contains(out, "adoptium.list") {
		t.Errorf("after a refused key: %s", out)
	}

	must()
	if n := changed(must()); n != "0" {
		t.Errorf("the second run changes %s things", n)
	}
	if !slices.Equal(api.requests, []string{"POST"}) || api.secret != canary+"-webhook-secret" {
		t.Errorf("GitHub was asked for %v, with another secret: %t", api.requests, api.secret != canary+"-webhook-secret")
	}
	want := map[string]any{"url": "https://jenkins.example:8443/github-webhook/", "content_type": "json", "insecure_ssl": "1", "secret": "********"}
	if len(api.hooks) != 2 || fmt.Sprint(api.hooks[1]["config"]) != fmt.Sprint(want) || fmt.Sprint(api.hooks[1]["events"]) != "[push]" || api.hooks[1]["active"] != true {
		t.Errorf("GitHub's webhooks: %v", api.hooks)
	}

	t.Run("configuration", func(t *testing.T) { jenkinsConfiguration(t, host) })
	t.Run("secrets-are-nowhere-else", func(t *testing.T) {
		found := host("grep -rlF " + canary + " /etc /var /opt /usr/local /tmp /run --exclude-dir=docker-registry 2>/dev/null | grep -v ^/run/credentials/ || true")
		kept := strings.Fields("/etc/jenkins/credentials/admin_password /etc/jenkins/credentials/github_token /etc/jenkins/credentials/notify_url /etc/jenkins/credentials/registry_password " +
			"/etc/jenkins/credentials/webhook_secret /var/lib/jenkins-agent/secrets/postgres_password")
		for _, file := range strings.Fields(found) {
			if !slices.Contains(kept, file) {
				t.Errorf("a secret is in %s", file)
			}
		}
		if out := host("journalctl --no-pager | grep -cF " + canary + " || true"); strings.TrimSpace(out) != "0" {
			t.Errorf("a secret is in %s lines of the journal", out)
		}
		if out := host("runuser -u nobody -- cat /etc/jenkins/credentials/github_token /var/lib/jenkins-agent/secrets/postgres_password 2>&1 || true"); strings.Contains(out, canary) || !strings.Contains(out, "denied") {
			t.Errorf("anybody reads the secrets: %s", out)
		}
	})
	t.Run("agent", func(t *testing.T) {
		// As the controller enters it: by its key, and only if the host's key is the one of the configuration.
		enter := `key=$(sed -n '/manuallyProvidedKeyVerificationStrategy/{n;s/.*key: "\(.*\)"/\1/p}' /etc/jenkins/casc/jenkins.yaml); echo "127.0.0.1 $key" >/run/known
			install -m 0600 /etc/jenkins/credentials/agent_key /run/agent-key # ssh insists; Jenkins reads it itself
			ssh -i /run/agent-key -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/run/known jenkins-agent@127.0.0.1 `
		out := host(enter + `'id -un; id -Gn; go version; node --version; cat "$HOME/secrets/postgres_password"' | sed 's/` + canary + `-postgres/the password/'`)
		for _, part := range []string{"jenkins-agent\n", "docker", "go1.26.8", "v22", "the password"} {
			if !strings.Contains(out, part) {
				t.Errorf("on the agent there is no %q:\n%s", part, out)
			}
		}
		if out := host(enter + "-tt -o ConnectTimeout=5 tty 2>&1 || true"); !strings.Contains(out, "PTY allocation request failed") {
			t.Errorf("the agent's key gives a terminal: %s", out)
		}
	})
	t.Run("door", func(t *testing.T) { jenkinsDoor(t, host) })
	t.Run("registry", func(t *testing.T) { registryServes(t, host, port) })

	// A webhook that somebody changed at GitHub is put right; a secret that was rotated reaches GitHub and Jenkins, and nothing else changes.
	api.hooks[1]["events"] = []string{"push", "issues"}
	settings["vault_jenkins_webhook_secret"] = canary + "-webhook-rotated"
	out := must()
	if n := changed(out); n != "4" { // the secret's file, Jenkins restarted, the webhook changed, its mark
		t.Errorf("rotating the webhook's secret changes %s things, should be 4", n)
	}
	if !slices.Equal(api.requests, []string{"POST", "PATCH"}) || api.secret != canary+"-webhook-rotated" || fmt.Sprint(api.hooks[1]["events"]) != "[push]" {
		t.Errorf("after the rotation GitHub was asked for %v, and has the new secret: %t, events %v", api.requests, api.secret == canary+"-webhook-rotated", api.hooks[1]["events"])
	}
	if status := deliver(t, host, canary+"-webhook-rotated"); status != "200" {
		t.Errorf("a delivery with the new secret is answered %s", status)
	}
	if status := deliver(t, host, canary+"-webhook-secret"); status != "400" {
		t.Errorf("a delivery with the old secret is answered %s", status)
	}

	// What is missing is named, and so is what GitHub says.
	for arguments, c := range map[string]struct {
		given map[string]any
		says  string
	}{
		"name=jenkins tasks_from=webhook": {map[string]any{"vault_jenkins_github_token": canary + "-github-wrong"}, "GitHub answers 401 when asked for the webhooks of example/verdictory: Bad credentials"},
		"name=jenkins tasks_from=check":   {map[string]any{"vault_jenkins_webhook_secret": "short", "jenkins_registry_password": canary}, "vault_jenkins_webhook_secret is missing, shorter than 32 characters"},
	} {
		if out, err := role(arguments, c.given); err == nil || !strings.Contains(strings.Join(strings.Fields(out), " "), c.says) {
			t.Errorf("%s with %v does not say %q: %v\n%s", arguments, c.given, c.says, err, out[max(0, len(out)-1500):])
		}
	}
}

// jenkinsTarget starts a host with systemd, its port 5000 published on loopback, and gives what runs commands on it.
func jenkinsTarget(t *testing.T, port, repository string) func(string) string {
	t.Helper()
	try("docker", "rm", "-f", "-v", jenkinsHost)
	t.Cleanup(func() { try("docker", "rm", "-f", "-v", jenkinsHost) })
	run(t, "docker", "run", "-d", "--name", jenkinsHost, "--hostname", jenkinsHost, "-p", "127.0.0.1:"+port+":5000",
		"--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
		"--cgroupns=host", "--tmpfs", "/run", "--tmpfs", "/run/lock", "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "local/systemd:12")
	host := func(script string) string {
		t.Helper()
		return run(t, "docker", "exec", jenkinsHost, "bash", "-c", script)
	}
	eventually(t, time.Minute, "systemd is up", func() error {
		out, _ := try("docker", "exec", jenkinsHost, "systemctl", "is-system-running")
		if !strings.HasPrefix(out, "running") && !strings.HasPrefix(out, "degraded") {
			return fmt.Errorf("it is %s", out)
		}
		return nil
	})
	run(t, "docker", "cp", repository, jenkinsHost+":/srv/stand-ins")
	// One place a repository: apt wants one key for each.
	host("chown -R root:root /srv/stand-ins && ln -s stand-ins /srv/jenkins && ln -s stand-ins /srv/adoptium && ln -s stand-ins /srv/nodesource && systemctl start systemd-user-sessions && apt-get update -qq && groupadd docker") // the group is the engine's role's
	return host
}

// jenkinsConfiguration reads what Jenkins is configured by.
func jenkinsConfiguration(t *testing.T, host func(string) string) {
	text := host("cat /etc/jenkins/casc/jenkins.yaml")
	var casc struct {
		Jenkins struct {
			NumExecutors   int `yaml:"numExecutors"`
			SlaveAgentPort int `yaml:"slaveAgentPort"`
			SecurityRealm  struct {
				Local struct {
					AllowsSignup bool `yaml:"allowsSignup"`
					Users        []struct{ ID, Password string }
				}
			} `yaml:"securityRealm"`
			AuthorizationStrategy map[string]any `yaml:"authorizationStrategy"`
			Nodes                 []struct {
				Permanent struct {
					LabelString    string         `yaml:"labelString"`
					Launcher       map[string]any `yaml:"launcher"`
					NodeProperties []struct {
						EnvVars struct {
							Env []struct{ Key, Value string }
						} `yaml:"envVars"`
					} `yaml:"nodeProperties"`
				}
			}
		}
		Credentials  map[string]any
		Unclassified struct {
			GitHub struct {
				Hooks []struct {
					CredentialsID      string `yaml:"credentialsId"`
					SignatureAlgorithm string `yaml:"signatureAlgorithm"`
				} `yaml:"hookSecretConfigs"`
			} `yaml:"gitHubPluginConfig"`
		}
		Jobs []struct{ File string }
	}
	if err := yaml.Unmarshal([]byte(text), &casc); err != nil {
		t.Fatal(err)
	}
	j := casc.Jenkins
	if j.NumExecutors != 0 || j.SlaveAgentPort != -1 || j.SecurityRealm.Local.AllowsSignup || len(j.SecurityRealm.Local.Users) != 1 || j.SecurityRealm.Local.Users[0].Password != "${admin_password}" {
		t.Errorf("the controller: %+v", j)
	}
	if _, ok := j.AuthorizationStrategy["globalMatrix"]; !ok {
		t.Errorf("who may do what: %v", j.AuthorizationStrategy)
	}
	if hooks := casc.Unclassified.GitHub.Hooks; len(hooks) != 1 || hooks[0].CredentialsID != "webhook-secret" || hooks[0].SignatureAlgorithm != "SHA256" {
		t.Errorf("the webhook's secret: %+v", hooks)
	}
	environment := map[string]string{}
	// The image is what the pipeline builds, and comes from a registry, whose login is its own; those of the base images are empty here.
	others := []string{"VERDICTORY_IMAGE", "VERDICTORY_RESOLVE_IMAGE", "DOCKER_CONFIG", "NGINX_IMAGE", "POSTGRES_IMAGE"}
	if len(j.Nodes) != 1 || len(j.Nodes[0].Permanent.NodeProperties) != 1 {
		t.Fatalf("the agents: %+v", j.Nodes)
	}
	for _, e := range j.Nodes[0].Permanent.NodeProperties[0].EnvVars.Env {
		environment[e.Key] = e.Value
	}
	for name, value := range map[string]string{"VERDICTORY_CA": "/var/lib/jenkins-agent/stack.pem", "VERDICTORY_BACKUP_KEEP": "14", "VERDICTORY_SECRETS": "/var/lib/jenkins-agent/secrets", "CURL_CA_BUNDLE": "/etc/ssl/one.pem"} {
		if environment[name] != value {
			t.Errorf("the agent's environment has %s=%q, should be %q", name, environment[name], value)
		}
	}
	// What the stack's own scripts are called with there, the pipeline's are too, or a deploy by one would undo the other's.
	for _, match := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(readProject(t, "provisioning/roles/stack/templates/stack.env.j2"), -1) {
		if _, ok := environment[match[1]]; !ok && !slices.Contains(others, match[1]) {
			t.Errorf("the stack's scripts have %s in their environment, the pipeline has not", match[1])
		}
	}
	if want := "https://" + strings.TrimSpace(host("hostname -i")) + ":443"; environment["VERDICTORY_URL"] != want {
		t.Errorf("the pipeline tries %s, should try %s", environment["VERDICTORY_URL"], want)
	}
	// The label and the credentials that the Jenkinsfile names are there.
	pipeline := readProject(t, "Jenkinsfile")
	if label := regexp.MustCompile(`label '([^']+)'`).FindStringSubmatch(pipeline)[1]; j.Nodes[0].Permanent.LabelString != label {
		t.Errorf("the agent's label is %q, the Jenkinsfile wants %q", j.Nodes[0].Permanent.LabelString, label)
	}
	for _, match := range regexp.MustCompile(`credentialsId: '([^']+)'`).FindAllStringSubmatch(pipeline+host("cat /etc/jenkins/job.groovy"), -1) {
		if !strings.Contains(text, "id: "+match[1]+"\n") {
			t.Errorf("the Jenkinsfile wants the credential %q, which the configuration lacks", match[1])
		}
	}
	if lock := regexp.MustCompile(`lock\(resource: '([^']+)'`).FindStringSubmatch(pipeline)[1]; !strings.Contains(text, "name: "+lock+"\n") {
		t.Errorf("the Jenkinsfile's lock %q is not declared", lock)
	}

	// Each secret is a name, whose file Jenkins alone reads; the service has resolved all of them, to what the vault says.
	names := regexp.MustCompile(`\$\{([a-z_]+)\}`).FindAllStringSubmatch(strings.ReplaceAll(text, "# ", ""), -1)
	if len(names) < 6 {
		t.Fatalf("names of secrets: %v", names)
	}
	for _, name := range names {
		if kept := host("stat -c '%U %G %a' /etc/jenkins/credentials/" + name[1]); kept != "root jenkins 440\n" {
			t.Errorf("the secret %s is kept as %s", name[1], kept)
		}
	}
	var says struct {
		Secrets map[string]string
		Plugins []string
	}
	if err := json.Unmarshal([]byte(host("python3 -c 'import urllib.request; print(urllib.request.urlopen(\"http://127.0.0.1:8080/\").read().decode())'")), &says); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"admin_password": "-admin", "github_token": "-github-token", "webhook_secret": "-webhook-secret", "registry_password": "-registry"} {
		if sum := sha256.Sum256([]byte(canary + value)); says.Secrets[name] != hex.EncodeToString(sum[:]) {
			t.Errorf("Jenkins has another %s than the vault", name)
		}
	}
	listed := len(strings.Fields(host("cat /etc/jenkins/plugins.txt")))
	if len(says.Plugins) != listed || !slices.Contains(says.Plugins, "configuration-as-code.jpi") {
		t.Errorf("plugins: %v, of %d listed", says.Plugins, listed)
	}

	job := filepath.Join(t.TempDir(), "job.groovy")
	if err := os.WriteFile(job, []byte(host("cat /etc/jenkins/job.groovy")), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := runJob(t, job)
	for path, value := range map[string]string{
		"github/repoOwner": "example", "github/repository": "verdictory", "github/credentialsId": "github", "github/traits/gitHubBranchDiscovery/strategyId": "3",
		"github/traits/cloneOptionTrait/extension/noTags": "false", "workflowBranchProjectFactory/scriptPath": "Jenkinsfile",
	} {
		if !slices.ContainsFunc(seed, func(line string) bool { return strings.HasSuffix(line, path+"="+value) }) {
			t.Errorf("the job does not say %s=%s:\n%s", path, value, strings.Join(seed, "\n"))
		}
	}
}

// runJob runs a job's script as Job DSL would, with nothing behind it, and gives each setting as path=value.
func runJob(t *testing.T, file string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := command(ctx, "delivery/groovy/check", "--job", file)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Fields(string(out))
}

// deliver sends what GitHub would, signed with a secret, through the door, and gives the status.
func deliver(t *testing.T, host func(string) string, secret string) string {
	t.Helper()
	body := `{"ref":"refs/heads/main"}`
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, body)
	answer, err := doorClient(t, host).Do(doorRequest(t, host, "POST", "/github-webhook/", strings.NewReader(body), "sha256="+hex.EncodeToString(mac.Sum(nil))))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return fmt.Sprint(answer.StatusCode)
}

// doorRequest is one to the host's own address, as it comes from outside.
func doorRequest(t *testing.T, host func(string) string, method, path string, body io.Reader, signature string) *http.Request {
	t.Helper()
	address := strings.TrimSpace(run(t, "docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", jenkinsHost))
	request, err := http.NewRequest(method, "https://"+address+":8443"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-GitHub-Event", "push")
	if signature != "" {
		request.Header.Set("X-Hub-Signature-256", signature)
	}
	return request
}

// doorClient trusts the certificate that the role made, for the name it was made for, and no other.
func doorClient(t *testing.T, host func(string) string) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(host("cat /etc/jenkins/tls/certificate.pem"))) {
		t.Fatal("the door has no certificate")
	}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "jenkins.example"}}}
}

func jenkinsDoor(t *testing.T, host func(string) string) {
	client := doorClient(t, host)
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		status             int
	}{
		{"pages from a network that is not listed", "GET", "/login", nil, http.StatusForbidden},
		{"a webhook that is asked for", "GET", "/github-webhook/", nil, http.StatusForbidden},
		{"a delivery without a signature", "POST", "/github-webhook/", strings.NewReader(`{}`), http.StatusBadRequest},
		{"a delivery larger than GitHub's", "POST", "/github-webhook/", bytes.NewReader(make([]byte, 26<<20)), http.StatusRequestEntityTooLarge},
	} {
		answer, err := client.Do(doorRequest(t, host, c.method, c.path, c.body, ""))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: answered %d, should be %d", c.name, answer.StatusCode, c.status)
		}
	}
	if status := deliver(t, host, canary+"-webhook-secret"); status != "200" {
		t.Errorf("a signed delivery is answered %s", status)
	}
	if status := deliver(t, host, "another secret"); status != "400" {
		t.Errorf("a delivery with another signature is answered %s", status)
	}
	// Jenkins itself listens to nobody outside, and nothing to port 80, which is the stack's.
	for _, line := range strings.Split(strings.TrimSpace(host("ss -Hltn | awk '{ print $4 }'")), "\n") {
		if !regexp.MustCompile(`^127\.0\.0\.1:8080$|:8443$|:22$|:5000$`).MatchString(line) && !strings.HasPrefix(line, "127.") {
			t.Errorf("something listens at %s", line)
		}
	}
}

// registryServes logs in, pushes and pulls with the engine of this machine, and looks at the registry's certificate.
func registryServes(t *testing.T, host func(string) string, port string) {
	image := "127.0.0.1:" + port + "/verdictory"
	config := filepath.Join(t.TempDir(), "docker")
	login := func(password string) (string, error) {
		return try("DOCKER_CONFIG="+config, "REGISTRY_USER=verdictory", "REGISTRY_PASSWORD="+password, "make", "login", "IMAGE="+image)
	}
	if out, err := login("wrong"); err == nil {
		t.Errorf("a wrong password is taken: %s", out)
	}
	out, err := login(canary + "-registry")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out, canary) {
		t.Errorf("make login shows the password: %s", out)
	}
	if info, err := os.Stat(config); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the login's folder: %v, %v", info, err)
	}
	tar := run(t, "bash", "-c", "cd $(mktemp -d) && echo hello >file && tar -c file | docker import - "+image+":one")
	t.Cleanup(func() { try("docker", "rmi", image+":one") })
	if tar == "" {
		t.Fatal("no image")
	}
	run(t, "DOCKER_CONFIG="+config, "make", "push", "IMAGE="+image, "VERSION=one")
	if out, err := try("DOCKER_CONFIG="+t.TempDir(), "docker", "pull", image+":one"); err == nil {
		t.Errorf("without a login the image is served: %s", out)
	}
	run(t, "docker", "rmi", image+":one")
	run(t, "DOCKER_CONFIG="+config, "docker", "pull", "-q", image+":one")

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(host("cat /etc/docker/certs.d/127.0.0.1:" + port + "/ca.crt")))
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	answer, err := client.Get("https://127.0.0.1:" + port + "/v2/")
	if err != nil {
		t.Fatalf("the registry's certificate does not hold with its authority: %v", err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("the registry answers %d to somebody without a login", answer.StatusCode)
	}
	if out := host("runuser -u nobody -- cat /etc/docker/registry/htpasswd /etc/docker/registry/tls/key.pem /etc/docker/registry/tls/ca-key.pem 2>&1 || true"); strings.Count(out, "denied") != 3 {
		t.Errorf("anybody reads the registry's secrets: %s", out)
	}
}

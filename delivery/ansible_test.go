//go:build delivery

package delivery

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// provisioning/site.yml on real hosts: containers with systemd, on which the roles install the firewall, SSH, the engine, and the
// Swarm, inside which the stack runs. From outside they are spoken to as an operator would: ansible-playbook, HTTP, SSH.

// host is a bare Debian 12 with systemd, which root may enter by SSH with a key.
type host struct {
	t     testing.TB
	name  string
	key   string // root's, the file of the private one
	known string // the public key that the host itself is known by
}

// hostImage is what hosts are made of: a Debian with systemd, Python and SSH, on ../shared's where that stands.
const hostImage = "vansible-host"

var makeHostImage = sync.OnceValue(func() error {
	words := []string{"docker", "build", "--tag", hostImage}
	if _, err := try("docker", "image", "inspect", "local/systemd:12"); err == nil {
		words = append(words, "--build-arg", "BASE=local/systemd:12")
	}
	_, err := try(append(words, "delivery/testdata/host")...)
	return err
})

// newHost starts a host on a network, and removes it in the end. More are words of docker run.
func newHost(t testing.TB, network, name string, more ...string) host {
	t.Helper()
	if err := makeHostImage(); err != nil {
		t.Fatal(err)
	}
	h := host{t: t, name: name, key: filepath.Join(t.TempDir(), "root")}
	try("docker", "rm", "--force", "--volumes", name)
	t.Cleanup(func() { try("docker", "rm", "--force", "--volumes", name) })
	words := []string{"docker", "run", "--detach", "--name", name, "--hostname", name, "--network", network,
		"--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--cgroupns=host",
		"--tmpfs", "/run", "--tmpfs", "/run/lock", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume", "/var/lib/docker"}
	for _, c := range []string{"SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "MKNOD", "SYS_NICE", "DAC_READ_SEARCH", "IPC_LOCK"} {
		words = append(words, "--cap-add", c)
	}
	run(t, slices.Concat(words, more, []string{hostImage})...)
	eventually(t, time.Minute, name+" is up", func() error {
		out, _ := try("docker", "exec", name, "systemctl", "is-system-running", "--wait")
		if !strings.HasPrefix(out, "running") && !strings.HasPrefix(out, "degraded") {
			return fmt.Errorf("it is %s", out)
		}
		return nil
	})
	private, public := newKey(t)
	if err := os.WriteFile(h.key, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	private, h.known = newKey(t)
	// Nobody cuts this machine's power between two packages.
	h.sh("echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/unsafe-io; rm -f /etc/ssh/ssh_host_*; umask 077; mkdir -p ~/.ssh; echo '" + public + "' >~/.ssh/authorized_keys; " +
		"echo '" + private + "' >/etc/ssh/ssh_host_ed25519_key; echo '" + h.known + "' >/etc/ssh/ssh_host_ed25519_key.pub; systemctl restart ssh")
	return h
}

// sh runs a script on the host, as root.
func (h host) sh(script string) string {
	h.t.Helper()
	return strings.TrimSpace(run(h.t, "docker", "exec", h.name, "bash", "-c", script))
}

// address is the host's on its network.
func (h host) address() string {
	h.t.Helper()
	return strings.TrimSpace(run(h.t, "docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", h.name))
}

// newNetwork makes a network for hosts.
func newNetwork(t testing.TB, name string) {
	t.Helper()
	try("docker", "network", "rm", name)
	run(t, "docker", "network", "create", name)
	t.Cleanup(func() { try("docker", "network", "rm", name) })
}

// site is an installation: an inventory, and the hosts that it names.
type site struct {
	t       testing.TB
	folder  string
	secrets map[string]any // the vault's
	forbid  []string       // what must show nowhere
	sockets string
	vars    map[string]any
}

// archives saves the images for hosts without a registry, once: the product's, and those of nginx and PostgreSQL.
var archives = sync.OnceValues(func() (string, error) {
	folder := filepath.Join(root, "build", "delivery")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	if out, err := image(); err != nil {
		return out, err
	}
	if _, err := try("docker", "save", "--output", filepath.Join(folder, "verdictory.tar"), "verdictory:test"); err != nil {
		return "", err
	}
	_, err := try("docker", "save", "--output", filepath.Join(folder, "base.tar"), os.Getenv("NGINX_IMAGE"), os.Getenv("POSTGRES_IMAGE"))
	return folder, err
})

// newSite makes an inventory of one of the project's examples, with hosts in the place of the example's.
func newSite(t testing.TB, example string, hosts map[string]host) *site {
	t.Helper()
	folder, err := archives()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, folder: t.TempDir(), secrets: map[string]any{}, vars: map[string]any{
		"verdictory_image":              "verdictory:test",
		"verdictory_image_archive":      filepath.Join(folder, "verdictory.tar"),
		"verdictory_base_image_archive": filepath.Join(folder, "base.tar"),
		"verdictory_nginx_image":        os.Getenv("NGINX_IMAGE"),
		"verdictory_postgres_image":     os.Getenv("POSTGRES_IMAGE"),
	}}
	if s.sockets, err = os.MkdirTemp("", "v"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(s.sockets) })
	s.hosts(example, hosts)
	s.write("vault-password", "the vault's own\n")
	return s
}

// exampleHost finds the names of hosts in the examples.
var exampleHost = regexp.MustCompile(`(?m)^( +)([a-z0-9]*\.?verdictory\.example):\n(?:^ +verdictory_address: .*\n|^ +ansible_user: .*\n)*`)

// hosts takes the inventory from an example, with those of its hosts that are given, by their names there.
func (s *site) hosts(example string, given map[string]host) {
	s.t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "provisioning/inventories", example, "hosts.yml"))
	if err != nil {
		s.t.Fatal(err)
	}
	known := ""
	inventory := exampleHost.ReplaceAllStringFunc(string(content), func(entry string) string {
		match := exampleHost.FindStringSubmatch(entry)
		h, ok := given[match[2]]
		if !ok {
			return ""
		}
		address := h.address()
		known += address + " " + h.known + "\n"
		return fmt.Sprintf("%s%s: {ansible_host: %s, ansible_user: root, ansible_ssh_private_key_file: %s}\n", match[1], h.name, address, h.key)
	})
	s.write("hosts.yml", inventory)
	s.write("known_hosts", known)
}

func (s *site) write(file, content string) {
	s.t.Helper()
	file = filepath.Join(s.folder, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// secret puts a value into the vault that must show nowhere.
func (s *site) secret(name string, value any, shown ...string) {
	s.secrets[name] = value
	if len(shown) == 0 {
		shown = []string{value.(string)}
	}
	s.forbid = append(s.forbid, shown...)
}

var recap = regexp.MustCompile(`(?m)^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+) `)

// play runs site.yml and gives how many changes there were. -vvv shows what modules are called with and what they answer.
func (s *site) play() (changed int) {
	s.t.Helper()
	start := time.Now()
	document := func(v any) string {
		content, err := json.Marshal(v)
		if err != nil {
			s.t.Fatal(err)
		}
		return string(content)
	}
	s.write("group_vars/verdictory/main.yml", document(s.vars))
	s.write("group_vars/verdictory/vault.yml", document(s.secrets))
	password := "--vault-password-file=" + filepath.Join(s.folder, "vault-password")
	run(s.t, "ansible-vault", "encrypt", password, filepath.Join(s.folder, "group_vars/verdictory/vault.yml"))
	// The path of a socket is short, so the connections that are kept are in a folder of that kind.
	out, err := try("ANSIBLE_CONFIG=provisioning/ansible.cfg", "ANSIBLE_SSH_CONTROL_PATH_DIR="+s.sockets,
		"ANSIBLE_SSH_ARGS=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile="+filepath.Join(s.folder, "known_hosts"), "ansible-playbook", "-vvv", password, "-i", s.folder, "provisioning/site.yml")
	for _, secret := range append(s.forbid, "SWMTKN-") {
		if at := strings.Index(out, secret); at >= 0 {
			s.t.Errorf("the secret %.14s… shows in Ansible's output:\n%s", secret, out[max(0, at-600):at])
		}
	}
	end := out[max(0, len(out)-6000):]
	if err != nil {
		s.t.Fatalf("ansible-playbook: %s", end)
	}
	hosts := recap.FindAllStringSubmatch(out, -1)
	if len(hosts) == 0 {
		s.t.Fatalf("no recap: %s", end)
	}
	for _, h := range hosts {
		n, _ := strconv.Atoi(h[2])
		changed += n
		if h[3] != "0" || h[4] != "0" {
			s.t.Fatalf("%s: %s", h[0], end)
		}
	}
	s.t.Logf("site.yml on %d hosts: %d changed, %s", len(hosts), changed, time.Since(start).Round(time.Second))
	return changed
}

// unchanged runs site.yml again and expects that it finds everything as it should be.
func (s *site) unchanged() {
	s.t.Helper()
	if n := s.play(); n != 0 {
		s.t.Errorf("the second run changed %d", n)
	}
}

// quiet looks for the secrets in the hosts' journals.
func (s *site) quiet(hosts ...host) {
	s.t.Helper()
	for _, h := range hosts {
		journal := h.sh("journalctl --no-pager --output cat")
		if !strings.Contains(journal, "Docker Application Container Engine") {
			s.t.Errorf("the journal of %s has nothing of the engine, so it shows nothing", h.name)
		}
		for _, secret := range append(s.forbid, "SWMTKN-") {
			if at := strings.Index(journal, secret); at >= 0 {
				s.t.Errorf("the secret %.14s… shows in the journal of %s:\n%s", secret, h.name, journal[max(0, at-600):at])
			}
		}
	}
}

// TestAnsible makes a bare host into an installation with everything that can be given: a domain whose certificate an ACME server
// issues, people with passwords, a registry's login, a deploy user, a second place for backups. Then it grows into three hosts, with a
// new password for its database, and loses one of them.
func TestAnsible(t *testing.T) {
	t.Parallel() // with the other provisioning, after the tests that measure
	const network, domain = "vansible", "verdictory.test"
	newNetwork(t, network)
	plain, https := free(t), free(t)
	manager := newHost(t, network, "vansible-manager", "--publish", "127.0.0.1:"+plain+":80", "--publish", "127.0.0.1:"+https+":443")
	acme := newACME(t, network, domain, manager)

	key, public := newKey(t)
	const first, second, registry, user = "canary-postgres-first-Qk7'x", "canary-postgres-second", "canary-registry", "canary-person"
	s := newSite(t, "one", map[string]host{"verdictory.example": manager})
	s.secret("vault_postgres_password", first, "canary-postgres-first") // whatever the quote in it becomes
	s.secret("vault_registry_password", registry, registry, base64.StdEncoding.EncodeToString([]byte("pusher:"+registry)))
	s.secret("vault_users", []string{"ada:{PLAIN}" + user}, user)
	s.secret("vault_backup_key", key, strings.Split(key, "\n")[2])
	for name, value := range map[string]any{
		"verdictory_domain": domain, "verdictory_acme_email": "operator@" + domain, "verdictory_acme_server": acme.directory,
		"verdictory_registry": "registry.example", "verdictory_registry_user": "pusher",
		"verdictory_deploy_keys":   []string{public},
		"verdictory_backup_target": "deploy@127.0.0.1:second-place", "verdictory_backup_keep": 2,
		"verdictory_backup_known_hosts": "127.0.0.1 " + manager.known,
	} {
		s.vars[name] = value
	}
	if s.play() == 0 {
		t.Fatal("the first run changed nothing")
	}

	acme.issued(t, "https://127.0.0.1:"+https+"/readyz", domain)
	if answer, _, err := ask("GET", "http://127.0.0.1:"+plain+"/"); err != nil || answer.StatusCode != 308 {
		t.Errorf("plain HTTP: %v, %v, want 308", answer, err)
	}
	if answer, _, err := ask("GET", "https://127.0.0.1:"+https+"/motor-insurance"); err != nil || answer.StatusCode != 401 {
		t.Errorf("nobody: %v, %v, want 401", answer, err)
	}
	base := "https://ada:" + user + "@127.0.0.1:" + https
	code, err := generate(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := found(base, code); err != nil {
		t.Fatal(err)
	}
	hardened(t, manager)
	firewall(t, manager)
	dump := backups(t, manager)
	s.unchanged()

	// Two workers, a new password in the vault, no more people and no more domain: the same command brings all of it about.
	workers := []host{newHost(t, network, "vansible-worker1"), newHost(t, network, "vansible-worker2")}
	s.hosts("three", map[string]host{"manager.verdictory.example": manager, "worker1.verdictory.example": workers[0], "worker2.verdictory.example": workers[1]})
	s.secret("vault_postgres_password", second)
	s.vars["verdictory_domain"], s.secrets["vault_users"] = "", []string{}
	accepted := func(password string) bool {
		_, err := try("PGPASSWORD="+password, "docker", "exec", "--env", "PGPASSWORD", manager.name, "bash", "-c",
			`docker exec --env PGPASSWORD "$(/opt/verdictory/scripts/container postgres)" sh -c 'exec psql -w -h "$(hostname)" -U verdictory -d verdictory -c "select 1"'`)
		return err == nil
	}
	if !accepted(first) || accepted(second) {
		t.Fatal("before its rotation the first password is not the one that counts")
	}
	s.play()
	if accepted(first) || !accepted(second) {
		t.Errorf("after its rotation: the old password is accepted: %v, the new one: %v", accepted(first), accepted(second))
	}
	if names := strings.Fields(manager.sh("docker secret ls --format '{{.Name}}'")); len(names) != 1 {
		t.Errorf("after the rotation the swarm holds the secrets %v, want one", names)
	}
	if got := manager.sh("docker node ls --format '{{.Hostname}} {{.Status}}' | sort"); got != "vansible-manager Ready\nvansible-worker1 Ready\nvansible-worker2 Ready" {
		t.Errorf("the nodes: %s", got)
	}
	tasks := func(worker host) []string {
		return strings.Fields(manager.sh("docker node ps --filter desired-state=running --format '{{.Name}}' " + worker.name))
	}
	for _, worker := range workers {
		if len(tasks(worker)) == 0 {
			t.Errorf("%s has no task", worker.name)
		}
	}
	// The certificate is the host's own now, so it is what it is checked by.
	own := x509.NewCertPool()
	if !own.AppendCertsFromPEM([]byte(manager.sh("cat /etc/verdictory/edge/tls/certificate.pem"))) {
		t.Fatal("there is no certificate")
	}
	transport := loadClient.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: own, ServerName: manager.name}
	t.Cleanup(func() { transport.TLSClientConfig = nil })
	base = "https://127.0.0.1:" + https
	if err := found(base, code); err != nil {
		t.Error(err)
	}
	if _, err := generate(base); err != nil {
		t.Error(err)
	}
	s.unchanged()

	lost, left := workers[0], workers[1]
	if len(tasks(left)) > len(tasks(lost)) {
		lost, left = left, lost
	}
	t.Logf("%s, which is lost, runs %v", lost.name, tasks(lost))
	workerLost(t, manager, lost, base)
	restored(t, manager, base, dump, code)
	s.quiet(manager, left)
}

// restored brings a dump back that only the host still has, as provisioning/README.md says.
func restored(t *testing.T, h host, base, dump, code string) {
	t.Helper()
	later, err := generate(base)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "provisioning/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile("(?s)```sh\ndump=[^\n]*\n(.*?)```").FindSubmatch(readme)
	if commands == nil {
		t.Fatal("provisioning/README.md does not say how a dump comes back")
	}
	h.sh(`docker exec "$(/opt/verdictory/scripts/container backup)" sh -c 'rm /var/lib/postgresql/*.dump'`)
	h.sh("set -e; dump=" + dump + "\n" + string(commands[1]))
	eventually(t, patienceOfStart, "the case of before the dump is back", func() error { return found(base, code) })
	if err := found(base, later); err == nil {
		t.Errorf("the case %s, made after the dump, is still there", later)
	}
}

// hardened reads back what the roles set.
func hardened(t *testing.T, h host) {
	t.Helper()
	ssh := h.sh("sshd -T")
	for _, want := range []string{"passwordauthentication no", "kbdinteractiveauthentication no", "permitrootlogin without-password", "x11forwarding no", "allowtcpforwarding no", "maxauthtries 3"} {
		if !strings.Contains(ssh, "\n"+want+"\n") {
			t.Errorf("sshd -T has no %q", want)
		}
	}
	for _, check := range []struct{ what, script, want string }{
		{"SSH listens with these settings", "systemctl show -p ActiveState --value ssh", "active"},
		{"the key's owner and mode", "stat -c '%u %a' /etc/verdictory/edge/tls/key.pem", "101 400"},
		{"the way to the key and the secrets", "stat -c '%U %a' /etc/verdictory /etc/verdictory/secrets", "root 700\nroot 700"},
		{"the deploy user cannot read the secrets", "runuser -u deploy -- cat /etc/verdictory/secrets/postgres_password 2>/dev/null || echo refused", "refused"},
		{"the deploy user has no password", "passwd -S deploy | cut -d' ' -f2", "L"},
		{"the engine's settings", `docker info --format '{{.LoggingDriver}} {{.LiveRestoreEnabled}} {{.SecurityOptions}}'`, "json-file false [name=seccomp,profile=default]"},
		{"no new privileges inside the stack", `docker exec "$(/opt/verdictory/scripts/container nginx)" grep NoNewPrivs /proc/1/status`, "NoNewPrivs:\t1"},
		{"updates come by themselves", "apt-config dump APT::Periodic::Unattended-Upgrade | tail -n 1", `APT::Periodic::Unattended-Upgrade "1";`},
		{"but not the engine's", "apt-config dump Unattended-Upgrade::Package-Blacklist | sed -n 's/.*:: //p'", "\"docker\\.io$\";\n\"containerd$\";\n\"runc$\";"},
		{"units that failed", "systemctl --failed --plain --no-legend | wc -l", "0"},
		{"timers", "systemctl is-enabled verdictory-backup.timer certbot.timer verdictory-firewall systemd-timesyncd docker", "enabled\nenabled\nenabled\nenabled\nenabled"},
	} {
		if got := h.sh(check.script); got != check.want {
			t.Errorf("%s: %q, want %q", check.what, got, check.want)
		}
	}
}

// firewall asks from outside for what must not be reachable, with what shows that it would be without the firewall.
func firewall(t *testing.T, h host) {
	t.Helper()
	reachable := func(port string) bool {
		connection, err := net.DialTimeout("tcp", net.JoinHostPort(h.address(), port), time.Second)
		if err == nil {
			connection.Close()
		}
		return err == nil
	}
	h.sh("docker run --detach --rm --name leak --publish 9999:8080 verdictory:test rules")
	before := h.sh("iptables-save | grep -v '^[#:]' | sed 's/\\[.*//'")
	h.sh("systemctl stop verdictory-firewall")
	for _, port := range []string{"9999", "2377"} {
		if !reachable(port) {
			t.Errorf("without the firewall port %s is not reachable, so this test shows nothing", port)
		}
	}
	h.sh("systemctl start verdictory-firewall && systemctl reload verdictory-firewall")
	for port, want := range map[string]bool{"80": true, "443": true, "22": true, "9999": false, "2377": false, "7946": false} {
		if got := reachable(port); got != want {
			t.Errorf("port %s is reachable from outside: %v, want %v", port, got, want)
		}
	}
	if after := h.sh("iptables-save | grep -v '^[#:]' | sed 's/\\[.*//'"); after != before {
		t.Errorf("Docker's own rules changed:\n%s\nwere\n%s", after, before)
	}
	h.sh("docker rm --force leak")
}

// backups makes dumps and sees them leave the volume, and the host, with the oldest of them dropped here and kept there. A night
// without a dump is a unit that failed.
func backups(t *testing.T, h host) (dump string) {
	t.Helper()
	const earlier = "verdictory-20251231T031500Z.dump" // what this host no longer has
	h.sh("runuser -u deploy -- mkdir ~deploy/second-place && runuser -u deploy -- touch ~deploy/second-place/" + earlier)
	h.sh(`cd /var/backups/verdictory && for day in 01 02; do touch -d 2026-01-$day verdictory-202601${day}T031500Z.dump; done`)
	name := h.sh("verdictory-stack backup-now")
	h.sh("systemctl start verdictory-backup || { journalctl --unit verdictory-backup --no-pager; exit 1; }")
	want := "verdictory-20260102T031500Z.dump\n" + name
	for folder, want := range map[string]string{"/var/backups/verdictory": want, "~deploy/second-place": earlier + "\n" + want} {
		if got := h.sh("ls " + folder); got != want {
			t.Errorf("%s has %q, want %q", folder, got, want)
		}
		if got := h.sh("head -c 5 " + folder + "/" + name); got != "PGDMP" {
			t.Errorf("%s/%s begins with %q: no dump", folder, name, got)
		}
	}

	const dumps = "$(docker volume inspect --format '{{ .Mountpoint }}' verdictory_backups)/verdictory-*.dump"
	h.sh("touch -d '27 hours ago' " + dumps)
	if out := h.sh("systemctl start verdictory-backup 2>&1; systemctl is-failed verdictory-backup; journalctl --unit verdictory-backup --output cat --lines 5"); !strings.Contains(out, "\nfailed\n") || !strings.Contains(out, "No dump of the last 26 hours") {
		t.Errorf("a night without a dump: %s", out)
	}
	h.sh("touch " + dumps + " && systemctl start verdictory-backup")
	return name
}

// tasksOfStack are the replicas of all services of compose.prod.yml.
const tasksOfStack = 4*2 + 3

// workerLost cuts a worker's power under load: what fails, and when everything answers again.
func workerLost(t *testing.T, manager, worker host, base string) {
	t.Helper()
	l := startLoad(base, 20)
	stop := sync.OnceFunc(l.stop)
	defer stop()
	start := time.Now()
	eventually(t, 20*time.Second, "the load runs", func() error {
		if r := l.since(start); r.sent < 60 {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	if r := l.since(start); r.failed > 0 {
		t.Fatalf("with all workers: %s", r)
	}
	killed := time.Now()
	run(t, "docker", "kill", worker.name)
	down := eventually(t, 90*time.Second, "the manager sees that the worker is lost", func() error {
		if out := manager.sh("docker node ls --format '{{.Hostname}} {{.Status}}'"); !strings.Contains(out, worker.name+" Down") {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	replaced := down + eventually(t, 90*time.Second, "every task runs on the nodes that are left", func() error {
		// Asked about several nodes at once, docker repeats itself.
		out := manager.sh("for node in $(docker node ls --format '{{.Hostname}}' | grep -vx " + worker.name + "); do " +
			"docker node ps --filter desired-state=running --format '{{.Name}} {{.CurrentState}}' $node; done")
		if strings.Count(out, " Running ") != tasksOfStack {
			return fmt.Errorf("%s", out)
		}
		return nil
	})
	// Five seconds without a failure, and the worst is over.
	eventually(t, 60*time.Second, "everything answers", func() error {
		if r := l.since(time.Now().Add(-5 * time.Second)); r.failed > 0 || r.sent < 50 {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	r := l.since(killed)
	t.Logf("loss of a worker of three: seen after %s, every replica elsewhere after %s; %s", down.Round(time.Second), replaced.Round(time.Second), r)
	if r.last > 60*time.Second {
		t.Errorf("requests failed until %s after the loss, want no longer than 60 s", r.last)
	}
	if r.failed*10 > r.sent {
		t.Errorf("%d of %d failed, want a tenth at the most", r.failed, r.sent)
	}
	stop()
	stored := manager.sh(`docker exec "$(/opt/verdictory/scripts/container postgres)" psql -U verdictory -d verdictory -Atc "SELECT code FROM cases"`)
	for _, code := range l.codes {
		if strings.Count(stored, code) != 1 {
			t.Errorf("the acknowledged case %s is stored %d times", code, strings.Count(stored, code))
		}
	}
}

// newKey makes a key for SSH: the private one's text and the public one's.
func newKey(t testing.TB) (private, public string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	run(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file)
	for name, content := range map[string]*string{file: &private, file + ".pub": &public} {
		read, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		*content = strings.TrimSpace(string(read))
	}
	return private, public
}

// acme is an ACME server: Let's Encrypt's own for tests.
type acme struct {
	directory string
	roots     *x509.CertPool
}

// newACME starts one on a network that knows a domain as a host's, and lets the host know and trust it. Both names are in files:
// an engine that leaves a Swarm, as another test has it do, forgets the names of all its networks.
func newACME(t testing.TB, network, domain string, h host) *acme {
	t.Helper()
	const name = "vansible-acme"
	binary := filepath.Join(root, "build", "bin", "pebble")
	run(t, "go", "build", "-C", "tools/pebble", "-trimpath", "-o", binary, "github.com/letsencrypt/pebble/v2/cmd/pebble")
	folder := t.TempDir()
	run(t, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2", "-subj", "/CN="+name,
		"-addext", "subjectAltName=DNS:"+name, "-keyout", filepath.Join(folder, "key.pem"), "-out", filepath.Join(folder, "certificate.pem"))
	if err := os.WriteFile(filepath.Join(folder, "pebble.json"), []byte(`{"pebble": {"listenAddress": "0.0.0.0:14000", "managementListenAddress": "0.0.0.0:15000",
		"certificate": "/acme/certificate.pem", "privateKey": "/acme/key.pem", "httpPort": 80, "tlsPort": 443, "retryAfter": {"authz": 1, "order": 1},
		"profiles": {"default": {"description": "ninety days", "validityPeriod": 7776000}}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	port := free(t)
	try("docker", "rm", "--force", name)
	t.Cleanup(func() {
		if out, _ := try("docker", "logs", "--tail", "20", name); t.Failed() {
			t.Log(out)
		}
		try("docker", "rm", "--force", name)
	})
	run(t, "docker", "run", "--detach", "--name", name, "--network", network, "--publish", "127.0.0.1:"+port+":15000", "--env", "PEBBLE_VA_NOSLEEP=1", "--add-host", domain+":"+h.address(),
		"--volume", folder+":/acme:ro", "--volume", binary+":/pebble:ro", hostImage, "/pebble", "-config", "/acme/pebble.json")
	run(t, "docker", "cp", filepath.Join(folder, "certificate.pem"), h.name+":/usr/local/share/ca-certificates/acme.crt")
	h.sh("update-ca-certificates; echo " + host{t: t, name: name}.address() + " " + name + " >>/etc/hosts")
	a := &acme{directory: "https://" + name + ":14000/dir", roots: x509.NewCertPool()}
	eventually(t, 30*time.Second, "the ACME server answers", func() error {
		answer, err := client.Get("https://127.0.0.1:" + port + "/roots/0")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		root, err := io.ReadAll(answer.Body)
		if err == nil && !a.roots.AppendCertsFromPEM(bytes.TrimSpace(root)) {
			err = fmt.Errorf("no certificate: %.200s", root)
		}
		return err
	})
	return a
}

// issued checks that what answers at an address has this server's certificate for the domain.
func (a *acme) issued(t *testing.T, url, domain string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.roots, ServerName: domain}}}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if issuer := answer.TLS.PeerCertificates[0].Issuer.CommonName; !strings.Contains(issuer, "Pebble") || answer.StatusCode != http.StatusOK {
		t.Errorf("%s answers %s with a certificate by %q, not by the ACME server", url, answer.Status, issuer)
	}
}

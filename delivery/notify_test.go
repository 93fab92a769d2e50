//go:build delivery

package delivery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A chat's incoming webhook is an address that whoever has it may write to, so it shows nowhere.

func TestNotify(t *testing.T) {
	// Its own, so that no other test's arguments are taken for it.
	canary := fmt.Sprintf("canary-of-the-chat-%x", time.Now().UnixNano())
	path := "/services/" + canary
	var asked atomic.Int32
	var body, shown atomic.Value
	var answer atomic.Value
	chat := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		var message struct{ Text string }
		if r.Method != "POST" || r.URL.Path != path || json.NewDecoder(r.Body).Decode(&message) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body.Store(message.Text)
		// What anybody on the machine can see meanwhile.
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, line := range lines {
			if content, err := os.ReadFile(line); err == nil && strings.Contains(string(content), canary) {
				shown.Store(strings.ReplaceAll(string(content), "\x00", " "))
			}
		}
		answer.Load().(func(http.ResponseWriter))(w)
	}))
	defer chat.Close()
	status := func(code int) func(http.ResponseWriter) { return func(w http.ResponseWriter) { w.WriteHeader(code) } }

	subject := strings.TrimSpace(run(t, "git", "log", "-1", "--format=%s"))
	for _, c := range []struct {
		name, result, url string
		answer            func(http.ResponseWriter)
		fails             bool
		asked             int32
		says              string
	}{
		{"failed", "FAILURE", chat.URL + path, status(200), false, 1, "Told: verdictory/main #7 failed."},
		{"works again", "SUCCESS", chat.URL + path, status(200), false, 1, "Told: verdictory/main #7 works again."},
		{"aborted", "ABORTED", chat.URL + path, status(204), false, 1, "was aborted, by hand or by a timeout."},
		{"a chat that is not well", "FAILURE", chat.URL + path, status(503), true, 2, "The chat answered 503."},
		{"a webhook that was taken away", "FAILURE", chat.URL + path, status(404), true, 1, "Look whether NOTIFY_URL is still its incoming webhook."},
		{"a chat that leads elsewhere", "FAILURE", chat.URL + path, func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, true, 2, "The chat cannot be reached"},
		{"a chat that does not answer", "FAILURE", chat.URL + path, func(w http.ResponseWriter) { time.Sleep(2 * time.Second) }, true, 2, "The chat cannot be reached: TimeoutError."},
		{"no chat", "FAILURE", "", nil, false, 0, "NOTIFY_URL is empty: nobody is told."},
		{"no address", "FAILURE", canary, nil, true, 0, "NOTIFY_URL is no address."},
		{"no web address", "FAILURE", "mailto:" + canary, nil, true, 0, "NOTIFY_URL is no web address."},
		{"no result", "GREAT", chat.URL + path, nil, true, 0, `NOTIFY_RESULT is "GREAT". Set it to one of SUCCESS, UNSTABLE, FAILURE, ABORTED.`},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			asked.Store(0)
			answer.Store(c.answer)
			out, err := try("NOTIFY_URL="+c.url, "NOTIFY_RESULT="+c.result, "NOTIFY_PATIENCE_MS=1000", "JOB_NAME=verdictory/main", "BUILD_NUMBER=7",
				"BUILD_URL=https://jenkins.example/job/verdictory/job/main/7/", "make", "notify")
			// try names the command with its environment when that fails.
			out = strings.ReplaceAll(out, "NOTIFY_URL="+c.url, "")
			if (err != nil) != c.fails || !strings.Contains(out, c.says) || asked.Load() != c.asked {
				t.Errorf("asked %d times, said %q, %v", asked.Load(), out, err)
			}
			if strings.Contains(out, canary) {
				t.Errorf("the address shows: %s", out)
			}
			if c.asked > 0 {
				text := body.Load().(string)
				for _, part := range []string{"verdictory/main #7 ", subject, "https://jenkins.example/job/verdictory/job/main/7/"} {
					if !strings.Contains(text, part) {
						t.Errorf("the message lacks %q: %q", part, text)
					}
				}
			}
		})
	}
	if line := shown.Load(); line != nil {
		t.Errorf("the address was among the arguments of %s", line)
	}
}

package service

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// echo answers each line of the body in capitals, while the body is still coming.
func echo(w http.ResponseWriter, r *http.Request) {
	stream := NewStream(w, TypeNDJSON)
	body := bufio.NewScanner(r.Body)
	for body.Scan() {
		if body.Text() == "break" {
			stream.Break()
		}
		if stream.Keep(append(append(stream.Buffer(), strings.ToUpper(body.Text())...), '\n')) != nil || stream.Flush() != nil {
			return
		}
	}
}

func TestStreamAnswersWhileTheBodyComes(t *testing.T) {
	var log lines
	server := httptest.NewUnstartedServer(Wrap(http.HandlerFunc(echo), log.logger(), NewMetrics("test", "1"), 1))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	server.Start()
	defer server.Close()
	read, write := io.Pipe()
	r, _ := http.NewRequest(http.MethodPost, server.URL, read)
	lines := make(chan string)
	go func() {
		for _, line := range []string{"one", "two", "three"} {
			_, _ = io.WriteString(write, line+"\n")
			if got := <-lines; got != strings.ToUpper(line) {
				t.Errorf("got %q for %q", got, line)
			}
			time.Sleep(200 * time.Millisecond) // in all longer than the timeouts, which each part renews
		}
		write.Close()
	}()
	w, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if w.StatusCode != 200 || w.Header.Get("Content-Type") != TypeNDJSON {
		t.Errorf("got %d %v", w.StatusCode, w.Header)
	}
	answer := bufio.NewScanner(w.Body)
	for answer.Scan() {
		lines <- answer.Text()
	}
	if err := answer.Err(); err != nil {
		t.Error(err)
	}
}

func TestStreamBreak(t *testing.T) {
	var log lines
	server := httptest.NewServer(Wrap(http.HandlerFunc(echo), log.logger(), NewMetrics("test", "1"), 1))
	defer server.Close()
	w, err := server.Client().Post(server.URL, TypeNDJSON, strings.NewReader("one\nbreak\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	if answer, err := io.ReadAll(w.Body); !errors.Is(err, io.ErrUnexpectedEOF) || string(answer) != "ONE\n" {
		t.Errorf("got %q, %v", answer, err)
	}
	if strings.Contains(log.String(), "panic") {
		t.Errorf("an answer broken off on purpose was logged as a panic: %s", &log)
	}
}

func TestStreamSendsFullParts(t *testing.T) {
	w := httptest.NewRecorder()
	stream := NewStream(w, TypeNDJSON)
	line := strings.Repeat("x", streamBuffer/2)
	for want := range 3 {
		if err := stream.Keep(append(stream.Buffer(), line...)); err != nil {
			t.Fatal(err)
		}
		if got := w.Body.Len(); got != (want+1)/2*streamBuffer {
			t.Errorf("%d bytes were sent after %d halves", got, want+1)
		}
	}
	if err := stream.Flush(); err != nil || w.Body.Len() != streamBuffer/2*3 || !w.Flushed {
		t.Errorf("%d bytes were sent at the end: %v", w.Body.Len(), err)
	}
}

func TestStreamTellsThatTheClientIsGone(t *testing.T) {
	failed := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream := NewStream(w, TypeNDJSON)
		for {
			if err := stream.Keep(append(stream.Buffer(), make([]byte, streamBuffer)...)); err != nil {
				failed <- err
				return
			}
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	w, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	w.Body.Close()
	var network net.Error
	if err := <-failed; !errors.As(err, &network) {
		t.Errorf("got %v", err)
	}
}

// broken is a connection that takes nothing.
type broken struct{ http.ResponseWriter }

var errBroken = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestStreamGivesBackWhatWritingFailedWith(t *testing.T) {
	stream := NewStream(broken{httptest.NewRecorder()}, TypeNDJSON)
	if err := stream.Keep(append(stream.Buffer(), "x\n"...)); err != nil {
		t.Errorf("gathering failed: %v", err)
	}
	if err := stream.Flush(); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

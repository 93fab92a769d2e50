//go:build delivery

package delivery

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// load sends requests at a steady rate, whether or not the ones before have been answered, until it is stopped: a quarter
// of them make a case, the others read pages, cases and files, as a style that a page of before the load has. Some are a page
// with all the files that it links, which count as one. It never sends more than it was told, nor longer.
type load struct {
	base    string
	stopped chan struct{}
	once    sync.Once // for the stop
	sent    sync.WaitGroup

	mu      sync.Mutex
	answers []answered
	codes   []string // of the cases whose making was acknowledged
}

// answered is how a request went.
type answered struct {
	at      time.Time // when it was sent
	took    time.Duration
	problem string // empty for a good answer
}

// longestLoad bounds a load that nobody stops.
const longestLoad = 5 * time.Minute

// loadClient gives up as a person would. Its connections are kept, as browsers keep theirs.
var loadClient = &http.Client{Timeout: 8 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 10 * time.Second}}

var assetOf = regexp.MustCompile(`/static/[0-9a-f]+/style\.css`)

// heading is what an error's page says in one line.
var heading = regexp.MustCompile(`(?s)^<!doctype html>.*<h1>(.*?)</h1>.*$`)

func startLoad(base string, perSecond int) *load {
	l := &load{base: base, stopped: make(chan struct{})}
	asset := "/static/"
	if _, page, err := ask("GET", base+"/"); err == nil {
		asset = assetOf.FindString(page)
	}
	type kind struct{ method, path string }
	kinds := []kind{
		{"POST", casesAPI}, {"GET", "/motor-insurance/history"}, {"GET", asset}, {"GET", casesAPI + "/00000001-00000002"},
		{"POST", casesAPI}, {"GET", "/api/v1/policies"}, {"GET", asset}, {"GET", casesAPI + "/00000001-00000003"},
	}
	kinds = slices.Repeat(kinds, 4)
	kinds[2].path = visited
	go func() {
		start := time.Now()
		for i := 0; time.Since(start) < longestLoad; i++ {
			// By the clock, so that a machine that was busy for a moment is sent what it missed.
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
			if !l.begin() {
				return
			}
			kind := kinds[i%len(kinds)]
			go l.send(kind.method, kind.path)
		}
	}()
	return l
}

// begin counts a request, unless the load was stopped: nobody waits for what is sent after that.
func (l *load) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.stopped:
		return false
	default:
		l.sent.Add(1)
		return true
	}
}

// visited is the page whose files are asked for too, and linked finds them.
const visited = "/motor-insurance"

var linked = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

func (l *load) send(method, path string) {
	defer l.sent.Done()
	start := time.Now()
	body, err := l.ask(method, path)
	if path == visited && err == nil {
		files := linked.FindAllSubmatch(body, -1)
		if len(files) < 4 {
			err = fmt.Errorf("%s links %d files", path, len(files))
		}
		for _, file := range files {
			if _, failed := l.ask("GET", string(file[1])); failed != nil {
				err = failed
			}
		}
	}
	problem, code := "", codeOf.FindSubmatch(body)
	if err != nil {
		problem = err.Error()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers = append(l.answers, answered{start, time.Since(start), problem})
	if err == nil && method == "POST" && code != nil {
		l.codes = append(l.codes, string(code[1]))
	}
}

// ask makes a request, and gives the body of a good answer.
func (l *load) ask(method, path string) ([]byte, error) {
	request, err := http.NewRequest(method, l.base+path, nil)
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		// As a careful client does: a request whose connection nginx closed in the same moment may be sent again, by
		// net/http here as by browsers, and makes no second case.
		request.Header.Set("Idempotency-Key", rand.Text())
	}
	answer, err := loadClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 400 {
		err = fmt.Errorf("%s: %.150s", answer.Status, heading.ReplaceAll(body, []byte("$1")))
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return body, nil
}

// mark begins a part of the load: since gives what was sent from then on.
func (l *load) since(mark time.Time) report {
	l.mu.Lock()
	defer l.mu.Unlock()
	var r report
	for _, a := range l.answers {
		if a.at.Before(mark) {
			continue
		}
		r.sent++
		r.times = append(r.times, a.took)
		if a.problem != "" {
			r.failed++
			r.problems = append(r.problems, fmt.Sprintf("%s after %s", a.problem, a.took.Round(time.Millisecond)))
			if last := a.at.Add(a.took).Sub(mark); last > r.last {
				r.last = last
			}
		}
	}
	slices.Sort(r.times)
	return r
}

// stop ends the load and waits for what is under way.
func (l *load) stop() {
	l.once.Do(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		close(l.stopped)
	})
	l.sent.Wait()
}

// report is how a part of a load went.
type report struct {
	sent, failed int
	last         time.Duration // from the mark to the last failure
	times        []time.Duration
	problems     []string
}

func (r report) String() string {
	if r.sent == 0 {
		return "nothing was sent"
	}
	at := func(share float64) time.Duration {
		return r.times[int(share*float64(len(r.times)-1))].Round(time.Millisecond)
	}
	s := fmt.Sprintf("%d of %d failed (p50 %s, p99 %s)", r.failed, r.sent, at(.5), at(.99))
	if r.failed > 0 {
		s += fmt.Sprintf(", the last %s in:\n%s", r.last.Round(time.Millisecond), strings.Join(r.problems[:min(5, len(r.problems))], "\n"))
	}
	return s
}

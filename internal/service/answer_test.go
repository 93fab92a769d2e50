package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"verdictory/contract"
	"verdictory/policy"
)

type body struct {
	Name  string          `json:"name"`
	Age   int8            `json:"age"`
	Rate  float64         `json:"rate"`
	Done  bool            `json:"done"`
	Tags  []string        `json:"tags"`
	Seed  policy.Seed     `json:"seed"`
	Inner struct{ N int } `json:"inner"`
	Raw   json.RawMessage `json:"raw"`
}

func post(contentType string, content io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", content)
	r.Header.Set("Content-Type", contentType)
	return r
}

func TestReadJSON(t *testing.T) {
	r := post("application/json; charset=utf-8", strings.NewReader(` {"name":"<é>","age":7,"raw":{"b":1, "a":2},"inner":{"N":3},"seed":"z"} `+"\n"))
	var got body
	if err := ReadJSON(httptest.NewRecorder(), r, 100, &got); err != nil {
		t.Fatal(err)
	}
	want := body{Name: "<é>", Age: 7, Raw: json.RawMessage(`{"b":1, "a":2}`), Seed: 31}
	want.Inner.N = 3
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		code              contract.Code
		field, message    string
	}{
		"no content type":    {"", `{}`, contract.Invalid, "", "The body must be JSON: send it with Content-Type: application/json."},
		"a form":             {"application/x-www-form-urlencoded", `{}`, contract.Invalid, "", "The body must be JSON: send it with Content-Type: application/json."},
		"over the limit":     {TypeJSON, `{"name":"` + strings.Repeat("x", 100) + `"}`, contract.TooLarge, "", "The body is over its limit of 100 bytes: send less."},
		"empty":              {TypeJSON, ``, contract.Invalid, "", "The body is empty: write a JSON object."},
		"half a value":       {TypeJSON, `{"name":`, contract.Invalid, "", "The JSON ends in the middle of a value: send it whole."},
		"not JSON":           {TypeJSON, `{name: 1}`, contract.Invalid, "", "The body is not JSON, at byte 2: invalid character 'n' looking for beginning of object key string."},
		"two values":         {TypeJSON, `{} {}`, contract.Invalid, "", "There is more behind the JSON value: send one value."},
		"garbage behind":     {TypeJSON, `{}}`, contract.Invalid, "", "There is more behind the JSON value: send one value."},
		"an unknown field":   {TypeJSON, `{"a\"ge":1}`, contract.Invalid, `a"ge`, `There is no field "a\"ge" here: correct its name or leave it out.`},
		"a number for text":  {TypeJSON, `{"name":1}`, contract.Invalid, "name", "The number given does not fit: write a text in double quotes."},
		"text for an int":    {TypeJSON, `{"age":"1"}`, contract.Invalid, "age", "The string given does not fit: write a whole number within its range."},
		"an int too large":   {TypeJSON, `{"age":300}`, contract.Invalid, "age", "The number 300 given does not fit: write a whole number within its range."},
		"text for a number":  {TypeJSON, `{"rate":"1"}`, contract.Invalid, "rate", "The string given does not fit: write a number."},
		"text for a bool":    {TypeJSON, `{"done":"yes"}`, contract.Invalid, "done", "The string given does not fit: write true or false."},
		"an object for list": {TypeJSON, `{"tags":{}}`, contract.Invalid, "tags", "The object given does not fit: write a list in [ ]."},
		"a list for object":  {TypeJSON, `{"inner":[]}`, contract.Invalid, "inner", "The array given does not fit: write an object in { }."},
		"a nested field":     {TypeJSON, `{"inner":{"N":"x"}}`, contract.Invalid, "inner.N", "The string given does not fit: write a whole number within its range."},
		"a number for seed":  {TypeJSON, `{"seed":5}`, contract.Invalid, "seed", "The number given does not fit: write a text in double quotes."},
		"a wrong seed":       {TypeJSON, `{"seed":"U"}`, contract.Invalid, "", `seed "U" has 'U': write 1 to 8 of 0-9 and A-Z without I, L, O, U`},
	} {
		t.Run(name, func(t *testing.T) {
			var got body
			err := ReadJSON(httptest.NewRecorder(), post(c.contentType, strings.NewReader(c.body)), 100, &got)
			var e *contract.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a contract error", err)
			}
			if e.Code != c.code || e.Message != c.message {
				t.Errorf("got %s %q, want %s %q", e.Code, e.Message, c.code, c.message)
			}
			if c.code == contract.Invalid {
				if diff := cmp.Diff(policy.Issues{{Field: c.field, Message: c.message}}, e.Issues); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

func TestReadJSONBrokenOff(t *testing.T) {
	broken := errors.New("reset")
	err := ReadJSON(httptest.NewRecorder(), post(TypeJSON, iotest.ErrReader(broken)), 100, new(body))
	e := contract.AsError(err)
	if e.Code != contract.Invalid || !errors.Is(e, broken) || strings.Contains(e.Message, "reset") {
		t.Errorf("got %s %q, want Invalid with the reset as its cause alone", e.Code, e.Message)
	}
}

// FuzzDecodeJSON holds that no body panics, and that what is refused is the client's fault and says something.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"name":"x","tags":["a"]}`, `{"age":1e99}`, `[[[[`, `{"seed":"7KQ2X9FM"}`, "\x00", `{"raw":{"a":{}}} x`, `{"":0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		err := DecodeJSON(content, new(body))
		if err == nil {
			if !json.Valid(content) {
				t.Errorf("%q is not JSON and was read", content)
			}
			return
		}
		if e := contract.AsError(err); e.Code != contract.Invalid || e.Message == "" {
			t.Errorf("%q gave %s %q", content, e.Code, e.Message)
		}
	})
}

// A proxy that opens a connection for each request says that it is to be closed. The answer to a body that is too large
// must reach it nevertheless, while it is still sending.
func TestLimitBodyLetsAClientReadTheAnswer(t *testing.T) {
	server := httptest.NewServer(Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, ReadJSON(w, r, 10, new(any)))
	}), slog.New(slog.DiscardHandler), NewMetrics("test", "v"), 1))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", 1<<20, strings.Repeat(" ", 64<<10))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // to its end, which is no reset
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") || !strings.HasSuffix(string(answer), "}\n") {
		t.Errorf("%v: %s", err, answer)
	}
}

func TestWriteJSON(t *testing.T) {
	w := httptest.NewRecorder()
	WriteJSON(w, http.StatusCreated, map[string]any{"raw": json.RawMessage(`{"b":"<&>","a":1}`)})
	if got, want := w.Body.String(), `{"raw":{"b":"<&>","a":1}}`+"\n"; got != want {
		t.Errorf("body %q, want %q", got, want)
	}
	if w.Code != http.StatusCreated || w.Header().Get("Content-Type") != TypeJSON || w.Header().Get("Content-Length") != "26" {
		t.Errorf("got %d with %v", w.Code, w.Header())
	}
}

func TestWriteJSONPanicsOnWhatCannotBeEncoded(t *testing.T) {
	defer func() {
		if reason, _ := recover().(error); reason == nil || !strings.Contains(reason.Error(), "encode a func()") {
			t.Errorf("got %v", reason)
		}
	}()
	WriteJSON(httptest.NewRecorder(), http.StatusOK, func() {})
}

func TestWriteProblem(t *testing.T) {
	secret := errors.New("password=hunter2")
	for name, c := range map[string]struct {
		err        error
		status     int
		retryAfter string
		problem    contract.Problem
	}{
		"a contract error keeps its message and issues": {
			&contract.Error{Code: contract.Invalid, Message: "m", Issues: policy.Issues{{Field: "f", Message: "i"}}, Cause: secret}, 422, "",
			contract.Problem{Type: "about:blank", Title: "Unprocessable Entity", Status: 422, Code: contract.Invalid, Detail: "m", Issues: policy.Issues{{Field: "f", Message: "i"}}},
		},
		"any other error is general": {
			secret, 500, "",
			contract.Problem{Type: "about:blank", Title: "Internal Server Error", Status: 500, Code: contract.Internal, Detail: contract.AsError(secret).Message},
		},
		"unavailable names the service and when to come again": {
			&contract.Error{Code: contract.Unavailable, Message: "m", Service: "rules service"}, 503, "2",
			contract.Problem{Type: "about:blank", Title: "Service Unavailable", Status: 503, Code: contract.Unavailable, Detail: "m", Service: "rules service"},
		},
		"overloaded says when to come again": {
			&contract.Error{Code: contract.Overloaded, Message: "m"}, 503, "1",
			contract.Problem{Type: "about:blank", Title: "Service Unavailable", Status: 503, Code: contract.Overloaded, Detail: "m"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			defer slog.SetDefault(slog.Default())
			slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
			w := httptest.NewRecorder()
			WriteProblem(w, httptest.NewRequest(http.MethodGet, "/", nil), c.err)
			if w.Code != c.status || w.Header().Get("Retry-After") != c.retryAfter || w.Header().Get("Content-Type") != TypeProblem {
				t.Errorf("got %d with %v", w.Code, w.Header())
			}
			if strings.Contains(w.Body.String(), "hunter2") {
				t.Error("the cause reached the client")
			}
			var got contract.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.problem, got); diff != "" {
				t.Error(diff)
			}
			// Outside of Wrap there is no line of the request's, so the error has one of its own.
			if errors.Is(c.err, secret) != strings.Contains(log.String(), "hunter2") {
				t.Errorf("the log has %s", &log)
			}
		})
	}
}

package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"verdictory/contract"
	"verdictory/policy"
)

// The media types of the services' bodies.
const (
	TypeJSON    = "application/json"
	TypeNDJSON  = "application/x-ndjson"
	TypeProblem = "application/problem+json"
)

// WriteJSON answers with v as JSON. Raw messages keep their bytes: <, > and & are not escaped. A v that cannot be
// encoded is a fault of the program, so it panics, and Wrap answers 500.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	writeJSON(w, status, TypeJSON, v)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Errorf("encode a %T: %w", v, err))
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that has gone is no concern of the handler
}

// WriteProblem answers with the error as problem+json under the request's id. The cause goes to the request's line in
// the log and never to the client. Answers that are worth another try carry Retry-After.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	e := contract.AsError(err)
	Note(r, e)
	SetRetryAfter(w.Header(), e.Code)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, e.Code.Status(), TypeProblem, e.Problem(RequestID(r.Context())))
}

// Note puts the error that a request ended in into the request's line in the log. WriteProblem does it; a handler that
// answers an error in its own form, such as a page, calls it first.
func Note(r *http.Request, err *contract.Error) {
	if request := requestOf(r.Context()); request != nil {
		request.err = err
		return
	}
	slog.ErrorContext(r.Context(), "request failed", "code", err.Code, "error", err)
}

// SetRetryAfter sets the header where the code is one that passes by itself: a second for an overload, two for a
// service that is away, which is when its breaker lets the next call try.
func SetRetryAfter(header http.Header, code contract.Code) {
	switch code {
	case contract.Overloaded:
		header.Set("Retry-After", "1")
	case contract.Unavailable:
		header.Set("Retry-After", "2")
	}
}

// ReadJSON reads the request's body, of at most limit bytes, into v. The body must be one JSON value with Content-Type
// application/json. The errors are contract errors for WriteProblem: TooLarge, or Invalid with an issue that names the
// field, where the decoder knows it, and what to write.
func ReadJSON(w http.ResponseWriter, r *http.Request, limit int64, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != TypeJSON {
		return invalid("", "The body must be JSON: send it with Content-Type: application/json.")
	}
	body, err := io.ReadAll(LimitBody(w, r, limit))
	if err != nil {
		return BodyError(err)
	}
	return DecodeJSON(body, v)
}

// LimitBody gives the request's body, which ends in an error behind limit bytes. The server's own writer is told, beneath
// the layers around it: a connection that is to be closed then stays open until a client that is still sending has the
// answer, which would otherwise be lost with the reset.
func LimitBody(w http.ResponseWriter, r *http.Request, limit int64) io.ReadCloser {
	for {
		layer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.MaxBytesReader(w, r.Body, limit)
		}
		w = layer.Unwrap()
	}
}

// BodyError gives the contract error for a body that could not be read to its end: TooLarge where LimitBody stopped it,
// else Invalid.
func BodyError(err error) *contract.Error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &contract.Error{Code: contract.TooLarge, Message: fmt.Sprintf("The body is over its limit of %d bytes: send less.", tooLarge.Limit)}
	}
	return &contract.Error{Code: contract.Invalid, Message: "The body broke off before its end: send it again.", Cause: err}
}

// DecodeJSON reads one JSON value into v as ReadJSON does: unknown fields, wrong types and anything behind the value
// are Invalid with an issue.
func DecodeJSON(body []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return decodeError(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return invalid("", "There is more behind the JSON value: send one value.")
	}
	return nil
}

func decodeError(err error) *contract.Error {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == io.EOF:
		return invalid("", "The body is empty: write a JSON object.")
	case err == io.ErrUnexpectedEOF:
		return invalid("", "The JSON ends in the middle of a value: send it whole.")
	case errors.As(err, &syntax):
		return invalid("", "The body is not JSON, at byte %d: %s.", syntax.Offset, syntax)
	case errors.As(err, &wrongType):
		return invalid(wrongType.Field, "The %s given does not fit: write %s.", wrongType.Value, jsonKind(wrongType.Type))
	}
	// encoding/json has no type for an unknown field's error, only this text.
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, _ := strconv.Unquote(quoted)
		return invalid(name, "There is no field %s here: correct its name or leave it out.", quoted)
	}
	// What is left are the errors of the contract's own types, such as seeds, which are written for people.
	return invalid("", "%s", err)
}

// jsonKind names what to write in JSON for a Go type.
func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text in double quotes"
	case reflect.Slice, reflect.Array:
		return "a list in [ ]"
	case reflect.Struct, reflect.Map:
		return "an object in { }"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	if t.Implements(reflect.TypeFor[fmt.Stringer]()) { // a seed: a number here, a text in JSON
		return "a text in double quotes"
	}
	return "a whole number within its range"
}

// invalid is an Invalid error with one issue, whose message is also the error's.
func invalid(field, format string, args ...any) *contract.Error {
	message := fmt.Sprintf(format, args...)
	return &contract.Error{Code: contract.Invalid, Message: message, Issues: policy.Issues{{Field: field, Message: message}}}
}

package contract

import (
	"errors"
	"net/http"

	"verdictory/policy"
)

// Code says what kind of thing went wrong. It is the same word in every service, so "not-found" is still "not-found"
// two hops away.
type Code string

// The codes, each with its HTTP status in the table below.
const (
	Invalid         Code = "invalid"          // the request's form or fields are wrong; Issues says where
	InvalidDocument Code = "invalid-document" // a policy's document is wrong; Issues says where
	NotFound        Code = "not-found"
	UnknownDocument Code = "unknown-document" // the service does not hold this digest: PUT it and ask again
	BadMethod       Code = "method-not-allowed"
	Conflict        Code = "conflict"   // the same idempotency key came with other fields
	TooLarge        Code = "too-large"  // the body is over its limit
	NoVerdict       Code = "no-verdict" // the rules give these objects no verdict: no rule hit, two hit in a unique table, an overflow
	Forbidden       Code = "forbidden"  // a cross-site request
	Unavailable     Code = "unavailable"
	Overloaded      Code = "overloaded" // more requests at once than the service takes; Retry-After says when to come again
	Internal        Code = "internal"
)

var statuses = map[Code]int{
	Invalid: http.StatusUnprocessableEntity, InvalidDocument: http.StatusUnprocessableEntity, NotFound: http.StatusNotFound,
	UnknownDocument: http.StatusNotFound, BadMethod: http.StatusMethodNotAllowed, Conflict: http.StatusUnprocessableEntity,
	TooLarge: http.StatusRequestEntityTooLarge, NoVerdict: http.StatusUnprocessableEntity, Forbidden: http.StatusForbidden,
	Unavailable: http.StatusServiceUnavailable, Overloaded: http.StatusServiceUnavailable, Internal: http.StatusInternalServerError,
}

// Status gives the HTTP status of the code; an unknown code is 500.
func (c Code) Status() int {
	if status, ok := statuses[c]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// Error is the one error type: a code, a message for people, the issues, and the cause for the log. The cause never
// leaves the process.
type Error struct {
	Code    Code
	Message string // a sentence for people: what is wrong and what to do
	Issues  policy.Issues
	Service string // the service that failed, where it is not this one: "driver generator"
	Cause   error
}

// Error gives the message and the cause, for the log.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// AsError gives the Error in err's chain. Any other error is Internal with a general message: its text is for the log.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: Internal, Message: "Something went wrong on our side; the log has it under this request's id.", Cause: err}
}

// Problem is the body of an error answer, application/problem+json (RFC 9457).
type Problem struct {
	Type      string        `json:"type"` // always "about:blank"
	Title     string        `json:"title"`
	Status    int           `json:"status"`
	Code      Code          `json:"code"`
	Detail    string        `json:"detail"`
	Service   string        `json:"service,omitempty"`
	Issues    policy.Issues `json:"issues,omitempty"`
	RequestID string        `json:"request_id,omitempty"`
}

// Problem gives the error's answer.
func (e *Error) Problem(requestID string) Problem {
	status := e.Code.Status()
	return Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: e.Code,
		Detail: e.Message, Service: e.Service, Issues: e.Issues, RequestID: requestID,
	}
}

package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/internal/service"
)

// patience is how long a page or an API answer may take, whatever a neighbour does: it leaves half a second of the
// three that a person is promised for what the core itself does.
const patience = 2500 * time.Millisecond

// handler answers a request, or gives the error that the wrapper around it turns into an answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// page wraps a handler of pages: an error becomes a page, or the alert of a page where htmx asked.
func (s *Server) page(h handler) http.Handler {
	return limited(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.problem(w, r, contract.AsError(err))
		}
	})
}

// api wraps a handler of the API: an error becomes problem+json.
func (s *Server) api(h handler) http.Handler {
	return limited(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			service.WriteProblem(w, r, err)
		}
	})
}

// stream wraps a handler whose answer may take as long as its reader: an error before its first byte becomes problem+json.
func (s *Server) stream(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			service.WriteProblem(w, r, err)
		}
	})
}

func limited(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		h(w, r.WithContext(ctx))
	})
}

// problem answers an error for people.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err *contract.Error) {
	service.Note(r, err)
	service.SetRetryAfter(w.Header(), err.Code)
	in := page.ProblemInput{Err: err, RequestID: service.RequestID(r.Context())}
	if p, notFound := s.policyOf(r); notFound == nil {
		in.Policy = p
	}
	if r.Method == http.MethodGet {
		in.RetryURL = r.URL.RequestURI()
	}
	problem := s.pages.Problem(in)
	if fromHTMX(r) {
		s.rendered(r, s.pages.Alert(w, err.Code.Status(), problem))
		return
	}
	s.rendered(r, s.pages.Page(w, err.Code.Status(), problem))
}

// rendered logs a page that could not be rendered; its reader has been told already.
func (s *Server) rendered(r *http.Request, err error) {
	if err != nil {
		service.Note(r, contract.AsError(err))
	}
}

// fromHTMX tells whether htmx asks for a fragment. When it restores a page from the browser's history it needs the whole one.
func fromHTMX(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-History-Restore-Request") != "true"
}

// headers that every answer carries. The policy lets a page load only its own files and no inline script or style.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options":     "nosniff",
	"Referrer-Policy":            "same-origin",
	"Cross-Origin-Opener-Policy": "same-origin",
	"Permissions-Policy":         "camera=(), geolocation=(), microphone=()",
	"Cache-Control":              "no-store",
}

var errCrossSite = errors.New("cross-site request")

// secured puts around the router what holds for every route: the headers, compression, and the refusal of requests that
// another site makes a browser send.
func (s *Server) secured(router http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(s.either(func(http.ResponseWriter, *http.Request) error {
		return &contract.Error{Code: contract.Forbidden, Message: "This request came from another site, so it was not carried out. Open the page here and try again.", Cause: errCrossSite}
	}))
	inner := gzhttp.GzipHandler(guard.Handler(router))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		inner(w, r)
	})
}

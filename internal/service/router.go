package service

import (
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"verdictory/contract"
)

// NewRouter makes the router that every service starts from: it answers what it does not know with problems, never
// redirects (a redirect turns a POST into a GET), and tells the log and the metrics which route a request took.
func NewRouter() *mux.Router {
	router := mux.NewRouter().SkipClean(true)
	router.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if request := requestOf(r.Context()); request != nil {
				request.route, _ = mux.CurrentRoute(r).GetPathTemplate() // an error leaves it empty: a route without a path
			}
			next.ServeHTTP(w, r)
		})
	})
	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		WriteProblem(w, r, &contract.Error{Code: contract.NotFound, Message: "There is nothing at this address."})
	})
	router.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := AllowedMethods(router, r)
		w.Header().Set("Allow", allowed)
		WriteProblem(w, r, &contract.Error{Code: contract.BadMethod, Message: "This address takes " + allowed + ", not " + Method(r) + "."})
	})
	return router
}

// Var gives the path variable of the route that the request took.
func Var(r *http.Request, name string) string { return mux.Vars(r)[name] }

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// AllowedMethods lists the methods that the router takes at the request's path, as the Allow header writes them.
func AllowedMethods(router *mux.Router, r *http.Request) string {
	var allowed []string
	for _, method := range methods {
		asked := *r
		asked.Method = method
		var match mux.RouteMatch
		if router.Match(&asked, &match) && match.MatchErr == nil {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

// Method gives the request's method for logs and labels, OTHER for one that is not among HTTP's usual ones: a client
// can write anything there.
func Method(r *http.Request) string {
	for _, method := range methods {
		if r.Method == method {
			return method
		}
	}
	return "OTHER"
}

package app

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"verdictory/contract"
	"verdictory/internal/service"
)

// Handler gives everything that the core answers. Health and metrics are the service's (package service).
func (s *Server) Handler() http.Handler {
	router := service.NewRouter()
	router.NotFoundHandler = s.either(s.notFound)
	router.MethodNotAllowedHandler = s.either(s.badMethod(router))
	get, post := http.MethodGet, http.MethodPost

	router.PathPrefix("/static/").Handler(s.pages.Static()).Methods(get, http.MethodHead)
	router.HandleFunc("/schemas/{kind}.json", s.schema).Methods(get)
	router.HandleFunc("/api/openapi.json", s.openAPI).Methods(get)
	router.Handle("/api", s.page(s.apiPage)).Methods(get)

	const policies = "/api/v1/policies"
	router.Handle(policies, s.api(s.apiPolicies)).Methods(get)
	router.Handle(policies+"/{policy}", s.api(s.apiPolicy)).Methods(get)
	router.Handle(policies+"/{policy}/verdicts", s.api(s.apiVerdict)).Methods(post)
	router.Handle(policies+"/{policy}/cases", s.api(s.apiCases)).Methods(get)
	router.Handle(policies+"/{policy}/cases", s.api(s.apiGenerate)).Methods(post)
	router.Handle(policies+"/{policy}/cases/{code}", s.api(s.apiCase)).Methods(get)
	router.Handle(policies+"/{policy}/batch", s.stream(s.apiBatch)).Methods(post)
	router.Handle(policies+"/{policy}/runs", s.api(s.apiRuns)).Methods(get)
	router.Handle(policies+"/{policy}/runs", s.api(s.apiStartRun)).Methods(post)
	router.Handle(policies+"/{policy}/runs/{run}", s.api(s.apiRun)).Methods(get)
	router.Handle(policies+"/{policy}/runs/{run}", s.api(s.apiChangeRun)).Methods(http.MethodDelete)
	router.Handle(policies+"/{policy}/runs/{run}/{change:stop|resume}", s.api(s.apiChangeRun)).Methods(post)

	router.Handle("/", s.page(s.overview)).Methods(get)
	router.Handle("/{policy}", s.page(s.workbench)).Methods(get)
	router.Handle("/{policy}/rules", s.page(s.rules)).Methods(get)
	router.Handle("/{policy}/history", s.page(s.historyPage)).Methods(get)
	router.Handle("/{policy}/history.{format:[a-z]+}", s.stream(s.historyExport)).Methods(get)
	router.Handle("/{policy}/cases", s.page(s.postCase)).Methods(post)
	router.Handle("/{policy}/cases/{code}/edit", s.page(s.postEdit)).Methods(post)
	router.Handle("/{policy}/runs", s.page(s.runsPage)).Methods(get)
	router.Handle("/{policy}/runs", s.page(s.postRun)).Methods(post)
	router.Handle("/{policy}/runs/{run}.{format:[a-z]+}", s.stream(s.runExport)).Methods(get)
	router.Handle("/{policy}/runs/{run}", s.page(s.runPage)).Methods(get)
	router.Handle("/{policy}/runs/{run}/{change:stop|resume|remove}", s.page(s.postRunChange)).Methods(post)
	router.Handle("/{policy}/{code}", s.page(s.casePage)).Methods(get)

	return s.secured(router)
}

// badMethod says which methods the path takes.
func (s *Server) badMethod(router *mux.Router) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		allowed := service.AllowedMethods(router, r)
		w.Header().Set("Allow", allowed)
		return &contract.Error{Code: contract.BadMethod, Message: fmt.Sprintf("%s is answered to %s, not to %s.", clip(r.URL.Path), allowed, service.Method(r))}
	}
}

func (s *Server) notFound(_ http.ResponseWriter, r *http.Request) error {
	return &contract.Error{Code: contract.NotFound, Message: fmt.Sprintf("There is nothing at %s.", clip(r.URL.Path))}
}

// either answers the API's paths as the API does and all others as pages.
func (s *Server) either(h handler) http.Handler {
	page, api := s.page(h), s.api(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			api.ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
}

package app

import (
	"net/http"

	"github.com/gorilla/mux"

	"verdictory/internal/service"
)

// Handler gives everything that the core answers. Health and metrics are the service's (package service).
func (s *Server) Handler() http.Handler {
	router := service.NewRouter()
	router.NotFoundHandler = s.page(s.notFound)
	router.MethodNotAllowedHandler = s.page(s.badMethod(router))
	get, post := http.MethodGet, http.MethodPost

	router.PathPrefix("/static/").Handler(s.pages.Static()).Methods(get, http.MethodHead)
	router.HandleFunc("/schemas/{kind}.json", s.schema).Methods(get)
	router.HandleFunc("/api/openapi.json", s.openAPI).Methods(get)
	router.Handle("/api", s.page(s.apiPage)).Methods(get)

	api := router.PathPrefix("/api/").Subrouter()
	api.NotFoundHandler = s.api(s.notFound)
	api.MethodNotAllowedHandler = s.api(s.badMethod(router))
	api.Handle("/v1/policies", s.api(s.apiPolicies)).Methods(get)
	api.Handle("/v1/policies/{policy}", s.api(s.apiPolicy)).Methods(get)
	api.Handle("/v1/policies/{policy}/verdicts", s.api(s.apiVerdict)).Methods(post)
	api.Handle("/v1/policies/{policy}/cases", s.api(s.apiCases)).Methods(get)
	api.Handle("/v1/policies/{policy}/cases", s.api(s.apiGenerate)).Methods(post)
	api.Handle("/v1/policies/{policy}/cases/{code}", s.api(s.apiCase)).Methods(get)
	api.Handle("/v1/policies/{policy}/batch", s.stream(s.apiBatch)).Methods(post)

	router.Handle("/", s.page(s.overview)).Methods(get)
	router.Handle("/{policy}", s.page(s.workbench)).Methods(get)
	router.Handle("/{policy}/rules", s.page(s.rules)).Methods(get)
	router.Handle("/{policy}/history", s.page(s.historyPage)).Methods(get)
	router.Handle("/{policy}/history.{format:[a-z]+}", s.stream(s.historyExport)).Methods(get)
	router.Handle("/{policy}/cases", s.page(s.postCase)).Methods(post)
	router.Handle("/{policy}/cases/{code}/edit", s.page(s.postEdit)).Methods(post)
	router.Handle("/{policy}/{code}", s.page(s.casePage)).Methods(get)

	return s.secured(router)
}

// badMethod says which methods the path takes.
func (s *Server) badMethod(router *mux.Router) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		allowed := service.AllowedMethods(router, r)
		w.Header().Set("Allow", allowed)
		return methodError(r, allowed)
	}
}

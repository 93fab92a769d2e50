// Package service is how each of Verdictory's four services runs, and the few functions that their handlers share.
//
// A handler starts from NewRouter, reads bodies with ReadJSON, answers with WriteJSON or WriteProblem, and streams long
// answers through a Stream. Run gives it a listener, timeouts, health and metrics, and drains it when its context ends:
//
//	router := service.NewRouter()
//	router.HandleFunc("/objects", draw).Methods(http.MethodPost)
//	err := service.Run(ctx, service.Config{Name: "generator", Address: "127.0.0.1:8081", Log: log}, router)
//
// Every request passes through the same layers (Wrap): a request id, one line in the log, metrics, a stop for panics,
// and a limit on how many are handled at once.
package service

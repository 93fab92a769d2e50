package app

import (
	"net/http"

	"verdictory/app/export"
	"verdictory/app/page"
	"verdictory/contract"
	"verdictory/internal/service"
)

// pageSize is how many cases a page of the history shows.
const pageSize = 20

// GET /{policy}/history shows the cases that a filter lets through, newest first; cursor goes on from a page before.
func (s *Server) historyPage(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	in := page.HistoryInput{Policy: p, Filter: page.FilterFromQuery(query), Cursor: query.Get("cursor")}
	counts, err := s.history.Counts(r.Context(), p.Digest)
	if err != nil {
		return err
	}
	in.Counts = page.Counts(counts)
	status := http.StatusOK
	filter, err := filterOf(query, p)
	if err != nil {
		status = http.StatusUnprocessableEntity
		in.Errors = map[string]string{}
		for _, issue := range contract.AsError(err).Issues {
			in.Errors[issue.Field] = issue.Message
		}
	} else {
		found, err := s.history.List(r.Context(), filter, query.Get("cursor"), pageSize)
		if err != nil {
			return err
		}
		in.Cases, in.Next, in.Searched = found.Cases, found.Next, found.Searched
	}
	shown := s.pages.History(in)
	switch {
	case fromHTMX(r) && query.Get("cursor") != "":
		s.rendered(r, s.pages.Fragment(w, status, shown, page.Rows))
	case fromHTMX(r):
		s.rendered(r, s.pages.Fragment(w, status, shown, page.Results))
	default:
		s.rendered(r, s.pages.Page(w, status, shown))
	}
	return nil
}

// GET /{policy}/history.{format} streams every case that the filter lets through, newest first.
func (s *Server) historyExport(w http.ResponseWriter, r *http.Request) error {
	p, err := s.policyOf(r)
	if err != nil {
		return err
	}
	format, err := export.Find(service.Var(r, "format"))
	if err != nil {
		return &contract.Error{Code: contract.NotFound, Message: "There is no such export: " + err.Error() + "."}
	}
	filter, err := filterOf(r.URL.Query(), p)
	if err != nil {
		return err
	}
	if err := s.history.Ready(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.Name+"-history"+format.Extension+`"`)
	table := export.NewTable(p)
	out := service.NewStream(w, format.ContentType)
	first := true
	buffer := format.Begin(out.Buffer(), table)
	err = s.history.Each(r.Context(), filter, func(c contract.Case) error {
		buffer = format.Row(buffer, table, &c, first)
		first = false
		if err := out.Keep(buffer); err != nil {
			return err
		}
		buffer = out.Buffer()
		return nil
	})
	if err != nil {
		service.Note(r, contract.AsError(err))
		out.Break() // a part must not be taken for the whole
	}
	if out.Keep(format.End(buffer, table)) == nil {
		_ = out.Flush() // a client that went away is no error of ours
	}
	return nil
}

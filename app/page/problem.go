package page

import (
	"net/http"
	"strconv"

	"verdictory/contract"
	"verdictory/policy"
)

// ProblemInput is what a handler knows when there is no page to show.
type ProblemInput struct {
	Err       *contract.Error
	RequestID string
	Policy    *policy.Policy // that the request named; nil for none
	RetryURL  string         // where trying again may help: the address of a GET; empty for none
}

// Problem is the page of an error, and the alert that htmx puts above the page at hand.
type Problem struct {
	Base
	Status             string // 404
	Trouble            Trouble
	HomeURL, HomeLabel string
}

func (*Problem) template() string { return "problem.html" }

// Problem makes the page of an error.
func (s *Site) Problem(in ProblemInput) *Problem {
	t := trouble(in.Err, in.RequestID)
	t.RetryURL = ownURL(in.RetryURL)
	p := &Problem{Base: s.place(in.Policy, "", t.Title), Status: strconv.Itoa(in.Err.Code.Status()), Trouble: t, HomeURL: "/", HomeLabel: "All policies"}
	if in.Policy != nil {
		p.HomeURL, p.HomeLabel = policyURL(in.Policy.Name), in.Policy.Rules.Label
	}
	return p
}

var titles = map[int]string{
	http.StatusNotFound:              "There is nothing here",
	http.StatusForbidden:             "That request came from another site",
	http.StatusMethodNotAllowed:      "That address does not take this kind of request",
	http.StatusRequestEntityTooLarge: "That is too large",
	http.StatusUnprocessableEntity:   "That cannot be done",
	http.StatusServiceUnavailable:    "Not available right now",
}

func trouble(err *contract.Error, requestID string) Trouble {
	t := Trouble{Title: titles[err.Code.Status()], Message: err.Message, RequestID: requestID}
	switch {
	case err.Code == contract.Overloaded:
		t.Title = "Too busy right now"
	case err.Code == contract.NoVerdict:
		t.Title = "The rules give no verdict"
	case err.Service != "" && err.Code == contract.Unavailable:
		t.Title = "The " + err.Service + " does not answer"
	case t.Title == "":
		t.Title = "Something went wrong"
	}
	for _, issue := range err.Issues {
		t.Issues = append(t.Issues, issue.String())
	}
	return t
}

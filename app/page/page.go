// Package page makes what people see: it turns policies, cases and traces into one struct a page, formats every value
// with its unit, draws the small charts, and renders the struct with its Jinja2 template. Handlers decide what is to be
// shown and hand over domain values; templates only ask whether something is there. Nothing here reads a store or
// calls a service.
//
// Start at Site: NewSite once, then a constructor such as Site.Workbench and Site.Page or Site.Fragment for each answer.
package page

import (
	"net/url"
	"strings"

	"verdictory/policy"
)

// Page is a page's struct: one of Overview, Workbench, History, Runs, Run, Rules, API and Problem.
type Page interface {
	template() string // the file in the templates
	base() *Base
}

// Part is what of a page answers one swap: blocks of its template, and where htmx puts them if not where the element
// that asked says.
type Part struct {
	blocks []string
	target string
}

// The parts.
var (
	Bench   = Part{blocks: []string{"title", "bench", "live"}}    // of Workbench: cards, why, so far and latest
	Seed    = Part{blocks: []string{"seed"}, target: "#seed-box"} // of Workbench: the seed form, to show its error
	Results = Part{blocks: []string{"title", "results", "live"}}  // of History: chips, export menu, table
	Rows    = Part{blocks: []string{"rows"}}                      // of History: the next rows
	alert   = Part{blocks: []string{"alert"}, target: "#alert"}   // of Problem
)

// Base is what every page has.
type Base struct {
	Title    string // of the document, without the product's name
	Section  string // the navigation's current entry: workbench, history, runs, rules, api; empty for none
	Policy   string // name of the policy at hand, empty for none
	Nav      []Link
	Policies []Option // the policy select
	Assets   AssetURLs
}

func (b *Base) base() *Base { return b }

// Link is a link with its text. Current marks the page at hand.
type Link struct {
	Label, URL string
	Current    bool
}

// Option is an entry of a select.
type Option struct {
	Value, Label string
	Selected     bool
}

// place makes the base of a page of a policy; p is nil for a page of none.
func (s *Site) place(p *policy.Policy, section, title string) Base {
	base := Base{Title: title, Section: section}
	current := ""
	if p != nil {
		base.Policy, current = p.Name, p.Name
	} else if len(s.policies) > 0 {
		current = s.policies[0].Name
	}
	for _, q := range s.policies {
		base.Policies = append(base.Policies, Option{Value: q.Name, Label: q.Rules.Label, Selected: q.Name == base.Policy})
	}
	if current != "" {
		base.Nav = []Link{
			{Label: "Workbench", URL: policyURL(current), Current: section == "workbench"},
			{Label: "History", URL: policyURL(current, "history"), Current: section == "history"},
			{Label: "Runs", URL: policyURL(current, "runs"), Current: section == "runs"},
			{Label: "Rules", URL: policyURL(current, "rules"), Current: section == "rules"},
		}
	}
	base.Nav = append(base.Nav, Link{Label: "API", URL: "/api", Current: section == "api"})
	return base
}

// policyURL gives the address of a policy's page: /motor-insurance/history.
func policyURL(policy string, rest ...string) string {
	var b strings.Builder
	b.WriteString("/" + url.PathEscape(policy))
	for _, part := range rest {
		b.WriteString("/" + url.PathEscape(part))
	}
	return b.String()
}

// withQuery appends a query to an address, nothing where it is empty.
func withQuery(address string, query url.Values) string {
	if len(query) == 0 {
		return address
	}
	return address + "?" + query.Encode()
}

// ownURL gives an address of ours as it is, and nothing for one that a browser would take for another site's.
func ownURL(address string) string {
	if strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.HasPrefix(address, `/\`) {
		return address
	}
	return ""
}

// webURL gives an address from a document where it is a web address, and nothing otherwise: a page links nowhere else.
func webURL(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}

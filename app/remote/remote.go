// Package remote holds the core's clients of the other three services: the two generators and the rules. It is the only
// place that knows how to call them.
//
// Every call is a pure function of its body, so it may be asked again: this package is the one layer that does, at most
// once, for at most a tenth of the calls. A service that fails again and again is left alone for a moment (a circuit
// breaker), so that its callers fail fast. A service that does not hold a policy's document is given it on the way.
// Whatever goes wrong, the answer is an error that names the service; no result is ever made up.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

const (
	patience  = time.Second             // for one attempt at a single object, verdict or list of boundaries
	maxAnswer = contract.MaxRequestBody // bytes of such an answer
)

// Config says where the services are. The addresses are base URLs, such as http://generator-who:8080.
type Config struct {
	Who, What, Rules string
	Metrics          *service.Metrics
	Tracing          *service.Tracing // nil traces nothing
	Log              *slog.Logger
}

// Client asks the generators and the rules. It is safe for concurrent use.
type Client struct {
	who, what, rules *link
	boundaries       *service.Held[contract.Boundaries]
}

// New makes the clients. The error says which address is none.
func New(config Config) (*Client, error) {
	c := &Client{boundaries: service.NewHeld[contract.Boundaries]()}
	for _, l := range []struct {
		link          **link
		name, address string
	}{
		{&c.who, "generator-who", config.Who},
		{&c.what, "generator-what", config.What},
		{&c.rules, "rules", config.Rules},
	} {
		base, err := url.Parse(l.address)
		if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.User != nil || base.RawQuery != "" {
			return nil, fmt.Errorf("the address of %s is no base URL: write it as http://host:port", l.name)
		}
		*l.link = newLink(l.name, base.JoinPath("/").String(), config)
	}
	return c, nil
}

// Object asks the generator of the role (contract.RoleWho or RoleWhat) for the policy's object of a seed and an aim.
func (c *Client) Object(ctx context.Context, role string, p *policy.Policy, seed policy.Seed, aim contract.Aim) (policy.Object, error) {
	link, doc := c.generator(role, p)
	var object policy.Object
	err := link.call(ctx, &call{
		service: generatorName(role, doc), method: http.MethodPost, path: "objects", patience: patience,
		body:   encode(contract.ObjectRequest{Document: doc.Digest, Seed: seed, Aim: aim}),
		gives:  service.TypeJSON,
		supply: supplyObject(doc),
		read: func(body io.Reader) (err error) {
			var answer contract.ObjectAnswer
			if err := decode(body, &answer); err != nil {
				return err
			}
			if answer.Seed != seed {
				return fmt.Errorf("the object of seed %s, asked for %s", answer.Seed, seed)
			}
			object, err = decodeObject(doc.Shape, answer.Object)
			return err
		},
	})
	return object, err
}

// Verdict is what the rules say of two objects.
type Verdict struct {
	Object  policy.Object // the third object
	Outcome string
	Trace   contract.Trace
}

// Verdict asks the rules for the verdict on two objects. Objects that the rules give no verdict are a NoVerdict error.
func (c *Client) Verdict(ctx context.Context, p *policy.Policy, who, what policy.Object) (Verdict, error) {
	body := append([]byte(`{"policy":"`), p.Digest...)
	body = who.AppendJSON(append(body, `","who":`...))
	body = append(what.AppendJSON(append(body, `,"what":`...)), '}')
	var verdict Verdict
	err := c.rules.call(ctx, &call{
		service: rulesName, method: http.MethodPost, path: "verdicts", patience: patience,
		body:   body,
		gives:  service.TypeJSON,
		supply: supplyPolicy(p),
		read: func(body io.Reader) (err error) {
			content, err := readAll(body)
			if err != nil {
				return err
			}
			var answer contract.VerdictAnswer
			if err := scanAll(content, func(s *scanner) { answer = s.verdictAnswer() }); err != nil {
				return err
			}
			verdict, err = readVerdict(p, answer)
			return err
		},
	})
	return verdict, err
}

// readVerdict holds the answer against the policy: the verdict has its shape, the outcome is the verdict's, and the
// trace accounts for each decision in order.
func readVerdict(p *policy.Policy, answer contract.VerdictAnswer) (Verdict, error) {
	object, err := decodeObject(p.Rules.Verdict.Shape, answer.Verdict)
	if err != nil {
		return Verdict{}, err
	}
	if outcome := object.Get(p.Rules.Outcome.Field).Text(); outcome != answer.Outcome {
		return Verdict{}, fmt.Errorf("the outcome is %q in the verdict and %q beside it", outcome, answer.Outcome)
	}
	if len(answer.Trace) != len(p.Rules.Decisions) {
		return Verdict{}, fmt.Errorf("a trace of %d decisions, the policy has %d", len(answer.Trace), len(p.Rules.Decisions))
	}
	for i, decision := range answer.Trace {
		if decision.Decision != p.Rules.Decisions[i].ID {
			return Verdict{}, fmt.Errorf("the trace has decision %q where the policy has %q", decision.Decision, p.Rules.Decisions[i].ID)
		}
	}
	return Verdict{Object: object, Outcome: answer.Outcome, Trace: answer.Trace}, nil
}

// Boundaries asks the rules for the values that the policy's conditions compare fields with. The answer is kept by the
// policy's digest; the caller must not change it.
func (c *Client) Boundaries(ctx context.Context, p *policy.Policy) (contract.Boundaries, error) {
	if held, ok := c.boundaries.Get(p.Digest); ok {
		return held, nil
	}
	var boundaries contract.Boundaries
	err := c.rules.call(ctx, &call{
		service: rulesName, method: http.MethodGet, path: "policies/" + string(p.Digest) + "/boundaries", patience: patience,
		gives:  service.TypeJSON,
		supply: supplyPolicy(p),
		read: func(body io.Reader) error {
			boundaries = contract.Boundaries{}
			if err := decode(body, &boundaries); err != nil {
				return err
			}
			if boundaries.Who == nil || boundaries.What == nil || boundaries.Conditions == nil {
				return fmt.Errorf("boundaries without all of their lists")
			}
			return nil
		},
	})
	if err != nil {
		return contract.Boundaries{}, err
	}
	c.boundaries.Put(p.Digest, boundaries)
	return boundaries, nil
}

// The services as people know them.
const rulesName = "rules service"

func generatorName(role string, doc *policy.ObjectDoc) string {
	return doc.Object + " generator (" + role + ")"
}

func (c *Client) generator(role string, p *policy.Policy) (*link, *policy.ObjectDoc) {
	if role == contract.RoleWhat {
		return c.what, p.What
	}
	return c.who, p.Who
}

// supplyObject gives how a generator is told a document.
func supplyObject(doc *policy.ObjectDoc) supply {
	return func() (string, []byte) {
		return "documents/" + string(doc.Digest), encode(contract.Document{Source: doc.Source})
	}
}

// supplyPolicy gives how the rules are told a policy.
func supplyPolicy(p *policy.Policy) supply {
	return func() (string, []byte) {
		return "policies/" + string(p.Digest), encode(contract.Bundle{Who: p.Who.Source, What: p.What.Source, Rules: p.Rules.Source})
	}
}

// encode gives a request's body. Only an aim's raw value that is no JSON can fail, and it is the program that makes them.
func encode(request any) []byte {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // documents are full of > and <, which would take six bytes each
	if err := encoder.Encode(request); err != nil {
		panic(err)
	}
	return body.Bytes()
}

// decode reads one JSON value, and nothing behind it, of a bounded length. Fields that the contract does not have are
// passed over: when both sides are upgraded, the services come first.
func decode(body io.Reader, answer any) error {
	content, err := readAll(body)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, answer)
}

// readAll reads an answer of a bounded length.
func readAll(body io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if len(content) > maxAnswer {
		return nil, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	return content, err
}

func decodeObject(shape *policy.Shape, raw []byte) (policy.Object, error) {
	object, issues := policy.DecodeObject(shape, raw)
	return object, issues.Err()
}

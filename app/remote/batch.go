package remote

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

const (
	batchPatience = 2 * time.Second        // for a batch, and for each of its lines:
	linePatience  = 500 * time.Microsecond // some fifty times what one takes
	maxLine       = 256 << 10              // bytes
)

// Objects asks the generator of the role for a batch of a run's objects, and hands each answer on as it comes, with its
// place in the batch from 0. The answer's raw object is JSON, but nobody has held it against the document's shape yet;
// an object that cannot be drawn has an Error in its place. An error of yield ends the batch and is given back as it is.
// After any error, what was handed on is right but not all.
func (c *Client) Objects(ctx context.Context, role string, p *policy.Policy, request contract.BatchRequest, yield func(i int, answer contract.ObjectAnswer) error) error {
	link, doc := c.generator(role, p)
	request.Document = doc.Digest
	return lines(ctx, link, &call{
		service: generatorName(role, doc), method: http.MethodPost, path: "objects/batch",
		body:   encode(request),
		supply: supplyObject(doc),
	}, request.Count, (*scanner).objectLine, yield)
}

// Verdicts asks the rules for the verdicts on a batch of pairs, and hands each answer on as it comes, with its place in
// the batch from 0. A pair that has no verdict has an Error in its place. The rest is as with Objects.
func (c *Client) Verdicts(ctx context.Context, p *policy.Policy, pairs []contract.Pair, yield func(i int, verdict contract.BatchVerdict) error) error {
	var body []byte
	for _, pair := range pairs {
		body = appendLine(append(body, `{"who":`...), pair.Who)
		body = appendLine(append(body, `,"what":`...), pair.What)
		body = append(body, "}\n"...)
	}
	return lines(ctx, c.rules, &call{
		service: rulesName, method: http.MethodPost, path: "verdicts/batch?policy=" + string(p.Digest),
		takes:  service.TypeNDJSON,
		body:   body,
		supply: supplyPolicy(p),
	}, len(pairs), (*scanner).verdictLine, yield)
}

// appendLine appends JSON on one line: a line break can only stand between its tokens.
func appendLine(dst, raw []byte) []byte {
	start := len(dst)
	dst = append(dst, raw...)
	for i, c := range dst[start:] {
		if c == '\n' {
			dst[start+i] = ' '
		}
	}
	return dst
}

// lines makes a call that answers count lines of NDJSON, and hands on each that is whole.
func lines[T any](ctx context.Context, l *link, c *call, count int, scan func(*scanner) T, yield func(int, T) error) error {
	c.gives = service.TypeNDJSON
	c.patience = batchPatience + time.Duration(count)*linePatience
	var stopped error
	c.read = func(body io.Reader) error {
		input := bufio.NewScanner(body)
		input.Buffer(make([]byte, 0, 64<<10), maxLine)
		n := 0
		for ; input.Scan(); n++ {
			if n == count {
				return fmt.Errorf("more than %d lines", count)
			}
			var answer T
			if err := scanAll(input.Bytes(), func(s *scanner) { answer = scan(s) }); err != nil {
				return fmt.Errorf("line %d: %w", n, err)
			}
			c.begun = true
			if stopped = yield(n, answer); stopped != nil {
				return nil
			}
		}
		if err := input.Err(); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if n != count {
			return fmt.Errorf("%d lines, asked for %d", n, count)
		}
		return nil
	}
	if err := l.call(ctx, c); err != nil {
		return err
	}
	return stopped
}

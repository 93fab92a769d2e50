package rules

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"time"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// The sizes of a batch.
const (
	maxLine   = 64 << 10 // bytes of one pair
	blockSize = 32 << 10 // bytes of pairs that are worked on at once
)

// postBatch answers POST /verdicts/batch?policy=DIGEST: NDJSON, a contract.Pair a line, answered in the same order by a
// contract.BatchVerdict a line. A pair without a verdict is answered by a line with its error, and the others go on;
// empty lines are passed over. Pairs are answered while more are being read, a block of them on each core. A batch that
// is too large, breaks off or takes too long is cut off, so that the part answered does not pass for the whole.
func (h *handler) postBatch(w http.ResponseWriter, r *http.Request) error {
	crew, err := h.crew(policy.Digest(r.URL.Query().Get("policy")))
	if err != nil {
		return err
	}
	if r.ContentLength > contract.MaxBatchBody {
		return service.BodyError(&http.MaxBytesError{Limit: contract.MaxBatchBody})
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.patience)
	stream := service.NewStream(w, service.TypeNDJSON)
	reader := &reader{crew: crew, lines: bufio.NewReaderSize(http.MaxBytesReader(nil, r.Body, contract.MaxBatchBody), maxLine)}
	blocks := make(chan *block, runtime.GOMAXPROCS(0))
	go reader.read(ctx, blocks)
	whole := false
	defer func() {
		cancel()
		if !whole { // the reader may be waiting for a client that sends nothing more
			_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		}
		for range blocks { // what reads the body must be gone before the handler is
		}
	}()
	if err := write(stream, blocks); err != nil {
		service.Note(r, err)
		stream.Break()
	}
	whole = true
	return nil
}

// block is some pairs of a batch, and in the end their answers.
type block struct {
	lines    []byte // each with its line break
	out      []byte
	failed   *contract.Error // the batch cannot go on
	panicked any
	done     chan struct{} // closed when out is complete
}

var blockPool = sync.Pool{New: func() any { return new(block) }}

func newBlock() *block {
	b := blockPool.Get().(*block)
	b.lines, b.out, b.done = b.lines[:0], b.out[:0], make(chan struct{})
	return b
}

// write sends the blocks' answers in order, as long as all goes well.
func write(stream *service.Stream, blocks <-chan *block) *contract.Error {
	for b := range blocks {
		<-b.done
		if b.panicked != nil {
			panic(b.panicked) // in the request's own goroutine, where it ends this request and no more
		}
		if b.failed != nil {
			return b.failed
		}
		err := stream.Keep(append(stream.Buffer(), b.out...))
		if err == nil && len(blocks) == 0 {
			err = stream.Flush() // nothing more is at hand, so the client gets what there is
		}
		if err != nil {
			return &contract.Error{Code: contract.Unavailable, Message: "The client went away.", Cause: err}
		}
		if cap(b.out) <= mostKept {
			blockPool.Put(b)
		}
	}
	return nil
}

// reader cuts a batch into blocks.
type reader struct {
	crew  *crew
	lines *bufio.Reader
	count int // of pairs so far
}

// read has each block worked on, and sends them on in order. It closes blocks at the batch's end.
func (r *reader) read(ctx context.Context, blocks chan<- *block) {
	defer close(blocks)
	for more := true; more; {
		b := newBlock()
		var refused string
		refused, more = r.fill(b)
		go b.work(ctx, r.crew)
		blocks <- b
		if refused != "" {
			b := newBlock()
			b.out = appendError(b.out, refused)
			close(b.done)
			blocks <- b
		}
	}
}

// fill reads lines into the block until it is full, the client has sent no more for now, or the batch ends. refused
// says why the line behind the block's is not looked into.
func (r *reader) fill(b *block) (refused string, more bool) {
	for len(b.lines) < blockSize {
		line, err := r.lines.ReadSlice('\n')
		long := err == bufio.ErrBufferFull
		for err == bufio.ErrBufferFull {
			_, err = r.lines.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			b.failed = service.BodyError(err)
			return "", false
		}
		if line = bytes.TrimSpace(line); long || len(line) > 0 {
			if r.count == contract.MaxBatch {
				return fmt.Sprintf("A batch takes at most %d pairs: send this one and what follows in another.", contract.MaxBatch), false
			}
			r.count++
			if long {
				return fmt.Sprintf("A pair takes at most %d bytes: write less.", maxLine), err == nil
			}
			b.lines = append(append(b.lines, line...), '\n')
		}
		if err != nil || r.lines.Buffered() == 0 {
			return "", err == nil
		}
	}
	return "", true
}

// work answers the block's pairs.
func (b *block) work(ctx context.Context, crew *crew) {
	defer close(b.done)
	defer func() { b.panicked = recover() }()
	worker := crew.take()
	defer crew.give(worker)
	for rest := b.lines; len(rest) > 0; {
		if ctx.Err() != nil {
			b.failed = &contract.Error{Code: contract.Unavailable, Message: "The batch took too long: send fewer pairs.", Cause: ctx.Err()}
			return
		}
		end := bytes.IndexByte(rest, '\n')
		b.out = worker.appendPair(b.out, rest[:end])
		rest = rest[end+1:]
	}
}

package service

import (
	"net/http"
	"time"
)

const (
	streamPatience = 30 * time.Second // for the client to take or give the next part
	streamBuffer   = 64 << 10         // bytes gathered before they are sent
)

// Stream writes a long answer line by line while the request's body is still being read. It gathers what is written
// and sends it in parts, and renews the connection's deadlines with each, so that a stream may take as long as it likes
// as long as it moves: the client has 30 s for each part.
type Stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	buffer     []byte
}

// NewStream begins a 200 answer of the content type. Nothing is sent before the first part is full or Flush is called,
// so until then the handler can still answer a problem instead.
func NewStream(w http.ResponseWriter, contentType string) *Stream {
	s := &Stream{w: w, controller: http.NewResponseController(w), buffer: make([]byte, 0, streamBuffer+streamBuffer/8)}
	_ = s.controller.EnableFullDuplex() // not supported means there is no HTTP/1 connection that needs it
	s.renew()
	w.Header().Set("Content-Type", contentType)
	return s
}

// Buffer gives the bytes gathered so far, to append a line to and hand to Keep.
func (s *Stream) Buffer() []byte { return s.buffer }

// Keep takes the buffer back with what was appended to it, and sends it where it is full. An error means that the
// client is gone.
func (s *Stream) Keep(buffer []byte) error {
	s.buffer = buffer
	if len(s.buffer) < streamBuffer {
		return nil
	}
	return s.Flush()
}

// Flush sends what is gathered. An error means that the client is gone.
func (s *Stream) Flush() error {
	s.renew()
	if _, err := s.w.Write(s.buffer); err != nil {
		return err
	}
	s.buffer = s.buffer[:0]
	return s.controller.Flush()
}

// Break breaks the connection off, so that the client does not take the part it has for the whole. It does not return.
func (s *Stream) Break() { panic(http.ErrAbortHandler) }

func (s *Stream) renew() {
	// A writer without a connection (a test's recorder) has no deadlines to renew.
	_ = s.controller.SetReadDeadline(time.Now().Add(streamPatience))
	_ = s.controller.SetWriteDeadline(time.Now().Add(streamPatience))
}

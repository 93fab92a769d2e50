package generators

import (
	"fmt"
	"net/http"
	"strconv"

	"verdictory/contract"
	"verdictory/internal/service"
	"verdictory/policy"
)

// maxIndex bounds the indices of a run's objects: up to it, no two of them have the same seed.
const maxIndex = 1 << 40

// handler answers for one role. It holds the documents that were put to it and nothing else.
type handler struct {
	role string
	held *service.Held[*Generator]
}

// NewHandler makes the HTTP handler of a generator for contract.RoleWho or contract.RoleWhat.
func NewHandler(role string) http.Handler {
	h := &handler{role: role, held: service.NewHeld[*Generator]()}
	router := service.NewRouter()
	router.HandleFunc("/documents/{digest}", answer(h.putDocument)).Methods(http.MethodPut)
	router.HandleFunc("/objects", answer(h.postObject)).Methods(http.MethodPost)
	router.HandleFunc("/objects/batch", answer(h.postBatch)).Methods(http.MethodPost)
	return router
}

// answer answers the error of a handler that has not answered itself.
func answer(handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			service.WriteProblem(w, r, err)
		}
	}
}

// putDocument answers PUT /documents/{digest}: it compiles the document and holds it under its digest.
func (h *handler) putDocument(w http.ResponseWriter, r *http.Request) error {
	var body contract.Document
	if err := service.ReadJSON(w, r, contract.MaxDocumentBody, &body); err != nil {
		return err
	}
	document := h.role + ".yaml"
	doc, issues := policy.ParseObject(document, []byte(body.Source))
	if issues != nil {
		return invalidDocument(issues)
	}
	if digest := policy.Digest(service.Var(r, "digest")); digest != doc.Digest {
		return invalid("digest", "The document's digest is %s, not that of the address.", doc.Digest)
	}
	if _, ok := h.held.Get(doc.Digest); !ok {
		generator, issues := Compile(document, doc)
		if issues != nil {
			return invalidDocument(issues)
		}
		h.held.Put(doc.Digest, generator)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// postObject answers POST /objects: one object.
func (h *handler) postObject(w http.ResponseWriter, r *http.Request) error {
	var body contract.ObjectRequest
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &body); err != nil {
		return err
	}
	drawer, err := h.drawer(body.Document, body.Aim)
	if err != nil {
		return err
	}
	object := drawer.object()
	if err := drawer.Draw(body.Seed, object.Values); err != nil {
		return err
	}
	line := appendAnswer(nil, body.Seed, object)
	w.Header().Set("Content-Type", service.TypeJSON)
	w.Header().Set("Content-Length", strconv.Itoa(len(line)))
	_, _ = w.Write(line) // a client that has gone is no concern of the handler
	return nil
}

// postBatch answers POST /objects/batch: objects of a run, one a line. An object that cannot be drawn has an error in
// its line, so that a line is the same in whichever batch it comes.
func (h *handler) postBatch(w http.ResponseWriter, r *http.Request) error {
	var body contract.BatchRequest
	if err := service.ReadJSON(w, r, contract.MaxRequestBody, &body); err != nil {
		return err
	}
	if body.Count < 1 || body.Count > contract.MaxBatch {
		return invalid("count", "A batch cannot have %d objects: ask for 1 to %d.", body.Count, contract.MaxBatch)
	}
	if body.From < 0 || body.From > maxIndex-contract.MaxBatch {
		return invalid("from", "A batch cannot begin at index %d: begin from 0 to %d.", body.From, int64(maxIndex-contract.MaxBatch))
	}
	drawer, err := h.drawer(body.Document, body.Aim)
	if err != nil {
		return err
	}
	stream := service.NewStream(w, service.TypeNDJSON)
	object := drawer.object()
	for index := body.From; index < body.From+int64(body.Count); index++ {
		seed := ObjectSeed(body.Run, index, h.role)
		line := stream.Buffer()
		if err := drawer.Draw(seed, object.Values); err != nil {
			line = appendError(line, seed, err)
		} else {
			line = appendAnswer(line, seed, object)
		}
		if stream.Keep(line) != nil {
			return nil // the client has gone
		}
	}
	_ = stream.Flush()
	return nil
}

// drawer makes a drawer of a document that is held.
func (h *handler) drawer(digest policy.Digest, aim contract.Aim) (*Drawer, error) {
	generator, ok := h.held.Get(digest)
	if !ok {
		return nil, &contract.Error{Code: contract.UnknownDocument, Message: "The generator does not hold the document " + digest.Short() + ": put it under /documents and ask again."}
	}
	return generator.NewDrawer(aim)
}

// object makes room for an object.
func (d *Drawer) object() policy.Object {
	return policy.Object{Shape: d.generator.doc.Shape, Values: make([]policy.Value, len(d.generator.fields))}
}

// appendAnswer appends an object's contract.ObjectAnswer as a line.
func appendAnswer(dst []byte, seed policy.Seed, object policy.Object) []byte {
	dst = append(append(append(dst, `{"seed":"`...), seed.String()...), `","object":`...)
	return append(object.AppendJSON(dst), "}\n"...)
}

// appendError appends the line of an object that cannot be drawn.
func appendError(dst []byte, seed policy.Seed, err error) []byte {
	dst = append(append(append(dst, `{"seed":"`...), seed.String()...), `","error":`...)
	return append(policy.AppendQuoted(dst, contract.AsError(err).Message), "}\n"...)
}

func invalidDocument(issues policy.Issues) error {
	return &contract.Error{Code: contract.InvalidDocument, Message: "The document cannot be used: " + issues[0].String(), Issues: issues}
}

func invalid(field, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	return &contract.Error{Code: contract.Invalid, Message: message, Issues: policy.Issues{{Field: field, Message: message}}}
}

package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
)

// signsHeader says that the caller can reach the officer for a signature: the
// request's body stays open, and request and answer are lines of JSON.
const signsHeader = "Heed-Signs"

// SignRequest is a text that the officer who acts is to sign: nothing of the act
// is kept before.
type SignRequest struct {
	Officer heed.OfficerID `json:"officer"`
	Role    heed.Role      `json:"role"`
	Key     string         `json:"key"` // verification key
	Text    string         `json:"text"`
	Again   bool           `json:"again,omitempty"` // the matter has gone on since the last one was signed
	// Contents are what the text names by digests. Whoever signs can tell by the
	// salts that they are.
	Contents []SignContent `json:"contents,omitempty"`
}

// SignContent is a content of what is to be signed.
type SignContent struct {
	MediaType string `json:"mediaType"`
	Name      string `json:"name,omitempty"`
	Salt      []byte `json:"salt"`
	Data      []byte `json:"data"`
}

// Signer has an officer sign a text, and returns the signature as it stands in
// a note.
type Signer func(ctx context.Context, r SignRequest) ([]byte, error)

type (
	// said is a line of the node: a text to be signed, or at last the answer.
	said struct {
		Sign   *SignRequest    `json:"sign,omitempty"`
		Status int             `json:"status,omitempty"`
		Answer json.RawMessage `json:"answer,omitempty"`
	}
	// signed is a line of the command line's.
	signed struct {
		Signature []byte `json:"signature"`
	}
)

// serveSigned answers a request whose caller signs for the officer; verbs answers
// it with that caller's signatures.
func serveSigned(w http.ResponseWriter, r *http.Request, verbs func(exchange.OfficerSigner) http.Handler) {
	door := http.NewResponseController(w)
	if err := door.EnableFullDuplex(); err != nil {
		answer(w, nil, err)
		return
	}
	lines := json.NewDecoder(http.MaxBytesReader(w, r.Body, MaxRequest))
	var request json.RawMessage
	if err := lines.Decode(&request); err != nil {
		answer(w, nil, unreadable(err))
		return
	}
	caller := &caller{lines: lines, out: json.NewEncoder(w), door: door}
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(request))
	kept := &keptAnswer{header: http.Header{}}
	verbs(caller).ServeHTTP(kept, inner)
	last := said{Status: kept.status}
	if json.Valid(kept.body.Bytes()) { // a verb that is unknown here is answered in words
		last.Answer = kept.body.Bytes()
	}
	// A client that has gone away is told nothing; what was done is committed.
	if err := caller.tell(last); err != nil {
		return
	}
}

// caller is whoever holds the other end of a request, an OfficerSigner.
type caller struct {
	lines *json.Decoder
	out   *json.Encoder
	door  *http.ResponseController
}

// Sign puts the text to the caller and waits for the signature, until the
// caller goes away or the node stops.
func (c *caller) Sign(ctx context.Context, r exchange.SignatureRequest) ([]byte, error) {
	request := &SignRequest{Officer: r.Officer, Role: r.Role, Key: r.Key.String(), Text: r.Text, Again: r.Again}
	for _, content := range r.Contents {
		request.Contents = append(request.Contents, SignContent{MediaType: content.Ref.MediaType, Name: content.Ref.Name, Salt: content.Salt[:], Data: content.Data})
	}
	if err := c.tell(said{Sign: request}); err != nil {
		return nil, fmt.Errorf("asking officer %s to sign: %w", r.Officer, err)
	}
	defer context.AfterFunc(ctx, func() {
		if err := c.door.SetReadDeadline(time.Unix(1, 0)); err != nil {
			return // the connection has ended itself, and the reading with it
		}
	})()
	var line signed
	c.lines.DisallowUnknownFields()
	if err := c.lines.Decode(&line); err != nil {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("officer %s did not sign: %w", r.Officer, err))
	}
	return line.Signature, nil
}

func (c *caller) tell(line said) error {
	if err := c.out.Encode(line); err != nil {
		return err
	}
	return c.door.Flush()
}

// keptAnswer keeps what a verb answers, to be told as the last line.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }

// CallSigned is Call where the officer who acts holds the key: sign is called
// for each text that the node wants signed. Its error ends the act, and is
// returned; nothing was done then.
func (c *Client) CallSigned(ctx context.Context, verb string, in, out any, sign Signer) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the request whose body is still open
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/v1/"+verb, reader)
	if err != nil {
		return err
	}
	request.Header.Set(signsHeader, "sshsig")
	go func() {
		// Where the node does not read to the end, its answer says why.
		if _, err := writer.Write(append(body, '\n')); err != nil {
			writer.CloseWithError(err)
		}
	}()
	response, err := c.http.Do(request)
	if err != nil {
		return c.unanswered(ctx, "while it was asked", err)
	}
	defer response.Body.Close()
	// Without the whole of a signature's line the node keeps nothing.
	when := "while it answered"
	lines := json.NewDecoder(response.Body)
	for {
		var line said
		if err := lines.Decode(&line); err != nil {
			return c.unanswered(ctx, when, err)
		}
		if line.Sign == nil {
			return settle(verb, line.Status, line.Answer, out)
		}
		signature, err := sign(ctx, *line.Sign)
		if err != nil {
			return err
		}
		reply, err := json.Marshal(signed{signature})
		if err != nil {
			return err
		}
		if _, err := writer.Write(append(reply, '\n')); err != nil {
			return c.unanswered(ctx, "before it had the signature, so that nothing was kept or sent", err)
		}
		when = "after officer " + string(line.Sign.Officer) + " signed, and `heed show` says whether it was kept"
	}
}

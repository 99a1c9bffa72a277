package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// Records gives the records of a body, one after the other.
type Records interface {
	// Next reads one. Its error is io.EOF at the end; a *Unread where this record is
	// lost and the next can be read, of which the Line is known; any other where
	// nothing can follow.
	Next() (Read, error)
}

// Read is one record as a body has it.
type Read struct {
	Record watch.Record
	Line   int64    // of the body, from 1, that it stands on
	Left   []string // what of it could not be read, and was left out
}

// Unread is a record that could not be read.
type Unread struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (u *Unread) Error() string { return u.Message }

// Options is what the handler is built from. All of it must be given but the
// bounds, of which zero means the default.
type Options struct {
	Exchange *exchange.Exchange
	// Open reads a body: JSON objects, one a line, as docs/screening-input.md has them.
	Open func(in io.Reader, kind watch.RecordType) (Records, error)
	Now  func() time.Time
	Log  *slog.Logger

	MaxBody     int64         // bytes of one request's body; a longer stream is sent in several
	MaxBatch    int           // records that are looked up in one go
	Patience    time.Duration // how long a caller may neither send nor take anything
	Requests    int           // that one token may send at once, and then one more each RequestEvery
	Every       time.Duration
	MaxAtOnce   int // requests at the same time, of all
	MaxPerToken int // of these, of one token
}

// Bounds where Options say nothing.
const (
	DefaultMaxBody     = 1 << 30
	DefaultMaxBatch    = 500
	DefaultPatience    = 5 * time.Minute
	DefaultRequests    = 200
	DefaultEvery       = 10 * time.Millisecond
	DefaultMaxAtOnce   = 64
	DefaultMaxPerToken = 16

	// An address may show wrongTokens tokens that are none, and one more each wrongEvery.
	wrongTokens    = 20
	wrongEvery     = 3 * time.Second
	wrongAddresses = 4096

	// writeWithin is how long one write may take: a caller that reads nothing is
	// given up, so that it does not keep what others wait for.
	writeWithin = 30 * time.Second
)

func (o Options) filled() Options {
	if o.Exchange == nil || o.Open == nil || o.Now == nil || o.Log == nil {
		panic("api: Options need Exchange, Open, Now and Log") // of the program, before anything is served
	}
	fill(&o.MaxBody, DefaultMaxBody)
	fill(&o.MaxBatch, DefaultMaxBatch)
	fill(&o.Patience, DefaultPatience)
	fill(&o.Requests, DefaultRequests)
	fill(&o.Every, DefaultEvery)
	fill(&o.MaxAtOnce, DefaultMaxAtOnce)
	fill(&o.MaxPerToken, DefaultMaxPerToken)
	o.MaxBatch = min(o.MaxBatch, exchange.MaxBatch)
	return o
}

func fill[T int | int64 | time.Duration](bound *T, standard T) {
	if *bound <= 0 {
		*bound = standard
	}
}

type handler struct {
	Options
	wrong *buckets // tokens that are none, by address
	known *known
	asked *buckets // requests, by token
	slots *slots
}

// Handler serves /v1/. It needs an http.Server's own ResponseWriter, or one that
// unwraps to it, since it reads and writes at the same time.
func Handler(o Options) http.Handler {
	o = o.filled()
	h := &handler{
		Options: o, wrong: newBuckets(o.Now, wrongTokens, wrongEvery, wrongAddresses), known: &known{Options: o},
		asked: newBuckets(o.Now, o.Requests, o.Every, 2*exchange.MaxTokens), slots: newSlots(o.MaxAtOnce, o.MaxPerToken),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/screen", h.screen)
	mux.HandleFunc("/v1/screen", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", http.MethodPost)
		Problem{Status: http.StatusMethodNotAllowed, Detail: "records are sent with POST", Hint: "docs/screening-api.md"}.answer(w, 0)
	})
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		Problem{Status: http.StatusNotFound, Detail: "there is no such thing here", Hint: "POST /v1/screen is"}.answer(w, 0)
	})
	return mux
}

// screen reads: who asks, may it, how much at once, then record by record.
func (h *handler) screen(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	token, ok := h.admit(w, r)
	if !ok {
		return
	}
	leave, ok := h.slots.enter(token.Name)
	if !ok {
		Problem{Status: http.StatusTooManyRequests, Detail: "too many screenings of this token, or of all, go on at once", Hint: "send more records in each request"}.answer(w, time.Second)
		return
	}
	defer leave()
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	reason := strings.TrimSpace(query.Get("reason"))
	if reason == "" {
		reason = "not stated by token " + token.Name
	}
	begun, err := h.Exchange.BeginScreening(r.Context(), exchange.ScreeningOrder{
		Token: token.Name, Via: exchange.ViaAPI, Type: heed.RecordType(query.Get("type")), Reason: reason,
	})
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer h.end(r, begun.ID)
	stream := &stream{handler: h, w: w, r: r, control: http.NewResponseController(w), asking: begun.ID}
	// Where it is refused the body is read to its end before anything is answered.
	if err := stream.control.EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		h.fail(w, r, err)
		return
	}
	stream.run(watch.RecordType(begun.Type))
}

// queryKeys are what a request may say of itself, in the query.
var queryKeys = []string{"type", "reason"}

// parseQuery reads the query. What is not known in it is refused, and not passed over:
// a reason under a misspelt key would not be on record.
func parseQuery(raw string) (url.Values, error) {
	known := "the query has " + strings.Join(queryKeys, " and ") + ", each once at most: ?type=border&reason=gate+4"
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &heed.Invalid{What: "the query cannot be read", Hint: "write %XX for what a query cannot have (RFC 3986); " + known}
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		switch {
		case !slices.Contains(queryKeys, key):
			return nil, &heed.Invalid{What: fmt.Sprintf("the query has %.100q, which is not known", key), Hint: known}
		case len(query[key]) > 1:
			return nil, &heed.Invalid{What: fmt.Sprintf("the query has %q more than once", key), Hint: known}
		}
	}
	if reason := query.Get("reason"); len(reason) > exchange.MaxScreenReason || !utf8.ValidString(reason) {
		return nil, &heed.Invalid{What: fmt.Sprintf("the reason has %d bytes, or is no UTF-8", len(reason)), Hint: fmt.Sprintf("write it in at most %d bytes: it is on record with the request", exchange.MaxScreenReason)}
	}
	return query, nil
}

// admit finds who asks. A good token is admitted from any address, whatever others
// have sent from it: else strangers could lock out a gate behind the same router.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) (exchange.Token, bool) {
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	shown = strings.TrimSpace(shown)
	may := strings.EqualFold(scheme, "Bearer") && shown != "" && len(shown) <= 200
	address := caller(r.RemoteAddr)
	full, after := h.wrong.empty(address)
	var err error
	if may && full {
		may, err = h.known.has(r.Context(), shown)
	}
	if err != nil {
		h.fail(w, r, err)
		return exchange.Token{}, false
	}
	token := exchange.Token{}
	if err = exchange.ErrToken; may {
		token, err = h.Exchange.TokenHolder(r.Context(), shown, exchange.ScopeScreen)
	}
	if errors.Is(err, exchange.ErrToken) {
		if full {
			Problem{Status: http.StatusTooManyRequests, Detail: "too many tokens from this address were none", Hint: "wait, and look at the token"}.answer(w, after)
			return exchange.Token{}, false
		}
		h.wrong.take(address)
		w.Header().Set("WWW-Authenticate", `Bearer realm="heed", scope="screen"`)
		unauthorized.answer(w, 0)
		return exchange.Token{}, false
	}
	if err != nil {
		h.fail(w, r, err)
		return exchange.Token{}, false
	}
	if ok, after := h.asked.take(token.Name); !ok {
		Problem{Status: http.StatusTooManyRequests, Detail: "this token asks too often", Hint: "send more records in each request, one a line"}.answer(w, after)
		return exchange.Token{}, false
	}
	return token, true
}

// fail answers an error before anything else was answered.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody is there any more
	}
	p, after, ours := problemOf(err)
	if ours {
		h.Log.Error("api: request failed", "path", r.URL.Path, "error", err)
	}
	p.answer(w, after)
}

// end puts on record that the screening is over, also where the caller has gone.
func (h *handler) end(r *http.Request, asking int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer cancel()
	if _, err := h.Exchange.EndScreening(ctx, asking); err != nil {
		h.Log.Error("api: the end of a screening is not on record", "screening", asking, "error", err)
	}
}

// stream is one request's records and answers.
type stream struct {
	*handler
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	asking  int64
	begun   bool // something was answered
}

// patient is a body that may pause for so long and no longer.
type patient struct {
	io.Reader
	*stream
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.control.SetReadDeadline(p.Now().Add(p.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.Reader.Read(b)
}

// came is one record, or what was there in its place.
type came struct {
	Read
	err error
}

// run takes what is there, up to a batch, looks it up and answers: a caller that
// sends one record and waits is answered at once.
func (s *stream) run(kind watch.RecordType) {
	body := patient{http.MaxBytesReader(s.w, s.r.Body, s.MaxBody), s}
	arriving := make(chan came, s.MaxBatch)
	stop, stopped := make(chan struct{}), make(chan struct{})
	var cause error // why the body has ended before its end
	go func() {
		defer close(stopped)
		defer close(arriving)
		cause = read(body, s.Open, kind, arriving, stop)
	}()
	err := s.answerAll(arriving)
	close(stop)
	if err != nil {
		// Whoever waits for the body waits no longer.
		if err := s.control.SetReadDeadline(time.Unix(1, 0)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			s.Log.Debug("api: read deadline", "error", err)
		}
	}
	<-stopped
	if cause != nil && errors.Is(err, context.Canceled) {
		err = cause // the server gives a request up whose body cannot be read any more
	}
	if err == nil && !s.begun {
		err = &heed.Invalid{What: "the body has no record", Hint: "send JSON objects, one a line"}
	}
	if err != nil {
		s.cut(err)
	}
}

// read passes records on until the body ends or nobody wants them. Its error is
// also what it passes on last.
func read(body io.Reader, open func(io.Reader, watch.RecordType) (Records, error), kind watch.RecordType, to chan<- came, stop <-chan struct{}) error {
	records, err := open(body, kind)
	for err == nil {
		var c came
		c.Read, c.err = records.Next()
		if errors.Is(c.err, io.EOF) {
			return nil
		}
		var unread *Unread
		if c.err != nil && !errors.As(c.err, &unread) {
			err = c.err
			break
		}
		select {
		case to <- c:
		case <-stop:
			return nil
		}
	}
	select {
	case to <- came{err: err, Read: Read{Line: -1}}:
	case <-stop:
	}
	return err
}

func (s *stream) answerAll(arriving <-chan came) error {
	for {
		var batch []came
		select {
		case <-s.r.Context().Done():
			return s.r.Context().Err()
		case c, ok := <-arriving:
			if !ok {
				return nil
			}
			batch = append(batch, c)
		}
	more:
		for len(batch) < s.MaxBatch {
			select {
			case c, ok := <-arriving:
				if !ok {
					break more
				}
				batch = append(batch, c)
			default:
				break more
			}
		}
		if err := s.answer(batch); err != nil {
			return err
		}
	}
}

// Line is the answer to one record.
type Line struct {
	Record string  `json:"record"`
	Line   int64   `json:"line"` // of the body, from 1, that it stands on
	Hits   []Hit   `json:"hits"`
	Error  *Unread `json:"error,omitempty"` // it was not screened
	// Left is what of the record could not be read: it was screened without that.
	Left []string `json:"leftOut,omitempty"`
}

// Hit is one hit of a record.
type Hit struct {
	ID          heed.Code         `json:"id"`
	Case        heed.Code         `json:"case"` // of the warning; empty: a list
	Warner      heed.PartyID      `json:"warner"`
	List        string            `json:"list"`
	Score       float64           `json:"score"`
	Threshold   float64           `json:"threshold"`
	Explanation watch.Explanation `json:"explanation"`
	Decided     *Decided          `json:"decided,omitempty"` // before; none: it waits for its first verdict
}

// Decided is a verdict that settled a hit before its record was screened again.
type Decided struct {
	Verdict heed.HitVerdict `json:"verdict"`
	Officer heed.OfficerID  `json:"by"`
	At      string          `json:"at"`
}

func (s *stream) answer(batch []came) error {
	var records []watch.Record
	var last error
	unread := 0
	for i, c := range batch {
		switch {
		case c.Line < 0:
			last, batch = c.err, batch[:i]
		case c.err != nil:
			unread++
		default:
			records = append(records, c.Record)
		}
	}
	screened, err := s.Exchange.Screen(s.r.Context(), s.asking, records, unread)
	if err != nil {
		return err
	}
	var lines []byte
	for _, c := range batch {
		line := Line{Record: c.Record.ID, Line: c.Line, Hits: []Hit{}, Left: c.Left}
		var lost *Unread
		if errors.As(c.err, &lost) {
			line.Error = lost
		} else {
			line.say(screened[0])
			screened = screened[1:]
		}
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		lines = append(append(lines, text...), '\n')
	}
	if err := s.write(lines); err != nil {
		return err
	}
	return last
}

func (l *Line) say(s exchange.Screened) {
	if s.Err != nil {
		l.Error = unreadOf(s.Err)
	}
	for _, h := range s.Hits {
		hit := Hit{ID: h.ID.Code(), Case: h.Case, Warner: h.Warner, List: h.List, Score: h.Score, Threshold: h.Threshold, Explanation: h.Explanation}
		if b := h.Before; b.Verdict != "" {
			hit.Decided = &Decided{b.Verdict, b.Officer, heed.FormatTime(b.At)}
		}
		l.Hits = append(l.Hits, hit)
	}
}

// unreadOf is what is wrong with a record, in one line.
func unreadOf(err error) *Unread {
	var field *heed.FieldError
	if errors.As(err, &field) {
		return &Unread{Message: fmt.Sprintf("%s %s", field.Path, field.Problem), Hint: field.Hint}
	}
	return &Unread{Message: strings.Join(strings.Fields(err.Error()), " ")}
}

// write answers some lines, and does not wait for more to go with them.
func (s *stream) write(lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	if err := s.control.SetWriteDeadline(s.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
	}
	if _, err := s.w.Write(lines); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// cut ends an answer with why it ends: as a problem where nothing was answered
// yet, and else as a last line.
func (s *stream) cut(err error) {
	if errors.Is(err, context.Canceled) {
		return // nobody is there any more
	}
	p, after, ours := problemOf(err)
	if ours {
		s.Log.Error("api: a screening was cut short", "screening", s.asking, "error", err)
	}
	if !s.begun {
		p.answer(s.w, after)
		return
	}
	p.Title = http.StatusText(p.Status)
	text, err := json.Marshal(struct {
		Cut Problem `json:"cut"`
	}{p})
	if err == nil {
		err = s.write(append(text, '\n'))
	}
	if err != nil {
		s.Log.Debug("api: answer was cut off", "error", err)
	}
}

package witness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"heed/exchange"
	"heed/ledger"
)

// Paths of a witness.
const (
	AddPath      = "/add-checkpoint"  // C2SP tlog-witness
	DescribePath = "/heed/v1/witness" // who it is
	LogsPath     = "/logs/"           // followed by an origin, a slash and a path of C2SP tlog-tiles

	// CardsPath is followed by a party, and then, after a slash, by the serial
	// after which its cards are asked for; without that, from the first on.
	CardsPath       = "/heed/v1/cards/"
	SuccessionsPath = "/heed/v1/successions/" // followed by a party
)

// Handler serves the witness over plain HTTP: all that it says is public, and
// signed or held against a signature. It bounds how many requests it answers
// at a time; the server it is given to bounds how slow they may be.
func (w *Witness) Handler() http.Handler {
	room := make(chan struct{}, w.MaxRequests)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+AddPath, w.serveAdd)
	mux.HandleFunc("GET "+DescribePath, w.serveDescription)
	mux.HandleFunc("GET "+LogsPath, w.serveLog)
	mux.HandleFunc("GET "+CardsPath, w.serveCards)
	mux.HandleFunc("GET "+SuccessionsPath, w.serveSuccessions)
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		default:
			w.answer(out, r, statusLater, textType, []byte("as many requests are under way as this witness answers at a time\n"))
			return
		}
		mux.ServeHTTP(out, r)
	})
}

const (
	textType  = "text/plain; charset=utf-8"
	shownType = "application/vnd.heed.witness-notes"
)

func (w *Witness) serveAdd(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(out, r.Body, ledger.MaxAddCheckpointBytes))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		w.answer(out, r, http.StatusRequestEntityTooLarge, textType, fmt.Appendf(nil, "at most %d bytes are read\n", long.Limit))
		return
	case err != nil:
		w.answer(out, r, statusMalformed, textType, []byte("the request ended early\n"))
		return
	}
	line, err := w.AddCheckpoint(r.Context(), body)
	var refusal *Refusal
	switch {
	case err == nil:
		w.answer(out, r, http.StatusOK, textType, line)
	case errors.As(err, &refusal) && refusal.Size >= 0:
		w.answer(out, r, refusal.Status, ledger.TreeSizeType, ledger.FormatTreeSize(refusal.Size))
	case errors.As(err, &refusal):
		if refusal.Status == statusLater {
			out.Header().Set("Retry-After", "5")
		}
		w.answer(out, r, refusal.Status, textType, []byte(oneLine(refusal.Reason)+"\n"))
	default:
		w.failed(r, err)
		w.answer(out, r, http.StatusInternalServerError, textType, []byte("the witness failed; its operator was told\n"))
	}
}

// oneLine keeps what others wrote, as far as it is repeated, from looking like more.
func oneLine(s string) string {
	const most = 500
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + " ..."
	}
	return s
}

func (w *Witness) serveDescription(out http.ResponseWriter, r *http.Request) {
	w.answer(out, r, http.StatusOK, textType, FormatDescription(w.Description()))
}

// Description is who the witness is.
func (w *Witness) Description() exchange.WitnessDescription {
	return exchange.WitnessDescription{Name: w.Key.Name(), Key: w.Key.VKey(), Mirrors: true}
}

func (w *Witness) serveLog(out http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, LogsPath)
	party, rest, _ := strings.Cut(rest, "/")
	label, _, found := strings.Cut(rest, "/")
	origin := party + "/" + label
	if _, ok := w.known(origin); !ok || !found || r.URL.RawPath != "" {
		w.answer(out, r, http.StatusNotFound, textType, []byte("no such ledger is witnessed here\n"))
		return
	}
	http.StripPrefix(LogsPath+origin+"/", ledger.Handler(w.Mirror(origin), w.failed)).ServeHTTP(out, r)
}

func (w *Witness) failed(r *http.Request, err error) {
	if r != nil && r.Context().Err() != nil {
		return // whoever asked has gone
	}
	w.Log.Error("a request failed", "path", r.URL.Path, "error", err)
}

func (w *Witness) answer(out http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	h := out.Header()
	h.Set("Content-Type", media)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	out.WriteHeader(status)
	if _, err := out.Write(body); err != nil {
		w.failed(r, err)
	}
}

// Mirror is a ledger as far as it was cosigned.
func (w *Witness) Mirror(origin string) ledger.Source { return mirror{w.Store, origin} }

type mirror struct {
	store  exchange.Store
	origin string
}

func (m mirror) head(ctx context.Context) (head exchange.Head, err error) {
	err = m.store.Read(ctx, func(v exchange.View) error {
		head, err = v.MirrorHead(m.origin)
		return err
	})
	if errors.Is(err, exchange.ErrNotFound) {
		err = fmt.Errorf("%w: nothing is held of %s", ledger.ErrNotFound, m.origin)
	}
	return head, err
}

func (m mirror) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := m.head(ctx)
	return head.Note, err
}

func (m mirror) Size(ctx context.Context) (int64, error) {
	head, err := m.head(ctx)
	return head.Size, err
}

func (m mirror) Hashes(ctx context.Context, indexes []int64) (hashes []tlog.Hash, err error) {
	err = m.store.Read(ctx, func(v exchange.View) error {
		hashes, err = v.MirrorHashes(m.origin, indexes)
		return err
	})
	return hashes, err
}

func (m mirror) Leaves(ctx context.Context, from, to int64) (leaves [][]byte, err error) {
	err = m.store.Read(ctx, func(v exchange.View) error {
		leaves, err = v.MirrorLeaves(m.origin, from, to)
		return err
	})
	return leaves, err
}

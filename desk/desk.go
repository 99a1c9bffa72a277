package desk

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"heed"
	"heed/exchange"
)

// Options is what a desk is built from. All of it must be given.
type Options struct {
	Exchange *exchange.Exchange
	// Token admits to the desk. It is compared in constant time and must be
	// hard to guess: 32 random bytes, encoded for a URL.
	Token string
	// Now is the system's clock, or that of a bubble of testing/synctest: the
	// deadlines of writes are set by it.
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
}

// MinToken is the least length of a login token, in bytes.
const MinToken = 16

type desk struct {
	exchange *exchange.Exchange
	token    [sha256.Size]byte
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
	pages    pages
	assets   assets
	sessions *sessions
	failures *limiter
	streams  chan struct{} // one slot for each live stream of the node
	pace     pace
}

// New makes the handler for /desk/ and everything below it. It answers only
// requests that come from this machine to a loopback name. A live stream ends
// with its request's context: a server that shuts down ends them by ending the
// context that its BaseContext gave.
//
// It panics where the token is shorter than MinToken: a desk that can be
// guessed into must not start.
func New(o Options) http.Handler { return newDesk(o).handler() }

func newDesk(o Options) *desk {
	if len(o.Token) < MinToken {
		panic(fmt.Sprintf("desk: a login token of %d bytes; at least %d are needed", len(o.Token), MinToken))
	}
	return &desk{
		exchange: o.Exchange, token: sha256.Sum256([]byte(o.Token)), now: o.Now, random: o.Random, log: o.Log,
		pages: parsePages(), assets: readAssets(),
		sessions: newSessions(o.Now, o.Random, cookieName(o.Exchange.Party())),
		failures: newLimiter(o.Now, maxFailures, failureRefill),
		streams:  make(chan struct{}, maxStreams), pace: livePace,
	}
}

func (d *desk) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /desk/login", d.getLogin)
	mux.HandleFunc("POST /desk/login", d.postLogin)
	mux.HandleFunc("GET /desk/assets/{name}", d.getAsset)

	mux.Handle("GET /desk/{$}", d.officer(d.getBoard))
	mux.Handle("GET /desk/board/stream", d.officer(d.getBoardStream))
	mux.Handle("GET /desk/find", d.officer(d.getFind))
	mux.Handle("GET /desk/case/{case}", d.officer(d.getCase))
	mux.Handle("GET /desk/case/{case}/stream", d.officer(d.getCaseStream))
	mux.Handle("GET /desk/case/{case}/content/{digest}", d.officer(d.getContent))
	mux.Handle("POST /desk/case/{case}/{act}", d.officer(d.postAct))
	mux.Handle("GET /desk/hits", d.officer(d.getHits))
	mux.Handle("GET /desk/hit/{hit}", d.officer(d.getHit))
	mux.Handle("POST /desk/hit/{hit}/{act}", d.officer(d.postHit))
	mux.Handle("GET /desk/you", d.person(d.getYou))
	mux.Handle("POST /desk/you", d.person(d.postYou))
	mux.Handle("POST /desk/logout", d.person(d.postLogout))
	mux.HandleFunc("/desk/", d.notFound)

	return headers(d.onlyHere(http.NewCrossOriginProtection().Handler(bounded(mux))))
}

// visit is one request of a person who has logged in.
type visit struct {
	*session
	w  http.ResponseWriter
	r  *http.Request
	as heed.Officer // who acts; the zero Officer before one was chosen
	times
}

// person serves whoever has logged in; the CSRF token of the session must stand
// in everything that is posted.
func (d *desk) person(serve func(*visit)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := d.sessions.of(r)
		if !ok {
			d.toLogin(w, r)
			return
		}
		v := &visit{session: s, w: w, r: r}
		if err := d.know(r.Context(), v); err != nil {
			d.fault(v, err)
			return
		}
		if r.Method == http.MethodPost {
			if err := r.ParseForm(); err != nil {
				d.plain(v, http.StatusRequestEntityTooLarge, "That was too much", "What was sent could not be read: a form holds at most 64 KiB of text. Nothing was done.")
				return
			}
			if !s.fromOwnForm(r.PostForm.Get("csrf")) {
				d.plain(v, http.StatusForbidden, "This form is no longer valid", "It was made in another login. Nothing was done. Go back, reload the page and send it again.")
				return
			}
		}
		serve(v)
	})
}

// officer serves a person who has said as whom to act.
func (d *desk) officer(serve func(*visit)) http.Handler {
	return d.person(func(v *visit) {
		if v.as.ID == "" && isStream(v.r) {
			http.Error(v.w, "No officer is chosen.", http.StatusUnauthorized)
			return
		}
		if v.as.ID == "" {
			http.Redirect(v.w, v.r, "/desk/you", http.StatusSeeOther)
			return
		}
		serve(v)
	})
}

// know finds the officer on the roster as it is now, and the zone.
func (d *desk) know(ctx context.Context, v *visit) error {
	id, zone := v.chosen()
	officers, err := d.exchange.Officers(ctx)
	if err != nil {
		return err
	}
	for _, o := range officers {
		if o.ID == id && !o.Removed {
			v.as = o
		}
	}
	if zone == "" {
		me, err := d.exchange.Self(ctx)
		if err != nil {
			return err
		}
		zone = firstZone(me.Card.Ladder)
	}
	v.times = timesIn(zone, d.exchange.Now())
	return nil
}

func firstZone(l heed.Ladder) string {
	if len(l) == 0 {
		return "UTC"
	}
	return l[0].Zone
}

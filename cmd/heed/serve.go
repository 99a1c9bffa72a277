package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/api"
	"heed/control"
	"heed/desk"
	"heed/exchange"
	"heed/notify"
	"heed/peer"
	"heed/seal"
	"heed/store"
	"heed/wire"
	"heed/witness"
)

type serveOptions struct {
	passphrase string
	without    []string
}

func (a *app) serveCommand() *cobra.Command {
	var o serveOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the node: peers, desk, ledger, deadlines",
		Example: `  heed serve --home north
  heed serve --home north --passphrase-file /run/credentials/heed/passphrase`,
		RunE: func(c *cobra.Command, _ []string) error { return a.serve(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.passphrase, "passphrase-file", "", "FILE whose first line decrypts the keys")
	f.StringSliceVar(&o.without, "proceed-without", nil, "PARTY,... that a restored node need not hear before it signs again")
	return c
}

// serve builds every part of a node, hands each to the next, and runs until
// it is told to stop.
func (a *app) serve(ctx context.Context, o serveOptions) (err error) {
	s, err := readSettings(a.home)
	if err != nil {
		return err
	}
	if s.Depositary {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is the home of the depositary %s", a.home, s.Party), Hint: "run it with `heed depositary`"}
	}
	without, err := parties(o.without)
	if err != nil {
		return err
	}
	passphrase, err := readPassphrase(o.passphrase)
	if err != nil {
		return err
	}
	keys, err := openKeyRing(a.home, s.Party, passphrase)
	if err != nil {
		return err
	}
	routes, err := readRoutes(a.home)
	if err != nil {
		return err
	}
	db, err := openStore(ctx, a.home)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	log := slog.New(slog.NewTextHandler(a.err, nil))
	client := peer.NewClient(peer.ClientOptions{Now: time.Now})
	defer client.Close()
	witnesses := witness.NewClient(nil)
	defer witnesses.Close()
	x := exchange.New(exchange.Parts{
		Party: s.Party, Store: db, Keys: keys, Courier: client, Notifier: &teller{routes: routes, log: log}, Mailer: letters(routes),
		Cosigner: witnesses, Now: time.Now, Random: rand.Reader, Log: log,
	})
	token, err := deskToken()
	if err != nil {
		return err
	}
	servers, err := a.listen(s, x, db, keys, token, log)
	if err != nil {
		return err
	}
	me, err := x.Self(ctx)
	if err == nil {
		err = keys.settle(me.Card) // a renewal may have been cut short
	}
	if err != nil {
		return errors.Join(err, servers.shut())
	}
	if err := lookBack(ctx, x); err != nil {
		return errors.Join(err, servers.shut())
	}
	running := servers.serve()
	if err := a.greet(s, me, token); err != nil {
		log.Warn("the greeting could not be printed", "error", err)
	}

	loops, stopLoops := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { x.Run(loops, exchange.PaceFor(me.Card), without...) })
	index := watchIndex{app: a, exchange: x, log: log}
	wait.Go(func() { index.run(loops) })
	select {
	case <-ctx.Done():
	case err = <-running:
	}
	stopLoops()
	err = errors.Join(err, servers.shut())
	wait.Wait()
	return err
}

// lookBack compares with what others hold of us, for a moment: those who do not
// answer are compared with at every contact.
func lookBack(ctx context.Context, x *exchange.Exchange) error {
	look, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	return x.LookBack(look)
}

func parties(names []string) ([]heed.PartyID, error) {
	var out []heed.PartyID
	for _, name := range names {
		party, err := heed.ParsePartyID(name)
		if err != nil {
			return nil, err
		}
		out = append(out, party)
	}
	return out, nil
}

func deskToken() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func (a *app) greet(s settings, me exchange.Self, token string) error {
	desk := fmt.Sprintf("https://%s/desk/login?token=%s", s.deskAddress(), token)
	print := seal.FingerprintOf(me.Card.ID).String()
	return a.print(map[string]any{"party": s.Party, "endpoint": me.Card.Endpoint, "tiles": me.Card.Tiles, "desk": desk, "fingerprint": print}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is serving on %s\n", s.Party, me.Card.Endpoint)
		if me.Card.Tiles != "" {
			fmt.Fprintf(w, "ledger tiles: %s\n", me.Card.Tiles)
		}
		fmt.Fprintf(w, "desk, from this machine only: %s\n", desk)
		fmt.Fprintf(w, "card fingerprint: %s\n", print)
	})
}

// deskAddress is where officers of this machine find the desk: on --listen,
// where that can be reached over loopback, and else on its port of 127.0.0.1.
func (s settings) deskAddress() string {
	host, port, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return s.Listen
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() || host == "localhost" {
		return s.Listen
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// unspecified reports whether an address listens on every interface, loopback included.
func unspecified(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "" || ip != nil && ip.IsUnspecified())
}

// servers are the node's doors.
type servers struct {
	home    string
	doors   []door
	ended   context.Context // of the desk's live pages, which would not end by themselves
	endLive context.CancelFunc
}

type door struct {
	name     string
	server   *http.Server
	listener net.Listener
	tls      bool
}

// listen opens the doors before anything runs, so that a busy port is told at once.
func (a *app) listen(s settings, x *exchange.Exchange, db *store.Store, keys *keyRing, token string, log *slog.Logger) (*servers, error) {
	options := peerOptions(log)
	all := newServers(a.home)
	officers := all.until(desk.New(desk.Options{Exchange: x, Token: token, Now: time.Now, Random: rand.Reader, Log: log}))
	public := http.NewServeMux()
	public.Handle("/desk/", officers)
	public.Handle("/v1/", all.until(api.Handler(api.Options{Exchange: x, Open: apiRecords, Now: time.Now, Log: log})))
	public.Handle("/", peer.Handler(x, options))

	if err := all.open("peers and desk", s.Listen, peer.Server(public, keys.TLS().ServerTLS(), options), true); err != nil {
		return nil, err
	}
	if s.deskAddress() != s.Listen && !unspecified(s.Listen) {
		if err := all.open("desk", s.deskAddress(), peer.Server(officers, keys.TLS().ServerTLS(), options), true); err != nil {
			return nil, errors.Join(err, all.shut())
		}
	}
	if s.Tiles != "" {
		if err := all.open("ledger tiles", s.Tiles, peer.Server(peer.TilesHandler(x, options), nil, options), false); err != nil {
			return nil, errors.Join(err, all.shut())
		}
	}
	if err := all.openSocket(x, db, keys); err != nil {
		return nil, errors.Join(err, all.shut())
	}
	return all, nil
}

// peerOptions reports in the log what callers may not learn.
func peerOptions(log *slog.Logger) peer.Options {
	return peer.Options{Now: time.Now, Report: func(r *http.Request, err error) {
		path := ""
		if r != nil {
			path = r.URL.Path
		}
		log.Warn("a request failed", "path", path, "error", err)
	}}
}

func newServers(home string) *servers {
	all := &servers{home: home}
	all.ended, all.endLive = context.WithCancel(context.Background())
	return all
}

// open listens at an address.
func (s *servers) open(name, address string, server *http.Server, secure bool) error {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return &control.Fault{Exit: control.ExitFault, Message: fmt.Sprintf("%s: %s is in use by another program", name, address), Hint: "stop it, or change the address in " + filepath.Join(s.home, settingsName) + " and renew the card with `heed card renew --endpoint`"}
	}
	if err != nil {
		return &control.Fault{Exit: control.ExitFault, Message: fmt.Sprintf("%s: %v", name, err)}
	}
	s.doors = append(s.doors, door{name, server, l, secure})
	return nil
}

// openSocket listens for the command line.
func (s *servers) openSocket(x *exchange.Exchange, db *store.Store, keys *keyRing) error {
	socket, err := control.Listen(s.home)
	if err != nil {
		return err
	}
	node := control.Node{Exchange: x, Backup: db.Backup, Renew: func(ctx context.Context, r control.RenewRequest) ([]byte, error) {
		return renewCard(ctx, x, keys, r)
	}}
	s.doors = append(s.doors, door{"control socket", &http.Server{Handler: control.Handler(node), ReadHeaderTimeout: 10 * time.Second}, socket, false})
	return nil
}

// until ends a handler's requests when the node is told to stop.
func (s *servers) until(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(s.ended, cancel)()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// serve answers on every door; what ends one of them ends the node.
func (s *servers) serve() <-chan error {
	failed := make(chan error, len(s.doors))
	for _, d := range s.doors {
		go func() {
			var err error
			if d.tls {
				err = d.server.ServeTLS(d.listener, "", "")
			} else {
				err = d.server.Serve(d.listener)
			}
			if !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("%s: %w", d.name, err)
			}
		}()
	}
	return failed
}

// shut lets requests under way finish for a moment and then cuts them off:
// whatever was promised is committed, and whatever was not is asked again.
func (s *servers) shut() error {
	s.endLive()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var errs []error
	for _, d := range s.doors {
		if err := d.server.Shutdown(ctx); err != nil {
			errs = append(errs, d.server.Close())
		}
		if err := d.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// teller binds notices to the channels of notify.yaml. The desk shows every
// owed reply by itself, so a home without channels tells people there and in
// the node's log.
type teller struct {
	routes notify.Routes
	log    *slog.Logger
}

// Notify implements exchange.Notifier.
func (t *teller) Notify(ctx context.Context, n exchange.Notice, now time.Time) (string, error) {
	note := notify.Notice{
		ID: n.ID, Case: string(n.Code), Party: string(n.Party), Peer: string(n.Peer), Duty: string(n.Duty), News: string(n.News), OwedBy: string(n.OwedBy), More: n.More,
		Due: n.Due, State: notify.Received, Level: n.Level, Role: n.Rung.Role, Ring: n.Ring.Role, Telephone: n.Ring.Telephone,
		Mail: n.Rung.Mail, Zone: zone(n.Rung.Zone), Exercise: n.Exercise, Now: now,
	}
	if n.Contact != "" {
		note.OneSided, note.Peer = true, string(n.Contact)
		if n.OwedBy == "" {
			note.OwedBy = string(n.Contact)
		}
	}
	if n.Hit != "" {
		note.Hit, note.Case, note.Peer, note.More = true, string(n.Hit), string(n.Peer), n.More
		if n.List != "" {
			note.Peer = "list " + n.List
		}
	}
	if n.Level > 0 {
		note.State = notify.Overdue
	}
	whom := []any{"tell", note.Role}
	if note.Ring != "" || note.Telephone != "" {
		whom = append(whom, "ring", note.Ring, "telephone", note.Telephone)
	}
	t.log.Info(note.Subject(), whom...)
	if note.Ring == note.Role && (note.OwedBy == "" || note.OwedBy == note.Party) {
		note.Ring = "" // whoever is told is whom to ring
	}
	channels := t.routes.For(note.Role, note.Level)
	if len(t.routes) == 0 {
		return "desk", nil
	}
	var carried []string
	var errs []error
	for _, c := range channels {
		if err := c.Send(ctx, note); err != nil {
			errs = append(errs, err)
			continue
		}
		carried = append(carried, c.Name())
	}
	switch {
	case len(carried) > 0:
		for _, err := range errs {
			t.log.Warn("one channel of several failed", "notice", n.ID, "error", err)
		}
		return channelWord(carried[0]), nil
	case len(errs) > 0:
		return "", errors.Join(errs...)
	}
	return "desk", nil // no channel is for this role and level
}

// mailer sends letters to partners without heed by the first mail channel.
type mailer struct{ channel *notify.Mail }

// letters is nil where notify.yaml has no mail channel: then no letter is mailed.
func letters(routes notify.Routes) exchange.Mailer {
	channel, ok := routes.Mailer()
	if !ok {
		return nil
	}
	return mailer{channel}
}

// Mail implements exchange.Mailer.
func (m mailer) Mail(ctx context.Context, l exchange.Mailing) error {
	return m.channel.SendLetter(ctx, notify.Letter{ID: l.ID, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Now: l.At})
}

// channelWord is a channel's name as signed text can say it.
func channelWord(name string) string {
	word := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, name)
	if word == "" {
		return "channel"
	}
	return word[:min(len(word), 40)]
}

func zone(name string) *time.Location {
	if l, err := time.LoadLocation(name); err == nil {
		return l
	}
	return time.UTC
}

// saysTheSame reports whether a card says nothing that the one before it did not.
func saysTheSame(next, before heed.Card) bool {
	next.Serial, next.Previous, next.Issued = before.Serial, before.Previous, before.Issued
	return wire.CardText(next) == wire.CardText(before)
}

// renewCard makes and signs the next card.
func renewCard(ctx context.Context, x *exchange.Exchange, keys *keyRing, r control.RenewRequest) ([]byte, error) {
	me, err := x.Self(ctx)
	if err != nil {
		return nil, err
	}
	card := me.Card
	card.Serial, card.Previous, card.Issued = me.Card.Serial+1, me.Card.ID, x.Now()
	if r.Baseline != nil {
		every := card.CollectEvery
		card.Baseline = *r.Baseline
		card.CollectEvery = every
	}
	if err := renewDepositaries(&card, r); err != nil {
		return nil, err
	}
	if r.Endpoint != "" {
		card.Endpoint = r.Endpoint
	}
	if r.Tiles != "" {
		card.Tiles = r.Tiles
	}
	var recovery []seal.SigningKey
	if len(r.RecoveryKey) > 0 {
		key, err := seal.ParseRecoveryKey(r.RecoveryKey)
		if err != nil {
			return nil, &heed.Invalid{What: err.Error(), Hint: "an encrypted recovery key is decrypted with --passphrase-file"}
		}
		if key.Verifier().String() != me.Card.RecoveryKey {
			return nil, otherRecoveryKey()
		}
		recovery = append(recovery, key)
	}
	if r.NextRecoveryKey != "" {
		card.RecoveryKey = r.NextRecoveryKey
	}
	// A restored node's renewal is refused for that, whatever it changes.
	if !me.Restored && !r.NodeKey && !r.SealingKey && !r.LedgerKey && !r.LedgerLost && saysTheSame(card, me.Card) {
		return nil, nothingRenewed()
	}
	next, err := keys.prepare(r.NodeKey, r.SealingKey, r.LedgerKey || r.LedgerLost)
	if err != nil {
		return nil, err
	}
	card.LedgerKey = next.Ledger.Verifier().String()
	card.NodeKey, card.SealingKey = next.Node.Verifier().String(), next.Sealing[0].Recipient().String()
	signers := append([]seal.SigningKey{next.Node}, recovery...)
	card, note, err := wire.SignCard(card, signers...)
	if err != nil {
		return nil, err
	}
	if err := x.Renew(ctx, card, note, r.LedgerLost); err != nil {
		return nil, err
	}
	return note, keys.settle(card)
}

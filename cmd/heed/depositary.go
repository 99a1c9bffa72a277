package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/exchange"
	"heed/peer"
	"heed/seal"
	"heed/store"
	"heed/wire"
	"heed/witness"
)

type depositaryOptions struct {
	initOptions
	passphrase string
	served     []string
	bounds     exchange.DepositBounds
}

func (a *app) depositaryCommand() *cobra.Command {
	var o depositaryOptions
	c := &cobra.Command{
		Use:   "depositary --listen HOST:PORT",
		Short: "Run a depositary: it keeps envelopes, unopened, for parties that cannot be reached",
		Long: `Run a depositary. Parties whose cards name it have envelopes deposited here
when they cannot be reached; it logs each one, gives a signed deposit for it,
and keeps it until the party has collected it. It can open none of them.

The first start makes its home. Its card, which ` + "`heed card`" + ` prints, is what
parties name: ` + "`heed init --depositary CARD`, `heed card renew --depositary CARD`" + `.`,
		Example: `  heed depositary --home dep --listen 192.0.2.30:7000 --name keeper.example
  heed depositary --home dep --listen 127.0.0.1:7003 --for north.card --for south.card`,
		RunE: func(c *cobra.Command, _ []string) error { return a.depositary(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of the depositary, at the first start (default depositary-XXXXXXXX.invalid)")
	f.StringVar(&o.listen, "listen", "", "HOST:PORT for senders and parties (TLS)")
	f.StringVar(&o.tiles, "tiles", "", "HOST:PORT for the ledger's tiles (plain HTTP, public data)")
	f.StringArrayVar(&o.served, "for", nil, "CARD of a party that is served, any number of times; default: any party whose card names this depositary")
	f.StringVar(&o.endpoint, "endpoint", "", "https://HOST:PORT under which it is reached, where that is not --listen; at the first start")
	f.StringVar(&o.tilesEndpoint, "tiles-endpoint", "", "http://HOST:PORT under which others reach the tiles, where it is not --tiles; at the first start")
	f.StringVar(&o.recovery, "recovery", "", "FILE for an offline recovery key, which signs the next card; at the first start")
	f.StringVar(&o.passphrase, "passphrase-file", "", "FILE whose first line encrypts the keys")
	f.Int64Var(&o.bounds.EachCount, "each-envelopes", 0, "envelopes held at most for one party, and of one sender (default 10000)")
	f.Int64Var(&o.bounds.EachBytes, "each-bytes", 0, "bytes held at most for one party, and of one sender (default 1 GiB)")
	f.Int64Var(&o.bounds.AllBytes, "all-bytes", 0, "bytes held at most in all (default 20 GiB)")
	f.Int64Var(&o.bounds.LargestEnvelope, "largest-envelope", 0, "bytes of one envelope at most (default 32 MiB)")
	return c
}

// depositary makes the home where there is none, and runs until it is told to stop.
func (a *app) depositary(ctx context.Context, o depositaryOptions) (err error) {
	served, err := readCards(a.in, o.served)
	if err != nil {
		return err
	}
	o.bounds.For = served
	passphrase, err := readPassphrase(o.passphrase)
	if err != nil {
		return err
	}
	s, err := a.depositaryHome(ctx, o, passphrase)
	if err != nil {
		return err
	}
	keys, err := openKeyRing(a.home, s.Party, passphrase)
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
		Party: s.Party, Store: db, Keys: keys, Courier: client, Notifier: &teller{log: log},
		Cosigner: witnesses, Now: time.Now, Random: rand.Reader, Log: log,
	})
	servers, err := a.listenDepositary(s, exchange.NewDepositary(x, o.bounds), db, keys, log)
	if err != nil {
		return err
	}
	me, err := x.Self(ctx)
	if err == nil {
		err = keys.settle(me.Card)
	}
	if err == nil {
		err = lookBack(ctx, x)
	}
	if err != nil {
		return errors.Join(err, servers.shut())
	}
	running := servers.serve()
	if err := a.greetDepositary(me, served); err != nil {
		log.Warn("the greeting could not be printed", "error", err)
	}
	loops, stopLoops := context.WithCancel(ctx)
	var wait sync.WaitGroup
	wait.Go(func() { x.Run(loops, exchange.PaceFor(me.Card)) })
	select {
	case <-ctx.Done():
	case err = <-running:
	}
	stopLoops()
	err = errors.Join(err, servers.shut())
	wait.Wait()
	return err
}

// depositaryHome reads the home's settings, or makes a home.
func (a *app) depositaryHome(ctx context.Context, o depositaryOptions, passphrase seal.Passphrase) (settings, error) {
	_, missing := os.Stat(filepath.Join(a.home, settingsName))
	if !errors.Is(missing, fs.ErrNotExist) {
		s, err := readSettings(a.home)
		if err != nil {
			return s, err
		}
		if !s.Depositary {
			return s, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is the home of %s, which is no depositary", a.home, s.Party), Hint: "run it with `heed serve`, and name a folder of its own for the depositary with --home"}
		}
		if o.name != "" && o.name != string(s.Party) || o.listen != "" && o.listen != s.Listen || o.tiles != "" && o.tiles != s.Tiles {
			return s, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is the home of %s, which listens on %s", a.home, s.Party, s.Listen), Hint: "leave --name, --listen and --tiles out; the addresses are changed in " + filepath.Join(a.home, settingsName) + " and with `heed card renew --endpoint`"}
		}
		return s, nil
	}
	if o.name == "" {
		var b [4]byte
		if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
			return settings{}, err
		}
		o.name = "depositary-" + hex.EncodeToString(b[:]) + ".invalid"
	}
	s, err := o.settings()
	if err != nil {
		return s, err
	}
	s.Depositary = true
	if err := freshHome(a.home); err != nil {
		return s, err
	}
	_, err = a.make(ctx, s, o.initOptions, passphrase)
	return s, err
}

// listenDepositary opens the doors: there is no desk, and no envelope is for
// the depositary itself.
func (a *app) listenDepositary(s settings, d *exchange.Depositary, db *store.Store, keys *keyRing, log *slog.Logger) (*servers, error) {
	options := peerOptions(log)
	all := newServers(a.home)
	if err := all.open("depositary", s.Listen, peer.Server(peer.DepositaryHandler(d, options), keys.TLS().ServerTLS(), options), true); err != nil {
		return nil, err
	}
	if s.Tiles != "" {
		if err := all.open("ledger tiles", s.Tiles, peer.Server(peer.TilesHandler(d, options), nil, options), false); err != nil {
			return nil, errors.Join(err, all.shut())
		}
	}
	if err := all.openSocket(d.Exchange, db, keys); err != nil {
		return nil, errors.Join(err, all.shut())
	}
	return all, nil
}

func (a *app) greetDepositary(me exchange.Self, served []heed.Card) error {
	print := seal.FingerprintOf(me.Card.ID).String()
	parties := []heed.PartyID{}
	for _, c := range served {
		parties = append(parties, c.Party)
	}
	out := map[string]any{"party": me.Card.Party, "endpoint": me.Card.Endpoint, "tiles": me.Card.Tiles, "fingerprint": print, "for": parties, "card": string(me.CardNote)}
	return a.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s is a depositary on %s\n", me.Card.Party, me.Card.Endpoint)
		if me.Card.Tiles != "" {
			fmt.Fprintf(w, "ledger tiles: %s\n", me.Card.Tiles)
		}
		if len(parties) == 0 {
			fmt.Fprintln(w, "for any party whose card names it")
		}
		for _, party := range parties {
			fmt.Fprintf(w, "for %s\n", party)
		}
		fmt.Fprintf(w, "card fingerprint: %s\nits card, which parties name with --depositary: heed card --home %s\n", print, a.home)
	})
}

// readCards reads cards from files.
func readCards(in io.Reader, paths []string) ([]heed.Card, error) {
	var cards []heed.Card
	for _, path := range paths {
		note, err := readFile(in, path, wire.MaxCard+4096)
		if err != nil {
			return nil, err
		}
		card, err := wire.ParseCard(note)
		if err != nil {
			return nil, &control.Fault{Exit: control.ExitInput, Message: filepath.Base(path) + ": " + err.Error(), Hint: "the file must be what `heed card` printed, unchanged"}
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// defaultCollect is how often a new card promises that its depositaries are asked.
const defaultCollect = time.Hour

// nameDepositaries puts depositaries into a card that is being made.
func nameDepositaries(card *heed.Card, of []heed.Card, every time.Duration) {
	card.Depositaries = nil
	for _, d := range of {
		card.Depositaries = append(card.Depositaries, heed.Depositary{Party: d.Party, Endpoint: d.Endpoint, Pin: d.Pin, NodeKey: d.NodeKey})
	}
	switch {
	case len(of) == 0:
		card.CollectEvery = 0
	case every > 0:
		card.CollectEvery = every
	case card.CollectEvery == 0:
		card.CollectEvery = defaultCollect
	}
}

// renewDepositaries changes which depositaries the next card names.
func renewDepositaries(card *heed.Card, r control.RenewRequest) error {
	if r.CollectEvery != 0 {
		card.CollectEvery = r.CollectEvery
	}
	if len(r.Depositaries) == 0 && !r.NoDepositary {
		return nil
	}
	var of []heed.Card
	for _, note := range r.Depositaries {
		c, err := wire.ParseCard(note)
		if err != nil {
			return &heed.Invalid{What: "card of a depositary: " + err.Error(), Hint: "it must be what `heed card` printed on the depositary's side, unchanged"}
		}
		of = append(of, c)
	}
	nameDepositaries(card, of, r.CollectEvery)
	return nil
}

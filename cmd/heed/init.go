package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/draft"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

type initOptions struct {
	name, listen, tiles, clocks, recovery, passphrase, endpoint, tilesEndpoint string

	depositaries []string
	collectEvery time.Duration
	stdin        io.Reader
}

func (a *app) initCommand() *cobra.Command {
	var o initOptions
	c := &cobra.Command{
		Use:   "init --name PARTY --listen HOST:PORT",
		Short: "Make a node's home: keys, database, card",
		Example: `  heed init --home north --name north.example --listen 192.0.2.10:7000 --recovery /media/stick/north.recovery
  heed init --name north.example --listen 127.0.0.1:7001 --clocks testdata/seconds.yaml`,
		RunE: func(c *cobra.Command, _ []string) error { return a.init(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.name, "name", "", "name of the party, like north.example")
	f.StringVar(&o.listen, "listen", "", "HOST:PORT for peers and desk (TLS)")
	f.StringVar(&o.tiles, "tiles", "", "HOST:PORT for the ledger's tiles (plain HTTP, public data)")
	f.StringVar(&o.clocks, "clocks", "", "FILE with clocks, ladder, quotas and publication delay (YAML); default: the "+heed.DefaultProfile+" profile")
	f.StringVar(&o.recovery, "recovery", "", "FILE for an offline recovery key, which signs the next card; keep it away from the node")
	f.StringVar(&o.passphrase, "passphrase-file", "", "FILE whose first line encrypts the keys")
	f.StringVar(&o.endpoint, "endpoint", "", "https://HOST:PORT under which peers reach the node, where it is not --listen")
	f.StringArrayVar(&o.depositaries, "depositary", nil, "FILE with the card of a depositary, which takes our envelopes while we cannot be reached; up to 4 times")
	f.DurationVar(&o.collectEvery, "collect-every", 0, "how often our depositaries are asked (default 1h)")
	f.StringVar(&o.tilesEndpoint, "tiles-endpoint", "", "http://HOST:PORT under which others reach the tiles, where it is not --tiles")
	return c
}

// init makes everything in memory first, and writes the settings last: a home
// without them is none, and init can be run again.
func (a *app) init(ctx context.Context, o initOptions) error {
	s, err := o.settings()
	if err != nil {
		return err
	}
	if err := freshHome(a.home); err != nil {
		return err
	}
	passphrase, err := readPassphrase(o.passphrase)
	if err != nil {
		return err
	}
	o.stdin = a.in
	card, err := a.make(ctx, s, o, passphrase)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"party": card.Party, "home": a.home, "fingerprint": seal.FingerprintOf(card.ID).String(), "card": card.ID.String()}, func(w io.Writer) {
		fmt.Fprintf(w, "%s is ready in %s\n\nIts card's fingerprint, to be read to others over the telephone:\n\n  %s\n\nNext:\n  heed serve --home %s\n  heed officer add --home %s NAME --role duty-officer,assessor\n  heed card --home %s > %s.card\n",
			card.Party, a.home, seal.FingerprintOf(card.ID), a.home, a.home, a.home, card.Party)
		if o.clocks == "" {
			fmt.Fprintf(w, "\nThe card has placeholders for the telephones of your ladder. Write your own clocks,\nladder and quotas (testdata/seconds.yaml shows the form), then:\n  heed card renew --home %s --clocks FILE\n", a.home)
		}
	})
}

// make makes keys and card, and writes the home.
func (a *app) make(ctx context.Context, s settings, o initOptions, passphrase seal.Passphrase) (heed.Card, error) {
	now := heed.Instant(time.Now())
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return heed.Card{}, err
	}
	keys, err := newKeys(s.Party, host, now)
	if err != nil {
		return heed.Card{}, err
	}
	card, err := o.card(s, keys, now)
	if err != nil {
		return card, err
	}
	if o.recovery != "" {
		key, err := seal.NewSigningKey(rand.Reader, wire.RecoveryKeyName(s.Party))
		if err != nil {
			return card, err
		}
		if err := seal.CreateRecoveryKey(o.recovery, key, passphrase); err != nil {
			return card, fileFault("recovery key: ", err)
		}
		card.RecoveryKey = key.Verifier().String()
	}
	card, note, err := wire.SignCard(card, keys.Node)
	if err != nil {
		return card, err
	}
	return card, a.found(ctx, s, keys, passphrase, card, note)
}

// found writes the home.
func (a *app) found(ctx context.Context, s settings, keys seal.KeyFile, passphrase seal.Passphrase, card heed.Card, note []byte) error {
	if err := os.MkdirAll(a.home, 0o700); err != nil {
		return fileFault("", err)
	}
	if err := seal.CreateKeyFile(filepath.Join(a.home, keysName), keys, passphrase); err != nil {
		return err
	}
	db, err := openStore(ctx, a.home)
	if err != nil {
		return err
	}
	ring := &keyRing{party: s.Party, file: keys}
	err = exchange.New(exchange.Parts{Party: s.Party, Store: db, Keys: ring, Now: time.Now, Random: rand.Reader}).Found(ctx, card, note)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return writeWhole(filepath.Join(a.home, settingsName), []byte(s.text()))
}

func (o initOptions) settings() (settings, error) {
	if o.name == "" {
		return settings{}, &control.Fault{Exit: control.ExitInput, Message: "--name PARTY is missing", Hint: "the party's name is its identity, like north.example"}
	}
	party, err := heed.ParsePartyID(o.name)
	if err != nil {
		return settings{}, err
	}
	s := settings{Party: party, Listen: o.listen, Tiles: o.tiles}
	for flag, address := range map[string]string{"--listen": o.listen, "--tiles": o.tiles} {
		if address == "" && flag == "--tiles" {
			continue
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil || port == "" || port == "0" || host == "" && flag == "--listen" && o.endpoint == "" {
			return s, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s %q is not HOST:PORT", flag, address), Hint: "like 127.0.0.1:7001; peers reach the node there, so the port cannot be 0"}
		}
	}
	return s, nil
}

// freshHome refuses a folder that has a home in it, or anything else.
func freshHome(home string) error {
	entries, err := os.ReadDir(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileFault("", err)
	}
	if len(entries) > 0 {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is not empty", home), Hint: "name a new folder with --home"}
	}
	return nil
}

func newKeys(party heed.PartyID, host string, now time.Time) (seal.KeyFile, error) {
	node, err := seal.NewSigningKey(rand.Reader, wire.NodeKeyName(party))
	if err != nil {
		return seal.KeyFile{}, err
	}
	log, err := seal.NewSigningKey(rand.Reader, ledger.Origin(string(party), 1))
	if err != nil {
		return seal.KeyFile{}, err
	}
	sealing, err := seal.NewSealingKey()
	if err != nil {
		return seal.KeyFile{}, err
	}
	if host == "" {
		host = "localhost"
	}
	tls, err := seal.NewTLSIdentity(rand.Reader, host, now.Add(-time.Hour))
	return seal.KeyFile{Node: node, Ledger: log, Sealing: []seal.SealingKey{sealing}, TLS: tls}, err
}

func (o initOptions) card(s settings, keys seal.KeyFile, now time.Time) (heed.Card, error) {
	card := heed.Card{
		Party: s.Party, Serial: 1, Issued: now,
		NodeKey: keys.Node.Verifier().String(), SealingKey: keys.Sealing[0].Recipient().String(), LedgerKey: keys.Ledger.Verifier().String(),
		Endpoint: o.endpoint, Pin: keys.TLS.Pin(), Tiles: o.tilesEndpoint, Baseline: heed.DefaultBaseline(),
	}
	if card.Endpoint == "" {
		card.Endpoint = "https://" + s.Listen
	}
	if card.Tiles == "" && s.Tiles != "" {
		card.Tiles = "http://" + s.Tiles
	}
	if o.clocks != "" {
		baseline, err := readBaseline(o.clocks)
		if err != nil {
			return card, err
		}
		card.Baseline = baseline
	}
	depositaries, err := readCards(o.stdin, o.depositaries)
	if err != nil {
		return card, err
	}
	if len(depositaries) == 0 && o.collectEvery != 0 {
		return card, &control.Fault{Exit: control.ExitInput, Message: "--collect-every says how often depositaries are asked, and none is named", Hint: "add --depositary FILE"}
	}
	nameDepositaries(&card, depositaries, o.collectEvery)
	return card, card.Check()
}

func readBaseline(path string) (heed.Baseline, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return heed.Baseline{}, fileFault("", err)
	}
	return draft.Baseline(path, data)
}

// writeWhole writes a file so that it is there whole or not at all.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".heed-*")
	var named *fs.PathError
	if errors.As(err, &named) {
		return &fs.PathError{Op: opWrite, Path: path, Err: named.Err}
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

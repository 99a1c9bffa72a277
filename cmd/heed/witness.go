package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/ledger"
	"heed/peer"
	"heed/store"
	"heed/witness"
)

// A witness's home: its key, and the ledgers that it mirrors.
const (
	witnessKeyName      = "witness.key"
	witnessDatabaseName = "witness.db"
	findingsName        = "inconsistencies"
)

type witnessOptions struct {
	listen, name string
	logs         []string
	refresh      bool
}

func (a *app) witnessCommand() *cobra.Command {
	var o witnessOptions
	c := &cobra.Command{
		Use:   "witness --listen HOST:PORT --log CARD...",
		Short: "Run a witness of ledgers, or list the witnesses of the node's own",
		Long: `Run a mirroring witness: it cosigns a ledger's newest head, with its own time,
only after it has fetched every leaf, replayed them, and kept them; and it
serves them, so that no party can hide what it has logged. It sees hashes only.

Its home keeps its key and what it mirrors, and remembers the parties whose
cards it was given. --log adds parties; people compare their fingerprints first.

On a node, ` + "`heed witness add`, `list` and `remove`" + ` say who cosigns the node's ledger.`,
		Example: `  heed witness --home w1 --listen 192.0.2.20:7100 --log north.card south.card
  heed witness add http://192.0.2.20:7100`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if o.listen == "" && len(args) == 0 && len(o.logs) == 0 {
				return c.Help()
			}
			o.logs = append(o.logs, args...)
			return a.witness(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "", "HOST:PORT for logs and everybody else (plain HTTP, public data)")
	f.StringArrayVar(&o.logs, "log", nil, "CARD of a party whose ledger is witnessed; more may follow")
	f.StringVar(&o.name, "name", "", "name in the witness's cosignatures, at the first start (default witness-XXXXXXXX after its key)")
	f.BoolVar(&o.refresh, "refresh", false, "ask every party for its newer cards at the start")
	c.AddCommand(a.witnessAddCommand(), a.witnessListCommand(), a.witnessRemoveCommand())
	return c
}

// witness makes the home where there is none, and runs until it is told to stop.
func (a *app) witness(ctx context.Context, o witnessOptions) (err error) {
	if host, port, err := net.SplitHostPort(o.listen); err != nil || host == "" || port == "" || port == "0" {
		return &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("--listen %q is not HOST:PORT", o.listen), Hint: "like 127.0.0.1:7100; logs reach the witness there, so the port cannot be 0"}
	}
	key, err := a.witnessKey(o.name)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, filepath.Join(a.home, witnessDatabaseName), store.Options{})
	if errors.Is(err, store.ErrLocked) {
		return &control.Fault{Exit: control.ExitFault, Message: lockedText(err), Hint: "the witness of this home is running: stop it first"}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log := slog.New(slog.NewTextHandler(a.err, nil))
	client := peer.NewClient(peer.ClientOptions{Now: time.Now})
	defer client.Close()
	tiles := witness.NewClient(nil)
	defer tiles.Close()
	w, err := witness.New(ctx, witness.Options{
		Store: db, Key: key, Parties: client, Tiles: tiles.Tiles, Now: time.Now, Log: log,
		Keep: func(f witness.Finding) error { return keepFinding(filepath.Join(a.home, findingsName), f) },
	})
	if err != nil {
		return err
	}
	if err := a.addLogs(ctx, w, o, log); err != nil {
		return err
	}
	doors := newServers(a.home)
	if err := doors.open("witness", o.listen, witnessServer(doors.until(w.Handler()), log), false); err != nil {
		var fault *control.Fault
		if errors.As(err, &fault) && fault.Hint != "" {
			fault.Hint = "stop it, or name another address with --listen"
		}
		return errors.Join(err, doors.shut())
	}
	running := doors.serve()
	if err := a.greetWitness(w, o.listen); err != nil {
		log.Warn("the greeting could not be printed", "error", err)
	}
	select {
	case <-ctx.Done():
	case err = <-running:
	}
	return errors.Join(err, doors.shut())
}

// addLogs adds the parties whose cards were given.
func (a *app) addLogs(ctx context.Context, w *witness.Witness, o witnessOptions, log *slog.Logger) error {
	for _, path := range o.logs {
		note, err := readFile(a.in, path, mostCardFile)
		if err != nil {
			return err
		}
		for _, card := range splitCards(note) {
			if err := a.addLog(ctx, w, path, card, log); err != nil {
				return err
			}
		}
	}
	if len(w.Origins()) == 0 {
		return &control.Fault{Exit: control.ExitInput, Message: "no ledger is to be witnessed", Hint: "add --log CARD with the card of a party, which `heed card` prints on its node"}
	}
	if o.refresh {
		if err := w.Look(ctx); err != nil {
			log.Warn("not every party could be asked for its newer cards", "error", err)
		}
	}
	return nil
}

// addLog adds a party's card. One that cannot be taken keeps no other party
// from being served: its operator reads why, and the others do not depend on it.
func (a *app) addLog(ctx context.Context, w *witness.Witness, path string, note []byte, log *slog.Logger) error {
	card, err := w.AddCard(ctx, note)
	var invalid *heed.Invalid
	var refused *heed.Refused
	switch {
	case errors.As(err, &invalid):
		return &control.Fault{Exit: control.ExitInput, Message: filepath.Base(path) + ": " + invalid.What, Hint: invalid.Hint}
	case errors.As(err, &refused):
		if len(w.Origins()) == 0 {
			return &control.Fault{Exit: control.ExitRefused, Message: filepath.Base(path) + ": " + refused.Detail, Hint: refused.Hint}
		}
		log.Error("a card of --log was refused; the ledgers that are held are witnessed on", "file", path, "party", card.Party, "card", card.Serial, "reason", refused.Detail, "hint", refused.Hint)
		return nil
	}
	return err
}

// witnessServer gives up on callers that are slow. A request for a cosignature
// takes as long as it takes to fetch the leaves.
func witnessServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

func (a *app) greetWitness(w *witness.Witness, listen string) error {
	origins := w.Origins()
	slices.Sort(origins)
	d := w.Description()
	url := "http://" + listen
	return a.print(map[string]any{"name": d.Name, "url": url, "key": d.Key, "logs": origins}, func(out io.Writer) {
		fmt.Fprintf(out, "%s is a witness on %s\nkey: %s\n", d.Name, url, d.Key)
		for _, origin := range origins {
			fmt.Fprintf(out, "of %s, which it serves under %s/logs/%s/\n", origin, url, origin)
		}
		fmt.Fprintf(out, "on the nodes of these parties: heed witness add %s\n", url)
	})
}

// witnessKey reads the home's key, or makes a home with one.
func (a *app) witnessKey(name string) (ledger.CosigningKey, error) {
	path := filepath.Join(a.home, witnessKeyName)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a.newWitness(path, name)
	}
	if err != nil {
		return ledger.CosigningKey{}, fileFault("", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return ledger.CosigningKey{}, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: the key file is open to other users (mode %04o)", path, info.Mode().Perm()), Hint: "run: chmod 600 " + path}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return ledger.CosigningKey{}, fileFault("", err)
	}
	key, err := ledger.ParseCosigningKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return key, &control.Fault{Exit: control.ExitInput, Message: path + ": " + err.Error(), Hint: "restore the file from a backup: nothing in it can be guessed"}
	}
	if name != "" && name != key.Name() {
		return key, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is the home of the witness %s", a.home, key.Name()), Hint: "leave --name out: a key cosigns under one name"}
	}
	return key, nil
}

func (a *app) newWitness(path, name string) (ledger.CosigningKey, error) {
	fail := func(err error) (ledger.CosigningKey, error) { return ledger.CosigningKey{}, err }
	for _, other := range []string{settingsName, witnessDatabaseName} {
		if _, err := os.Stat(filepath.Join(a.home, other)); err == nil {
			return fail(&control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s has a %s and no %s: it is the home of a node, or of a witness that lost its key", a.home, other, witnessKeyName), Hint: "name a folder of its own for the witness with --home"})
		}
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand.Reader, seed); err != nil {
		return fail(err)
	}
	if name == "" {
		public := sha256.Sum256(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
		name = "witness-" + hex.EncodeToString(public[:4])
	}
	key, err := ledger.NewCosigningKey(name, bytes.NewReader(seed))
	if err != nil {
		return fail(&control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "a name like witness.example, without spaces and '+'"})
	}
	if err := os.MkdirAll(a.home, 0o700); err != nil {
		return fail(fileFault("", err))
	}
	return key, writeWhole(path, []byte(key.Secret()+"\n"))
}

// keepFinding writes the proof of a ledger's misbehaviour: a folder with the
// signed checkpoints, byte for byte, and the reason for people.
func keepFinding(dir string, f witness.Finding) error {
	digest := sha256.Sum256(append(bytes.Clone(f.Offered), f.Held...))
	dir = filepath.Join(dir, strings.ReplaceAll(f.Origin, "/", "_")+"-"+hex.EncodeToString(digest[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"offered.checkpoint": f.Offered, "held.checkpoint": f.Held,
		"reason.txt": []byte(heed.FormatTime(heed.Instant(f.At)) + " " + f.Origin + "\n" + f.Reason + "\n"),
	} {
		if data == nil {
			continue
		}
		if err := writeWhole(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) witnessAddCommand() *cobra.Command {
	var key string
	var corroborating bool
	c := &cobra.Command{
		Use: "add URL", Short: "Have a witness cosign the node's ledger", Args: cobra.ExactArgs(1),
		Long: `Have a witness cosign the node's ledger. A witness of heed says itself who it
is; of any other (C2SP tlog-witness, such as litewitness) its key is needed, and
it corroborates without counting. The witness's operator has to add our card.`,
		Example: `  heed witness add http://192.0.2.20:7100
  heed witness add https://witness.example --key witness.example+a4030e90+BE/QmczUfXiT3+nsJEFOyw2bVCAjKq0w2RxGW+M8vmXE`,
		RunE: func(c *cobra.Command, args []string) error {
			var w control.Witness
			if err := a.call(c.Context(), "witness-add", control.WitnessRequest{By: a.administrator(), URL: args[0], Key: key, Corroborating: corroborating}, &w); err != nil {
				return err
			}
			return a.print(w, func(out io.Writer) {
				how := counts(w)
				switch {
				case corroborating:
					how += ": as you have asked"
				case !w.Mirrors:
					how += ": it does not say that it keeps the leaves"
				}
				fmt.Fprintf(out, "%s cosigns our ledger from now on, and %s\nkey: %s\n", w.Name, how, strings.Join(w.Keys, " "))
			})
		},
	}
	c.Flags().StringVar(&key, "key", "", "VKEY of the witness, where it does not say it itself or is not to be believed")
	c.Flags().BoolVar(&corroborating, "corroborating", false, "do not count it, whatever it says of itself")
	return c
}

func counts(w control.Witness) string {
	if w.Mirrors {
		return "counts: it keeps every leaf"
	}
	return "corroborates, and does not count"
}

func (a *app) witnessListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the witnesses of the node's ledger",
		Example: "  heed witness list",
		RunE: func(c *cobra.Command, _ []string) error {
			var answer control.WitnessAnswer
			if err := a.call(c.Context(), "witness-list", struct{}{}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(out io.Writer) {
				for _, w := range answer.Witnesses {
					fmt.Fprintf(out, "%s  %s\n  %s\n", w.Name, w.URL, counts(w))
					if w.At != nil {
						fmt.Fprintf(out, "  cosigned %d leaves of %s at %s\n", w.Size, w.Ledger, stamp(w.At.Time, nil))
					}
					if w.Trouble != "" {
						fmt.Fprintf(out, "  TROUBLE: %s\n", plain(w.Trouble))
					}
				}
				if answer.Counting > 0 {
					fmt.Fprintln(out, quorumState(answer))
				}
			})
		},
	}
}

// quorumState says whether what is said now can be proven later.
func quorumState(a control.WitnessAnswer) string {
	text := fmt.Sprintf("%d of %d that count are enough, and %d may be faulty\n", a.Enough, a.Counting, a.Faulty)
	text += fmt.Sprintf("the newest head of %s, %d leaves, is cosigned by %d of them\n", a.Ledger, a.Size, a.Cosigned)
	switch {
	case a.Answering == 0:
		return text + fmt.Sprintf("NONE of the %d needed answers: nothing new can be proven", a.Enough)
	case a.Answering == 1 && a.Enough > 1:
		return text + fmt.Sprintf("ONLY 1 of the %d needed answers: nothing new can be proven", a.Enough)
	case a.Answering < a.Enough:
		return text + fmt.Sprintf("ONLY %d of the %d needed answer: nothing new can be proven", a.Answering, a.Enough)
	case a.Answering < a.Counting:
		return text + fmt.Sprintf("%d of %d answer", a.Answering, a.Counting)
	}
	return text + "all of them answer"
}

func (a *app) witnessRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "No longer have a witness cosign; what it cosigned stays", Args: cobra.ExactArgs(1),
		Example: "  heed witness remove witness-5f0c11de",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.call(c.Context(), "witness-remove", control.WitnessRequest{By: a.administrator(), Name: args[0]}, &struct{}{}); err != nil {
				return err
			}
			return a.print(map[string]string{"removed": args[0]}, func(out io.Writer) { fmt.Fprintf(out, "%s is no longer a witness of our ledger\n", args[0]) })
		},
	}
}

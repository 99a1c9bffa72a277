package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/seal"
	"heed/wire"
)

func (a *app) cardCommand() *cobra.Command {
	var fingerprint bool
	c := &cobra.Command{
		Use: "card", Short: "Print the node's card, or its fingerprint",
		Example: `  heed card > north.card
  heed card --fingerprint`,
		RunE: func(c *cobra.Command, _ []string) error {
			note, err := a.cardNote(c.Context())
			if err != nil {
				return err
			}
			card, err := wire.ParseCard(note)
			if err != nil {
				return err
			}
			print := seal.FingerprintOf(card.ID).String()
			if fingerprint {
				return a.print(map[string]any{"party": card.Party, "serial": card.Serial, "fingerprint": print}, func(w io.Writer) { fmt.Fprintln(w, print) })
			}
			return a.print(map[string]any{"party": card.Party, "serial": card.Serial, "fingerprint": print, "card": string(note)}, func(w io.Writer) { w.Write(note) })
		},
	}
	c.Flags().BoolVar(&fingerprint, "fingerprint", false, "print what people compare over the telephone")
	c.AddCommand(a.cardRenewCommand())
	return c
}

// cardNote reads the card from the node, or, while none runs, from the home.
func (a *app) cardNote(ctx context.Context) ([]byte, error) {
	var answer control.CardAnswer
	err := a.call(ctx, "card", struct{}{}, &answer)
	if err == nil {
		return answer.Note, nil
	}
	if _, missing := readSettings(a.home); missing != nil {
		return nil, err
	}
	return storedCard(ctx, a.home)
}

func (a *app) cardRenewCommand() *cobra.Command {
	var clocks, endpoint, tiles, recovery, passphrase, nextRecovery string
	var node, sealing, log, lost, alone bool
	var depositaries []string
	var collectEvery time.Duration
	c := &cobra.Command{
		Use: "renew", Short: "Replace the card by the next one",
		Long: `Replace the card by the next one: other clocks, another address, fresh
keys. Signed with the recovery key that the present card names, peers take it
over by themselves; without it each of them compares the fingerprint again.`,
		Example: `  heed card renew --clocks clocks.yaml --recovery /media/stick/north.recovery
  heed card renew --node-key --sealing-key --recovery /media/stick/north.recovery`,
		RunE: func(c *cobra.Command, _ []string) error {
			request := control.RenewRequest{By: a.administrator(), Endpoint: endpoint, Tiles: tiles, NodeKey: node, SealingKey: sealing, LedgerKey: log, LedgerLost: lost}
			if clocks != "" {
				baseline, err := readBaseline(clocks)
				if err != nil {
					return err
				}
				request.Baseline = &baseline
			}
			request.NoDepositary, request.CollectEvery = alone, collectEvery
			for _, path := range depositaries {
				note, err := readFile(a.in, path, wire.MaxCard+4096)
				if err != nil {
					return err
				}
				request.Depositaries = append(request.Depositaries, note)
			}
			if recovery != "" {
				secret, err := readPassphrase(passphrase)
				if err != nil {
					return err
				}
				key, err := seal.LoadRecoveryKey(recovery, secret)
				if err != nil {
					return keyFault("recovery key: ", err)
				}
				if request.RecoveryKey, err = seal.EncodeRecoveryKey(key); err != nil {
					return err
				}
			}
			if nextRecovery != "" {
				next, err := a.newRecoveryKey(nextRecovery, passphrase)
				if err != nil {
					return err
				}
				request.NextRecoveryKey = next
			}
			var answer control.CardAnswer
			if err := a.call(c.Context(), "card-renew", request, &answer); err != nil {
				return err
			}
			card, err := wire.ParseCard(answer.Note)
			if err != nil {
				return err
			}
			print := seal.FingerprintOf(card.ID).String()
			return a.print(map[string]any{"party": card.Party, "serial": card.Serial, "fingerprint": print}, func(w io.Writer) {
				fmt.Fprintf(w, "card %d of %s, fingerprint %s\n", card.Serial, card.Party, print)
				if recovery != "" {
					fmt.Fprintf(w, "signed by the recovery key: a peer that holds card %d takes it over at the next contact; one that holds an older card compares the fingerprint\n", card.Serial-1)
				} else {
					fmt.Fprintln(w, "it is not signed by a recovery key: every peer has to compare the fingerprint and `heed peer add` it")
				}
			})
		},
	}
	f := c.Flags()
	f.StringVar(&clocks, "clocks", "", "FILE with other clocks, ladder, quotas")
	f.StringVar(&endpoint, "endpoint", "", "https://HOST:PORT that peers use from now on")
	f.StringVar(&tiles, "tiles-endpoint", "", "http://HOST:PORT of the ledger's tiles from now on")
	f.BoolVar(&node, "node-key", false, "make a fresh node key; what the former one signed stays signed")
	f.BoolVar(&sealing, "sealing-key", false, "make a fresh sealing key; the older ones still open what was sealed to them")
	f.BoolVar(&log, "ledger-key", false, "end the ledger, and begin the next one under a fresh key; the old one is served on")
	f.BoolVar(&lost, "ledger-lost", false, "leave a ledger that neither peers nor witnesses can give back, and begin the next one")
	f.StringArrayVar(&depositaries, "depositary", nil, "FILE with the card of a depositary; those given replace those that the card names; up to 4 times")
	f.BoolVar(&alone, "no-depositary", false, "name no depositary any more")
	f.DurationVar(&collectEvery, "collect-every", 0, "how often our depositaries are asked (default 1h)")
	f.StringVar(&recovery, "recovery", "", "FILE of the offline recovery key, to sign with")
	f.StringVar(&nextRecovery, "next-recovery", "", "FILE for a fresh recovery key, which signs the cards after this one; keep it away from the node")
	f.StringVar(&passphrase, "passphrase-file", "", "FILE whose first line decrypts the recovery key, and encrypts a fresh one")
	return c
}

// newRecoveryKey writes a recovery key to a new file and returns what the card says of it.
func (a *app) newRecoveryKey(file, passphrase string) (string, error) {
	s, err := readSettings(a.home)
	if err != nil {
		return "", err
	}
	secret, err := readPassphrase(passphrase)
	if err != nil {
		return "", err
	}
	key, err := seal.NewSigningKey(rand.Reader, wire.RecoveryKeyName(s.Party))
	if err != nil {
		return "", err
	}
	if err := seal.CreateRecoveryKey(file, key, secret); err != nil {
		return "", fileFault("recovery key: ", err)
	}
	return key.Verifier().String(), nil
}

func (a *app) peerCommand() *cobra.Command {
	c := &cobra.Command{Use: "peer", Short: "The parties that this node exchanges with"}
	var yes bool
	add := &cobra.Command{
		Use: "add FILE", Short: "Add a party by its card, after comparing the fingerprint", Args: cobra.ExactArgs(1),
		Example: `  heed peer add south.card
  heed peer add --yes south.card       # the fingerprint was compared already`,
		RunE: func(c *cobra.Command, args []string) error { return a.addPeer(c.Context(), args[0], yes) },
	}
	add.Flags().BoolVar(&yes, "yes", false, "do not ask: the fingerprint was compared by other means")
	list := &cobra.Command{
		Use: "list", Short: "List the peers",
		Example: "  heed peer list",
		RunE: func(c *cobra.Command, _ []string) error {
			var peers []control.Peer
			if err := a.call(c.Context(), "peer-list", struct{}{}, &peers); err != nil {
				return err
			}
			return a.print(peers, func(w io.Writer) {
				for _, p := range peers {
					fmt.Fprintf(w, "%s  card %d  %s\n  fingerprint %s\n", p.Party, p.Serial, p.Endpoint, p.Fingerprint)
					if p.LastContact != nil {
						fmt.Fprintf(w, "  last contact %s\n", stamp(p.LastContact.Time, nil))
					}
					if p.Trouble != "" {
						fmt.Fprintf(w, "  TROUBLE: %s\n", p.Trouble)
					}
				}
			})
		},
	}
	remove := &cobra.Command{
		Use: "remove PARTY", Short: "End the exchange with a party; what was said stays", Args: cobra.ExactArgs(1),
		Example: "  heed peer remove south.example",
		RunE: func(c *cobra.Command, args []string) error {
			if err := a.call(c.Context(), "peer-remove", control.PeerRequest{By: a.administrator(), Party: args[0]}, &struct{}{}); err != nil {
				return err
			}
			return a.print(map[string]string{"removed": args[0]}, func(w io.Writer) { fmt.Fprintf(w, "%s is no longer a peer\n", args[0]) })
		},
	}
	c.AddCommand(add, list, remove)
	return c
}

// addPeer shows the fingerprint and asks: the comparison by telephone is what
// makes the card the party's.
func (a *app) addPeer(ctx context.Context, path string, yes bool) error {
	note, err := readFile(a.in, path, wire.MaxCard+4096)
	if err != nil {
		return err
	}
	card, err := wire.ParseCard(note)
	if err != nil {
		return &control.Fault{Exit: control.ExitInput, Message: filepath.Base(path) + ": " + err.Error(), Hint: "the file must be what `heed card` printed on the peer's side, unchanged"}
	}
	if !yes {
		fmt.Fprintf(a.err, "Card %d of %s, %s\n\nRing them on a number that you know, have them run `heed card --fingerprint`,\nand compare all of it:\n\n  %s\n\nIs it the same? Type yes: ", card.Serial, card.Party, card.Endpoint, seal.FingerprintOf(card.ID))
		line, err := bufio.NewReader(a.in).ReadString('\n')
		if err != nil && err != io.EOF {
			return err
		}
		if !strings.HasSuffix(line, "\n") {
			fmt.Fprintln(a.err)
		}
		if strings.TrimSpace(strings.ToLower(line)) != "yes" {
			return &control.Fault{Exit: control.ExitRefused, Message: "not added: the fingerprint was not confirmed", Hint: "use --yes where it was compared by other means"}
		}
	}
	var peer control.Peer
	if err := a.call(ctx, "peer-add", control.PeerRequest{By: a.administrator(), Note: note}, &peer); err != nil {
		return err
	}
	return a.print(peer, func(w io.Writer) {
		fmt.Fprintf(w, "%s was added, card %d, %s\n", peer.Party, peer.Serial, peer.Fingerprint)
	})
}

// readFile reads a file, or standard input for "-", up to a bound.
func readFile(in io.Reader, path string, most int64) ([]byte, error) {
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fileFault("", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, fileFault(path+": ", err)
	}
	if int64(len(data)) > most {
		return nil, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is larger than %d bytes", path, most), Hint: "send less, or in several parts"}
	}
	return data, nil
}

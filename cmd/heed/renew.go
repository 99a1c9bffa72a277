package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/seal"
	"heed/wire"
)

// renewal is what `heed card renew` is told.
type renewal struct {
	clocks, endpoint, tiles            string
	node, sealing, log, lost           bool
	depositaries                       []string
	alone                              bool
	collectEvery                       time.Duration
	recovery, passphrase, nextRecovery string
	yes                                bool
}

func (a *app) cardRenewCommand() *cobra.Command {
	var o renewal
	c := &cobra.Command{
		Use: "renew", Short: "Replace the card by the next one",
		Long: `Replace the card by the next one: other clocks, another address, fresh
keys. Signed with the recovery key that the present card names, peers and
witnesses take it over by themselves; without it each of them compares the
fingerprint again, and nothing passes until they have. So without the key it
is asked for a typed yes, where the present card names one.`,
		Example: `  heed card renew --clocks clocks.yaml --recovery /media/stick/north.recovery
  heed card renew --node-key --sealing-key --recovery /media/stick/north.recovery`,
		RunE: func(c *cobra.Command, _ []string) error { return a.renew(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.clocks, "clocks", "", "FILE with other clocks, ladder, quotas")
	f.StringVar(&o.endpoint, "endpoint", "", "https://HOST:PORT that peers use from now on")
	f.StringVar(&o.tiles, "tiles-endpoint", "", "http://HOST:PORT of the ledger's tiles from now on")
	f.BoolVar(&o.node, "node-key", false, "make a fresh node key; what the former one signed stays signed")
	f.BoolVar(&o.sealing, "sealing-key", false, "make a fresh sealing key; the older ones still open what was sealed to them")
	f.BoolVar(&o.log, "ledger-key", false, "end the ledger, and begin the next one under a fresh key; the old one is served on")
	f.BoolVar(&o.lost, "ledger-lost", false, "leave a ledger that neither peers nor witnesses can give back, and begin the next one")
	f.StringArrayVar(&o.depositaries, "depositary", nil, "FILE with the card of a depositary; those given replace those that the card names; up to 4 times")
	f.BoolVar(&o.alone, "no-depositary", false, "name no depositary any more")
	f.DurationVar(&o.collectEvery, "collect-every", 0, "how often our depositaries are asked (default 1h)")
	f.StringVar(&o.recovery, "recovery", "", "FILE of the offline recovery key, to sign with")
	f.StringVar(&o.nextRecovery, "next-recovery", "", "FILE for a fresh recovery key, which signs the cards after this one; keep it away from the node")
	f.StringVar(&o.passphrase, "passphrase-file", "", "FILE whose first line decrypts the recovery key, and encrypts a fresh one")
	f.BoolVar(&o.yes, "yes", false, "do not ask: the card is to go without the recovery key")
	return c
}

// renew checks all that can be checked here before it makes anything: a fresh
// recovery key's file that no card names must not lie about.
func (a *app) renew(ctx context.Context, o renewal) error {
	request, err := a.renewRequest(o)
	if err != nil {
		return err
	}
	var answer control.CardAnswer
	if err := a.call(ctx, "card", struct{}{}, &answer); err != nil {
		return err
	}
	present, err := wire.ParseCard(answer.Note)
	if err != nil {
		return err
	}
	if request.RecoveryKey, err = o.recoveryKey(present); err != nil {
		return err
	}
	if err := a.permit(o, present); err != nil {
		return err
	}
	if o.nextRecovery != "" {
		if request.NextRecoveryKey, err = o.newRecoveryKey(present.Party); err != nil {
			return err
		}
	}
	if err := a.call(ctx, "card-renew", request, &answer); err != nil {
		return o.notRenewed(err, present.Serial+1)
	}
	return a.tellRenewed(o, present, answer.Note)
}

// renewRequest reads the files that change the card.
func (a *app) renewRequest(o renewal) (control.RenewRequest, error) {
	r := control.RenewRequest{
		By: a.administrator(), Endpoint: o.endpoint, Tiles: o.tiles, NodeKey: o.node, SealingKey: o.sealing, LedgerKey: o.log, LedgerLost: o.lost,
		NoDepositary: o.alone, CollectEvery: o.collectEvery,
	}
	if o.clocks != "" {
		baseline, err := readBaseline(o.clocks)
		if err != nil {
			return r, err
		}
		r.Baseline = &baseline
	}
	for _, path := range o.depositaries {
		note, err := readFile(a.in, path, wire.MaxCard+4096)
		if err != nil {
			return r, err
		}
		r.Depositaries = append(r.Depositaries, note)
	}
	return r, nil
}

// recoveryKey reads the key that is to sign, which is the one that the present
// card names; nil where none is to.
func (o renewal) recoveryKey(present heed.Card) ([]byte, error) {
	if o.recovery == "" {
		return nil, nil
	}
	secret, err := readPassphrase(o.passphrase)
	if err != nil {
		return nil, err
	}
	key, err := seal.LoadRecoveryKey(o.recovery, secret)
	if err != nil {
		return nil, keyFault("recovery key: ", err)
	}
	if key.Verifier().String() != present.RecoveryKey {
		return nil, otherRecoveryKey()
	}
	return seal.EncodeRecoveryKey(key)
}

func otherRecoveryKey() error {
	return &heed.Invalid{What: "this recovery key is not the one that our present card names", Hint: "use the file that `heed init --recovery` or the last --next-recovery wrote; without --recovery every peer compares the fingerprint again"}
}

func nothingRenewed() error {
	return &heed.Invalid{What: "nothing is changed: the next card would say what the present one says", Hint: "say what changes, with --clocks, --endpoint, --node-key, --sealing-key, ...: `heed card renew --help`"}
}

// permit has people say that they mean a card without the signature by which
// others would take it over.
func (a *app) permit(o renewal, present heed.Card) error {
	if o.recovery != "" || present.RecoveryKey == "" {
		return nil
	}
	if o.clocks == "" && o.endpoint == "" && o.tiles == "" && !o.node && !o.sealing && !o.log && !o.lost &&
		len(o.depositaries) == 0 && !o.alone && o.collectEvery == 0 && o.nextRecovery == "" {
		return nothingRenewed()
	}
	if o.yes {
		return nil
	}
	fmt.Fprintf(a.err, "Card %d of %s names a recovery key, and the next card is not to be signed by it.\nNothing passes until every peer and every witness has compared its fingerprint by\ntelephone and added it by hand.\n", present.Serial, present.Party)
	if o.log || o.lost {
		fmt.Fprintf(a.err, "The ledger %s ends for good.\n", ledgerOf(present))
	}
	fmt.Fprint(a.err, "Go on without the key? ")
	meant, err := a.confirmed()
	if err != nil {
		return err
	}
	if !meant {
		return &control.Fault{Exit: control.ExitRefused, Message: "not renewed: that was not confirmed", Hint: "sign with --recovery FILE; --yes goes on without it"}
	}
	return nil
}

func ledgerOf(card heed.Card) string {
	key, err := seal.ParseVerifyKey(card.LedgerKey)
	if err != nil {
		return card.LedgerKey
	}
	return key.Name()
}

// newRecoveryKey writes a recovery key to a new file and returns what the card says of it.
func (o renewal) newRecoveryKey(party heed.PartyID) (string, error) {
	secret, err := readPassphrase(o.passphrase)
	if err != nil {
		return "", err
	}
	key, err := seal.NewSigningKey(rand.Reader, wire.RecoveryKeyName(party))
	if err != nil {
		return "", err
	}
	if err := seal.CreateRecoveryKey(o.nextRecovery, key, secret); err != nil {
		return "", fileFault("recovery key: ", err)
	}
	return key.Verifier().String(), nil
}

// notRenewed takes back the fresh recovery key that no card names. Where the
// node may have made the card all the same, it says how to find out.
func (o renewal) notRenewed(err error, serial uint64) error {
	var fault *control.Fault
	known := errors.As(err, &fault)
	if known && (fault.Exit == control.ExitInput || fault.Exit == control.ExitRefused || errors.Is(err, control.ErrNoNode)) {
		if o.nextRecovery != "" {
			return errors.Join(err, os.Remove(o.nextRecovery))
		}
		return err
	}
	unclear := &control.Fault{Exit: control.ExitFault, Message: err.Error(), Hint: fmt.Sprintf("`heed card --serial %d` prints it, if it was made", serial)}
	if known {
		unclear.Exit = fault.Exit
	}
	if errors.Is(err, context.Canceled) {
		unclear.Message = "interrupted"
	}
	unclear.Message += fmt.Sprintf("; whether card %d was made is not clear", serial)
	if o.nextRecovery != "" {
		unclear.Hint += ": then keep " + o.nextRecovery + ", and otherwise delete it"
	}
	return unclear
}

func (a *app) tellRenewed(o renewal, before heed.Card, note []byte) error {
	card, err := wire.ParseCard(note)
	if err != nil {
		return err
	}
	print := seal.FingerprintOf(card.ID).String()
	return a.print(map[string]any{"party": card.Party, "serial": card.Serial, "fingerprint": print, "ledger": ledgerOf(card)}, func(w io.Writer) {
		fmt.Fprintf(w, "card %d of %s, fingerprint %s\n", card.Serial, card.Party, print)
		if card.LedgerKey != before.LedgerKey {
			fmt.Fprintf(w, "the ledger %s has ended; %s goes on\n", ledgerOf(before), ledgerOf(card))
		}
		if o.recovery != "" {
			fmt.Fprintf(w, "signed by the recovery key: whoever holds card %d takes it over at the next contact. Whoever holds an older one takes it with those between, if the recovery key signed each of them, and compares the fingerprint if not\n", before.Serial)
		} else {
			fmt.Fprintln(w, "it is not signed by a recovery key: every peer has to compare the fingerprint and `heed peer add` it, and every witness is started with --log and this card")
		}
	})
}

package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// Cosigner asks witnesses over C2SP tlog-witness. url is what AddWitness has
// admitted. An error is an attempt that may be repeated; where nobody answered
// it matches *Unreachable.
type Cosigner interface {
	// AddCheckpoint posts a request for a cosignature; the answer is bounded
	// and has not been looked at.
	AddCheckpoint(ctx context.Context, url string, body []byte) (status int, answer []byte, err error)
	// Describe asks a witness of ours who it is; ErrNotFound where it is
	// another's, which does not say.
	Describe(ctx context.Context, url string) (WitnessDescription, error)
	// Resource reads from what a witness of ours mirrors of a ledger (path as
	// in C2SP tlog-tiles, or "checkpoint"). What is not there is
	// ledger.ErrNotFound. Nothing of it has been verified.
	Resource(ctx context.Context, url, origin, path string) ([]byte, error)
	// Cards asks a witness of ours for the signed cards that it holds of a
	// party with serials after one. ErrNotFound where it says that it knows
	// nothing of the party, or is another's. The answer has at most MaxShown
	// bytes and has not been looked at, as that of Successions: a list of notes
	// (wire.SplitNotes), first what the witness has signed about the others.
	Cards(ctx context.Context, url string, of heed.PartyID, after uint64) ([]byte, error)
	// Successions asks it for the party's signed successions, all of them.
	Successions(ctx context.Context, url string, of heed.PartyID) ([]byte, error)
}

// Unreachable says in people's words that nobody answered at an address.
type Unreachable struct {
	What string
	Hint string // how to mend it; may be empty
	Err  error  // what went wrong, for programs
}

func (e *Unreachable) Error() string { return e.What }

// Unwrap is what went wrong.
func (e *Unreachable) Unwrap() error { return e.Err }

// WitnessDescription is what a witness of ours says of itself.
type WitnessDescription struct {
	Name    string
	Key     string // C2SP cosigner key with that name
	Mirrors bool   // it keeps every leaf, and serves it
}

// WitnessOrder asks for a witness to be added.
type WitnessOrder struct {
	URL string
	// Key is the witness's C2SP cosigner key; empty: what it says itself.
	Key string
	// Corroborating counts the witness as one that does not mirror, whatever it says.
	Corroborating bool
}

// AddWitness adds a witness for our ledger. One that says that it mirrors
// counts; of any other only its key is taken, and it corroborates. A witness of
// the same name is replaced. Who the witness is, is this node's alone to
// believe: whoever verifies evidence has a policy of their own.
func (x *Exchange) AddWitness(ctx context.Context, order WitnessOrder) (Witness, error) {
	if err := checkWitnessURL(order.URL); err != nil {
		return Witness{}, err
	}
	w, err := x.introduce(ctx, order)
	if err != nil {
		return w, err
	}
	w.Added = x.Now()
	err = x.write(ctx, func(tx Tx) error {
		all, err := tx.Witnesses()
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(other Witness) bool { return other.Name == w.Name })
		listed, err := listWitnesses(append(all, w))
		if err != nil {
			return err
		}
		if err := ledger.CheckWitnesses(listed); err != nil {
			return &heed.Invalid{What: err.Error(), Hint: "`heed witness list` shows those that there are"}
		}
		if len(listed) > ledger.MaxCosignatures {
			return &heed.Invalid{What: fmt.Sprintf("%d witnesses, and a checkpoint has room for %d", len(listed), ledger.MaxCosignatures)}
		}
		return tx.PutWitness(w)
	})
	if err == nil {
		x.witnessed.forget()
		x.errands.cosign()
	}
	return w, err
}

// checkWitnessURL admits scheme://host:port and nothing else, as cards do.
func checkWitnessURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Scheme+"://"+u.Host != s || len(s) > 200 {
		return &heed.Invalid{What: fmt.Sprintf("%.80q is not the address of a witness", s), Hint: "write it like http://host:port, without a path"}
	}
	return nil
}

// introduce finds out who a witness is.
func (x *Exchange) introduce(ctx context.Context, order WitnessOrder) (Witness, error) {
	d, err := x.cosigner.Describe(ctx, order.URL)
	if order.Key == "" && errors.Is(err, ErrNotFound) {
		return Witness{}, &heed.Invalid{What: fmt.Sprintf("what answers at %s does not say who it is", order.URL), Hint: "add --key VKEY, which its operator publishes"}
	}
	var silent *Unreachable
	if order.Key == "" && errors.As(err, &silent) {
		return Witness{}, &Unreachable{What: "the witness cannot be asked who it is: " + silent.What, Hint: "does it run? With --key VKEY it need not be asked", Err: silent}
	}
	if order.Key == "" && err != nil {
		return Witness{}, &heed.Invalid{What: fmt.Sprintf("the witness at %s cannot be asked who it is: %v", order.URL, err), Hint: "is it a witness? With --key VKEY it need not be asked"}
	}
	if order.Key == "" {
		order.Key = d.Key
	}
	key, err := ledger.ParseCosignerKey(order.Key)
	if err != nil {
		return Witness{}, &heed.Invalid{What: err.Error(), Hint: "a key looks like NAME+HASH+BASE64, as its operator publishes it"}
	}
	return Witness{Name: key.Name(), URL: order.URL, Keys: []string{key.String()}, Mirrors: d.Mirrors && d.Key == key.String() && !order.Corroborating}, nil
}

// RemoveWitness has our ledger no longer cosigned by a witness. What it has
// cosigned stays.
func (x *Exchange) RemoveWitness(ctx context.Context, name string) error {
	err := x.write(ctx, func(tx Tx) error { return tx.RemoveWitness(name) })
	if errors.Is(err, ErrNotFound) {
		return &heed.Invalid{What: fmt.Sprintf("there is no witness %q", name), Hint: "`heed witness list` shows those that there are"}
	}
	if err == nil {
		x.witnessed.forget()
	}
	return err
}

// Witnesses lists the witnesses of our ledger by name.
func (x *Exchange) Witnesses(ctx context.Context) (all []Witness, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Witnesses()
		return err
	})
	return all, err
}

// listWitnesses reads the keys of witnesses.
func listWitnesses(all []Witness) ([]ledger.Witness, error) {
	listed := make([]ledger.Witness, 0, len(all))
	for _, w := range all {
		one := ledger.Witness{Name: w.Name}
		for _, vkey := range w.Keys {
			key, err := ledger.ParseCosignerKey(vkey)
			if err != nil {
				return nil, fmt.Errorf("witness %s: %w", w.Name, err)
			}
			one.Keys = append(one.Keys, key)
		}
		listed = append(listed, one)
	}
	return listed, nil
}

// mirroring are the witnesses that count.
func mirroring(all []Witness) []Witness {
	return slices.DeleteFunc(slices.Clone(all), func(w Witness) bool { return !w.Mirrors })
}

// WitnessStanding is how our ledger stands with its witnesses.
type WitnessStanding struct {
	Origin string // of our present ledger
	Size   int64  // leaves of its newest head; 0 before the first
	// Quorum is the default one of the witnesses that count; zero where none does.
	Quorum    ledger.Quorum
	Cosigned  int // of those that count, have cosigned the newest head
	Answering int // of those that count, answer
	Witnesses []StandingWitness
}

// StandingWitness is a witness, and how it stands.
type StandingWitness struct {
	Witness
	Origin  string // of the ledger of ours that its newest cosignature is of; empty: it has given none
	Newest  bool   // it has cosigned our newest head
	Answers bool   // it has cosigned within the last 10 minutes, and nothing troubles it
}

// WitnessStanding says how far our ledger is cosigned, and by whom.
func (x *Exchange) WitnessStanding(ctx context.Context) (out WitnessStanding, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		all, err := v.Witnesses()
		if err != nil {
			return err
		}
		if counting := len(mirroring(all)); counting > 0 {
			out.Quorum = ledger.DefaultQuorum(counting)
		}
		ledgers, err := x.ledgersOfOurs(v)
		if err != nil {
			return err
		}
		present := ledgers[len(ledgers)-1]
		out.Origin, out.Size = present.origin, present.head.Size
		for _, w := range all {
			listed, err := listWitnesses([]Witness{w})
			if err != nil {
				return err
			}
			s := StandingWitness{Witness: w, Newest: len(ledger.WitnessTimes(present.head, listed)) > 0}
			s.Answers = w.Trouble == "" && now.Sub(w.At) <= oldCosignature
			if !w.At.IsZero() {
				s.Origin = cosignedOf(ledgers, listed, w.At)
			}
			if w.Mirrors && s.Newest {
				out.Cosigned++
			}
			if w.Mirrors && s.Answers {
				out.Answering++
			}
			out.Witnesses = append(out.Witnesses, s)
		}
		return nil
	})
	return out, err
}

// ledgerOfOurs is one of our ledgers: its newest or last head, and since when it is.
type ledgerOfOurs struct {
	origin string
	head   ledger.Checkpoint // zero before the first
	begun  time.Time         // zero: with the party
}

// ledgersOfOurs lists our ledgers, the present one last.
func (x *Exchange) ledgersOfOurs(v View) (all []ledgerOfOurs, err error) {
	notes, err := v.Successions(x.party)
	if err != nil {
		return nil, err
	}
	var begun time.Time
	for _, note := range notes {
		s, err := wire.ReadStatement(note)
		if err != nil {
			return nil, err
		}
		key, err := seal.ParseVerifyKey(s.Ledger)
		if err != nil {
			return nil, err
		}
		all = append(all, ledgerOfOurs{origin: key.Name(), begun: begun})
		begun = s.Time
	}
	me, err := v.Self()
	if err != nil {
		return nil, err
	}
	present, err := ledgerOrigin(me.Card)
	if err != nil {
		return nil, err
	}
	all = append(all, ledgerOfOurs{origin: present, begun: begun})
	for i, l := range all {
		log, err := x.keptLedger(v, l.origin)
		if err != nil {
			return nil, err
		}
		head, err := log.head()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if all[i].head, err = ledger.UnverifiedCheckpoint(head.Note); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// cosignedOf is the ledger of ours that a witness's newest cosignature is of:
// one whose head has that line, and else the one that we had at that time.
func cosignedOf(ledgers []ledgerOfOurs, listed []ledger.Witness, at time.Time) string {
	for _, l := range slices.Backward(ledgers) {
		if times := ledger.WitnessTimes(l.head, listed); len(times) > 0 && times[0].At.Equal(at) {
			return l.origin
		}
	}
	for _, l := range slices.Backward(ledgers) {
		if !l.begun.After(at) {
			return l.origin
		}
	}
	return ledgers[0].origin
}

package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"heed"
	"heed/ledger"
)

// Cosigner asks witnesses over C2SP tlog-witness. url is what AddWitness has
// admitted. An error is an attempt that may be repeated.
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
}

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
	if order.Key == "" && err != nil {
		return Witness{}, &heed.Invalid{What: fmt.Sprintf("the witness at %s cannot be asked who it is: %v", order.URL, err), Hint: "does it run? With --key VKEY it need not be asked"}
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

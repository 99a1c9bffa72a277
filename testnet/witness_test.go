package testnet

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
)

// times are when witnesses cosigned the newest head that a party holds of a ledger.
func times(t *testing.T, net *Net, p *Party, origin string) (size int64, all []ledger.WitnessTime) {
	t.Helper()
	note, err := p.Exchange.Mirror(origin).Checkpoint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ledger.UnverifiedCheckpoint(note)
	if err != nil {
		t.Fatal(err)
	}
	var listed []ledger.Witness
	for _, w := range net.Witnesses {
		listed = append(listed, ledger.Witness{Name: w.Name, Keys: []ledger.CosignerKey{w.Key.Public()}})
	}
	return c.Size, ledger.WitnessTimes(c, listed)
}

func witnessOf(t *testing.T, p *Party, name string) exchange.Witness {
	t.Helper()
	all, err := p.Exchange.Witnesses(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range all {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("%s has no witness %s", p.ID, name)
	return exchange.Witness{}
}

func sound(t *testing.T, net *Net) {
	t.Helper()
	for _, w := range net.Witnesses {
		if found := w.Findings(); len(found) > 0 {
			t.Errorf("%s found %+v", w.Name, found)
		}
	}
}

// TestWitnessed: every head is cosigned by all, an unchanged one again and
// again, and what is said names the checkpoint after which it was made.
func TestWitnessed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 31}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.AddWitnesses(3)
		net.Start()
		time.Sleep(3 * time.Second)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		waitFor(t, n, id, heed.StateAcknowledged)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		for _, p := range net.Parties {
			size, at := times(t, net, p, ledger.Origin(string(p.ID), 1))
			if len(at) != 3 || time.Since(at[0].At) > 62*time.Second || size != leaves(t, p) {
				t.Errorf("%s: a head of %d leaves, of %d, cosigned at %v", p.ID, size, leaves(t, p), at)
			}
			for _, w := range net.Witnesses {
				if got := witnessOf(t, p, w.Name); got.Trouble != "" || got.Size != size || !got.Mirrors || time.Since(got.At) > 62*time.Second {
					t.Errorf("%s has of %s: %+v", p.ID, w.Name, got)
				}
			}
			namesWhatCameBefore(t, p, id)
		}
		sound(t, net)
	})
}

// namesWhatCameBefore checks that each statement of a case names a checkpoint
// of its author's ledger that enough witnesses had cosigned by then, and that
// the party has it.
func namesWhatCameBefore(t *testing.T, p *Party, id heed.CaseID) {
	t.Helper()
	err := p.Store.Read(context.Background(), func(v exchange.View) error {
		kept, err := v.KeptOf(id)
		if err != nil {
			return err
		}
		var listed []ledger.Witness
		for _, w := range p.net.Witnesses {
			listed = append(listed, ledger.Witness{Name: w.Name, Keys: []ledger.CosignerKey{w.Key.Public()}})
		}
		for _, k := range kept {
			s := k.Statement
			note, err := v.Checkpoint(s.After)
			if err != nil {
				t.Errorf("%s has not the checkpoint that the %s names: %v", p.ID, s.Kind, err)
				continue
			}
			c, err := ledger.UnverifiedCheckpoint(note)
			if err != nil {
				return err
			}
			at, ok := ledger.DefaultQuorum(3).NotBefore(ledger.WitnessTimes(c, listed))
			if !ok || at.After(s.Time) || c.Origin != ledger.Origin(string(s.Author), 1) {
				t.Errorf("the %s of %s, made at %s, names a head of %s cosigned at %s", s.Kind, s.Author, s.Time, c.Origin, at)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWitnessDown: one that is down is no outage, and catches up.
func TestWitnessDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 32}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		down := net.AddWitnesses(3)[0]
		net.Start()
		time.Sleep(3 * time.Second)
		down.Shut()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		origin := ledger.Origin(string(north), 1)
		if size, at := times(t, net, n, origin); len(at) != 2 || size != leaves(t, n) {
			t.Errorf("%d leaves, cosigned at %v", size, at)
		}
		if w := witnessOf(t, n, down.Name); w.Trouble == "" {
			t.Error("people are not told that it is down")
		}
		namesWhatCameBefore(t, n, id)
		down.Reopen()
		time.Sleep(2 * time.Minute)
		if size, at := times(t, net, n, origin); len(at) != 3 || size != leaves(t, n) {
			t.Errorf("afterwards: %d leaves, cosigned at %v", size, at)
		}
		if w := witnessOf(t, n, down.Name); w.Trouble != "" {
			t.Errorf("afterwards: %s", w.Trouble)
		}
		// One that has lost what it mirrored holds less than we think, says so,
		// and is given the whole way.
		down.Shut()
		down.Forget()
		down.Reopen()
		if err := n.Cosign(t.Context()); err != nil {
			t.Errorf("with a witness that begins anew: %v", err)
		}
		sound(t, net)
	})
}

// TestWitnessHoldsMore: a node that was put back to an older state finds out
// from its witnesses alone.
func TestWitnessHoldsMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 33}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.AddWitnesses(3)
		backup, _ := goneOn(t, net, n, s)
		size := leaves(t, n)
		n.Restore(backup, false)
		net.Network.Between(north, south, Link{Down: true})
		if err := n.Cosign(t.Context()); err != nil {
			t.Errorf("it is no fault of the witnesses: %v", err)
		}
		if !restored(t, n) {
			t.Fatal("it did not notice")
		}
		if leaves(t, n) >= size {
			t.Fatal("nothing was lost")
		}
		sound(t, net)
		net.Start()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if restored(t, n) {
			t.Fatal("it has not caught up")
		}
		if held, at := times(t, net, n, ledger.Origin(string(north), 1)); len(at) != 3 || held < size {
			t.Errorf("afterwards: %d leaves, cosigned at %v", held, at)
		}
		sound(t, net)
	})
}

// TestLyingWitness: whatever a witness says, nothing is believed that a key has
// not signed.
func TestLyingWitness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 34}, north, south)
		n := net.Parties[0]
		liar := net.AddWitnesses(3)[0]
		origin := ledger.Origin(string(north), 1)
		cosign := func() error {
			t.Helper()
			if err := n.Cut(t.Context()); err != nil {
				t.Fatal(err)
			}
			return n.Cosign(t.Context())
		}
		if err := cosign(); err != nil {
			t.Fatal(err)
		}
		var replayed []byte
		liar.Lie(func(status int, answer []byte) (int, []byte) {
			replayed = bytes.Clone(answer)
			return status, answer
		})
		if err := cosign(); err != nil {
			t.Fatal(err)
		}
		other, err := ledger.NewCosigningKey(liar.Name, newBytesOf(7, "other", 0))
		if err != nil {
			t.Fatal(err)
		}
		forged := func(int, []byte) (int, []byte) {
			note, err := n.Ledger().Checkpoint(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			c, err := ledger.UnverifiedCheckpoint(note)
			if err != nil {
				t.Fatal(err)
			}
			line, err := other.Cosign(c, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			return http.StatusOK, line
		}
		officers := 0
		for name, lie := range map[string]func(int, []byte) (int, []byte){
			"a line of the head before":      func(int, []byte) (int, []byte) { return http.StatusOK, replayed },
			"a line by another key":          forged,
			"nothing":                        func(int, []byte) (int, []byte) { return http.StatusOK, nil },
			"garbage":                        func(int, []byte) (int, []byte) { return http.StatusOK, []byte("— \x00\n") },
			"that it holds more":             func(int, []byte) (int, []byte) { return http.StatusConflict, []byte("1000000\n") },
			"that it holds less, and more":   func(int, []byte) (int, []byte) { return http.StatusConflict, []byte("0\n") },
			"that it holds another":          func(int, []byte) (int, []byte) { return http.StatusConflict, []byte("what\n") },
			"that it is wrong":               func(int, []byte) (int, []byte) { return http.StatusUnprocessableEntity, []byte("no\x1b[31m\n") },
			"that it has never heard of us":  func(int, []byte) (int, []byte) { return http.StatusNotFound, nil },
			"something of its own invention": func(int, []byte) (int, []byte) { return 299, nil },
		} {
			// Something new to be cosigned.
			officers++
			if _, err := n.AddOfficer(t.Context(), "", heed.OfficerID(fmt.Sprintf("clara-%d", officers)), heed.Roles()); err != nil {
				t.Fatal(err)
			}
			liar.Lie(lie)
			err := cosign()
			if err == nil || !strings.Contains(err.Error(), liar.Name) {
				t.Errorf("%s: %v", name, err)
			}
			if w := witnessOf(t, n, liar.Name); w.Trouble == "" || strings.ContainsRune(w.Trouble, 0x1b) {
				t.Errorf("%s: people are told %q", name, w.Trouble)
			}
			if restored(t, n) {
				t.Fatalf("%s: its word alone has put the node out of service", name)
			}
			if _, at := times(t, net, n, origin); len(at) != 2 {
				t.Errorf("%s: cosigned at %v", name, at)
			}
			liar.Lie(nil)
			if err := cosign(); err != nil {
				t.Errorf("after %s: %v", name, err)
			}
		}
		// The same line again and again says nothing new.
		liar.Lie(func(status int, answer []byte) (int, []byte) { replayed = bytes.Clone(answer); return status, answer })
		if err := cosign(); err != nil {
			t.Fatal(err)
		}
		liar.Lie(func(int, []byte) (int, []byte) { return http.StatusOK, replayed })
		time.Sleep(time.Hour)
		if err := cosign(); err != nil {
			t.Fatal(err)
		}
		if w := witnessOf(t, n, liar.Name); !strings.Contains(w.Trouble, "repeats itself") {
			t.Errorf("people are told %q", w.Trouble)
		}
	})
}

// TestWitnessedRotation: the last head of a ledger that has ended, and the
// heads of the next one, are cosigned without anybody's help.
func TestWitnessedRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 35, Recovery: true}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		away := net.AddWitnesses(4)[3]
		net.Start()
		time.Sleep(3 * time.Second)
		away.Shut()
		rotate(n)
		id := n.Warn("After", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		time.Sleep(5 * time.Second)
		for number, want := range map[int]int{1: 3, 2: 3} {
			if size, at := times(t, net, n, ledger.Origin(string(north), number)); len(at) != want || size == 0 {
				t.Errorf("ledger %d: %d leaves, cosigned at %v", number, size, at)
			}
		}
		away.Reopen()
		time.Sleep(3 * time.Minute)
		for _, number := range []int{1, 2} {
			if _, at := times(t, net, n, ledger.Origin(string(north), number)); len(at) != 4 {
				t.Errorf("ledger %d: cosigned at %v", number, at)
			}
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		sound(t, net)
	})
}

// TestRefresh: the time of another party's head moves on while that party is
// away; and where it has said more than it told us, the witnesses have it.
func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 36}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.AddWitnesses(3)
		origin := ledger.Origin(string(south), 1)
		net.Start()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateReceived)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, south, Link{Down: true})
		do(t)(s.Acknowledge(t.Context(), Anna, id, false))
		time.Sleep(10 * time.Second)
		s.Stop()
		size, _ := times(t, net, s, origin) // what it has published
		s.close(t)
		time.Sleep(time.Hour)
		asked := time.Now()
		if err := n.Refresh(t.Context(), origin); err != nil {
			t.Fatal(err)
		}
		held, at := times(t, net, n, origin)
		if held != size {
			t.Errorf("north holds %d of south's leaves, and south published %d", held, size)
		}
		if len(at) != 3 || at[0].At.Before(asked.Truncate(time.Second)) {
			t.Errorf("asked at %s: cosigned at %v", asked, at)
		}
		for _, w := range net.Witnesses {
			w.Shut()
		}
		if err := n.Refresh(t.Context(), origin); err != nil {
			t.Errorf("without a witness: %v", err)
		}
		if _, after := times(t, net, n, origin); len(after) != 3 {
			t.Errorf("without a witness: %v", after)
		}
	})
}

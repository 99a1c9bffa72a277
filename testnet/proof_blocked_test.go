package testnet

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
	"heed/witness"
)

// blocks has a party answer another one no more, and nobody else any less.
var blocks = map[string]Link{"by refusing": {Down: true}, "by saying nothing": {Hangs: true}}

// TestRotateAndBlock: a debtor ends its ledger and answers its creditor no
// more. The creditor alone, with the witnesses, proves its silence, for who
// pinned its first card and for who pins its present one.
func TestRotateAndBlock(t *testing.T) {
	t.Parallel()
	for name, link := range blocks {
		t.Run(name, func(t *testing.T) {
			proven(t, Options{Seed: 141, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
				first := present(t, net)
				id := n.Warn("Possible attack on a concert", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				time.Sleep(3 * time.Second)
				net.Network.Between(north, south, link)
				rotate(s)
				time.Sleep(5 * time.Second)
				rotate(s)
				time.Sleep(2 * time.Minute)
				net.Witnesses[3].Shut()
				begun := time.Now()
				file := certificate(t, n, id, heed.DutyAcknowledge)
				if took := time.Since(begun); took > time.Minute {
					t.Errorf("it took %s", took)
				}
				for pinned, policy := range map[string]evidence.Policy{"first": first, "present": present(t, net)} {
					if v := judged(t, policy, file); v.Verdict != evidence.Silent || !v.AsOf.After(begun.Add(-time.Second)) {
						t.Errorf("pinning the %s card: %s as of %s, and it is %s: %s", pinned, v.Verdict, v.AsOf, begun, v.Why)
					}
				}
				if held, is := peerCard(t, n, south), s.Card(); held.ID != is.ID {
					t.Errorf("north holds card %d of %d", held.Serial, is.Serial)
				}
				if trouble := trouble(t, n, south); trouble != "" {
					t.Errorf("north has trouble with it: %s", trouble)
				}
				// What is said in the ledger that follows is seen there.
				do(t)(s.Acknowledge(t.Context(), Anna, id, false))
				time.Sleep(time.Minute)
				says(t, evidence.LoggedNotDelivered, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
				sound(t, net)
			})
		})
	}
}

// TestRotateAndBlockAfterRelationsBreak: north has removed south before it
// rotated. What was owed stays provable, and south does not come back by it.
func TestRotateAndBlockAfterRelationsBreak(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 142, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		if err := n.RemovePeer(t.Context(), south); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, south, Link{Down: true})
		rotate(s)
		time.Sleep(2 * time.Minute)
		says(t, evidence.Silent, present(t, net), certificate(t, n, id, heed.DutyAcknowledge))
		peers, err := n.Peers(t.Context())
		if err != nil || slices.ContainsFunc(peers, func(p exchange.Peer) bool { return p.Card.Party == south }) {
			t.Errorf("south is a peer again: %v", err)
		}
	})
}

// TestEndShownToTheCreditorAlone: the debtor shows its creditor the end of its
// ledger, and neither that nor its next card to any witness. The head before
// goes on speaking for it.
func TestEndShownToTheCreditorAlone(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 143, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		first := present(t, net)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		for _, w := range net.Witnesses {
			net.Network.Between(south, heed.PartyID(w.Name), Link{Down: true})
		}
		rotate(s)
		time.Sleep(2 * time.Minute)
		if end := lastLeaf(t, n, ledger.Origin(string(south), 1)); !end.Ends() {
			t.Fatal("north was not shown the end")
		}
		begun := time.Now()
		if v := says(t, evidence.Silent, first, certificate(t, n, id, heed.DutyAcknowledge)); !v.AsOf.After(begun.Add(-time.Second)) {
			t.Errorf("it is shown as of %s, and it is %s", v.AsOf, begun)
		}
	})
}

// TestEndWithoutARecoveryKey: nobody can take over the next card, so nobody
// publishes the end of the ledger either, and its silence stays provable.
func TestEndWithoutARecoveryKey(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 144}, 3, func(t *testing.T, net *Net, n, s *Party) {
		first := present(t, net)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		if err := s.Keys.RotateLedger(); err != nil {
			t.Fatal(err)
		}
		s.NextCard(false, func(c *heed.Card) { c.LedgerKey = s.Keys.ledgers[0].Verifier().String() })
		net.Network.Between(north, south, Link{Down: true})
		time.Sleep(2 * time.Minute)
		begun := time.Now()
		if v := says(t, evidence.Silent, first, certificate(t, n, id, heed.DutyAcknowledge)); !v.AsOf.After(begun.Add(-time.Second)) {
			t.Errorf("it is shown as of %s, and it is %s", v.AsOf, begun)
		}
		if held := peerCard(t, n, south); held.Serial != 1 {
			t.Errorf("north has taken over card %d, which people have to compare", held.Serial)
		}
	})
}

// impostor is a card that a witness makes up, and a succession to its ledger.
func impostor(t *testing.T, held heed.Card, change func(*heed.Card)) (card, succession []byte) {
	t.Helper()
	node, err := seal.NewSigningKey(rand.Reader, wire.NodeKeyName(held.Party))
	if err != nil {
		t.Fatal(err)
	}
	log, err := seal.NewSigningKey(rand.Reader, ledger.Origin(string(held.Party), 2))
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := seal.NewSigningKey(rand.Reader, wire.RecoveryKeyName(held.Party))
	if err != nil {
		t.Fatal(err)
	}
	next := held
	next.Serial, next.Previous, next.NodeKey, next.LedgerKey = held.Serial+1, held.ID, node.Verifier().String(), log.Verifier().String()
	if change != nil {
		change(&next)
	}
	next, card, err = wire.SignCard(next, node, recovery)
	if err != nil {
		t.Fatal(err)
	}
	_, succession, err = wire.SignStatement(heed.Statement{
		Kind: heed.KindSuccession, Author: held.Party, AuthorCard: held.Serial, Time: heed.Instant(time.Now()), Node: next.NodeKey,
		Ledger: held.LedgerKey, Successor: next.LedgerKey, Card: next.ID, Size: 16, Root: heed.Digest{1},
	}, node)
	if err != nil {
		t.Fatal(err)
	}
	return card, succession
}

// TestLyingWitnessShowsCards: whatever a witness makes of a party's cards, it
// changes nothing about the party; and what an honest one shows is taken all the same.
func TestLyingWitnessShowsCards(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 145, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		held, old := s.Card(), s.CardNote()
		for _, w := range net.Witnesses {
			w.Mislead(func(string, []byte) []byte { return nil })
		}
		for range 2 {
			rotate(s)
			time.Sleep(15 * time.Second)
		}
		newest := s.CardNote()
		forged, announced := impostor(t, held, nil)
		// Signed in everything by a recovery key of its own, which it names itself.
		others := wire.JoinNotes([][]byte{n.CardNote()})
		lies := map[string]func(path string, answer []byte) []byte{
			"a forged card and succession": func(path string, _ []byte) []byte {
				if strings.HasPrefix(path, witness.CardsPath) {
					return wire.JoinNotes([][]byte{forged})
				}
				return wire.JoinNotes([][]byte{announced})
			},
			"the forged succession to the card that it has": func(path string, answer []byte) []byte {
				if strings.HasPrefix(path, witness.CardsPath) {
					return answer
				}
				return wire.JoinNotes([][]byte{announced})
			},
			"no succession": func(path string, answer []byte) []byte {
				if strings.HasPrefix(path, witness.CardsPath) {
					return answer
				}
				return nil
			},
			"another party's card": func(string, []byte) []byte { return others },
			"old cards alone":      func(string, []byte) []byte { return wire.JoinNotes(slices.Repeat([][]byte{old}, 16)) },
			"the newest card alone": func(path string, answer []byte) []byte {
				if strings.HasPrefix(path, witness.CardsPath) {
					return wire.JoinNotes([][]byte{newest})
				}
				return answer
			},
			"nothing": func(string, []byte) []byte { return nil },
			"damage": func(_ string, answer []byte) []byte {
				answer = bytes.Clone(answer)
				if len(answer) > 0 {
					answer[len(answer)/2] ^= 1
				}
				return answer
			},
			"noise": func(string, []byte) []byte { return bytes.Repeat([]byte{0xa5}, 1<<20) },
		}
		backup := n.Backup()
		for name, lie := range lies {
			n.Restore(backup, false)
			for _, w := range net.Witnesses {
				w.Mislead(lie)
			}
			if err := n.RefreshCard(t.Context(), south); !errors.Is(err, ErrDown) {
				t.Errorf("%s: %v", name, err)
			}
			if card := peerCard(t, n, south); card.ID != held.ID {
				t.Errorf("%s: north has taken over card %d", name, card.Serial)
			}
			if trouble := trouble(t, n, south); trouble != "" {
				t.Errorf("%s: it stands on south's record: %s", name, trouble)
			}
			if err := n.Store.Read(t.Context(), func(v exchange.View) error {
				notes, err := v.Successions(south)
				if len(notes) > 0 {
					t.Errorf("%s: %d successions are kept", name, len(notes))
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			net.Witnesses[1].Mislead(nil)
			net.Witnesses[2].Shut()
			if err := n.RefreshCard(t.Context(), south); err != nil {
				t.Errorf("%s, and an honest one: %v", name, err)
			}
			if card := peerCard(t, n, south); card.ID != s.Card().ID {
				t.Errorf("%s, and an honest one: north holds card %d", name, card.Serial)
			}
			net.Witnesses[2].Reopen()
		}
	})
}

// shows is what north holds after it has asked the witnesses alone; nothing
// that they show may stand on south's record.
func shows(t *testing.T, n *Party, what string, want heed.Card, taken bool) {
	t.Helper()
	if err := n.RefreshCard(t.Context(), south); taken && err != nil || !taken && !errors.Is(err, ErrDown) {
		t.Errorf("%s: %v", what, err)
	}
	if card := peerCard(t, n, south); card.ID != want.ID {
		t.Errorf("%s: north holds card %d (%.8s), want card %d (%.8s)", what, card.Serial, card.ID, want.Serial, want.ID)
	}
	if trouble := trouble(t, n, south); trouble != "" {
		t.Errorf("%s: it stands on south's record: %s", what, trouble)
	}
}

// TestAnswersOnTheWay: what witnesses say of a party's cards counts only as they
// have signed it, for this question, now.
func TestAnswersOnTheWay(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 147, Recovery: true}, 3, func(t *testing.T, net *Net, n, s *Party) {
		waitFor(t, n, n.Warn("Possible attack on a concert", s)[0], heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		held := s.Card()
		for _, w := range net.Witnesses {
			w.Mislead(func(string, []byte) []byte { return nil })
		}
		rotate(s)
		time.Sleep(15 * time.Second)
		other, err := ledger.NewCosigningKey("w1.example", rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		signed := func(key ledger.CosigningKey, path string, notes []byte, ago time.Duration) []byte {
			answer, err := Show(key, path, notes, time.Now().Add(-ago))
			if err != nil {
				t.Error(err)
			}
			return answer
		}
		cut := func(answer []byte) (first, notes []byte) {
			first, notes, err := wire.CutNote(answer, ledger.MaxShowing)
			if err != nil {
				t.Error(err)
			}
			return first, notes
		}
		tampered := map[string]func(w *Witness, path string, answer, notes []byte) []byte{
			"unsigned":           func(_ *Witness, _ string, _, notes []byte) []byte { return notes },
			"nothing":            func(*Witness, string, []byte, []byte) []byte { return nil },
			"signed by somebody": func(_ *Witness, path string, _, notes []byte) []byte { return signed(other, path, notes, 0) },
			"signed 6 minutes ago": func(w *Witness, path string, _, notes []byte) []byte {
				return signed(w.Key, path, notes, 6*time.Minute)
			},
			"signed in 6 minutes": func(w *Witness, path string, _, notes []byte) []byte {
				return signed(w.Key, path, notes, -6*time.Minute)
			},
			"a signature of nothing": func(w *Witness, path string, _, notes []byte) []byte {
				return append(signed(w.Key, path, nil, 0), notes...)
			},
			"signed by another witness": func(w *Witness, path string, _, notes []byte) []byte {
				return signed(net.Witnesses[(slices.Index(net.Witnesses, w)+1)%3].Key, path, notes, 0)
			},
			"signed of another party": func(w *Witness, path string, _, notes []byte) []byte {
				return signed(w.Key, strings.Replace(path, string(south), string(north), 1), notes, 0)
			},
			"signed for another question": func(w *Witness, path string, _, notes []byte) []byte {
				return signed(w.Key, witness.CardsPath+string(south)+"/7", notes, 0)
			},
			"a changed note": func(_ *Witness, _ string, answer, notes []byte) []byte {
				answer = bytes.Clone(answer)
				if len(notes) > 0 {
					answer[len(answer)-5] ^= 1
				}
				return answer
			},
			"a note more": func(_ *Witness, _ string, answer, _ []byte) []byte {
				return append(bytes.Clone(answer), wire.JoinNotes([][]byte{n.CardNote()})...)
			},
			"notes left out": func(_ *Witness, _ string, answer, notes []byte) []byte {
				if first, _ := cut(answer); len(notes) > 0 {
					return wire.JoinNotes([][]byte{first})
				}
				return answer
			},
		}
		for _, w := range net.Witnesses {
			w.Tamper(func(string, []byte) []byte { return nil })
			w.Mislead(nil)
		}
		for name, change := range tampered {
			for _, w := range net.Witnesses {
				w.Tamper(func(path string, answer []byte) []byte {
					_, notes := cut(answer)
					return change(w, path, answer, notes)
				})
			}
			shows(t, n, name, held, false)
		}
		net.Witnesses[0].Tamper(func(path string, answer []byte) []byte {
			_, notes := cut(answer)
			return signed(net.Witnesses[0].Key, path, notes, 4*time.Minute)
		})
		shows(t, n, "from a witness whose clock is 4 minutes behind", s.Card(), true)
	})
}

// TestRecoveryKeyStolen: whoever has the recovery key alone moves no peer, not
// on the way to the witnesses, nor with one of four in their pay. With two,
// which no quorum of four withstands, they do.
func TestRecoveryKeyStolen(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 148, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		waitFor(t, n, n.Warn("Possible attack on a concert", s)[0], heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		held := s.Card()
		thief, err := seal.NewSigningKey(rand.Reader, wire.NodeKeyName(south))
		if err != nil {
			t.Fatal(err)
		}
		forged := held
		forged.Serial, forged.Previous, forged.NodeKey, forged.Endpoint = held.Serial+1, held.ID, thief.Verifier().String(), "https://192.0.2.66:7443"
		forged, note, err := wire.SignCard(forged, thief, s.Recovery)
		if err != nil {
			t.Fatal(err)
		}
		cards := wire.JoinNotes([][]byte{note})
		log, err := seal.NewSigningKey(rand.Reader, ledger.Origin(string(south), 2))
		if err != nil {
			t.Fatal(err)
		}
		_, announced, err := wire.SignStatement(heed.Statement{
			Kind: heed.KindSuccession, Author: south, AuthorCard: held.Serial, Time: heed.Instant(time.Now()), Node: forged.NodeKey,
			Ledger: held.LedgerKey, Successor: log.Verifier().String(), Card: forged.ID, Size: 16, Root: heed.Digest{1},
		}, thief)
		if err != nil {
			t.Fatal(err)
		}
		lie := func(successions ...[]byte) func(string, []byte) []byte {
			return func(path string, _ []byte) []byte {
				if strings.HasPrefix(path, witness.CardsPath) {
					return cards
				}
				return wire.JoinNotes(successions)
			}
		}
		backup := n.Backup()
		for _, w := range net.Witnesses {
			w.Tamper(func(path string, _ []byte) []byte { return lie()(path, nil) })
		}
		shows(t, n, "on the way", held, false)
		for _, w := range net.Witnesses {
			w.Tamper(nil)
		}
		net.Witnesses[2].Mislead(lie())
		shows(t, n, "one witness", held, false)
		net.Witnesses[2].Mislead(lie(announced))
		shows(t, n, "one witness, with a succession that the thief has signed", held, false)
		net.Witnesses[2].Mislead(func(path string, _ []byte) []byte {
			if strings.HasPrefix(path, witness.CardsPath) {
				return wire.JoinNotes(slices.Repeat([][]byte{note}, 4))
			}
			return nil
		})
		shows(t, n, "one witness, four times", held, false)
		rotate(s)
		time.Sleep(15 * time.Second)
		shows(t, n, "one witness, while the others show south's own", s.Card(), true)
		n.Restore(backup, false)
		for _, w := range net.Witnesses {
			w.Mislead(func(string, []byte) []byte { return nil })
		}
		net.Witnesses[1].Mislead(lie())
		net.Witnesses[3].Mislead(lie())
		shows(t, n, "two witnesses", forged, true)
	})
}

// TestRenewedNodeKeyAtWitnesses: a peer that renews its node key, then ends its
// ledger and answers us no more is followed where f+1 witnesses show its cards.
func TestRenewedNodeKeyAtWitnesses(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 149, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		waitFor(t, n, n.Warn("Possible attack on a concert", s)[0], heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		held := s.Card()
		for _, w := range net.Witnesses {
			w.Mislead(func(string, []byte) []byte { return nil })
		}
		s.NextCard(true, nil)
		rotate(s)
		time.Sleep(15 * time.Second)
		net.Witnesses[3].Mislead(nil)
		shows(t, n, "one witness", held, false)
		net.Witnesses[0].Mislead(nil)
		shows(t, n, "two witnesses", s.Card(), true)
	})
}

// TestTwoSuccessions: a debtor has signed a second succession to its next
// ledger, and a witness in its pay is the first to show that one. The other
// witnesses show the one that the end leaf names.
func TestTwoSuccessions(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 146, Recovery: true}, 4, func(t *testing.T, net *Net, n, s *Party) {
		first := present(t, net)
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		time.Sleep(3 * time.Second)
		net.Network.Between(north, south, Link{Down: true})
		held := s.Card()
		rotate(s)
		var second []byte
		for _, key := range s.Keys.nodes {
			if key.Verifier().String() != held.NodeKey {
				continue
			}
			var err error
			_, second, err = wire.SignStatement(heed.Statement{
				Kind: heed.KindSuccession, Author: south, AuthorCard: held.Serial, Time: heed.Instant(time.Now()), Node: held.NodeKey,
				Ledger: held.LedgerKey, Successor: s.Card().LedgerKey, Card: s.Card().ID, Size: 16, Root: heed.Digest{1},
			}, key)
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, w := range net.Witnesses {
			w.Mislead(func(path string, answer []byte) []byte {
				switch {
				case i > 0:
					return nil
				case strings.HasPrefix(path, witness.CardsPath):
					return answer
				}
				return wire.JoinNotes([][]byte{second})
			})
		}
		time.Sleep(2 * time.Minute)
		if card := peerCard(t, n, south); card.Serial != 2 {
			t.Fatalf("north holds card %d", card.Serial)
		}
		for _, w := range net.Witnesses[1:] {
			w.Mislead(nil)
		}
		file := certificate(t, n, id, heed.DutyAcknowledge)
		says(t, evidence.Silent, first, file)
		says(t, evidence.Silent, present(t, net), file)
	})
}

package testnet

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// catching reports whether an act was refused because the node is catching up.
func catching(err error) bool {
	var refused *heed.Refused
	return errors.As(err, &refused) && refused.Code == heed.CatchingUp
}

// goneOn is two parties that had a case when north was backed up, and have gone
// on since: north warned and asked, south answered and receipted, and south
// mirrors what north has published. Everybody is stopped.
func goneOn(t *testing.T, net *Net, n, s *Party) (backup string, cases []heed.CaseID) {
	t.Helper()
	net.Start()
	cases = append(cases, n.Warn("Before", s)...)
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	backup = n.Backup()
	cases = append(cases, n.Warn("After", s)...)
	cases = append(cases, s.Warn("The other way", n)...)
	waitFor(t, s, cases[1], heed.StateReceived)
	waitFor(t, n, cases[2], heed.StateReceived)
	do(t)(s.Acknowledge(t.Context(), Anna, cases[0], false))
	do(t)(s.Acknowledge(t.Context(), Anna, cases[1], false))
	do(t)(n.Acknowledge(t.Context(), Anna, cases[2], false))
	do(t)(s.Ask(t.Context(), Anna, cases[0], "Where?"))
	waitFor(t, n, cases[0], heed.StateAsked)
	do(t)(n.Answer(t.Context(), Boris, cases[0], heed.StatementID{}, "There."))
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	net.Stop()
	return backup, cases
}

func highest(t *testing.T, from, to *Party) (number uint64) {
	t.Helper()
	err := from.Store.Read(context.Background(), func(v exchange.View) (err error) {
		number, err = v.Highest(exchange.Channel{Peer: to.ID, OurCard: from.Card().Serial, TheirCard: to.Card().Serial, Outward: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func signsNothing(t *testing.T, p *Party, other *Party, id heed.CaseID) {
	t.Helper()
	ctx := context.Background()
	head, err := p.Ledger().Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	size := leaves(t, p)
	_, err = p.Exchange.Warn(ctx, exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{other.ID}, Warning: Warning("Something")})
	if !catching(err) {
		t.Errorf("warn: %v", err)
	}
	if _, err := p.AskParty(ctx, exchange.AskOrder{Officer: Anna, To: other.ID, Urgency: heed.UrgencyExpected, Status: heed.StatusActual, Text: "Who?"}); !catching(err) {
		t.Errorf("ask a party: %v", err)
	}
	if _, err := p.Ask(ctx, Anna, id, "Who?"); !catching(err) {
		t.Errorf("ask: %v", err)
	}
	if _, err := p.Recall(ctx, Anna, []heed.CaseID{id}, "a mistake"); !catching(err) {
		t.Errorf("recall: %v", err)
	}
	if _, err := p.AddOfficer(ctx, "", "clara", heed.Roles()); !catching(err) {
		t.Errorf("add an officer: %v", err)
	}
	if _, err := p.Export(ctx, id); !catching(err) {
		t.Errorf("export: %v", err)
	}
	for what, err := range map[string]error{"publish": p.Cut(ctx), "remind": second(p.Remind(ctx)), "tell": second(p.Tell(ctx)), "deliver": second(p.Deliver(ctx, other.ID))} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	after, err := p.Ledger().Checkpoint(ctx)
	if err != nil || !bytes.Equal(head, after) || leaves(t, p) != size {
		t.Errorf("the ledger has moved: %v", err)
	}
}

func second(_ bool, err error) error { return err }

func restored(t *testing.T, p *Party) bool {
	t.Helper()
	me, err := p.Self(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return me.Restored
}

// goesOn checks that a node that has caught up has what it lost, gives no
// number and no leaf twice, and can be talked to.
func goesOn(t *testing.T, net *Net, n, s *Party, cases []heed.CaseID, number uint64) {
	t.Helper()
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	if restored(t, n) {
		t.Fatal("it is still catching up")
	}
	for _, id := range cases {
		if len(n.Case(id).Duties) == 0 {
			t.Errorf("case %s did not come back", id)
		}
	}
	if trouble := trouble(t, s, north); trouble != "" {
		t.Errorf("south has trouble with it: %s", trouble)
	}
	id := n.Warn("Afterwards", s)[0]
	waitFor(t, s, id, heed.StateReceived)
	do(t)(s.Acknowledge(t.Context(), Boris, id, false))
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := highest(t, n, s); got <= number {
		t.Errorf("numbers go up to %d, and %d was given before", got, number)
	}
	if receipt, ok := n.Case(id).Receipt(heed.StatementID(id)); !ok || receipt.Number <= number {
		t.Errorf("number %d was given twice", receipt.Number)
	}
	if trouble := trouble(t, s, north); trouble != "" {
		t.Errorf("south has trouble with it: %s", trouble)
	}
}

func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		backup, cases := goneOn(t, net, n, s)
		number := highest(t, n, s)
		n.Restore(backup, true)
		net.Network.Between(north, south, Link{Down: true})
		net.Start()
		time.Sleep(10 * time.Second)
		if !restored(t, n) {
			t.Fatal("it went on without having asked anybody")
		}
		signsNothing(t, n, s, cases[0])
		goesOn(t, net, n, s, cases, number)
	})
}

// TestRestoredWithoutTheMarker: somebody copied the disk back. The node finds
// out from its peers before it signs anything.
func TestRestoredWithoutTheMarker(t *testing.T) {
	t.Parallel()
	t.Run("at start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net := New(t, Options{}, north, south)
			n, s := net.Parties[0], net.Parties[1]
			backup, cases := goneOn(t, net, n, s)
			number := highest(t, n, s)
			n.Restore(backup, false)
			if err := n.LookBack(t.Context()); err != nil {
				t.Fatal(err)
			}
			if !restored(t, n) {
				t.Fatal("it did not notice")
			}
			signsNothing(t, n, s, cases[0])
			net.Start()
			goesOn(t, net, n, s, cases, number)
		})
	})
	t.Run("at first contact", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net := New(t, Options{}, north, south)
			n, s := net.Parties[0], net.Parties[1]
			backup, cases := goneOn(t, net, n, s)
			number := highest(t, n, s)
			n.Restore(backup, false)
			size := leaves(t, n)
			question := do(t)(s.Ask(t.Context(), Anna, cases[1], "When?"))
			deliver(t, s, n)
			if !restored(t, n) || leaves(t, n) != size {
				t.Fatalf("it did not notice, or noticed too late: %d leaves, then %d", size, leaves(t, n))
			}
			if waiting := outbox(t, s); len(waiting) != 1 || waiting[0].Statement != question.ID || waiting[0].Refusal == nil {
				t.Errorf("what it could not receive: %+v", waiting)
			}
			signsNothing(t, n, s, cases[0])
			net.Start()
			goesOn(t, net, n, s, cases, number)
		})
	})
}

// TestRestoredWhileTheOtherSideSpeaks: what the peer said meanwhile, and what
// was on its way when the disk was lost, is received once.
func TestRestoredWhileTheOtherSideSpeaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		first := n.Warn("Before", s)[0]
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		backup := n.Backup()
		// North receipts the acknowledgement, publishes, and the receipt is lost.
		net.Network.Set(south, north, Link{LoseAnswer: 1})
		ack := do(t)(s.Acknowledge(t.Context(), Anna, first, false))
		waitFor(t, n, first, heed.StateAcknowledged)
		time.Sleep(5 * time.Second)
		if err := s.Follow(t.Context(), north); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, south, Link{Down: true})
		do(t)(s.Ask(t.Context(), Anna, first, "Where?"))
		lost := n.Warn("Never left", s)[0]
		time.Sleep(time.Second)
		n.Restore(backup, true)
		n.Start()
		net.Network.Heal()
		if err := net.Drain(2 * time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := Agree(n, s); err != nil {
			t.Error(err)
		}
		if err := CheckReceipts(n); err != nil {
			t.Error(err)
		}
		if got, ok := n.Case(first).Statement(ack.ID); !ok || got.ID != ack.ID {
			t.Error("the acknowledgement was lost")
		}
		if _, err := n.Look(t.Context(), lost); !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("what nobody else had: %v", err)
		}
		if trouble := trouble(t, s, north); trouble != "" {
			t.Errorf("south has trouble with it: %s", trouble)
		}
	})
}

func TestCardRenewal(t *testing.T) {
	t.Parallel()
	t.Run("with the recovery key", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{Recovery: true})
			id := n.Warn("Before", s)[0]
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			net.Network.Between(north, south, Link{Down: true})
			ack := do(t)(s.Acknowledge(t.Context(), Anna, id, false))
			pending := n.Warn("Under the old card", s)[0]
			n.NextCard(true, nil)
			for _, o := range outbox(t, n) {
				if o.Channel.OurCard != 2 {
					t.Errorf("it still waits in the channel of card %d", o.Channel.OurCard)
				}
			}
			later := n.Warn("Under the new card", s)[0]
			time.Sleep(5 * time.Second)
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			if _, ok := n.Case(id).Statement(ack.ID); !ok {
				t.Error("the acknowledgement under the old card was lost")
			}
			for _, id := range []heed.CaseID{pending, later} {
				if len(s.Case(id).Duties) != 2 {
					t.Errorf("case %s was lost", id)
				}
			}
		})
	})
	t.Run("when only the renewed side has something to say", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{Recovery: true})
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			n.NextCard(true, nil)
			id := n.Warn("Under the new card", s)[0]
			time.Sleep(30 * time.Second)
			if _, err := s.Look(t.Context(), id); err != nil {
				t.Errorf("it never came: %v", err)
			}
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("without it, people compare fingerprints", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			net, n, s := quiet(t, Options{Recovery: true})
			n.NextCard(false, nil)
			id := n.Warn("Under the new card", s)[0]
			time.Sleep(time.Minute)
			if _, err := s.Look(t.Context(), id); !errors.Is(err, exchange.ErrNotFound) {
				t.Fatalf("the warning was received under a card that nobody compared: %v", err)
			}
			if trouble(t, s, north) == "" {
				t.Error("south's people are not told")
			}
			if _, err := s.AddPeer(t.Context(), n.CardNote()); err != nil {
				t.Fatal(err)
			}
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			if len(s.Case(id).Duties) != 2 {
				t.Error("the warning was lost")
			}
		})
	})
	t.Run("an older card is not taken", func(t *testing.T) {
		still(t, Options{Recovery: true}, func(t *testing.T, net *Net, n, s *Party) {
			old := n.CardNote()
			n.NextCard(true, nil)
			if err := s.RefreshCard(t.Context(), north); err != nil {
				t.Fatal(err)
			}
			if err := s.TakeOver(t.Context(), old); err == nil {
				t.Error("the older card was taken over")
			}
			if _, err := s.AddPeer(t.Context(), old); err == nil {
				t.Error("the older card was added")
			}
			other := otherKey(t, wire.RecoveryKeyName(north))
			n.Recovery = other
			n.NextCard(true, nil)
			var refused *heed.Refused
			if err := s.RefreshCard(t.Context(), north); !errors.As(err, &refused) {
				t.Errorf("a card signed by another recovery key: %v", err)
			}
		})
	})
}

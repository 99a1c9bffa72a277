package testnet

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/wire"
)

// unlogged is what a party says of a case: what it was given to rest on and no
// ledger of its peer's shows.
func unlogged(t *testing.T, p *Party, id heed.CaseID) (ids []heed.StatementID) {
	t.Helper()
	file, err := p.Look(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range file.Unlogged {
		ids = append(ids, k.Statement.ID)
	}
	return ids
}

// quietly is an extension of north's that its node signed, delivered, and never logged.
func quietly(t *testing.T, n, s *Party, id heed.CaseID, number uint64) (heed.Statement, []wire.Part) {
	t.Helper()
	extension, parts := spokenBy(t, n, heed.Statement{
		Kind: heed.KindExtension, Case: id, Author: n.ID, AuthorCard: n.Card().Serial, Recipient: s.ID, RecipientCard: s.Card().Serial,
		Time: heed.Instant(n.now()), Previous: n.Case(id).Last(n.ID), Answers: []heed.StatementID{heed.StatementID(id)},
		Duties: []heed.Promise{{Kind: heed.DutyAcknowledge, Due: heed.Instant(n.now().Add(time.Hour))}}, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
	}, Anna)
	if got := hand(t, n, s, sealed(t, n, s, number, parts...)); len(got.receipts) != 1 {
		t.Fatalf("%+v", got)
	}
	return extension, parts
}

// logs puts a leaf into a party's ledger that commits to these bytes.
func logs(t *testing.T, p *Party, parts []wire.Part, of heed.StatementID, signed []byte) {
	t.Helper()
	key := ledger.Key(parts[1].Data)
	err := p.Store.Write(context.Background(), func(tx exchange.Tx) error {
		_, err := tx.Append(ledger.StatementLeaf(key, ledger.SlotTag(key, ledger.SlotSent, 0, of), wire.SignedDigest(signed)).Bytes())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHostileExtensionThatIsNotLogged: who gives more time and does not log it
// could disown it. The party that was given it keeps to the old time, and is
// told so; once it is in the ledger, the trouble is over.
func TestHostileExtensionThatIsNotLogged(t *testing.T) {
	t.Parallel()
	for name, log := range map[string]func(t *testing.T, n *Party, extension heed.Statement, parts []wire.Part){
		"logged late": func(t *testing.T, n *Party, extension heed.Statement, parts []wire.Part) {
			logs(t, n, parts, extension.ID, parts[0].Data)
		},
		"another logged in its place": func(t *testing.T, n *Party, extension heed.Statement, parts []wire.Part) {
			logs(t, n, parts, extension.ID, []byte("another"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := New(t, Options{Seed: 95}, north, south)
				n, s := net.Parties[0], net.Parties[1]
				net.Start()
				id := n.Warn("Possible attack on a concert", s)[0]
				waitFor(t, n, id, heed.StateReceived)
				extension, parts := quietly(t, n, s, id, 2)
				if d, ok := s.Case(id).Duty(heed.DutyAcknowledge, heed.StatementID(id)); !ok || !d.Due.Equal(extension.Duties[0].Due) {
					t.Errorf("it was given: %+v", d)
				}
				if got := unlogged(t, s, id); len(got) != 1 || got[0] != extension.ID {
					t.Errorf("not in their ledger yet: %v", got)
				}
				if said := trouble(t, s, north); said != "" {
					t.Errorf("trouble before the publication delay is over: %s", said)
				}
				time.Sleep(90 * time.Second) // a mirror is looked at every minute
				if said := trouble(t, s, north); !strings.HasPrefix(said, "given to us and not in its ledger: extension "+extension.ID.Short()+" of case ") || !strings.Contains(said, "keep to the old time") {
					t.Errorf("trouble: %q", said)
				}
				compared, err := s.CompareLedgers(t.Context())
				if err != nil || len(compared) != 1 || compared[0].Problem != trouble(t, s, north) {
					t.Errorf("%+v, %v", compared, err)
				}
				s.Shut() // what is watched is found again in the store
				log(t, n, extension, parts)
				s.Reopen()
				s.Start()
				time.Sleep(90 * time.Second)
				open := name != "logged late"
				if got, said := unlogged(t, s, id), trouble(t, s, north); (len(got) == 1) != open || (said != "") != open {
					t.Errorf("unlogged %v, trouble %q", got, said)
				}
				net.Stop()
			})
		})
	}
}

// TestWhatIsLoggedIsNoTrouble: an honest party's word is in its ledger within
// its delay, and nobody is told anything.
func TestWhatIsLoggedIsNoTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{Seed: 96})
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, n, id, heed.StateReceived)
		do(t)(n.Extend(t.Context(), Anna, id, heed.DutyAcknowledge, time.Now().Add(time.Hour)))
		if _, err := n.Correct(t.Context(), Anna, []heed.CaseID{id}, Warning("Possible attack on a match"), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Recall(t.Context(), Anna, []heed.CaseID{id}, "a mistake"); err != nil {
			t.Fatal(err)
		}
		waitFor(t, s, id, heed.StateRecalled)
		time.Sleep(90 * time.Second)
		if got, said := unlogged(t, s, id), trouble(t, s, north); len(got) > 0 || said != "" {
			t.Errorf("unlogged %v, trouble %q", got, said)
		}
		if got := unlogged(t, n, id); len(got) > 0 {
			t.Errorf("its own: %v", got)
		}
		net.Stop()
	})
}

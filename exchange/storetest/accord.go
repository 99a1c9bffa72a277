package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// version signs the first version of an accord between north and south, or,
// where there is a parent, an amendment of it.
func (w *world) version(name string, parent *exchange.KeptVersion) exchange.KeptVersion {
	w.t.Helper()
	clock := heed.Clock{}
	for _, kind := range []heed.DutyKind{heed.DutyAcknowledge, heed.DutyAssess, heed.DutyAnswer} {
		clock[kind] = map[heed.Urgency]time.Duration{}
		for _, u := range heed.Urgencies() {
			clock[kind][u] = time.Hour
		}
	}
	member := func(p *party) heed.Member {
		return heed.Member{Party: p.id, Card: p.card.ID, Ladder: heed.Ladder{{Role: "duty-desk", Mail: "desk@" + string(p.id), Hours: "24/7", Zone: "UTC"}}}
	}
	a := heed.Accord{
		Number: 1, Proposer: w.north.id, Time: w.now, Name: name, Purpose: "Warnings between two desks", LegalBasis: "Memorandum",
		Purposes: []heed.Purpose{heed.PurposePrevention}, Members: []heed.Member{member(w.north), member(w.south)}, Quorum: 2, Reply: 24 * time.Hour,
		Clocks: []heed.NamedClock{{Name: "normal", Clock: clock}}, Ceiling: heed.Ceiling{TLP: heed.TLPRed}, Forwarding: heed.ForwardAsk,
		Disclosure: heed.Disclosure{Counts: heed.PublishAgreed, Times: heed.PublishNobody, Fields: heed.PublishNobody},
		End:        heed.Ending{Contents: heed.ContentsKeep, Watches: heed.WatchesDecide}, Limitation: 365 * 24 * time.Hour,
		Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
	}
	if parent != nil {
		a.Accord, a.Parent, a.Number = parent.Accord.AccordID(), parent.Accord.ID, parent.Accord.Number+1
	}
	_, note, err := wire.SignAccord(a, w.north.node, w.north.officer)
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := wire.ParseAccord(note)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.KeptVersion{Accord: parsed, Note: note}
}

// act signs an act of a party about a version.
func (w *world) act(p *party, kind heed.AccordActKind, about heed.Accord) exchange.KeptAct {
	w.t.Helper()
	a := heed.AccordAct{Kind: kind, Accord: about.AccordID(), Version: about.ID, Party: p.id, Time: w.now, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}
	if kind == heed.AccordReservation {
		a.Clause, a.Reason = heed.Clauses()[0], "not at night"
	}
	_, note, err := wire.SignAccordAct(a, p.node, p.officer)
	if err != nil {
		w.t.Fatal(err)
	}
	parsed, err := wire.ParseAccordAct(note)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.KeptAct{Act: parsed, Note: note}
}

// proposal says a version to south.
func (w *world) proposal(of heed.Accord) exchange.Kept {
	w.t.Helper()
	kind := heed.KindAccordProposal
	if of.Number > 1 {
		kind = heed.KindAccordAmendment
	}
	return w.sign(w.north, w.south, heed.Statement{
		Kind: kind, Accord: of.AccordID(), Version: of.ID, Reply: of.Reply, Status: heed.StatusActual,
		Contents: []heed.ContentRef{{Digest: w.digest(), Size: 3, MediaType: heed.MediaAccord}},
	})
}

func accords(t *testing.T, w *world) {
	first, other := w.version("Liaison", nil), w.version("Another", nil)
	second, rival := w.version("Liaison, amended", &first), w.version("Liaison, amended otherwise", &first)
	third := w.version("Liaison, amended again", &second)
	if bytes.Compare(second.Accord.ID[:], rival.Accord.ID[:]) > 0 {
		second, rival = rival, second
	}
	// The one that comes later has the lower id.
	for i := 0; bytes.Compare(other.Accord.ID[:], first.Accord.ID[:]) > 0; i++ {
		other = w.version(fmt.Sprintf("Another, in draft %d", i), nil)
	}
	id := first.Accord.AccordID()
	reserves, ratifies := w.act(w.south, heed.AccordReservation, second.Accord), w.act(w.south, heed.AccordRatification, first.Accord)
	early := w.act(w.north, heed.AccordRatification, other.Accord)

	holds := func(v exchange.View) error {
		ids, err := v.Accords()
		sameList(t, "Accords", ids, err, []heed.AccordID{id, other.Accord.AccordID()})
		versions, err := v.AccordVersions(id)
		sameList(t, "AccordVersions by number, then id", versions, err, []exchange.KeptVersion{first, second, rival, third})
		versions, err = v.AccordVersions(other.Accord.AccordID())
		sameList(t, "AccordVersions of another", versions, err, []exchange.KeptVersion{other})
		for _, want := range []exchange.KeptVersion{first, second, rival, third, other} {
			got, err := v.AccordVersion(want.Accord.ID)
			same(t, "AccordVersion", got, err, want)
		}
		acts, err := v.AccordActs(id)
		sameList(t, "AccordActs in the order of arrival", acts, err, []exchange.KeptAct{reserves, ratifies})
		acts, err = v.AccordActs(other.Accord.AccordID())
		sameList(t, "AccordActs of another", acts, err, []exchange.KeptAct{early})
		return nil
	}
	put := func(tx exchange.Tx) error {
		// The other accord's act is here before its version.
		return errors.Join(tx.PutVersion(third), tx.PutAct(early), tx.PutVersion(rival), tx.PutVersion(second), tx.PutAct(reserves),
			tx.PutVersion(first), tx.PutAct(ratifies), tx.PutVersion(other))
	}
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		if err := put(tx); err != nil {
			return err
		}
		return errors.Join(holds(tx), errNo)
	}); !errors.Is(err, errNo) {
		t.Fatalf("a change that fails: %v", err)
	}
	w.both(func(v exchange.View) error {
		ids, err := v.Accords()
		sameList(t, "Accords after a change that failed", ids, err, nil)
		versions, err := v.AccordVersions(id)
		sameList(t, "AccordVersions after a change that failed", versions, err, nil)
		version, err := v.AccordVersion(first.Accord.ID)
		missing(t, "AccordVersion after a change that failed", version, err)
		acts, err := v.AccordActs(id)
		sameList(t, "AccordActs after a change that failed", acts, err, nil)
		return nil
	})
	w.write(put)
	w.both(holds)
	marked := func(of heed.AccordID) (mark exchange.AccordMark) {
		t.Helper()
		w.both(func(v exchange.View) (err error) {
			mark, err = v.AccordMark(of)
			return err
		})
		return mark
	}
	mark, others := marked(id), marked(other.Accord.AccordID())
	w.write(func(tx exchange.Tx) error { // again, in another order
		return errors.Join(tx.PutAct(ratifies), tx.PutAct(early), tx.PutAct(reserves), tx.PutVersion(other), tx.PutVersion(first), tx.PutVersion(third))
	})
	w.both(holds)

	for what, put := range map[string]func(tx exchange.Tx) error{
		"a version's note as another's": func(tx exchange.Tx) error {
			return tx.PutVersion(exchange.KeptVersion{Accord: first.Accord, Note: second.Note})
		},
		"an act's note as another's":   func(tx exchange.Tx) error { return tx.PutAct(exchange.KeptAct{Act: ratifies.Act, Note: reserves.Note}) },
		"a version without its note":   func(tx exchange.Tx) error { return tx.PutVersion(exchange.KeptVersion{Accord: first.Accord}) },
		"an act with a version's note": func(tx exchange.Tx) error { return tx.PutAct(exchange.KeptAct{Act: ratifies.Act, Note: first.Note}) },
		"a version whose note is cut": func(tx exchange.Tx) error {
			return tx.PutVersion(exchange.KeptVersion{Accord: first.Accord, Note: first.Note[:len(first.Note)-2]})
		},
		"an act whose note has a letter": func(tx exchange.Tx) error {
			return tx.PutAct(exchange.KeptAct{Act: ratifies.Act, Note: append(slices.Clip(ratifies.Note), 'x')})
		},
	} {
		if err := w.store.Write(context.Background(), put); err == nil {
			t.Errorf("%s was kept", what)
		}
	}
	w.both(holds)
	if got := marked(id); got != mark {
		t.Errorf("AccordMark is %+v and was %+v, and nothing was added", got, mark)
	}
	w.write(func(tx exchange.Tx) error { return tx.PutAct(w.act(w.north, heed.AccordRatification, second.Accord)) })
	acted := marked(id)
	w.write(func(tx exchange.Tx) error { return tx.PutVersion(w.version("Liaison, once more", &third)) })
	if amended := marked(id); acted == mark || amended == acted || amended == mark {
		t.Errorf("AccordMark was %+v, %+v with an act more and %+v with a version more", mark, acted, amended)
	}
	if got := marked(other.Accord.AccordID()); got != others || marked(heed.AccordID{1}) != (exchange.AccordMark{}) {
		t.Errorf("AccordMark of another is %+v and was %+v, of one that is not known %+v", got, others, marked(heed.AccordID{1}))
	}
}

func accordCases(t *testing.T, w *world) {
	first, other := w.version("Liaison", nil), w.version("Another", nil)
	second := w.version("Liaison, amended", &first)
	id := first.Accord.AccordID()
	proposal, amendment, another := w.proposal(first.Accord), w.proposal(second.Accord), w.proposal(other.Accord)
	warning := func(accord heed.Accord) exchange.Kept {
		return w.sign(w.south, w.north, heed.Statement{
			Kind: heed.KindWarning, Release: heed.ReleaseID(w.digest()), Contents: w.contents(), Urgency: heed.UrgencyImmediate, Status: heed.StatusActual,
			Accord: accord.AccordID(), Version: accord.ID,
		})
	}
	under, late, dropped := warning(second.Accord), warning(first.Accord), warning(first.Accord)
	failed, none := warning(first.Accord), w.warning(w.north, w.south)
	answer := w.acknowledgement(w.north, w.south, late, heed.StatementID{})
	list := func(what string, of heed.AccordID, want ...exchange.Kept) {
		t.Helper()
		var ids []heed.CaseID
		for _, k := range want {
			ids = append(ids, k.Statement.CaseID())
		}
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.AccordCases(of)
			sameList(t, what, got, err, ids)
			return nil
		})
	}
	w.keep(proposal, answer, another, none, under)
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return errors.Join(tx.Keep(failed), errNo) }); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	list("AccordCases without an opening", id, proposal, under)
	w.keep(amendment, late, dropped, proposal)
	w.write(func(tx exchange.Tx) error { return tx.Drop(dropped.Statement.ID, []byte("a refusal")) })
	list("AccordCases", id, proposal, late, under, amendment, dropped)
	list("AccordCases of another", other.Accord.AccordID(), another)
	list("AccordCases of an accord that is not known", heed.AccordID{1})
	list("AccordCases of none", heed.AccordID{})
}

// introductions of peers are kept until the peer is replaced.
func introductions(t *testing.T, w *world) {
	pending := exchange.Peer{Card: w.south.card, CardNote: w.south.cardNote, Added: w.now, Introducer: "east.example", Via: heed.AccordID(w.digest()), Pending: true}
	is := func(want exchange.Peer) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.Peer("south.example")
			same(t, "Peer", got, err, want)
			peers, err := v.Peers()
			sameList(t, "Peers", peers, err, []exchange.Peer{want})
			return nil
		})
	}
	w.write(func(tx exchange.Tx) error { return tx.PutPeer(pending) })
	is(pending)
	accepted := pending
	accepted.Pending = false
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return errors.Join(tx.PutPeer(accepted), errNo) }); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	is(pending)
	w.write(func(tx exchange.Tx) error { return tx.PutPeer(accepted) })
	is(accepted)
	compared := exchange.Peer{Card: w.south.card, CardNote: w.south.cardNote, Added: w.now}
	w.write(func(tx exchange.Tx) error { return tx.PutPeer(compared) })
	is(compared)
}

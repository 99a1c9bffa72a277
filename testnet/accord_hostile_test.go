package testnet

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// versionOf signs a version of an accord by a party, whatever it says.
func versionOf(t *testing.T, p *Party, a heed.Accord) (heed.Accord, []byte) {
	t.Helper()
	officer, err := p.Keys.Officer(Anna)
	if err != nil {
		t.Fatal(err)
	}
	a.Proposer = p.ID
	if a.Time.IsZero() {
		a.Time = heed.Instant(p.now())
	}
	a.Officers = []heed.OfficerStamp{{Role: heed.Supervisor, Key: officer.Verifier().String()}}
	v, note, err := wire.SignAccord(a.Canonical(), p.Keys.nodes[0], officer)
	if err != nil {
		t.Fatal(err)
	}
	return v, note
}

func salted(t *testing.T, media string, data []byte) (heed.ContentRef, wire.Part, exchange.Content) {
	t.Helper()
	salt, err := seal.NewSalt(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d, err := wire.ContentDigest(media, salt, data)
	if err != nil {
		t.Fatal(err)
	}
	ref := heed.ContentRef{Digest: d, Size: int64(len(data)), MediaType: media}
	return ref, wire.Part{Type: wire.PartContent, Data: append(salt[:], data...)}, exchange.Content{Ref: ref, Salt: salt, Data: data}
}

// proposalOf is a statement that proposes a version to a party.
func proposalOf(t *testing.T, from, to *Party, v heed.Accord, note []byte, file *wire.AccordFile) (heed.Statement, []wire.Part, []exchange.Content) {
	t.Helper()
	kind := heed.KindAccordAmendment
	if v.Number == 1 {
		kind = heed.KindAccordProposal
	}
	s := heed.Statement{
		Kind: kind, Author: from.ID, AuthorCard: from.Card().Serial, Recipient: to.ID, RecipientCard: to.Card().Serial,
		Time: heed.Instant(from.now()), Status: heed.StatusActual, Accord: v.AccordID(), Version: v.ID,
	}
	if _, ok := v.Member(to.ID); ok {
		s.Reply = v.Reply
	}
	ref, part, c := salted(t, heed.MediaAccord, note)
	s.Contents = append(s.Contents, ref)
	more, contents := []wire.Part{part}, []exchange.Content{c}
	if file != nil {
		data, err := file.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		ref, part, c := salted(t, heed.MediaAccordFile, data)
		s.Contents = append(s.Contents, ref)
		more, contents = append(more, part), append(contents, c)
	}
	s, parts := spokenBy(t, from, s)
	return s, append(parts, more...), contents
}

// The reply to a proposal of a version that cannot be answered is promised.
func TestUnanswerableProposals(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(net *Net) heed.Accord{
		"parent that nobody has": func(net *Net) heed.Accord {
			a := Terms("Later", net.Parties...)
			a.Accord, a.Parent, a.Number = heed.AccordID{1}, heed.VersionID{2}, 2
			return a
		},
		"signed for the year 2900": func(net *Net) heed.Accord {
			a := Terms("Later", net.Parties...)
			a.Number, a.Time = 1, time.Date(2900, 1, 1, 0, 0, 0, 0, time.UTC)
			return a
		},
		"over before it was proposed": func(net *Net) heed.Accord {
			a := Terms("Past", net.Parties...)
			a.Number = 1
			a.Until = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
			return a
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net, n, s := quiet(t, Options{Seed: 71})
				time.Sleep(time.Second)
				v, note := versionOf(t, n, make(net))
				_, parts, _ := proposalOf(t, n, s, v, note, nil)
				got := hand(t, n, s, sealed(t, n, s, 1, parts...))
				if len(got.receipts) == 0 {
					t.Logf("refused: %+v", got.refusals)
					return
				}
				due, owed := got.receipts[0].Promised(heed.DutyRatify)
				if !owed {
					return
				}
				if _, err := s.Declare(t.Context(), exchange.AccordOrder{Officer: Anna, Accord: v.AccordID(), Version: v.ID, Kind: heed.AccordDecline, Reason: "no"}); err != nil {
					t.Errorf("south promised a reply by %s, and can give none: %v", heed.FormatTime(due), err)
				}
			})
		})
	}
}

func reasonFor(k heed.AccordActKind) string {
	if k == heed.AccordDecline || k == heed.AccordWithdrawal {
		return "no"
	}
	return ""
}

// A version that is proposed twice is answered once, and south is shown silent.
func TestProposedTwice(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 72}, 4, func(t *testing.T, net *Net, n, s *Party) {
		out := propose(t, n, Terms("Two desks", net.Parties...))
		reach(t, s, out.Accord, heed.AccordProposed)
		declare(t, s, out.Accord, heed.AccordRatification)
		reach(t, n, out.Accord, heed.AccordInForce)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		held, err := n.Accord(t.Context(), out.Accord)
		if err != nil {
			t.Fatal(err)
		}
		k := held.Versions[0]
		again, parts, contents := proposalOf(t, n, s, k.Accord, k.Note, nil)
		number := highest(t, n, s) + 1
		// North's own node keeps it, and logs it.
		err = n.Store.Write(t.Context(), func(tx exchange.Tx) error {
			for _, c := range contents {
				if err := tx.PutContent(c); err != nil {
					return err
				}
			}
			kept := exchange.Kept{Statement: again, Note: parts[0].Data, Arrived: time.Now()}
			copy(kept.Key[:], parts[1].Data)
			return tx.Keep(kept)
		})
		if err != nil {
			t.Fatal(err)
		}
		logs(t, n, parts, again.ID, parts[0].Data)
		got := hand(t, n, s, sealed(t, n, s, number, parts...))
		if len(got.receipts) == 0 {
			t.Logf("refused: %+v", got.refusals)
			return
		}
		for _, kind := range []heed.AccordActKind{heed.AccordRatification, heed.AccordDecline} {
			_, err := s.Declare(t.Context(), exchange.AccordOrder{Officer: Anna, Accord: out.Accord, Version: out.Version, Kind: kind, Reason: reasonFor(kind)})
			t.Logf("south %s: %v", kind, err)
		}
		time.Sleep(time.Minute)
		d, ok := s.Case(again.CaseID()).Duty(heed.DutyRatify, again.ID)
		t.Logf("south: %v %+v", ok, d)
		err = n.Store.Write(t.Context(), func(tx exchange.Tx) error {
			return tx.Keep(exchange.Kept{Statement: got.receipts[0], Note: got.notes[0], Arrived: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
		file := certificate(t, n, again.CaseID(), heed.DutyRatify)
		all := everything(t, s, out.Cases[0])
		for _, v := range verified(t, present(t, net), file, all).Verdicts {
			t.Logf("%s %s of %s by %s: %s: %s", v.Claim, v.Duty, v.Statement[:8], v.OwedBy, v.Verdict, v.Why)
			if v.Claim == evidence.ClaimSilence && v.Verdict == evidence.Silent {
				t.Errorf("south ratified the very version, and is shown silent about it")
			}
		}
	})
}

// A member is told a version by nobody but its proposer.
func TestVersionThatIsWithheldFromAMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 73}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, east, Link{Down: true}) // north does not tell east
		out, err := n.Amend(t.Context(), Anna, id, func(a heed.Accord) (heed.Accord, error) { a.Purpose = "Another"; return a, nil })
		if err != nil {
			t.Fatal(err)
		}
		reach(t, s, id, heed.AccordAmending)
		declare(t, s, id, heed.AccordRatification)
		reach(t, s, id, heed.AccordInForce)
		time.Sleep(20 * time.Minute)
		held, err := e.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := s.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if held.Standing.InForce != ours.Standing.InForce {
			t.Errorf("south has %s in force (the amendment: %v), east %s", ours.Standing.InForce.Short(), ours.Standing.InForce == out.Version, held.Standing.InForce.Short())
		}
		w, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{east}, Warning: Warning("From south to east")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		if c, err := e.Look(t.Context(), w.Cases[0]); err != nil {
			t.Errorf("a warning of south's has not reached east in half an hour, though both are members and reach each other: %v %v", c.Case.Code, err)
		}
	})
}

// A pending party proposes an accord of its own, and asks a question with a clock.
func TestPendingPartyAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 74, Knows: star(north)}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := propose(t, n, Terms("Three desks", net.Parties...)).Accord
		reach(t, s, id, heed.AccordProposed)
		reach(t, e, id, heed.AccordProposed)
		time.Sleep(5 * time.Second)
		if !peerOf(t, s, east).Pending {
			t.Fatal("not pending")
		}
		number := highest(t, e, s)
		// 1: an accord of its own, which brings other cards, and of which a reply is owed.
		v, note := versionOf(t, e, func() heed.Accord { a := Terms("East's own", e, s); a.Number = 1; return a }())
		_, parts, _ := proposalOf(t, e, s, v, note, nil)
		got := hand(t, e, s, sealed(t, e, s, number+1, parts...))
		if len(got.receipts) == 1 && len(got.receipts[0].Duties) > 0 {
			t.Errorf("south owes a pending party a reply to another accord: %+v", got.receipts[0].Duties)
		} else {
			t.Logf("%+v", got)
		}
		// 2: a case opened by an act, and a question in it, by the clock of south's card.
		officer, _ := e.Keys.Officer(Anna)
		held, err := s.Accord(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		act, anote, err := wire.SignAccordAct(heed.AccordAct{Kind: heed.AccordDecline, Accord: id, Version: held.Versions[0].Accord.ID, Party: east, Time: heed.Instant(e.now()), Reason: "no",
			Officers: []heed.OfficerStamp{{Role: heed.Supervisor, Key: officer.Verifier().String()}}}, e.Keys.nodes[0], officer)
		if err != nil {
			t.Fatal(err)
		}
		ref, part, _ := salted(t, heed.MediaAccordAct, anote)
		opening, oparts := spokenBy(t, e, heed.Statement{Kind: heed.KindAccordDecline, Author: east, AuthorCard: 1, Recipient: south, RecipientCard: 1,
			Time: heed.Instant(e.now()), Status: heed.StatusActual, Accord: id, Version: act.Version, Contents: []heed.ContentRef{ref}})
		got = hand(t, e, s, sealed(t, e, s, number+2, append(oparts, part)...))
		t.Logf("act: %d receipts %+v", len(got.receipts), got.refusals)
		qref, qpart, _ := salted(t, heed.MediaText, []byte("Who is your informant?"))
		_, qparts := spokenBy(t, e, heed.Statement{Kind: heed.KindQuestion, Author: east, AuthorCard: 1, Recipient: south, RecipientCard: 1, Case: opening.CaseID(), Previous: opening.ID,
			Time: heed.Instant(e.now()), Urgency: heed.UrgencyImmediate, Contents: []heed.ContentRef{qref}, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}, Anna)
		got = hand(t, e, s, sealed(t, e, s, number+3, append(qparts, qpart)...))
		if len(got.receipts) == 1 && len(got.receipts[0].Duties) > 0 {
			t.Errorf("a pending party asks, and south owes %+v; south may answer: %v", got.receipts[0].Duties, func() error {
				_, err := s.Exchange.Answer(context.Background(), Boris, opening.CaseID(), heed.StatementID{}, "x")
				return err
			}())
		} else {
			t.Logf("question: %+v", got)
		}
	})
}

// One envelope of a peer's, far below every stated bound, costs south so long
// at each later look at its accords.
func TestVersionsThatExcludeEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s := quiet(t, Options{Seed: 75})
		time.Sleep(time.Second)
		officer, _ := n.Keys.Officer(Anna)
		a := Terms("Many", n, s)
		a.Number = 1
		first, note := versionOf(t, n, a)
		var file wire.AccordFile
		for i := range 400 {
			b := first
			b.Accord, b.Parent, b.Number, b.Time = first.AccordID(), first.ID, 2, first.Time.Add(time.Duration(i))
			b.Purpose = "number " + time.Duration(i).String()
			b.Time = first.Time
			v, vnote := versionOf(t, n, b)
			_, anote, err := wire.SignAccordAct(heed.AccordAct{Kind: heed.AccordRatification, Accord: v.Accord, Version: v.ID, Party: n.ID, Time: v.Time,
				Officers: []heed.OfficerStamp{{Role: heed.Supervisor, Key: officer.Verifier().String()}}}, n.Keys.nodes[0], officer)
			if err != nil {
				t.Fatal(err)
			}
			file.Versions, file.Acts = append(file.Versions, vnote), append(file.Acts, anote)
		}
		_, parts, _ := proposalOf(t, n, s, first, note, &file)
		size := 0
		for _, p := range parts {
			size += len(p.Data)
		}
		got := hand(t, n, s, sealed(t, n, s, 1, parts...))
		t.Logf("%d bytes, %d receipts, %+v", size, len(got.receipts), got.refusals)
		held, err := s.Accord(t.Context(), first.AccordID())
		if err != nil {
			t.Fatal(err)
		}
		if len(held.Versions) > 200 || len(held.Acts) > 200 || len(held.Standing.Equivocations) > 200 {
			t.Errorf("%d versions of one accord are held, with %d acts and %d equivocations", len(held.Versions), len(held.Acts), len(held.Standing.Equivocations))
		}
	})
}

// ghostCard is a card of a party that nobody runs.
func ghostCard(t *testing.T, like heed.Card, id heed.PartyID, edit func(*heed.Card)) (heed.Card, []byte) {
	t.Helper()
	node, err := seal.NewSigningKey(rand.Reader, string(id)+"/node")
	if err != nil {
		t.Fatal(err)
	}
	log, err := seal.NewSigningKey(rand.Reader, string(id)+"/v1")
	if err != nil {
		t.Fatal(err)
	}
	sealing, err := seal.NewSealingKey()
	if err != nil {
		t.Fatal(err)
	}
	c := heed.Card{Party: id, Serial: 1, Issued: like.Issued, NodeKey: node.Verifier().String(), LedgerKey: log.Verifier().String(),
		SealingKey: sealing.Recipient().String(), Endpoint: "https://" + string(id) + ":443", Baseline: like.Baseline}
	if edit != nil {
		edit(&c)
	}
	c, note, err := wire.SignCard(c, node)
	if err != nil {
		t.Fatal(err)
	}
	return c, note
}

// A proposal names a member whose card takes only the smallest envelopes: then
// south can declare nothing at all about it, and owes the reply.
func TestMemberWhoCannotBeTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, s := quiet(t, Options{Seed: 76})
		time.Sleep(time.Second)
		ghost, gnote := ghostCard(t, n.Card(), "ghost.example", func(c *heed.Card) { c.MaxEnvelope = 64 << 10 })
		a := Terms("Three desks", n, s)
		a.Number, a.Quorum = 1, 2
		a.Members = append(a.Members, heed.MemberOf(ghost))
		v, note := versionOf(t, n, a)
		_, parts, _ := proposalOf(t, n, s, v, note, &wire.AccordFile{Cards: [][]byte{gnote}})
		got := hand(t, n, s, sealed(t, n, s, 1, parts...))
		if len(got.receipts) != 1 {
			t.Fatalf("%+v", got.refusals)
		}
		act := declare(t, s, v.AccordID(), heed.AccordDecline, func(o *exchange.AccordOrder) { o.Reason = "no" })
		held, err := s.Accord(t.Context(), v.AccordID())
		if err != nil || !slices.ContainsFunc(held.Told, func(told exchange.Telling) bool { return told.To == north && told.Kind == act.Kind.Statement() }) {
			t.Errorf("north is not told: %v, %+v", err, held.Told)
		}
	})
}

// An invented card under a real party's name, brought by any peer's proposal,
// keeps that party's own card out of every later accord.
func TestNameThatAnotherBroughtFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 77, Knows: func(a, b heed.PartyID) bool {
			return a == south && b != west || b == south && a != west || a == north && b == west || a == west && b == north
		}}, north, south, east, west)
		n, s, e, w := net.Parties[0], net.Parties[1], net.Parties[2], net.Parties[3]
		_ = e
		net.Start()
		time.Sleep(time.Second)
		// East, a peer of south's, squats west.
		ghost, gnote := ghostCard(t, e.Card(), west, nil)
		a := Terms("Squat", e, s)
		a.Number, a.Quorum = 1, 2
		a.Members = append(a.Members, heed.MemberOf(ghost))
		v, note := versionOf(t, e, a)
		_, parts, _ := proposalOf(t, e, s, v, note, &wire.AccordFile{Cards: [][]byte{gnote}})
		if got := hand(t, e, s, sealed(t, e, s, 1, parts...)); len(got.receipts) != 1 {
			t.Fatalf("%+v", got.refusals)
		}
		declare(t, s, v.AccordID(), heed.AccordDecline, func(o *exchange.AccordOrder) { o.Reason = "no" })
		// North proposes an honest accord to south and west.
		out := propose(t, n, Terms("Honest", n, s, w))
		reach(t, s, out.Accord, heed.AccordProposed)
		if peer := peerOf(t, s, west); peer.Card.ID != w.Card().ID {
			t.Errorf("south holds a card of west's introduced by %s, which north's proposal does not replace (pending %v)", peer.Introducer, peer.Pending)
		}
		if _, err := s.Declare(t.Context(), exchange.AccordOrder{Officer: Anna, Accord: out.Accord, Kind: heed.AccordRatification}); err != nil {
			t.Errorf("south cannot ratify north's accord: %v", err)
		}
	})
}

// One envelope that a peer deposits keeps south from ever collecting anything,
// of anybody.
func TestDepositaryIsNotPoisoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 78}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		d := net.AddDepositary(keeper, exchange.DepositBounds{})
		net.NameDepositaries(s, 4*time.Second, d)
		a := Terms("Two desks", n, s)
		a.Number = 1
		first, note := versionOf(t, n, a)
		_, parts, _ := proposalOf(t, n, s, first, note, nil)
		if got := hand(t, n, s, sealed(t, n, s, 1, parts...)); len(got.receipts) != 1 {
			t.Fatalf("%+v", got.refusals)
		}
		declare(t, s, first.AccordID(), heed.AccordRatification)
		ghost, gnote := ghostCard(t, n.Card(), "ghost.example", func(c *heed.Card) { c.MaxEnvelope = 64 << 10 })
		b := a
		b.Accord, b.Parent, b.Number = first.AccordID(), first.ID, 2
		b.Members = append(b.Members, heed.MemberOf(ghost))
		b.Quorum = 2
		second, note2 := versionOf(t, n, b)
		_, parts, _ = proposalOf(t, n, s, second, note2, &wire.AccordFile{Cards: [][]byte{gnote}})
		poison := sealed(t, n, s, 2, parts...)
		innocent := forge(e, s, 1)
		innocent.statement.RecipientCard = s.Card().Serial
		warning := innocent.envelope(t)
		net.Network.Set(south, keeper, Link{TamperCollection: func([]exchange.Collected) []exchange.Collected {
			return []exchange.Collected{{Seq: 1, Envelope: poison}, {Seq: 2, Envelope: warning}}
		}})
		for range 3 {
			if _, err := s.Collect(t.Context(), d.AsDepositary()); err != nil {
				t.Errorf("south collects nothing: %v", err)
			}
			time.Sleep(time.Hour)
		}
		if all, err := casesWith(s, east); err != nil || len(all) == 0 {
			t.Errorf("east's warning is not there: %v", err)
		}
	})
}

// A member leaves one of two others out of what it says of itself.
func TestTwoWordsOfOneMember(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 79}, north, south, east)
		n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
		net.Start()
		id := inForce(t, net, "Three desks")
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Network.Between(north, south, Link{Down: true}) // north does not tell south that it leaves
		declare(t, n, id, heed.AccordWithdrawal)
		time.Sleep(time.Minute)
		declare(t, e, id, heed.AccordWithdrawal)
		net.Network.Between(east, south, Link{})
		time.Sleep(20 * time.Minute)
		a, _ := s.Accord(t.Context(), id)
		b, _ := e.Accord(t.Context(), id)
		t.Logf("south: %s %v; east: %s %v", a.Standing.State, a.Standing.Effective(), b.Standing.State, b.Standing.Effective())
		if a.Standing.State != b.Standing.State {
			t.Errorf("south sees it %s, east %s", a.Standing.State, b.Standing.State)
		}
	})
}

// The debtor shows two of four witnesses one more head, and then shows nobody
// anything: no head is held by three of them, and none of them takes leaves from
// anybody but the debtor.
// One member ends an accord that is in force, for everybody, by proposing an
// amendment of which it says that it was signed, and over, long ago.
func TestOneMemberEndsNoAccord(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"declined in 1990", "over in 1995"} {
		synctest.Test(t, func(t *testing.T) {
			net := New(t, Options{Seed: 81}, north, south, east)
			n, s, e := net.Parties[0], net.Parties[1], net.Parties[2]
			net.Start()
			id := propose(t, n, Terms("Three desks", net.Parties...)).Accord
			for _, p := range []*Party{s, e} {
				reach(t, p, id, heed.AccordProposed)
				declare(t, p, id, heed.AccordRatification)
			}
			for _, p := range net.Parties {
				reach(t, p, id, heed.AccordInForce)
			}
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
			held, err := e.Accord(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			a := held.Versions[0].Accord
			a.Parent, a.Accord, a.Number = a.ID, id, 2
			a.Time = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
			var file wire.AccordFile
			if way == "over in 1995" {
				a.Until = time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC)
			} else {
				a.MustRatify = []heed.PartyID{east}
			}
			v, note := versionOf(t, e, a)
			if way != "over in 1995" {
				officer, _ := e.Keys.Officer(Anna)
				_, act, err := wire.SignAccordAct(heed.AccordAct{Kind: heed.AccordDecline, Accord: id, Version: v.ID, Party: east, Time: a.Time, Reason: "no",
					Officers: []heed.OfficerStamp{{Role: heed.Supervisor, Key: officer.Verifier().String()}}}, e.Keys.nodes[0], officer)
				if err != nil {
					t.Fatal(err)
				}
				file.Acts = [][]byte{act}
			}
			for _, to := range []*Party{n, s} {
				_, parts, _ := proposalOf(t, e, to, v, note, &file)
				got := hand(t, e, to, sealed(t, e, to, highest(t, e, to)+1, parts...))
				t.Logf("%s to %s: %d receipts %+v", way, to.ID, len(got.receipts), got.refusals)
				after, err := to.Accord(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if after.Standing.State == heed.AccordEnded {
					t.Errorf("%s: %s sees the accord ended at %s (%s) by one member's amendment that nobody else has seen", way, to.ID, heed.FormatTime(after.Standing.Ended), after.Standing.Why)
				}
			}
			if _, err := s.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, To: []heed.PartyID{north}, Warning: Warning("x")}); err != nil {
				t.Errorf("%s: south warns north: %v", way, err)
			}
		})
	}
}

// The end of a ledger is shown to the creditor alone; the verifier pins the new card.

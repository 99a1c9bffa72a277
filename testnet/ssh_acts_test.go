package testnet

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/post"
	"heed/seal"
	"heed/wire"
)

// An officer who holds the key is shown every content of a letter's acts: the
// warning, the form, the words and the names.
func TestSSHOfficerIsShownWhatALetterSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 35})
		putContact(t, n, harbour())
		gated := harbour()
		gated.ID, gated.TwoOfficers, gated.RightsCheck = "gated", true, true
		putContact(t, n, gated)
		h := holderOf(t, n, heed.Roles()...)
		x := n.SignedBy(h)
		out, err := x.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: ruth, Contact: "harbour-ops", Warning: open(Warning("a parcel"))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = x.RecordEntry(t.Context(), out.ID, exchange.EntryOrder{Officer: ruth, Kind: heed.EntrySent, Told: exchange.Told{Text: "handed over", By: "M. Okafor", Via: heed.ViaHand}}); err != nil {
			t.Fatal(err)
		}
		if _, err = x.ReceiveLetter(t.Context(), exchange.ArrivalOrder{Officer: ruth, From: "harbour-ops", Warning: open(Warning("theirs"))}); err != nil {
			t.Fatal(err)
		}
		for _, by := range []heed.OfficerID{Anna, ruth} {
			drafts := x
			if by == Anna {
				drafts = n.Exchange
			}
			d, err := drafts.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: by, Contact: "gated", Warning: open(Warning("a gated parcel"))})
			if err != nil {
				t.Fatal(err)
			}
			releases := map[heed.OfficerID]heed.OfficerID{Anna: ruth, ruth: Boris}[by]
			if _, err = x.Release(t.Context(), exchange.ReleaseOrder{Officer: releases, Draft: string(d.Code), Check: form()}); err != nil {
				t.Fatal(err)
			}
		}
		if len(h.asked) != 5 {
			t.Fatalf("she was asked %d times", len(h.asked))
		}
		for _, r := range h.asked {
			named := strings.Count(r.Text, "\ncontent: ") + strings.Count(r.Text, "\ncheck: ")
			if named == 0 || len(r.Contents) != named {
				t.Errorf("of %d contents of %.18q she is shown %d", named, r.Text, len(r.Contents))
			}
		}
	})
}

// The node cannot have a letter mailed in the name of an officer who holds the
// key. Her order is signed, and on record with the address.
func TestSSHOfficerOrdersAMail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 36})
		putContact(t, n, harbour())
		h := holderOf(t, n, heed.DutyOfficer)
		id := warnByLetter(t, n, open(Warning("a parcel at the ferry terminal"))).ID
		order := exchange.MailOrder{Officer: ruth, Sort: post.Warns}
		var elsewhere *exchange.SignedElsewhere
		if err := n.MailLetter(t.Context(), id, order); !errors.As(err, &elsewhere) {
			t.Errorf("the node mails in her name: %v", err)
		}
		time.Sleep(time.Second)
		if f := looked(t, n, id); len(f.Entries) != 1 || len(n.Mails.All()) != 0 {
			t.Fatalf("after nothing was signed: %d entries, %d mails", len(f.Entries), len(n.Mails.All()))
		}
		n.Mails.Fail(errors.New("away"))
		for range 2 { // ordered twice, signed and sent once
			if err := n.SignedBy(h).MailLetter(t.Context(), id, order); err != nil {
				t.Fatal(err)
			}
		}
		n.Mails.Fail(nil)
		time.Sleep(10 * time.Second)
		f := looked(t, n, id)
		if len(h.asked) != 1 || len(n.Mails.All()) != 1 || len(f.Entries) != 3 || f.Stage() != heed.StateSent {
			t.Fatalf("asked %d times, %d mails, %d entries, %s", len(h.asked), len(n.Mails.All()), len(f.Entries), f.Stage())
		}
		e := f.Entries[1]
		if e.Kind != heed.EntryNoted || len(e.Officers) != 1 || !strings.Contains(e.Officers[0].Key, "/officer/ruth+") {
			t.Errorf("the order is on record as %+v", e)
		}
		said := ""
		for _, c := range h.asked[0].Contents {
			said += string(c.Data)
		}
		if !strings.Contains(said, "ops@harbour.example") || !strings.Contains(said, "ferry terminal") {
			t.Errorf("she was shown\n%s", said)
		}
		proveEntries(t, n, id, 3)
	})
}

// A draft is dropped in her name with her signature alone, which it keeps.
func TestSSHOfficerDropsADraft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 37}, north, south)
		n := net.Parties[0]
		net.Start()
		id := guarded(t, net, true, true)
		h := holderOf(t, n, heed.Releaser)
		out, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("To be dropped")})
		if err != nil {
			t.Fatal(err)
		}
		var elsewhere *exchange.SignedElsewhere
		if _, err := n.DropDraft(t.Context(), ruth, string(out.Code)); !errors.As(err, &elsewhere) {
			t.Errorf("the node drops it in her name: %v", err)
		}
		d, err := n.SignedBy(h).DropDraft(t.Context(), ruth, string(out.Code))
		if err != nil || len(h.asked) != 1 || len(h.asked[0].Contents) != len(d.Contents) {
			t.Fatalf("dropped: %v, asked %d times", err, len(h.asked))
		}
		by, err := d.DroppedBy()
		if err != nil {
			t.Fatal(err)
		}
		if h.asked[0].Text != wire.DropText(north, d.Code, refsOf(d.Contents), by) {
			t.Errorf("she signed\n%s", h.asked[0].Text)
		}
		if err := wire.CheckDrop(north, d.Code, refsOf(d.Contents), by); err != nil {
			t.Errorf("what it keeps: %v", err)
		}
		if err := wire.CheckDrop(north, "7K3MQ2XA", refsOf(d.Contents), by); !errors.Is(err, seal.ErrSignature) {
			t.Errorf("of another draft: %v", err)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(out.Code), Check: form()}); !isRefused(err) {
			t.Errorf("released after all: %v", err)
		}
	})
}

func refsOf(contents []exchange.Content) (all []heed.ContentRef) {
	for _, c := range contents {
		all = append(all, c.Ref)
	}
	return all
}

// A party that goes on talking does not keep an officer from answering it: what
// it says changes nothing of what she signs.
func TestSSHOfficerIsNotStarved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base := Seconds()
		for _, by := range base.Clock {
			for u := range by {
				by[u] = time.Hour
			}
		}
		net := New(t, Options{Seed: 33, Baseline: base}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := n.Warn("A man may travel", s)[0]
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		h := holderOf(t, s, heed.DutyOfficer, heed.Supervisor)
		h.before = func(exchange.SignatureRequest) {
			do(t)(n.Exchange.Call(t.Context(), Anna, id, "x", "y"))
			time.Sleep(3 * time.Second) // she reads and touches
		}
		her := s.SignedBy(h)
		acts := map[string]func() error{
			"acknowledge": func() error { _, err := her.Acknowledge(t.Context(), ruth, id, false); return err },
			"interim": func() error {
				_, err := her.Interim(t.Context(), ruth, id, time.Now().Add(time.Hour), "We look into it.")
				return err
			},
			"ask": func() error { _, err := her.Ask(t.Context(), ruth, id, "Which hall?"); return err },
		}
		for what, act := range acts {
			before := len(h.asked)
			if err := act(); err != nil || len(h.asked) != before+1 {
				t.Errorf("%s: %v, asked %d times", what, err, len(h.asked)-before)
			}
		}
		// Nor does what it makes our node say: people are told of a question at once,
		// and that they were is on record after she has signed.
		h.before = func(exchange.SignatureRequest) {
			told := len(s.Notices.All())
			do(t)(n.Exchange.Ask(t.Context(), Anna, id, "And where?"))
			time.Sleep(5 * time.Second)
			if len(s.Notices.All()) == told {
				t.Error("nobody was told of the question")
			}
		}
		before := len(h.asked)
		if _, err := her.Assess(t.Context(), ruth, id, heed.NotCredible, "No such man."); err != nil || len(h.asked) != before+1 {
			t.Errorf("assess: %v, asked %d times", err, len(h.asked)-before)
		}
		h.before = nil
		told := len(s.Notices.All())
		time.Sleep(10 * time.Second)
		if after := len(s.Notices.All()); after != told {
			t.Errorf("%d people were told again", after-told)
		}
		recorded := map[string]int{} // of the question, each notice once
		c := s.Case(id)
		for _, said := range c.Statements {
			if said.Kind == heed.KindNotification && said.Answers[0] != c.Opening.ID {
				recorded[fmt.Sprint(said.Answers, said.Duties, said.Level, said.Role)]++
			}
		}
		for of, n := range recorded {
			if n != 1 {
				t.Errorf("%d notifications of %s are on record", n, of)
			}
		}
		if len(recorded) == 0 {
			t.Error("no notification of the question is on record")
		}
		// What does change it is put before her again.
		h.before = func(exchange.SignatureRequest) {
			h.before = nil
			do(t)(n.Exchange.Ask(t.Context(), Anna, id, "And who?"))
			time.Sleep(3 * time.Second)
		}
		before = len(h.asked)
		if _, err := her.Interim(t.Context(), ruth, id, time.Now().Add(2*time.Hour), "Later."); err != nil || len(h.asked) != before+2 {
			t.Errorf("an interim reply to a new question, too: %v, asked %d times", err, len(h.asked)-before)
		}
	})
}

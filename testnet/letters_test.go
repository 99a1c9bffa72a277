package testnet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/post"
	"heed/seal"
	"heed/stats"
	"heed/wire"
)

// harbour is a partner without heed that counts in seconds.
func harbour() heed.Contact {
	return heed.Contact{
		ID: "harbour-ops", Name: "Harbour Operations Centre", Mail: "ops@harbour.example", Phone: "+000 555 0190",
		Post: []string{"1 Ferry Quay", "North Harbour"}, Language: []heed.Language{"fr", "en"},
		Profile: "seconds", Clock: Seconds().Clock, Basis: heed.ClockAssumed,
	}
}

func open(w heed.Warning) heed.Warning {
	w.Handling = heed.Handling{TLP: heed.TLPGreen}
	return w
}

func putContact(t *testing.T, p *Party, c heed.Contact) heed.Contact {
	t.Helper()
	out, err := p.PutContact(t.Context(), Anna, c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func warnByLetter(t *testing.T, p *Party, w heed.Warning) exchange.LetterOpened {
	t.Helper()
	out, err := p.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: Anna, Contact: "harbour-ops", Warning: w})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func entered(t *testing.T, p *Party, id heed.CaseID, order exchange.EntryOrder) heed.Entry {
	t.Helper()
	if order.Officer == "" {
		order.Officer = Boris
	}
	e, err := p.RecordEntry(t.Context(), id, order)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func looked(t *testing.T, p *Party, id heed.CaseID) exchange.OneSidedFile {
	t.Helper()
	f, err := p.LookOneSided(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// dutyOf is where a reply of a one-sided case stands.
func dutyOf(t *testing.T, f exchange.OneSidedFile, kind heed.DutyKind) heed.OneSidedDuty {
	t.Helper()
	d, ok := f.Duty(kind)
	if !ok {
		t.Fatalf("nothing of the kind %s is owed in %+v", kind, f.Duties)
	}
	return d
}

func refusedFor(t *testing.T, err error, want string) {
	t.Helper()
	var refused *heed.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Detail, want) {
		t.Errorf("%v, want a refusal that says %q", err, want)
	}
}

// A letter's clock runs from what an officer records; what is not on record
// climbs our own ladder, and is never said of the partner as if it had signed.
func TestALetterIsAnsweredByTelephone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{Seed: 81})
		putContact(t, n, harbour())
		opened := warnByLetter(t, n, open(Warning("a parcel at the ferry terminal")))
		if f := looked(t, n, opened.ID); len(f.Duties) != 0 || f.Stage() != heed.StatePrepared || f.Warned != heed.Them {
			t.Errorf("before it was sent: %+v", f.OneSided)
		}
		l, err := n.Letter(t.Context(), Boris, opened.ID, post.Warns, heed.EntryID{})
		if err != nil || !strings.Contains(l.Plain(), opened.Code.Spoken()) || l.Language() != "fr" {
			t.Errorf("the letter: %v\n%s", err, l.Plain())
		}
		time.Sleep(time.Minute) // nothing runs while it lies here
		if told := n.Notices.All(); len(told) != 0 {
			t.Errorf("told: %+v", told)
		}

		entered(t, n, opened.ID, exchange.EntryOrder{Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaHand}})
		sent := time.Now()
		time.Sleep(time.Second)
		entered(t, n, opened.ID, exchange.EntryOrder{Kind: heed.EntryAcknowledged, Told: exchange.Told{Via: heed.ViaTelephone, By: "M. Okafor, duty manager", Text: "has it, will search the hall"}})
		f := looked(t, n, opened.ID)
		if d := dutyOf(t, f, heed.DutyAcknowledge); d.State(time.Now()) != heed.DutyDischarged || d.Due.Sub(heed.Instant(sent)) != 5*time.Second {
			t.Errorf("acknowledged: %+v", d)
		}

		// The assessment is never recorded: our supervisor is told, and reminds.
		time.Sleep(30 * time.Second)
		synctest.Wait()
		told := n.Notices.All()
		if len(told) != 3 { // one for each rung
			t.Fatalf("told: %+v", told)
		}
		for i, notice := range told {
			if notice.Contact != "harbour-ops" || notice.Peer != "" || notice.OwedBy != "" || notice.Duty != heed.DutyAssess || notice.Level != i+1 ||
				notice.Rung.Role != Seconds().Ladder[i].Role || notice.Ring.Telephone != "+000 555 0190" {
				t.Errorf("notice %d: %+v", i, notice)
			}
		}
		board, err := n.OneSidedBoard(t.Context(), 100)
		if err != nil || len(board.Ours) != 0 || len(board.Theirs) != 1 || !board.Theirs[0].RemindNow || board.Theirs[0].Level != 3 {
			t.Errorf("board: %+v, %v", board, err)
		}
		e, reminder, err := n.RemindByLetter(t.Context(), Boris, opened.ID, heed.ViaPaper)
		if err != nil || len(e.Duties) != 1 || e.Duties[0].Kind != heed.DutyAssess || !strings.Contains(reminder.Plain(), opened.Code.Spoken()) ||
			strings.Contains(reminder.Plain(), "parcel") {
			t.Errorf("reminded: %+v, %v\n%s", e, err, reminder.Plain())
		}
		entered(t, n, opened.ID, exchange.EntryOrder{Kind: heed.EntryAssessed, Disposition: heed.Credible, Told: exchange.Told{Via: heed.ViaPaper, By: "M. Okafor"}})
		entered(t, n, opened.ID, exchange.EntryOrder{Kind: heed.EntryConcluded, Outcome: heed.Averted, Told: exchange.Told{Via: heed.ViaTelephone}})
		f = looked(t, n, opened.ID)
		if d := dutyOf(t, f, heed.DutyAssess); d.State(time.Now()) != heed.DutyDischargedLate || d.Reminded != 1 {
			t.Errorf("assessed late: %+v", d)
		}
		if d := dutyOf(t, f, heed.DutyReport); d.State(time.Now()) != heed.DutyDischarged {
			t.Errorf("reported: %+v", d)
		}
		if f.Stage() != heed.StateConcluded {
			t.Errorf("stage %s", f.Stage())
		}

		// It is no case: no board, list or figure of those has it, and no verb takes it.
		b, err := n.Board(t.Context(), 100)
		if err != nil || len(b.Ours)+len(b.Theirs)+len(b.Cases) != 0 {
			t.Errorf("the board of cases: %+v, %v", b, err)
		}
		report, err := n.Statistics(t.Context(), exchange.Counted{})
		if err != nil || report.Cases != 0 {
			t.Errorf("figures of cases: %+v, %v", report, err)
		}
		_, err = n.Find(t.Context(), string(opened.Code))
		refusedFor(t, err, "one-sided")
		if !errors.As(err, new(*exchange.OneSidedCase)) {
			t.Errorf("%v", err)
		}
		if _, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, To: []heed.PartyID{"harbour-ops"}, Warning: Warning("x")}); err == nil {
			t.Error("a contact was warned as a party")
		}
		figures, _, err := n.OneSidedStatistics(t.Context(), stats.Period{})
		want := exchange.OneSidedFigures{
			Contact: "harbour-ops", Warned: heed.Them, Status: heed.StatusActual, Cases: 1, Sent: 1, Acknowledged: 1, Assessed: 1, Concluded: 1, Reminders: 1,
			Owed: 4, OnTime: 3, Late: 1,
		}
		if err != nil || !slices.Equal(figures, []exchange.OneSidedFigures{want}) {
			t.Errorf("figures: %+v, %v, want %+v", figures, err, want)
		}
		proveEntries(t, n, opened.ID, 6)
		if err := net.Drain(time.Minute); err != nil {
			t.Error(err)
		}
		if rows, err := s.Cases(t.Context(), 10); err != nil || len(rows) != 0 {
			t.Errorf("south has %+v, %v", rows, err)
		}
		if err := n.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// proveEntries checks with the ledger's key alone that every entry is committed to.
func proveEntries(t *testing.T, p *Party, id heed.CaseID, want int) {
	t.Helper()
	proof, err := p.ProveEntries(t.Context(), id)
	if err != nil || len(proof.Leaves) != want {
		t.Fatalf("%d leaves, %v, want %d", len(proof.Leaves), err, want)
	}
	key, err := seal.ParseVerifyKey(p.Card().LedgerKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range proof.Leaves {
		head, err := ledger.UnverifiedCheckpoint(proof.Checkpoints[l.Origin])
		if err != nil || head.Origin != key.Name() {
			t.Fatal(head.Origin, err)
		}
		leaf, err := ledger.ParseLeaf(l.Leaf)
		if err != nil || !leaf.Opens(l.Key, wire.SignedDigest(l.Note)) {
			t.Errorf("leaf %d does not open to entry %s: %v", l.Index, l.Entry.Short(), err)
		}
		if l.Proof == nil {
			t.Errorf("leaf %d is not in the checkpoint", l.Index)
		}
		if e, err := wire.ParseEntry(l.Note); err != nil || e.ID != l.Entry {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

// Delivered later, the partner has its whole time from there; an entry that was
// wrong is struck and counts for nothing; a warning that is taken back ends what
// is owed.
func TestALetterOnPaper(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 82})
		putContact(t, n, harbour())
		id := warnByLetter(t, n, open(Warning("a parcel"))).ID
		began := heed.Instant(time.Now())
		entered(t, n, id, exchange.EntryOrder{Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaPaper}})
		time.Sleep(3 * time.Second)
		entered(t, n, id, exchange.EntryOrder{Kind: heed.EntryDelivered, Told: exchange.Told{At: began.Add(2 * time.Second), Via: heed.ViaPaper, By: "the porter"}})
		if d := dutyOf(t, looked(t, n, id), heed.DutyAcknowledge); !d.Due.Equal(began.Add(7 * time.Second)) {
			t.Errorf("due %s, want 5 s from when it was delivered", d.Due.Sub(began))
		}
		time.Sleep(5 * time.Second) // overdue by a second: the first rung was told
		wrong := entered(t, n, id, exchange.EntryOrder{Kind: heed.EntryAcknowledged, Told: exchange.Told{At: began.Add(4 * time.Second), Via: heed.ViaTelephone}})
		if d := dutyOf(t, looked(t, n, id), heed.DutyAcknowledge); d.State(time.Now()) != heed.DutyDischarged {
			t.Errorf("recorded late, and given on time: %+v", d)
		}
		entered(t, n, id, exchange.EntryOrder{Kind: heed.EntryStruck, Strikes: wrong.ID, Told: exchange.Told{Text: "it was another case's"}})
		f := looked(t, n, id)
		if d := dutyOf(t, f, heed.DutyAcknowledge); d.State(time.Now()) != heed.DutyOverdue {
			t.Errorf("struck: %+v", d)
		}
		if by, ok := f.Struck(wrong.ID); !ok || len(f.Entries) != 5 {
			t.Errorf("struck by %s, %v, of %d entries", by.Short(), ok, len(f.Entries))
		}
		for _, bad := range []struct {
			order exchange.EntryOrder
			want  string
		}{
			{exchange.EntryOrder{Kind: heed.EntryStruck, Strikes: wrong.ID, Told: exchange.Told{Text: "again"}}, "cannot be struck"},
			{exchange.EntryOrder{Kind: heed.EntryStruck, Strikes: heed.EntryID(id), Told: exchange.Told{Text: "all"}}, "cannot be struck"},
			{exchange.EntryOrder{Kind: heed.EntryAcknowledged, Told: exchange.Told{At: began.Add(-time.Hour)}}, "the case began at"},
		} {
			bad.order.Officer = Boris
			_, err := n.RecordEntry(t.Context(), id, bad.order)
			refusedFor(t, err, bad.want)
		}
		_, err := n.RecordEntry(t.Context(), id, exchange.EntryOrder{Officer: Boris, Kind: heed.EntryAcknowledged, Told: exchange.Told{At: time.Now().Add(time.Minute)}})
		if !errors.As(err, new(*heed.Invalid)) {
			t.Errorf("in the future: %v", err)
		}
		entered(t, n, id, exchange.EntryOrder{Kind: heed.EntryRecalled, Told: exchange.Told{Text: "the parcel was found to be harmless"}})
		f = looked(t, n, id)
		if len(f.OpenDuties(heed.Them)) != 0 || f.Stage() != heed.StateRecalled {
			t.Errorf("recalled: %+v", f.Duties)
		}
		told := len(n.Notices.All())
		time.Sleep(time.Minute)
		if again := len(n.Notices.All()); again != told {
			t.Errorf("%d people were told of what is owed no more", again-told)
		}
		l, err := n.Letter(t.Context(), Boris, id, post.Recalls, heed.EntryID{})
		if err != nil || !strings.Contains(l.Plain(), "harmless") {
			t.Errorf("%v\n%s", err, l.Plain())
		}
		_, err = n.Letter(t.Context(), Boris, id, post.Warns, heed.EntryID{})
		refusedFor(t, err, "taken back")
		if err := n.Store.Check(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
}

// What handling keeps from plain mail is refused, naming the mark; that a letter
// waits may be said. A mail is on record as sent once a server has accepted it.
func TestALetterByMail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 83})
		putContact(t, n, harbour())
		strict := warnByLetter(t, n, Warning("a parcel")).ID // TLP:AMBER+STRICT
		err := n.MailLetter(t.Context(), strict, exchange.MailOrder{Officer: Boris, Sort: post.Warns})
		refusedFor(t, err, "TLP:AMBER+STRICT")
		if err := n.MailLetter(t.Context(), strict, exchange.MailOrder{Officer: Boris, Sort: post.Waits}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		mails := n.Mails.All()
		if len(mails) != 1 || mails[0].To != "ops@harbour.example" || strings.Contains(mails[0].Text+mails[0].Subject, "parcel") || !strings.Contains(mails[0].Text, looked(t, n, strict).Code.Spoken()) {
			t.Errorf("mails: %+v", mails)
		}
		f := looked(t, n, strict)
		if len(f.Duties) != 0 || len(f.Entries) != 2 || f.Entries[1].Kind != heed.EntryNoted || len(f.Entries[1].Officers) != 0 {
			t.Errorf("a mail that a letter waits starts no clock: %+v", f.OneSided)
		}

		green := warnByLetter(t, n, open(Warning("a parcel"))).ID
		n.Mails.Fail(errors.New("the server is away"))
		for range 2 { // ordered twice, sent once
			if err := n.MailLetter(t.Context(), green, exchange.MailOrder{Officer: Boris, Sort: post.Warns}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if f := looked(t, n, green); len(f.Duties) != 0 || len(f.Tasks) != 1 || f.Tasks[0].Trouble == "" {
			t.Errorf("while the server is away: %+v", f)
		}
		n.Mails.Fail(nil)
		time.Sleep(10 * time.Second)
		f = looked(t, n, green)
		if len(f.Tasks) != 0 || f.Stage() != heed.StateSent || len(n.Mails.All()) != 2 || dutyOf(t, f, heed.DutyAcknowledge).OwedBy != heed.Them {
			t.Errorf("sent: %+v, %d mails", f, len(n.Mails.All()))
		}
		if read, err := n.ReadOneSided(t.Context(), Boris, green); err != nil || !slices.ContainsFunc(read.Contents, func(c exchange.Content) bool { return string(c.Data) == n.Mails.All()[1].Text }) {
			t.Errorf("what was sent is not on record: %v", err)
		}
		// What was taken back while it waited is not sent any more.
		n.Mails.Fail(errors.New("the server is away"))
		taken := warnByLetter(t, n, open(Warning("a parcel"))).ID
		if err := n.MailLetter(t.Context(), taken, exchange.MailOrder{Officer: Boris, Sort: post.Warns}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		entered(t, n, taken, exchange.EntryOrder{Kind: heed.EntryRecalled, Told: exchange.Told{Text: "it was a lunch box"}})
		sent := len(n.Mails.All())
		n.Mails.Fail(nil)
		time.Sleep(time.Minute)
		if f := looked(t, n, taken); len(f.Tasks) != 0 || len(n.Mails.All()) != sent || f.Stage() != heed.StateRecalled {
			t.Errorf("taken back: %+v, %d mails", f.Tasks, len(n.Mails.All())-sent)
		}
		without := harbour()
		without.ID, without.Mail = "lighthouse", ""
		putContact(t, n, without)
		opened, err := n.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: Anna, Contact: "lighthouse", Warning: open(Warning("x"))})
		if err != nil {
			t.Fatal(err)
		}
		refusedFor(t, n.MailLetter(t.Context(), opened.ID, exchange.MailOrder{Officer: Boris, Sort: post.Waits}), "no mail address")
	})
}

// A partner warns us by telephone: we owe, by our own clock while none is agreed,
// and our replies give letters to send.
func TestALetterToUs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 84})
		c := harbour()
		c.Clock, c.Profile = heed.Profiles()[0].Clock, heed.Profiles()[0].Name
		putContact(t, n, c)
		w := open(Warning("a boat without lights"))
		w.Asks = []heed.Ask{{Code: heed.AskAnswer, Text: "Is it one of yours?"}}
		opened, err := n.ReceiveLetter(t.Context(), exchange.ArrivalOrder{Officer: Boris, From: c.ID, Warning: w, Told: exchange.Told{Via: heed.ViaTelephone, By: "M. Okafor"}})
		if err != nil {
			t.Fatal(err)
		}
		f := looked(t, n, opened.ID)
		if d := dutyOf(t, f, heed.DutyAnswer); d.OwedBy != heed.Us || d.Due.Sub(f.Opening.At) != 6*time.Second {
			t.Errorf("%+v", d)
		}
		time.Sleep(time.Second)
		if told := n.Notices.All(); len(told) != 1 || told[0].Level != 0 || told[0].OwedBy != n.ID || told[0].Contact != c.ID {
			t.Errorf("told: %+v", told)
		}
		_, err = n.RecordEntry(t.Context(), opened.ID, exchange.EntryOrder{Officer: Boris, Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaMail}})
		refusedFor(t, err, "no letter of ours")
		e := entered(t, n, opened.ID, exchange.EntryOrder{Kind: heed.EntryAnswered, Told: exchange.Told{Via: heed.ViaMail, Text: "It is the pilot boat."}})
		if e.Side != heed.Us || e.Officers[0].Role == "" {
			t.Errorf("%+v", e)
		}
		l, err := n.Letter(t.Context(), Boris, opened.ID, post.Replies, heed.EntryID{})
		if err != nil || !strings.Contains(l.Plain(), "pilot boat") {
			t.Errorf("%v\n%s", err, l.Plain())
		}
		time.Sleep(time.Minute)
		f = looked(t, n, opened.ID)
		if d := dutyOf(t, f, heed.DutyAcknowledge); d.State(time.Now()) != heed.DutyOverdue {
			t.Errorf("%+v", d)
		}
		c.Basis, c.Agreement = heed.ClockAgreed, "minutes of 12 May"
		agreed := putContact(t, n, c)
		if again := looked(t, n, opened.ID); again.Terms.Version == agreed.Version || again.Contact.Version != agreed.Version {
			t.Errorf("the case is counted by another version than it names: %+v", again.Terms)
		}
		opened, err = n.ReceiveLetter(t.Context(), exchange.ArrivalOrder{Officer: Boris, From: c.ID, Warning: w, Told: exchange.Told{Via: heed.ViaTelephone}})
		if err != nil {
			t.Fatal(err)
		}
		f = looked(t, n, opened.ID)
		if d := dutyOf(t, f, heed.DutyAcknowledge); d.Due.Sub(f.Opening.At) != time.Hour {
			t.Errorf("what was agreed binds us too: %+v", d)
		}
	})
}

// Release is as for every warning: what the contact's record asks for holds.
func TestALetterIsReleased(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 85})
		c := harbour()
		c.TwoOfficers, c.RightsCheck = true, true
		putContact(t, n, c)
		drafted := warnByLetter(t, n, open(Warning("a parcel")))
		if !drafted.Drafted || !drafted.ID.IsZero() {
			t.Errorf("%+v", drafted)
		}
		if _, err := n.FindOneSided(t.Context(), string(drafted.Code)); err == nil {
			t.Error("a draft is no case")
		}
		rows, err := n.Drafts(t.Context())
		if err != nil || len(rows) != 1 || rows[0].Contact != c.ID || len(rows[0].To) != 0 {
			t.Errorf("drafts: %+v, %v", rows, err)
		}
		check := form()
		_, err = n.Release(t.Context(), exchange.ReleaseOrder{Officer: Anna, Draft: string(drafted.Code), Check: check})
		refusedFor(t, err, "two officers")
		_, err = n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(drafted.Code)})
		refusedFor(t, err, "rights check")
		released, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(drafted.Code), Check: check})
		if err != nil || released.Code != drafted.Code || released.Contact != c.ID || len(released.To) != 0 {
			t.Fatalf("%+v, %v", released, err)
		}
		f := looked(t, n, released.Cases[0])
		if f.Code != drafted.Code || len(f.Signed[f.Opening.ID]) != 2 {
			t.Errorf("%+v", f)
		}
		_, err = n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(drafted.Code), Check: check})
		refusedFor(t, err, "was released")

		removed, err := n.RemoveContact(t.Context(), Anna, c.ID)
		if err != nil || !removed.Removed || removed.Serial != 2 {
			t.Errorf("%+v, %v", removed, err)
		}
		_, err = n.WarnByLetter(t.Context(), exchange.LetterOrder{Officer: Anna, Contact: c.ID, Warning: open(Warning("x"))})
		refusedFor(t, err, "was removed")
		entered(t, n, f.ID, exchange.EntryOrder{Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaHand}}) // what is owed goes on
		if d := dutyOf(t, looked(t, n, f.ID), heed.DutyAcknowledge); !d.Open() {
			t.Errorf("%+v", d)
		}
	})
}

// A node that is stopped, and opened again, knows all of it, and tells nobody twice.
func TestOneSidedCasesSurviveARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 86})
		putContact(t, n, harbour())
		id := warnByLetter(t, n, open(Warning("a parcel"))).ID
		entered(t, n, id, exchange.EntryOrder{Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaHand}})
		time.Sleep(6 * time.Second)
		before, told := looked(t, n, id), len(n.Notices.All())
		n.Shut()
		n.Reopen()
		n.Start()
		time.Sleep(500 * time.Millisecond)
		after := looked(t, n, id)
		if len(after.Entries) != len(before.Entries) || after.Duties[0] != before.Duties[0] || len(n.Notices.All()) != told || told != 1 {
			t.Errorf("%+v, told %d, before %d", after.OneSided, len(n.Notices.All()), told)
		}
		if _, err := n.Letter(context.Background(), "nobody", id, post.Warns, heed.EntryID{}); err == nil {
			t.Error("somebody who is no officer has read it")
		}
	})
}

// A mail goes to whom the officer meant who ordered it. Whoever keeps contacts
// decides nothing about one that waits, and it goes when it is ordered again.
func TestAMailIsNotRedirected(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, n *Party){
		"another address": func(t *testing.T, n *Party) {
			c := harbour()
			c.Mail = "admin@elsewhere.example"
			putContact(t, n, c)
		},
		"another organisation": func(t *testing.T, n *Party) {
			c := harbour()
			c.Name = "Somebody Else"
			putContact(t, n, c)
		},
		"removed": func(t *testing.T, n *Party) {
			if _, err := n.RemoveContact(t.Context(), Anna, "harbour-ops"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, n, _ := quiet(t, Options{Seed: 88})
				putContact(t, n, harbour())
				id := warnByLetter(t, n, open(Warning("a parcel"))).ID
				order := exchange.MailOrder{Officer: Boris, Sort: post.Warns}
				n.Mails.Fail(errors.New("away"))
				if err := n.MailLetter(t.Context(), id, order); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
				change(t, n)
				n.Mails.Fail(nil)
				time.Sleep(5 * time.Minute)
				f := looked(t, n, id)
				if len(n.Mails.All()) != 0 || len(f.Tasks) != 1 || !strings.Contains(f.Tasks[0].Trouble, "order the mail again") {
					t.Fatalf("mailed %+v, waiting %+v", n.Mails.All(), f.Tasks)
				}
				if err := n.MailLetter(t.Context(), id, order); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				if f := looked(t, n, id); len(n.Mails.All()) != 1 || n.Mails.All()[0].To != f.Contact.Mail || len(f.Tasks) != 0 {
					t.Errorf("ordered again: %+v, waiting %+v", n.Mails.All(), f.Tasks)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) { // a new telephone number redirects nothing
		_, n, _ := quiet(t, Options{Seed: 88})
		putContact(t, n, harbour())
		id := warnByLetter(t, n, open(Warning("a parcel"))).ID
		n.Mails.Fail(errors.New("away"))
		if err := n.MailLetter(t.Context(), id, exchange.MailOrder{Officer: Boris, Sort: post.Warns}); err != nil {
			t.Fatal(err)
		}
		c := harbour()
		c.Phone = "+000 555 0199"
		putContact(t, n, c)
		n.Mails.Fail(nil)
		time.Sleep(10 * time.Second)
		if len(n.Mails.All()) != 1 {
			t.Errorf("mails: %+v", n.Mails.All())
		}
	})
}

// A contact's name is not given to another organisation.
func TestAContactsNameIsNotGivenTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 89})
		putContact(t, n, harbour())
		if _, err := n.RemoveContact(t.Context(), Anna, "harbour-ops"); err != nil {
			t.Fatal(err)
		}
		other := harbour()
		other.Name = "Somebody Else"
		_, err := n.PutContact(t.Context(), Anna, other)
		refusedFor(t, err, "a name is not given twice")
	})
}

// Nobody undoes an entry under a role under which it could not be made.
func TestWhoStrikesAnEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := quiet(t, Options{Seed: 90})
		putContact(t, n, harbour())
		for id, role := range map[heed.OfficerID]heed.Role{"duty": heed.DutyOfficer, "drafts": heed.Drafter, "releases": heed.Releaser, "super": heed.Supervisor} {
			if _, err := n.AddOfficer(t.Context(), "", id, []heed.Role{role}); err != nil {
				t.Fatal(err)
			}
		}
		id := warnByLetter(t, n, open(Warning("a parcel"))).ID
		sent := entered(t, n, id, exchange.EntryOrder{Officer: "duty", Kind: heed.EntrySent, Told: exchange.Told{Via: heed.ViaHand}})
		recall := entered(t, n, id, exchange.EntryOrder{Officer: "releases", Kind: heed.EntryRecalled, Told: exchange.Told{Text: "wrong"}})
		if err := n.MailLetter(t.Context(), id, exchange.MailOrder{Officer: "duty", Sort: post.Recalls}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		entries := looked(t, n, id).Entries
		mailed := entries[len(entries)-1]
		strike := func(by heed.OfficerID, of heed.EntryID) error {
			_, err := n.RecordEntry(t.Context(), id, exchange.EntryOrder{Officer: by, Kind: heed.EntryStruck, Strikes: of, Told: exchange.Told{Text: "no"}})
			return err
		}
		for _, c := range []struct {
			by heed.OfficerID
			of heed.EntryID
		}{{"duty", recall.ID}, {"drafts", recall.ID}, {"drafts", sent.ID}, {"releases", sent.ID}, {"duty", mailed.ID}} {
			refusedFor(t, strike(c.by, c.of), "has no role that permits")
		}
		for _, c := range []struct {
			by heed.OfficerID
			of heed.EntryID
		}{{"duty", sent.ID}, {"releases", recall.ID}, {"super", mailed.ID}} {
			if err := strike(c.by, c.of); err != nil {
				t.Errorf("%s strikes %s: %v", c.by, c.of.Short(), err)
			}
		}
	})
}

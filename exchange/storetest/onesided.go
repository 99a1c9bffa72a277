package storetest

import (
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/post"
	"heed/wire"
)

// contact signs a version of a contact of north's.
func (w *world) contact(id heed.ContactID, serial uint64, name string) exchange.KeptContact {
	w.t.Helper()
	c, note, err := wire.SignContact(heed.Contact{
		Party: w.north.id, ID: id, Serial: serial, Time: w.now, Name: name, Phone: "+000 555 0190", Language: []heed.Language{"en"},
		Profile: "seconds", Clock: heed.Clock{heed.DutyAcknowledge: {heed.UrgencyImmediate: time.Second}}, Basis: heed.ClockAssumed,
	}, w.north.node)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.KeptContact{Contact: c, Note: note}
}

// entry signs an entry of north's.
func (w *world) entry(e heed.Entry, terms heed.Contact) exchange.KeptEntry {
	w.t.Helper()
	e.Author, e.Card, e.Contact, e.Terms, e.Time = w.north.id, 1, terms.ID, terms.Version, w.now
	key := ledger.Key(w.digest())
	e.TagKey = ledger.KeyDigest(key)
	if e.Kind == heed.EntryLetter {
		e.Release = heed.ReleaseID(w.digest())
		e.Urgency, e.Status, e.Contents = heed.UrgencyImmediate, heed.StatusActual, []heed.ContentRef{{Digest: w.digest(), Size: 9, MediaType: heed.MediaWarning}}
		signed, note, err := wire.SignEntry(e, w.north.node)
		if err != nil {
			w.t.Fatal(err)
		}
		return exchange.KeptEntry{Entry: signed, Note: note, Key: key}
	}
	e.At, e.Officers = w.now, []heed.OfficerStamp{{Role: heed.DutyOfficer}}
	signed, note, err := wire.SignEntry(e, w.north.node, w.north.officer)
	if err != nil {
		w.t.Fatal(err)
	}
	return exchange.KeptEntry{Entry: signed, Note: note, Key: key}
}

func contacts(t *testing.T, w *world) {
	first, second := w.contact("lighthouse", 1, "Lighthouse"), w.contact("lighthouse", 2, "Lighthouse Authority")
	harbour := w.contact("harbour-ops", 1, "Harbour")
	hold := func(want ...exchange.KeptContact) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			all, err := v.Contacts()
			sameList(t, "Contacts, the newest version of each", all, err, want)
			for _, k := range want {
				got, err := v.Contact(k.Contact.ID)
				same(t, "Contact", got, err, k)
				got, err = v.ContactVersion(k.Contact.Version)
				same(t, "ContactVersion", got, err, k)
			}
			none, err := v.Contact("airport")
			missing(t, "a contact that there is not", none, err)
			none, err = v.ContactVersion(heed.ContactVersionID{1})
			missing(t, "a version that there is not", none, err)
			return nil
		})
	}
	hold()
	for _, k := range []exchange.KeptContact{first, harbour, second} {
		w.write(func(tx exchange.Tx) error { return tx.PutContact(k) })
	}
	hold(harbour, second)
	w.both(func(v exchange.View) error {
		got, err := v.ContactVersion(first.Contact.Version)
		same(t, "a version before the newest", got, err, first)
		return nil
	})
}

func oneSided(t *testing.T, w *world) {
	terms := w.contact("harbour-ops", 1, "Harbour").Contact
	opening := w.entry(heed.Entry{Kind: heed.EntryLetter, Side: heed.Us}, terms)
	id := opening.Entry.CaseID()
	sent := w.entry(heed.Entry{
		Kind: heed.EntrySent, Side: heed.Us, Via: heed.ViaHand, Case: id, Previous: opening.Entry.ID,
		Duties: []heed.Promise{{Kind: heed.DutyAcknowledge, Due: w.now.Add(time.Second)}},
	}, terms)
	other := w.entry(heed.Entry{Kind: heed.EntryLetter, Side: heed.Us}, terms)
	for _, k := range []exchange.KeptEntry{opening, other, sent, opening} { // one of them again
		w.write(func(tx exchange.Tx) error { return tx.KeepEntry(k) })
	}
	c := heed.FoldOneSided(id, []heed.Entry{opening.Entry, sent.Entry})
	row := exchange.OneSidedRow{ID: id, Code: c.Code, Contact: c.Contact, Warned: heed.Them, Urgency: c.Urgency, Status: c.Status, Stage: c.Stage(), Opened: w.now, Changed: w.now}
	later := row
	later.ID, later.Code, later.Changed = other.Entry.CaseID(), other.Entry.CaseCode(), w.now.Add(time.Minute)
	duty := exchange.OneSidedIndexed{Case: id, OneSidedDuty: c.Duties[0], Told: 1, Next: w.now.Add(3 * time.Second)}
	done := exchange.OneSidedIndexed{Case: id, OneSidedDuty: heed.OneSidedDuty{
		Kind: heed.DutyAssess, OwedBy: heed.Them, From: sent.Entry.ID, Due: w.now.Add(2 * time.Second), Discharge: opening.Entry.ID, At: w.now, Refused: true, Ended: sent.Entry.ID, Reminded: 2,
	}, Next: w.now}
	w.write(func(tx exchange.Tx) error {
		return tx.PutOneSidedIndex(row, []exchange.OneSidedIndexed{duty, done, {Case: id, OneSidedDuty: heed.OneSidedDuty{Kind: heed.DutyAnswer}}})
	})
	w.write(func(tx exchange.Tx) error { return tx.PutOneSidedIndex(row, []exchange.OneSidedIndexed{duty, done}) })
	w.write(func(tx exchange.Tx) error { return tx.PutOneSidedIndex(later, nil) })
	w.both(func(v exchange.View) error {
		kept, err := v.EntriesOf(id)
		sameList(t, "EntriesOf", kept, err, []exchange.KeptEntry{opening, sent})
		folded, err := v.OneSided(id)
		same(t, "OneSided", folded, err, c)
		folded, err = v.OneSided(heed.CaseID{1})
		missing(t, "a case that there is not", folded, err)
		ids, err := v.OneSidedOf(c.Code)
		sameList(t, "OneSidedOf", ids, err, []heed.CaseID{id})
		rows, err := v.OneSidedCases(10)
		sameList(t, "OneSidedCases, the newest first", rows, err, []exchange.OneSidedRow{later, row})
		rows, err = v.OneSidedCases(1)
		sameList(t, "OneSidedCases, bounded", rows, err, []exchange.OneSidedRow{later})
		index, err := v.OneSidedIndex(id)
		sameList(t, "OneSidedIndex", index, err, []exchange.OneSidedIndexed{duty, done})
		index, err = v.OneSidedOpen(10)
		sameList(t, "OneSidedOpen", index, err, []exchange.OneSidedIndexed{duty})
		index, err = v.OneSidedWakes(duty.Next.Add(-time.Millisecond), 10)
		sameList(t, "OneSidedWakes before", index, err, nil)
		index, err = v.OneSidedWakes(duty.Next, 10)
		sameList(t, "OneSidedWakes", index, err, []exchange.OneSidedIndexed{duty})
		next, err := v.NextOneSided()
		same(t, "NextOneSided of a duty", next, err, duty.Next)

		// None of it is a case, or owed in one.
		cases, err := v.Cases(10)
		sameList(t, "Cases", cases, err, nil)
		owed, err := v.OpenDuties("", 10)
		sameList(t, "OpenDuties", owed, err, nil)
		codes, err := v.CasesOf(c.Code)
		sameList(t, "CasesOf", codes, err, nil)
		return nil
	})
}

func oneSidedTasks(t *testing.T, w *world) {
	mail := exchange.OneSidedTask{ID: "b", Case: heed.CaseID{1}, Kind: exchange.TaskMail, Sort: post.Replies, Entry: heed.EntryID{2}, Officer: "irma", Contact: heed.ContactVersionID{5}, Created: w.now, NextAt: w.now.Add(time.Second)}
	tell := exchange.OneSidedTask{ID: "a", Case: heed.CaseID{2}, Kind: exchange.TaskTell, Duty: heed.DutyAssess, Due: w.now, Level: 3, Created: w.now.Add(time.Second)}
	w.both(func(v exchange.View) error {
		at, err := v.NextOneSided()
		missing(t, "NextOneSided", at, err)
		return nil
	})
	for _, k := range []exchange.OneSidedTask{tell, mail, mail} {
		w.write(func(tx exchange.Tx) error { return tx.AddOneSidedTask(k) })
	}
	w.both(func(v exchange.View) error {
		due, err := v.OneSidedTasks(w.now, 10)
		sameList(t, "OneSidedTasks", due, err, []exchange.OneSidedTask{tell})
		due, err = v.OneSidedTasks(w.now.Add(time.Second), 10)
		sameList(t, "OneSidedTasks, oldest first", due, err, []exchange.OneSidedTask{mail, tell})
		due, err = v.OneSidedTasksOf(mail.Case)
		sameList(t, "OneSidedTasksOf", due, err, []exchange.OneSidedTask{mail})
		next, err := v.NextOneSided()
		same(t, "NextOneSided of a task that is due at once", next, err, time.Time{})
		return nil
	})
	w.write(func(tx exchange.Tx) error { return tx.OneSidedTried(mail.ID, w.now.Add(time.Hour), "away") })
	w.write(func(tx exchange.Tx) error { return tx.OneSidedDone(tell.ID, w.now) })
	w.write(func(tx exchange.Tx) error { return tx.AddOneSidedTask(tell) }) // done: not again
	mail.Attempts, mail.NextAt, mail.Trouble = 1, w.now.Add(time.Hour), "away"
	w.both(func(v exchange.View) error {
		due, err := v.OneSidedTasks(w.now.Add(2*time.Hour), 10)
		sameList(t, "what is left", due, err, []exchange.OneSidedTask{mail})
		next, err := v.NextOneSided()
		same(t, "NextOneSided of a task", next, err, mail.NextAt)
		return nil
	})
}

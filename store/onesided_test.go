package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

func filledWithLetter(t *testing.T) *Store {
	t.Helper()
	seed := sha256.Sum256([]byte("node"))
	node, err := seal.NewSigningKey(bytes.NewReader(seed[:]), "north.example/node")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	contact, contactNote, err := wire.SignContact(heed.Contact{
		Party: "north.example", ID: "harbour-ops", Serial: 1, Time: at, Name: "Harbour", Phone: "+000 555 0190", Language: []heed.Language{"en"},
		Profile: "seconds", Clock: heed.Clock{heed.DutyAcknowledge: {heed.UrgencyImmediate: time.Second}}, Basis: heed.ClockAssumed,
	}, node)
	if err != nil {
		t.Fatal(err)
	}
	data, key := []byte("document"), ledger.Key{1}
	content := exchange.Content{Ref: heed.ContentRef{Digest: sha256.Sum256(data), Size: int64(len(data)), MediaType: heed.MediaWarning}, Salt: [32]byte{1}, Data: data}
	sign := func(e heed.Entry) exchange.KeptEntry {
		e.Author, e.Card, e.Contact, e.Terms, e.Side, e.Time, e.TagKey = "north.example", 1, contact.ID, contact.Version, heed.Us, at, ledger.KeyDigest(key)
		signed, note, err := wire.SignEntry(e, node)
		if err != nil {
			t.Fatal(err)
		}
		return exchange.KeptEntry{Entry: signed, Note: note, Key: key}
	}
	opening := sign(heed.Entry{Kind: heed.EntryLetter, Release: heed.ReleaseID{1}, Urgency: heed.UrgencyImmediate, Status: heed.StatusActual, Contents: []heed.ContentRef{content.Ref}})
	id := opening.Entry.CaseID()
	sent := sign(heed.Entry{Kind: heed.EntrySent, Case: id, Previous: opening.Entry.ID, At: at, Via: heed.ViaMail, Duties: []heed.Promise{{Kind: heed.DutyAcknowledge, Due: at.Add(time.Second)}}})
	c := heed.FoldOneSided(id, []heed.Entry{opening.Entry, sent.Entry})
	s := open(t)
	err = s.Write(t.Context(), func(tx exchange.Tx) error {
		return errors.Join(
			tx.PutContact(exchange.KeptContact{Contact: contact, Note: contactNote}), tx.PutContent(content), tx.KeepEntry(opening), tx.KeepEntry(sent),
			tx.PutOneSidedIndex(exchange.OneSidedRow{ID: id, Code: c.Code, Contact: c.Contact, Warned: c.Warned, Opened: at, Changed: at}, []exchange.OneSidedIndexed{{Case: id, OneSidedDuty: c.Duties[0]}}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheckOfOneSidedCases(t *testing.T) {
	sound := filledWithLetter(t)
	if err := sound.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ damage, found string }{
		"a contact that cannot be read":  {`UPDATE contact SET note = x'00'`, "contact"},
		"a contact's name":               {`UPDATE contact SET version = zeroblob(32)`, "not of its name"},
		"a contact is gone":              {`DELETE FROM contact`, "not found"},
		"an entry that cannot be read":   {`UPDATE entry SET note = x'00' WHERE seq = 2`, "one-sided case"},
		"the opening is gone":            {`DELETE FROM entry WHERE seq = 1`, "the entry that opened one-sided case"},
		"all entries are gone":           {`DELETE FROM entry`, "not found"},
		"a content is gone":              {`DELETE FROM content`, "a content of entry"},
		"a duty's time":                  {`UPDATE one_sided_duty SET due = due + 1`, "not indexed as its entries say"},
		"who owes":                       {`UPDATE one_sided_duty SET owed_by = 'us'`, "not indexed as its entries say"},
		"a duty that is open is not":     {`UPDATE one_sided_duty SET open = 0`, "listed as open and were given"},
		"a duty too much":                {`INSERT INTO one_sided_duty SELECT case_id, 'assess', owed_by, from_id, due, discharge, at, refused, ended, reminded, told, next, open FROM one_sided_duty`, "not indexed as its entries say"},
		"the index of duties is gone":    {`DELETE FROM one_sided_duty`, "not indexed as its entries say"},
		"a duty of a case that is not":   {`PRAGMA foreign_keys = OFF; UPDATE one_sided_duty SET case_id = zeroblob(32)`, "a row of one_sided_duty is of no row of one_sided"},
		"a case is listed that is not":   {`INSERT INTO one_sided SELECT zeroblob(32), code, contact, warned, urgency, status, stage, opened, changed FROM one_sided`, "not found"},
		"a case is listed by other code": {`UPDATE one_sided SET code = '00000000'`, "listed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, copyOf(t, sound.path), Options{})
			if _, err := s.db.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(t.Context(), nil); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.found) {
				t.Errorf("found %v, want %q", err, c.found)
			}
		})
	}
}

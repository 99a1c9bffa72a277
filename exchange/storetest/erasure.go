package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// content is a content that a statement may name, with its bytes.
func (w *world) content(data string) exchange.Content {
	return exchange.Content{Ref: heed.ContentRef{Digest: w.digest(), Size: int64(len(data)), MediaType: heed.MediaText}, Salt: w.digest(), Data: []byte(data)}
}

// under is a warning to south under an accord, with those contents.
func (w *world) under(accord heed.Accord, contents ...exchange.Content) exchange.Kept {
	w.t.Helper()
	s := heed.Statement{
		Kind: heed.KindWarning, Release: heed.ReleaseID(w.digest()), Urgency: heed.UrgencyImmediate, Status: heed.StatusActual,
		Accord: accord.AccordID(), Version: accord.ID,
	}
	for _, c := range contents {
		s.Contents = append(s.Contents, c.Ref)
	}
	return w.sign(w.north, w.south, s)
}

func erasure(t *testing.T, w *world) {
	first, other := w.version("Liaison", nil), w.version("Another", nil)
	id := first.Accord.AccordID()
	shared, own, form, outside := w.content("shared by two"), w.content("of the first alone"), w.content("a form"), w.content("also said outside")
	one, two := w.under(first.Accord, shared, own, outside), w.under(first.Accord, shared)
	elsewhere := w.sign(w.south, w.north, heed.Statement{
		Kind: heed.KindQuestion, Urgency: heed.UrgencyExpected, Status: heed.StatusActual, Contents: []heed.ContentRef{outside.Ref},
		Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}},
	})
	cases := []heed.CaseID{one.Statement.CaseID(), two.Statement.CaseID()}
	w.keep(w.proposal(first.Accord), elsewhere, one, w.under(other.Accord, w.content("of another accord")), two)
	w.write(func(tx exchange.Tx) error {
		var errs []error
		for _, c := range []exchange.Content{shared, own, form, outside} {
			errs = append(errs, tx.PutContent(c))
		}
		for range 2 { // the second time changes nothing
			errs = append(errs, tx.Attach(cases[0], form.Ref.Digest), tx.Attach(cases[1], form.Ref.Digest))
		}
		return errors.Join(errs...)
	})

	left := func(want ...heed.CaseID) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.Unerased(id, heed.CaseID{}, 10)
			sameList(t, "Unerased", got, err, want)
			return nil
		})
	}
	here := func(want ...exchange.Content) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			found := 0
			for _, c := range []exchange.Content{shared, own, form, outside} {
				switch _, err := v.Content(c.Ref.Digest); {
				case err == nil:
					found++
				case !errors.Is(err, exchange.ErrNotFound):
					return err
				}
			}
			for _, c := range want {
				got, err := v.Content(c.Ref.Digest)
				same(t, "a content that is left", got, err, c)
			}
			if found != len(want) {
				t.Errorf("%d contents are here, want %d", found, len(want))
			}
			return nil
		})
	}
	marked := func(id heed.CaseID, want time.Time) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.Erased(id)
			if want.IsZero() {
				missing(t, "Erased", got, err)
			} else {
				same(t, "Erased", got, err, want)
			}
			return nil
		})
	}
	all := func(c ...exchange.Content) (digests []heed.Digest) {
		for _, c := range c {
			digests = append(digests, c.Ref.Digest)
		}
		return digests
	}

	left(cases...)
	w.both(func(v exchange.View) error {
		got, err := v.Unerased(id, heed.CaseID{}, 1)
		sameList(t, "Unerased, as many as asked for", got, err, cases[:1])
		got, err = v.Unerased(id, cases[0], 10)
		sameList(t, "Unerased after the first", got, err, cases[1:])
		return nil
	})
	here(shared, own, form, outside)
	marked(cases[0], time.Time{})

	// What fails erases nothing.
	erase := func(tx exchange.Tx) error { return tx.EraseCase(cases[0], all(shared, own, form, outside), w.now) }
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return errors.Join(erase(tx), errNo) }); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	here(shared, own, form, outside)
	left(cases...)

	w.write(erase)
	left(cases[1])
	here(shared, form, outside) // the others have them
	marked(cases[0], w.now)
	later := w.now.Add(time.Hour)
	w.write(func(tx exchange.Tx) error { return tx.EraseCase(cases[1], all(shared, form), later) })
	left()
	here(outside)
	marked(cases[1], later)
	marked(elsewhere.Statement.CaseID(), time.Time{})

	// What comes back, or comes late, is to be erased again.
	question := w.sign(w.south, w.north, heed.Statement{
		Kind: heed.KindQuestion, Case: cases[1], Urgency: heed.UrgencyExpected, Contents: []heed.ContentRef{own.Ref}, Officers: []heed.OfficerStamp{{Role: heed.DutyOfficer}},
	})
	w.keep(w.acknowledgement(w.south, w.north, two, heed.StatementID{}))
	left()
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutContent(own), tx.Keep(question)) })
	left(cases[1])
	here(own, outside)
	marked(cases[1], time.Time{})
	w.write(func(tx exchange.Tx) error { return tx.EraseCase(cases[1], all(shared, own), later) })
	w.write(func(tx exchange.Tx) error { return errors.Join(tx.PutContent(shared), tx.Keep(two)) })
	left(cases[1])
	here(shared, outside)

	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.EraseCase(heed.CaseID{9}, nil, w.now) }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("a case that is not here is erased: %v", err)
	}
}

func draftErasure(t *testing.T, w *world) {
	waits, dropped, released, of := w.draft("7K3MQ2XA", w.now), w.draft("AAAAAAAA", w.now), w.draft("00000000", w.now), w.draft("ZZZZZZZZ", w.now)
	dropped.Dropped, released.Released = w.now, heed.ReleaseID(w.digest())
	dropped.Accord, released.Accord = waits.Accord, waits.Accord
	w.write(func(tx exchange.Tx) error {
		return errors.Join(tx.PutDraft(waits), tx.PutDraft(dropped), tx.PutDraft(released), tx.PutDraft(of))
	})
	left := func(want ...heed.Code) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.UnerasedDrafts(waits.Accord)
			sameList(t, "UnerasedDrafts", got, err, want)
			return nil
		})
	}
	left(waits.Code, dropped.Code)
	w.write(func(tx exchange.Tx) error { return tx.EraseDraft(waits.Code) })
	left(dropped.Code)
	w.write(func(tx exchange.Tx) error { return tx.EraseDraft(dropped.Code) })
	left()
	w.both(func(v exchange.View) error {
		got, err := v.Draft(waits.Code)
		same(t, "an erased draft", got, err, refs(waits))
		for _, kept := range []exchange.Draft{released, of} {
			for _, c := range kept.Contents {
				got, err := v.Content(c.Ref.Digest)
				if len(got.Data) == 0 {
					got.Data = c.Data
				}
				same(t, "a content of another draft", got, err, c)
			}
		}
		none, err := v.UnerasedDrafts(heed.AccordID{})
		sameList(t, "UnerasedDrafts of no accord", none, err, nil)
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.EraseDraft("NOTHERE0") }); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("a draft that is not here is erased: %v", err)
	}
}

package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"heed"
	"heed/exchange"
)

// draft is a draft of a warning to south with two contents, one of them empty.
func (w *world) draft(code heed.Code, at time.Time) exchange.Draft {
	content := func(data, name string) exchange.Content {
		return exchange.Content{Ref: heed.ContentRef{Digest: w.digest(), Size: int64(len(data)), MediaType: heed.MediaText, Name: name}, Salt: w.digest(), Data: []byte(data)}
	}
	return exchange.Draft{
		Code: code, Kind: heed.KindWarning, Officer: "anna", At: at, To: []heed.PartyID{"south.example", "east.example"},
		Accord: heed.AccordID(w.digest()), Version: heed.VersionID(w.digest()), Document: []byte("a document " + code),
		Contents: []exchange.Content{content("the text of "+string(code), "note.txt"), content("", "")},
	}
}

func refs(d exchange.Draft) exchange.Draft {
	d.Contents = slices.Clone(d.Contents)
	for i, c := range d.Contents {
		d.Contents[i] = exchange.Content{Ref: c.Ref}
	}
	return d
}

func drafts(t *testing.T, w *world) {
	later, early := w.draft("7K3MQ2XA", w.now.Add(time.Minute)), w.draft("AAAAAAAA", w.now)
	sameTime := w.draft("00000000", w.now)
	bare := exchange.Draft{Code: "ZZZZZZZZ", Kind: heed.KindQuestion, Officer: "boris", At: w.now.Add(time.Hour), Document: []byte("a document")}
	list := func(what string, want ...exchange.Draft) {
		t.Helper()
		for i := range want {
			want[i] = refs(want[i])
		}
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.Drafts()
			sameList(t, what, got, err, want)
			return nil
		})
	}
	is := func(want exchange.Draft) {
		t.Helper()
		w.both(func(v exchange.View) error {
			t.Helper()
			got, err := v.Draft(want.Code)
			for i := range got.Contents { // of an empty content's data no more is promised than that it is empty
				if len(got.Contents[i].Data) == 0 {
					got.Contents[i].Data = []byte{}
				}
			}
			same(t, "Draft", got, err, want)
			return nil
		})
	}
	put := func(d exchange.Draft) {
		t.Helper()
		w.write(func(tx exchange.Tx) error { return tx.PutDraft(d) })
	}
	put(later)
	put(early)
	put(sameTime)
	w.both(func(v exchange.View) error {
		none, err := v.Draft("11111111")
		missing(t, "a draft that there is not", none, err)
		for _, c := range early.Contents {
			got, err := v.Content(c.Ref.Digest)
			if len(got.Data) == 0 {
				got.Data = []byte{}
			}
			same(t, "a draft's Content", got, err, c)
		}
		return nil
	})
	if err := w.store.Write(context.Background(), func(tx exchange.Tx) error {
		changed := refs(early)
		changed.Dropped = w.now
		changed.Contents = nil
		return errors.Join(tx.PutDraft(bare), tx.PutDraft(changed), errNo)
	}); !errors.Is(err, errNo) {
		t.Fatalf("a change that fails: %v", err)
	}
	list("Drafts, oldest first", early, sameTime, later)
	is(early)
	put(bare)
	is(bare)
	list("Drafts", early, sameTime, later, bare)

	// What was read from the list is put back as it is.
	released, dropped := refs(early), refs(later)
	released.Released, dropped.Dropped = heed.ReleaseID(w.digest()), w.now.Add(2*time.Hour)
	put(released)
	put(dropped)
	list("Drafts that are left", sameTime, bare)
	early.Released, later.Dropped = released.Released, dropped.Dropped
	is(early)
	is(later)

	// Another content in the place of one, and the order changed.
	replaced := sameTime
	replaced.To, replaced.Accord, replaced.Version = nil, heed.AccordID{}, heed.VersionID{}
	replaced.Officer, replaced.Document = "clara", []byte("another document")
	replaced.Contents = []exchange.Content{sameTime.Contents[1], early.Contents[0]}
	put(replaced)
	is(replaced)
	list("Drafts", replaced, bare)

	stranger := refs(w.draft("22222222", w.now))
	short := w.draft("33333333", w.now)
	short.Contents[0].Data = short.Contents[0].Data[1:]
	for what, d := range map[string]exchange.Draft{"a content by its Ref that the draft did not have": stranger, "a content of another size": short, "no code": {}} {
		if err := w.store.Write(context.Background(), func(tx exchange.Tx) error { return tx.PutDraft(d) }); err == nil {
			t.Errorf("a draft with %s was kept", what)
		}
	}
	list("Drafts", replaced, bare)
}

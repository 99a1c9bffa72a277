package foreign

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"filippo.io/torchwood"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"heed/ledger"
)

// past makes the same ledger each time: five cuts, given one after the other.
func past(t *testing.T, each func(l *log)) *log {
	t.Helper()
	l := newLog(t, "north.example", "witnessed")
	for _, n := range []int{3, 400, 1, 90, 260} {
		l.say(n)
		l.cut([32]byte{})
		each(l)
	}
	return l
}

func TestLitewitnessCosigns(t *testing.T) {
	program := build(t)
	var witnesses []*litewitness
	var names []ledger.Witness
	for _, name := range []string{"w1", "w2", "w3"} {
		w := newLitewitness(t, program, "witness.example/"+name)
		witnesses = append(witnesses, w)
		names = append(names, ledger.Witness{Name: name, Keys: []ledger.CosignerKey{w.cosigns}})
	}
	quorum := ledger.DefaultQuorum(len(names))
	must(t, quorum.Check())

	var heads []log                  // each as it was published
	seen := map[*litewitness]int64{} // the size that each has cosigned
	l := past(t, func(l *log) {
		if len(heads) == 0 {
			for _, w := range witnesses {
				w.enroll(t, l.head.Origin, l.vkey)
			}
		}
		heads = append(heads, *l)
		for i, w := range witnesses {
			switch down := i == 2 && (len(heads) == 2 || len(heads) == 3); {
			case down && w.process != nil:
				w.stop(t)
			case !down && w.process == nil:
				w.start(t)
			}
			if w.process != nil {
				l.head = w.cosign(t, l, seen[w])
				seen[w] = l.head.Size
			}
		}
		times := ledger.WitnessTimes(l.head, names)
		if want := min(len(names), 2+map[bool]int{true: 1}[witnesses[2].process != nil]); len(times) != want {
			t.Errorf("head %d: %d witnesses, want %d", l.head.Size, len(times), want)
		}
		if !quorum.Published(times) {
			t.Errorf("head %d, cosigned by %d of %d, is not published", l.head.Size, len(times), len(names))
		}
	})

	w := witnesses[0]
	t.Run("an unchanged head gets a new time", func(t *testing.T) {
		before, ok := w.cosigns.Verify(l.head)
		l.sign() // the cosignatures that it has are no obstacle
		l.head = w.cosign(t, l, l.head.Size)
		if after, still := w.cosigns.Verify(l.head); !ok || !still || after.Before(before) {
			t.Errorf("%v, then %v", before, after)
		}
	})
	t.Run("a head heavy with cosignatures is too long for it", func(t *testing.T) {
		heavy := *l
		heavy.head.Cosignatures = nil
		for _, name := range []string{"m1", "m2", "m3", "m4"} {
			skey, _, err := f_note.GenerateMLDSAKey("witness.example/" + name)
			must(t, err)
			signer, err := f_note.NewMLDSASigner(skey)
			must(t, err)
			signed, err := note.Sign(&note.Note{Text: string(l.head.Body())}, signer)
			must(t, err)
			heavy.head.Cosignatures = append(heavy.head.Cosignatures, signed[len(l.head.Body())+1:]...)
		}
		heavy.sign() // more than 10 KiB, of which the witness needs one line
		w.refuses(t, w.add(t, &heavy, l.head.Size), http.StatusInternalServerError)
		bare, err := ledger.RenderCheckpoint(heavy.signed, nil)
		must(t, err)
		heavy.signed = bare
		w.cosign(t, &heavy, l.head.Size)
	})
	t.Run("rollback", func(t *testing.T) {
		for i, head := range heads[:len(heads)-1] {
			old := int64(0)
			if i > 0 {
				old = heads[i-1].head.Size
			}
			w.conflicts(t, w.add(t, &head, old), l.head.Size)
			w.conflicts(t, w.add(t, &head, head.head.Size), l.head.Size)
		}
		// With the witness's own size for old, the request contradicts itself.
		w.refuses(t, w.post(t, fmt.Appendf(nil, "old %d\n\n%s", l.head.Size, heads[1].signed)), http.StatusBadRequest)
	})
	t.Run("split view", func(t *testing.T) {
		cuts := 0
		twin := past(t, func(twin *log) {
			if cuts++; cuts == len(heads)-1 {
				twin.reseed("another story")
			}
		})
		if twin.head.Size != l.head.Size || twin.head.Root == l.head.Root {
			t.Fatalf("the twin is no twin: %d leaves and %d", twin.head.Size, l.head.Size)
		}
		w.refuses(t, w.add(t, twin, l.head.Size), http.StatusUnprocessableEntity)
		w.conflicts(t, w.add(t, twin, heads[len(heads)-2].head.Size), l.head.Size)
		twin.say(30)
		twin.cut([32]byte{})
		w.refuses(t, w.add(t, twin, l.head.Size), http.StatusUnprocessableEntity)
	})
	t.Run("strangers", func(t *testing.T) {
		other := newLog(t, "south.example", "unknown")
		other.say(1)
		other.cut([32]byte{})
		w.refuses(t, w.add(t, other, 0), http.StatusNotFound)

		forger := newLog(t, "north.example", "another key")
		forger.say(1)
		forger.cut([32]byte{})
		w.refuses(t, w.add(t, forger, 0), http.StatusForbidden)

		w.refuses(t, w.post(t, []byte("new 0\n\n")), http.StatusBadRequest)
	})
	t.Run("after all that, the ledger goes on to its end", func(t *testing.T) {
		old := l.head.Size
		l.say(50)
		l.cut([32]byte{31: 1})
		for _, w := range witnesses {
			l.head = w.cosign(t, l, old)
		}
		if times := ledger.WitnessTimes(l.head, names); len(times) != len(names) {
			t.Errorf("cosigned by %d of %d", len(times), len(names))
		}
		l.sign()
		policy := "log " + l.vkey + "\n"
		for i, w := range witnesses {
			policy += fmt.Sprintf("witness w%d %s\n", i, w.cosigns)
		}
		all, err := torchwood.ParsePolicy([]byte(policy + "group all-of-us all w0 w1 w2\nquorum all-of-us\n"))
		must(t, err)
		if _, _, err := torchwood.VerifyCheckpoint(l.signed, all); err != nil {
			t.Errorf("what we merged is not what they cosigned: %v", err)
		}
	})
}

// cosign asks the witness, which has seen l's first old leaves, and returns
// l's head with the cosignature.
func (w *litewitness) cosign(t *testing.T, l *log, old int64) ledger.Checkpoint {
	t.Helper()
	before := time.Now().Truncate(time.Second)
	got := w.add(t, l, old)
	if got.status != http.StatusOK {
		t.Fatalf("%s, asked to cosign from %d to %d: %+v", w.name, old, l.head.Size, got)
	}
	head, err := l.head.AddCosignatures(got.body, w.cosigns)
	must(t, err)
	if at, ok := w.cosigns.Verify(head); !ok || at.Before(before) || at.After(time.Now()) {
		t.Errorf("%s cosigned %d at %v, %t", w.name, head.Size, at, ok)
	}
	return head
}

// conflicts wants the answer to an old size that is not the witness's: 409 and
// the size that it has (C2SP tlog-witness, "add-checkpoint").
func (w *litewitness) conflicts(t *testing.T, got answer, size int64) {
	t.Helper()
	w.refuses(t, got, http.StatusConflict)
	known, err := ledger.ParseTreeSize(got.body)
	if err != nil || known != size || got.form != ledger.TreeSizeType {
		t.Errorf("%s says %s of size %d (%v), want %d", w.name, got.form, known, err, size)
	}
}

func (w *litewitness) refuses(t *testing.T, got answer, status int) {
	t.Helper()
	if got.status != status {
		t.Errorf("%s answers %d, want %d: %q", w.name, got.status, status, got.body)
	}
}

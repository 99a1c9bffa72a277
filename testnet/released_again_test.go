package testnet

import (
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// What officers released is not said to one party twice, under another accord
// than they saw, or long afterwards, by whoever has the node's key alone.
func TestReleaseIsForOneUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		id := n.Warn("Possible attack on a concert", s)[0]
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		var opening heed.Statement
		var rel heed.Release
		var note []byte
		var contents []wire.Part
		err := n.Store.Read(t.Context(), func(v exchange.View) error {
			c, err := v.Case(id)
			if err != nil {
				return err
			}
			opening = c.Opening
			if note, err = v.Release(opening.Release); err != nil {
				return err
			}
			for _, ref := range opening.Contents {
				content, err := v.Content(ref.Digest)
				if err != nil {
					return err
				}
				contents = append(contents, wire.Part{Type: wire.PartContent, Data: append(content.Salt[:], content.Data...)})
			}
			rel, err = wire.ParseRelease(note)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		number := uint64(5000)
		say := func(edit func(*heed.Statement), release []byte) answered {
			t.Helper()
			number++
			said := opening
			said.ID, said.Time, said.After = heed.StatementID{}, heed.Instant(n.now()), heed.Digest{}
			edit(&said)
			_, parts := spokenBy(t, n, said)
			parts = append(append(parts, wire.Part{Type: wire.PartRelease, Data: release}), contents...)
			return hand(t, n, s, sealed(t, n, s, number, parts...))
		}
		signed := func(ago time.Duration) (heed.ReleaseID, []byte) {
			t.Helper()
			key, err := n.Keys.Officer(Anna)
			if err != nil {
				t.Fatal(err)
			}
			other := rel
			other.Time, other.Nonce = heed.Instant(n.now().Add(-ago)), heed.Digest{byte(number)}
			made, data, err := wire.SignRelease(other, []seal.SigningKey{key}...)
			if err != nil {
				t.Fatal(err)
			}
			return made.ID, data
		}
		if got := say(func(*heed.Statement) {}, note); len(got.refusals) != 1 || got.refusals[0].Code != heed.NotAdmitted {
			t.Errorf("sent to the same party again: %d receipts, %+v", len(got.receipts), got.refusals)
		}
		for what, c := range map[string]struct {
			ago  time.Duration
			edit func(*heed.Statement)
			want heed.RefusalCode // empty: received
		}{
			"now":                             {0, func(*heed.Statement) {}, ""},
			"after a week":                    {7 * 24 * time.Hour, func(*heed.Statement) {}, ""},
			"after more than a week":          {7*24*time.Hour + time.Millisecond, func(*heed.Statement) {}, heed.NotAdmitted},
			"under an accord not released by": {0, func(s *heed.Statement) { s.Accord, s.Version = heed.AccordID{1}, heed.VersionID{2} }, heed.Malformed},
		} {
			release, data := signed(c.ago)
			got := say(func(s *heed.Statement) { s.Release = release; c.edit(s) }, data)
			switch {
			case c.want == "" && len(got.receipts) != 1:
				t.Errorf("%s: %+v", what, got.refusals)
			case c.want != "" && (len(got.refusals) != 1 || got.refusals[0].Code != c.want):
				t.Errorf("%s: %d receipts, %+v", what, len(got.receipts), got.refusals)
			}
		}
	})
}

package wire

import (
	"errors"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/seal"
	"heed/seal/sshtest"
)

// What an officer signs who holds the key, of matters that are said to nobody.
func TestTextsOfNobodyElses(t *testing.T) {
	holder := sshtest.New(sshtest.TokenEd25519, "ruth")
	ssh, err := seal.ParseSSHKey(holder.Line())
	if err != nil {
		t.Fatal(err)
	}
	verify, err := ssh.Named("north.example/officer/ruth")
	if err != nil {
		t.Fatal(err)
	}
	key := seal.HeldElsewhere(verify, func(text []byte) ([]byte, error) {
		return seal.ParseSSHSignature(holder.Sign(sshtest.Namespace, string(text)), verify)
	})
	at := time.Date(2026, 11, 23, 9, 0, 0, 123_456_789, time.UTC)
	contents := []heed.ContentRef{{Digest: heed.Digest{1}, Size: 7, MediaType: heed.MediaWarning}}

	d, err := SignDrop("north.example", "7K3MQ2XA", contents, at, heed.Releaser, key)
	if err != nil {
		t.Fatal(err)
	}
	want := "heed-drop/v1\nauthor: north.example\ndraft: 7K3MQ2XA\ntime: 2026-11-23T09:00:00.123Z\ncontent: " + contents[0].Digest.String() + " 7 " + heed.MediaWarning + "\nofficer: releaser " + verify.String() + "\n"
	if got := DropText("north.example", "7K3MQ2XA", contents, d); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := CheckDrop("north.example", "7K3MQ2XA", contents, d); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"another draft":    CheckDrop("north.example", "7K3MQ2XB", contents, d),
		"other contents":   CheckDrop("north.example", "7K3MQ2XA", nil, d),
		"no signature":     CheckDrop("north.example", "7K3MQ2XA", contents, heed.Drafted{Time: d.Time, By: d.By}),
		"under other role": CheckDrop("north.example", "7K3MQ2XA", contents, heed.Drafted{Time: d.Time, By: heed.OfficerStamp{Role: heed.Drafter, Key: d.By.Key}, Signature: d.Signature}),
	} {
		if !errors.Is(err, seal.ErrSignature) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := CheckDrop("south.example", "7K3MQ2XA", contents, d); err == nil {
		t.Error("an officer of another party's drops it")
	}

	note, err := SignPublication("north.example", []heed.Figures{{ID: heed.FiguresID{2}}, {ID: heed.FiguresID{3}}}, at, heed.Supervisor, key)
	if err != nil {
		t.Fatal(err)
	}
	want = "heed-publication/v1\nauthor: north.example\nfigures: " + heed.Digest{2}.String() + "\nfigures: " + heed.Digest{3}.String() + "\ntime: 2026-11-23T09:00:00.123Z\nofficer: supervisor " + verify.String() + "\n"
	if text, _, found := strings.Cut(string(note), "\n\n"); !found || text+"\n" != want {
		t.Errorf("got\n%s\nwant\n%s", note, want)
	}
	if _, err := seal.OpenNote(note, []seal.VerifyKey{verify}); err != nil {
		t.Error(err)
	}
}

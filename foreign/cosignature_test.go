package foreign

import (
	"slices"
	"testing"
	"time"

	"filippo.io/torchwood"
	f_note "github.com/transparency-dev/formats/note"
	f_witness "github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"

	"heed/ledger"
)

// TestCosignaturesTravel has our cosignatures verified by others, under our
// keys as we write them, and theirs by us.
func TestCosignaturesTravel(t *testing.T) {
	l := newLog(t, "north.example", "cosignatures")
	l.say(20)
	l.cut([32]byte{})
	at := time.Unix(1_800_000_000, 0).UTC()

	ours, err := ledger.NewCosigningKey("witness.example/ours", l.random)
	must(t, err)
	line, err := ours.Cosign(l.head, at)
	must(t, err)
	torchwoods, err := torchwood.NewCosignatureVerifier(ours.VKey())
	must(t, err)
	formats, err := f_note.NewVerifierForCosignatureV1(ours.VKey())
	must(t, err)
	l.head.Cosignatures = line
	l.sign()
	for name, verifier := range map[string]note.Verifier{"torchwood": torchwoods, "formats": formats} {
		opened, err := note.Open(l.signed, note.VerifierList(l.verifier, verifier))
		must(t, err)
		if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
			t.Fatalf("%s verifies %d lines of 2", name, len(opened.Sigs))
		}
		if stamp, err := torchwood.CosignatureTimestamp(opened.Sigs[1]); err != nil || stamp != at.Unix() {
			t.Errorf("torchwood reads our time as %d (%v)", stamp, err)
		}
		if stamp, err := f_note.CoSigV1Timestamp(opened.Sigs[1]); err != nil || !stamp.Equal(at) {
			t.Errorf("formats reads our time as %v (%v)", stamp, err)
		}
	}

	// Our private form is theirs, too: with it they sign under the same key.
	borrowed, err := f_note.NewSignerForCosignatureV1(ours.Secret())
	must(t, err)
	cosigned(t, l, borrowed, ours.VKey())

	skey, vkey, err := f_note.GenerateMLDSAKey("witness.example/post-quantum")
	must(t, err)
	post, err := f_note.NewMLDSASigner(skey)
	must(t, err)
	cosigned(t, l, post, vkey)
}

// cosigned has somebody else's signer cosign the head, and us verify it.
func cosigned(t *testing.T, l *log, signer note.Signer, vkey string) {
	t.Helper()
	before := time.Now().Truncate(time.Second)
	signed, err := note.Sign(&note.Note{Text: string(l.head.Body())}, l.key, signer)
	must(t, err)
	head, err := ledger.ParseCheckpoint(signed, l.head.Origin, l.verifier)
	must(t, err)
	key, err := ledger.ParseCosignerKey(vkey)
	must(t, err)
	if at, ok := key.Verify(head); !ok || at.Before(before) || at.After(time.Now()) {
		t.Errorf("%s: %v, %t", signer.Name(), at, ok)
	}
	head.Root[0] ^= 1
	if _, ok := key.Verify(head); ok {
		t.Errorf("%s: verifies for another root", signer.Name())
	}
}

// TestPoliciesTravel holds a checkpoint of ours, cosigned by two of three
// witnesses, against the policies of others.
func TestPoliciesTravel(t *testing.T) {
	l := newLog(t, "north.example", "policies")
	l.say(20)
	l.cut([32]byte{})
	policy := "log " + l.vkey + "\n"
	for i, name := range []string{"w1", "w2", "w3"} {
		key, err := ledger.NewCosigningKey("witness.example/"+name, l.random)
		must(t, err)
		policy += "witness " + name + " " + key.VKey() + " https://witness.example/" + name + "\n"
		if i < 2 {
			line, err := key.Cosign(l.head, time.Unix(1_800_000_000, 0))
			must(t, err)
			l.head.Cosignatures = slices.Concat(l.head.Cosignatures, line)
		}
	}
	l.sign()
	for threshold, want := range map[string]bool{"1": true, "2": true, "3": false} {
		text := []byte(policy + "group all-of-us " + threshold + " w1 w2 w3\nquorum all-of-us\n")
		torchwoods, err := torchwood.ParsePolicy(text)
		must(t, err)
		if _, _, err := torchwood.VerifyCheckpoint(l.signed, torchwoods); (err == nil) != want {
			t.Errorf("torchwood, %s of 3: %v", threshold, err)
		}
		formats, err := f_witness.ParsePolicy(text)
		must(t, err)
		if formats.Satisfied(l.signed) != want {
			t.Errorf("formats, %s of 3: %t", threshold, !want)
		}
	}
}

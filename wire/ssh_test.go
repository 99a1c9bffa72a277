package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"heed"
	"heed/seal"
	"heed/seal/sshtest"
)

const (
	ruth = "north.example/officer/ruth"
	nils = "north.example/officer/nils"
)

// penOf is an officer's key on a token or in a file, by sshtest.
func penOf(t testing.TB, name, algorithm string) seal.SigningKey {
	t.Helper()
	held := sshtest.New(algorithm, name)
	ssh, err := seal.ParseSSHKey(held.Line())
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return seal.HeldElsewhere(key, func(text []byte) ([]byte, error) {
		return seal.ParseSSHSignature(held.Sign(sshtest.Namespace, string(text)), key)
	})
}

func namedSample(t testing.TB, kind heed.Kind) sample {
	t.Helper()
	for _, sample := range samples(t, readFormatVectors(t)) {
		if sample.s.Kind == kind {
			return sample
		}
	}
	t.Fatalf("no sample of kind %s", kind)
	return sample{}
}

func TestStatementsSignedBySSH(t *testing.T) {
	for _, algorithm := range seal.SSHAlgorithms() {
		pen := penOf(t, "south.example/officer/irina", algorithm)
		s := namedSample(t, heed.KindCall).s
		s.Author, s.Recipient = south, north
		s.Officers = []heed.OfficerStamp{{Role: heed.DutyOfficer}}
		signed, note, err := SignStatement(s, nodeOf(t, south), pen)
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
			continue
		}
		read, err := ParseStatement(note)
		if err != nil || !reflect.DeepEqual(read, signed) || read.Officers[0].Key != pen.Verifier().String() {
			t.Errorf("%s: read as %+v, %v", algorithm, read, err)
		}
		// The officer's line is of this text, and of this officer.
		text, lines, err := seal.SplitNote(note, MaxStatementText, MaxSignatures)
		if err != nil {
			t.Fatal(err)
		}
		other, err := penOf(t, "south.example/officer/other", algorithm).Sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		earlier, err := pen.Sign([]byte("heed-statement/v1\nkind: outcome\n"))
		if err != nil {
			t.Fatal(err)
		}
		for what, signature := range map[string][]byte{"of another officer": other, "over another text": earlier} {
			lines[1].Signature = signature
			forged, err := seal.JoinNote(text, lines)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParseStatement(forged); !errors.Is(err, seal.ErrSignature) {
				t.Errorf("%s, a signature %s: %v", algorithm, what, err)
			}
		}
	}
}

// An SSH key signs for a person: a machine's place in a text it does not take.
func TestSSHKeyIsNoMachines(t *testing.T) {
	pen := penOf(t, NodeKeyName(south), seal.SSHEd25519)
	s := namedSample(t, heed.KindReceipt).s
	if _, _, err := SignStatement(s, pen); !errors.Is(err, ErrMalformed) {
		t.Errorf("a node's: %v", err)
	}
	if _, err := SignRoster(Roster{Party: south, Serial: 1, Time: at(0)}, pen); !errors.Is(err, ErrMalformed) && !errors.Is(err, seal.ErrKeyType) {
		t.Errorf("a roster's: %v", err)
	}
}

func TestRosterWithSSHKeys(t *testing.T) {
	var officers []heed.Officer
	names := []string{"bea", "cyr", "dag", "eva"}
	for i, algorithm := range seal.SSHAlgorithms() {
		name := OfficerKeyName(north, heed.OfficerID(names[i]))
		officers = append(officers, heed.Officer{ID: heed.OfficerID(names[i]), Roles: []heed.Role{heed.Drafter, heed.Releaser}, Key: penOf(t, name, algorithm).Verifier().String()})
	}
	officers = append(officers, heed.Officer{ID: "fay", Roles: []heed.Role{heed.Auditor}, Key: testKey(t, "north.example/officer/fay").Verifier().String(), Removed: true})
	roster := Roster{Party: north, Serial: 3, Time: at(0), Officers: officers}
	note, err := SignRoster(roster, nodeOf(t, north))
	if err != nil {
		t.Fatal(err)
	}
	roster.Node = nodeOf(t, north).Verifier().String()
	if read, err := ParseRoster(note); err != nil || !reflect.DeepEqual(read, roster) {
		t.Errorf("read as %+v, %v", read, err)
	}
	// One key is one person's, in whichever form it stands.
	twin := sshtest.New(sshtest.Ed25519, OfficerKeyName(north, "bea"))
	ssh, err := seal.ParseSSHKey(twin.Line())
	if err != nil {
		t.Fatal(err)
	}
	same, err := ssh.Named(OfficerKeyName(north, "gus"))
	if err != nil {
		t.Fatal(err)
	}
	roster.Officers = append(officers, heed.Officer{ID: "gus", Roles: []heed.Role{heed.Drafter}, Key: same.String()})
	if _, err := SignRoster(roster, nodeOf(t, north)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a key under two names: %v", err)
	}
}

// draftedRelease is a release of what somebody drafted who signed the draft.
func draftedRelease(t testing.TB) heed.Release {
	rel := heed.Release{
		Author: north, Kind: heed.KindWarning, Time: at(60), Nonce: digestOf("nonce"), Contents: []heed.ContentRef{documentRef},
		Check: digestOf("form"), Officers: []heed.OfficerStamp{{Role: heed.Releaser}},
	}
	var err error
	if rel.Drafted, err = SignDraft(rel, at(0), heed.Drafter, penOf(t, nils, seal.SSHTokenEd25519)); err != nil {
		t.Fatal(err)
	}
	return rel
}

func TestDraftedRelease(t *testing.T) {
	rel := draftedRelease(t)
	for _, releaser := range []seal.SigningKey{testKey(t, ben), penOf(t, ruth, seal.SSHTokenECDSA)} {
		signed, note, err := SignRelease(rel, releaser)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseRelease(note)
		if err != nil || !reflect.DeepEqual(read, signed) || !reflect.DeepEqual(read.Drafted, rel.Drafted) {
			t.Errorf("read as %+v, %v", read, err)
		}
		terms := heed.Accord{TwoOfficers: true}
		if err := terms.AdmitsRelease(read); err != nil {
			t.Error(err)
		}
		signers := read.Signers()
		if len(signers) != 2 || signers[0] != rel.Drafted.By || signers[1].Key != releaser.Verifier().String() {
			t.Errorf("signers %v", signers)
		}
		// What was drafted is not left out, or put in another's name.
		var drafted string
		for line := range strings.Lines(string(note)) {
			if strings.HasPrefix(line, "drafted: ") {
				drafted = line
			}
		}
		for what, changed := range map[string]string{
			"without it":   strings.Replace(string(note), drafted, "", 1),
			"in two lines": strings.Replace(string(note), drafted, drafted+drafted, 1),
			"another role": strings.Replace(string(note), drafted, strings.Replace(drafted, " drafter ", " supervisor ", 1), 1),
			"another time": strings.Replace(string(note), drafted, strings.Replace(drafted, ":00", ":01", 1), 1),
		} {
			if _, err := ParseRelease([]byte(changed)); !errors.Is(err, seal.ErrSignature) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// A release whose officers sign does not make up what somebody drafted.
func TestDraftedReleaseThatIsRefused(t *testing.T) {
	other := documentRef
	other.Digest = digestOf("another document")
	for what, change := range map[string]func(*heed.Release){
		"of another document": func(r *heed.Release) { r.Contents = []heed.ContentRef{other} },
		"of another kind":     func(r *heed.Release) { r.Kind, r.Of = heed.KindSupplement, heed.ReleaseID{1} },
		"at another time":     func(r *heed.Release) { r.Drafted.Time = at(1) },
		"in another role":     func(r *heed.Release) { r.Drafted.By.Role = heed.Supervisor },
		"in no role for it":   func(r *heed.Release) { r.Drafted.By.Role = heed.Auditor },
		"by another officer":  func(r *heed.Release) { r.Drafted.By.Key = penOf(t, ruth, seal.SSHEd25519).Verifier().String() },
		"by another party's":  func(r *heed.Release) { r.Drafted.By.Key = testKey(t, cleo).Verifier().String() },
		"by a node":           func(r *heed.Release) { r.Drafted.By.Key = nodeOf(t, north).Verifier().String() },
		"by nobody":           func(r *heed.Release) { r.Drafted.Signature = nil },
		"longer":              func(r *heed.Release) { r.Drafted.Signature = append(r.Drafted.Signature, 0) },
		"released by one who may not": func(r *heed.Release) {
			r.Officers = []heed.OfficerStamp{{Role: heed.Drafter}}
		},
	} {
		rel := draftedRelease(t)
		change(&rel)
		if _, _, err := SignRelease(rel, testKey(t, ben)); !errors.Is(err, seal.ErrSignature) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := SignRelease(draftedRelease(t), penOf(t, nils, seal.SSHTokenEd25519)); !errors.Is(err, ErrMalformed) {
		t.Errorf("released by who drafted it: %v", err)
	}
	if _, _, err := SignRelease(draftedRelease(t), penOf(t, nils, seal.SSHEd25519)); !errors.Is(err, ErrMalformed) {
		t.Errorf("released by who drafted it, with another key: %v", err)
	}
	reader := draftedRelease(t)
	var err error
	if reader.Drafted, err = SignDraft(reader, at(0), heed.Auditor, penOf(t, nils, seal.SSHTokenEd25519)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := SignRelease(reader, testKey(t, ben)); !errors.Is(err, ErrMalformed) {
		t.Errorf("drafted in a role that drafts nothing: %v", err)
	}
	// A signature on the release itself is none on the draft, and the other way round.
	rel := draftedRelease(t)
	pen := penOf(t, nils, seal.SSHTokenEd25519)
	if rel.Drafted.Signature, err = pen.Sign([]byte(ReleaseText(rel))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := SignRelease(rel, testKey(t, ben)); !errors.Is(err, seal.ErrSignature) {
		t.Errorf("the drafter signed another text: %v", err)
	}
}

// The form of a draft's signature has one spelling, and a release with it too.
func FuzzParseDraftedRelease(f *testing.F) {
	rel := draftedRelease(f)
	_, note, err := SignRelease(rel, testKey(f, ben))
	if err != nil {
		f.Fatal(err)
	}
	text, _, err := seal.SplitNote(note, MaxStatementText, MaxSignatures)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(strings.Replace(text, " drafter ", " releaser ", 1))
	f.Fuzz(func(t *testing.T, text string) {
		if read, err := parseReleaseText(text); err == nil && ReleaseText(read) != text {
			t.Fatalf("written again as %q", ReleaseText(read))
		}
	})
}

// A draft names the accord, and not the version that is in force when it is
// released: it stands when the accord is amended meanwhile.
func TestDraftedUnderAnAccord(t *testing.T) {
	rel := draftedRelease(t)
	rel.Accord, rel.Version = heed.AccordID{1}, heed.VersionID{2}
	var err error
	if rel.Drafted, err = SignDraft(rel, at(0), heed.Drafter, penOf(t, nils, seal.SSHTokenEd25519)); err != nil {
		t.Fatal(err)
	}
	if text := DraftText(rel); !strings.Contains(text, "\naccord: "+rel.Accord.String()+"\ntime: ") {
		t.Errorf("the drafter signs %q", text)
	}
	rel.Version = heed.VersionID{3}
	signed, note, err := SignRelease(rel, testKey(t, ben))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ParseRelease(note); err != nil || !reflect.DeepEqual(read, signed) || read.Version != rel.Version {
		t.Errorf("read as %+v, %v", read, err)
	}
	for _, accord := range []heed.AccordID{{}, {9}} {
		other := rel
		if other.Accord = accord; accord.IsZero() {
			other.Version = heed.VersionID{}
		}
		if _, _, err := SignRelease(other, testKey(t, ben)); !errors.Is(err, seal.ErrSignature) {
			t.Errorf("what was drafted under an accord is released under %q: %v", accord, err)
		}
	}
}

// draftedExample is the draft and the release that docs/formats.md shows.
func draftedExample(t testing.TB) (draft, note, id string) {
	t.Helper()
	signed, data, err := SignRelease(draftedRelease(t), testKey(t, ben))
	if err != nil {
		t.Fatal(err)
	}
	return DraftText(signed), string(data), signed.ID.String()
}

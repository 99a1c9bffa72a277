package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// document is a small warning document, with its salt.
func document(t testing.TB) Content {
	t.Helper()
	w := heed.Warning{
		Headline: "A man may travel to the fair", Language: "en", Narratives: []heed.Narrative{{Language: "en", Text: "He was seen to prepare for it."}},
		Category: heed.Categories()[0], Urgency: heed.UrgencyImmediate, Severity: heed.Severities()[0], Certainty: heed.Certainties()[0], Status: heed.StatusActual,
		Handling: heed.Handling{TLP: heed.TLPAmber},
	}
	data, err := wire.EncodeWarning(w, strings.NewReader(strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 100)))
	if err != nil {
		t.Fatal(err)
	}
	return Content{Salt: [32]byte{8}, Data: data}
}

func ref(t testing.TB, media, name string, c Content) heed.ContentRef {
	t.Helper()
	d, err := wire.ContentDigest(media, c.Salt, c.Data)
	if err != nil {
		t.Fatal(err)
	}
	return heed.ContentRef{Digest: d, Size: int64(len(c.Data)), MediaType: media, Name: name}
}

// heeded is a scene in which north warned, south assessed, and everything was
// received and witnessed, with the evidence of all of it.
func heeded(t testing.TB) (*scene, *piece, *piece, Bundle) {
	t.Helper()
	return heededIn(t, newScene(t))
}

// heededIn is heeded in a scene whose officers may hold their keys.
func heededIn(t testing.TB, sc *scene) (*scene, *piece, *piece, Bundle) {
	t.Helper()
	doc, note := document(t), Content{Salt: [32]byte{7}, Data: []byte("We look into it.\nSecond line.")}
	attachment := Content{Salt: [32]byte{6}, Data: []byte("%PDF")}
	after := sc.cosigned(sc.north.log.cut())
	sc.wait(time.Minute)
	warning := sc.north.say(heed.KindWarning, sc.south, nil, nil, func(s *heed.Statement) {
		s.Urgency, s.Status, s.After = heed.UrgencyImmediate, heed.StatusActual, sha256.Sum256(after)
		s.Contents = []heed.ContentRef{ref(t, heed.MediaWarning, "", doc), ref(t, "application/pdf", "map.pdf", attachment)}
	})
	sent := sc.north.log.slot(warning, warning.key, ledger.SlotSent, warning.ID)
	sc.wait(time.Second)
	received := sc.south.receives(warning, sc.north)
	sc.wait(time.Hour)
	assessment := sc.south.say(heed.KindAssessment, sc.north, warning, []*piece{warning}, func(s *heed.Statement) {
		s.Disposition = heed.NotCredible
		s.Contents = []heed.ContentRef{ref(t, heed.MediaText, "", note)}
	})
	sc.south.log.slot(assessment, warning.key, ledger.SlotAcknowledge, warning.ID)
	at := sc.south.log.slot(assessment, warning.key, ledger.SlotAssess, warning.ID)
	sc.wait(time.Second)
	answered := sc.north.receives(assessment, sc.south)
	north, south := sc.cosigned(sc.north.log.cut()), sc.cosigned(sc.south.log.cut())
	return sc, warning, assessment, Bundle{
		Claims:      []Claim{{Kind: ClaimSteps, Case: warning.CaseID()}},
		Cards:       [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements:  []Statement{warning.part(), received.bare(), assessment.part(), answered.bare()},
		Releases:    [][]byte{warning.release},
		Contents:    []Content{doc, note},
		Checkpoints: [][]byte{after},
		Leaves:      []Leaf{sc.north.log.leaf(sent, north), sc.south.log.leaf(at, south)},
	}
}

func TestSteps(t *testing.T) {
	sc, warning, assessment, b := heeded(t)
	report := sc.verify(b)
	if !report.Holds() || len(report.Verdicts) != 2 || len(report.Cases) != 1 {
		t.Fatalf("%+v", report)
	}
	for i, duty := range []heed.DutyKind{heed.DutyAcknowledge, heed.DutyAssess} {
		v := report.Verdicts[i]
		if v.Verdict != Answered || v.Duty != duty || v.Late || // it was signed exactly when the acknowledgement was due
			v.Answer != assessment.ID.String() {
			t.Errorf("%+v", v)
		}
	}
	c := report.Cases[0]
	if c.Code != warning.CaseCode() || c.Warner != sc.north.id || c.Warned != sc.south.id || len(c.Steps) != 2 {
		t.Fatalf("%+v", c)
	}
	first, second := c.Steps[0], c.Steps[1]
	switch {
	case !first.NotBefore.Equal(begins.Add(2*time.Second)) || !first.NotAfter.Equal(sc.now.Add(time.Second)):
		t.Errorf("bounds %s, %s", first.NotBefore, first.NotAfter)
	case !first.Received.Equal(warning.Time.Add(time.Second)) || len(first.Duties) != 2 || len(first.Missing) != 0:
		t.Errorf("%+v", first)
	case len(first.Officers) != 1 || first.Officers[0] != (Officer{"anna", heed.Supervisor}):
		t.Errorf("officers %+v", first.Officers)
	case len(first.Contents) != 2 || !first.Contents[0].Open || first.Contents[0].Closed != 0 || len(first.Contents[0].Fields) == 0 || first.Contents[1].Open:
		t.Errorf("contents %+v", first.Contents)
	case second.Says != "not-credible" || second.Contents[0].Text != "We look into it.\nSecond line." || len(second.Missing) != 1:
		t.Errorf("%+v", second)
	}
}

// Two fields of a warning are opened, and the rest is counted.
func TestFieldsOpened(t *testing.T) {
	sc, _, _, b := heeded(t)
	some, err := wire.Disclose(b.Contents[0].Data, "headline", "urgency")
	sc.must(err)
	b.Contents = []Content{{Salt: b.Contents[0].Salt, Data: some}}
	opened := sc.verify(b).Cases[0].Steps[0].Contents[0]
	if !opened.Open || len(opened.Fields) != 2 || opened.Fields[0] != (Field{"headline", `"A man may travel to the fair"`}) || opened.Closed == 0 {
		t.Errorf("%+v", opened)
	}
	// Another document, or the right one under another salt, opens nothing.
	b.Contents[0].Salt[0]++
	if opened := sc.verify(b).Cases[0].Steps[0].Contents[0]; opened.Open || opened.Fields != nil {
		t.Errorf("%+v", opened)
	}
}

// Of two openings of one document the one that shows more is shown, whatever
// the order of the files.
func TestUnionOfOpenings(t *testing.T) {
	sc, _, _, b := heeded(t)
	some, err := wire.Disclose(b.Contents[0].Data, "headline")
	sc.must(err)
	less := b
	less.Contents = []Content{{Salt: b.Contents[0].Salt, Data: some}}
	for _, files := range [][]Bundle{{b, less}, {less, b}} {
		if opened := sc.verify(files...).Cases[0].Steps[0].Contents[0]; opened.Closed != 0 {
			t.Errorf("%+v", opened)
		}
	}
}

func TestStepsThatDoNotHold(t *testing.T) {
	sc, warning, assessment, b := heeded(t)
	without := b
	without.Statements = b.Statements[1:]
	sc.only(sc.verify(without), CannotTell)

	forged := assessment.Statement
	forged.Officers = slices.Clone(forged.Officers)
	s, note, err := wire.SignStatement(forged, sc.key("south.example/node", "a forger"), sc.south.officer)
	sc.must(err)
	strange := b
	strange.Statements = append(slices.Clone(b.Statements), Statement{Note: note})
	v := sc.only(sc.verify(strange), UnknownSigner)
	if v.Statement != s.ID.String() {
		t.Errorf("%+v", v)
	}
	if n := len(sc.verify(strange).Cases[0].Steps); n != 2 {
		t.Errorf("%d steps, the forged one among them", n)
	}
	_ = warning
}

// Signature lines stripped, added, exchanged; keys that are another's; texts
// with a word changed: damage, and no verdict at all.
func TestTampering(t *testing.T) {
	sc, warning, assessment, b := heeded(t)
	swap := func(note []byte, old, new string) []byte {
		out := bytes.Replace(note, []byte(old), []byte(new), 1)
		if bytes.Equal(out, note) {
			t.Fatalf("%q is not in the note", old)
		}
		return out
	}
	lines := func(note []byte) (text string, all []seal.NoteSignature) {
		text, all, err := seal.SplitNote(note, wire.MaxStatementText, 64)
		sc.must(err)
		return text, all
	}
	rejoin := func(text string, all []seal.NoteSignature) []byte {
		out, err := seal.JoinNote(text, all)
		sc.must(err)
		return out
	}
	text, signed := lines(assessment.note)
	_, other := lines(warning.release)
	stray, err := sc.witnesses[0].Cosign(ledger.Checkpoint{Origin: "x.example/v1", Size: 0, Root: sha256.Sum256(nil)}, sc.now)
	sc.must(err)
	for name, change := range map[string]func(b *Bundle){
		"officer's line stripped": func(b *Bundle) { b.Statements[2].Note = rejoin(text, signed[:1]) },
		"node's line stripped":    func(b *Bundle) { b.Statements[2].Note = rejoin(text, signed[1:]) },
		"lines exchanged":         func(b *Bundle) { b.Statements[2].Note = rejoin(text, []seal.NoteSignature{signed[1], signed[0]}) },
		"a line added":            func(b *Bundle) { b.Statements[2].Note = rejoin(text, append(slices.Clone(signed), other...)) },
		"a word changed":          func(b *Bundle) { b.Statements[2].Note = swap(assessment.note, "not-credible", "credible") },
		"another statement's key": func(b *Bundle) { b.Statements[0].Key = b.Statements[2].Key },
		"a key out of the air":    func(b *Bundle) { b.Statements[0].Key = &ledger.Key{1} },
		"a release's line exchanged": func(b *Bundle) {
			b.Releases[0] = rejoin(string(bytes.SplitAfter(b.Releases[0], []byte("\n\n"))[0][:bytes.Index(b.Releases[0], []byte("\n\n"))+1]), signed[1:])
		},
		"a card with a word changed": func(b *Bundle) {
			b.Cards[1] = swap(b.Cards[1], "publication-delay: 60000ms", "publication-delay: 60001ms")
		},
		"a header that is none":    func(b *Bundle) { b.Headers = [][]byte{b.Cards[0]} },
		"a card that is a release": func(b *Bundle) { b.Cards[0] = b.Releases[0] },
		"a head with another root": func(b *Bundle) { b.Checkpoints[0] = swap(b.Checkpoints[0], "\n16\n", "\n32\n") },
		"a head without its signature": func(b *Bundle) {
			first := bytes.Index(b.Checkpoints[0], []byte("— north"))
			next := first + bytes.IndexByte(b.Checkpoints[0][first:], '\n') + 1
			b.Checkpoints[0] = slices.Concat(b.Checkpoints[0][:first], b.Checkpoints[0][next:])
		},
		"a cosignature twice": func(b *Bundle) {
			last := bytes.LastIndex(b.Checkpoints[0], []byte("— "))
			b.Checkpoints[0] = append(slices.Clone(b.Checkpoints[0]), b.Checkpoints[0][last:]...)
		},
		"another leaf":        func(b *Bundle) { b.Leaves[0].Leaf = b.Leaves[1].Leaf },
		"a leaf's other head": func(b *Bundle) { b.Leaves[0].Proof = b.Leaves[1].Proof },
		"a map of a leaf":     func(b *Bundle) { b.Maps = []Map{{Leaf: b.Leaves[0].Leaf, Proof: b.Leaves[0].Proof}} },
		"an insertion of noise": func(b *Bundle) {
			b.Insertions = []Insertion{{Path: []byte("noise")}}
		},
	} {
		broken := b
		broken.Cards, broken.Statements, broken.Releases = slices.Clone(b.Cards), slices.Clone(b.Statements), slices.Clone(b.Releases)
		broken.Checkpoints, broken.Leaves = slices.Clone(b.Checkpoints), slices.Clone(b.Leaves)
		change(&broken)
		if _, err := Verify(sc.policy(), sc.encode(broken)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A strange cosignature line is allowed to stand there. It counts for nothing.
	added := b
	added.Checkpoints = [][]byte{append(slices.Clone(b.Checkpoints[0]), bytes.Replace(stray, []byte("w1.example/key"), []byte("x.example/key"), 1)...)}
	report := sc.verify(added)
	if !report.Holds() || !report.Cases[0].Steps[0].NotBefore.IsZero() { // it is not the note that the warning names
		t.Errorf("%+v", report.Cases[0].Steps[0])
	}
}

// A path that leads to another root, and one of another tag, are damage.
func TestTamperedPaths(t *testing.T) {
	sc, warning, _, cert := warned(t)
	for name, change := range map[string]func(m *Map){
		"another tag's": func(m *Map) { m.Paths[0].Path, m.Paths[1].Path = m.Paths[1].Path, m.Paths[0].Path },
		"a bit of it":   func(m *Map) { m.Paths[1].Path[len(m.Paths[1].Path)-1] ^= 1 },
		"none at all":   func(m *Map) { m.Paths[1].Path = nil },
		"the other ledger's": func(m *Map) {
			m.Paths[1] = sc.north.log.proof(sc.north.log.cut(), warning.tag(ledger.SlotAssess)).Paths[0]
		},
	} {
		broken := cert
		broken.Maps = slices.Clone(cert.Maps)
		broken.Maps[0].Paths = slices.Clone(cert.Maps[0].Paths)
		for i, p := range broken.Maps[0].Paths {
			broken.Maps[0].Paths[i].Path = bytes.Clone(p.Path)
		}
		change(&broken.Maps[0])
		if _, err := Verify(sc.policy(), sc.encode(broken)); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each bit and byte of a certificate, changed: the hash at its end finds it. And
// where whoever changed it made the hash anew, signatures and proofs do: never
// is there another verdict that holds, and never a panic.
func TestEveryByteFlipped(t *testing.T) {
	sc, _, _, cert := warned(t)
	whole := sc.encode(cert)
	policy := sc.policy()
	for at := range whole {
		broken := bytes.Clone(whole)
		broken[at] ^= 0xff
		if _, err := Verify(policy, broken); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	body := len(whole) - sha256.Size
	// Some of the bytes will do: a signature is over all of a text, a hash over all of a proof.
	maps := bytes.Index(whole, cert.Maps[0].Proof)
	sound, found := 0, map[Finding]int{}
	for at := len(bundleFirst); at < body; at++ {
		if at < maps && at > 300 && at%16 != 0 || at > maps && at%2 != 0 {
			continue
		}
		broken := bytes.Clone(whole)
		broken[at] ^= 1 << (at % 8)
		sum := sha256.Sum256(broken[:body])
		copy(broken[body:], sum[:])
		report, err := Verify(policy, broken)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("byte %d: %v", at, err)
			}
			continue
		}
		sound++
		for _, v := range report.Verdicts {
			found[v.Verdict]++
			// Cosignature lines carry whole bits that say nothing, as those of a name that nobody knows: three witnesses are left.
			if v.Holds() && (v.Verdict != Silent || v.Duty != heed.DutyAssess) && v.Verdict != DeliveryNotShown {
				t.Fatalf("byte %d: %+v", at, v)
			}
			if v.Verdict == Silent && v.AsOf.After(sc.now.Add(2*time.Second)) {
				t.Fatalf("byte %d: as of %s", at, v.AsOf)
			}
		}
	}
	t.Logf("%d bytes, of which %d changed leave a sound file: %v", len(whole), sound, found)
}

func TestVerifyTakesASoundPolicyAndAFile(t *testing.T) {
	sc, _, _, cert := warned(t)
	if _, err := Verify(Policy{}, sc.encode(cert)); !errors.Is(err, ErrPolicy) {
		t.Errorf("no policy: %v", err)
	}
	broken := sc.policy()
	broken.Groups[0].Quorum.S = 2
	if _, err := Verify(broken, sc.encode(cert)); !errors.Is(err, ErrPolicy) {
		t.Errorf("a quorum that proves nothing: %v", err)
	}
	if _, err := Verify(sc.policy()); !errors.Is(err, ErrDamaged) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Verify(sc.policy(), sc.south.cards[0]); !errors.Is(err, ErrDamaged) {
		t.Errorf("nothing but a card: %v", err)
	}
}

// The JSON is what scripts rely on (docs/cli.md).
func TestReportJSON(t *testing.T) {
	sc, _, _, cert := warned(t)
	out, err := json.Marshal(sc.verify(cert))
	sc.must(err)
	var read struct {
		Verdicts []struct {
			Verdict, Duty, AsOf, Due string
			Late                     *bool
		}
	}
	sc.must(json.Unmarshal(out, &read))
	v := read.Verdicts[0]
	if v.Verdict != "silent" || v.Duty != "assess" || v.AsOf != "2026-11-23T07:00:02.000Z" || v.Due != "2026-11-23T05:00:01.000Z" || v.Late == nil || !*v.Late {
		t.Errorf("%s", out)
	}
	var again Report
	sc.must(json.Unmarshal(out, &again))
	if !again.Verdicts[0].Due.Equal(begins.Add(8*time.Hour+time.Second)) || !again.Verdicts[0].Received.Equal(begins.Add(time.Second)) {
		t.Errorf("%+v", again.Verdicts[0])
	}
}

func TestReportText(t *testing.T) {
	sc, warning, _, cert := warned(t)
	var out strings.Builder
	report := sc.verify(cert)
	sc.must(report.Text(&out, Layout{}))
	headline := "No assessment on record as of 2026-11-23 07:00:02Z: south.example owes\n  north.example an assessment, due 2026-11-23 05:00:01Z.\n"
	for _, want := range []string{
		headline,
		"  Case " + warning.CaseCode().Spoken() + "\n",
		"  Witnessed by: w1, w2, w3, w4\n",
		"north.example: card 1, which the policy pins\n  " + report.Parties[0].Fingerprint + "\n",
		"watched by 4 witnesses of group neutral",
		"received by south.example 2026-11-22 21:00:01Z\n",
		"acknowledgement due ",
		"\n- " + headline + "This evidence holds: what it claims is proven.\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	sc, _, _, steps := heeded(t)
	out.Reset()
	sc.must(sc.verify(steps).Text(&out, Layout{}))
	for _, want := range []string{"Answered by ", "      by anna, supervisor\n", "        headline: \"A man may travel to the fair\"\n", "map.pdf (application/pdf), 4 bytes: closed\n", "        Second line.\n", "assessment (not-credible) of south.example"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if strings.Contains(strings.ToLower(out.String()), "silen") || strings.Contains(out.String(), "prevented") {
		t.Errorf("words that people should not read:\n%s", &out)
	}
	if visible("a\x1b[2J\u202eb\n") != "a\uFFFD[2J\uFFFDb\uFFFD" {
		t.Error("controls are shown")
	}
	for _, f := range []Finding{Silent, Answered, LoggedNotDelivered, PromisedNotPublished, NeverAccepted, DeliveryNotShown, Recalled, LedgerInconsistency, CannotTell, UnknownSigner} {
		if line := (Verdict{Verdict: f, OwedBy: "south.example", OwedTo: "north.example", Duty: heed.DutyAssess}).Headline(Layout{}); line == "" || strings.Contains(line, "silen") {
			t.Errorf("%s: %q", f, line)
		}
	}
}

// FuzzVerify gives Verify whole files with a right hash: whatever stands in
// them, it ends with an error or a report.
func FuzzVerify(f *testing.F) {
	sc, _, _, cert := warned(f)
	policy := sc.policy()
	whole := sc.encode(cert)
	f.Add(whole[:len(whole)-sha256.Size])
	_, _, _, steps := heeded(f)
	whole = sc.encode(steps)
	f.Add(whole[:len(whole)-sha256.Size])
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		report, err := Verify(policy, append(slices.Clone(body), sum[:]...))
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		if err == nil && len(report.Verdicts) == 0 && len(report.Cases) == 0 {
			t.Fatal("a sound file about nothing")
		}
	})
}

// What is no real event stands visibly apart; who is not pinned is said to be
// nobody.
func TestReportTextSaysWhatItIsNot(t *testing.T) {
	sc := newScene(t)
	drill := sc.north.say(heed.KindQuestion, sc.south, nil, nil, func(s *heed.Statement) {
		s.Urgency, s.Status, s.Contents = heed.UrgencyImmediate, heed.StatusExercise, []heed.ContentRef{text}
	})
	interim := sc.south.say(heed.KindInterim, sc.north, drill, []*piece{drill}, func(s *heed.Statement) { s.By = begins.Add(time.Hour) })
	b := steps(drill, interim)
	b.Cards = [][]byte{sc.north.cards[0], sc.south.cards[0]}
	show := func(policy Policy) string {
		var out strings.Builder
		sc.must(sc.verifyBy(policy, b).Text(&out, Layout{}))
		return out.String()
	}
	out := show(sc.policy())
	for _, want := range []string{"north.example to south.example, EXERCISE\n", "interim (by 2026-11-22 22:00:00Z) of south.example", "Nothing is claimed but the steps below.\n", "no receipt", "Proven is who said what, and when."} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	policy := sc.policy()
	policy.Parties = policy.Parties[:1]
	if out := show(policy); !strings.Contains(out, "south.example: not in the policy\n") || !strings.Contains(out, "Unknown signer") || !strings.Contains(out, "does NOT hold") {
		t.Error(out)
	}
	b.Cards = b.Cards[:1]
	if out := show(sc.policy()); !strings.Contains(out, "south.example: the card that the policy pins is not in the evidence") {
		t.Error(out)
	}
}

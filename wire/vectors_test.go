package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/seal"
)

// formatVectors were made by testdata/vectors.py, which shares nothing with
// this package.
type formatVectors struct {
	Keys       []struct{ Name, Seed, Public string }
	Statements []noteVector
	Releases   []noteVector
	Cards      []noteVector
	Rosters    []noteVector
	Refusals   []noteVector
	Collects   []noteVector
	Figures    []noteVector
	Hits       []struct{ Name, Text string }
	Envelopes  []bytesVector
	Parts      []bytesVector
	Gaps       []bytesVector
	Refused    []struct{ Name, Type, Note string }
}

type noteVector struct{ Name, ID, Signed, Note string }

type bytesVector struct{ Name, Hex string }

func (v bytesVector) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readFormatVectors(t testing.TB) formatVectors {
	t.Helper()
	text, err := os.ReadFile("testdata/format-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v formatVectors
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func noteNamed(t testing.TB, of []noteVector, name string) noteVector {
	t.Helper()
	for _, v := range of {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("there is no vector %q", name)
	return noteVector{}
}

func digestOf(words string) heed.Digest { return sha256.Sum256([]byte(words)) }

func vectorID(t testing.TB, of []noteVector, name string) heed.Digest {
	t.Helper()
	d, err := heed.ParseDigest(noteNamed(t, of, name).ID)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// testKey is the key of that name in the vectors.
func testKey(t testing.TB, name string) seal.SigningKey {
	t.Helper()
	seed := sha256.Sum256([]byte("seed of " + name))
	key, err := seal.NewSigningKey(bytes.NewReader(seed[:]), name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func nodeOf(t testing.TB, p heed.PartyID) seal.SigningKey { return testKey(t, NodeKeyName(p)) }

const (
	north = heed.PartyID("north.example")
	south = heed.PartyID("south.example")
	west  = heed.PartyID("west.example") // depositary of north
	anna  = "north.example/officer/anna"
	ben   = "north.example/officer/ben"
	cleo  = "south.example/officer/cleo"
	dario = "south.example/officer/dario"
)

func at(seconds int, millis ...int) time.Time {
	t := time.Date(2026, 11, 22, 21, 0, seconds, 0, time.UTC)
	for _, m := range millis {
		t = t.Add(time.Duration(m) * time.Millisecond)
	}
	return t
}

var (
	documentRef = heed.ContentRef{Digest: digestOf("the warning document"), Size: 1234, MediaType: heed.MediaWarning}
	reportRef   = heed.ContentRef{Digest: digestOf("the field report"), Size: 20480, MediaType: "application/pdf", Name: "Bericht über das Treffen.pdf"}
	bundleRef   = heed.ContentRef{Digest: digestOf("the bundle"), Size: 77, MediaType: "application/stix+json;version=2.1", Name: "bundle.json"}
	wordsRef    = heed.ContentRef{Digest: digestOf("the words"), Size: 17, MediaType: heed.MediaText}
)

// sample is a statement of the vectors as a program would make it.
type sample struct {
	name     string
	s        heed.Statement
	officers []string
}

// samples has every kind, and every line that a kind may have.
func samples(t testing.TB, v formatVectors) []sample {
	t.Helper()
	id := func(name string) heed.StatementID { return heed.StatementID(vectorID(t, v.Statements, name)) }
	rel := func(name string) heed.ReleaseID { return heed.ReleaseID(vectorID(t, v.Releases, name)) }
	ids := func(names ...string) []heed.StatementID {
		var all []heed.StatementID
		for _, name := range names {
			all = append(all, id(name))
		}
		slices.SortFunc(all, func(a, b heed.StatementID) int { return bytes.Compare(a[:], b[:]) })
		return all
	}
	warning := id("warning")
	var all []sample
	add := func(name string, kind heed.Kind, author heed.PartyID, seconds int, s heed.Statement, signers ...string) {
		s.Kind, s.Author, s.AuthorCard, s.Recipient, s.RecipientCard = kind, author, 1, south, 3
		if author == south {
			s.Recipient = north
		}
		s.Time = at(seconds, seconds%1000)
		if s.TagKey.IsZero() {
			s.TagKey = heed.Digest(ledger.KeyDigest(ledger.Key(digestOf("K of " + name))))
		}
		if s.Status == "" {
			s.Case = heed.CaseID(warning)
		}
		var keys []string
		for _, signer := range signers {
			role, key, _ := strings.Cut(signer, " ")
			s.Officers = append(s.Officers, heed.OfficerStamp{Role: heed.Role(role)})
			keys = append(keys, key)
		}
		all = append(all, sample{name, s, keys})
	}
	add("warning", heed.KindWarning, north, 1, heed.Statement{Contents: []heed.ContentRef{documentRef, reportRef}, Release: rel("warning"),
		Urgency: heed.UrgencyImmediate, Status: heed.StatusActual, AsksAnswer: true})
	add("supplement", heed.KindSupplement, north, 601, heed.Statement{Previous: warning, Answers: ids("warning"), After: digestOf("a checkpoint"),
		Contents: []heed.ContentRef{documentRef, bundleRef}, Release: rel("supplement"), Urgency: heed.UrgencyExpected})
	add("correction", heed.KindCorrection, north, 1201, heed.Statement{Previous: id("supplement"), Answers: ids("warning"),
		Contents: []heed.ContentRef{documentRef}, Release: rel("correction"), Urgency: heed.UrgencyPast})
	add("recall", heed.KindRecall, north, 1801, heed.Statement{Previous: id("correction"), Answers: ids("warning"), Release: rel("recall")})
	add("receipt", heed.KindReceipt, south, 2, heed.Statement{Answers: ids("warning"), TagKey: heed.Digest(ledger.KeyDigest(ledger.Key(digestOf("K of warning")))),
		Number: 7, Received: at(2, 2), Ledger: testKey(t, "south.example/v1").Verifier().String(), Terms: heed.CardID(vectorID(t, v.Cards, "first")), PublishBy: at(2, 102),
		Duties: []heed.Promise{{Kind: heed.DutyAcknowledge, Due: at(4, 2)}, {Kind: heed.DutyAssess, Due: at(10, 2)}, {Kind: heed.DutyAnswer, Due: at(10, 2)}}})
	add("receipt that rungs owe", heed.KindReceipt, south, 2, heed.Statement{Answers: ids("warning"), TagKey: heed.Digest(ledger.KeyDigest(ledger.Key(digestOf("K of warning")))),
		Number: 8, Received: at(2, 2), Ledger: testKey(t, "south.example/v1").Verifier().String(), Terms: heed.CardID(vectorID(t, v.Cards, "first")), PublishBy: at(2, 102),
		Duties: []heed.Promise{{Kind: heed.OfRung(1), Due: at(4, 2)}, {Kind: heed.OfRung(8), Due: at(4, 2)}, {Kind: heed.DutyAssess, Due: at(10, 2)}}})
	add("opening", heed.KindOpening, south, 30, heed.Statement{Answers: ids("warning")}, "duty-officer "+cleo)
	add("acknowledgement", heed.KindAcknowledgement, south, 60, heed.Statement{Previous: id("opening"), Answers: ids("warning", "supplement"), NoPrejudice: true}, "duty-officer "+cleo)
	add("acknowledgement for a rung", heed.KindAcknowledgement, south, 60, heed.Statement{Previous: id("opening"), Answers: ids("warning"), Level: 2, Role: "head-of-desk"}, "duty-officer "+cleo)
	add("assessment", heed.KindAssessment, south, 90, heed.Statement{Previous: id("acknowledgement"), Answers: ids("warning"), Contents: []heed.ContentRef{wordsRef},
		Disposition: heed.PartlyCredible, Duties: []heed.Promise{{Kind: heed.DutyReport, Due: at(3690, 90)}, {Kind: heed.DutyConclude, Due: at(7290, 90)}}}, "assessor "+cleo)
	add("assessment without duties", heed.KindAssessment, south, 90, heed.Statement{Previous: id("acknowledgement"), Answers: ids("correction"), Disposition: heed.CannotAssess}, "supervisor "+dario)
	add("refusal", heed.KindRefusal, south, 91, heed.Statement{Previous: id("acknowledgement"), Answers: ids("warning"), Contents: []heed.ContentRef{wordsRef}, Code: heed.CharacterBar}, "duty-officer "+cleo)
	add("notification", heed.KindNotification, south, 3, heed.Statement{Answers: ids("warning"), Role: "duty-desk", Via: "mail"})
	add("notification of what is overdue", heed.KindNotification, south, 5000, heed.Statement{Previous: id("opening"), Answers: ids("warning"), Level: 8, Role: "head-of-service", Via: "chat-2",
		Duties: []heed.Promise{{Kind: heed.DutyAssess, Due: at(10, 2)}}})
	add("question", heed.KindQuestion, south, 100, heed.Statement{Contents: []heed.ContentRef{wordsRef}, Urgency: heed.UrgencyUnknown, Status: heed.StatusExercise}, "assessor "+cleo)
	add("question in a case", heed.KindQuestion, south, 101, heed.Statement{Previous: id("assessment"), Answers: ids("warning"), Contents: []heed.ContentRef{wordsRef, reportRef}, Urgency: heed.UrgencyImmediate}, "assessor "+cleo)
	add("answer", heed.KindAnswer, north, 200, heed.Statement{Answers: ids("question"), Contents: []heed.ContentRef{wordsRef}}, "releaser "+ben)
	all[len(all)-1].s.Case = heed.CaseID(id("question"))
	add("interim", heed.KindInterim, north, 201, heed.Statement{Previous: warning, Answers: ids("question in a case"), By: at(86400, 999)}, "drafter "+anna)
	add("extension", heed.KindExtension, north, 202, heed.Statement{Previous: warning, Answers: ids("warning"), Duties: []heed.Promise{{Kind: heed.DutyAssess, Due: at(20)}}}, "releaser "+ben)
	add("action", heed.KindAction, south, 3000, heed.Statement{Previous: id("question in a case"), Answers: ids("assessment"), Contents: []heed.ContentRef{wordsRef}}, "duty-officer "+cleo)
	add("outcome", heed.KindOutcome, south, 3001, heed.Statement{Previous: id("question in a case"), Answers: ids("warning", "assessment"), Contents: []heed.ContentRef{wordsRef}, Outcome: heed.Averted},
		"duty-officer "+cleo, "supervisor "+dario)
	add("call", heed.KindCall, north, 3002, heed.Statement{Previous: warning, Contents: []heed.ContentRef{wordsRef}}, "drafter "+anna)
	add("reminder", heed.KindReminder, north, 3003, heed.Statement{Previous: warning, Answers: ids("warning"), Level: 1, Role: "head-of-desk", Duties: []heed.Promise{{Kind: heed.DutyAcknowledge, Due: at(4, 2)}}})
	add("forward-request", heed.KindForwardRequest, south, 3004, heed.Statement{Previous: id("question in a case"), Answers: ids("warning"), Party: "east.example"}, "supervisor "+dario)
	add("forward-consent", heed.KindForwardConsent, north, 3005, heed.Statement{Previous: warning, Answers: ids("warning"), Party: "east.example"}, "releaser "+ben)
	add("drill", heed.KindDrill, north, 3006, heed.Statement{Previous: warning}, "supervisor "+ben)
	hitRef := heed.ContentRef{Digest: digestOf("the hit report"), Size: 240, MediaType: heed.MediaHitReport}
	add("watch-hit", heed.KindWatchHit, south, 3100, heed.Statement{Previous: id("question in a case"), Answers: ids("correction"), Contents: []heed.ContentRef{hitRef, wordsRef},
		Confirmed: at(3050, 7), Duties: []heed.Promise{{Kind: heed.DutyReport, Due: at(6650, 7)}}}, "duty-officer "+cleo)
	add("watch-hit that is not owed", heed.KindWatchHit, south, 3101, heed.Statement{Previous: id("question in a case"), Answers: ids("warning"),
		Contents: []heed.ContentRef{hitRef}, Confirmed: at(3101, 101)}, "supervisor "+dario)
	add("watch-hit that withdraws another", heed.KindWatchHit, south, 3104, heed.Statement{Previous: id("watch-hit"), Answers: ids("watch-hit"),
		Contents: []heed.ContentRef{hitRef, wordsRef}, Withdrawn: at(3104, 104), Duties: []heed.Promise{{Kind: heed.DutyReport, Due: at(6704, 104)}}}, "supervisor "+dario)
	add("watch-lapse-notice", heed.KindWatchLapseNotice, south, 3102, heed.Statement{Previous: id("question in a case"), Answers: ids("correction"),
		Contents: []heed.ContentRef{wordsRef}, Effective: at(90000)}, "supervisor "+dario)
	add("watch that goes on", heed.KindWatchLapseNotice, south, 3103, heed.Statement{Previous: id("question in a case"), Answers: ids("supplement", "correction"),
		Contents: []heed.ContentRef{wordsRef}}, "assessor "+cleo)
	add("rating", heed.KindRating, north, 3007, heed.Statement{Previous: warning, Answers: ids("assessment"), Contents: []heed.ContentRef{wordsRef}, Meaningful: true}, "drafter "+anna)
	figuresRefs := []heed.ContentRef{{Digest: digestOf("the figures"), Size: 1024, MediaType: heed.MediaFigures}, {Digest: digestOf("the counted cases"), Size: 1024, MediaType: heed.MediaFiguresCases}}
	add("figures", heed.KindFigures, north, 3008, heed.Statement{Contents: figuresRefs, Status: heed.StatusActual})
	add("figures in answer", heed.KindFigures, south, 3009, heed.Statement{Answers: ids("figures"), Contents: figuresRefs})
	all[len(all)-1].s.Case = heed.CaseID(id("figures"))
	all = append(all, accordSamples(t, v)...)
	apart := func(name string, kind heed.Kind, author heed.PartyID, seconds int, s heed.Statement) {
		s.Kind, s.Author, s.AuthorCard, s.Time = kind, author, 2, at(seconds, seconds%1000)
		all = append(all, sample{name: name, s: s})
	}
	key := func(name string) string { return testKey(t, name).Verifier().String() }
	apart("succession", heed.KindSuccession, north, 4000, heed.Statement{After: digestOf("a checkpoint"), Ledger: key("north.example/v1"), Size: 4096,
		Root: digestOf("root of the old ledger"), Successor: key("north.example/v1-2"), Card: heed.CardID(vectorID(t, v.Cards, "another ledger"))})
	apart("succession of a lost ledger", heed.KindSuccession, south, 4001, heed.Statement{Ledger: key("south.example/v1"), Successor: key("south.example/v1-2"),
		Root: digestOf(""), Card: heed.CardID(digestOf("the next card")), Lost: true})
	carries := []heed.Digest{digestOf("tag of one statement"), digestOf("tag of another statement")}
	for i, d := range []struct {
		name    string
		number  uint64
		carries []heed.Digest
		after   heed.Digest
	}{
		{"deposit", 7, carries[:1], heed.Digest{}}, {"deposit of a statement and an answer", 0, carries, digestOf("a checkpoint")}, {"deposit of what does not say", 8, nil, heed.Digest{}},
	} {
		received := 5001 + i
		apart(d.name, heed.KindDeposit, west, received, heed.Statement{Recipient: south, RecipientCard: 3, After: d.after, Party: north, Number: d.number, Received: at(received),
			Ledger: key("west.example/v1"), Terms: heed.CardID(vectorID(t, v.Cards, "renewal")), PublishBy: at(received + 60), Envelope: digestOf("an envelope"), Carries: d.carries})
	}
	return all
}

// accordSamples are those that name an accord.
func accordSamples(t testing.TB, v formatVectors) []sample {
	t.Helper()
	id := func(name string) heed.StatementID { return heed.StatementID(vectorID(t, v.Statements, name)) }
	first, second := digestOf("the first version"), digestOf("the second version")
	ref := func(words, media string) heed.ContentRef {
		return heed.ContentRef{Digest: digestOf("the " + words), Size: 3456, MediaType: media}
	}
	terms, act := ref("terms", heed.MediaAccord), []heed.ContentRef{ref("act", heed.MediaAccordAct)}
	file := heed.ContentRef{Digest: digestOf("the file"), Size: 65536, MediaType: heed.MediaAccordFile}
	opened := heed.StatusActual
	var all []sample
	add := func(name string, kind heed.Kind, author heed.PartyID, s heed.Statement, signers ...string) {
		at := at(6001+len(all), (6001+len(all))%1000)
		s.Kind, s.Author, s.AuthorCard, s.Recipient, s.RecipientCard, s.Time = kind, author, 1, south, 3, at
		if author == south {
			s.Recipient = north
		}
		s.TagKey = heed.Digest(ledger.KeyDigest(ledger.Key(digestOf("K of " + name))))
		s.Accord = heed.AccordID(first)
		if s.Version.IsZero() {
			s.Version = heed.VersionID(second)
		}
		var keys []string
		for _, signer := range signers {
			role, key, _ := strings.Cut(signer, " ")
			s.Officers = append(s.Officers, heed.OfficerStamp{Role: heed.Role(role)})
			keys = append(keys, key)
		}
		all = append(all, sample{name, s, keys})
	}
	warning, proposal, amendment := id("warning"), id("accord-proposal"), id("accord-amendment")
	under := func(name string, s heed.Statement) heed.Statement {
		s.Release, s.Urgency = heed.ReleaseID(vectorID(t, v.Releases, name)), heed.UrgencyFuture
		if name != "warning" {
			s.Case, s.Previous, s.Answers = heed.CaseID(warning), warning, []heed.StatementID{warning}
		}
		return s
	}
	add("warning under an accord", heed.KindWarning, north, under("warning", heed.Statement{Contents: []heed.ContentRef{documentRef, reportRef}, Status: opened}))
	add("supplement under an accord", heed.KindSupplement, north, under("supplement", heed.Statement{Contents: []heed.ContentRef{documentRef, bundleRef}}))
	add("correction under an accord", heed.KindCorrection, north, under("correction", heed.Statement{Contents: []heed.ContentRef{documentRef}}))
	add("question under an accord", heed.KindQuestion, south, heed.Statement{Contents: []heed.ContentRef{wordsRef}, Urgency: heed.UrgencyExpected, Status: opened}, "assessor "+cleo)
	add("accord-proposal", heed.KindAccordProposal, north, heed.Statement{Contents: []heed.ContentRef{terms, file}, Version: heed.VersionID(first), Reply: 7 * day, Status: opened})
	add("accord-amendment", heed.KindAccordAmendment, south, heed.Statement{Contents: []heed.ContentRef{terms}, Status: heed.StatusExercise, After: digestOf("a checkpoint")})
	for _, kind := range []heed.Kind{heed.KindAccordRatification, heed.KindAccordReservation} {
		add(string(kind), kind, south, heed.Statement{Case: heed.CaseID(proposal), Answers: []heed.StatementID{proposal}, Contents: act, Version: heed.VersionID(first)})
	}
	add("accord-decline", heed.KindAccordDecline, north, heed.Statement{Case: heed.CaseID(amendment), Answers: []heed.StatementID{amendment}, Contents: act})
	add("accord-suspension", heed.KindAccordSuspension, south, heed.Statement{Contents: act, Status: opened})
	add("accord-resumption", heed.KindAccordResumption, south, heed.Statement{Contents: act, Status: opened})
	add("accord-withdrawal", heed.KindAccordWithdrawal, north, heed.Statement{Contents: act, Status: opened})
	return all
}

func (s sample) keys(t testing.TB) (seal.SigningKey, []seal.SigningKey) {
	t.Helper()
	var officers []seal.SigningKey
	for _, name := range s.officers {
		officers = append(officers, testKey(t, name))
	}
	return nodeOf(t, s.s.Author), officers
}

func TestKeysOfVectors(t *testing.T) {
	for _, v := range readFormatVectors(t).Keys {
		if key := testKey(t, v.Name); key.Verifier().String() != v.Public {
			t.Errorf("%s: key %s, want %s", v.Name, key.Verifier(), v.Public)
		}
	}
}

// Every kind is signed as the second implementation signs it, and read back.
func TestStatementVectors(t *testing.T) {
	v := readFormatVectors(t)
	kinds := map[heed.Kind]bool{}
	all := samples(t, v)
	for _, sample := range all {
		kinds[sample.s.Kind] = true
		t.Run(sample.name, func(t *testing.T) {
			want := noteNamed(t, v.Statements, sample.name)
			node, officers := sample.keys(t)
			signed, note, err := SignStatement(sample.s, node, officers...)
			if err != nil {
				t.Fatal(err)
			}
			if string(note) != want.Note {
				t.Fatalf("signed as\n%s\nwant\n%s", note, want.Note)
			}
			digest := SignedDigest(note)
			if signed.ID.String() != want.ID || hex.EncodeToString(digest[:]) != want.Signed {
				t.Errorf("id %s, digest %x", signed.ID, digest)
			}
			for name, parse := range map[string]func([]byte) (heed.Statement, error){"ParseStatement": ParseStatement, "ReadStatement": ReadStatement} {
				parsed, err := parse([]byte(want.Note))
				if err != nil || !reflect.DeepEqual(parsed, signed) {
					t.Errorf("%s: %+v, %v, want %+v", name, parsed, err, signed)
				}
				if !strings.HasPrefix(want.Note, StatementText(parsed)+"\n") {
					t.Errorf("%s: written again differently", name)
				}
			}
			// What was given comes back, but for what signing fills in.
			signed.ID, signed.Node = heed.StatementID{}, ""
			for i := range signed.Officers {
				signed.Officers[i].Key = ""
			}
			if !reflect.DeepEqual(signed, sample.s) {
				t.Errorf("signing changed it to %+v, from %+v", signed, sample.s)
			}
		})
	}
	for _, kind := range heed.Kinds() {
		if !kinds[kind] {
			t.Errorf("no sample of kind %s", kind)
		}
	}
	if len(v.Statements) != len(all) {
		t.Errorf("%d vectors, %d samples", len(v.Statements), len(all))
	}
}

func sampleReleases(t testing.TB, v formatVectors) map[string]heed.Release {
	t.Helper()
	of := heed.ReleaseID(vectorID(t, v.Releases, "warning"))
	nonce := func(name string) heed.Digest { return digestOf("nonce of " + name) }
	return map[string]heed.Release{
		"warning": {Author: north, Kind: heed.KindWarning, Time: at(0), Nonce: nonce("warning"), Contents: []heed.ContentRef{documentRef, reportRef},
			Officers: []heed.OfficerStamp{{Role: heed.Drafter}, {Role: heed.Releaser}}},
		"supplement": {Author: north, Kind: heed.KindSupplement, Of: of, Time: at(600), Nonce: nonce("supplement"), Contents: []heed.ContentRef{documentRef, bundleRef},
			Officers: []heed.OfficerStamp{{Role: heed.Releaser}}},
		"correction": {Author: north, Kind: heed.KindCorrection, Of: of, Time: at(1200), Nonce: nonce("correction"), Contents: []heed.ContentRef{documentRef},
			Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}},
		"recall": {Author: north, Kind: heed.KindRecall, Of: of, Time: at(1800), Nonce: nonce("recall"), Officers: []heed.OfficerStamp{{Role: heed.Releaser}}},
	}
}

func TestReleaseVectors(t *testing.T) {
	v := readFormatVectors(t)
	for name, rel := range sampleReleases(t, v) {
		want := noteNamed(t, v.Releases, name)
		keys := []seal.SigningKey{testKey(t, ben)}
		if len(rel.Officers) == 2 {
			keys = []seal.SigningKey{testKey(t, anna), testKey(t, ben)}
		}
		signed, note, err := SignRelease(rel, keys...)
		if err != nil || string(note) != want.Note || signed.ID.String() != want.ID {
			t.Fatalf("%s: signed as\n%s, %v, want\n%s", name, note, err, want.Note)
		}
		parsed, err := ParseRelease(note)
		if err != nil || !reflect.DeepEqual(parsed, signed) || !strings.HasPrefix(want.Note, ReleaseText(parsed)+"\n") {
			t.Errorf("%s: read as %+v, %v", name, parsed, err)
		}
		s, err := ParseStatement([]byte(noteNamed(t, v.Statements, name).Note))
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckReleased(s, parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func sampleCards(t testing.TB, v formatVectors) map[string]heed.Card {
	t.Helper()
	ms := time.Millisecond
	small := heed.Card{Party: south, Serial: 1, Issued: at(-3600 * 21), NodeKey: nodeOf(t, south).Verifier().String(), SealingKey: sealingKey(t).Recipient().String(),
		LedgerKey: testKey(t, "south.example/v1").Verifier().String(), Endpoint: "https://192.0.2.7:8443", Pin: digestOf("tls key"),
		Baseline: heed.Baseline{Profile: "seconds", PublicationDelay: 100 * ms, MaxEnvelope: 64 << 10,
			Clock: heed.Clock{
				heed.DutyAcknowledge: {heed.UrgencyImmediate: 2 * time.Second, heed.UrgencyExpected: 4 * time.Second},
				heed.DutyAssess:      {heed.UrgencyImmediate: 8 * time.Second},
				heed.DutyAnswer:      {heed.UrgencyUnknown: 8 * time.Second},
			},
			Ladder: heed.Ladder{{Role: "duty-desk", Telephone: "+000 0100", Hours: "24/7", Zone: "Europe/Vienna", Languages: "de en"}},
		}}
	full := heed.Card{Party: north, Serial: 1, Issued: small.Issued, NodeKey: nodeOf(t, north).Verifier().String(), SealingKey: small.SealingKey,
		LedgerKey: testKey(t, "north.example/v1").Verifier().String(), RecoveryKey: testKey(t, "north.example/recovery").Verifier().String(),
		Endpoint: "https://heed.north.example:443", Tiles: "http://tiles.north.example:8080",
		Baseline: heed.Baseline{Profile: "urgent-police", PublicationDelay: time.Minute, MaxEnvelope: 32 << 20, CollectEvery: 15 * time.Minute, Clock: heed.Clock{},
			Quotas: []heed.Quota{{Urgency: heed.UrgencyImmediate, Count: 200, Per: time.Hour}, {Urgency: heed.UrgencyExpected, Count: 500, Per: time.Hour}, {Urgency: heed.UrgencyUnknown, Count: 1, Per: 24 * time.Hour}},
			Ladder: heed.Ladder{
				{Role: "duty-desk", Telephone: "+000 0000", Mail: "desk@north.example", Hours: "24/7", Zone: "UTC", Languages: "en fr"},
				{Role: "head-of-desk", After: time.Hour, Telephone: "+000 0001", Hours: "Mon-Fri 08:00-16:00", Zone: "Africa/Nairobi", Languages: "en sw"},
				{Role: "head-of-service", After: 4 * time.Hour, Mail: "head@north.example"},
			},
		},
		Depositaries: []heed.Depositary{
			{Party: west, Endpoint: "https://heed.west.example:443", Pin: digestOf("tls key of west"), NodeKey: nodeOf(t, west).Verifier().String()},
			{Party: "harbour.example", Endpoint: "https://198.51.100.7:8443", NodeKey: nodeOf(t, "harbour.example").Verifier().String()},
		}}
	for _, kind := range heed.DutyKinds() {
		full.Clock[kind] = map[heed.Urgency]time.Duration{}
		for _, urgency := range heed.Urgencies() {
			full.Clock[kind][urgency] = time.Duration(len(kind))*time.Hour + time.Duration(len(urgency))*ms
		}
	}
	renewal := full
	renewal.Serial, renewal.Previous = 2, heed.CardID(vectorID(t, v.Cards, "with recovery key"))
	renewal.Endpoint, renewal.Tiles = "https://heed.north.example:444", ""
	another := renewal
	another.Serial, another.Previous = 3, heed.CardID(vectorID(t, v.Cards, "renewal"))
	another.LedgerKey = testKey(t, "north.example/v1-2").Verifier().String()
	return map[string]heed.Card{"first": small, "with recovery key": full, "renewal": renewal, "another ledger": another}
}

// sealingKey is the private key in docs/keys.md.
func sealingKey(t testing.TB) seal.SealingKey {
	t.Helper()
	key, err := seal.ParseSealingKey("AGE-SECRET-KEY-PQ-1M8JVM4L7UXMHHL9RND6X9VRSFPJPEJ9MV4Y6T9380WSX44GZYVJQDDDF84")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestCardVectors(t *testing.T) {
	v := readFormatVectors(t)
	for name, card := range sampleCards(t, v) {
		want := noteNamed(t, v.Cards, name)
		keys := []seal.SigningKey{nodeOf(t, card.Party)}
		if card.Serial > 1 {
			keys = append(keys, testKey(t, "north.example/recovery"))
		}
		signed, note, err := SignCard(card, keys...)
		if err != nil || string(note) != want.Note || signed.ID.String() != want.ID {
			t.Fatalf("%s: signed as\n%s, %v, want\n%s", name, note, err, want.Note)
		}
		parsed, err := ParseCard(note)
		if err != nil || !reflect.DeepEqual(parsed, signed) || !strings.HasPrefix(want.Note, CardText(parsed)+"\n") {
			t.Errorf("%s: read as %+v, %v", name, parsed, err)
		}
	}
}

func TestRosterVectors(t *testing.T) {
	v := readFormatVectors(t)
	rosters := map[string]Roster{
		"empty": {Party: north, Serial: 1, Time: at(0)},
		"two officers": {Party: north, Serial: 12, Time: at(0), Officers: []heed.Officer{
			{ID: "anna", Roles: []heed.Role{heed.Drafter, heed.DutyOfficer, heed.Administrator}, Key: testKey(t, anna).Verifier().String()},
			{ID: "ben", Roles: []heed.Role{heed.Releaser}, Key: testKey(t, ben).Verifier().String(), Removed: true}}},
	}
	for name, roster := range rosters {
		want := noteNamed(t, v.Rosters, name)
		note, err := SignRoster(roster, nodeOf(t, north))
		if err != nil || string(note) != want.Note {
			t.Fatalf("%s: signed as\n%s, %v, want\n%s", name, note, err, want.Note)
		}
		roster.Node = nodeOf(t, north).Verifier().String()
		parsed, err := ParseRoster(note)
		if err != nil || !reflect.DeepEqual(parsed, roster) || !strings.HasPrefix(want.Note, RosterText(parsed)+"\n") {
			t.Errorf("%s: read as %+v, %v", name, parsed, err)
		}
	}
}

func TestRefusalVectors(t *testing.T) {
	v := readFormatVectors(t)
	refusals := map[string]Refusal{
		"over quota": {Author: south, AuthorCard: 1, Sender: north, SenderCard: 3, Number: 19, Envelope: digestOf("an envelope"), Time: at(9, 9), Code: heed.OverQuota,
			RetryAfter: 6 * time.Minute, Detail: "200 statements of urgency Immediate in 1h0m0s, and our card admits 200"},
		"without words": {Author: south, AuthorCard: 1, Sender: north, SenderCard: 1, Envelope: digestOf("an envelope"), Time: at(9, 9), Code: heed.UnknownSender},
	}
	for name, refusal := range refusals {
		want := noteNamed(t, v.Refusals, name)
		signed, note, err := SignRefusal(refusal, nodeOf(t, south))
		if err != nil || string(note) != want.Note {
			t.Fatalf("%s: signed as\n%s, %v, want\n%s", name, note, err, want.Note)
		}
		parsed, err := ParseRefusal(note)
		if err != nil || parsed != signed || !strings.HasPrefix(want.Note, RefusalText(parsed)+"\n") {
			t.Errorf("%s: read as %+v, %v", name, parsed, err)
		}
	}
}

func TestCollectVectors(t *testing.T) {
	v := readFormatVectors(t)
	collects := map[string]Collect{
		"first": {Depositary: "west.example", Party: north, Card: 1, Time: at(5400, 250)},
		"later": {Depositary: "west.example", Party: north, Card: 2, After: 1<<53 - 1, Time: at(5400, 250)},
	}
	for name, collect := range collects {
		want := noteNamed(t, v.Collects, name)
		note, err := SignCollect(collect, nodeOf(t, north))
		if err != nil || string(note) != want.Note {
			t.Fatalf("%s: signed as\n%s, %v, want\n%s", name, note, err, want.Note)
		}
		collect.Node = nodeOf(t, north).Verifier().String()
		if parsed, err := ParseCollect(note); err != nil || parsed != collect {
			t.Errorf("%s: read as %+v, %v", name, parsed, err)
		}
	}
	for name, wrong := range map[string]Collect{
		"no party":   {Depositary: "west.example", Card: 1, Time: at(0, 0)},
		"no card":    {Depositary: "west.example", Party: north, Time: at(0, 0)},
		"by itself":  {Depositary: north, Party: north, Card: 1, Time: at(0, 0)},
		"of another": {Depositary: "west.example", Party: south, Card: 1, Time: at(0, 0)},
		"too many":   {Depositary: "west.example", Party: north, Card: 1, After: 1 << 53, Time: at(0, 0)},
	} {
		if _, err := SignCollect(wrong, nodeOf(t, north)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvelopeAndPartVectors(t *testing.T) {
	v := readFormatVectors(t)
	plain := map[string][]byte{}
	for _, p := range v.Parts {
		want := p.bytes(t)
		parts, err := decodeParts(want)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		again, err := encodeParts(parts)
		if err != nil || !bytes.Equal(again, want) {
			t.Errorf("%s: written again as %q, %v", p.Name, again, err)
		}
		plain[p.Name] = want
	}
	if all, err := decodeParts(plain["every type"]); err != nil || len(all) != int(lastPart) {
		t.Errorf("every type has %d parts, %v", len(all), err)
	}
	opened := 0
	for _, e := range v.Envelopes {
		in := bytes.NewReader(e.bytes(t))
		h, err := ReadHeader(in)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		envelope, err := ReadBody(in, h)
		if err != nil {
			t.Fatalf("%s: %v", e.Name, err)
		}
		if _, err := ReadHeader(in); err != ErrNoEnvelope {
			t.Errorf("%s: after it %v", e.Name, err)
		}
		parts, err := envelope.Open(sealingKey(t))
		if strings.HasPrefix(e.Name, "closed") {
			if !errors.Is(err, seal.ErrBadSeal) {
				t.Errorf("%s: opened with %v", e.Name, err)
			}
			continue
		}
		again, encodeErr := encodeParts(parts)
		if err != nil || encodeErr != nil || !bytes.Equal(again, plain["every type"]) {
			t.Errorf("%s: opened to %d parts, %v", e.Name, len(parts), err)
		}
		opened++
	}
	if opened != 1 {
		t.Errorf("%d envelopes were opened", opened)
	}
	for _, g := range v.Gaps {
		missing, err := ParseGap(g.bytes(t))
		if err != nil || !bytes.Equal(EncodeGap(missing), g.bytes(t)) {
			t.Errorf("%s: %d, %v", g.Name, missing, err)
		}
	}
}

func TestRefusedVectors(t *testing.T) {
	v := readFormatVectors(t)
	for _, r := range v.Refused {
		parse, ok := parsers()[r.Type]
		if !ok {
			t.Fatalf("%s: no parser of a %s", r.Name, r.Type)
		}
		_, err := parse([]byte(r.Note))
		signature := strings.HasPrefix(r.Name, "signature") || strings.HasPrefix(r.Name, "signed by")
		want := ErrMalformed
		if signature {
			want = seal.ErrSignature
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", r.Name, err, want)
		}
	}
	if len(v.Refused) < 114 {
		t.Error("vectors are missing")
	}
}

// parsers are those of all signed notes, each returning what its text is when
// it is written again.
func parsers() map[string]func([]byte) (string, error) {
	return map[string]func([]byte) (string, error){
		"statement": func(b []byte) (string, error) { s, err := ParseStatement(b); return StatementText(s), err },
		"release":   func(b []byte) (string, error) { s, err := ParseRelease(b); return ReleaseText(s), err },
		"card":      func(b []byte) (string, error) { s, err := ParseCard(b); return CardText(s), err },
		"roster":    func(b []byte) (string, error) { s, err := ParseRoster(b); return RosterText(s), err },
		"refusal":   func(b []byte) (string, error) { s, err := ParseRefusal(b); return RefusalText(s), err },
		"collect":   func(b []byte) (string, error) { s, err := ParseCollect(b); return CollectText(s), err },
		"figure":    func(b []byte) (string, error) { f, err := ParseFigures(b); return FiguresText(f), err },
		"header":    func(b []byte) (string, error) { s, err := parseHeader(b); return HeaderText(s), err },
	}
}

// rawNote signs any text, also one that seal would not sign.
func rawNote(t testing.TB, text string, keys ...seal.SigningKey) []byte {
	t.Helper()
	note := text + "\n"
	for _, key := range keys {
		signature, err := key.Sign([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		hash := key.KeyHash()
		line := append([]byte{byte(hash >> 24), byte(hash >> 16), byte(hash >> 8), byte(hash)}, signature...)
		note += "— " + key.Name() + " " + base64.StdEncoding.EncodeToString(line) + "\n"
	}
	return []byte(note)
}

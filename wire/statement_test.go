package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"heed"
	"heed/seal"
)

func TestContentNames(t *testing.T) {
	ref := func(media, name string) heed.ContentRef {
		return heed.ContentRef{Digest: digestOf("x"), Size: 1, MediaType: media, Name: name}
	}
	for _, name := range []string{"", "a", "report.pdf", "two words.txt", "Bericht über das Treffen.pdf", "отчёт.pdf", "تقرير.pdf", "می‌خواهم.txt", "क्‍ष.txt", "👩‍🚒.jpg", "..a", ".a", strings.Repeat("a", 200)} {
		if err := CheckContentRef(ref("application/pdf", name)); err != nil {
			t.Errorf("file name %q: %v", name, err)
		}
	}
	for _, name := range []string{
		".", "..", "a/b", "/etc/passwd", "../a", `a\b`, " a", "a ", "a\u00a0", "a\nb", "a\tb", "a\x00", "a\x1b[2J", "a\u0085", "\u202etxt.exe", "a\u2066b", "a\u200eb", "a\u061cb",
		"a\u200b.pdf", "\ufeffa", "a\u00adb", "a\u2060b", "a\U000e0041", "a\u2028b", "a\u2029b", "a\ufffd", "a\xff", strings.Repeat("a", 201),
	} {
		var invalid *heed.Invalid
		if err := CheckContentRef(ref("application/pdf", name)); !errors.As(err, &invalid) {
			t.Errorf("file name %q: %v", name, err)
		}
	}
	for _, media := range []string{"application/pdf", heed.MediaText, heed.MediaWarning, "application/stix+json;version=2.1", "image/svg+xml", "application/vnd.a.b-c_d;x=Y;z=%41", "a/b"} {
		if err := CheckContentRef(ref(media, "")); err != nil {
			t.Errorf("media type %q: %v", media, err)
		}
	}
	for _, media := range []string{
		"", "/", "a/", "/b", "pdf", "application", "Application/pdf", "application/PDF", "a/b/c", "a/b;", "a/b;c", "a/b;=d", "a/b;c=", "a/b; c=d", "a/b;c=d;", "a/b;C=d", " a/b", "a/b ", "a b/c",
		"a/b\n", "a/b;c=ü", "ä/b", "-/b", "a/" + strings.Repeat("b", 119),
	} {
		if err := CheckContentRef(ref(media, "")); err == nil {
			t.Errorf("media type %q is accepted", media)
		}
	}
}

// What could not be read is not signed: nobody is to be bound by a text that
// the other side refuses.
func TestSignRefusesWhatCannotBeRead(t *testing.T) {
	v := readFormatVectors(t)
	all := samples(t, v)
	find := func(name string) sample {
		i := slices.IndexFunc(all, func(s sample) bool { return s.name == name })
		return all[i]
	}
	for name, c := range map[string]struct {
		of     string
		change func(*heed.Statement)
	}{
		"answers out of order":         {"outcome", func(s *heed.Statement) { slices.Reverse(s.Answers) }},
		"an answer twice":              {"outcome", func(s *heed.Statement) { s.Answers = append(s.Answers, s.Answers[1]) }},
		"a line in a channel":          {"notification", func(s *heed.Statement) { s.Via = "mail\nduty: assess 2026-11-22T21:00:10.002Z" }},
		"a line in a file name":        {"call", func(s *heed.Statement) { s.Contents[0].Name = "a\ncontent: b" }},
		"a line in a media type":       {"call", func(s *heed.Statement) { s.Contents[0].MediaType = "a/b\nconsent: yes" }},
		"a path":                       {"call", func(s *heed.Statement) { s.Contents[0].Name = "../a" }},
		"a negative size":              {"call", func(s *heed.Statement) { s.Contents[0].Size = -1 }},
		"a content twice":              {"call", func(s *heed.Statement) { s.Contents = append(s.Contents, s.Contents[0]) }},
		"a number too large":           {"receipt", func(s *heed.Statement) { s.Number = 1 << 53 }},
		"a card too large":             {"receipt", func(s *heed.Statement) { s.AuthorCard = 1 << 60 }},
		"no ledger key":                {"receipt", func(s *heed.Statement) { s.Ledger = "south.example/v1" }},
		"a year of five digits":        {"interim", func(s *heed.Statement) { s.By = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }},
		"a party in capitals":          {"forward-request", func(s *heed.Statement) { s.Party = "East.example" }},
		"another author":               {"recall", func(s *heed.Statement) { s.Author = "east.example" }},
		"unknown urgency":              {"question", func(s *heed.Statement) { s.Urgency = "now" }},
		"a role that may not":          {"assessment", func(s *heed.Statement) { s.Officers[0].Role = heed.DutyOfficer }},
		"duties out of order":          {"receipt", func(s *heed.Statement) { slices.Reverse(s.Duties) }},
		"too many contents":            {"call", func(s *heed.Statement) { s.Contents = make([]heed.ContentRef, heed.MaxContents+1) }},
		"no content":                   {"answer", func(s *heed.Statement) { s.Contents = nil }},
		"a deposit with a tag key":     {"deposit", func(s *heed.Statement) { s.TagKey = digestOf("x") }},
		"a deposit in a case":          {"deposit", func(s *heed.Statement) { s.Case = heed.CaseID{1} }},
		"a deposit of too much":        {"deposit", func(s *heed.Statement) { s.Carries = carried(heed.MaxCarries + 1) }},
		"an accord without a version":  {"warning", func(s *heed.Statement) { s.Accord = heed.AccordID{1} }},
		"a version without an accord":  {"warning", func(s *heed.Statement) { s.Version = heed.VersionID{1} }},
		"an answer under an accord":    {"answer", func(s *heed.Statement) { s.Accord, s.Version = heed.AccordID{1}, heed.VersionID{1} }},
		"a reply in half milliseconds": {"accord-proposal", func(s *heed.Statement) { s.Reply += time.Millisecond / 2 }},
		"a reply before it is asked":   {"accord-proposal", func(s *heed.Statement) { s.Reply = -time.Hour }},
		"a proposal in a case":         {"accord-proposal", func(s *heed.Statement) { s.Case = heed.CaseID{1} }},
		"a ratification of nothing":    {"accord-ratification", func(s *heed.Statement) { s.Answers = nil }},
		"a decline without an act":     {"accord-decline", func(s *heed.Statement) { s.Contents[0].MediaType = heed.MediaText }},
		"a line in the party":          {"deposit", func(s *heed.Statement) { s.Party = "north.example\nnumber: 9" }},
		"another's ledger":             {"deposit", func(s *heed.Statement) { s.Ledger = testKey(t, "north.example/v1").Verifier().String() }},
		"the node key for a ledger":    {"deposit", func(s *heed.Statement) { s.Ledger = nodeOf(t, west).Verifier().String() }},
		"a size too large":             {"succession", func(s *heed.Statement) { s.Size = 1 << 53 }},
		"a size below nothing":         {"succession", func(s *heed.Statement) { s.Size = -1 }},
		"a succession to somebody":     {"succession", func(s *heed.Statement) { s.Recipient, s.RecipientCard = south, 1 }},
		"a ledger that follows itself": {"succession", func(s *heed.Statement) { s.Successor = s.Ledger }},
		"a namesake ledger": {"succession", func(s *heed.Statement) {
			other, err := seal.NewSigningKey(strings.NewReader(strings.Repeat("s", 32)), "north.example/v1")
			if err != nil {
				t.Fatal(err)
			}
			s.Successor = other.Verifier().String()
		}},
		"one key for both ledgers": {"succession", func(s *heed.Statement) {
			seed := seedOf("north.example/v1")
			other, err := seal.NewSigningKey(bytes.NewReader(seed), "north.example/v1-2")
			if err != nil {
				t.Fatal(err)
			}
			s.Successor = other.Verifier().String()
		}},
		"a succession to the recovery key": {"succession", func(s *heed.Statement) { s.Successor = testKey(t, "north.example/recovery").Verifier().String() }},
		"an officer of no officer":         {"recall", func(s *heed.Statement) { s.Officers = []heed.OfficerStamp{{Role: heed.Releaser}} }},
	} {
		sample := find(c.of)
		s := sample.s
		s.Answers, s.Contents, s.Duties, s.Officers = slices.Clone(s.Answers), slices.Clone(s.Contents), slices.Clone(s.Duties), slices.Clone(s.Officers)
		c.change(&s)
		node, officers := sample.keys(t)
		if _, note, err := SignStatement(s, node, officers...); err == nil {
			t.Errorf("%s: signed as\n%s", name, note)
		}
	}
	long := find("call")
	for i := range heed.MaxContents {
		ref := wordsRef
		ref.Digest[0], ref.Name, ref.MediaType = byte(i), strings.Repeat("n", 200), "a/"+strings.Repeat("b", 118)
		long.s.Contents = append(slices.Clip(long.s.Contents[:i]), ref)
	}
	for i := range heed.MaxAnswers {
		id := heed.StatementID{byte(i), 1}
		long.s.Answers = append(long.s.Answers, id)
	}
	node, officers := long.keys(t)
	var invalid *heed.Invalid
	if _, _, err := SignStatement(long.s, node, officers...); err != nil && !errors.As(err, &invalid) {
		t.Errorf("the largest statement: %v", err)
	}
	call := find("call")
	if _, _, err := SignStatement(call.s, nodeOf(t, north)); err == nil {
		t.Error("signed without its officer")
	}
	if _, _, err := SignStatement(call.s, nodeOf(t, south), officers...); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed with the other party's key: %v", err)
	}
	if _, _, err := SignStatement(call.s, nodeOf(t, north), testKey(t, cleo)); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed with the other party's officer: %v", err)
	}
	if _, _, err := SignStatement(call.s, nodeOf(t, north), testKey(t, "north.example/recovery")); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed with a recovery key for an officer: %v", err)
	}
	// One key under two names is one person twice.
	twin := func(name string) seal.SigningKey {
		key, err := seal.NewSigningKey(strings.NewReader(strings.Repeat("s", 32)), name)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	outcome := find("outcome")
	if _, _, err := SignStatement(outcome.s, nodeOf(t, south), twin(cleo), twin(dario)); !errors.Is(err, ErrMalformed) {
		t.Errorf("signed twice with one key: %v", err)
	}
}

// What a kind does not have is not signed, and does not come back either.
func TestSignedIsWhatIsRead(t *testing.T) {
	s := heed.Statement{Kind: heed.KindDrill, Case: heed.CaseID{1}, Author: north, AuthorCard: 1, Recipient: south, RecipientCard: 1, TagKey: digestOf("x"),
		Time: at(0).Add(1234567).In(time.FixedZone("", 3600)), Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
		Urgency: heed.UrgencyPast, Status: heed.StatusTest, Via: "mail", Number: 9, Consent: true}
	signed, note, err := SignStatement(s, nodeOf(t, north), testKey(t, ben))
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseStatement(note)
	if err != nil || !reflect.DeepEqual(signed, read) {
		t.Errorf("signed %+v, read %+v, %v", signed, read, err)
	}
	if signed.Urgency != "" || signed.Status != "" || signed.Via != "" || signed.Number != 0 || signed.Consent || !signed.Time.Equal(at(0, 1)) || signed.Time.Location() != time.UTC {
		t.Errorf("signed %+v", signed)
	}
}

func TestReleaseRules(t *testing.T) {
	v := readFormatVectors(t)
	base := sampleReleases(t, v)
	key := testKey(t, ben)
	for name, change := range map[string]func(*heed.Release){
		"of nothing":             func(r *heed.Release) { r.Of = heed.ReleaseID{} },
		"under an accord":        func(r *heed.Release) { r.Accord, r.Version = heed.AccordID{1}, heed.VersionID{1} },
		"under no version":       func(r *heed.Release) { r.Kind, r.Of, r.Accord = heed.KindWarning, heed.ReleaseID{}, heed.AccordID{1} },
		"under a version alone":  func(r *heed.Release) { r.Kind, r.Of, r.Version = heed.KindWarning, heed.ReleaseID{}, heed.VersionID{1} },
		"of a kind without one":  func(r *heed.Release) { r.Kind = heed.KindCall },
		"without a nonce":        func(r *heed.Release) { r.Nonce = heed.Digest{} },
		"by an assessor":         func(r *heed.Release) { r.Officers = []heed.OfficerStamp{{Role: heed.Assessor}} },
		"of a party in capitals": func(r *heed.Release) { r.Author = "NORTH.example" },
		"with a path": func(r *heed.Release) {
			r.Contents = []heed.ContentRef{{Digest: digestOf("x"), MediaType: "a/b", Name: "a/b"}}
		},
	} {
		rel := base["recall"]
		change(&rel)
		if _, _, err := SignRelease(rel, key); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rel := base["recall"]
	if _, _, err := SignRelease(rel); err == nil {
		t.Error("signed by nobody")
	}
	rel.Officers = nil
	if _, _, err := SignRelease(rel); err == nil {
		t.Error("signed by nobody, and for nobody")
	}
	if _, _, err := SignRelease(base["recall"], testKey(t, cleo)); !errors.Is(err, ErrMalformed) {
		t.Error("signed by the other party's officer")
	}
}

func TestCheckReleased(t *testing.T) {
	v := readFormatVectors(t)
	s, err := ParseStatement([]byte(noteNamed(t, v.Statements, "warning").Note))
	if err != nil {
		t.Fatal(err)
	}
	rel, err := ParseRelease([]byte(noteNamed(t, v.Releases, "warning").Note))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*heed.Release){
		"another id":        func(r *heed.Release) { r.ID[0] ^= 1 },
		"under an accord":   func(r *heed.Release) { r.Accord, r.Version = heed.AccordID{1}, heed.VersionID{1} },
		"another author":    func(r *heed.Release) { r.Author = south },
		"another kind":      func(r *heed.Release) { r.Kind = heed.KindCorrection },
		"one content fewer": func(r *heed.Release) { r.Contents = r.Contents[:1] },
		"one content more":  func(r *heed.Release) { r.Contents = append(slices.Clone(r.Contents), wordsRef) },
		"contents swapped":  func(r *heed.Release) { r.Contents = []heed.ContentRef{r.Contents[1], r.Contents[0]} },
		"another media type": func(r *heed.Release) {
			r.Contents = []heed.ContentRef{documentRef, {Digest: reportRef.Digest, Size: reportRef.Size, MediaType: "text/html", Name: reportRef.Name}}
		},
	} {
		other := rel
		change(&other)
		if err := CheckReleased(s, other); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRosterRules(t *testing.T) {
	officer := func(name string, roles ...heed.Role) heed.Officer {
		id, _ := OfficerOf(name)
		return heed.Officer{ID: id, Roles: roles, Key: testKey(t, name).Verifier().String()}
	}
	good := []heed.Officer{officer(anna, heed.Drafter), officer(ben, heed.Releaser)}
	wrongID := officer(ben, heed.Releaser)
	wrongID.ID = "carla"
	nodeKey := officer(ben, heed.Releaser)
	nodeKey.Key = nodeOf(t, north).Verifier().String()
	for name, officers := range map[string][]heed.Officer{
		"twice":                      {good[0], good[0]},
		"out of order":               {good[1], good[0]},
		"no role":                    {officer(anna)},
		"unknown role":               {officer(anna, "chief")},
		"a role twice":               {officer(anna, heed.Drafter, heed.Drafter)},
		"roles out of order":         {officer(anna, heed.Releaser, heed.Drafter)},
		"of the other party":         {officer(cleo, heed.Drafter)},
		"a key of another name":      {wrongID},
		"the node key":               {nodeKey},
		"a key that is none":         {{ID: "anna", Roles: []heed.Role{heed.Drafter}, Key: "anna"}},
		"a role with a line feed":    {officer(anna, "drafter\nofficer: x")},
		"more officers than allowed": make([]heed.Officer, MaxRoster+1),
	} {
		if _, err := SignRoster(Roster{Party: north, Serial: 1, Time: at(0), Officers: officers}, nodeOf(t, north)); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	if _, err := SignRoster(Roster{Party: north, Time: at(0), Officers: good}, nodeOf(t, north)); !errors.Is(err, ErrMalformed) {
		t.Errorf("serial 0: %v", err)
	}
	if _, err := SignRoster(Roster{Party: north, Serial: 1, Time: at(0), Officers: good}, nodeOf(t, south)); !errors.Is(err, ErrMalformed) {
		t.Errorf("by another node: %v", err)
	}
}

func TestRefusalDetail(t *testing.T) {
	base := Refusal{Author: south, AuthorCard: 1, Sender: north, SenderCard: 1, Envelope: digestOf("an envelope"), Time: at(0), Code: heed.Malformed}
	for given, want := range map[string]string{
		"": "-", " ": "-", "a\nb": "a b", "a\r\n b": "a   b", "\u202eabc": "abc", "a\x1b[31m": "a [31m", "a\xffb": "a b", strings.Repeat("ü", 200): strings.Repeat("ü", 150), "x" + strings.Repeat("ü", 200): "x" + strings.Repeat("ü", 149),
		strings.Repeat("a", 299) + " b": strings.Repeat("a", 299),
	} {
		f := base
		f.Detail = given
		signed, note, err := SignRefusal(f, nodeOf(t, south))
		if err != nil || signed.Detail != want {
			t.Errorf("%q became %q, %v, want %q", given, signed.Detail, err, want)
			continue
		}
		if read, err := ParseRefusal(note); err != nil || read != signed {
			t.Errorf("%q: read as %+v, %v", given, read, err)
		}
	}
	for name, change := range map[string]func(*Refusal){
		"a code for content":  func(f *Refusal) { f.Code = heed.Duplicate },
		"no code":             func(f *Refusal) { f.Code = "" },
		"no envelope":         func(f *Refusal) { f.Envelope = heed.Digest{} },
		"card 0":              func(f *Refusal) { f.AuthorCard = 0 },
		"a time before now":   func(f *Refusal) { f.RetryAfter = -time.Second },
		"a time of centuries": func(f *Refusal) { f.RetryAfter = 200 * 366 * 24 * time.Hour },
	} {
		f := base
		change(&f)
		if _, _, err := SignRefusal(f, nodeOf(t, south)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, code := range heed.EnvelopeRefusals() {
		f := base
		f.Code = code
		if _, _, err := SignRefusal(f, nodeOf(t, south)); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// drawStatement is any statement that may be signed, of any kind.
func drawStatement(t *rapid.T) heed.Statement {
	digest := func(label string) heed.Digest {
		b := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, label)
		b[31] |= 1
		return heed.Digest(b)
	}
	maybe := func(label string) heed.Digest {
		if rapid.Bool().Draw(t, "has "+label) {
			return digest(label)
		}
		return heed.Digest{}
	}
	moment := func(label string) time.Time {
		return time.UnixMilli(rapid.Int64Range(0, 4102444800000).Draw(t, label)).UTC()
	}
	number := rapid.Uint64Range(1, 1<<53-1)
	word := rapid.StringMatching(`[a-z][a-z0-9-]{0,39}`)
	kind := rapid.SampledFrom(heed.Kinds()).Draw(t, "kind")
	s := heed.Statement{Kind: kind, Author: north, AuthorCard: number.Draw(t, "author card"), Recipient: south, RecipientCard: number.Draw(t, "recipient card"),
		Time: moment("time"), After: maybe("after"), TagKey: digest("tag key")}
	if !kind.InCase() {
		s.TagKey, s.Ledger = heed.Digest{}, "ledger"
		if kind == heed.KindSuccession {
			s.Recipient, s.RecipientCard, s.Successor, s.Card = "", 0, "successor", heed.CardID(digest("card"))
			s.Root, s.Lost = digestOf(""), rapid.Bool().Draw(t, "lost")
			if rapid.Bool().Draw(t, "has a head") {
				s.Size, s.Root = rapid.Int64Range(1, 1<<53-1).Draw(t, "size"), digest("root")
			}
			return s
		}
		s.Party, s.Number, s.Received = "east.example", rapid.Uint64Range(0, 1<<53-1).Draw(t, "number"), moment("received")
		s.PublishBy, s.Terms, s.Envelope = s.Received.Add(time.Minute), heed.CardID(digest("terms")), digest("envelope")
		for i := range rapid.IntRange(0, heed.MaxCarries).Draw(t, "carries") {
			s.Carries = append(s.Carries, digestOf("carried "+strconv.Itoa(i)))
		}
		return s
	}
	_, acts := kind.Act()
	opens := kind == heed.KindWarning || kind.Proposes() || (acts || kind == heed.KindQuestion || kind == heed.KindFigures) && rapid.Bool().Draw(t, "opens")
	if opens {
		s.Status = rapid.SampledFrom(heed.Statuses()).Draw(t, "status")
	} else {
		s.Case = heed.CaseID(digest("case"))
		if kind != heed.KindReceipt {
			s.Previous = heed.StatementID(maybe("previous"))
		}
	}
	most := 6
	one := acts || kind == heed.KindRating || kind == heed.KindWatchHit || kind == heed.KindFigures || kind == heed.KindReceipt || kind == heed.KindExtension || kind == heed.KindReminder || kind == heed.KindNotification
	if one {
		most = 1
	}
	if kind.Enclosed() && opens {
		most = 0
	}
	for range rapid.IntRange(min(1, most), most).Draw(t, "answers") {
		s.Answers = append(s.Answers, heed.StatementID(digest("answer")))
	}
	slices.SortFunc(s.Answers, func(a, b heed.StatementID) int { return bytes.Compare(a[:], b[:]) })
	s.Answers = slices.Compact(s.Answers)
	for range rapid.IntRange(1, 4).Draw(t, "contents") {
		c := heed.ContentRef{Digest: digest("content"), Size: int64(rapid.Uint64Range(0, 1<<53-1).Draw(t, "size")),
			MediaType: rapid.StringMatching(`[a-z0-9][a-z0-9.+-]{0,20}/[a-z0-9][a-z0-9.+-]{0,20}(;[a-z]=[A-Za-z0-9."]{1,9})?`).Draw(t, "media type"), Name: rapid.String().Draw(t, "name")}
		if CheckContentRef(c) != nil {
			c.Name = ""
		}
		if !slices.ContainsFunc(s.Contents, func(d heed.ContentRef) bool { return d.Digest == c.Digest }) {
			s.Contents = append(s.Contents, c)
		}
	}
	duties := func(most int) {
		for _, d := range heed.DutyKinds() {
			if len(s.Duties) < most && rapid.Bool().Draw(t, "duty") {
				s.Duties = append(s.Duties, heed.Promise{Kind: d, Due: moment("due")})
			}
		}
		if len(s.Duties) == 0 {
			s.Duties = []heed.Promise{{Kind: heed.DutyAnswer, Due: moment("due")}}
		}
	}
	if kind.Released() {
		s.Release = heed.ReleaseID(digest("release"))
	}
	if underAccord(s) && (kind.OfAccord() || rapid.Bool().Draw(t, "under an accord")) {
		s.Accord, s.Version = heed.AccordID(digest("accord")), heed.VersionID(digest("version"))
	}
	switch kind {
	case heed.KindAccordProposal, heed.KindAccordAmendment:
		s.Contents[0].MediaType = heed.MediaAccord
		if s.Contents = s.Contents[:min(len(s.Contents), 2)]; len(s.Contents) == 2 {
			s.Contents[1].MediaType = heed.MediaAccordFile
		}
		if kind == heed.KindAccordProposal {
			s.Version = heed.VersionID(s.Accord)
		}
		if rapid.Bool().Draw(t, "asks a reply") {
			s.Reply = time.Duration(rapid.Int64Range(heed.MinResponse.Milliseconds(), heed.MaxResponse.Milliseconds()).Draw(t, "reply")) * time.Millisecond
		}
	case heed.KindAccordRatification, heed.KindAccordReservation, heed.KindAccordDecline, heed.KindAccordSuspension, heed.KindAccordResumption, heed.KindAccordWithdrawal:
		s.Contents = s.Contents[:1]
		s.Contents[0].MediaType = heed.MediaAccordAct
	case heed.KindWarning, heed.KindSupplement, heed.KindCorrection, heed.KindQuestion:
		s.Urgency = rapid.SampledFrom(heed.Urgencies()).Draw(t, "urgency")
		s.AsksAnswer = kind == heed.KindWarning && rapid.Bool().Draw(t, "asks an answer")
	case heed.KindReceipt:
		s.Number, s.Received, s.Terms = number.Draw(t, "number"), moment("received"), heed.CardID(digest("terms"))
		s.PublishBy = s.Received.Add(time.Minute)
		duties(16)
	case heed.KindRefusal:
		s.Code = rapid.SampledFrom(heed.ContentRefusals()).Draw(t, "code")
	case heed.KindNotification, heed.KindReminder:
		s.Level, s.Role = rapid.IntRange(1, heed.MaxRungs).Draw(t, "level"), word.Draw(t, "role")
		if kind == heed.KindNotification {
			s.Via = word.Draw(t, "via")
		}
		duties(1)
	case heed.KindAssessment:
		s.Disposition = rapid.SampledFrom(heed.Dispositions()).Draw(t, "disposition")
		for _, d := range []heed.DutyKind{heed.DutyReport, heed.DutyConclude} {
			if s.Disposition.Obliges() && rapid.Bool().Draw(t, "duty") {
				s.Duties = append(s.Duties, heed.Promise{Kind: d, Due: moment("due")})
			}
		}
	case heed.KindRating:
		s.Meaningful = rapid.Bool().Draw(t, "meaningful")
	case heed.KindWatchHit:
		s.Contents[0].MediaType = heed.MediaHitReport
		s.Confirmed = s.Time.Add(-time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "confirmed before")) * time.Millisecond)
		if rapid.Bool().Draw(t, "withdraws") {
			s.Confirmed, s.Withdrawn = time.Time{}, s.Confirmed
		}
		if rapid.Bool().Draw(t, "owed") {
			s.Duties = []heed.Promise{{Kind: heed.DutyReport, Due: moment("due")}}
		}
	case heed.KindWatchLapseNotice:
		if rapid.Bool().Draw(t, "lapses") {
			s.Effective = s.Time.Add(time.Duration(rapid.Int64Range(0, heed.MaxResponse.Milliseconds()).Draw(t, "effective after")) * time.Millisecond)
		}
	case heed.KindFigures:
		s.Contents = []heed.ContentRef{{Digest: digest("figures"), Size: 1, MediaType: heed.MediaFigures}, {Digest: digestOf("cases"), Size: 2, MediaType: heed.MediaFiguresCases}}
	case heed.KindAcknowledgement:
		if rapid.Bool().Draw(t, "for a rung") {
			s.Level, s.Role = rapid.IntRange(1, heed.MaxRungs).Draw(t, "rung"), rapid.StringMatching(`[a-z][a-z0-9-]{0,20}`).Draw(t, "role")
		}
		s.NoPrejudice = rapid.Bool().Draw(t, "without prejudice")
	case heed.KindOutcome:
		s.Outcome = rapid.SampledFrom(heed.Outcomes()).Draw(t, "outcome")
	case heed.KindInterim:
		s.By = moment("by")
	case heed.KindExtension:
		duties(1)
	case heed.KindForwardRequest, heed.KindForwardConsent:
		s.Party = heed.PartyID(rapid.StringMatching(`[a-z0-9]{1,9}\.[a-z]{2,9}`).Draw(t, "party"))
		s.Consent = kind == heed.KindForwardConsent && rapid.Bool().Draw(t, "consent")
	}
	if !kind.ByMachine() && !kind.Released() && !kind.Enclosed() {
		for range rapid.IntRange(1, 2).Draw(t, "officers") {
			s.Officers = append(s.Officers, heed.OfficerStamp{Role: heed.Supervisor})
		}
	}
	return s
}

// Any statement is read as it was signed, whatever its kind, and its text is
// the only text of what was read.
func TestAnyStatementRoundTrips(t *testing.T) {
	node, officers := nodeOf(t, north), []seal.SigningKey{testKey(t, anna), testKey(t, ben)}
	ledgerKey := testKey(t, "north.example/v1").Verifier().String()
	nextLedgerKey := testKey(t, "north.example/v1-2").Verifier().String()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStatement(t)
		switch s.Kind {
		case heed.KindReceipt, heed.KindDeposit:
			s.Ledger = ledgerKey
		case heed.KindSuccession:
			s.Ledger, s.Successor = ledgerKey, nextLedgerKey
		}
		signed, note, err := SignStatement(s, node, officers[:len(s.Officers)]...)
		if err != nil {
			t.Fatalf("%v\n%+v", err, s)
		}
		read, err := ParseStatement(note)
		if err != nil || !reflect.DeepEqual(read, signed) {
			t.Fatalf("read %+v, %v, signed %+v", read, err, signed)
		}
		if !bytes.HasPrefix(note, []byte(StatementText(read)+"\n— ")) {
			t.Fatal("written again differently")
		}
		for i := range s.Officers {
			s.Officers[i].Key = officers[i].Verifier().String()
		}
		s.ID, s.Node = signed.ID, node.Verifier().String()
		if !reflect.DeepEqual(s, signed) {
			t.Fatalf("signing changed it to %+v, from %+v", signed, s)
		}
	})
}

package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// agreement is an accord with two versions, an act about it, the proposal that
// brought it with the card of its proposer, and a draft.
type agreement struct {
	peer     exchange.Peer
	versions []exchange.KeptVersion
	act      exchange.KeptAct
	proposal exchange.Kept
	draft    exchange.Draft
}

func newAgreement(t testing.TB) *agreement {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key := func(name string) seal.SigningKey {
		seed := sha256.Sum256([]byte(name))
		key, err := seal.NewSigningKey(bytes.NewReader(seed[:]), name)
		fatal(err)
		return key
	}
	node, officer := key("south.example/node"), key("south.example/officer/boris")
	sealing, err := seal.NewSealingKey()
	fatal(err)
	made := &agreement{}
	card, note, err := wire.SignCard(heed.Card{
		Party: "south.example", Serial: 1, Issued: benchStart, NodeKey: node.Verifier().String(), SealingKey: sealing.Recipient().String(),
		LedgerKey: key(ledger.Origin("south.example", 1)).Verifier().String(), Endpoint: "https://south.example:8443", Baseline: heed.DefaultBaseline(),
	}, node)
	fatal(err)

	clock := heed.Clock{}
	for _, kind := range []heed.DutyKind{heed.DutyAcknowledge, heed.DutyAssess, heed.DutyAnswer} {
		clock[kind] = map[heed.Urgency]time.Duration{}
		for _, u := range heed.Urgencies() {
			clock[kind][u] = time.Hour
		}
	}
	ladder := heed.Ladder{{Role: "duty-desk", Mail: "desk@south.example", Hours: "24/7", Zone: "UTC"}}
	terms := heed.Accord{
		Number: 1, Proposer: "south.example", Time: benchStart, Name: "Liaison", Purpose: "Warnings between two desks", LegalBasis: "Memorandum",
		Purposes: []heed.Purpose{heed.PurposePrevention}, Quorum: 2, Reply: 24 * time.Hour,
		Members: []heed.Member{{Party: "north.example", Card: heed.CardID{1}, Ladder: ladder}, {Party: "south.example", Card: card.ID, Ladder: ladder}},
		Clocks:  []heed.NamedClock{{Name: "normal", Clock: clock}}, Ceiling: heed.Ceiling{TLP: heed.TLPRed}, Forwarding: heed.ForwardAsk,
		Disclosure: heed.Disclosure{Counts: heed.PublishAgreed, Times: heed.PublishNobody, Fields: heed.PublishNobody},
		End:        heed.Ending{Contents: heed.ContentsKeep, Watches: heed.WatchesDecide}, Limitation: 365 * 24 * time.Hour,
		Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
	}
	for range 2 {
		version, note, err := wire.SignAccord(terms, node, officer)
		fatal(err)
		made.versions = append(made.versions, exchange.KeptVersion{Accord: version, Note: note})
		terms.Accord, terms.Parent, terms.Number = version.AccordID(), version.ID, version.Number+1
	}
	first := made.versions[0].Accord
	made.peer = exchange.Peer{Card: card, CardNote: note, Added: benchStart, Introducer: "south.example", Via: first.AccordID(), Pending: true}
	made.act.Act, made.act.Note, err = wire.SignAccordAct(heed.AccordAct{
		Kind: heed.AccordRatification, Accord: first.AccordID(), Version: first.ID, Party: "south.example", Time: benchStart, Officers: first.Officers,
	}, node, officer)
	fatal(err)
	made.proposal = exchange.Kept{Key: ledger.Key{1}, Arrived: benchStart}
	made.proposal.Statement, made.proposal.Note, err = wire.SignStatement(heed.Statement{
		Kind: heed.KindAccordProposal, Author: "south.example", AuthorCard: 1, Recipient: "north.example", RecipientCard: 1, Time: benchStart,
		TagKey: ledger.KeyDigest(made.proposal.Key), Status: heed.StatusActual, Accord: first.AccordID(), Version: first.ID, Reply: first.Reply,
		Contents: []heed.ContentRef{{Digest: heed.Digest{1}, Size: 3, MediaType: heed.MediaAccord}},
	}, node)
	fatal(err)
	made.draft = exchange.Draft{
		Code: "7K3MQ2XA", Kind: heed.KindWarning, Officer: "anna", At: benchStart, To: []heed.PartyID{"south.example"},
		Accord: first.AccordID(), Version: first.ID, Document: []byte("a document"),
		Contents: []exchange.Content{{Ref: heed.ContentRef{Digest: heed.Digest{2}, Size: 4, MediaType: heed.MediaText}, Salt: [32]byte{3}, Data: []byte("text")}},
	}
	return made
}

func (a *agreement) put(tx exchange.Tx) error {
	return errors.Join(tx.PutPeer(a.peer), tx.PutVersion(a.versions[0]), tx.PutVersion(a.versions[1]), tx.PutAct(a.act), tx.Keep(a.proposal), tx.PutDraft(a.draft))
}

// isIn reports what the store has otherwise.
func (a *agreement) isIn(t *testing.T, s *Store) {
	t.Helper()
	err := s.Read(t.Context(), func(v exchange.View) error {
		id := a.versions[0].Accord.AccordID()
		peer, err1 := v.Peer("south.example")
		versions, err2 := v.AccordVersions(id)
		acts, err3 := v.AccordActs(id)
		cases, err4 := v.AccordCases(id)
		draft, err5 := v.Draft(a.draft.Code)
		got, want := []any{peer, versions, acts, cases, draft},
			[]any{a.peer, a.versions, []exchange.KeptAct{a.act}, []heed.CaseID{a.proposal.Statement.CaseID()}, a.draft}
		for i := range got {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("got  %+v\nwant %+v", got[i], want[i])
			}
		}
		return errors.Join(err1, err2, err3, err4, err5)
	})
	if err != nil {
		t.Error(err)
	}
}

func filledWithAccord(t *testing.T) (*Store, *agreement) {
	t.Helper()
	s, made := open(t), newAgreement(t)
	if err := s.Write(t.Context(), made.put); err != nil {
		t.Fatal(err)
	}
	return s, made
}

func TestCheckOfAccords(t *testing.T) {
	sound, _ := filledWithAccord(t)
	if err := sound.Check(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	const unchecked = `PRAGMA foreign_keys = OFF; `
	for name, c := range map[string]struct{ damage, found string }{
		"a version that cannot be read": {`UPDATE accord_version SET note = substr(note, 1, 200) WHERE number = 1`, "a version of an accord that was kept cannot be read"},
		"a version under another's name": {`UPDATE accord_version SET note = (SELECT note FROM accord_version WHERE number = 2) WHERE number = 1`,
			"was kept under the name"},
		"a version's number":                   {`UPDATE accord_version SET number = 7 WHERE number = 2`, "is listed as version 7 of accord"},
		"a version of another accord":          {`INSERT INTO accord (key, id) VALUES (9, zeroblob(32)); UPDATE accord_version SET accord = 9 WHERE number = 2`, "is listed as version 2 of accord 00000000"},
		"an act that cannot be read":           {`UPDATE accord_act SET note = x'00'`, "an act about an accord that was kept cannot be read"},
		"an act's name":                        {`UPDATE accord_act SET id = zeroblob(32)`, "was kept under the name 0000"},
		"a name that is none":                  {`UPDATE accord_act SET id = x'00'`, "is not 32 bytes"},
		"an act about another accord":          {`INSERT INTO accord (key, id) VALUES (9, zeroblob(32)); UPDATE accord_act SET accord = 9`, "is listed under accord 00000000"},
		"a version of no accord":               {unchecked + `UPDATE accord_version SET accord = 9 WHERE number = 2`, "a row of accord_version is of no row of accord"},
		"an accord is gone":                    {unchecked + `DELETE FROM accord`, "a row of accord_act is of no row of accord"},
		"an accord without anything":           {`INSERT INTO accord (id) VALUES (zeroblob(32))`, "1 accords are listed of which nothing is held"},
		"contents of no draft":                 {unchecked + `DELETE FROM draft`, "a row of draft_content is of no row of draft"},
		"the accord of a case":                 {`UPDATE cases SET accord = zeroblob(32)`, "it is found under accord 00000000, and its opening names"},
		"the accord of a case is gone":         {`UPDATE cases SET accord = NULL`, "it is found under accord 00000000, and its opening names"},
		"that of one that was dropped":         {`UPDATE statement SET dropped = x'00'; UPDATE cases SET accord = NULL, drops = 1`, "it is found under accord 00000000, and its opening names"},
		"that of one whose opening is missing": {`DELETE FROM statement`, "and its opening names 00000000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, copyOf(t, sound.path), Options{})
			if _, err := s.db.Exec(c.damage); err != nil {
				t.Fatal(err)
			}
			err := s.Check(t.Context(), nil)
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.found) {
				t.Errorf("found %v, want %q", err, c.found)
			}
		})
	}
}

// A check sees the note that is there, though it is remembered as it was.
func TestDamageBehindTheCache(t *testing.T) {
	s, made := filledWithAccord(t)
	made.isIn(t, s)
	if _, err := s.db.Exec(`UPDATE accord_version SET note = x'00'; UPDATE accord_act SET note = x'00'`); err != nil {
		t.Fatal(err)
	}
	err := s.Check(t.Context(), nil)
	if n := strings.Count(err.Error(), "cannot be read"); n != 3 {
		t.Errorf("%d notes cannot be read, want 3: %v", n, err)
	}
	fresh := openAt(t, copyOf(t, s.path), Options{})
	err = fresh.Read(t.Context(), func(v exchange.View) error {
		_, version := v.AccordVersion(made.versions[0].Accord.ID)
		_, acts := v.AccordActs(made.act.Act.Accord)
		if !errors.Is(version, ErrDamaged) || !errors.Is(acts, ErrDamaged) {
			t.Errorf("notes that cannot be read are read: %v, %v", version, acts)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAccordsInABackup(t *testing.T) {
	s, made := filledWithAccord(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	restored := openAt(t, path, Options{})
	made.isIn(t, restored)
	if err := restored.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A draft whose content was erased is still listed, and can still be dropped.
func TestADraftWhoseContentWasErased(t *testing.T) {
	s, made := filledWithAccord(t)
	if _, err := s.db.Exec(`DELETE FROM content`); err != nil {
		t.Fatal(err)
	}
	want := made.draft
	want.Contents = []exchange.Content{{Ref: want.Contents[0].Ref}}
	err := s.Write(t.Context(), func(tx exchange.Tx) error {
		got, err := tx.Draft(want.Code)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the draft is %+v, %v", got, err)
		}
		got.Dropped = benchStart.Add(time.Hour)
		return tx.PutDraft(got)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Read(t.Context(), func(v exchange.View) error {
		left, err := v.Drafts()
		if len(left) != 0 {
			t.Errorf("drafts that are left: %+v", left)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What people ask for often is found without reading a whole table.
func TestAccordsAreFoundByIndexes(t *testing.T) {
	s := open(t)
	for query, index := range map[string]string{
		`SELECT id FROM cases WHERE accord = x'00' ORDER BY key`:                             "cases_accord",
		`SELECT note FROM accord_version WHERE accord = 1 ORDER BY number, id`:               "accord_version_number",
		`SELECT note FROM accord_act WHERE accord = 1 ORDER BY seq`:                          "accord_act_accord",
		`SELECT code FROM draft WHERE released IS NULL AND dropped = 0 ORDER BY at, key`:     "draft_open",
		`SELECT digest, size, media, name FROM draft_content WHERE draft = 1 ORDER BY place`: "PRIMARY KEY",
	} {
		if plan := planOf(t, s, query); len(plan) != 1 || !strings.Contains(plan[0], index) {
			t.Errorf("%s: %q, want the index %s and no sorting", query, plan, index)
		}
	}
}

package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/evidence"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// A scene is two parties with their ledgers and four witnesses, with real keys
// and real proofs: north warns south, and south gives its receipt.
type scene struct {
	t            *testing.T
	now          time.Time
	made         uint64
	witnesses    []ledger.CosigningKey
	north, south *org

	warning, receipt *piece
	document         []byte // the warning's
	salt             [32]byte
}

// org is a party with its keys and its ledger.
type org struct {
	scene   *scene
	id      heed.PartyID
	card    heed.Card
	note    []byte // the signed card
	node    seal.SigningKey
	officer seal.SigningKey
	ledger  seal.SigningKey
	last    heed.StatementID

	leaves [][]byte
	hashes []tlog.Hash
	tree   *ledger.Tree
	m      *ledger.Map
	root   int64
	mapped int64
}

// piece is a signed statement with its tag key.
type piece struct {
	heed.Statement
	note, release []byte
	key           ledger.Key
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[A any](_ A, err error) error { return err }

var begins = time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)

// hostile is a headline of someone who would like to run something here.
const hostile = `</script><script>document.title="broken in"</script><img src=x onerror="document.title='broken in'">`

// nasty is a text content with what would hide or turn what stands around it.
const nasty = "Seen.\n\u202eNo such ferry.\u0007 <b onclick=\"x()\">bold</b>"

func newScene(t *testing.T) *scene {
	t.Helper()
	sc := &scene{t: t, now: begins}
	for _, name := range []string{"w1", "w2", "w3", "w4"} {
		key, err := ledger.NewCosigningKey(name+".example/key", bytes.NewReader(sc.seed(name)))
		must(t, err)
		sc.witnesses = append(sc.witnesses, key)
	}
	sc.north, sc.south = sc.newOrg("north.example"), sc.newOrg("south.example")
	sc.warns()
	sc.wait(time.Second)
	sc.receipt = sc.south.receiptFor(sc.warning)
	sc.south.logs(sc.receipt, sc.warning.key, ledger.SlotReceipt, sc.warning.ID)
	return sc
}

func (sc *scene) seed(name string) []byte {
	sum := sha256.Sum256([]byte("seed of " + name))
	return sum[:]
}

// fresh is 32 bytes that nothing else in the scene has.
func (sc *scene) fresh() [32]byte {
	sc.made++
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("fresh"), sc.made))
}

func (sc *scene) wait(d time.Duration) { sc.now = sc.now.Add(d) }

func (sc *scene) newOrg(id heed.PartyID) *org {
	sc.t.Helper()
	key := func(name string) seal.SigningKey {
		k, err := seal.NewSigningKey(bytes.NewReader(sc.seed(name)), name)
		must(sc.t, err)
		return k
	}
	name := string(id)
	o := &org{scene: sc, id: id, node: key(name + "/node"), officer: key(name + "/officer/a.lind"), ledger: key(name + "/v1"),
		tree: &ledger.Tree{}, m: ledger.NewMap(ledger.NewMemoryPages(nil)), root: -1}
	sealing, err := seal.NewSealingKey()
	must(sc.t, err)
	o.card, o.note, err = wire.SignCard(heed.Card{
		Party: id, Serial: 1, Issued: sc.now, NodeKey: o.node.Verifier().String(), SealingKey: sealing.Recipient().String(),
		LedgerKey: o.ledger.Verifier().String(), RecoveryKey: key(name + "/recovery").Verifier().String(),
		Endpoint: "https://" + name + ":443", Baseline: heed.DefaultBaseline(),
	}, o.node)
	must(sc.t, err)
	return o
}

// renewed is o's next card, signed with its recovery key, which a policy pins from now on.
func (o *org) renewed() []byte {
	sc := o.scene
	sc.t.Helper()
	recovery, err := seal.NewSigningKey(bytes.NewReader(sc.seed(string(o.id)+"/recovery")), string(o.id)+"/recovery")
	must(sc.t, err)
	next := o.card
	next.Serial, next.Issued, next.Previous, next.Endpoint = o.card.Serial+1, sc.now, o.card.ID, "https://new."+string(o.id)+":443"
	var note []byte
	o.card, note, err = wire.SignCard(next, o.node, recovery)
	must(sc.t, err)
	return note
}

// says signs a statement of o's.
func (o *org) says(kind heed.Kind, to *org, of *piece, edit func(*heed.Statement)) *piece {
	sc := o.scene
	sc.t.Helper()
	s := heed.Statement{Kind: kind, Author: o.id, AuthorCard: 1, Recipient: to.id, RecipientCard: 1, Time: sc.now, Node: o.node.Verifier().String(), Previous: o.last}
	p := &piece{key: ledger.Key(sc.fresh())}
	s.TagKey = ledger.KeyDigest(p.key)
	if of != nil {
		s.Case, s.Answers = of.CaseID(), []heed.StatementID{of.ID}
	}
	edit(&s)
	var keys []seal.SigningKey
	switch {
	case kind.Released():
		release, note, err := wire.SignRelease(heed.Release{Author: o.id, Kind: kind, Time: sc.now, Nonce: heed.Digest(sc.fresh()),
			Contents: s.Contents, Officers: []heed.OfficerStamp{{Role: heed.Releaser}}}, o.officer)
		must(sc.t, err)
		s.Release, p.release = release.ID, note
	case !kind.ByMachine():
		s.Officers, keys = []heed.OfficerStamp{{Role: heed.Assessor}}, []seal.SigningKey{o.officer}
	}
	var err error
	p.Statement, p.note, err = wire.SignStatement(s, o.node, keys...)
	must(sc.t, err)
	if kind != heed.KindReceipt {
		o.last = p.ID
	}
	return p
}

func (sc *scene) warns() {
	sc.t.Helper()
	var err error
	sc.document, err = wire.EncodeWarning(heed.Warning{
		Headline: hostile, Language: "en", Narratives: []heed.Narrative{{Language: "en", Text: "A man who called the desk.\nHe named the hall."}},
		Category: "Security", Urgency: heed.UrgencyImmediate, Severity: "Severe", Certainty: "Possible", Status: heed.StatusExercise,
		Places: []heed.Place{{Name: "North Harbour Hall"}}, Handling: heed.Handling{TLP: "AMBER"},
	}, bytes.NewReader(bytes.Repeat(sc.seed("salts"), 100)))
	must(sc.t, err)
	sc.salt = sc.fresh()
	digest, err := wire.ContentDigest(heed.MediaWarning, sc.salt, sc.document)
	must(sc.t, err)
	sc.warning = sc.north.says(heed.KindWarning, sc.south, nil, func(s *heed.Statement) {
		s.Urgency, s.Status, s.AsksAnswer = heed.UrgencyImmediate, heed.StatusExercise, true
		s.Contents = []heed.ContentRef{{Digest: digest, Size: int64(len(sc.document)), MediaType: heed.MediaWarning}}
	})
	sc.north.logs(sc.warning, sc.warning.key, ledger.SlotSent, sc.warning.ID)
}

func (o *org) receiptFor(of *piece) *piece {
	from := o.scene.north
	if o == from {
		from = o.scene.south
	}
	p := o.says(heed.KindReceipt, from, of, func(s *heed.Statement) {
		s.Previous, s.TagKey, s.Number, s.Received, s.Ledger, s.Terms = heed.StatementID{}, of.TagKey, 1, o.scene.now, o.card.LedgerKey, o.card.ID
		s.PublishBy = o.scene.now.Add(o.card.PublicationDelay)
		s.Duties = heed.Promises(of.Statement, o.card.Baseline, o.scene.now)
	})
	p.key = of.key
	return p
}

// assesses finds the warning credible, with a reason that is nasty to show.
func (sc *scene) assesses() (*piece, evidence.Content) {
	sc.t.Helper()
	reason := evidence.Content{Salt: sc.fresh(), Data: []byte(nasty)}
	digest, err := wire.ContentDigest(heed.MediaText, reason.Salt, reason.Data)
	must(sc.t, err)
	p := sc.south.says(heed.KindAssessment, sc.north, sc.warning, func(s *heed.Statement) {
		s.Disposition, s.Duties = heed.Credible, heed.Undertakings(heed.Credible, heed.UrgencyImmediate, sc.south.card.Baseline, sc.now)
		s.Contents = []heed.ContentRef{{Digest: digest, Size: int64(len(nasty)), MediaType: heed.MediaText, Name: "reason.txt"}}
	})
	sc.south.logs(p, sc.warning.key, ledger.SlotAcknowledge, sc.warning.ID)
	sc.south.logs(p, sc.warning.key, ledger.SlotAssess, sc.warning.ID)
	return p, reason
}

func (o *org) appends(leaf []byte) int64 {
	o.scene.t.Helper()
	index, hashes, err := o.tree.Append(leaf)
	must(o.scene.t, err)
	o.leaves = append(o.leaves, leaf)
	for _, h := range hashes {
		o.hashes = append(o.hashes, h.Hash)
	}
	return index
}

func (o *org) logs(p *piece, key ledger.Key, slot ledger.Slot, of heed.StatementID) {
	o.appends(ledger.StatementLeaf(key, ledger.SlotTag(key, slot, 0, of), wire.SignedDigest(p.note)).Bytes())
}

// cut writes the map root, signs the head and has all witnesses cosign it now,
// a second apart.
func (o *org) cut() []byte {
	sc := o.scene
	sc.t.Helper()
	for len(o.leaves)%ledger.PadTo != ledger.PadTo-1 {
		a, b := sc.fresh(), sc.fresh()
		o.appends(append(a[:], b[:]...))
	}
	var entries []ledger.MapEntry
	for ; o.mapped < int64(len(o.leaves)); o.mapped++ {
		if leaf, err := ledger.ParseLeaf(o.leaves[o.mapped]); err == nil {
			entries = append(entries, ledger.MapEntry{Tag: leaf.Tag, Index: o.mapped})
		}
	}
	root, err := o.m.Insert(entries)
	must(sc.t, err)
	o.root = o.appends(ledger.MapRoot{Covers: int64(len(o.leaves)), Root: root, Previous: o.root}.Bytes())
	note, err := o.tree.Head(o.ledger.Name()).Sign(o.ledger)
	must(sc.t, err)
	return sc.cosigned(note)
}

func (sc *scene) cosigned(note []byte) []byte {
	sc.t.Helper()
	head, err := ledger.UnverifiedCheckpoint(note)
	must(sc.t, err)
	var lines []byte
	for i, key := range sc.witnesses {
		line, err := key.Cosign(head, sc.now.Add(time.Duration(i)*time.Second))
		must(sc.t, err)
		lines = append(lines, line...)
	}
	out, err := ledger.RenderCheckpoint(note, lines)
	must(sc.t, err)
	return out
}

func (o *org) leaf(index int64, note []byte) evidence.Leaf {
	sc := o.scene
	sc.t.Helper()
	head, err := ledger.UnverifiedCheckpoint(note)
	must(sc.t, err)
	hashes, err := ledger.Inclusion(head.Size, index, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, o.hashes[i])
		}
		return out, nil
	}))
	must(sc.t, err)
	proof, err := ledger.LeafProof{Index: index, Hashes: hashes, Checkpoint: note}.Marshal()
	must(sc.t, err)
	return evidence.Leaf{Leaf: o.leaves[index], Proof: proof}
}

func (o *org) maps(note []byte, tags ...ledger.Tag) evidence.Map {
	sc := o.scene
	sc.t.Helper()
	head, err := ledger.UnverifiedCheckpoint(note)
	must(sc.t, err)
	l := o.leaf(head.Size-1, note)
	m := evidence.Map{Leaf: l.Leaf, Proof: l.Proof}
	for _, tag := range tags {
		path, err := o.m.Prove(tag, head.Size-1)
		must(sc.t, err)
		m.Paths = append(m.Paths, evidence.Path{Tag: tag, Path: path.Bytes()})
	}
	return m
}

func (sc *scene) tag(slot ledger.Slot) ledger.Tag {
	return ledger.SlotTag(sc.warning.key, slot, 0, sc.warning.ID)
}

// certificate is what north has after ten hours without an assessment, with the
// steps of the case and the warning opened at these fields.
func (sc *scene) certificate(fields ...string) []byte {
	sc.t.Helper()
	sc.wait(10 * time.Hour)
	south, north := sc.south.cut(), sc.north.cut()
	opened, err := wire.Disclose(sc.document, fields...)
	must(sc.t, err)
	key := sc.warning.key
	return sc.encode(evidence.Bundle{
		Claims: []evidence.Claim{
			{Kind: evidence.ClaimSilence, Statement: sc.warning.ID, Duty: heed.DutyAssess},
			{Kind: evidence.ClaimSteps, Case: sc.warning.CaseID()},
		},
		Cards:      [][]byte{sc.north.note, sc.south.note},
		Statements: []evidence.Statement{{Note: sc.warning.note, Key: &key}, {Note: sc.receipt.note}},
		Releases:   [][]byte{sc.warning.release},
		Contents:   []evidence.Content{{Salt: sc.salt, Data: opened}},
		Leaves:     []evidence.Leaf{sc.north.leaf(0, north)},
		Maps:       []evidence.Map{sc.south.maps(south, sc.tag(ledger.SlotReceipt), sc.tag(ledger.SlotAssess)), sc.north.maps(north, sc.tag(ledger.SlotRecalled))},
	})
}

// rebuttal is what south shows: its assessment, an hour after the warning, with
// north's receipt. Its leaf comes after the certificate's, at an earlier time:
// no honest witness would cosign both, and the verdict is south's all the same.
func (sc *scene) rebuttal() []byte {
	sc.t.Helper()
	sc.now = begins.Add(time.Hour)
	answer, reason := sc.assesses()
	at := int64(len(sc.south.leaves) - 1)
	head := sc.south.cut()
	sc.wait(time.Minute)
	key, own := sc.warning.key, answer.key
	return sc.encode(evidence.Bundle{
		Claims:     []evidence.Claim{{Kind: evidence.ClaimSteps, Case: sc.warning.CaseID()}},
		Cards:      [][]byte{sc.north.note, sc.south.note},
		Statements: []evidence.Statement{{Note: sc.warning.note, Key: &key}, {Note: sc.receipt.note}, {Note: answer.note, Key: &own}, {Note: sc.north.receiptFor(answer).note}},
		Contents:   []evidence.Content{reason},
		Leaves:     []evidence.Leaf{sc.south.leaf(at, head)},
	})
}

func (sc *scene) encode(b evidence.Bundle) []byte {
	sc.t.Helper()
	file, err := b.Encode()
	must(sc.t, err)
	return file
}

// policy pins both parties, and gives both ledgers to all four witnesses.
func (sc *scene) policy(pins ...*org) []byte {
	if len(pins) == 0 {
		pins = []*org{sc.north, sc.south}
	}
	p := evidence.Policy{}
	group := evidence.PolicyGroup{Name: "neutral", Quorum: ledger.DefaultQuorum(len(sc.witnesses))}
	for i, w := range sc.witnesses {
		name := "w" + strconv.Itoa(i+1)
		p.Witnesses = append(p.Witnesses, evidence.PolicyWitness{Name: name, Key: w.Public()})
		group.Members = append(group.Members, name)
	}
	p.Groups = []evidence.PolicyGroup{group}
	for _, o := range pins {
		p.Parties = append(p.Parties, evidence.PolicyParty{Party: o.id, Card: o.card.ID, Group: group.Name})
	}
	return []byte(p.String())
}

// flipped is a file with one bit turned.
func flipped(file []byte) []byte {
	out := slices.Clone(file)
	out[len(out)/2] ^= 1
	return out
}

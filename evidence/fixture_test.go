package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// A scene is two parties with their ledgers, a depositary, and four witnesses:
// real keys, real signatures, real proofs. Nothing in it is random, so that a
// failure fails again.
type scene struct {
	t         testing.TB
	now       time.Time
	made      uint64
	witnesses []ledger.CosigningKey
	north     *org // warns
	south     *org // is warned
	depot     *org // keeps envelopes for both
}

var begins = time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)

// org is a party with all its keys.
type org struct {
	scene    *scene
	id       heed.PartyID
	card     heed.Card
	cards    [][]byte
	node     seal.SigningKey
	recovery seal.SigningKey
	officer  seal.SigningKey
	sealing  string
	log      *book
	last     map[heed.CaseID]heed.StatementID
}

// piece is a signed statement with its key.
type piece struct {
	heed.Statement
	note    []byte
	key     ledger.Key
	release []byte
}

func newScene(t testing.TB) *scene {
	t.Helper()
	sc := &scene{t: t, now: begins}
	for _, name := range []string{"w1", "w2", "w3", "w4"} {
		sc.witnesses = append(sc.witnesses, sc.witness(name))
	}
	sc.depot = sc.newOrg("depot.example")
	sc.depot.issue(nil)
	keeper := heed.Depositary{Party: sc.depot.id, Endpoint: "https://depot.example:443", NodeKey: sc.depot.node.Verifier().String()}
	kept := func(c *heed.Card) { c.CollectEvery, c.Depositaries = time.Hour, []heed.Depositary{keeper} }
	sc.north, sc.south = sc.newOrg("north.example"), sc.newOrg("south.example")
	sc.north.issue(kept)
	sc.south.issue(kept)
	return sc
}

func (sc *scene) witness(name string) ledger.CosigningKey {
	sc.t.Helper()
	key, err := ledger.NewCosigningKey(name+".example/key", bytes.NewReader(sc.seed(name)))
	sc.must(err)
	return key
}

func (sc *scene) must(err error) {
	sc.t.Helper()
	if err != nil {
		sc.t.Fatal(err)
	}
}

func (sc *scene) seed(name string) []byte {
	sum := sha256.Sum256([]byte("seed of " + name))
	return sum[:]
}

// fresh is 64 bytes that nothing else in the scene has.
func (sc *scene) fresh() []byte {
	sc.made++
	a := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("a"), sc.made))
	b := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("b"), sc.made))
	return append(a[:], b[:]...)
}

func (sc *scene) wait(d time.Duration) { sc.now = sc.now.Add(d) }

func (sc *scene) key(name, seed string) seal.SigningKey {
	sc.t.Helper()
	key, err := seal.NewSigningKey(bytes.NewReader(sc.seed(seed)), name)
	sc.must(err)
	return key
}

var sealingKeys = map[string]string{} // making one is slow, and which one it is does not matter here

func (sc *scene) newOrg(id heed.PartyID) *org {
	sc.t.Helper()
	o := &org{scene: sc, id: id, last: map[heed.CaseID]heed.StatementID{}}
	name := string(id)
	o.node, o.recovery, o.officer = sc.key(name+"/node", name+"/node"), sc.key(name+"/recovery", name+"/recovery"), sc.key(name+"/officer/anna", name+"/anna")
	o.log = newBook(sc, sc.key(name+"/v1", name+"/v1"))
	if sealingKeys[name] == "" {
		key, err := seal.NewSealingKey()
		sc.must(err)
		sealingKeys[name] = key.Recipient().String()
	}
	o.sealing = sealingKeys[name]
	return o
}

// issue signs the next card, with the recovery key from the second on.
func (o *org) issue(edit func(*heed.Card)) {
	o.scene.t.Helper()
	c := heed.Card{
		Party: o.id, Serial: o.card.Serial + 1, Issued: o.scene.now, Previous: o.card.ID,
		NodeKey: o.node.Verifier().String(), SealingKey: o.sealing, LedgerKey: o.log.vkey(), RecoveryKey: o.recovery.Verifier().String(),
		Endpoint: "https://" + string(o.id) + ":443", Baseline: heed.DefaultBaseline(),
	}
	if o.card.Serial > 0 {
		c.Baseline, c.Depositaries = o.card.Baseline, o.card.Depositaries
	}
	if edit != nil {
		edit(&c)
	}
	keys := []seal.SigningKey{o.node}
	if c.Serial > 1 {
		keys = append(keys, o.recovery)
	}
	card, note, err := wire.SignCard(c, keys...)
	o.scene.must(err)
	o.card, o.cards = card, append(o.cards, note)
}

// say signs a statement of a kind that o's officer or node makes. Nothing is logged.
func (o *org) say(kind heed.Kind, to *org, of *piece, answers []*piece, edit func(*heed.Statement)) *piece {
	sc := o.scene
	sc.t.Helper()
	s := heed.Statement{
		Kind: kind, Author: o.id, AuthorCard: o.card.Serial, Recipient: to.id, RecipientCard: to.card.Serial, Time: sc.now, Node: o.node.Verifier().String(),
	}
	if of != nil {
		s.Case = of.CaseID()
		s.Previous = o.last[s.Case]
	}
	for _, a := range answers {
		s.Answers = append(s.Answers, a.ID)
	}
	slices.SortFunc(s.Answers, func(a, b heed.StatementID) int { return bytes.Compare(a[:], b[:]) })
	p := &piece{key: ledger.Key(sc.fresh()[:32])}
	s.TagKey = ledger.KeyDigest(p.key)
	if kind == heed.KindReceipt {
		s.Previous, s.TagKey = heed.StatementID{}, answers[0].TagKey
		p.key = answers[0].key
	}
	var keys []seal.SigningKey
	switch {
	case kind.Released():
		rel := heed.Release{Author: o.id, Kind: kind, Time: sc.now, Nonce: heed.Digest(sc.fresh()[:32]), Officers: []heed.OfficerStamp{{Role: heed.Supervisor}}}
		if kind != heed.KindWarning {
			rel.Of = heed.ReleaseID{1}
		}
		probe := s
		if edit != nil {
			edit(&probe)
		}
		rel.Contents = probe.Contents
		signed, note, err := wire.SignRelease(rel, o.officer)
		sc.must(err)
		s.Release, p.release = signed.ID, note
	case !kind.ByMachine():
		s.Officers, keys = []heed.OfficerStamp{{Role: heed.Supervisor}}, []seal.SigningKey{o.officer}
	}
	if edit != nil {
		edit(&s)
	}
	var err error
	p.Statement, p.note, err = wire.SignStatement(s, o.node, keys...)
	sc.must(err)
	if kind.InCase() && kind != heed.KindReceipt {
		o.last[p.CaseID()] = p.ID
	}
	return p
}

var text = heed.ContentRef{Digest: heed.Digest{9}, Size: 3, MediaType: heed.MediaText}

// warns is a warning that asks for an answer, logged as sent.
func (o *org) warns(to *org) *piece {
	p := o.say(heed.KindWarning, to, nil, nil, func(s *heed.Statement) {
		s.Urgency, s.Status, s.AsksAnswer, s.Contents = heed.UrgencyImmediate, heed.StatusActual, true, []heed.ContentRef{text}
	})
	o.log.slot(p, p.key, ledger.SlotSent, p.ID)
	return p
}

func (o *org) asks(to *org, of *piece) *piece {
	p := o.say(heed.KindQuestion, to, of, nil, func(s *heed.Statement) {
		s.Urgency, s.Contents = heed.UrgencyImmediate, []heed.ContentRef{text}
		if of == nil {
			s.Status = heed.StatusActual
		}
	})
	o.log.slot(p, p.key, ledger.SlotSent, p.ID)
	return p
}

// receipt is o's for what it received now; it is not logged.
func (o *org) receipt(of *piece, from *org) *piece {
	return o.say(heed.KindReceipt, from, of, []*piece{of}, func(s *heed.Statement) {
		s.Number, s.Received, s.Ledger, s.Terms = 1, o.scene.now, o.log.vkey(), o.card.ID
		s.PublishBy = o.scene.now.Add(o.card.PublicationDelay)
		s.Duties = heed.Promises(of.Statement, o.card.Baseline, o.scene.now)
	})
}

// receives is receipt, and its leaf.
func (o *org) receives(of *piece, from *org) *piece {
	r := o.receipt(of, from)
	o.log.slot(r, of.key, ledger.SlotReceipt, of.ID)
	return r
}

// assesses finds credible, which discharges acknowledge and assess, and logs both.
func (o *org) assesses(of *piece, to *org) *piece {
	p := o.say(heed.KindAssessment, to, of, []*piece{of}, func(s *heed.Statement) {
		s.Disposition = heed.Credible
		s.Duties = heed.Undertakings(heed.Credible, heed.UrgencyImmediate, o.card.Baseline, o.scene.now)
	})
	o.log.slot(p, of.key, ledger.SlotAcknowledge, of.ID)
	o.log.slot(p, of.key, ledger.SlotAssess, of.ID)
	return p
}

// recalls the case, and logs it.
func (o *org) recalls(of *piece, to *org) *piece {
	p := o.say(heed.KindRecall, to, of, []*piece{of}, nil)
	o.log.slot(p, of.key, ledger.SlotRecalled, of.ID)
	return p
}

func (o *org) extends(of *piece, to *org, duty heed.DutyKind, until time.Time) *piece {
	return o.say(heed.KindExtension, to, of, []*piece{of}, func(s *heed.Statement) {
		s.Duties = []heed.Promise{{Kind: duty, Due: until}}
	})
}

// deposits is the depositary's word for an envelope of from's to to that carries p.
func (o *org) deposits(p *piece, from, to *org) (deposit *piece, header []byte) {
	sc := o.scene
	sc.t.Helper()
	carries := []heed.Digest{heed.Digest(ledger.SlotTag(p.key, ledger.SlotCarried, 0, p.ID))}
	header, digest := sc.header(from, to, carries)
	deposit = o.say(heed.KindDeposit, from, nil, nil, func(s *heed.Statement) {
		s.TagKey, s.Party, s.Number, s.Received, s.Ledger, s.Terms = heed.Digest{}, to.id, 1, sc.now, o.log.vkey(), to.card.ID
		s.PublishBy, s.Envelope, s.Carries = sc.now.Add(o.card.PublicationDelay), digest, carries
	})
	return deposit, header
}

// header signs the outside of an envelope.
func (sc *scene) header(from, to *org, carries []heed.Digest) (note []byte, digest heed.Digest) {
	sc.t.Helper()
	recipient, err := seal.ParseRecipient(to.sealing)
	sc.must(err)
	envelope, err := wire.SealEnvelope(wire.Header{
		Sender: from.id, SenderCard: from.card.Serial, Recipient: to.id, RecipientCard: to.card.Serial, Number: 1, Time: sc.now, Carries: carries,
	}, []wire.Part{{Type: wire.PartGap, Data: wire.EncodeGap(nil)}}, recipient, from.node)
	sc.must(err)
	size := binary.BigEndian.Uint32(envelope)
	note = envelope[4 : 4+size]
	h, err := parseHeader(note)
	sc.must(err)
	return note, h.SealedDigest
}

// policy pins both parties' first cards, and gives both ledgers to all four witnesses.
func (sc *scene) policy() Policy {
	p := Policy{}
	group := PolicyGroup{Name: "neutral", Quorum: ledger.DefaultQuorum(len(sc.witnesses))}
	for i, w := range sc.witnesses {
		name := "w" + string(rune('1'+i))
		p.Witnesses = append(p.Witnesses, PolicyWitness{Name: name, Key: w.Public()})
		group.Members = append(group.Members, name)
	}
	p.Groups = []PolicyGroup{group}
	for _, o := range []*org{sc.north, sc.south} {
		first, err := wire.ParseCard(o.cards[0])
		sc.must(err)
		p.Parties = append(p.Parties, PolicyParty{Party: o.id, Card: first.ID, Group: group.Name})
	}
	return p
}

// cosigned is a head with the cosignatures of witnesses (all where none is
// named) at the scene's time, each a second after the other.
func (sc *scene) cosigned(note []byte, by ...ledger.CosigningKey) []byte {
	sc.t.Helper()
	if len(by) == 0 {
		by = sc.witnesses
	}
	c, err := ledger.UnverifiedCheckpoint(note)
	sc.must(err)
	var lines []byte
	for i, key := range by {
		line, err := key.Cosign(c, sc.now.Add(time.Duration(i)*time.Second))
		sc.must(err)
		lines = append(lines, line...)
	}
	out, err := ledger.RenderCheckpoint(note, lines)
	sc.must(err)
	return out
}

// verify is Verify that must find the files sound.
func (sc *scene) verify(bundles ...Bundle) Report {
	sc.t.Helper()
	return sc.verifyBy(sc.policy(), bundles...)
}

func (sc *scene) verifyBy(policy Policy, bundles ...Bundle) Report {
	sc.t.Helper()
	var files [][]byte
	for _, b := range bundles {
		files = append(files, sc.encode(b))
	}
	report, err := Verify(policy, files...)
	sc.must(err)
	return report
}

func (sc *scene) encode(b Bundle) []byte {
	sc.t.Helper()
	file, err := b.Encode()
	sc.must(err)
	return file
}

// only is the report's one verdict, which must be this one.
func (sc *scene) only(r Report, want Finding) Verdict {
	sc.t.Helper()
	if len(r.Verdicts) != 1 || r.Verdicts[0].Verdict != want {
		sc.t.Fatalf("verdicts %+v, want one of %q", r.Verdicts, want)
	}
	if r.Holds() != (want != CannotTell && want != UnknownSigner) {
		sc.t.Fatalf("%q holds: %v", want, r.Holds())
	}
	return r.Verdicts[0]
}

// book is a ledger of the second vocabulary in memory.
type book struct {
	scene  *scene
	key    seal.SigningKey
	leaves [][]byte
	hashes []tlog.Hash
	tree   *ledger.Tree
	m      *ledger.Map
	root   int64 // of the newest map root leaf
	mapped int64 // leaves that the map has
	hide   map[ledger.Tag]bool
	edit   func(*ledger.MapRoot) // makes map root leaves lie
}

func newBook(sc *scene, key seal.SigningKey) *book {
	return &book{scene: sc, key: key, tree: &ledger.Tree{}, m: ledger.NewMap(ledger.NewMemoryPages(nil)), root: -1, hide: map[ledger.Tag]bool{}}
}

func (b *book) vkey() string { return b.key.Verifier().String() }

func (b *book) append(leaf []byte) int64 {
	b.scene.t.Helper()
	index, hashes, err := b.tree.Append(leaf)
	b.scene.must(err)
	b.leaves = append(b.leaves, leaf)
	for _, h := range hashes {
		b.hashes = append(b.hashes, h.Hash)
	}
	return index
}

// slot logs a statement.
func (b *book) slot(p *piece, key ledger.Key, name ledger.Slot, of heed.StatementID) int64 {
	return b.append(ledger.StatementLeaf(key, ledger.SlotTag(key, name, 0, of), wire.SignedDigest(p.note)).Bytes())
}

// cut pads, writes the map root and signs the head.
func (b *book) cut() []byte { return b.cutWith([32]byte{}) }

// end is cut with an end leaf.
func (b *book) end(succession *piece) []byte { return b.cutWith(wire.SignedDigest(succession.note)) }

func (b *book) cutWith(succession [32]byte) []byte {
	sc := b.scene
	sc.t.Helper()
	for len(b.leaves)%ledger.PadTo != ledger.PadTo-1 {
		b.append(sc.fresh())
	}
	var entries []ledger.MapEntry
	for ; b.mapped < int64(len(b.leaves)); b.mapped++ {
		if leaf, err := ledger.ParseLeaf(b.leaves[b.mapped]); err == nil && !b.hide[leaf.Tag] {
			entries = append(entries, ledger.MapEntry{Tag: leaf.Tag, Index: b.mapped})
		}
	}
	root, err := b.m.Insert(entries)
	sc.must(err)
	r := ledger.MapRoot{Covers: int64(len(b.leaves)), Root: root, Previous: b.root, Succession: succession}
	if b.edit != nil {
		b.edit(&r)
	}
	b.root = b.append(r.Bytes())
	return b.sign()
}

// sign signs a head of the tree as it is, whatever it ends in.
func (b *book) sign() []byte {
	b.scene.t.Helper()
	note, err := b.tree.Head(b.key.Name()).Sign(b.key)
	b.scene.must(err)
	return note
}

func (b *book) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = b.hashes[at]
		}
		return out, nil
	})
}

// leaf proves one leaf under a head.
func (b *book) leaf(index int64, note []byte) Leaf {
	sc := b.scene
	sc.t.Helper()
	c, err := ledger.UnverifiedCheckpoint(note)
	sc.must(err)
	hashes, err := ledger.Inclusion(c.Size, index, b.reader())
	sc.must(err)
	proof, err := ledger.LeafProof{Index: index, Hashes: hashes, Checkpoint: note}.Marshal()
	sc.must(err)
	return Leaf{Leaf: b.leaves[index], Proof: proof}
}

// proof proves the map root that a head ends in, and the tags' paths under it.
func (b *book) proof(note []byte, tags ...ledger.Tag) Map {
	sc := b.scene
	sc.t.Helper()
	c, err := ledger.UnverifiedCheckpoint(note)
	sc.must(err)
	return b.proofAt(c.Size-1, note, tags...)
}

func (b *book) proofAt(index int64, note []byte, tags ...ledger.Tag) Map {
	sc := b.scene
	sc.t.Helper()
	l := b.leaf(index, note)
	m := Map{Leaf: l.Leaf, Proof: l.Proof}
	for _, tag := range tags {
		path, err := b.m.Prove(tag, index)
		sc.must(err)
		m.Paths = append(m.Paths, Path{Tag: tag, Path: path.Bytes()})
	}
	return m
}

// part is the statement with its key.
func (p *piece) part() Statement {
	key := p.key
	return Statement{Note: p.note, Key: &key}
}

// bare is the statement without it.
func (p *piece) bare() Statement { return Statement{Note: p.note} }

func (p *piece) tag(name ledger.Slot) ledger.Tag { return ledger.SlotTag(p.key, name, 0, p.ID) }

// silence is the certificate for a duty that follows from a statement of
// north's, the opening of its case, under these heads of south and north.
func (sc *scene) silence(duty heed.DutyKind, from, receipt *piece, south, north []byte) Bundle {
	return Bundle{
		Claims:     []Claim{{Kind: ClaimSilence, Statement: from.ID, Duty: duty}},
		Cards:      [][]byte{sc.north.cards[0], sc.south.cards[0]},
		Statements: []Statement{from.part(), receipt.bare()},
		Maps: []Map{
			sc.south.log.proof(south, from.tag(ledger.SlotReceipt), from.tag(slotNames[duty])),
			sc.north.log.proof(north, from.tag(ledger.SlotRecalled)),
		},
	}
}

// warned is a scene in which north warned south, which gave its receipt and is
// silent for ten hours, with the certificate about its assessment.
func warned(t testing.TB) (sc *scene, warning, receipt *piece, cert Bundle) {
	t.Helper()
	sc = newScene(t)
	warning = sc.north.warns(sc.south)
	sc.wait(time.Second)
	receipt = sc.south.receives(warning, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(10 * time.Hour)
	cert = sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))
	return sc, warning, receipt, cert
}

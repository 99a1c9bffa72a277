package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// material is everything that the files hold together, each thing verified as
// far as it can be alone: signed texts under the keys that they list, proofs
// under heads that a party's ledger key signed.
type material struct {
	policy     Policy
	claims     []Claim
	parties    map[heed.PartyID]*party
	cards      map[heed.CardID]*cardNotes
	statements map[heed.StatementID]*said
	order      []*said                      // by signed time, then by id
	receipts   map[heed.StatementID][]*said // by what they are for
	deposits   []*said
	carried    map[heed.Digest][]*said // deposits by what they carry
	keys       map[heed.Digest]ledger.Key
	releases   map[heed.ReleaseID]heed.Release
	headers    []wire.Header
	contents   map[heed.Digest]Content // by either digest that its bytes can have
	heads      map[[32]byte]*head      // by the SHA-256 of the whole note; nil for a stranger's
	strangers  []Signer                // whose heads are no party's
	ledgers    map[string]*log         // by the ledger's verification key
	insertions map[int64][]ledger.MapPath
	folds      map[side]heed.Case                        // cached: see fold
	misfits    map[heed.CaseID]map[heed.StatementID]bool // cached: see misfit
}

// said is a statement with every signed form of it that the files hold: one
// text may be signed twice, and a ledger commits to the whole note.
type said struct {
	heed.Statement
	digests [][32]byte
	key     *ledger.Key

	upper *bound   // cached
	got   *[]*said // cached: see received
	lead  *lead    // cached: see leadOf
}

// log is what the files prove of one ledger.
type log struct {
	key    string
	party  *party
	heads  []*head
	leaves map[int64][]provenLeaf
	tags   map[ledger.Tag][]provenLeaf
	maps   []*provenMap
}

type provenLeaf struct {
	head   *head
	index  int64
	leaf   []byte
	prefix tlog.Hash // the root of the tree that would end with this leaf
}

// provenMap is a map root leaf with what its paths show.
type provenMap struct {
	head  *head
	index int64
	root  ledger.MapRoot
	shows map[ledger.Tag]shown
}

type shown struct {
	index   int64
	present bool
}

// last reports whether the map is that of all its checkpoint's leaves: the
// only one under which something counts as absent.
func (m *provenMap) last() bool {
	return m.index == m.head.Size-1 && m.root.Covers == m.index
}

// gather reads all files into one union. Errors match ErrDamaged; those of one
// file are *FileError.
func gather(policy Policy, files [][]byte) (*material, error) {
	m := &material{
		policy: policy, parties: map[heed.PartyID]*party{}, cards: map[heed.CardID]*cardNotes{},
		statements: map[heed.StatementID]*said{}, keys: map[heed.Digest]ledger.Key{}, receipts: map[heed.StatementID][]*said{}, releases: map[heed.ReleaseID]heed.Release{},
		contents: map[heed.Digest]Content{}, heads: map[[32]byte]*head{}, ledgers: map[string]*log{}, insertions: map[int64][]ledger.MapPath{}, carried: map[heed.Digest][]*said{},
		folds: map[side]heed.Case{}, misfits: map[heed.CaseID]map[heed.StatementID]bool{},
	}
	numbers := sortedFiles(files)
	bundles := make([]Bundle, len(files))
	for i, file := range files {
		b, err := parseFile(file)
		if err != nil {
			return nil, inFile(i, files, err)
		}
		bundles[i] = b
	}
	if !slices.ContainsFunc(bundles, func(b Bundle) bool { return len(b.Claims) > 0 }) {
		return nil, damaged("there is no evidence file")
	}
	for _, i := range numbers {
		if err := m.takeTexts(bundles[i]); err != nil {
			return nil, inFile(i, files, err)
		}
	}
	m.arrange()
	m.recognise()
	for _, i := range numbers {
		if err := m.takeProofs(bundles[i]); err != nil {
			return nil, inFile(i, files, err)
		}
	}
	m.takeTimes()
	return m, nil
}

// sortedFiles puts files into an order of their own, so that nothing hangs on
// the one in which they were given.
func sortedFiles(files [][]byte) []int {
	numbers := make([]int, len(files))
	for i := range files {
		numbers[i] = i
	}
	slices.SortStableFunc(numbers, func(a, b int) int { return bytes.Compare(files[a], files[b]) })
	return numbers
}

func inFile(i int, files [][]byte, err error) error {
	return &FileError{File: i, Of: len(files), Err: err}
}

// takeTexts reads what verifies under the keys that it names itself.
func (m *material) takeTexts(b Bundle) error {
	for _, c := range b.Claims {
		if !slices.Contains(m.claims, c) {
			m.claims = append(m.claims, c)
		}
	}
	cards, err := parseEach(b.Cards, wire.ParseCard)
	if err != nil {
		return err
	}
	for i, c := range cards {
		m.takeCard(c, b.Cards[i])
	}
	statements, err := parseEach(b.Statements, func(s Statement) (heed.Statement, error) { return wire.ParseStatement(s.Note) })
	if err != nil {
		return err
	}
	for i, s := range statements {
		if err := m.takeStatement(s, b.Statements[i]); err != nil {
			return err
		}
	}
	releases, err := parseEach(b.Releases, wire.ParseRelease)
	if err != nil {
		return err
	}
	for _, rel := range releases {
		m.releases[rel.ID] = rel
	}
	for _, note := range b.Headers {
		h, err := parseHeader(note)
		if err != nil {
			return err
		}
		m.headers = append(m.headers, h)
	}
	for _, c := range b.Contents {
		m.contents[heed.Digest(seal.ContentDigest(c.Salt, c.Data))] = c
		if d, err := wire.WarningDigest(c.Salt, c.Data); err == nil {
			m.takeDocument(heed.Digest(d), c)
		}
	}
	return nil
}

// takeDocument keeps, of two openings of one document, the one that opens more.
func (m *material) takeDocument(d heed.Digest, c Content) {
	held, ok := m.contents[d]
	if !ok || openFields(c) > openFields(held) || openFields(c) == openFields(held) && bytes.Compare(c.Data, held.Data) < 0 {
		m.contents[d] = c
	}
}

func openFields(c Content) int {
	p, err := wire.ParsePartial(c.Data)
	if err != nil {
		return -1
	}
	return len(p.Fields())
}

func (m *material) takeStatement(s heed.Statement, part Statement) error {
	held := m.statements[s.ID]
	if held == nil {
		held = &said{Statement: s}
		m.statements[s.ID] = held
	}
	if d := wire.SignedDigest(part.Note); !slices.Contains(held.digests, d) {
		held.digests = append(held.digests, d)
	}
	if part.Key == nil {
		return nil
	}
	if ledger.KeyDigest(*part.Key) != [32]byte(s.TagKey) {
		return damaged("the tag key beside %s statement %s is not the one that it names", s.Kind, s.ID.Short())
	}
	held.key = part.Key
	m.keys[s.TagKey] = *part.Key
	return nil
}

// arrange orders the statements, and finds those that are about others.
func (m *material) arrange() {
	for _, s := range m.statements {
		m.order = append(m.order, s)
	}
	slices.SortFunc(m.order, func(a, b *said) int {
		return cmp.Or(a.Time.Compare(b.Time), bytes.Compare(a.ID[:], b.ID[:]))
	})
	for _, s := range m.order {
		switch s.Kind {
		case heed.KindReceipt:
			m.receipts[s.Answers[0]] = append(m.receipts[s.Answers[0]], s)
		case heed.KindDeposit:
			m.deposits = append(m.deposits, s)
			for _, d := range s.Carries {
				m.carried[d] = append(m.carried[d], s)
			}
		}
	}
}

// parseHeader reads a header as it stands in front of an envelope.
func parseHeader(note []byte) (wire.Header, error) {
	if len(note) > wire.MaxHeader {
		return wire.Header{}, damaged("an envelope's header of %d bytes", len(note))
	}
	framed := append(binary.BigEndian.AppendUint32(nil, uint32(len(note))), note...)
	h, err := wire.ReadHeader(bytes.NewReader(framed))
	if err != nil {
		return wire.Header{}, damaged("%v", err)
	}
	return h, nil
}

// takeProofs reads what verifies under the ledger keys of parties.
func (m *material) takeProofs(b Bundle) error {
	for _, note := range b.Checkpoints {
		if _, err := m.takeHead(note); err != nil {
			return err
		}
	}
	for _, l := range b.Leaves {
		if _, err := m.takeLeaf(l.Leaf, l.Proof); err != nil {
			return err
		}
	}
	for _, p := range b.Maps {
		if err := m.takeMap(p); err != nil {
			return err
		}
	}
	for _, i := range b.Insertions {
		path, err := ledger.ParseMapPath(i.Path)
		if err != nil {
			return damaged("%v", err)
		}
		m.insertions[i.Index] = append(m.insertions[i.Index], path)
	}
	return nil
}

// takeTimes verifies the cosignatures of all heads.
func (m *material) takeTimes() {
	var heads []*head
	for _, h := range m.heads {
		if h != nil {
			heads = append(heads, h)
		}
	}
	each(len(heads), func(i int) { heads[i].times() })
}

// takeHead verifies a checkpoint under the key of a party's ledger. It is nil
// where the ledger is nobody's that the policy knows.
func (m *material) takeHead(note []byte) (*head, error) {
	sum := sha256.Sum256(note)
	if h, ok := m.heads[sum]; ok {
		return h, nil
	}
	claimed, err := ledger.UnverifiedCheckpoint(note)
	if err != nil {
		return nil, damaged("%v", err)
	}
	m.heads[sum] = nil
	var forged error
	for _, p := range m.parties {
		for vkey, key := range p.ledgers {
			if key.Name() != claimed.Origin {
				continue
			}
			c, err := ledger.ParseCheckpoint(note, claimed.Origin, key)
			if errors.Is(err, ledger.ErrSignature) {
				forged = err // unless another key of that name signed it: four bytes of hash tell keys apart and prove nothing
			}
			if err != nil {
				continue
			}
			h := &head{Checkpoint: c, party: p}
			m.heads[sum] = h
			at := m.log(vkey, p)
			at.heads = append(at.heads, h)
			h.log = at
			return h, nil
		}
	}
	if forged != nil {
		return nil, damaged("%v", forged)
	}
	m.strangers = append(m.strangers, headSigner(claimed.Origin, note))
	return nil, nil
}

// logs are the party's ledgers of which anything is proven, in the order of their keys.
func (m *material) logs(p *party) []*log {
	var all []*log
	for _, vkey := range slices.Sorted(maps.Keys(m.ledgers)) {
		if l := m.ledgers[vkey]; l.party == p {
			all = append(all, l)
		}
	}
	return all
}

func (m *material) log(vkey string, p *party) *log {
	at := m.ledgers[vkey]
	if at == nil {
		at = &log{key: vkey, party: p, leaves: map[int64][]provenLeaf{}, tags: map[ledger.Tag][]provenLeaf{}}
		m.ledgers[vkey] = at
	}
	return at
}

// takeLeaf verifies that a leaf is in a party's ledger; nil for a stranger's.
func (m *material) takeLeaf(leaf, text []byte) (*provenLeaf, error) {
	proof, err := ledger.ParseLeafProof(text)
	if err != nil {
		return nil, damaged("%v", err)
	}
	h, err := m.takeHead(proof.Checkpoint)
	if err != nil || h == nil {
		return nil, err
	}
	if err := ledger.CheckInclusion(tlog.RecordProof(proof.Hashes), h.Checkpoint, proof.Index, leaf); err != nil {
		return nil, damaged("%v", err)
	}
	at := provenLeaf{head: h, index: proof.Index, leaf: leaf}
	if at.prefix, err = ledger.PrefixRoot(tlog.RecordProof(proof.Hashes), h.Size, at.index, leaf); err != nil {
		return nil, damaged("%v", err)
	}
	h.log.leaves[at.index] = append(h.log.leaves[at.index], at)
	if slot, err := ledger.ParseLeaf(leaf); err == nil {
		h.log.tags[slot.Tag] = append(h.log.tags[slot.Tag], at)
	}
	return &at, nil
}

func (m *material) takeMap(part Map) error {
	root, err := ledger.ParseMapRoot(part.Leaf)
	if err != nil {
		return damaged("%v", err)
	}
	at, err := m.takeLeaf(part.Leaf, part.Proof)
	if err != nil {
		return err
	}
	proven := &provenMap{root: root, shows: map[ledger.Tag]shown{}}
	for _, p := range part.Paths {
		path, err := ledger.ParseMapPath(p.Path)
		if err != nil {
			return damaged("%v", err)
		}
		index, present, err := path.Check(root.Root, p.Tag)
		if err != nil {
			return damaged("%v", err)
		}
		proven.shows[p.Tag] = shown{index, present}
	}
	if at != nil {
		proven.head, proven.index = at.head, at.index
		at.head.log.maps = append(at.head.log.maps, proven)
	}
	return nil
}

// keyOf is the tag key of a statement, where the files show it.
func (m *material) keyOf(id heed.StatementID) (ledger.Key, bool) {
	s := m.statements[id]
	if s == nil {
		return ledger.Key{}, false
	}
	key, ok := m.keys[s.TagKey]
	return key, ok
}

package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
	"heed/evidence"
	"heed/ledger"
	"heed/wire"
)

// ProofOrder says what is to be proven of a case.
type ProofOrder struct {
	Case  heed.CaseID
	Steps []string // kinds of statements or states of a case; none: every step

	// Open is what of the contents is opened: OpenAll, OpenNone, or paths of
	// the warning document.
	Open []string

	// Silence, where it is not empty, asks for the certificate that this duty of
	// the other party has no answer on record.
	Silence heed.DutyKind
	// Until is how long to go on asking witnesses for a time past the due time.
	Until time.Time
}

// What a ProofOrder opens without naming paths.
const (
	OpenAll  = "all"
	OpenNone = "none"
)

// Prove publishes what is due, has the ledgers of both parties cosigned anew,
// and gathers the evidence file. The other party is not needed.
//
// Nobody is waited for longer than about a minute, whatever hangs, but for the time that
// order.Until allows for an absence to tell anything. Errors: ErrNotFound for
// an unknown case, *heed.Invalid for what cannot be proven of it.
func (x *Exchange) Prove(ctx context.Context, order ProofOrder) (Proof, error) {
	for {
		if err := x.freshen(ctx, order.Case); err != nil {
			return Proof{}, err
		}
		g, err := x.gather(ctx, order)
		if err != nil {
			return Proof{}, err
		}
		// The witnesses' clocks count in seconds and are not ours: a moment is left
		// for them to pass the time from which the absence tells anything.
		now := x.Now()
		next := now.Add(2 * time.Second)
		if g.ripe.After(now) {
			next = g.ripe.Add(2 * time.Second)
		}
		if g.ripe.IsZero() || g.shown.After(g.ripe) || next.After(order.Until) {
			return g.finish(next)
		}
		if err := pause(ctx, next.Sub(now)); err != nil {
			return Proof{}, err
		}
	}
}

// Proof is an evidence file, and what a verifier would make of it who believes
// the witnesses that we believe.
type Proof struct {
	File   []byte
	Report evidence.Report
	// Ripe is from when on the absence that was asked for tells anything; zero
	// where that does not depend on time.
	Ripe time.Time
}

// finish writes the file and judges it.
func (g *gathering) finish(next time.Time) (p Proof, err error) {
	if p.File, err = g.bundle.Encode(); err != nil {
		return p, fmt.Errorf("evidence of case %s: %w", g.c.Code.Spoken(), err)
	}
	if p.Ripe = g.ripe; !g.ripe.IsZero() {
		p.Ripe = next
	}
	if len(g.policy.Groups) == 0 {
		return p, nil // without witnesses nobody dates anything
	}
	p.Report, err = evidence.Verify(g.policy, p.File)
	return p, err
}

// ownPolicy is that of somebody who believes our witnesses, and pins the cards
// that we hold.
func (g *gathering) ownPolicy() (policy evidence.Policy, err error) {
	counting, err := g.counting()
	if err != nil || len(counting) == 0 {
		return policy, err
	}
	const group = "ours"
	var names []string
	for _, w := range counting {
		names = append(names, w.Name)
		for _, key := range w.Keys {
			policy.Witnesses = append(policy.Witnesses, evidence.PolicyWitness{Name: w.Name, Key: key})
		}
	}
	policy.Groups = []evidence.PolicyGroup{{Name: group, Quorum: ledger.DefaultQuorum(len(names)), Members: names}}
	for _, party := range []heed.PartyID{g.c.Warner, g.c.Warned} {
		card, err := g.x.newestCard(g.v, party)
		if err != nil {
			return policy, err
		}
		policy.Parties = append(policy.Parties, evidence.PolicyParty{Party: party, Card: card.ID, Group: group})
	}
	return policy, nil
}

// counting are our witnesses whose word counts.
func (g *gathering) counting() ([]ledger.Witness, error) {
	all, err := g.v.Witnesses()
	if err != nil {
		return nil, err
	}
	return listWitnesses(mirroring(all))
}

// gather fills a bundle from one snapshot.
func (x *Exchange) gather(ctx context.Context, order ProofOrder) (g *gathering, err error) {
	err = x.store.Read(ctx, func(v View) error {
		g = &gathering{x: x, v: v, bundle: &evidence.Bundle{}}
		if err := g.begin(order.Case); err != nil {
			return err
		}
		if order.Silence == "" {
			return g.steps(order)
		}
		return g.silence(order.Silence)
	})
	return g, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// knownOrigins are the ledgers of a party: ended ones first, the present one last.
func (x *Exchange) knownOrigins(v View, party heed.PartyID) ([]string, error) {
	origins, err := formerOrigins(v, party)
	if err != nil {
		return nil, err
	}
	card, err := x.newestCard(v, party)
	if err != nil {
		return nil, err
	}
	present, err := ledgerOrigin(card)
	return append(origins, present), err
}

// originsOf are those of them of which we hold a head.
func (x *Exchange) originsOf(v View, party heed.PartyID) ([]string, error) {
	origins, err := x.knownOrigins(v, party)
	if err != nil {
		return nil, err
	}
	var held []string
	for _, origin := range origins {
		log, err := x.keptLedger(v, origin)
		if err != nil {
			return nil, err
		}
		_, err = log.head()
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		held = append(held, origin)
	}
	return held, nil
}

// newestCard is our present card, or the newest that we hold of a peer.
func (x *Exchange) newestCard(v View, party heed.PartyID) (heed.Card, error) {
	if party == x.party {
		me, err := v.Self()
		return me.Card, err
	}
	peer, err := v.Peer(party)
	return peer.Card, err
}

// gathering fills a bundle from one snapshot.
type gathering struct {
	x      *Exchange
	v      View
	bundle *evidence.Bundle
	c      heed.Case
	kept   map[heed.StatementID]Kept
	order  []heed.StatementID
	logs   map[heed.PartyID][]keptLedger

	// Of an absence: from when on it tells anything, and as of when our own
	// witnesses show it. Both are zero where nothing has to be waited for.
	ripe, shown time.Time
	policy      evidence.Policy               // a verifier's who believes our witnesses
	tags        map[heed.PartyID][]ledger.Tag // to be looked up in the maps of a party's ledgers
}

// provable reads a case that something can be proven of.
func provable(v View, id heed.CaseID) (heed.Case, error) {
	c, err := v.Case(id)
	if err == nil && c.Opening.ID.IsZero() {
		err = &heed.Refused{Detail: "the statement that opened this case has not arrived yet", Hint: "it has been asked for; try again when it is here"}
	}
	return c, err
}

func (g *gathering) begin(id heed.CaseID) (err error) {
	if g.c, err = provable(g.v, id); err != nil {
		return err
	}
	all, err := g.v.KeptOf(id)
	if err != nil {
		return err
	}
	g.kept, g.logs, g.tags = map[heed.StatementID]Kept{}, map[heed.PartyID][]keptLedger{}, map[heed.PartyID][]ledger.Tag{}
	for _, k := range all {
		if k.Dropped == nil {
			g.kept[k.Statement.ID] = k
			g.order = append(g.order, k.Statement.ID)
		}
	}
	for _, party := range []heed.PartyID{g.c.Warner, g.c.Warned} {
		origins, err := g.x.originsOf(g.v, party)
		if err != nil {
			return err
		}
		for _, origin := range origins {
			log, err := g.x.keptLedger(g.v, origin)
			if err != nil {
				return err
			}
			g.logs[party] = append(g.logs[party], log)
		}
		if err := g.addParty(party); err != nil {
			return err
		}
	}
	g.policy, err = g.ownPolicy()
	return err
}

// addParty adds the chain of a party's cards, so that whichever of them the
// verifier has pinned vouches for the others, and its successions.
func (g *gathering) addParty(party heed.PartyID) error {
	newest, err := g.x.newestCard(g.v, party)
	if err != nil {
		return err
	}
	for serial := uint64(1); serial <= newest.Serial; serial++ {
		card, err := g.v.CardOf(party, serial)
		if errors.Is(err, ErrNotFound) {
			continue // one from before we knew the party
		}
		if err != nil {
			return err
		}
		note, err := g.v.CardNote(card.ID)
		if err != nil {
			return err
		}
		g.bundle.Cards = append(g.bundle.Cards, note)
	}
	successions, err := g.v.Successions(party)
	for _, note := range successions {
		g.bundle.Statements = append(g.bundle.Statements, evidence.Statement{Note: note})
	}
	return err
}

// add puts a statement into the bundle with its tag key and what goes with it.
func (g *gathering) add(id heed.StatementID) error {
	k, ok := g.kept[id]
	if !ok {
		return nil // it is known by name only, and the verifier is told that it is missing
	}
	var key *ledger.Key
	if k.Statement.Kind != heed.KindReceipt {
		key = &k.Key
	}
	return g.addKept(k, key)
}

// mention is add without the tag key: what became of the statement stays
// between the parties.
func (g *gathering) mention(id heed.StatementID) error {
	k, ok := g.kept[id]
	if !ok || slices.ContainsFunc(g.bundle.Statements, func(s evidence.Statement) bool { return bytes.Equal(s.Note, k.Note) }) {
		return nil
	}
	return g.addKept(k, nil)
}

// addKept adds a statement with its release, its deposits, and the checkpoint
// after which it was made.
func (g *gathering) addKept(k Kept, key *ledger.Key) error {
	g.bundle.Statements = append(g.bundle.Statements, evidence.Statement{Note: k.Note, Key: key})
	if k.Statement.Kind.Released() {
		note, err := g.v.Release(k.Statement.Release)
		if err != nil {
			return err
		}
		g.bundle.Releases = append(g.bundle.Releases, note)
	}
	if !k.Statement.After.IsZero() {
		note, err := g.v.Checkpoint(k.Statement.After)
		if err == nil {
			g.bundle.Checkpoints = append(g.bundle.Checkpoints, note)
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	deposits, err := g.v.Deposits(k.Statement.ID)
	for _, d := range deposits {
		g.bundle.Statements = append(g.bundle.Statements, evidence.Statement{Note: d.Note})
		g.bundle.Headers = append(g.bundle.Headers, d.Header)
	}
	return err
}

// addStanding adds a statement that binds its author, whatever has become of
// the key that signed it: where that key has ended, with its leaf.
func (g *gathering) addStanding(id heed.StatementID) error {
	k, ok := g.kept[id]
	if !ok {
		return nil
	}
	card, err := g.x.newestCard(g.v, k.Statement.Author)
	if err != nil {
		return err
	}
	if card.NodeKey != k.Statement.Node {
		return g.addLogged(id)
	}
	return g.add(id)
}

// addLogged adds a statement, and its leaves where its author's ledger shows them.
func (g *gathering) addLogged(id heed.StatementID) error {
	if err := g.add(id); err != nil {
		return err
	}
	k, ok := g.kept[id]
	if !ok {
		return nil
	}
	slots, err := slotsOf(g.v, g.c, k)
	if err != nil {
		return err
	}
	for _, at := range slots {
		tag := ledger.SlotTag(at.key, at.slot, 0, at.of)
		if at.of != id {
			if err := g.add(at.of); err != nil { // whose key gives the tag
				return err
			}
		}
		if err := g.addLeaf(k.Statement.Author, tag); err != nil {
			return err
		}
	}
	return nil
}

// addLeaf adds the proof of a tag's leaf, where a published ledger of the party
// has it, under the head that dates it.
func (g *gathering) addLeaf(party heed.PartyID, tag ledger.Tag) error {
	log, index, found, err := g.find(party, tag)
	if err != nil || !found {
		return err
	}
	head, err := log.dated(index)
	if err != nil {
		return err
	}
	leaf, proof, err := log.proven(head, index)
	g.bundle.Leaves = append(g.bundle.Leaves, evidence.Leaf{Leaf: leaf, Proof: proof})
	return err
}

// find looks a tag up in the published ledgers of a party.
func (g *gathering) find(party heed.PartyID, tag ledger.Tag) (log keptLedger, index int64, found bool, err error) {
	for _, log := range g.logs[party] {
		index, found, err := log.find(tag)
		if err != nil {
			return log, 0, false, err
		}
		head, err := log.head()
		if err != nil || found && index < head.Size {
			return log, index, err == nil, err
		}
	}
	return log, 0, false, nil
}

// lookUp has the maps of a party's ledgers say whether they have a tag.
func (g *gathering) lookUp(party heed.PartyID, tags ...ledger.Tag) {
	for _, tag := range tags {
		if !slices.Contains(g.tags[party], tag) {
			g.tags[party] = append(g.tags[party], tag)
		}
	}
}

// addMaps adds, for each ledger of a party, its newest witnessed map root and
// what the map says of the tags that are to be looked up.
func (g *gathering) addMaps(party heed.PartyID) error {
	for _, log := range g.logs[party] {
		head, err := g.asserting(log)
		if err != nil {
			return err
		}
		for tags := range slices.Chunk(g.tags[party], evidence.MaxPaths) {
			if err := g.addMap(log, head, tags...); err != nil {
				return err
			}
		}
	}
	return nil
}

// asserting is the head by which the absence of something is shown: the newest,
// or, while too few witnesses have cosigned that one, the last of which enough had.
func (g *gathering) asserting(log keptLedger) (Head, error) {
	head, err := log.head()
	if err != nil {
		return head, err
	}
	c, err := ledger.UnverifiedCheckpoint(head.Note)
	if err != nil {
		return head, err
	}
	counting, err := g.counting()
	if err != nil || len(counting) == 0 || ledger.DefaultQuorum(len(counting)).Published(ledger.WitnessTimes(c, counting)) {
		return head, err
	}
	latest, err := g.v.LatestWitnessed(log.origin)
	if errors.Is(err, ErrNotFound) {
		return head, nil
	}
	return latest, err
}

// addMap adds the map root that a head of a ledger ends with, and what the map
// says of the tags.
func (g *gathering) addMap(log keptLedger, head Head, tags ...ledger.Tag) error {
	leaf, proof, err := log.proven(head, head.Size-1)
	if err != nil {
		return err
	}
	root, err := ledger.ParseMapRoot(leaf)
	if err != nil {
		return err
	}
	marks, err := log.marks()
	if err != nil {
		return err
	}
	m := evidence.Map{Leaf: leaf, Proof: proof}
	for _, tag := range tags {
		path, err := marks.Prove(tag, root.Covers)
		if err != nil {
			return err
		}
		m.Paths = append(m.Paths, evidence.Path{Tag: tag, Path: path.Bytes()})
	}
	g.bundle.Maps = append(g.bundle.Maps, m)
	return nil
}

// stepWords are the states of a case by the kind of statement that brings them about.
var stepWords = map[heed.State]heed.Kind{
	heed.StateReceived: heed.KindReceipt, heed.StateNotified: heed.KindNotification, heed.StateOpened: heed.KindOpening,
	heed.StateAcknowledged: heed.KindAcknowledgement, heed.StateAssessed: heed.KindAssessment, heed.StateAsked: heed.KindQuestion,
	heed.StateAnswered: heed.KindAnswer, heed.StateInterim: heed.KindInterim, heed.StateExtended: heed.KindExtension,
	heed.StateActed: heed.KindAction, heed.StateConcluded: heed.KindOutcome, heed.StateRefused: heed.KindRefusal,
	heed.StateSupplemented: heed.KindSupplement, heed.StateCorrected: heed.KindCorrection, heed.StateRecalled: heed.KindRecall,
	heed.StateCalled: heed.KindCall, heed.StateReminded: heed.KindReminder,
}

// stepKinds reads what is to be proven, as kinds or as states.
func stepKinds(words []string) ([]heed.Kind, error) {
	var kinds []heed.Kind
	for _, word := range words {
		if kind, err := heed.ParseKind(word); err == nil && kind.InCase() {
			kinds = append(kinds, kind)
			continue
		}
		kind, ok := stepWords[heed.State(word)]
		if !ok {
			return nil, &heed.Invalid{What: fmt.Sprintf("%q is no step of a case", word), Hint: "name a kind of statement (acknowledgement) or a state (acknowledged); `heed show` lists those of the case"}
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// steps gathers what was said in the case: the statements asked for, with what
// opened the case and the receipts for them.
func (g *gathering) steps(order ProofOrder) error {
	kinds, err := stepKinds(order.Steps)
	if err != nil {
		return err
	}
	wanted := map[heed.StatementID]bool{g.c.Opening.ID: true}
	found := len(kinds) == 0
	for _, id := range g.order {
		s := g.kept[id].Statement
		switch {
		case len(kinds) == 0:
			wanted[id] = true
		case s.Kind == heed.KindReceipt:
			// Receipts come with what they are for: that of the opening is the one asked for.
			found = found || s.AnswersTo(g.c.Opening.ID) && slices.Contains(kinds, s.Kind)
		case slices.Contains(kinds, s.Kind):
			wanted[id], found = true, true
		}
	}
	if !found {
		return &heed.Invalid{What: fmt.Sprintf("case %s has no step %s", g.c.Code.Spoken(), strings.Join(order.Steps, ", ")), Hint: "`heed show` lists what was said"}
	}
	g.bundle.Claims = append(g.bundle.Claims, evidence.Claim{Kind: evidence.ClaimSteps, Case: g.c.ID, At: -1})
	for _, id := range g.order {
		s := g.kept[id].Statement
		if !wanted[id] && !(s.Kind == heed.KindReceipt && wanted[s.Answers[0]]) {
			continue
		}
		if err := g.addLogged(id); err != nil {
			return err
		}
	}
	return g.open(order.Open, wanted)
}

// open adds contents, whole or as far as they are to be shown.
func (g *gathering) open(paths []string, of map[heed.StatementID]bool) error {
	if len(paths) == 0 || slices.Equal(paths, []string{OpenNone}) {
		return nil
	}
	all := slices.Equal(paths, []string{OpenAll})
	shown := map[string]bool{}
	for _, id := range g.order {
		if !of[id] {
			continue
		}
		for _, ref := range g.kept[id].Statement.Contents {
			content, err := g.v.Content(ref.Digest)
			if errors.Is(err, ErrNotFound) {
				continue // erased: its digest stays
			}
			if err != nil {
				return err
			}
			if all {
				g.addContent(content.Salt, content.Data)
				continue
			}
			if ref.MediaType != heed.MediaWarning {
				continue
			}
			there, err := fieldsOf(content.Data, paths)
			if err != nil {
				return err
			}
			if len(there) == 0 {
				continue
			}
			for _, path := range there {
				shown[path] = true
			}
			partial, err := wire.Disclose(content.Data, there...)
			if err != nil {
				return err
			}
			g.addContent(content.Salt, partial)
		}
	}
	for _, path := range paths {
		if !all && !shown[path] {
			return &heed.Invalid{What: fmt.Sprintf("no warning of case %s has the field %q", g.c.Code.Spoken(), path), Hint: "`heed open` writes the warning; fields are named by their paths in it, like headline or persons/0/names/0/text"}
		}
	}
	return nil
}

func (g *gathering) addContent(salt [32]byte, data []byte) {
	for _, c := range g.bundle.Contents {
		if c.Salt == salt && bytes.Equal(c.Data, data) {
			return
		}
	}
	g.bundle.Contents = append(g.bundle.Contents, evidence.Content{Salt: salt, Data: data})
}

// fieldsOf are those of the paths that a document has.
func fieldsOf(document []byte, paths []string) ([]string, error) {
	partial, err := wire.ParsePartial(document)
	if err != nil {
		return nil, err
	}
	var there []string
	for _, path := range paths {
		for _, f := range partial.Fields() {
			if f.Path == path || strings.HasPrefix(f.Path, path+"/") {
				there = append(there, path)
				break
			}
		}
	}
	return there, nil
}

package exchange

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"time"

	"heed"
	"heed/evidence"
	"heed/ledger"
)

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
	scattered   map[string][]Head             // by ledger: see refresh
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
		tag := at.tag()
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

// addMaps adds, for each ledger of a party, the map roots of the heads that
// assert, and what the maps say of the tags that are to be looked up.
func (g *gathering) addMaps(party heed.PartyID) error {
	for _, log := range g.logs[party] {
		heads, _, err := g.asserting(log)
		if err != nil {
			return err
		}
		for _, head := range heads {
			for tags := range slices.Chunk(g.tags[party], evidence.MaxPaths) {
				if err := g.addMap(log, head, tags...); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// asserting are the heads by which the absence of something is shown, and as of
// when, if the times of our own witnesses show it: the newest, or, while too few
// have cosigned that one, the last of which enough had. Where the witnesses
// hold different heads, and none of these is later, it is all of them.
func (g *gathering) asserting(log keptLedger) (heads []Head, at time.Time, err error) {
	newest, err := log.head()
	if err != nil {
		return nil, at, err
	}
	counting, err := g.counting()
	if err != nil || len(counting) == 0 {
		return []Head{newest}, at, err
	}
	quorum := ledger.DefaultQuorum(len(counting))
	times, err := lastTimes(counting, newest)
	if err != nil {
		return nil, at, err
	}
	if at, _ = quorum.Silence(times); quorum.Published(times) {
		return []Head{newest}, at, nil
	}
	heads = []Head{newest}
	latest, err := g.v.LatestWitnessed(log.origin)
	switch {
	case err == nil:
		heads = []Head{latest}
	case !errors.Is(err, ErrNotFound):
		return nil, at, err
	}
	if times, err = lastTimes(counting, heads...); err != nil {
		return nil, at, err
	}
	at, _ = quorum.Silence(times)
	scattered := g.scattered[log.origin]
	if times, err = lastTimes(counting, scattered...); err != nil {
		return nil, at, err
	}
	if together, ok := quorum.Silence(times); ok && together.After(at) {
		return scattered, together, nil
	}
	return heads, at, nil
}

// lastTimes is the latest time of each witness on any of the heads.
func lastTimes(counting []ledger.Witness, heads ...Head) ([]ledger.WitnessTime, error) {
	last := map[string]ledger.WitnessTime{}
	for _, head := range heads {
		c, err := ledger.UnverifiedCheckpoint(head.Note)
		if err != nil {
			return nil, err
		}
		for _, t := range ledger.WitnessTimes(c, counting) {
			if t.At.After(last[t.Witness].At) {
				last[t.Witness] = t
			}
		}
	}
	return slices.Collect(maps.Values(last)), nil
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

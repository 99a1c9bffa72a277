package exchange

import (
	"fmt"
	"slices"
	"time"

	"heed"
	"heed/wire"
)

// concerning is what a statement says about an accord, with every signature
// verified. Whose keys these are is for admission.
type concerning struct {
	version KeptVersion // of what proposes one
	act     KeptAct     // of everything else
	before  []KeptVersion
	acts    []KeptAct
	cards   []introduced
}

type introduced struct {
	card heed.Card
	note []byte
}

// openAccord reads what a statement about an accord carries, and holds it
// against the statement. Errors are as openLetter's.
func (l *letter) openAccord(s heed.Statement) (concerning, error) {
	bad := func(format string, args ...any) (concerning, error) {
		return concerning{}, fmt.Errorf("%w: %s statement %s: %s", wire.ErrMalformed, s.Kind, s.ID.Short(), fmt.Sprintf(format, args...))
	}
	note := l.contents[s.Contents[0].Digest].Data
	if !s.Kind.Proposes() {
		act, err := l.verified.act(note)
		if err != nil {
			return concerning{}, err
		}
		if act.Kind.Statement() != s.Kind || act.Accord != s.Accord || act.Version != s.Version || act.Party != s.Author {
			return bad("the act that it carries is another one")
		}
		return l.withFile(s, concerning{act: KeptAct{Act: act, Note: note}})
	}
	a, err := l.verified.version(note)
	if err != nil {
		return concerning{}, err
	}
	reply := time.Duration(0)
	if _, member := a.Member(s.Recipient); member {
		reply = a.Reply
	}
	switch {
	case a.AccordID() != s.Accord || a.ID != s.Version || a.Proposer != s.Author:
		return bad("the version that it carries is another one")
	case s.Reply != reply:
		return bad("a reply is not owed in %s but in %s", s.Reply, reply)
	}
	return l.withFile(s, concerning{version: KeptVersion{Accord: a, Note: note}})
}

// withFile adds what goes with a version or an act.
func (l *letter) withFile(s heed.Statement, c concerning) (concerning, error) {
	if len(s.Contents) < 2 {
		return c, nil
	}
	return c, c.readFile(l.contents[s.Contents[1].Digest].Data, s.Accord, l.verified)
}

// held finds a version among those that came with it and those that are held.
func (c concerning) find(v View, id heed.VersionID) (heed.Accord, error) {
	for _, k := range c.before {
		if k.Accord.ID == id {
			return k.Accord, nil
		}
	}
	k, err := v.AccordVersion(id)
	return k.Accord, err
}

func (c *concerning) readFile(data []byte, id heed.AccordID, read *verified) error {
	file, err := wire.ParseAccordFile(data)
	if err != nil {
		return err
	}
	for _, note := range file.Versions {
		a, err := read.version(note)
		if err != nil {
			return err
		}
		if a.AccordID() != id {
			return fmt.Errorf("%w: a version of another accord goes with it", wire.ErrMalformed)
		}
		c.before = append(c.before, KeptVersion{Accord: a, Note: note})
	}
	for _, note := range file.Acts {
		act, err := read.act(note)
		if err != nil {
			return err
		}
		if act.Accord != id {
			return fmt.Errorf("%w: an act about another accord goes with it", wire.ErrMalformed)
		}
		c.acts = append(c.acts, KeptAct{Act: act, Note: note})
	}
	for _, note := range file.Cards {
		card, err := read.card(note)
		if err != nil {
			return err
		}
		c.cards = append(c.cards, introduced{card, note})
	}
	return nil
}

// maxProposed bounds the accords of one party's that are held and were never in
// force: each may bring cards, and none costs its proposer anything.
const maxProposed = 100

// maxVersions bounds the versions of one accord, each of which a member can
// propose for nothing.
const maxVersions = 200

// maxActs bounds the acts of one party about one accord. Each costs nothing, and
// every look at the accord weighs all of them.
const maxActs = 200

// full reports whether as many acts of a party are held as may be.
func full(acts []KeptAct, p heed.PartyID) bool {
	count := 0
	for _, k := range acts {
		if k.Act.Party == p {
			count++
		}
	}
	return count >= maxActs
}

// mayPropose decides whether a version may be proposed to us: once, by its
// proposer, so that there is one case in which to reply; and only where we can
// reply, since the receipt promises to.
func (x *Exchange) mayPropose(v View, s heed.Statement, c concerning, now time.Time) error {
	a := c.version.Accord
	if a.Time.After(now.Add(heed.ClockSkew)) {
		return heed.Refuse(heed.ClockAhead, "the version is signed %s, which is ahead of our clock", heed.FormatTime(a.Time))
	}
	cases, err := v.AccordCases(s.Accord)
	if err != nil {
		return err
	}
	for _, id := range cases {
		other, err := v.Case(id)
		if err != nil {
			return err
		}
		if o := other.Opening; o.Kind.Proposes() && o.Version == s.Version && o.Author == s.Author && o.Recipient == x.party {
			return heed.Refuse(heed.NotAdmitted, "version %s of accord %s was proposed in case %s already", s.Version.Short(), s.Accord.Short(), other.Code)
		}
	}
	if a.Number == 1 {
		return nil
	}
	parent, err := c.find(v, a.Parent)
	if isNotFound(err) {
		return heed.Refuse(heed.UnknownAccord, "version %s of accord %s, which it amends, is not held here", a.Parent.Short(), s.Accord.Short())
	}
	if err != nil {
		return err
	}
	if err := a.Amends(parent); err != nil {
		return heed.Refuse(heed.NotAdmitted, "%v", err)
	}
	return nil
}

// mayConcern decides whether what a statement says about an accord is taken.
func (x *Exchange) mayConcern(v View, s heed.Statement, l letter, now time.Time) error {
	c := l.concerns[s.ID]
	if !s.Kind.Proposes() {
		if err := mustBeKeyOf(v, s.Author, c.act.Act.Node, "the act"); err != nil {
			return err
		}
		if c.act.Act.Time.After(now.Add(heed.ClockSkew)) {
			return heed.Refuse(heed.ClockAhead, "the act is signed %s, which is ahead of our clock", heed.FormatTime(c.act.Act.Time))
		}
		about, err := c.find(v, s.Version)
		switch {
		case isNotFound(err):
			return heed.Refuse(heed.UnknownAccord, "version %s of accord %s is not held here", s.Version.Short(), s.Accord.Short())
		case err != nil:
			return err
		}
		_, stands := about.Card(s.Author)
		here, err := x.standsIn(v, s.Accord)
		if err != nil {
			return err
		}
		if about.AccordID() != s.Accord || !stands || !here {
			return heed.Refuse(heed.NotAdmitted, "%s statement %s is about an accord in which its two parties do not stand", s.Kind, s.ID.Short())
		}
		acts, err := v.AccordActs(s.Accord)
		if err == nil && full(acts, s.Author) {
			err = heed.Refuse(heed.OverQuota, "%d acts of %s about accord %s are held, the most that are", maxActs, s.Author, s.Accord.Short())
		}
		return err
	}
	a := c.version.Accord
	if err := mustBeKeyOf(v, s.Author, a.Node, "the version"); err != nil {
		return err
	}
	if err := x.mayPropose(v, s, c, now); err != nil {
		return err
	}
	_, stands := a.Card(x.party)
	stood, err := x.standsIn(v, s.Accord)
	if err != nil {
		return err
	}
	if !stands && !stood {
		return heed.Refuse(heed.NotAdmitted, "%s stands in no version of accord %s", x.party, s.Accord.Short())
	}
	if a.Number > 1 {
		versions, err := v.AccordVersions(s.Accord)
		if err == nil && len(versions) >= maxVersions {
			err = heed.Refuse(heed.OverQuota, "%d versions of accord %s are held, the most that are", len(versions), s.Accord.Short())
		}
		return err
	}
	open := 0
	ids, err := v.Accords()
	if err != nil {
		return err
	}
	for _, id := range ids {
		held, err := accordHeld(v, id, now)
		if err != nil {
			return err
		}
		if held.Versions[0].Accord.Proposer == s.Author && held.Standing.InForce.IsZero() && held.Standing.State != heed.AccordEnded {
			open++
		}
	}
	if open >= maxProposed {
		return heed.Refuse(heed.OverQuota, "%d accords that %s proposed are held and not in force, and %d is the most", open, s.Author, maxProposed)
	}
	return nil
}

// standsIn reports whether this party stands in any version that is held.
func (x *Exchange) standsIn(v View, id heed.AccordID) (bool, error) {
	versions, err := v.AccordVersions(id)
	return slices.Contains(AccordHeld{Versions: versions}.parties(), x.party), err
}

// mustBeKeyOf refuses a signature by a key that stands in no card of the party
// that is held: anybody can make a key of any name.
func mustBeKeyOf(v View, p heed.PartyID, node, what string) error {
	ok, err := isKeyOf(v, p, node)
	if err == nil && !ok {
		err = heed.Refuse(heed.BadSignature, "%s is not signed by a key that stands in a card of %s", what, p)
	}
	return err
}

// isKeyOf reports whether a card of the party that is held names the node key.
func isKeyOf(v View, p heed.PartyID, node string) (bool, error) {
	const most = 64 // cards that are looked at, newest first
	var present heed.Card
	me, err := v.Self()
	if err != nil {
		return false, err
	}
	if present = me.Card; p != present.Party {
		peer, err := v.Peer(p)
		if isNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		present = peer.Card
	}
	for range most {
		if present.NodeKey == node {
			return true, nil
		}
		if present.Serial <= 1 {
			break
		}
		if present, err = v.CardOf(p, present.Serial-1); isNotFound(err) {
			break
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

// keepConcern keeps what a statement brought about an accord: cards first, by
// whose keys everything else is judged. What nobody here can tell to be its
// party's is left out; its party will tell it itself.
func (x *Exchange) keepConcern(tx Tx, s heed.Statement, c concerning, now time.Time) error {
	versions := slices.Clone(c.before)
	if s.Kind.Proposes() {
		versions = append(versions, c.version)
	} else if err := tx.PutAct(c.act); err != nil {
		return err
	}
	slices.SortStableFunc(versions, func(a, b KeptVersion) int { return int(a.Accord.Number) - int(b.Accord.Number) })
	for _, v := range versions {
		if err := x.bringCards(tx, s, v.Accord, c.cards, now); err != nil {
			return err
		}
	}
	held, err := tx.AccordVersions(s.Accord)
	if err != nil {
		return err
	}
	for i, v := range versions {
		if len(held)+i >= maxVersions && v.Accord.ID != c.version.Accord.ID {
			continue
		}
		ok, err := isKeyOf(tx, v.Accord.Proposer, v.Accord.Node)
		if err != nil {
			return err
		}
		if !ok {
			x.log.Warn("a version of an accord was passed over: it is not signed by a key of its proposer's that is held", "version", v.Accord.ID, "proposer", v.Accord.Proposer)
			continue
		}
		if err := tx.PutVersion(v); err != nil {
			return err
		}
	}
	acts, err := tx.AccordActs(s.Accord)
	if err != nil {
		return err
	}
	for _, a := range c.acts {
		if full(acts, a.Act.Party) {
			continue
		}
		ok, err := isKeyOf(tx, a.Act.Party, a.Act.Node)
		if err != nil {
			return err
		}
		if !ok {
			x.log.Warn("an act about an accord was passed over: it is not signed by a key of its party's that is held", "act", a.Act.ID, "party", a.Act.Party)
			continue
		}
		if err := tx.PutAct(a); err != nil {
			return err
		}
		acts = append(acts, a)
	}
	return x.spread(tx, s.Accord, now)
}

// bringCards keeps the cards of a version's parties that are no peers yet: the
// very cards that the version names, and what each was renewed to.
func (x *Exchange) bringCards(tx Tx, s heed.Statement, terms heed.Accord, cards []introduced, now time.Time) error {
	for _, p := range partiesOf(terms) {
		if p == x.party {
			continue
		}
		id, _ := terms.Card(p)
		peer, err := tx.Peer(p)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil {
			// A name that somebody else's proposal brought first, and that nobody here
			// has accepted, bars no true card.
			same, err := descendsFrom(tx, peer.Card, id)
			if err != nil {
				return err
			}
			if !peer.Pending || same {
				continue
			}
		}
		for _, link := range chainFrom(id, cards) {
			err := tx.PutPeer(Peer{Card: link.card, CardNote: link.note, Added: now, Introducer: s.Author, Via: s.Accord, Pending: true})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// descendsFrom reports whether a card is the one of that id, or was renewed from it.
func descendsFrom(v View, card heed.Card, id heed.CardID) (bool, error) {
	if card.ID == id {
		return true, nil
	}
	return namedByLater(v, card, id)
}

// chainFrom picks the card of that id, and after it each card that rightly
// succeeds the one before it.
func chainFrom(id heed.CardID, cards []introduced) []introduced {
	at := slices.IndexFunc(cards, func(c introduced) bool { return c.card.ID == id })
	if at < 0 {
		return nil
	}
	chain := []introduced{cards[at]}
	for range cards {
		last := chain[len(chain)-1].card
		next := slices.IndexFunc(cards, func(c introduced) bool {
			return c.card.Party == last.Party && c.card.Serial == last.Serial+1 && c.card.Previous == last.ID && succeedsCard(last, c.card, c.note)
		})
		if next < 0 {
			break
		}
		chain = append(chain, cards[next])
	}
	return chain
}

// mayPending holds a party whose card was brought by a proposal, and which
// nobody here has accepted, to saying something about that accord; to an
// observer, what is said under an accord.
func (x *Exchange) mayPending(v View, peer Peer, s heed.Statement) error {
	if !peer.Pending {
		return nil
	}
	if s.Kind.OfAccord() {
		// It stands with us in an accord that is held, and speaks of that one.
		versions, err := v.AccordVersions(s.Accord)
		both := (AccordHeld{Versions: versions}).parties()
		if err != nil || slices.Contains(both, peer.Card.Party) && slices.Contains(both, x.party) {
			return err
		}
	}
	c, err := v.Case(s.CaseID())
	if err != nil && !isNotFound(err) {
		return err
	}
	if err == nil && c.Opening.Kind.OfAccord() && (s.Kind != heed.KindQuestion || c.Warner == x.party) {
		return nil
	}
	if !s.Version.IsZero() {
		terms, err := accordOf(v, s)
		if err != nil {
			return err
		}
		if terms.Observes(x.party) {
			return nil
		}
	}
	return heed.Refuse(heed.UnknownSender, "the card of %s was brought by a proposal of %s, and %s has not ratified it", peer.Card.Party, peer.Introducer, x.party)
}

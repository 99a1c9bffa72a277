package exchange

import (
	"errors"
	"fmt"
	"slices"

	"heed"
	"heed/wire"
)

// Provenance is what a warning that was passed on to us brought along of one
// who warned of it before.
type Provenance struct {
	wire.Origin             // zero where it could not be read
	Content     heed.Digest // of the enclosure
	Holds       bool        // it is signed with the key of a card that we hold
	Former      bool        // that card was renewed since: whoever has the old key could have signed it
	Why         string      // why it does not hold, for people
	Altered     []string    // by path, what the copy says otherwise
}

// enclosure is an enclosure that was opened; err is why it could not be.
type enclosure struct {
	content heed.Digest
	origin  wire.Origin
	err     error
	used    bool
}

// provenance verifies what is enclosed in what opened a case, from whoever
// passed it on to us back to whoever warned first.
func (x *Exchange) provenance(v View, c heed.Case, contents []Content) ([]Provenance, error) {
	var all []enclosure
	var copied heed.Warning
	for _, ref := range c.Opening.Contents {
		at := slices.IndexFunc(contents, func(content Content) bool { return content.Ref.Digest == ref.Digest })
		if at < 0 {
			continue
		}
		switch ref.MediaType {
		case heed.MediaWarning:
			var err error
			if copied, err = wire.ParseWarning(contents[at].Data); err != nil {
				return nil, err
			}
		case heed.MediaForwarded:
			e := enclosure{content: ref.Digest}
			f, err := wire.ParseForwarded(contents[at].Data)
			if err == nil {
				e.origin, err = f.Open()
			}
			e.err = err
			all = append(all, e)
		}
	}
	var out []Provenance
	by, came := c.Opening.Author, c.Opening.Contents
	for {
		at := slices.IndexFunc(all, func(e enclosure) bool { return !e.used && e.err == nil && e.origin.Statement.Recipient == by })
		if at < 0 {
			break
		}
		all[at].used = true
		p, err := x.signedByOrigin(v, all[at])
		if err != nil {
			return nil, err
		}
		p.Altered = p.Origin.Altered(copied, came)
		out = append(out, p)
		by, copied, came = p.Statement.Author, p.Warning, p.Statement.Contents
	}
	for _, e := range all {
		switch {
		case e.used:
		case e.err != nil:
			out = append(out, Provenance{Content: e.content, Why: e.err.Error()})
		default:
			out = append(out, Provenance{Content: e.content, Origin: e.origin, Why: fmt.Sprintf("it was made to %s, which has not passed it on", e.origin.Statement.Recipient)})
		}
	}
	return out, nil
}

// signedByOrigin holds the originator's node key against the card that we hold of it.
func (x *Exchange) signedByOrigin(v View, e enclosure) (Provenance, error) {
	s := e.origin.Statement
	p := Provenance{Origin: e.origin, Content: e.content}
	present, err := x.presentCard(v, s.Author)
	if isNotFound(err) {
		p.Why = fmt.Sprintf("no card of %s is held here: compare its fingerprint and `heed peer add` it", s.Author)
		return p, nil
	}
	if err != nil {
		return p, err
	}
	card, err := signedByCard(v, s)
	var refused *heed.Refused
	if errors.As(err, &refused) {
		p.Why = refused.Detail
		return p, nil
	}
	p.Holds, p.Former = err == nil, card.Serial < present.Serial
	return p, err
}

// presentCard is the card that a party has now, our own included. One that was
// brought and not accepted vouches for nothing: ErrNotFound.
func (x *Exchange) presentCard(v View, party heed.PartyID) (heed.Card, error) {
	if party == x.party {
		me, err := v.Self()
		return me.Card, err
	}
	peer, err := v.Peer(party)
	if err == nil && peer.Pending {
		err = ErrNotFound
	}
	return peer.Card, err
}

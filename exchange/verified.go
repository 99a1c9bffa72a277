package exchange

import (
	"crypto/sha256"
	"sync"

	"heed"
	"heed/wire"
)

// mostVerified bounds what is remembered of a kind, in signed bytes; that and
// as much again of an older generation.
const mostVerified = 4 << 20

// verified remembers the cards, versions and acts that came with accords and
// that were parsed, and whose signatures were verified, by what was signed and
// the signatures. Every statement about an accord brings all of its members'
// cards again: of two hundred members, sixty milliseconds of a processor each
// time. What is remembered is shared: nobody changes it.
type verified struct {
	cards    parsed[heed.Card]
	versions parsed[heed.Accord]
	acts     parsed[heed.AccordAct]
}

func (v *verified) card(note []byte) (heed.Card, error) { return v.cards.of(note, wire.ParseCard) }

func (v *verified) version(note []byte) (heed.Accord, error) {
	return v.versions.of(note, wire.ParseAccord)
}

func (v *verified) act(note []byte) (heed.AccordAct, error) {
	return v.acts.of(note, wire.ParseAccordAct)
}

// parsed is what notes were read as, by their hashes.
type parsed[T any] struct {
	mu         sync.Mutex
	size       int
	young, old map[heed.Digest]T
}

// of is what parse makes of a note. An error is not remembered.
func (p *parsed[T]) of(note []byte, parse func([]byte) (T, error)) (T, error) {
	digest := heed.Digest(sha256.Sum256(note))
	p.mu.Lock()
	t, ok := p.young[digest]
	if !ok {
		if t, ok = p.old[digest]; ok {
			p.keep(digest, t, len(note))
		}
	}
	p.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := parse(note)
	if err != nil {
		return t, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(digest, t, len(note))
	return t, nil
}

func (p *parsed[T]) keep(digest heed.Digest, t T, size int) {
	if _, ok := p.young[digest]; ok || size > mostVerified {
		return
	}
	if p.size += size; p.young == nil || p.size > mostVerified {
		p.old, p.young, p.size = p.young, map[heed.Digest]T{}, size
	}
	p.young[digest] = t
}

package exchange

import (
	"errors"
	"fmt"
	"slices"

	"heed"
	"heed/ledger"
	"heed/seal"
	"heed/wire"
)

// letter is what an opened envelope holds, checked for what can be checked
// without the case: signatures, tag keys, releases, contents.
type letter struct {
	header     wire.Header
	envelope   heed.Digest
	statements []Kept // with their keys, in the order in which they stood
	releases   map[heed.ReleaseID]released
	contents   map[heed.Digest]named
	refusals   []wire.Refusal
	refused    map[heed.Digest][]byte // refusals' signed bytes by envelope
	missing    []uint64
	head       []byte // the sender's newest checkpoint
	seen       []byte // the newest checkpoint of ours that the sender holds
	cards      [][]byte
	// successions are signed ones, of whomever: who takes a card over finds its own.
	successions [][]byte
	witnessed   map[heed.Digest][]byte // checkpoints that statements may name
	refetch     []byte                 // nil: none asked
	answered    heed.Digest
	concerns    map[heed.StatementID]concerning // what statements say about accords
	figures     map[heed.StatementID]figuring   // what statements of figures carry
	verified    *verified                       // what was verified before is not again
}

// openLetter decrypts an envelope and sorts its parts. Its errors are
// refusals with the code that the sender is told.
func (x *Exchange) openLetter(e wire.Envelope) (letter, error) {
	l := letter{header: e.Header, envelope: e.Digest(), releases: map[heed.ReleaseID]released{}, contents: map[heed.Digest]named{}, refused: map[heed.Digest][]byte{}, concerns: map[heed.StatementID]concerning{}, figures: map[heed.StatementID]figuring{}, verified: &x.verified}
	parts, err := e.Open(x.keys.Sealing()...)
	switch {
	case errors.Is(err, seal.ErrBadSeal) || errors.Is(err, seal.ErrSize):
		return l, heed.Refuse(heed.BadSeal, "%v", err)
	case err != nil:
		return l, l.notCarried(heed.Refuse(heed.Malformed, "%v", err))
	}
	if err := l.sort(parts); err != nil {
		return l, l.notCarried(refusalOf(err))
	}
	if err := l.check(); err != nil {
		return l, l.notCarried(refusalOf(err))
	}
	return l, l.checkCarries()
}

// notCarried makes a refusal of what is inside a refusal of the seal, where the
// header says what is inside: else a depositary's deposit would show, to
// everybody who cannot open the envelope, that a statement was given by it.
func (l *letter) notCarried(err error) error {
	if len(l.header.Carries) == 0 {
		return err
	}
	return heed.Refuse(heed.BadSeal, "the envelope does not hold what its header says that it carries: %v", err)
}

// checkCarries holds what the header says on the outside against what is inside.
func (l *letter) checkCarries() error {
	if len(l.header.Carries) == 0 {
		return nil
	}
	var inside []heed.Digest
	for _, k := range l.statements {
		if k.Key != (ledger.Key{}) {
			inside = append(inside, carriedTag(k))
		}
	}
	if !slices.Equal(inside, l.header.Carries) {
		return l.notCarried(errors.New("it holds other statements"))
	}
	return nil
}

// refusalOf gives an error of parsing or verifying its code.
func refusalOf(err error) error {
	var refused *heed.Refused
	switch {
	case errors.As(err, &refused):
		return err
	case errors.Is(err, seal.ErrSignature):
		return heed.Refuse(heed.BadSignature, "%v", err)
	}
	return heed.Refuse(heed.Malformed, "%v", err)
}

func (l *letter) sort(parts []wire.Part) error {
	for i, p := range parts {
		if err := l.add(p, i > 0 && parts[i-1].Type == wire.PartStatement); err != nil {
			return fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	return nil
}

func (l *letter) add(p wire.Part, afterStatement bool) error {
	switch p.Type {
	case wire.PartStatement:
		s, err := wire.ParseStatement(p.Data)
		if err != nil {
			return err
		}
		l.statements = append(l.statements, Kept{Statement: s, Note: p.Data})
	case wire.PartTagKey:
		if !afterStatement || len(p.Data) != 32 {
			return fmt.Errorf("%w: a tag key of 32 bytes stands right behind its statement", wire.ErrMalformed)
		}
		last := &l.statements[len(l.statements)-1]
		last.Key = ledger.Key(p.Data)
		if heed.Digest(ledger.KeyDigest(last.Key)) != last.Statement.TagKey {
			return fmt.Errorf("%w: the tag key is not the one that the statement names", wire.ErrMalformed)
		}
	case wire.PartRelease:
		rel, err := wire.ParseRelease(p.Data)
		if err != nil {
			return err
		}
		l.releases[rel.ID] = released{rel, p.Data}
	case wire.PartContent:
		if len(p.Data) < 32 {
			return fmt.Errorf("%w: a content begins with 32 bytes of salt", wire.ErrMalformed)
		}
		l.addContent([32]byte(p.Data[:32]), p.Data[32:])
	case wire.PartRefusal:
		f, err := wire.ParseRefusal(p.Data)
		if err != nil {
			return err
		}
		l.refusals = append(l.refusals, f)
		l.refused[f.Envelope] = p.Data
	case wire.PartGap:
		missing, err := wire.ParseGap(p.Data)
		l.missing = missing
		return err
	case wire.PartCheckpoint:
		l.head = p.Data
	case wire.PartSeen:
		l.seen = p.Data
	case wire.PartWitnessed:
		return l.addWitnessed(p.Data)
	case wire.PartCard:
		l.cards = append(l.cards, p.Data)
	case wire.PartSuccession:
		s, err := wire.ParseStatement(p.Data)
		if err != nil {
			return err
		}
		if s.Kind != heed.KindSuccession {
			return fmt.Errorf("%w: a %s stands where a succession is wanted", wire.ErrMalformed, s.Kind)
		}
		l.successions = append(l.successions, p.Data)
	case wire.PartRefetch:
		if len(p.Data) != 0 && len(p.Data) != 32 {
			return fmt.Errorf("%w: a refetch names nothing, or a case's 32-byte id", wire.ErrMalformed)
		}
		l.refetch = append([]byte{}, p.Data...)
	case wire.PartAnswered:
		if len(p.Data) != 32 {
			return fmt.Errorf("%w: an envelope's digest has 32 bytes", wire.ErrMalformed)
		}
		l.answered = heed.Digest(p.Data)
	}
	return nil
}

// named is a content under one of its names.
type named struct {
	Content
	byFields bool // the name is that of a warning document
}

// addContent keeps a content under each name that it can have: by its bytes,
// and, where they are a warning document, by its fields.
func (l *letter) addContent(salt [32]byte, data []byte) {
	content := Content{Salt: salt, Data: data}
	l.contents[heed.Digest(seal.ContentDigest(salt, data))] = named{content, false}
	if d, err := wire.WarningDigest(salt, data); err == nil {
		l.contents[heed.Digest(d)] = named{content, true}
	}
}

// check holds each statement against what came with it.
func (l *letter) check() error {
	numbered := l.header.Number > 0
	if !numbered && len(l.header.Carries) > 0 {
		return fmt.Errorf("%w: an envelope outside the channels carries nothing", wire.ErrMalformed)
	}
	if numbered && (len(l.statements) != 1 || !l.statements[0].Statement.Kind.OwedReceipt() || l.refetch != nil) {
		return fmt.Errorf("%w: an envelope with a number holds exactly one statement, and no receipt", wire.ErrMalformed)
	}
	for i := range l.statements {
		if err := l.checkStatement(&l.statements[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *letter) checkStatement(k *Kept) error {
	s := k.Statement
	if s.Kind.OwedReceipt() && k.Key == (ledger.Key{}) {
		return fmt.Errorf("%w: %s statement %s came without its tag key", wire.ErrMalformed, s.Kind, s.ID.Short())
	}
	if s.Kind.Released() {
		rel, ok := l.releases[s.Release]
		if !ok {
			return fmt.Errorf("%w: %s statement %s came without its release", wire.ErrMalformed, s.Kind, s.ID.Short())
		}
		if err := wire.CheckReleased(s, rel.Release); err != nil {
			return err
		}
	}
	for i, ref := range s.Contents {
		content, ok := l.contents[ref.Digest]
		if !ok && l.mayLack(s) {
			continue
		}
		if !ok || int64(len(content.Data)) != ref.Size {
			return fmt.Errorf("%w: content %d of %s statement %s did not come with it", wire.ErrMalformed, i+1, s.Kind, s.ID.Short())
		}
		if content.byFields != (ref.MediaType == heed.MediaWarning) {
			return fmt.Errorf("%w: content %d of %s statement %s is not of its media type", wire.ErrMalformed, i+1, s.Kind, s.ID.Short())
		}
	}
	if s.Kind.OfAccord() {
		c, err := l.openAccord(s)
		if err != nil {
			return err
		}
		l.concerns[s.ID] = c
	}
	if s.Kind == heed.KindFigures {
		f, err := l.openFigures(s)
		if err != nil {
			return err
		}
		l.figures[s.ID] = f
	}
	return l.checkDocument(s)
}

// mayLack reports whether a statement may come without its contents: outside the
// channels it is one that a restored node gets back, and its peer may have erased
// them. What is about an accord, and figures, are never erased.
func (l *letter) mayLack(s heed.Statement) bool {
	return l.header.Number == 0 && !s.Kind.Enclosed()
}

// checkDocument holds a warning document against the statement that it is in:
// the clock runs by what the statement says, people read the document.
func (l *letter) checkDocument(s heed.Statement) error {
	documents := 0
	for _, ref := range s.Contents {
		if ref.MediaType != heed.MediaWarning {
			continue
		}
		documents++
		content, ok := l.contents[ref.Digest]
		if !ok {
			continue // it may be lacking, or check would have refused it
		}
		w, err := wire.ParseWarning(content.Data)
		if err != nil {
			return err
		}
		if s.Kind == heed.KindWarning && (w.Urgency != s.Urgency || w.Status != s.Status || w.AsksAnswer() != s.AsksAnswer) {
			return fmt.Errorf("%w: the warning document and its statement differ in urgency, status or whether an answer is asked for", wire.ErrMalformed)
		}
	}
	typed := s.Kind == heed.KindWarning || s.Kind == heed.KindSupplement || s.Kind == heed.KindCorrection
	if typed && documents != 1 || !typed && documents != 0 {
		return fmt.Errorf("%w: a warning, a supplement and a correction hold exactly one warning document, and nothing else holds one", wire.ErrMalformed)
	}
	return nil
}

// contentsFor lists what the statement names and came with it, ready to be kept.
func (l *letter) contentsFor(s heed.Statement) []Content {
	var out []Content
	for _, ref := range s.Contents {
		named, ok := l.contents[ref.Digest]
		if !ok {
			continue
		}
		content := named.Content
		content.Ref = ref
		out = append(out, content)
	}
	return out
}

// partsFor are the parts that carry one kept statement. The error matches
// ErrNotFound where a content was erased.
func partsFor(v View, k Kept) ([]wire.Part, error) {
	parts, err := headerParts(v, k)
	if err != nil {
		return nil, err
	}
	for _, ref := range k.Statement.Contents {
		content, err := v.Content(ref.Digest)
		if err != nil {
			return nil, fmt.Errorf("content of statement %s: %w", k.Statement.ID.Short(), err)
		}
		parts = append(parts, contentPart(content))
	}
	return parts, nil
}

// partsHere are those of a statement that goes back to a peer that has lost it,
// with the contents that are still here.
func partsHere(v View, k Kept) ([]wire.Part, error) {
	parts, err := headerParts(v, k)
	if err != nil {
		return nil, err
	}
	if at, err := erased(v, k.Statement.CaseID()); err != nil || !at.IsZero() {
		return parts, err
	}
	for _, ref := range k.Statement.Contents {
		content, err := v.Content(ref.Digest)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("content of statement %s: %w", k.Statement.ID.Short(), err)
		}
		parts = append(parts, contentPart(content))
	}
	return parts, nil
}

func contentPart(c Content) wire.Part {
	return wire.Part{Type: wire.PartContent, Data: append(c.Salt[:], c.Data...)}
}

// headerParts are a statement and what stays with it for good.
func headerParts(v View, k Kept) ([]wire.Part, error) {
	parts := []wire.Part{{Type: wire.PartStatement, Data: k.Note}}
	if k.Statement.Kind.OwedReceipt() {
		parts = append(parts, wire.Part{Type: wire.PartTagKey, Data: k.Key[:]})
	}
	witnessed, err := witnessedParts(v, k.Statement)
	if err != nil {
		return nil, err
	}
	parts = append(parts, witnessed...)
	if !k.Statement.Release.IsZero() {
		note, err := v.Release(k.Statement.Release)
		if err != nil {
			return nil, fmt.Errorf("release of statement %s: %w", k.Statement.ID.Short(), err)
		}
		parts = append(parts, wire.Part{Type: wire.PartRelease, Data: note})
	}
	return parts, nil
}

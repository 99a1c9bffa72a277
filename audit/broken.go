package audit

import (
	"context"
	"fmt"
	"slices"

	"heed/evidence"
	"heed/ledger"
)

// accuse makes of a broken rule a proof. Where the leaves do not all lead to
// the head it accuses nobody, unless each leaf that matters is proven: the
// others may be what was damaged.
func (a *auditor) accuse(ctx context.Context, v *ledger.Violation) error {
	if v.Rule == ledger.RootWrong {
		return a.rootWrong(ctx, v)
	}
	at, claimed := []int64{v.Index}, v.Index
	switch v.Rule {
	case ledger.TagTwice:
		at = append(at, v.Earlier)
	case ledger.AfterEnd:
		at, claimed = []int64{v.Earlier}, v.Earlier // its proof has the head that goes beyond
	case ledger.RootPrevious:
		at = append(at, a.previous(v))
	}
	leaves, err := a.proofs(ctx, at)
	if err != nil {
		return a.unlessServed(ctx, err)
	}
	return a.find(evidence.Claim{Lie: evidence.Lie(v.Rule), At: claimed}, evidence.Bundle{Leaves: leaves}, "%v", v)
}

// unlessServed is what is left of the error of a proof: nothing, where leaves
// are withheld or damaged, which stands in the report already.
func (a *auditor) unlessServed(ctx context.Context, err error) error {
	if a.whole {
		return err
	}
	return ctx.Err()
}

// proofs proves leaves under the head.
func (a *auditor) proofs(ctx context.Context, at []int64) ([]evidence.Leaf, error) {
	var leaves []evidence.Leaf
	for _, index := range at {
		leaf, err := a.own.proof(ctx, index)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

// previous is the leaf that shows that a map root names a wrong one as the one
// before it: the one that it names, where that is no map root, or the one that
// it passes over. Whichever comes later is it.
func (a *auditor) previous(v *ledger.Violation) int64 {
	said, err := ledger.ParseMapRoot(v.Leaf)
	if err != nil {
		return v.Want.Previous
	}
	return max(said.Previous, v.Want.Previous)
}

// mostBetween is the number of leaves between two map roots above which no
// file holds the proof of a wrong one: of its 8192 leaves two are the roots.
const mostBetween = 8190

// rootWrong proves a root that is not that of the leaves before it. A tag that
// it leaves out is shown by one path. Where that is not what is wrong with it,
// every leaf since the map root before it is inserted, if a file can hold that.
func (a *auditor) rootWrong(ctx context.Context, v *ledger.Violation) error {
	said, err := ledger.ParseMapRoot(v.Leaf)
	if err != nil {
		return err
	}
	r, err := a.remake(v)
	if err != nil {
		return err
	}
	entry, ok, err := missing(ctx, r.marks, r.since, said)
	if err != nil {
		return err
	}
	if ok {
		return a.leftOut(ctx, v, r, entry)
	}
	if r.insertions != nil {
		if done, err := a.inserted(ctx, v, r.insertions); done || err != nil {
			return err
		}
	}
	if entry, ok, err = missing(ctx, r.marks, r.before, said); err != nil {
		return err
	}
	if ok {
		return a.leftOut(ctx, v, r, entry)
	}
	if a.whole {
		a.report.Findings = append(a.report.Findings, Finding{
			What: fmt.Sprintf("%v; %d leaves stand between it and the map root before it: the proof is too large for a file, but whoever audits the ledger finds the same", v, len(r.since)),
			Lie:  evidence.RootWrong, At: v.Index,
		})
	}
	return nil
}

// remade is the map as it should be at a wrong root.
type remade struct {
	marks         *ledger.Map
	before, since []ledger.MapEntry // the last map root that was right
	insertions    []evidence.Insertion
}

// remake makes the map anew up to a wrong root, with the path of each
// insertion since the root before it where they are not too many.
func (a *auditor) remake(v *ledger.Violation) (remade, error) {
	r := remade{marks: ledger.NewMap(ledger.NewMemoryPages(nil))}
	for i, b := range a.leaves[:v.Index] {
		leaf, err := ledger.ParseLeaf(b)
		switch {
		case err != nil: // a map root
		case int64(i) < v.Want.Previous:
			r.before = append(r.before, ledger.MapEntry{Tag: leaf.Tag, Index: int64(i)})
		default:
			r.since = append(r.since, ledger.MapEntry{Tag: leaf.Tag, Index: int64(i)})
		}
	}
	if _, err := r.marks.Insert(r.before); err != nil {
		return r, err
	}
	if len(r.since) > mostBetween {
		_, err := r.marks.Insert(r.since)
		return r, err
	}
	r.insertions = []evidence.Insertion{}
	for i := range r.since {
		path, err := r.marks.Prove(r.since[i].Tag, v.Index)
		if err != nil {
			return r, err
		}
		r.insertions = append(r.insertions, evidence.Insertion{Index: r.since[i].Index, Path: path.Bytes()})
		if _, err := r.marks.Insert(r.since[i : i+1]); err != nil {
			return r, err
		}
	}
	return r, nil
}

// missing finds the one entry without which the map has the root that was said.
func missing(ctx context.Context, marks *ledger.Map, among []ledger.MapEntry, said ledger.MapRoot) (ledger.MapEntry, bool, error) {
	for i, entry := range among {
		if i%1024 == 0 && ctx.Err() != nil {
			return entry, false, ctx.Err()
		}
		path, err := marks.Prove(entry.Tag, said.Covers)
		if err != nil {
			return entry, false, err
		}
		if path.Without() == said.Root {
			return entry, true, nil
		}
	}
	return ledger.MapEntry{}, false, nil
}

// leftOut proves that a map root denies a tag that is logged.
func (a *auditor) leftOut(ctx context.Context, v *ledger.Violation, r remade, missing ledger.MapEntry) error {
	marks := ledger.NewMap(ledger.NewMemoryPages(nil)) // as the ledger says that it is
	var others []ledger.MapEntry
	for _, entry := range slices.Concat(r.before, r.since) {
		if entry != missing {
			others = append(others, entry)
		}
	}
	if _, err := marks.Insert(others); err != nil {
		return err
	}
	path, err := marks.Prove(missing.Tag, v.Index)
	if err != nil {
		return err
	}
	leaves, err := a.proofs(ctx, []int64{missing.Index, v.Index})
	if err != nil {
		return a.unlessServed(ctx, err)
	}
	return a.find(evidence.Claim{Lie: evidence.LeftOut, At: missing.Index}, evidence.Bundle{
		Leaves: leaves[:1],
		Maps:   []evidence.Map{{Leaf: leaves[1].Leaf, Proof: leaves[1].Proof, Paths: []evidence.Path{{Tag: missing.Tag, Path: path.Bytes()}}}},
	}, "ledger inconsistency in %s: the map root at leaf %d leaves out leaf %d", v.Origin, v.Index, missing.Index)
}

// inserted proves a wrong root by every leaf since the one before it. It
// reports whether it is done: it is not where no file holds all of that.
func (a *auditor) inserted(ctx context.Context, v *ledger.Violation, insertions []evidence.Insertion) (done bool, err error) {
	var at []int64
	if v.Want.Previous >= 0 {
		at = append(at, v.Want.Previous)
	}
	for _, i := range insertions {
		at = append(at, i.Index)
	}
	leaves, err := a.proofs(ctx, append(at, v.Index))
	if err != nil {
		return true, a.unlessServed(ctx, err)
	}
	bundle := evidence.Bundle{Leaves: leaves, Insertions: insertions}
	claim := evidence.Claim{Lie: evidence.RootWrong, At: v.Index}
	file, err := a.encode(claim, bundle)
	if err != nil {
		return false, nil // it is larger than a file can be: nothing else is wrong with it
	}
	a.report.Findings = append(a.report.Findings, Finding{What: v.Error(), Lie: claim.Lie, At: claim.At, Bundle: file})
	return true, nil
}

// find adds a finding with its proof.
func (a *auditor) find(claim evidence.Claim, bundle evidence.Bundle, format string, args ...any) error {
	file, err := a.encode(claim, bundle)
	if err != nil {
		return err
	}
	a.report.Findings = append(a.report.Findings, Finding{What: fmt.Sprintf(format, args...), Lie: claim.Lie, At: claim.At, Bundle: file})
	return nil
}

func (a *auditor) encode(claim evidence.Claim, bundle evidence.Bundle) ([]byte, error) {
	claim.Kind, claim.Party, claim.Ledger = evidence.ClaimMisbehaviour, a.order.Card.Party, a.order.Card.LedgerKey
	bundle.Claims, bundle.Cards = []evidence.Claim{claim}, [][]byte{a.order.CardNote}
	return bundle.Encode()
}

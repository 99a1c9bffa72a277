package audit

import (
	"errors"

	"heed/evidence"
	"heed/ledger"
)

// broken makes of a rule that the ledger breaks a proof of it.
func (a *auditor) broken(err error) error {
	var v *ledger.Violation
	if !errors.As(err, &v) {
		return err
	}
	at := []int64{v.Index}
	var insertions []evidence.Insertion
	switch v.Rule {
	case ledger.TagTwice:
		at = append(at, v.Earlier)
	case ledger.AfterEnd:
		at = []int64{v.Earlier}
	case ledger.RootPrevious:
		at = append(at, a.previous(v)...)
	case ledger.RootWrong:
		var err error
		if at, insertions, err = a.between(v); err != nil {
			return err
		}
	}
	bundle := evidence.Bundle{Insertions: insertions, Checkpoints: [][]byte{a.note}}
	for _, index := range at {
		leaf, err := a.leafProof(index)
		if err != nil {
			return err
		}
		bundle.Leaves = append(bundle.Leaves, leaf)
	}
	claim := evidence.Claim{Lie: evidence.Lie(v.Rule), At: v.Index}
	if v.Rule == ledger.AfterEnd {
		claim.At = v.Earlier
	}
	return a.find(claim, bundle, "%v", v)
}

// previous are the leaves that show which map root stands before the one at
// fault: the one that it names, and the one that it should.
func (a *auditor) previous(v *ledger.Violation) []int64 {
	var at []int64
	if said, err := ledger.ParseMapRoot(a.leaves[v.Index]); err == nil && said.Previous >= 0 {
		at = append(at, said.Previous)
	}
	if v.Want.Previous >= 0 {
		at = append(at, v.Want.Previous)
	}
	return at
}

// between are the leaves from the previous map root to the one at fault, with
// the paths by which a verifier inserts them one by one.
func (a *auditor) between(v *ledger.Violation) (at []int64, insertions []evidence.Insertion, err error) {
	marks := ledger.NewMap(ledger.NewMemoryPages(nil))
	var entries []ledger.MapEntry
	for i, b := range a.leaves[:v.Index] {
		if leaf, err := ledger.ParseLeaf(b); err == nil {
			entries = append(entries, ledger.MapEntry{Tag: leaf.Tag, Index: int64(i)})
		}
	}
	if _, err := marks.Insert(entries); err != nil {
		return nil, nil, err
	}
	if v.Want.Previous >= 0 {
		at = append(at, v.Want.Previous)
	}
	for i := v.Want.Previous + 1; i < v.Index; i++ {
		leaf, err := ledger.ParseLeaf(a.leaves[i])
		if err != nil {
			return nil, nil, err
		}
		path, err := marks.Prove(leaf.Tag, i)
		if err != nil {
			return nil, nil, err
		}
		at = append(at, i)
		insertions = append(insertions, evidence.Insertion{Index: i, Path: path.Bytes()})
	}
	return append(at, v.Index), insertions, nil
}

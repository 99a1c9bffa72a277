package evidence

import (
	"fmt"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// FiguresVerdict is what a file of figures shows.
type FiguresVerdict string

// The verdicts.
const (
	FiguresReconciled FiguresVerdict = "reconciled"     // both parties have signed the same
	FiguresBounds     FiguresVerdict = "lower bounds"   // at least so many, as one party states
	FiguresOneSided   FiguresVerdict = "one side's"     // one party's count, to which the other has not put its name: it shows nothing
	FiguresUnknown    FiguresVerdict = "unknown signer" // who signed is not whom the policy pins
)

// FiguresReport is what VerifyFigures finds.
type FiguresReport struct {
	Verdict FiguresVerdict
	Why     string // where Verdict is FiguresUnknown or FiguresOneSided
	Signed  []heed.Figures
}

// Holds reports whether the file shows what figures are published for.
func (r FiguresReport) Holds() bool {
	return r.Verdict == FiguresReconciled || r.Verdict == FiguresBounds
}

// VerifyFigures judges a file of figures (wire.FiguresFile), by the verifier's
// own policy and by nothing else. Cards beside it (ParseCards) are believed as
// those in the file are: through the card that the policy pins. No witness is
// asked: the times in figures are their authors'.
//
// Errors: ErrPolicy; ErrDamaged for bytes that are no such file, or hold a
// signature that is not what it says, or two texts that do not belong together.
func VerifyFigures(policy Policy, file []byte, cards ...[]byte) (FiguresReport, error) {
	var report FiguresReport
	if err := policy.CheckFigures(); err != nil {
		return report, err
	}
	parts, err := wire.ParseFiguresFile(file)
	if err != nil {
		return report, damaged("%v", err)
	}
	m := &material{
		policy: policy, parties: map[heed.PartyID]*party{}, cards: map[heed.CardID]*cardNotes{}, statements: map[heed.StatementID]*said{},
		keys: map[heed.Digest]ledger.Key{}, releases: map[heed.ReleaseID]heed.Release{}, contents: map[heed.Digest]Content{},
	}
	if err := m.takeTexts(Bundle{Cards: parts.Cards}); err != nil {
		return report, err
	}
	for i, list := range cards {
		notes, err := ParseCards(list)
		if err == nil {
			err = m.takeTexts(Bundle{Cards: notes})
		}
		if err != nil {
			return report, fmt.Errorf("cards %d beside the file: %w", i+1, err)
		}
	}
	m.recognise()
	for _, note := range parts.Figures {
		f, err := wire.ParseFigures(note)
		if err != nil {
			return FiguresReport{}, damaged("%v", err)
		}
		report.Signed = append(report.Signed, f)
	}
	if err := belong(report.Signed); err != nil {
		return FiguresReport{}, err
	}
	for _, f := range report.Signed {
		if why := m.figuresBy(f); why != "" {
			report.Verdict, report.Why = FiguresUnknown, why
			return report, nil
		}
	}
	first := report.Signed[0]
	switch {
	case len(report.Signed) == 2:
		report.Verdict = FiguresReconciled
	case first.Reading == heed.ReadAtLeast:
		report.Verdict = FiguresBounds
	default:
		report.Verdict, report.Why = FiguresOneSided, fmt.Sprintf("only %s has signed it, as its own count and not as lower bounds", first.Author)
	}
	return report, nil
}

// belong refuses two texts that are not one of each party of the pair, about
// the same, word for word.
func belong(signed []heed.Figures) error {
	if len(signed) < 2 {
		return nil
	}
	a, b := signed[0], signed[1]
	switch {
	case a.Author != a.Pair[0] || b.Author != a.Pair[1]:
		return damaged("its two texts are not one of each party, the first of the pair first")
	case a.Reading != heed.ReadExact || !a.Same(b.FiguresBody):
		return damaged("its two texts do not say the same: nothing is reconciled")
	}
	return nil
}

// figuresBy says why figures are not by their author; empty where they are.
func (m *material) figuresBy(f heed.Figures) string {
	p, why := m.known(f.Author)
	if p == nil {
		return why
	}
	for _, c := range p.cards {
		if c.Serial == f.AuthorCard && c.NodeKey == f.Node {
			return ""
		}
	}
	return fmt.Sprintf("the figures are signed under card %d of %s with a key that no card vouched for by the pinned one names: add the party's cards (--card)", f.AuthorCard, f.Author)
}

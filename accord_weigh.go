package heed

import (
	"bytes"
	"maps"
	"slices"
)

// weigh finds the equivocations: consents of one party to two versions of
// which neither descends from the other. It looks at all acts, whenever they
// were signed, since a proof is one at any time. Consents to versions that so
// many declined that they can never be adopted harm nobody and are left out:
// so whoever consented to the proposal that lost can consent to the one that won.
func (f *accordFold) weigh() {
	answers := map[PartyID]map[*branch]AccordAct{}
	said := map[voidKey]Answer{}
	declines := map[*branch]*loss{}
	for _, a := range f.acts {
		if !a.Kind.Answers() {
			continue
		}
		b, key := f.byID[a.Version], voidKey{a.Party, a.Version}
		before := said[key]
		if before == "" {
			before = AnswerSilent
		}
		after, err := before.next(a.Kind)
		if err != nil {
			continue
		}
		said[key] = after
		if after == AnswerDeclined {
			if declines[b] == nil {
				declines[b] = &loss{}
			}
			declines[b].add(b, a.Party)
			continue
		}
		if answers[a.Party] == nil {
			answers[a.Party] = map[*branch]AccordAct{}
		}
		if _, ok := answers[a.Party][b]; !ok {
			answers[a.Party][b] = a
		}
	}
	f.void = map[voidKey]bool{}
	for _, p := range slices.Sorted(maps.Keys(answers)) {
		f.weighParty(p, answers[p], declines)
	}
}

func (f *accordFold) weighParty(p PartyID, consents map[*branch]AccordAct, declines map[*branch]*loss) {
	var standing []*branch
	for b := range consents {
		if declined := declines[b]; declined == nil || !declined.total(b) {
			standing = append(standing, b)
		}
	}
	slices.SortFunc(standing, compareVersions)
	// One proof for each version is enough, and a party that ratifies everything
	// costs no more than one that ratifies two.
	listed := map[AccordEquivocation]bool{}
	for _, b := range standing {
		at := slices.IndexFunc(standing, func(other *branch) bool { return !inLine(b, other) })
		if at < 0 {
			continue
		}
		f.void[voidKey{p, b.a.ID}] = true
		pair := []AccordActID{consents[b].ID, consents[standing[at]].ID}
		slices.SortFunc(pair, func(x, y AccordActID) int { return bytes.Compare(x[:], y[:]) })
		if proof := (AccordEquivocation{Party: p, First: pair[0], Second: pair[1]}); !listed[proof] {
			listed[proof] = true
			f.standing.Equivocations = append(f.standing.Equivocations, proof)
		}
	}
}

package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"heed"
)

// AccordHeld is what this node holds of an accord, and where that makes it stand.
type AccordHeld struct {
	Standing heed.Standing
	Versions []KeptVersion // by number, then id
	Acts     []KeptAct
	Told     []Telling
}

// Telling is where a statement of ours about an accord has got to: whoever
// removes a member sees so which of the others have it.
type Telling struct {
	To      heed.PartyID
	Kind    heed.Kind
	Version heed.VersionID
	Case    heed.CaseID
	Said    time.Time
	Given   time.Time // when its recipient says that it was received; zero: no receipt is here
}

// Version finds a version that is held.
func (h AccordHeld) Version(id heed.VersionID) (heed.Accord, bool) {
	for _, v := range h.Versions {
		if v.Accord.ID == id {
			return v.Accord, true
		}
	}
	return heed.Accord{}, false
}

// Next is the next time after now at which the accord may stand otherwise
// although nothing more arrives: a date of its terms, a notice or a suspension
// that ends, something that is signed for later. Zero: there is none.
func (h AccordHeld) Next(now time.Time) time.Time {
	var next time.Time
	consider := func(all ...time.Time) {
		for _, t := range all {
			if t.After(now) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	for _, v := range h.Versions {
		consider(v.Accord.Time, v.Accord.From, v.Accord.Until)
	}
	for _, a := range h.Acts {
		consider(a.Act.Time, a.Act.From, a.Act.Until)
	}
	for _, p := range h.Standing.Parties {
		consider(p.Leaves, p.Wakes)
	}
	return next
}

// AccordsNamed lists the accords that a person may mean by a name: an id, or
// eight or more digits that it begins with. The error is a *heed.Invalid where
// the name can be neither.
func (x *Exchange) AccordsNamed(ctx context.Context, name string) (found []heed.AccordID, err error) {
	digits := strings.ToLower(strings.TrimSpace(name))
	if !IsAccordName(digits) {
		return nil, &heed.Invalid{What: fmt.Sprintf("%.80q is not the id of an accord", name), Hint: "64 hexadecimal digits, or the first eight or more of them; `heed accord list` shows them"}
	}
	err = x.store.Read(ctx, func(v View) error {
		found, err = accordsNamed(v, digits)
		return err
	})
	return found, err
}

// IsAccordName reports whether a person may mean an accord by the name.
func IsAccordName(name string) bool {
	return len(name) >= 8 && len(name) <= 64 && strings.Trim(strings.ToLower(name), "0123456789abcdef") == ""
}

func accordsNamed(v View, digits string) (found []heed.AccordID, err error) {
	ids, err := v.Accords()
	for _, id := range ids {
		if strings.HasPrefix(id.String(), digits) {
			found = append(found, id)
		}
	}
	return found, err
}

// FindAccord is AccordsNamed where one must be meant; otherwise the error is a
// *heed.Invalid.
func (x *Exchange) FindAccord(ctx context.Context, name string) (heed.AccordID, error) {
	found, err := x.AccordsNamed(ctx, name)
	switch {
	case err != nil:
		return heed.AccordID{}, err
	case len(found) == 0:
		return heed.AccordID{}, &heed.Invalid{What: fmt.Sprintf("no accord %s is held here", name), Hint: "`heed accord list` shows them"}
	case len(found) > 1:
		return heed.AccordID{}, &heed.Invalid{What: fmt.Sprintf("%s names %d accords", name, len(found)), Hint: "write more of its digits; `heed accord list --json` has all of them"}
	}
	return found[0], nil
}

// proposalCases are the cases in which the newest version of an accord was
// proposed that was proposed to or by this party.
func proposalCases(v View, id heed.AccordID) (cases []heed.CaseID, err error) {
	all, err := v.AccordCases(id)
	if err != nil {
		return nil, err
	}
	var newest uint64
	for _, caseID := range all {
		c, err := v.Case(caseID)
		if err != nil {
			return nil, err
		}
		if !c.Opening.Kind.Proposes() {
			continue
		}
		k, err := v.AccordVersion(c.Opening.Version)
		if isNotFound(err) {
			continue // passed over when it came
		}
		if err != nil {
			return nil, err
		}
		if k.Accord.Number > newest {
			newest, cases = k.Accord.Number, nil
		}
		if k.Accord.Number == newest {
			cases = append(cases, caseID)
		}
	}
	return cases, nil
}

// AccordTerms is a version of any accord. The error matches ErrNotFound where
// it is not held.
func (x *Exchange) AccordTerms(ctx context.Context, id heed.VersionID) (heed.Accord, error) {
	var k KeptVersion
	err := x.store.Read(ctx, func(v View) (err error) {
		k, err = v.AccordVersion(id)
		return err
	})
	return k.Accord, err
}

// OpenedBy says what opened each of the cases.
func (x *Exchange) OpenedBy(ctx context.Context, cases []heed.CaseID) (map[heed.CaseID]heed.Kind, error) {
	kinds := map[heed.CaseID]heed.Kind{}
	err := x.store.Read(ctx, func(v View) error {
		for _, id := range cases {
			c, err := v.Case(id)
			if err != nil {
				return err
			}
			kinds[id] = c.Opening.Kind
		}
		return nil
	})
	return kinds, err
}

// Accord is what is held of an accord.
func (x *Exchange) Accord(ctx context.Context, id heed.AccordID) (held AccordHeld, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		if held, err = accordHeld(v, id, now); err != nil {
			return err
		}
		return x.tellings(v, id, func(s heed.Statement, c heed.Case) error {
			t := Telling{To: s.Recipient, Kind: s.Kind, Version: s.Version, Case: c.ID, Said: s.Time}
			if receipt, ok := c.Receipt(s.ID); ok {
				t.Given = receipt.Received
			}
			held.Told = append(held.Told, t)
			return nil
		})
	})
	return held, err
}

// Accords is what is held of every accord, in the order in which they came.
func (x *Exchange) Accords(ctx context.Context) (all []AccordHeld, err error) {
	now := x.Now()
	err = x.store.Read(ctx, func(v View) error {
		ids, err := v.Accords()
		if err != nil {
			return err
		}
		for _, id := range ids {
			held, err := accordHeld(v, id, now)
			if err != nil {
				return err
			}
			all = append(all, held)
		}
		return nil
	})
	return all, err
}

// accordHeld reads an accord and folds it. An accord of which nothing is held
// is input that cannot be used.
func accordHeld(v View, id heed.AccordID, now time.Time) (held AccordHeld, err error) {
	if held.Versions, err = v.AccordVersions(id); err != nil {
		return held, err
	}
	if len(held.Versions) == 0 {
		return held, &heed.Invalid{What: fmt.Sprintf("no accord %s is held here", id.Short()), Hint: "`heed accord list` shows them"}
	}
	if held.Acts, err = v.AccordActs(id); err != nil {
		return held, err
	}
	held.Standing = standingOf(id, held.Versions, held.Acts, now)
	return held, nil
}

func standingOf(id heed.AccordID, versions []KeptVersion, acts []KeptAct, now time.Time) heed.Standing {
	texts := make([]heed.Accord, len(versions))
	for i, v := range versions {
		texts[i] = v.Accord
	}
	said := make([]heed.AccordAct, len(acts))
	for i, a := range acts {
		said[i] = a.Act
	}
	return heed.StandingOf(id, texts, said, now)
}

// parties are all that stand in any version that is held.
func (h AccordHeld) parties() []heed.PartyID {
	var texts []heed.Accord
	for _, v := range h.Versions {
		texts = append(texts, v.Accord)
	}
	return partiesOf(texts...)
}

// partiesOf are all that stand in versions of an accord, members before
// observers, in the order of the versions, each once.
func partiesOf(versions ...heed.Accord) []heed.PartyID {
	seen := map[heed.PartyID]bool{}
	var all []heed.PartyID
	add := func(p heed.PartyID) {
		if !seen[p] {
			seen[p], all = true, append(all, p)
		}
	}
	for _, v := range versions {
		for _, m := range v.Members {
			add(m.Party)
		}
		for _, o := range v.Observers {
			add(o.Party)
		}
	}
	return all
}

// tellings passes what we have said about an accord, each with its case.
func (x *Exchange) tellings(v View, id heed.AccordID, pass func(heed.Statement, heed.Case) error) error {
	cases, err := v.AccordCases(id)
	if err != nil {
		return err
	}
	for _, caseID := range cases {
		c, err := v.Case(caseID)
		if err != nil {
			return err
		}
		for _, s := range c.Statements {
			if s.Author != x.party || !s.Kind.OfAccord() {
				continue
			}
			if err := pass(s, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// termsFor is the baseline by which a party answers what a statement asks of
// it: that of its card, with the clock and the ladder of the accord under which
// the statement is made. An observer owes nothing.
func termsFor(v View, s heed.Statement, card heed.Card, at time.Time) (heed.Baseline, error) {
	if s.Version.IsZero() || s.Kind.OfAccord() {
		return card.Baseline, nil
	}
	terms, err := accordOf(v, s)
	if err != nil {
		return heed.Baseline{}, err
	}
	if b, ok := terms.Baseline(card.Party, card.Baseline, at); ok {
		return b, nil
	}
	if !terms.Observes(card.Party) {
		return heed.Baseline{}, heed.Refuse(heed.NotAdmitted, "%s stands in no version %s of accord %s, under which %s statement %s is made", card.Party, s.Version.Short(), s.Accord.Short(), s.Kind, s.ID.Short())
	}
	b := card.Baseline
	b.Clock = nil
	return b, nil
}

func isUnknownAccord(err error) bool {
	var refused *heed.Refused
	return errors.As(err, &refused) && refused.Code == heed.UnknownAccord
}

// accordOf finds the version that a statement names.
func accordOf(v View, s heed.Statement) (heed.Accord, error) {
	k, err := v.AccordVersion(s.Version)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && k.Accord.AccordID() != s.Accord:
		return heed.Accord{}, heed.Refuse(heed.UnknownAccord, "version %s of accord %s is not held here", s.Version.Short(), s.Accord.Short())
	}
	return k.Accord, err
}

// ladderIn is the ladder of a party in a case: that of the accord under which
// the case was opened, else that of its card.
func (x *Exchange) ladderIn(v View, opening heed.Statement, party heed.PartyID) (heed.Ladder, error) {
	if !opening.Version.IsZero() && !opening.Kind.OfAccord() {
		terms, err := accordOf(v, opening)
		if err != nil {
			return nil, err
		}
		if m, ok := terms.Member(party); ok {
			return m.Ladder, nil
		}
	}
	return x.ladder(v, party)
}

// ladderOf is the ladder of a party in a case, by the case's id.
func (x *Exchange) ladderOf(v View, id heed.CaseID, party heed.PartyID) (heed.Ladder, error) {
	c, err := v.Case(id)
	if err != nil {
		return nil, err
	}
	return x.ladderIn(v, c.Opening, party)
}

// mayBeUnder decides whether a statement may be received under the accord that
// it names, as that stands here and now. What may only be missing here is
// refused for now.
func (x *Exchange) mayBeUnder(v View, s heed.Statement, now time.Time) error {
	if s.Version.IsZero() || s.Kind.OfAccord() {
		return nil
	}
	terms, err := accordOf(v, s)
	if err != nil {
		return err
	}
	held, err := accordHeld(v, s.Accord, now)
	if err != nil {
		return err
	}
	began, _ := held.Standing.Version(s.Version)
	switch standing := held.Standing; {
	case began.Started.IsZero():
		return heed.Refuse(heed.UnknownAccord, "version %s of accord %s is %s here", s.Version.Short(), s.Accord.Short(), orUnknown(began.State))
	case standing.State == heed.AccordEnded:
		return heed.Refuse(heed.NotAdmitted, "accord %s ended at %s: %s", s.Accord.Short(), heed.FormatTime(standing.Ended), standing.Why)
	case !mayReceiveUnder(terms, standing, s.Author):
		return heed.Refuse(heed.NotAdmitted, "%s is %s in accord %s, and may not write under it", s.Author, standing.Party(s.Author).Presence, s.Accord.Short())
	case !mayReceiveUnder(terms, standing, x.party) && !terms.Observes(x.party):
		return heed.Refuse(heed.NotAdmitted, "%s is %s in accord %s, and receives nothing under it", x.party, standing.Party(x.party).Presence, s.Accord.Short())
	}
	return nil
}

func orUnknown(s heed.VersionState) string {
	if s == "" {
		return "not known"
	}
	return string(s)
}

// sealedUnder are the terms in force of an accord, and to whom we may seal
// something under it: the parties that it binds, and its observers. The error
// is a *heed.Refused that says why not.
func (x *Exchange) sealedUnder(v View, id heed.AccordID, now time.Time) (heed.Accord, []heed.PartyID, error) {
	held, err := accordHeld(v, id, now)
	if err != nil {
		return heed.Accord{}, nil, err
	}
	s := held.Standing
	if s.State != heed.AccordInForce && s.State != heed.AccordAmending {
		return heed.Accord{}, nil, &heed.Refused{Detail: fmt.Sprintf("accord %s is %s, and nothing is sent under it", id.Short(), s.State), Hint: "`heed accord show` says who has ratified it, and from when it is in force"}
	}
	terms, _ := held.Version(s.InForce)
	all := s.Recipients()
	if !slices.Contains(all, x.party) {
		return terms, nil, &heed.Refused{Detail: fmt.Sprintf("%s is %s in accord %s, and sends nothing under it", x.party, s.Party(x.party).Presence, id.Short()), Hint: "`heed accord show` says whom it binds; or leave --accord out"}
	}
	all = slices.DeleteFunc(all, func(p heed.PartyID) bool { return p == x.party })
	for _, o := range terms.Observers {
		all = append(all, o.Party)
	}
	return terms, all, nil
}

// namedUnder says under which version something is asked in a case that was
// opened under an accord: the one now in force, and after its end that under
// which the case was opened.
func namedUnder(v View, opening heed.Statement, now time.Time) (heed.AccordID, heed.VersionID, error) {
	if opening.Version.IsZero() || opening.Kind.OfAccord() {
		return heed.AccordID{}, heed.VersionID{}, nil
	}
	held, err := accordHeld(v, opening.Accord, now)
	if err != nil {
		return heed.AccordID{}, heed.VersionID{}, err
	}
	terms, ok := held.Version(held.Standing.InForce)
	_, author := terms.Card(opening.Author)
	_, recipient := terms.Card(opening.Recipient)
	if !ok || !author || !recipient {
		return opening.Accord, opening.Version, nil
	}
	return opening.Accord, terms.ID, nil
}

// mayReceiveUnder reports whether the accord binds the party as it stands. A
// member for whom it is suspended answers what is under way.
func mayReceiveUnder(terms heed.Accord, s heed.Standing, p heed.PartyID) bool {
	_, member := terms.Member(p)
	return member && s.Party(p).Bound()
}

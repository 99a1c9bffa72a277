package evidence

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"heed"
	"heed/seal"
	"heed/wire"
)

// MaxShownText is the largest text content, in bytes, that a report holds as text.
const MaxShownText = 64 << 10

// sortedClaims puts claims in one order, whatever the order of the files:
// silence first, then misbehaviour, then steps.
func (m *material) sortedClaims() []Claim {
	rank := map[ClaimKind]int{ClaimSilence: 0, ClaimMisbehaviour: 1, ClaimSteps: 2}
	claims := slices.Clone(m.claims)
	slices.SortFunc(claims, func(a, b Claim) int {
		return cmp.Or(rank[a.Kind]-rank[b.Kind], strings.Compare(a.text(), b.text()))
	})
	return claims
}

// judgeSteps decides about a claim of steps: who said them, and which duties
// they discharge. Duties that were judged under a claim of their own are not
// judged again.
func (m *material) judgeSteps(id heed.CaseID, judged map[dutyOf]bool) []Verdict {
	v := Verdict{Case: id.String()}
	opening := m.statements[heed.StatementID(id)]
	if opening == nil || opening.CaseID() != id {
		return []Verdict{v.because(CannotTell, "the statement that opened the case is not in the files")}
	}
	v.Code = opening.CaseCode()
	var all []Verdict
	for _, s := range m.order {
		if s.Kind.InCase() && s.CaseID() == id {
			if why := m.by(s); why != "" {
				v.Statement = s.ID.String()
				return []Verdict{v.unknown(m.signer(s), why)}
			}
			if why := m.stands(s); why != "" {
				v.Statement = s.ID.String()
				all = append(all, v.because(CannotTell, why))
			}
		}
	}
	for _, duty := range m.dutiesOf(id) {
		if judged[duty] {
			continue
		}
		judged[duty] = true
		o, end := m.obligation(duty.kind, duty.from)
		if end.Verdict != "" {
			continue // no duty to speak of
		}
		if d, _ := m.answered(o); d != nil {
			all = append(all, m.judgeAnswer(o, m.verdict(o), d))
		}
	}
	return all
}

// dutiesOf lists the duties that receipts and assessments of a case name, in
// the order of the statements that they follow from.
func (m *material) dutiesOf(id heed.CaseID) []dutyOf {
	var all []dutyOf
	seen := map[dutyOf]bool{}
	for _, s := range m.order {
		if !s.Kind.InCase() || s.CaseID() != id || s.Kind != heed.KindReceipt && s.Kind != heed.KindAssessment {
			continue
		}
		from := s.ID
		if s.Kind == heed.KindReceipt {
			from = s.Answers[0]
		}
		for _, p := range s.Duties {
			d := dutyOf{p.Kind, from}
			if _, ok := slotNames[p.Kind.Base()]; ok && !seen[d] && ownDuty(p.Kind) == (s.Kind == heed.KindAssessment) {
				seen[d] = true
				all = append(all, d)
			}
		}
	}
	return all
}

// partyList tells of every party that a statement or a claim names.
func (m *material) partyList() []Party {
	named := map[heed.PartyID]bool{}
	for _, s := range m.order {
		for _, id := range []heed.PartyID{s.Author, s.Recipient} {
			if id != "" && s.Kind != heed.KindDeposit {
				named[id] = true
			}
		}
	}
	for _, c := range m.claims {
		if c.Party != "" {
			named[c.Party] = true
		}
	}
	list := []Party{}
	for id := range named {
		list = append(list, m.describe(id))
	}
	slices.SortFunc(list, func(a, b Party) int { return cmp.Compare(a.Party, b.Party) })
	return list
}

func (m *material) describe(id heed.PartyID) Party {
	p := m.parties[id]
	if p == nil {
		return Party{Party: id}
	}
	q := p.group.Quorum
	out := Party{Party: id, Pinned: len(p.cards) > 0, Card: p.Card.String(), Fingerprint: seal.FingerprintOf(p.Card).String(),
		Group: p.Group, Witnesses: q.N, Faulty: q.F, Published: q.Q, Silence: q.S}
	if out.Pinned {
		out.Serial, out.PinnedCard = p.cards[len(p.cards)-1].Serial, m.cards[p.Card].Serial
	}
	return out
}

// caseList is every case that a claim is about, with its steps.
func (m *material) caseList() []Case {
	seen := map[heed.CaseID]bool{}
	list := []Case{}
	for _, c := range m.sortedClaims() {
		id := c.Case
		if s := m.statements[c.Statement]; c.Kind != ClaimSteps && s != nil {
			id = s.CaseID()
		}
		if id.IsZero() || seen[id] {
			continue
		}
		seen[id] = true
		list = append(list, m.describeCase(id))
	}
	slices.SortFunc(list, func(a, b Case) int { return cmp.Compare(a.Case, b.Case) })
	return list
}

func (m *material) describeCase(id heed.CaseID) Case {
	c := Case{Case: id.String(), Steps: []Step{}}
	if s := m.statements[heed.StatementID(id)]; s != nil {
		c.Code, c.Warner, c.Warned, c.Status = s.CaseCode(), s.Author, s.Recipient, s.Status
	}
	for _, s := range m.order {
		if s.Kind.InCase() && s.Kind != heed.KindReceipt && s.CaseID() == id && m.by(s) == "" {
			c.Steps = append(c.Steps, m.describeStep(s))
		}
	}
	return c
}

func (m *material) describeStep(s *said) Step {
	step := Step{Statement: s.ID.String(), Kind: s.Kind, Author: s.Author, Recipient: s.Recipient, Time: Time{s.Time}, Says: says(s.Statement)}
	if !s.Accord.IsZero() {
		step.Accord, step.Version = s.Accord.String(), s.Version.String()
	}
	lower, early := m.notBefore(s)
	upper, late := m.notAfter(s)
	step.NotBefore, step.NotAfter = Time{lower}, Time{upper}
	for _, p := range s.Duties {
		step.Duties = append(step.Duties, Due{p.Kind, Time{p.Due}})
	}
	m.describeReceipt(s, &step)
	m.describeOfficers(s, &step)
	for _, ref := range s.Contents {
		step.Contents = append(step.Contents, m.open(ref))
	}
	missing := func(is bool, words string) {
		if is {
			step.Missing = append(step.Missing, words)
		}
	}
	missing(!early, "no witnessed time before which it did not exist")
	missing(!late, "no witnessed time by which it existed")
	missing(step.Received.IsZero() && step.Deposited.IsZero(), "no receipt")
	missing(len(step.Officers) == 0 && !s.Kind.ByMachine() && !s.Kind.Enclosed(), "the release that its officers signed")
	if why := m.stands(s); why != "" {
		missing(true, why)
	}
	return step
}

// describeReceipt tells when and by whose word the other party received it.
func (m *material) describeReceipt(s *said, step *Step) {
	var promised []heed.Promise
	for _, r := range m.received(s) {
		switch {
		case r.Kind == heed.KindDeposit:
			if step.Deposited.IsZero() || r.Received.Before(step.Deposited.Time) {
				step.Deposited = Time{r.Received}
			}
		case step.Received.IsZero() || r.Received.Before(step.Received.Time):
			step.Received, step.Receipt = Time{r.Received}, r.ID.String()
			promised = r.Duties
		}
	}
	for _, p := range promised {
		step.Duties = append(step.Duties, Due{p.Kind, Time{p.Due}})
	}
}

func (m *material) describeOfficers(s *said, step *Step) {
	officers := s.Officers
	if rel, ok := m.releases[s.Release]; ok && wire.CheckReleased(s.Statement, rel) == nil {
		officers = rel.Signers()
	}
	for _, o := range officers {
		if name, ok := wire.OfficerOf(o.Key); ok {
			step.Officers = append(step.Officers, Officer{Name: name, Role: o.Role})
		}
	}
}

// open tells of one content as far as the files open it.
func (m *material) open(ref heed.ContentRef) Opened {
	o := Opened{Digest: ref.Digest.String(), Name: ref.Name, MediaType: ref.MediaType, Size: ref.Size}
	content, ok := m.contents[ref.Digest]
	if !ok {
		return o
	}
	digest, err := wire.ContentDigest(ref.MediaType, content.Salt, content.Data)
	if err != nil || digest != ref.Digest {
		return o // it has that digest as content of another type
	}
	if o.Open, o.Data = true, content.Data; ref.MediaType == heed.MediaText && len(content.Data) <= MaxShownText && utf8.Valid(content.Data) {
		o.Text = string(content.Data)
	}
	if ref.MediaType == heed.MediaWarning {
		p, err := wire.ParsePartial(content.Data)
		if err != nil {
			return o // ContentDigest has read it
		}
		for _, f := range p.Fields() {
			o.Fields = append(o.Fields, Field{Path: f.Path, Value: f.Value})
		}
		o.Closed, o.Open = p.Closed(), len(o.Fields) > 0
	}
	return o
}

// says is what the kind itself states, in its signed word.
func says(s heed.Statement) string {
	switch {
	case s.NoPrejudice:
		return "without prejudice"
	case !s.By.IsZero():
		return "by " + utc(s.By)
	case s.Kind == heed.KindWatchHit && !s.Withdrawn.IsZero():
		return "a report of a hit withdrawn " + utc(s.Withdrawn)
	case s.Kind == heed.KindWatchHit:
		return "confirmed " + utc(s.Confirmed)
	case s.Kind == heed.KindWatchLapseNotice && s.Effective.IsZero():
		return "the watch goes on"
	case s.Kind == heed.KindWatchLapseNotice:
		return "the watch ends " + utc(s.Effective)
	}
	return cmp.Or(string(s.Disposition), string(s.Outcome), string(s.Code), s.Role) // a kind has one of them at most
}

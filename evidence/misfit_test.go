package evidence

import (
	"strings"
	"testing"
	"time"

	"heed"
	"heed/ledger"
	"heed/wire"
)

// acts signs what a party's node says of an accord, and logs it as its reply to
// a proposal, whatever it says.
func (o *org) acts(kind heed.Kind, to *org, of *piece, previous *piece, accord heed.AccordID, version heed.VersionID) *piece {
	sc := o.scene
	sc.t.Helper()
	media := heed.MediaAccordAct
	s := heed.Statement{Kind: kind, Accord: accord, Version: version}
	if kind.Proposes() {
		media, s.Status, s.Reply = heed.MediaAccord, heed.StatusActual, time.Hour
	}
	if of != nil {
		s.Case, s.Answers = of.CaseID(), []heed.StatementID{of.ID}
	}
	if previous != nil {
		s.Previous = previous.ID
	}
	s.Contents = []heed.ContentRef{{Digest: heed.Digest{8}, Size: 3, MediaType: media}}
	p := &piece{key: ledger.Key(sc.fresh()[:32])}
	s.Author, s.AuthorCard, s.Recipient, s.RecipientCard, s.Time, s.Node = o.id, o.card.Serial, to.id, to.card.Serial, sc.now, o.node.Verifier().String()
	s.TagKey = ledger.KeyDigest(p.key)
	var err error
	p.Statement, p.note, err = wire.SignStatement(s, o.node)
	sc.must(err)
	return p
}

// What the rules of cases call a misfit is never read, and is no answer; nor is
// what rests on one. What waits for something that is not shown can be an answer.
func TestAMisfitAnswersNothing(t *testing.T) {
	accord, version, other := heed.AccordID{1}, heed.VersionID{1}, heed.AccordID{66}
	for name, test := range map[string]struct {
		reply func(sc *scene, proposal *piece) (reply *piece, shown []*piece)
		want  Finding
	}{
		"of another accord": {func(sc *scene, proposal *piece) (*piece, []*piece) {
			return sc.south.acts(heed.KindAccordRatification, sc.north, proposal, nil, other, heed.VersionID{66}), nil
		}, LoggedNotDelivered},
		"resting on a misfit": {func(sc *scene, proposal *piece) (*piece, []*piece) {
			misfit := sc.south.acts(heed.KindAccordReservation, sc.north, proposal, nil, other, heed.VersionID{66})
			return sc.south.acts(heed.KindAccordRatification, sc.north, proposal, misfit, accord, version), []*piece{misfit}
		}, LoggedNotDelivered},
		"resting on what is not shown": {func(sc *scene, proposal *piece) (*piece, []*piece) {
			withheld := sc.south.acts(heed.KindAccordReservation, sc.north, proposal, nil, accord, version)
			return sc.south.acts(heed.KindAccordRatification, sc.north, proposal, withheld, accord, version), nil
		}, Answered},
		"in order": {func(sc *scene, proposal *piece) (*piece, []*piece) {
			return sc.south.acts(heed.KindAccordRatification, sc.north, proposal, nil, accord, version), nil
		}, Answered},
	} {
		t.Run(name, func(t *testing.T) {
			sc := newScene(t)
			proposal := sc.north.acts(heed.KindAccordProposal, sc.south, nil, nil, accord, version)
			sc.north.log.slot(proposal, proposal.key, ledger.SlotSent, proposal.ID)
			sc.wait(time.Second)
			receipt := sc.south.receives(proposal, sc.north)
			sc.wait(time.Second)
			reply, shown := test.reply(sc, proposal)
			index := sc.south.log.slot(reply, proposal.key, ledger.SlotRatify, proposal.ID)
			southNote, northNote := sc.south.log.cut(), sc.north.log.cut()
			sc.wait(10 * time.Hour)
			south, north := sc.cosigned(southNote), sc.cosigned(northNote)
			cert := sc.silence(heed.DutyRatify, proposal, receipt, south, north)
			rebuttal := Bundle{Claims: []Claim{{Kind: ClaimSteps, Case: proposal.CaseID(), At: -1}}, Cards: cert.Cards,
				Statements: []Statement{proposal.part(), reply.part()}, Leaves: []Leaf{sc.south.log.leaf(index, south)}}
			for _, p := range shown {
				rebuttal.Statements = append(rebuttal.Statements, p.part())
			}
			v := sc.verify(cert, rebuttal).Verdicts[0]
			if v.Claim != ClaimSilence || v.Verdict != test.want {
				t.Fatalf("%s: %s: %s, want %s", v.Claim, v.Verdict, v.Why, test.want)
			}
			if said := strings.Contains(v.Why, "breaks a rule of the case"); said != (test.want != Answered) {
				t.Errorf("why: %s", v.Why)
			}
		})
	}
}

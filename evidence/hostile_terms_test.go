package evidence

import (
	"testing"
	"time"

	"heed"
	"heed/ledger"
)

// A debtor logs a receipt that breaks its own terms: no certificate of any kind is left.
func TestHostileReceiptBreaksTerms(t *testing.T) {
	for name, edit := range map[string]func(*heed.Statement){
		"promises nothing": func(s *heed.Statement) { s.Duties = nil },
		"promises in ten years": func(s *heed.Statement) {
			for i := range s.Duties {
				s.Duties[i].Due = s.Duties[i].Due.AddDate(10, 0, 0)
			}
		},
		"publishes in ten years": func(s *heed.Statement) { s.PublishBy = s.Received.AddDate(10, 0, 0) },
	} {
		sc := newScene(t)
		warning := sc.north.warns(sc.south)
		sc.wait(time.Second)
		deposit, header := sc.depot.deposits(warning, sc.north, sc.south)
		r := sc.south.say(heed.KindReceipt, sc.north, warning, []*piece{warning}, func(s *heed.Statement) {
			s.Number, s.Received, s.Ledger, s.Terms = 1, sc.now, sc.south.log.vkey(), sc.south.card.ID
			s.PublishBy, s.Duties = sc.now.Add(sc.south.card.PublicationDelay), heed.Promises(warning.Statement, sc.south.card.Baseline, sc.now)
			edit(s)
		})
		sc.south.log.slot(r, warning.key, ledger.SlotReceipt, warning.ID)
		south, north := sc.south.log.cut(), sc.north.log.cut()
		sc.wait(100 * time.Hour)
		with := sc.silence(heed.DutyAssess, warning, r, sc.cosigned(south), sc.cosigned(north))
		with.Statements = append(with.Statements, deposit.bare())
		with.Headers = [][]byte{header}
		with.Maps = append(with.Maps, sc.south.log.proof(sc.cosigned(south), ledger.SlotTag(ledger.Key(deposit.Envelope), ledger.SlotBadSeal, 0, deposit.Envelope)))
		without := with
		without.Statements = []Statement{warning.part(), deposit.bare()}
		a, b := sc.verify(with).Verdicts[0], sc.verify(without).Verdicts[0]
		if a.Verdict != Silent && b.Verdict != NeverAccepted {
			t.Errorf("%s: with it %q (%s); without it %q", name, a.Verdict, a.Why, b.Verdict)
		}
	}
}

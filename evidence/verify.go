package evidence

import (
	"time"

	"heed"
)

// Verify judges what evidence files prove, by the verifier's own policy and by
// nothing else: all files as one union, each claim of each file against
// everything that any of them holds. It is a function of its arguments; the
// order of the files changes nothing.
//
// A file may be cards, too (ParseCards): where evidence is older or newer than
// the card that the policy pins, they lead from the one to the other. They are
// believed no more than those in evidence: through the pinned card.
//
// Errors: ErrPolicy for a policy that ParsePolicy would not give; a *FileError,
// which matches ErrDamaged, for a file that is malformed, or holds a signature
// or a proof that is not what it says; ErrDamaged where no file is evidence.
// Evidence that is sound and proves nothing is
// no error: see Report.Holds.
func Verify(policy Policy, files ...[]byte) (Report, error) {
	if err := policy.Check(); err != nil {
		return Report{}, err
	}
	m, err := gather(policy, files)
	if err != nil {
		return Report{}, err
	}
	report := Report{Verdicts: []Verdict{}, Parties: m.partyList(), Cases: []Case{}}
	judged := map[dutyOf]bool{}
	for _, c := range m.sortedClaims() {
		switch c.Kind {
		case ClaimSilence:
			judged[dutyOf{c.Duty, c.Statement}] = true
			report.add(c, m.judgeDuty(c.Duty, c.Statement))
		case ClaimMisbehaviour:
			report.add(c, m.judgeLie(c))
		case ClaimSteps:
			for _, v := range m.judgeSteps(c.Case, judged) {
				report.add(c, v)
			}
		}
	}
	report.Cases = m.caseList()
	return report, nil
}

// dutyOf names a duty.
type dutyOf struct {
	kind heed.DutyKind
	from heed.StatementID
}

func (r *Report) add(c Claim, v Verdict) {
	v.Claim = c.Kind
	r.Verdicts = append(r.Verdicts, v)
}

// dayLayout is a time in UTC as people read it.
const dayLayout = "2006-01-02 15:04:05Z"

// utc is a time in what a verdict says. Report.Text puts its reader's zone beside it.
func utc(t time.Time) string { return t.UTC().Format(dayLayout) }

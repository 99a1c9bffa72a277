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
// Errors: ErrPolicy for a policy that ParsePolicy would not give; ErrDamaged
// for no file at all, and for one that is malformed, or holds a signature or a
// proof that is not what it says. Evidence that is sound and proves nothing is
// no error: see Report.Holds.
func Verify(policy Policy, files ...[]byte) (Report, error) {
	if err := policy.Check(); err != nil {
		return Report{}, err
	}
	if len(files) == 0 {
		return Report{}, damaged("there is no evidence file")
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

// utc is a time as people read it.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

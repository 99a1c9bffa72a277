package stats

import "heed"

// What people read uses their profession's words. A word that is missing here
// is shown as the code that it is.

func word[K ~string](words map[K]string, k K) string {
	if w, ok := words[k]; ok {
		return w
	}
	return string(k)
}

var dutyWords = map[heed.DutyKind]string{
	heed.DutyAcknowledge: "Acknowledgement",
	heed.DutyAssess:      "Assessment",
	heed.DutyAnswer:      "Answer",
	heed.DutyReport:      "Report of action",
	heed.DutyConclude:    "Conclusion",
	heed.DutyReview:      "Review",
	heed.DutyRatify:      "Ratification",
	heed.DutyDecide:      "Decision",
}

var dispositionWords = map[heed.Disposition]string{
	heed.Credible:       "credible",
	heed.PartlyCredible: "partly credible",
	heed.NotCredible:    "not credible",
	heed.CannotAssess:   "cannot be assessed",
}

var outcomeWords = map[heed.Outcome]string{
	heed.Averted:     "averted, as stated by the recipient",
	heed.Occurred:    "occurred, as stated by the recipient",
	heed.Unfounded:   "unfounded, as stated by the recipient",
	heed.Expired:     "expired, as stated by the recipient",
	heed.Transferred: "transferred, as stated by the recipient",
}

// statusWords head what is kept apart from what is meant.
var statusWords = map[heed.Status]string{
	heed.StatusExercise: "Exercises",
	heed.StatusSystem:   "System messages",
	heed.StatusTest:     "Technical tests",
	heed.StatusDraft:    "Drafts",
}

package desk

import (
	"time"

	"heed"
	"heed/exchange"
)

// What people read uses their profession's words. A word that is missing here
// is shown as the code that it is.

func word[K ~string](words map[K]string, k K) string {
	if w, ok := words[k]; ok {
		return w
	}
	return string(k)
}

// capitals are the words that heed has for all codes, to stand alone.
func capitals[K ~string](all []K, words func(K) string) map[K]string {
	out := map[K]string{}
	for _, k := range all {
		out[k] = heed.Capital(words(k))
	}
	return out
}

var (
	dutyWords        = capitals(heed.DutyNames(), heed.DutyKind.Words)
	dispositionWords = capitals(heed.Dispositions(), heed.Disposition.Words)
	outcomeWords     = capitals(heed.Outcomes(), heed.Outcome.Words)
)

// newsWhat is what a party has said of the watch that it keeps for us, with a time to follow.
func newsWhat(n exchange.BoardNews, now time.Time) string {
	switch n.News {
	case exchange.NewsHit:
		return count(n.Count, "match was reported, confirmed", "matches were reported, the last confirmed")
	case exchange.NewsWithdrawn:
		return count(n.Count, "report of a match was withdrawn,", "reports of matches were withdrawn, the last")
	case exchange.NewsLapse:
		if !n.When.After(now) {
			return "The watch ended"
		}
		return "The watch ends"
	case exchange.NewsKept:
		return "The watch goes on, decided"
	case exchange.NewsRefused:
		return "The warning was refused, and nobody is watched for,"
	}
	return string(n.News)
}

// dutyName names a duty with the role of the rung that owes it for itself.
func dutyName(kind heed.DutyKind, role string) string {
	if role == "" {
		return word(dutyWords, kind)
	}
	return word(dutyWords, kind.Base()) + " by " + role
}

var kindWords = map[heed.Kind]string{
	heed.KindWarning:         "Warning",
	heed.KindSupplement:      "Supplement",
	heed.KindCorrection:      "Correction",
	heed.KindRecall:          "Recall",
	heed.KindRefusal:         "Refusal",
	heed.KindNotification:    "People were told",
	heed.KindOpening:         "Opened by a person",
	heed.KindAcknowledgement: "Acknowledgement",
	heed.KindAssessment:      "Assessment",
	heed.KindQuestion:        "Question",
	heed.KindAnswer:          "Answer",
	heed.KindInterim:         "Interim reply",
	heed.KindExtension:       "More time given",
	heed.KindAction:          "Report of action",
	heed.KindOutcome:         "Conclusion",
	heed.KindCall:            "Telephone call",
	heed.KindReminder:        "Reminder",
	heed.KindForwardRequest:  "Request to forward",
	heed.KindForwardConsent:  "Decision on forwarding",
	heed.KindDrill:           "Drill",
	heed.KindRating:          "Rating of a reply",
	heed.KindFigures:         "Signed figures",

	heed.KindWatchHit:         "Report of a match",
	heed.KindWatchLapseNotice: "Decision on a watch",

	heed.KindAccordProposal:     "Accord proposed",
	heed.KindAccordAmendment:    "Amendment proposed",
	heed.KindAccordRatification: "Ratification",
	heed.KindAccordReservation:  "Ratification with a reservation",
	heed.KindAccordDecline:      "Accord declined",
	heed.KindAccordSuspension:   "Accord suspended",
	heed.KindAccordResumption:   "Suspension ended",
	heed.KindAccordWithdrawal:   "Withdrawal from the accord",
}

var stageWords = map[heed.State]string{
	heed.StateSent:         "Sent",
	heed.StateReceived:     "Received",
	heed.StateNotified:     "People told",
	heed.StateOpened:       "Opened",
	heed.StateAcknowledged: "Acknowledged",
	heed.StateAssessed:     "Assessed",
	heed.StateActed:        "Action reported",
	heed.StateConcluded:    "Concluded",
	heed.StateRefused:      "Refused with a reason",
	heed.StateRecalled:     "Recalled",
	heed.StateRatified:     "Ratified",
	heed.StateReserved:     "Ratified with a reservation",
	heed.StateDeclined:     "Declined",
}

var refusalWords = map[heed.RefusalCode]string{
	heed.NotCompetent:        "We are not competent",
	heed.InsufficientGrounds: "Insufficient grounds",
	heed.CharacterBar:        "Political, military, religious or racial character",
	heed.HandlingConflict:    "Conflict with the handling",
	heed.Duplicate:           "Duplicate",
	heed.UnlawfulHere:        "Unlawful here",
}

var roleWords = map[heed.Role]string{
	heed.Drafter:       "drafter",
	heed.Releaser:      "releaser",
	heed.DutyOfficer:   "duty officer",
	heed.Assessor:      "assessor",
	heed.Supervisor:    "supervisor",
	heed.Auditor:       "auditor",
	heed.Administrator: "administrator",
}

var policeWords = map[heed.PoliceCode]string{
	heed.H0: "only to prevent and combat crime",
	heed.H1: "not in judicial proceedings without the provider's permission",
	heed.H2: "not to be disseminated without the provider's permission",
	heed.H3: "other restrictions",
}

var tlpWords = map[heed.TLP]string{
	heed.TLPRed:         "for the eyes of the individual recipients only",
	heed.TLPAmberStrict: "within this organisation only, need to know",
	heed.TLPAmber:       "this organisation and its clients, need to know",
	heed.TLPGreen:       "within the community",
	heed.TLPClear:       "no limit",
}

var papWords = map[heed.PAP]string{
	heed.PAPRed:   "no action that anyone outside could notice",
	heed.PAPAmber: "passive cross-checks with third parties",
	heed.PAPGreen: "active, non-intrusive actions",
	heed.PAPClear: "no limit",
}

var reliabilityWords = map[heed.Reliability]string{
	heed.ReliabilityA: "completely reliable",
	heed.ReliabilityB: "usually reliable",
	heed.ReliabilityC: "fairly reliable",
	heed.ReliabilityD: "not usually reliable",
	heed.ReliabilityE: "unreliable",
	heed.ReliabilityF: "cannot be judged",
}

var credibilityWords = map[heed.Credibility]string{
	heed.Credibility1: "confirmed by other sources",
	heed.Credibility2: "probably true",
	heed.Credibility3: "possibly true",
	heed.Credibility4: "doubtful",
	heed.Credibility5: "improbable",
	heed.Credibility6: "cannot be judged",
}

var askWords = map[heed.AskCode]string{
	heed.AskAcknowledge:   "Acknowledge",
	heed.AskAssess:        "Assess",
	heed.AskAnswer:        "Answer in substance",
	heed.AskNotifyTarget:  "Tell whoever is threatened",
	heed.AskProtectTarget: "Guard whoever is threatened",
	heed.AskLocate:        "Locate",
	heed.AskIdentify:      "Identify",
	heed.AskObserve:       "Observe discreetly",
	heed.AskStopAndCheck:  "Stop and check",
	heed.AskDetainIfSeen:  "Detain if seen",
	heed.AskRefuseEntry:   "Refuse entry",
	heed.AskReportTravel:  "Report travel",
	heed.AskReportContact: "Report contact",
	heed.AskReportHit:     "Report any record that matches",
	heed.AskFreezeAssets:  "Freeze assets",
	heed.AskMitigate:      "Mitigate",
	heed.AskPreserve:      "Preserve evidence",
	heed.AskDoNotAlert:    "Do not alert the subject",
	heed.AskInformation:   "Send information",
	heed.AskOther:         "Other",
}

var groundWords = map[heed.Ground]string{
	heed.GroundDutyToWarn: "Duty to warn",
	heed.GroundWaiver:     "The duty to warn was waived; the warning is given all the same",
}

// apart reports whether a case is to be kept visibly apart from what is meant.
func apart(s heed.Status) bool {
	return s == heed.StatusExercise || s == heed.StatusTest || s == heed.StatusDraft
}

// outboxWord says where something that waits for its receipt stands.
func outboxWord(o exchange.Outgoing) string {
	if o.Trouble != "" || len(o.Refusal) > 0 {
		return "Trouble"
	}
	return "In flight"
}

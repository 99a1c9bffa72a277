package heed

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// The machine's three tables, as docs/accords.md prints them, and each legal
// and each illegal step of them.

func accordTable(t *testing.T, heading string) (heads []string, rows map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("docs/accords.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n### "+heading+"\n")
	if !found {
		t.Fatalf("docs/accords.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	rows = map[string][]string{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
			continue
		}
		var cells []string
		for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(cell), "`"))
		}
		if heads == nil {
			heads = cells[1:]
		} else {
			rows[cells[0]] = cells[1:]
		}
	}
	return heads, rows
}

func TestDocumentedStates(t *testing.T) {
	kinds, rows := accordTable(t, "4.1 By the accord's state")
	if len(rows) != len(AccordStates()) || len(kinds) != len(AccordActKinds()) {
		t.Fatalf("%d states, %d acts", len(rows), len(kinds))
	}
	for _, state := range AccordStates() {
		for i, kind := range AccordActKinds() {
			if kinds[i] != string(kind) {
				t.Fatalf("column %d is %s", i, kinds[i])
			}
			// A presence and an answer from which the act is legal otherwise.
			presence := PresenceActive
			if kind == AccordResumption {
				presence = PresenceSuspended
			}
			step(t, rows[string(state)][i] == "yes", state, presence, AnswerSilent, kind)
		}
	}
}

func TestDocumentedPresences(t *testing.T) {
	_, rows := accordTable(t, "4.2 By the party's presence")
	if len(rows) != len(AccordPresences()) {
		t.Fatalf("%d presences", len(rows))
	}
	for _, presence := range AccordPresences() {
		for i, kind := range AccordActKinds() {
			step(t, rows[string(presence)][i] == "yes", AccordInForce, presence, AnswerSilent, kind)
		}
	}
}

func TestDocumentedAnswers(t *testing.T) {
	kinds, rows := accordTable(t, "4.3 By the party's answer to the version")
	if len(rows) != len(AccordAnswers())-1 || len(kinds) != 3 {
		t.Fatalf("%d answers to %d acts", len(rows), len(kinds))
	}
	for _, answer := range AccordAnswers() {
		if answer == AnswerEquivocated {
			continue // found from two answers; the party itself gave another one
		}
		for i, kind := range []AccordActKind{AccordRatification, AccordReservation, AccordDecline} {
			want := rows[string(answer)][i]
			got := step(t, want != "no", AccordProposed, PresenceOutside, answer, kind)
			if want != "no" && string(got) != want {
				t.Errorf("%s after %s: %s, want %s", kind, answer, got, want)
			}
			if want == "no" && got != answer {
				t.Errorf("an illegal %s changed %s to %s", kind, answer, got)
			}
		}
		for _, kind := range []AccordActKind{AccordSuspension, AccordWithdrawal} {
			if got := step(t, true, AccordInForce, PresenceActive, answer, kind); got != answer {
				t.Errorf("%s changed the answer %s to %s", kind, answer, got)
			}
		}
	}
	step(t, false, AccordInForce, PresenceActive, AnswerSilent, "dance")
}

// step checks one transition; what is illegal says why, and how to go on.
func step(t *testing.T, want bool, state AccordState, presence Presence, answer Answer, kind AccordActKind) Answer {
	t.Helper()
	after, err := legal(state, presence, answer, kind)
	if (err == nil) != want {
		t.Errorf("%s, %s, %s: %s: legal is %v, want %v (%v)", state, presence, answer, kind, err == nil, want, err)
	}
	var refused *Refused
	if err != nil && (!errors.As(err, &refused) || refused.Detail == "") {
		t.Errorf("not a *Refused with its reason: %v", err)
	}
	return after
}

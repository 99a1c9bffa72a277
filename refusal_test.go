package heed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestRefusalCodesAreOfficersOrNodes(t *testing.T) {
	for _, c := range ContentRefusals() {
		if got, err := ParseContentRefusal(string(c)); err != nil || got != c {
			t.Errorf("%s: got %s, %v", c, got, err)
		}
		if _, err := ParseEnvelopeRefusal(string(c)); !errors.As(err, new(*Invalid)) {
			t.Errorf("a node may not refuse content as %s: %v", c, err)
		}
		if c.Passing() {
			t.Errorf("%s is an answer, and does not pass", c)
		}
	}
	for _, c := range EnvelopeRefusals() {
		if got, err := ParseEnvelopeRefusal(string(c)); err != nil || got != c {
			t.Errorf("%s: got %s, %v", c, got, err)
		}
		if _, err := ParseContentRefusal(string(c)); !errors.As(err, new(*Invalid)) {
			t.Errorf("an officer may not refuse content as %s: %v", c, err)
		}
	}
}

// What the sender's node may send again unchanged: nothing that its author
// would have to mend. A number used twice is mended by a fresh one.
func TestPassingRefusals(t *testing.T) {
	passing := []RefusalCode{UnknownSender, StaleCard, TooLarge, BadSeal, OverQuota, ClockAhead, NumberReused, CatchingUp, UnknownAccord}
	for _, c := range EnvelopeRefusals() {
		if c.Passing() != slices.Contains(passing, c) {
			t.Errorf("%s: passing is %t", c, c.Passing())
		}
	}
}

func TestErrorsSayWhatAndHow(t *testing.T) {
	err := fmt.Errorf("reading: %w", &Invalid{What: "the headline is missing", Hint: "add one"})
	if got := err.Error(); got != "reading: the headline is missing (add one)" {
		t.Errorf("got %s", got)
	}
	if got := (&Refused{Detail: "no"}).Error(); got != "no" {
		t.Errorf("without a hint: got %s", got)
	}
	var refused *Refused
	if !errors.As(Refuse(OverQuota, "%d of %d", 3, 2), &refused) || refused.Code != OverQuota || refused.Detail != "3 of 2" {
		t.Errorf("got %+v", refused)
	}
	_, err = ParseKind("Warning")
	if err == nil || !strings.Contains(err.Error(), `"Warning"`) || !strings.Contains(err.Error(), "supplement") {
		t.Errorf("an unknown word is named with the list: %v", err)
	}
	_, err = ParseKind(strings.Repeat("w", 1<<20))
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("hostile input fills the message")
	}
}

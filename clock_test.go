package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// The figures of DESIGN 5: what the source of each profile sets.
func TestProfileFigures(t *testing.T) {
	const hour = time.Hour
	for _, want := range []struct {
		profile string
		kind    DutyKind
		figures [3]time.Duration // Immediate, Expected, others
		source  string
	}{
		{"urgent-police", DutyAssess, [3]time.Duration{8 * hour, 72 * hour, 168 * hour}, "(EU) 2023/977"},
		{"urgent-police", DutyAnswer, [3]time.Duration{8 * hour, 72 * hour, 168 * hour}, "8 hours, 3 days, 7 days from receipt"},
		{"urgent-police", DutyAcknowledge, [3]time.Duration{hour, 8 * hour, 24 * hour}, "as practice has it"},
		{"sirene", DutyAnswer, [3]time.Duration{12 * hour, 12 * hour, 12 * hour}, "SIRENE Manual"},
		{"sirene", DutyAssess, [3]time.Duration{12 * hour, 12 * hour, 12 * hour}, "12 hours"},
		{"public-health", DutyAssess, [3]time.Duration{24 * hour, 24 * hour, 24 * hour}, "International Health Regulations"},
		{"whistle-blowing", DutyAcknowledge, [3]time.Duration{168 * hour, 168 * hour, 168 * hour}, "2019/1937"},
		{"whistle-blowing", DutyAnswer, [3]time.Duration{2160 * hour, 2160 * hour, 2160 * hour}, "3 months"},
		{"major-event", DutyAcknowledge, [3]time.Duration{15 * time.Minute, 15 * time.Minute, 15 * time.Minute}, "15 minutes"},
		{"major-event", DutyAssess, [3]time.Duration{2 * hour, 2 * hour, 2 * hour}, "2 hours"},
		{"coordinated-disclosure", DutyAcknowledge, [3]time.Duration{168 * hour, 168 * hour, 168 * hour}, "7 days"},
		{"coordinated-disclosure", DutyAssess, [3]time.Duration{2160 * hour, 2160 * hour, 2160 * hour}, "90 days"},
	} {
		p, err := ProfileNamed(want.profile)
		if err != nil {
			t.Error(err)
			continue
		}
		for i, u := range Urgencies() {
			if got, ok := p.Clock.Of(want.kind, u); !ok || got != want.figures[min(i, 2)] {
				t.Errorf("%s, %s/%s: got %s, want %s", p.Name, want.kind, u, got, want.figures[min(i, 2)])
			}
		}
		if !strings.Contains(p.Source, want.source) {
			t.Errorf("%s: source %q does not say %q", p.Name, p.Source, want.source)
		}
	}
}

func TestProfilesAreWhole(t *testing.T) {
	var names []string
	for _, p := range Profiles() {
		names = append(names, p.Name)
		if err := p.Clock.Check(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if !isToken(p.Name, 40) || p.Source == "" {
			t.Errorf("profile %q has source %q", p.Name, p.Source)
		}
		for _, u := range Urgencies() {
			for _, kind := range DutyKinds() {
				if _, ok := p.Clock.Of(kind, u); !ok {
					t.Errorf("%s sets no time for %s/%s", p.Name, kind, u)
				}
			}
			acknowledge, _ := p.Clock.Of(DutyAcknowledge, u)
			assess, _ := p.Clock.Of(DutyAssess, u)
			report, _ := p.Clock.Of(DutyReport, u)
			conclude, _ := p.Clock.Of(DutyConclude, u)
			if acknowledge > assess || report >= conclude {
				t.Errorf("%s/%s: acknowledge %s, assess %s, report %s, conclude %s", p.Name, u, acknowledge, assess, report, conclude)
			}
		}
	}
	want := []string{"urgent-police", "sirene", "public-health", "whistle-blowing", "major-event", "coordinated-disclosure"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
	if _, err := ProfileNamed(DefaultProfile); err != nil {
		t.Error(err)
	}
	if _, err := ProfileNamed("Sirene"); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), "coordinated-disclosure") {
		t.Errorf("an unknown profile names those that there are: %v", err)
	}
}

// Whoever edits a profile's clock must not edit everybody's.
func TestProfilesAreFresh(t *testing.T) {
	Profiles()[0].Clock[DutyAssess][UrgencyImmediate] = time.Second
	if d, _ := Profiles()[0].Clock.Of(DutyAssess, UrgencyImmediate); d != 8*time.Hour {
		t.Errorf("got %s", d)
	}
}

func TestClockBounds(t *testing.T) {
	clock := func(d time.Duration) Clock { return Clock{DutyAnswer: {UrgencyPast: d}} }
	for _, d := range []time.Duration{MinResponse, MinResponse + time.Millisecond, MaxResponse} {
		if err := clock(d).Check(); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
	for _, d := range []time.Duration{0, -time.Hour, MinResponse - time.Millisecond, MaxResponse + time.Millisecond, time.Second + time.Microsecond} {
		if err := clock(d).Check(); !errors.As(err, new(*Invalid)) || !strings.Contains(err.Error(), "answer/Past") {
			t.Errorf("%s: %v", d, err)
		}
	}
	for _, c := range []Clock{{"nap": {UrgencyPast: time.Hour}}, {DutyAnswer: {"Soon": time.Hour}}, {"": nil}} {
		if err := c.Check(); !errors.As(err, new(*Invalid)) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := (Clock{}).Check(); err != nil {
		t.Errorf("a clock without times gives no duties: %v", err)
	}
	if _, ok := (Clock)(nil).Of(DutyAnswer, UrgencyPast); ok {
		t.Error("no clock has a time")
	}
}

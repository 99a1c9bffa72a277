package evidence

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"heed"
)

func TestWrap(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"one two":                      "one two",
		"one two three four":           "one two\n  three\n  four",
		"  one two three four":         "  one two\n    three\n    four",
		"a verylongwordthatgoeson b":   "a\n  verylongwordthatgoeson\n  b",
		"one  two":                     "one  two",
		"one    two three":             "one    two\n  three",
		"12345 67890" + glued + "1234": "12345\n  67890" + glued + "1234",
		"äöü äöü äöü":                  "äöü äöü\n  äöü",
	} {
		if got := wrap(text, 10); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// No line is wider than it may be but for a word that is, no group of a
// fingerprint is broken, and no time.
func TestTextFitsItsWidth(t *testing.T) {
	sc, _, _, cert := warned(t)
	_, _, _, said := heeded(t)
	zone := time.FixedZone("", 5*3600+1800)
	for _, r := range []Report{sc.verify(cert), sc.verify(said)} {
		for _, width := range []int{50, 80, 132} {
			var out strings.Builder
			sc.must(r.Text(&out, Layout{Zone: zone, Width: width}))
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if longest := strings.Fields(line + " x"); utf8.RuneCountInString(line) > width && len(longest) > 2 && !strings.Contains(line, " +05:30)") {
					t.Errorf("%d: %q", width, line)
				}
				if strings.HasSuffix(line, " ") || strings.Contains(line, glued) || strings.Count(line, "Z (") != strings.Count(line, " +05:30)") {
					t.Errorf("%d: %q", width, line)
				}
			}
			for _, p := range r.Parties {
				if joined := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(joined, p.Fingerprint) {
					t.Errorf("%d: no fingerprint of %s in\n%s", width, p.Party, &out)
				}
			}
		}
	}
}

// Every time stands in UTC with the reader's zone beside it, also in reasons.
func TestZoned(t *testing.T) {
	l := Layout{Zone: time.FixedZone("", 3600)}
	for text, want := range map[string]string{
		"due 2026-11-23 02:21:45Z; Z.": "due 2026-11-23 02:21:45Z (03:21:45 +01:00); Z.",
		"2026-11-23 02:21:45":          "2026-11-23 02:21:45",
		"Z 9999-99-99 02:21:45Z":       "Z 9999-99-99 02:21:45Z",
	} {
		if got := strings.ReplaceAll(l.zoned(text), glued, " "); got != want {
			t.Errorf("%q", got)
		}
		if got := strings.ReplaceAll(Layout{Zone: time.UTC}.zoned(text), glued, " "); got != text {
			t.Errorf("in UTC: %q", got)
		}
	}
	sc, _, _, cert := warned(t)
	var out strings.Builder
	sc.must(sc.verify(cert).Text(&out, Layout{Zone: l.Zone, Width: 200}))
	for _, want := range []string{
		"No assessment on record as of 2026-11-23 07:00:02Z (08:00:02 +01:00): south.example owes north.example an assessment, due 2026-11-23 05:00:01Z (06:00:01 +01:00).\n",
		"      received by south.example 2026-11-22 21:00:01Z (22:00:01 +01:00)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// What is proven is said at the end, where it is read, and a verdict against
// whoever made the file is not said to bear out what they claim.
func TestClosing(t *testing.T) {
	sc, warning, _, cert := warned(t)
	end := func(r Report) string {
		t.Helper()
		var out strings.Builder
		sc.must(r.Text(&out, Layout{Width: 200}))
		return out.String()[strings.LastIndex(strings.TrimSuffix(out.String(), "\n"), "\n\n")+2:]
	}
	if got, want := end(sc.verify(cert)), "- No assessment on record as of "; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ".\nThis evidence holds: what it claims is proven.\n") {
		t.Error(got)
	}
	sc.now = begins.Add(time.Hour)
	a := sc.south.assesses(warning, sc.north)
	rebuttal := steps(warning, a, sc.north.receipt(a, sc.south))
	r := sc.verify(cert, rebuttal)
	if got := end(r); strings.Contains(got, "holds") || !strings.HasPrefix(got, "- Answered by ") ||
		!strings.Contains(got, ", in time: the assessment that south.example owed north.example by 2026-11-23 05:00:01Z. (proven, and not what was claimed)\n") ||
		!strings.Contains(got, "All of this is proven: 1 of 2 verdicts against what was claimed.\n") {
		t.Error(got)
	}
	if r.Verdicts[0].AsClaimed() || !r.Holds() {
		t.Errorf("%+v", r.Verdicts[0])
	}
	alone := steps(warning)
	alone.Cards = cert.Cards
	r = sc.verify(alone)
	if got := end(r); len(r.Verdicts) != 0 || !r.Holds() || got != "Proven is who said what, and when. Whether a reply is owed is not claimed, and not judged.\n" {
		t.Error(got)
	}
	policy := sc.policy()
	policy.Parties = policy.Parties[:1]
	if got := end(sc.verifyBy(policy, cert)); !strings.HasSuffix(got, "(not proven)\nThis evidence does NOT hold: 1 of 1 verdict not proven.\n") {
		t.Error(got)
	}
}

// One witness is one witness; a card that is the pinned one is not vouched for
// by it; no reason says the headline again.
func TestWording(t *testing.T) {
	sc, warning, _, cert := warned(t)
	policy := sc.policy()
	policy.Groups[0].Members, policy.Groups[0].Quorum.N, policy.Groups[0].Quorum.F, policy.Groups[0].Quorum.Q, policy.Groups[0].Quorum.S = []string{"w2"}, 1, 0, 1, 1
	sc.south.issue(nil)
	cert.Cards = append(cert.Cards, sc.south.cards[1])
	show := func(r Report) string {
		t.Helper()
		var out strings.Builder
		sc.must(r.Text(&out, Layout{Width: 300}))
		return out.String()
	}
	out := show(sc.verifyBy(policy, cert))
	for _, want := range []string{"watched by 1 witness of group neutral:", "north.example: card 1, which the policy pins\n", "south.example: card 2, vouched for by card 1, which the policy pins\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	reports := []Report{sc.verify(cert), sc.verify(cert, steps(warning, sc.north.recalls(warning, sc.south)))}
	never, _, deposited := never(t, nil)
	reports = append(reports, never.verify(deposited))
	for _, r := range reports {
		v := r.Verdicts[0]
		because := strings.TrimSuffix(v.Why, ".")
		if head := v.Headline(Layout{}); strings.Contains(head, because) || strings.Contains(because, strings.TrimSuffix(head, ".")) {
			t.Errorf("%s\n%s", head, v.Why)
		}
	}
	for duty, want := range map[heed.DutyKind]string{
		heed.DutyAcknowledge: "No acknowledgement on record as of an unknown time: s owes n an acknowledgement, due an unknown time.",
		heed.DutyAnswer:      "No answer on record as of an unknown time: s owes n an answer, due an unknown time.",
		heed.DutyReport:      "No report of action on record as of an unknown time: s owes n a report of action, due an unknown time.",
		heed.DutyConclude:    "No conclusion on record as of an unknown time: s owes n a conclusion, due an unknown time.",
	} {
		if got := (Verdict{Verdict: Silent, Duty: duty, OwedBy: "s", OwedTo: "n"}).Headline(Layout{}); got != want {
			t.Error(got)
		}
	}
}

// A reply that is not due yet is said to be just that, whatever else is not
// shown either.
func TestNotDueYet(t *testing.T) {
	for name, when := range map[string]time.Duration{"before publication": 10 * time.Second, "after it": time.Hour, "at the due time": 8*time.Hour - 2*time.Second} {
		for _, logged := range []bool{true, false} {
			if !logged && when > time.Minute {
				continue // promised, not published
			}
			sc := newScene(t)
			warning := sc.north.warns(sc.south)
			receipt := sc.south.receipt(warning, sc.north)
			if logged {
				sc.south.receives(warning, sc.north)
			}
			south, north := sc.south.log.cut(), sc.north.log.cut()
			sc.wait(when)
			cert := sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))
			cert.Claims = append(cert.Claims, Claim{Kind: ClaimSteps, Case: warning.CaseID(), At: -1})
			v := sc.only(sc.verify(cert), CannotTell)
			if !v.NotDueYet() || v.Late || !strings.HasPrefix(v.Why, "the reply is not due yet: it is due ") || strings.Contains(v.Why, "publish") {
				t.Errorf("%s, %v: %s", name, logged, v.Why)
			}
			if head := v.Headline(Layout{}); !strings.HasPrefix(head, "Not due yet as of ") || !strings.Contains(head, "south.example owes north.example an assessment by ") {
				t.Error(head)
			}
		}
	}
	// Due, and still to be logged.
	sc := newScene(t)
	warning := sc.north.warns(sc.south)
	receipt := sc.south.receives(warning, sc.north)
	south, north := sc.south.log.cut(), sc.north.log.cut()
	sc.wait(8*time.Hour + 10*time.Second)
	if v := sc.only(sc.verify(sc.silence(heed.DutyAssess, warning, receipt, sc.cosigned(south), sc.cosigned(north))), CannotTell); v.NotDueYet() || !strings.Contains(v.Why, "could be logged until") {
		t.Errorf("%+v", v)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Minute: "1m", time.Hour: "1h", 10 * time.Second: "10s", 90 * time.Minute: "1h30m", 20 * time.Minute: "20m", 100 * time.Millisecond: "100ms"} {
		if got := span(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}

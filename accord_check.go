package heed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Canonical is the accord with its sets in the order of the signed form:
// parties ascending, words in the order of their lists. What has an order that
// people chose keeps it: clocks, ladders, roles that acknowledge, postures.
func (a Accord) Canonical() Accord {
	a.Members = slices.SortedStableFunc(slices.Values(a.Members), func(m, n Member) int { return strings.Compare(string(m.Party), string(n.Party)) })
	a.Observers = slices.SortedStableFunc(slices.Values(a.Observers), func(m, n Observer) int { return strings.Compare(string(m.Party), string(n.Party)) })
	a.MustRatify = slices.Sorted(slices.Values(a.MustRatify))
	a.Purposes = ordered(a.Purposes, Purposes())
	a.Ceiling.PoliceCodes = ordered(a.Ceiling.PoliceCodes, PoliceCodes())
	a.Screening.Types = ordered(a.Screening.Types, RecordTypes())
	return a
}

func ordered[T comparable](words, list []T) []T {
	return slices.SortedStableFunc(slices.Values(words), func(a, b T) int { return slices.Index(list, a) - slices.Index(list, b) })
}

// Check reports everything that is wrong with the version, as joined
// *FieldErrors, each with the field's path as docs/accords.md has it, and how
// to mend it. What depends on the version's parent is Amends' to check.
func (a Accord) Check() error {
	c := &checker{}
	a.checkOrigin(c)
	a.checkTerms(c)
	checkSigners(c, a.Officers)
	return c.err()
}

// CheckTerms is Check for terms that nobody has proposed yet: who proposes
// them, when, and after which version, is left out.
func (a Accord) CheckTerms() error {
	c := &checker{}
	a.checkTerms(c)
	return c.err()
}

func (a Accord) checkTerms(c *checker) {
	c.text("name", a.Name, MaxHeadline, required)
	c.text("purpose", a.Purpose, MaxNote, required)
	c.text("legal-basis", a.LegalBasis, MaxNote, required)
	if a.Template != "" && (!isToken(a.Template, 40) || a.Template == "none") {
		c.bad("template", fmt.Sprintf("is %q, which is not one lower-case word", clip(a.Template)), "")
	}
	if len(a.Purposes) == 0 {
		c.bad("purposes", "is missing", "one or more of "+joined(Purposes()))
	}
	terms(c, "purposes", "purpose", a.Purposes, Purposes())
	a.checkMembers(c)
	a.checkQuorum(c)
	a.checkClocks(c)
	a.checkDates(c)
	a.checkHandling(c)
	a.checkEnding(c)
}

func (a Accord) checkOrigin(c *checker) {
	if first := a.Number == 1; a.Number == 0 || first != a.Parent.IsZero() || first != a.Accord.IsZero() {
		c.bad("version", fmt.Sprintf("is %d, which does not fit its parent", a.Number), "the first version has number 1 and no parent; every later one names the accord and its parent")
	}
	if _, ok := a.Member(a.Proposer); !ok {
		c.bad("members", fmt.Sprintf("lacks %q, which proposes it", clip(string(a.Proposer))), "who proposes an accord is a member of it")
	}
	if a.Time.IsZero() || !a.Time.Equal(Instant(a.Time)) {
		c.bad("time", "is not a time in whole milliseconds", "")
	}
}

func entries(n int) string {
	switch n {
	case 0:
		return "is empty"
	case 1:
		return "has 1 entry"
	}
	return fmt.Sprintf("has %d entries", n)
}

func (a Accord) checkMembers(c *checker) {
	if n := len(a.Members); n < MinMembers || n > MaxMembers {
		c.bad("members", entries(n), fmt.Sprintf("an accord has %d to %d members", MinMembers, MaxMembers))
	}
	c.few("observers", len(a.Observers), MaxObservers)
	c.few("acknowledge", len(a.Acknowledge), MaxRungs)
	for i, role := range a.Acknowledge {
		if !isToken(role, 40) {
			c.bad(at("acknowledge", i), fmt.Sprintf("is %q, which is not one lower-case word", clip(role)), "name a role of the members' ladders, like duty-desk")
		}
		if slices.Index(a.Acknowledge, role) < i {
			c.bad(at("acknowledge", i), fmt.Sprintf("is %q, which stands twice", clip(role)), "leave one of them out")
		}
	}
	seen, keys := map[PartyID]string{}, map[string]string{}
	for i, m := range a.Members {
		path := at("members", i)
		c.party(path, m.Party, m.Card, seen)
		a.checkLadder(c, path, m, keys)
	}
	for i, o := range a.Observers {
		c.party(at("observers", i), o.Party, o.Card, seen)
	}
}

// party checks a party that stands in an accord, once.
func (c *checker) party(path string, p PartyID, card CardID, seen map[PartyID]string) {
	if _, err := ParsePartyID(string(p)); err != nil {
		c.bad(path+"/party", fmt.Sprintf("is %q, which is not a party's name", clip(string(p))), "write it like north.example: lower-case letters, digits and hyphens, with a dot")
		return
	}
	if before, twice := seen[p]; twice {
		c.bad(path+"/party", fmt.Sprintf("is %s, which stands twice, first at %s", p, before), "a party is a member or an observer, once; leave one of them out")
		return
	}
	seen[p] = path
	if card.IsZero() {
		c.bad(path+"/card", "is missing", fmt.Sprintf("write the id of the card of %s; those that we hold are filled in by themselves", p))
	}
}

func (a Accord) checkLadder(c *checker, path string, m Member, keys map[string]string) {
	path += "/ladder"
	if len(m.Ladder) == 0 {
		c.bad(path, "is missing", "write who of the party is told, in order; that of a card that we hold is filled in by itself")
		return
	}
	if err := m.Ladder.Check(); err != nil {
		c.bad(path, "cannot be climbed: "+err.Error(), "")
		return
	}
	var roles []string
	for i, rung := range m.Ladder {
		if slices.Contains(roles, rung.Role) {
			c.bad(at(path, i)+"/role", fmt.Sprintf("is %s, which stands twice in the ladder", rung.Role), "give each rung a role of its own")
		}
		roles = append(roles, rung.Role)
	}
	for _, role := range a.Acknowledge {
		if !slices.Contains(roles, role) {
			c.bad(path, fmt.Sprintf("lacks the role %s, which must acknowledge", clip(role)), "add a rung for it, or leave it out of acknowledge")
		}
	}
	a.checkRoleKeys(c, path, m, roles, keys)
}

func (a Accord) checkRoleKeys(c *checker, path string, m Member, roles []string, keys map[string]string) {
	last := -1
	for _, k := range m.Keys {
		rung := slices.Index(roles, k.Role)
		if rung < 0 || rung <= last {
			c.bad(path, fmt.Sprintf("has a key for the role %s, which is no rung of it or stands out of order", clip(k.Role)), "write each key at its rung")
			continue
		}
		last = rung
		where := at(path, rung) + "/sealing-key"
		if !strings.HasPrefix(k.Key, "age1pq1") || !isToken(k.Key, 4096) {
			c.bad(where, "is not a sealing key", "write a post-quantum age recipient; it begins with age1pq1")
		} else if before, twice := keys[k.Key]; twice {
			c.bad(where, "is the same key as at "+before, "a key has one holder; make another with `age-keygen -pq`")
		} else {
			keys[k.Key] = where
		}
	}
	if !a.RoleKeys {
		return
	}
	for i, role := range roles {
		if _, ok := m.Key(role); !ok {
			c.bad(at(path, i)+"/sealing-key", fmt.Sprintf("is missing, and role-keys demands one for each rung (%s of %s)", role, clip(string(m.Party))), "write the role's age1pq1 recipient, or set role-keys to false")
		}
	}
}

func (a Accord) checkQuorum(c *checker) {
	if n := len(a.Members); n >= MinMembers && (a.Quorum < OverHalf(n) || a.Quorum > n) {
		c.bad("quorum", fmt.Sprintf("is %d of %d members", a.Quorum, n), fmt.Sprintf("a quorum is over half: %d to %d; otherwise two amendments could each have one", OverHalf(n), n))
	}
	c.few("must-ratify", len(a.MustRatify), MaxMustRatify)
	for i, p := range a.MustRatify[:min(len(a.MustRatify), MaxMustRatify)] {
		path := at("must-ratify", i)
		_, member := a.Member(p)
		switch {
		case slices.Index(a.MustRatify, p) < i:
			c.bad(path, fmt.Sprintf("is %s, which stands twice", clip(string(p))), "leave one of them out")
		case a.Observes(p):
			c.bad(path, fmt.Sprintf("is %s, an observer, which ratifies nothing", clip(string(p))), "make it a member, or leave it out")
		case !member:
			c.bad(path, fmt.Sprintf("is %q, which is no member", clip(string(p))), "name one of the members")
		}
	}
}

// owed lists the duties without a time for which an accord would leave a
// warning or a question without a clock.
var owed = []DutyKind{DutyAcknowledge, DutyAssess, DutyAnswer}

func (a Accord) checkClocks(c *checker) {
	if n := len(a.Clocks); n == 0 || n > MaxClocks {
		c.bad("clocks", entries(n), fmt.Sprintf("an accord has 1 to %d clocks", MaxClocks))
	}
	for i, named := range a.Clocks {
		path := at("clocks", i)
		if !isToken(named.Name, 40) {
			c.bad(path+"/name", fmt.Sprintf("is %q, which is not one lower-case word", clip(named.Name)), "write it like match-day")
		} else if slices.IndexFunc(a.Clocks, func(n NamedClock) bool { return n.Name == named.Name }) < i {
			c.bad(path+"/name", fmt.Sprintf("is %s, which stands twice", named.Name), "give each clock a name of its own")
		}
		checkTimes(c, path+"/times", named.Clock)
	}
	if a.Reply < MinResponse || a.Reply > MaxResponse || a.Reply%time.Millisecond != 0 {
		c.bad("reply", fmt.Sprintf("is %s", a.Reply), "a reply to a proposal is owed in 100ms to two years; write it like 7d")
	}
}

func checkTimes(c *checker, path string, clock Clock) {
	for _, kind := range slices.Sorted(maps.Keys(clock)) {
		if !slices.Contains(DutyKinds(), kind) {
			c.bad(path, fmt.Sprintf("has a time for the unknown duty %q", clip(string(kind))), "one of "+joined(DutyKinds()))
		}
		for _, urgency := range slices.Sorted(maps.Keys(clock[kind])) {
			if urgencyOrder(urgency) < 0 {
				c.bad(path, fmt.Sprintf("has a time for the unknown urgency %q", clip(string(urgency))), "one of "+joined(Urgencies()))
			}
		}
	}
	for _, urgency := range Urgencies() {
		for _, kind := range DutyKinds() {
			where := path + "/" + string(urgency) + "/" + string(kind)
			d, ok := clock.Of(kind, urgency)
			switch {
			case !ok && slices.Contains(owed, kind):
				c.bad(where, "is missing", "write a time, or one under default for every urgency; without it nothing would be owed")
			case ok && d == 0:
				c.bad(where, "is zero", "write a time like 15m; leave the duty out where nothing is owed")
			case ok && (d < MinResponse || d > MaxResponse || d%time.Millisecond != 0):
				c.bad(where, fmt.Sprintf("is %s", d), "from 100ms to two years, in whole milliseconds")
			}
		}
	}
}

func (a Accord) checkDates(c *checker) {
	for _, d := range []struct {
		path string
		t    time.Time
	}{{"from", a.From}, {"until", a.Until}} {
		if y := d.t.Year(); !d.t.IsZero() && (y < 1900 || y > 2999 || !d.t.Equal(Instant(d.t))) {
			c.bad(d.path, "is out of bounds", "years from 1900 to 2999, in whole milliseconds")
		}
	}
	if !a.Until.IsZero() && !a.Until.After(a.From) {
		c.bad("until", fmt.Sprintf("is %s, and the accord begins at %s: it ends before it starts", FormatTime(a.Until), FormatTime(a.From)), "write a later end")
	}
	c.few("postures", len(a.Postures), MaxPostures)
	for i, p := range a.Postures {
		path := at("postures", i)
		c.text(path+"/name", p.Name, MaxLabel, required)
		if p.From.IsZero() || p.Until.IsZero() || !p.From.Equal(Instant(p.From)) || !p.Until.Equal(Instant(p.Until)) {
			c.bad(path, "has no beginning or no end", "write from and until, with their offsets")
			continue
		}
		if !p.Until.After(p.From) {
			c.bad(path+"/until", "is not after its beginning", "write a later end")
		}
		if p.From.Before(a.From) || !a.Until.IsZero() && p.Until.After(a.Until) {
			c.bad(path, "is not within the accord's time", "let it begin and end between from and until")
		}
		if i > 0 && p.From.Before(a.Postures[i-1].Until) {
			c.bad(path+"/from", "is before the end of the posture above it", "write postures in their order, one after the other")
		}
		if !slices.ContainsFunc(a.Clocks, func(n NamedClock) bool { return n.Name == p.Clock }) {
			c.bad(path+"/clock", fmt.Sprintf("is %q, which is not the name of a clock", clip(p.Clock)), "name one of the clocks of this accord")
		}
	}
}

func (a Accord) checkHandling(c *checker) {
	term(c, "ceiling/tlp", "TLP label", a.Ceiling.TLP, TLPs(), required)
	term(c, "ceiling/pap", "PAP label", a.Ceiling.PAP, PAPs(), optional)
	terms(c, "ceiling/police-codes", "police handling code", a.Ceiling.PoliceCodes, PoliceCodes())
	term(c, "forwarding", "forwarding rule", a.Forwarding, ForwardingRules(), required)
	term(c, "disclosure/counts", "publisher", a.Disclosure.Counts, Publishers(), required)
	term(c, "disclosure/times", "publisher", a.Disclosure.Times, Publishers(), required)
	term(c, "disclosure/fields", "publisher", a.Disclosure.Fields, Publishers(), required)
	if int(a.ReportHits) >= len(reportingWords) {
		c.bad("report-hits", "is "+a.ReportHits.String()+", which is none of those there are", "one of "+joined(reportingWords))
	}
	c.lasts("lapse-notice", a.LapseNotice, 0, MaxResponse)
	terms(c, "screening/types", "record type", a.Screening.Types, RecordTypes())
	c.lasts("screening/retention", a.Screening.Retention, 0, MaxLimitation)
	if a.Screening.Retention > 0 && len(a.Screening.Types) == 0 {
		c.bad("screening/retention", "stands without anything that is screened", "write screening/types, or leave it out")
	}
}

func (a Accord) checkEnding(c *checker) {
	term(c, "end/contents", "end of contents", a.End.Contents, ContentsEnds(), required)
	term(c, "end/watches", "end of watches", a.End.Watches, WatchesEnds(), required)
	c.lasts("end/after", a.End.After, 0, MaxLimitation)
	if a.End.Contents == ContentsKeep && a.End.After != 0 {
		c.bad("end/after", "stands although contents are kept", "leave it out, or set end/contents to erase")
	}
	c.lasts("limitation", a.Limitation, time.Millisecond, MaxLimitation)
	if a.End.After > a.Limitation {
		c.bad("limitation", "ends before contents are erased", "let headers be kept at least as long as contents")
	}
	c.lasts("notice", a.Notice, 0, MaxResponse)
	for _, every := range []struct {
		path string
		d    time.Duration
	}{{"situation-report", a.SituationReport}, {"drills", a.Drills}} {
		if every.d != 0 {
			c.lasts(every.path, every.d, time.Second, MaxResponse)
		}
	}
}

// few refuses a list that is longer than its bound.
func (c *checker) few(path string, n, bound int) {
	if n > bound {
		c.bad(path, fmt.Sprintf("has %d entries, more than %d", n, bound), "leave some of them out")
	}
}

// lasts checks a duration in whole milliseconds.
func (c *checker) lasts(path string, d, least, most time.Duration) {
	switch {
	case d == 0 && least > 0:
		c.bad(path, "is missing or zero", "write it like 30d")
	case d < least || d > most || d%time.Millisecond != 0:
		c.bad(path, fmt.Sprintf("is %s", d), fmt.Sprintf("from %s to %s, in whole milliseconds", least, most))
	}
}

// Amends reports whether the version may follow parent: the same accord, the
// next number, proposed by one of parent's members, not signed before it, and no gap between
// parent's end and its own beginning. Errors are *Refused.
func (a Accord) Amends(parent Accord) error {
	_, member := parent.Member(a.Proposer)
	switch {
	case a.Parent != parent.ID || a.Accord != parent.AccordID() || a.Number != parent.Number+1:
		return &Refused{Detail: fmt.Sprintf("version %d of accord %s does not follow version %d (%s)", a.Number, a.AccordID().Short(), parent.Number, parent.ID.Short()), Hint: "amend the newest version that you hold"}
	case !member:
		return &Refused{Detail: fmt.Sprintf("%s is no member of version %d of accord %s and cannot amend it", clip(string(a.Proposer)), parent.Number, parent.AccordID().Short()), Hint: "ask a member to propose the amendment"}
	case a.Time.Before(parent.Time):
		return &Refused{Detail: fmt.Sprintf("version %d is signed at %s, before version %d, which it amends", a.Number, FormatTime(a.Time), parent.Number), Hint: "set the clock right"}
	case !parent.Until.IsZero() && !a.From.Before(parent.Until):
		return &Refused{Detail: fmt.Sprintf("version %d begins at %s, when version %d has ended", a.Number, FormatTime(a.From), parent.Number), Hint: "let it begin earlier, or renew the accord"}
	}
	return nil
}

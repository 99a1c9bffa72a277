package heed

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var accordStart = time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)

// ownClock has every time that an accord demands, and a few more.
func ownClock() Clock {
	p, err := ProfileNamed("major-event")
	if err != nil {
		panic(err)
	}
	return p.Clock
}

func memberNamed(p PartyID, n uint64) Member {
	return Member{
		Party: p, Card: CardID(madeUp(n)),
		Ladder: Ladder{
			{Role: "duty-desk", Telephone: "+000 0100", Hours: "24/7", Zone: "UTC", Languages: "en"},
			{Role: "head-of-desk", After: time.Hour, Mail: "head@" + string(p)},
		},
	}
}

// agreed are complete terms of so many members: a.example, b.example, ...
func agreed(members int) Accord {
	a := Accord{
		ID: VersionID(madeUp(1)), Number: 1, Proposer: "a.example", Time: accordStart,
		Name: "Games", Purpose: "Security of the games", Purposes: []Purpose{PurposeEventSecurity}, LegalBasis: "Memorandum of 1 May",
		Quorum: OverHalf(members), Clocks: []NamedClock{{Name: "normal", Clock: ownClock()}}, Reply: 3 * day,
		Acknowledge: []string{"duty-desk"},
		Ceiling:     Ceiling{TLP: TLPAmber, PAP: PAPAmber, PoliceCodes: []PoliceCode{H0, H2}},
		Forwarding:  ForwardMembers, Disclosure: Disclosure{Counts: PublishAgreed, Times: PublishNobody, Fields: PublishNobody},
		End:        Ending{Contents: ContentsErase, After: 30 * day, Watches: WatchesLapse},
		Limitation: 5 * 365 * day, Node: "key", Officers: []OfficerStamp{{Key: "key", Role: Supervisor}},
	}
	for i := range members {
		a.Members = append(a.Members, memberNamed(PartyID(string(rune('a'+i))+".example"), uint64(100+i)))
	}
	return a
}

func TestCheckOfAccordNamesFieldAndHint(t *testing.T) {
	if err := agreed(3).Check(); err != nil {
		t.Fatal(err)
	}
	full := agreed(3)
	full.Observers = []Observer{{"o.example", CardID(madeUp(9))}}
	full.MustRatify, full.RoleKeys = []PartyID{"b.example"}, true
	full.From, full.Until = accordStart, accordStart.Add(40*day)
	full.Clocks = append(full.Clocks, NamedClock{"match-day", ownClock()})
	full.Postures = []Posture{{"Opening", accordStart, accordStart.Add(day), "match-day"}, {"Final", accordStart.Add(day), accordStart.Add(40 * day), "normal"}}
	full.Notice, full.Drills, full.SituationReport = day, 7*day, day
	full.Screening = Screening{[]RecordType{RecordAccreditation}, 30 * day}
	for i := range full.Members {
		for _, r := range full.Members[i].Ladder {
			full.Members[i].Keys = append(full.Members[i].Keys, RoleKey{r.Role, "age1pq1" + strings.Repeat("q", i+1) + r.Role})
		}
	}
	if err := full.Check(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Accord)
		path   string
		words  string // in problem or hint
	}{
		"no name":                {func(a *Accord) { a.Name = "" }, "name", "missing"},
		"two lines":              {func(a *Accord) { a.Purpose = "a\nb" }, "purpose", "one line"},
		"no purposes":            {func(a *Accord) { a.Purposes = nil }, "purposes", "event-security"},
		"unknown purpose":        {func(a *Accord) { a.Purposes = []Purpose{"fun"} }, "purposes/0", "event-security"},
		"no legal basis":         {func(a *Accord) { a.LegalBasis = "" }, "legal-basis", "missing"},
		"version without parent": {func(a *Accord) { a.Number = 2 }, "version", "parent"},
		"version 0":              {func(a *Accord) { a.Number = 0 }, "version", "parent"},
		"time in nanoseconds":    {func(a *Accord) { a.Time = a.Time.Add(1) }, "time", "milliseconds"},
		"template in capitals":   {func(a *Accord) { a.Template = "Big" }, "template", "word"},
		"proposer is no member":  {func(a *Accord) { a.Proposer = "o.example" }, "members", "is a member"},
		"one member":             {func(a *Accord) { a.Members = a.Members[:1]; a.MustRatify = nil }, "members", "2 to 10000"},
		"member twice":           {func(a *Accord) { a.Members[1].Party = "a.example"; a.MustRatify = nil }, "members/1/party", "twice"},
		"member and observer":    {func(a *Accord) { a.Observers[0].Party = "a.example" }, "observers/0/party", "once"},
		"unknown name":           {func(a *Accord) { a.Members[2].Party = "c" }, "members/2/party", "north.example"},
		"no card":                {func(a *Accord) { a.Members[2].Card = CardID{} }, "members/2/card", "c.example"},
		"no ladder":              {func(a *Accord) { a.Members[2].Ladder = nil; a.Members[2].Keys = nil }, "members/2/ladder", "filled in"},
		"ladder that cannot be":  {func(a *Accord) { a.Members[2].Ladder[1].After = 0 }, "members/2/ladder", "later"},
		"one role on two rungs": {func(a *Accord) {
			a.Members[2].Ladder[1].Role = "duty-desk"
			a.RoleKeys = false
			a.Members[2].Keys = nil
		}, "members/2/ladder/1/role", "twice"},
		"ladder without keys": {func(a *Accord) { a.Members[2].Keys = a.Members[2].Keys[:1] }, "members/2/ladder/1/sealing-key", "role-keys"},
		"key of no rung":      {func(a *Accord) { a.Members[2].Keys[1].Role = "chef"; a.RoleKeys = false }, "members/2/ladder", "chef"},
		"classic key":         {func(a *Accord) { a.Members[2].Keys[1].Key = "age1qqqq" }, "members/2/ladder/1/sealing-key", "age1pq1"},
		"one key twice":       {func(a *Accord) { a.Members[2].Keys[1].Key = a.Members[0].Keys[0].Key }, "members/2/ladder/1/sealing-key", "members/0/ladder/0/sealing-key"},
		"role that must acknowledge": {func(a *Accord) {
			a.Members[2].Ladder = a.Members[2].Ladder[1:]
			a.Members[2].Keys = a.Members[2].Keys[1:]
		}, "members/2/ladder", "duty-desk"},
		"unknown role":                 {func(a *Accord) { a.Acknowledge = []string{"duty-desk", "Duty"} }, "acknowledge/1", "word"},
		"role twice":                   {func(a *Accord) { a.Acknowledge = []string{"duty-desk", "duty-desk"} }, "acknowledge/1", "twice"},
		"quorum of half":               {func(a *Accord) { a.Quorum = 1 }, "quorum", "2 to 3"},
		"quorum of more than all":      {func(a *Accord) { a.Quorum = 4 }, "quorum", "2 to 3"},
		"observer who must ratify":     {func(a *Accord) { a.MustRatify = []PartyID{"o.example"} }, "must-ratify/0", "observer"},
		"stranger who must ratify":     {func(a *Accord) { a.MustRatify = []PartyID{"x.example"} }, "must-ratify/0", "no member"},
		"must ratify twice":            {func(a *Accord) { a.MustRatify = []PartyID{"b.example", "b.example"} }, "must-ratify/1", "twice"},
		"no clock":                     {func(a *Accord) { a.Clocks, a.Postures = nil, nil }, "clocks", "1 to 8"},
		"clock of zero":                {func(a *Accord) { a.Clocks[1].Clock[DutyAnswer][UrgencyPast] = 0 }, "clocks/1/times/Past/answer", "zero"},
		"clock without a time":         {func(a *Accord) { delete(a.Clocks[1].Clock[DutyAnswer], UrgencyPast) }, "clocks/1/times/Past/answer", "default"},
		"clock too short":              {func(a *Accord) { a.Clocks[1].Clock[DutyAnswer][UrgencyPast] = 1 }, "clocks/1/times/Past/answer", "100ms"},
		"clock of an unknown duty":     {func(a *Accord) { a.Clocks[1].Clock["dance"] = nil }, "clocks/1/times", "dance"},
		"clock of an unknown urgency":  {func(a *Accord) { a.Clocks[1].Clock[DutyAnswer]["soon"] = time.Hour }, "clocks/1/times", "soon"},
		"clock twice":                  {func(a *Accord) { a.Clocks[1].Name = "normal"; a.Postures = nil }, "clocks/1/name", "twice"},
		"clock's name":                 {func(a *Accord) { a.Clocks[1].Name = "Match day"; a.Postures = nil }, "clocks/1/name", "word"},
		"reply clock of zero":          {func(a *Accord) { a.Reply = 0 }, "reply", "7d"},
		"ends before it starts":        {func(a *Accord) { a.Until = a.From; a.Postures = nil }, "until", "before it starts"},
		"year 3000":                    {func(a *Accord) { a.Until = a.Until.AddDate(1000, 0, 0) }, "until", "2999"},
		"posture outside":              {func(a *Accord) { a.Postures[1].Until = a.Until.Add(day) }, "postures/1", "within"},
		"posture that ends early":      {func(a *Accord) { a.Postures[1].Until = a.Postures[1].From }, "postures/1/until", "later"},
		"postures that overlap":        {func(a *Accord) { a.Postures[1].From = a.From }, "postures/1/from", "one after the other"},
		"posture of no clock":          {func(a *Accord) { a.Postures[1].Clock = "final" }, "postures/1/clock", "one of the clocks"},
		"posture without an end":       {func(a *Accord) { a.Postures[1].Until = time.Time{} }, "postures/1", "offset"},
		"posture without a name":       {func(a *Accord) { a.Postures[1].Name = "" }, "postures/1/name", "missing"},
		"no TLP":                       {func(a *Accord) { a.Ceiling.TLP = "" }, "ceiling/tlp", "RED"},
		"unknown PAP":                  {func(a *Accord) { a.Ceiling.PAP = "BLUE" }, "ceiling/pap", "RED"},
		"unknown police code":          {func(a *Accord) { a.Ceiling.PoliceCodes[0] = "H9" }, "ceiling/police-codes/0", "H0"},
		"no forwarding rule":           {func(a *Accord) { a.Forwarding = "" }, "forwarding", "ask-originator"},
		"no publisher":                 {func(a *Accord) { a.Disclosure.Times = "all" }, "disclosure/times", "nobody"},
		"unknown record type":          {func(a *Accord) { a.Screening.Types[0] = "dog" }, "screening/types/0", "accreditation"},
		"retention of nothing":         {func(a *Accord) { a.Screening.Types = nil }, "screening/retention", "types"},
		"no end of contents":           {func(a *Accord) { a.End.Contents = "" }, "end/contents", "erase"},
		"no end of watches":            {func(a *Accord) { a.End.Watches = "" }, "end/watches", "lapse"},
		"kept until later":             {func(a *Accord) { a.End.Contents = ContentsKeep }, "end/after", "erase"},
		"no limitation":                {func(a *Accord) { a.Limitation, a.End.After = 0, 0 }, "limitation", "30d"},
		"limitation before the end":    {func(a *Accord) { a.Limitation = day }, "limitation", "at least as long"},
		"notice too long":              {func(a *Accord) { a.Notice = MaxResponse + day }, "notice", "to"},
		"drills too often":             {func(a *Accord) { a.Drills = time.Millisecond }, "drills", "from 1s"},
		"situation report too seldom":  {func(a *Accord) { a.SituationReport = MaxLimitation }, "situation-report", "from 1s"},
		"too many observers":           {func(a *Accord) { a.Observers = make([]Observer, MaxObservers+1) }, "observers", "more than 1000"},
		"too many that must ratify":    {func(a *Accord) { a.MustRatify = make([]PartyID, MaxMustRatify+1) }, "must-ratify", "more than 100"},
		"sealing key that is too long": {func(a *Accord) { a.Members[0].Keys[0].Key += strings.Repeat("q", 5000) }, "members/0/ladder/0/sealing-key", "age1pq1"},
		"no officer":                   {func(a *Accord) { a.Officers = nil }, "officers", "1 to 4"},
		"officer who may not":          {func(a *Accord) { a.Officers[0].Role = Drafter }, "officers/0", "supervisor"},
	} {
		t.Run(name, func(t *testing.T) {
			a := clone(full)
			c.change(&a)
			found := false
			for _, e := range fieldErrorsOf(a.Check()) {
				found = found || e.Path == c.path && strings.Contains(e.Error(), c.words)
			}
			if !found {
				t.Errorf("want %s with %q, got %v", c.path, c.words, a.Check())
			}
		})
	}
}

// clone is a copy that shares nothing that a test changes.
func clone(a Accord) Accord {
	a.Members = slices.Clone(a.Members)
	for i := range a.Members {
		a.Members[i].Ladder = slices.Clone(a.Members[i].Ladder)
		a.Members[i].Keys = slices.Clone(a.Members[i].Keys)
	}
	a.Clocks = slices.Clone(a.Clocks)
	for i := range a.Clocks {
		a.Clocks[i].Clock = ownClock()
	}
	a.Observers, a.Postures, a.MustRatify = slices.Clone(a.Observers), slices.Clone(a.Postures), slices.Clone(a.MustRatify)
	a.Purposes, a.Officers = slices.Clone(a.Purposes), slices.Clone(a.Officers)
	a.Ceiling.PoliceCodes, a.Screening.Types = slices.Clone(a.Ceiling.PoliceCodes), slices.Clone(a.Screening.Types)
	return a
}

func fieldErrorsOf(err error) []*FieldError {
	var all []*FieldError
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			var f *FieldError
			if errors.As(e, &f) {
				all = append(all, f)
			}
		}
	}
	return all
}

func TestAmends(t *testing.T) {
	parent := agreed(3)
	parent.Until = accordStart.Add(10 * day)
	next := agreed(3)
	next.ID, next.Accord, next.Parent, next.Number = VersionID(madeUp(2)), AccordID(parent.ID), parent.ID, 2
	if err := next.Amends(parent); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Accord){
		"other parent":        func(a *Accord) { a.Parent = VersionID(madeUp(5)) },
		"other accord":        func(a *Accord) { a.Accord = AccordID(madeUp(5)) },
		"number":              func(a *Accord) { a.Number = 3 },
		"by no member":        func(a *Accord) { a.Proposer = "z.example" },
		"begins when it ends": func(a *Accord) { a.From = parent.Until },
	} {
		a := next
		change(&a)
		var refused *Refused
		if err := a.Amends(parent); !errors.As(err, &refused) || refused.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCanonicalOrder(t *testing.T) {
	a := agreed(4)
	slices.Reverse(a.Members)
	a.Purposes = []Purpose{PurposeExercise, PurposeEventSecurity}
	a.Ceiling.PoliceCodes = []PoliceCode{H2, H0}
	a.Observers = []Observer{{"z.example", CardID{1}}, {"y.example", CardID{2}}}
	c := a.Canonical()
	if c.Members[0].Party != "a.example" || c.Purposes[0] != PurposeEventSecurity || c.Ceiling.PoliceCodes[0] != H0 || c.Observers[0].Party != "y.example" {
		t.Errorf("%+v", c)
	}
	if a.Members[0].Party != "d.example" {
		t.Error("the original was changed")
	}
}

func TestClockAndBaselineByPosture(t *testing.T) {
	a := agreed(2)
	a.Clocks = append(a.Clocks, NamedClock{"match-day", Clock{}})
	a.Postures = []Posture{{"Final", accordStart, accordStart.Add(day), "match-day"}}
	for at, want := range map[time.Duration]string{-1: "normal", 0: "match-day", day - 1: "match-day", day: "normal"} {
		if got := a.ClockAt(accordStart.Add(at)).Name; got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
	card := DefaultBaseline()
	b, ok := a.Baseline("a.example", card, accordStart)
	if !ok || b.Profile != "match-day" || len(b.Ladder) != 2 || b.MaxEnvelope != card.MaxEnvelope || len(b.Quotas) != len(card.Quotas) {
		t.Errorf("%+v, %v", b, ok)
	}
	if _, ok := a.Baseline("z.example", card, accordStart); ok {
		t.Error("a stranger has terms")
	}
}

func TestAdmitsNamesTheClause(t *testing.T) {
	a := agreed(2)
	for name, c := range map[string]struct {
		h      Handling
		clause string
	}{
		"as agreed":        {Handling{TLP: TLPAmber, PAP: PAPAmber, PoliceCodes: []PoliceCode{H2}, Purposes: []Purpose{PurposeEventSecurity}}, ""},
		"laxer":            {Handling{TLP: TLPClear}, ""},
		"stricter TLP":     {Handling{TLP: TLPAmberStrict}, "ceiling"},
		"no TLP":           {Handling{}, "ceiling"},
		"stricter PAP":     {Handling{TLP: TLPClear, PAP: PAPRed}, "ceiling"},
		"other code":       {Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H1}}, "ceiling"},
		"another purpose":  {Handling{TLP: TLPClear, Purposes: []Purpose{PurposeProsecution}}, "purposes"},
		"one of its codes": {Handling{TLP: TLPClear, PoliceCodes: []PoliceCode{H0}}, ""},
	} {
		var refused *Refused
		err := a.Admits(c.h)
		if (err == nil) != (c.clause == "") || err != nil && (!errors.As(err, &refused) || refused.Hint == "" || !strings.Contains(refused.Detail, "clause "+c.clause)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForwards(t *testing.T) {
	clear, red := Handling{TLP: TLPClear}, Handling{TLP: TLPRed}
	for _, c := range []struct {
		rule ForwardingRule
		h    Handling
		to   PartyID
		ask  bool
		fine bool
	}{
		{ForwardNever, clear, "b.example", false, false},
		{"", clear, "b.example", false, false},
		{ForwardAsk, clear, "b.example", true, true},
		{ForwardMembers, clear, "b.example", false, true},
		{ForwardMembers, red, "b.example", true, true},
		{ForwardMembers, clear, "z.example", true, true},
		{ForwardAsMarked, clear, "z.example", false, true},
		{ForwardAsMarked, red, "z.example", true, true},
	} {
		a := agreed(2)
		a.Forwarding = c.rule
		ask, err := a.Forwards(c.h, c.to)
		if ask != c.ask || (err == nil) != c.fine || err != nil && !strings.Contains(err.Error(), "clause forwarding") {
			t.Errorf("%s to %s: %v, %v", c.rule, c.to, ask, err)
		}
	}
}

func TestWordsOfAccords(t *testing.T) {
	roundTrip(t, "forwarding rule", ForwardingRules(), ParseForwardingRule)
	roundTrip(t, "publisher", Publishers(), ParsePublisher)
	roundTrip(t, "end of contents", ContentsEnds(), ParseContentsEnd)
	roundTrip(t, "end of watches", WatchesEnds(), ParseWatchesEnd)
	roundTrip(t, "record type", RecordTypes(), ParseRecordType)
	roundTrip(t, "clause", Clauses(), ParseClause)
	roundTrip(t, "act", AccordActKinds(), ParseAccordActKind)
	roundTrip(t, "accord state", AccordStates(), ParseAccordState)
}

func TestCheckOfAct(t *testing.T) {
	act := func(kind AccordActKind) AccordAct {
		a := AccordAct{Kind: kind, Accord: AccordID{1}, Version: VersionID{1}, Party: "a.example", Time: accordStart, Officers: []OfficerStamp{{Key: "key", Role: Releaser}}}
		if kind == AccordReservation {
			a.Clause = "clocks"
		}
		if kind == AccordReservation || kind == AccordDecline {
			a.Reason = "because"
		}
		return a
	}
	for _, kind := range AccordActKinds() {
		if err := act(kind).Check(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for name, c := range map[string]struct {
		kind   AccordActKind
		change func(*AccordAct)
		path   string
	}{
		"unknown kind":                 {"dance", func(*AccordAct) {}, "act"},
		"no version":                   {AccordDecline, func(a *AccordAct) { a.Version = VersionID{} }, "version"},
		"no accord":                    {AccordDecline, func(a *AccordAct) { a.Accord = AccordID{} }, "version"},
		"bad party":                    {AccordDecline, func(a *AccordAct) { a.Party = "A" }, "party"},
		"nanoseconds":                  {AccordDecline, func(a *AccordAct) { a.Time = a.Time.Add(1) }, "time"},
		"unknown clause":               {AccordReservation, func(a *AccordAct) { a.Clause = "weather" }, "clause"},
		"clause of members":            {AccordReservation, func(a *AccordAct) { a.Clause = "members" }, "clause"},
		"clause in a decline":          {AccordDecline, func(a *AccordAct) { a.Clause = "clocks" }, "clause"},
		"decline without reason":       {AccordDecline, func(a *AccordAct) { a.Reason = "" }, "reason"},
		"reservation without reason":   {AccordReservation, func(a *AccordAct) { a.Reason = "" }, "reason"},
		"ratification with a reason":   {AccordRatification, func(a *AccordAct) { a.Reason = "x" }, "reason"},
		"two lines":                    {AccordDecline, func(a *AccordAct) { a.Reason = "a\nb" }, "reason"},
		"from in a suspension":         {AccordSuspension, func(a *AccordAct) { a.From = accordStart }, "from"},
		"withdrawal of the past":       {AccordWithdrawal, func(a *AccordAct) { a.From = accordStart.Add(-1) }, "from"},
		"until in a withdrawal":        {AccordWithdrawal, func(a *AccordAct) { a.Until = accordStart.Add(day) }, "until"},
		"suspension that ends at once": {AccordSuspension, func(a *AccordAct) { a.Until = accordStart }, "until"},
		"no officer":                   {AccordDecline, func(a *AccordAct) { a.Officers = nil }, "officers"},
		"five officers":                {AccordDecline, func(a *AccordAct) { a.Officers = slices.Repeat(a.Officers, 5) }, "officers"},
		"an assessor":                  {AccordDecline, func(a *AccordAct) { a.Officers[0].Role = Assessor }, "officers/0"},
	} {
		a := act(c.kind)
		c.change(&a)
		if errs := fieldErrorsOf(a.Check()); !slices.ContainsFunc(errs, func(e *FieldError) bool { return e.Path == c.path }) {
			t.Errorf("%s: %v", name, a.Check())
		}
	}
}

package main

import (
	"bytes"
	"errors"
	"reflect"
	"time"

	"heed"
	"heed/control"
	"heed/draft"
	"heed/evidence"
	"heed/testdata"
	"heed/watch"
)

// told is a case as both sides have it at the end of a story.
type told struct {
	North    control.Case      `json:"north"`
	South    control.Case      `json:"south"`
	Evidence []evidence.Report `json:"evidence"`
	// Hit is, of the second story, that of the man who comes back.
	Hit *control.Hit `json:"hit,omitempty"`
}

// heeded: a warning is received, opened, acknowledged, assessed, asked about,
// answered, acted on and concluded, although the network fails on the way.
func (s *stage) heeded() told {
	s.tell("\n--- First story: heeded")
	code, files := s.warn("attachments.yaml", "oasis-poisonivy.json", "cap-oasis-amber.xml")
	s.scene("%s warns %s: case %s, with two files attached", s.north.party, s.south.party, code.Spoken())
	s.reach(s.south, code, heed.StateReceived)
	s.scene("%s has received it; its signed receipt is a promise with due times", s.south.party)

	var opened control.Case
	s.must(s.south.call(s.ctx, "open", control.CaseRequest{Case: string(code), Officer: "irma"}, &opened), "open")
	s.scene("irma (duty officer) opens it")
	s.sameFiles(opened, files)
	s.act(s.south, "take", control.ActRequest{Case: string(code), Officer: "irma"})
	s.act(s.south, "ack", control.ActRequest{Case: string(code), Officer: "irma"})
	s.scene("irma takes it and acknowledges it; both files are identical byte for byte")
	s.reach(s.north, code, heed.StateAcknowledged)

	s.network(true)
	s.scene("the network between the two is cut")
	s.act(s.south, "ask", control.ActRequest{Case: string(code), Officer: "irma", Text: "Which of the two terminals is meant?"})
	s.scene("irma asks back; the question waits in the outbox")
	s.check(!s.reached(s.north, code, heed.StateAsked), "the question arrived although the network was cut")
	s.reach(s.north, code, heed.StateAsked)
	s.scene("%s could not be reached, so the question was left with the depositary, which cannot open it; %s has collected it there", s.north.party, s.north.party)
	s.network(false)
	s.scene("the network is mended")
	s.act(s.north, "answer", control.ActRequest{Case: string(code), Officer: "jens", Text: "The northern one, berths 4 to 6."})
	s.reach(s.south, code, heed.StateAnswered)
	s.scene("jens answers it")

	s.act(s.south, "take", control.ActRequest{Case: string(code), Officer: "irma"})
	s.act(s.south, "answer", control.ActRequest{Case: string(code), Officer: "irma", Text: "The tool was found on two machines at berth 5."})
	s.scene("irma gives the answer that the warning itself asked for")
	s.assess(code)
	s.scene("tomas (assessor) finds it credible, and so undertakes to report and to conclude")
	s.act(s.south, "act", control.ActRequest{Case: string(code), Officer: "irma", Text: "Both machines were taken off the network; the crane controls were checked."})
	s.act(s.south, "conclude", control.ActRequest{Case: string(code), Officer: "irma", Outcome: string(heed.Averted)})
	s.reach(s.north, code, heed.StateConcluded)
	s.scene("irma reports what was done, and concludes: averted, as stated by the recipient")

	out := s.compare(code)
	for _, d := range out.North.Duties {
		s.check(d.State == heed.DutyDischarged, "%s owed by %s is %s, not discharged in time", d.Kind, d.OwedBy, d.State)
	}
	out.Evidence = []evidence.Report{s.provenHeeded(code)}
	return out
}

// assess is by an officer who has not taken the case, so a supervisor's hand
// is not needed: the case passes from the duty officer to the assessor first.
func (s *stage) assess(code heed.Code) {
	s.act(s.south, "assess", control.ActRequest{Case: string(code), Officer: "tomas", Disposition: string(heed.Credible), Text: "It fits what we found ourselves."})
}

// unanswered: a warning is acknowledged and never assessed, a question back is
// never answered by the party that warned, and both sides can show it.
func (s *stage) unanswered() told {
	s.tell("\n--- Second story: unanswered")
	code, _ := s.warn("unanswered.yaml")
	s.scene("%s warns %s of a man whose name is spelt differently everywhere: case %s", s.north.party, s.south.party, code.Spoken())
	s.reach(s.south, code, heed.StateReceived)
	s.act(s.south, "ack", control.ActRequest{Case: string(code), Officer: "irma", WithoutPrejudice: true})
	s.scene("irma acknowledges it, without prejudice")
	s.act(s.south, "ask", control.ActRequest{Case: string(code), Officer: "irma", Text: "Do you have a passport number, or another spelling?"})
	s.reach(s.north, code, heed.StateAsked)
	s.scene("irma asks back. From here on nobody does anything")

	s.overdue(code, heed.DutyAssess)
	s.scene("no assessment on record from %s: it is overdue, its duty desk is told, %s sends a reminder", s.south.party, s.north.party)
	s.overdue(code, heed.DutyAnswer)
	s.scene("no answer on record from %s either: the same clock, the same ladder", s.north.party)
	s.climbed(code, 2)
	s.scene("both have reached escalation level 2: each side says whom to ring")

	hit := s.returns()
	out := s.compare(code)
	out.Hit = hit
	for _, side := range []control.Case{out.North, out.South} {
		for _, d := range side.Duties {
			if d.Kind == heed.DutyAssess || d.Kind == heed.DutyAnswer {
				s.check(d.State == heed.DutyOverdue && d.Level >= 2, "%s has %s owed by %s as %s at level %d", side.Local.Party, d.Kind, d.OwedBy, d.State, d.Level)
			}
		}
	}
	for _, r := range out.North.Local.Ring {
		s.scene("  ring %s about the %s", ringText(r), r.Duty.Words())
	}
	out.Evidence = s.provenSilent(code)
	return out
}

// returns: whatever became of the case, its subject is on watch. He comes back
// under a spoilt spelling, and with day and month of his birth exchanged.
func (s *stage) returns() *control.Hit {
	s.watched(1)
	born, err := heed.ParseBirth("1987-04-05")
	s.must(err, "date of birth")
	passenger := watch.Record{ID: "seat 14C", Names: []heed.Name{{Text: "ZHUSCHEFF, Julian"}}, Born: born, From: "BVT", To: "HMD", Carrier: "XX 214"}
	other := watch.Record{ID: "seat 14D", Names: []heed.Name{{Text: "HALVORSEN, Ingrid"}}, Born: born, Carrier: "XX 214"}
	var begun control.ScreeningLine
	s.must(s.south.call(s.ctx, "screen-begin", control.ScreenBegin{Officer: "irma", Type: heed.RecordPassenger, Reason: "passengers of the day"}, &begun), "begin a screening")
	var answer control.ScreenAnswer
	s.must(s.south.call(s.ctx, "screen", control.ScreenRequest{Screening: begun.Screening, Records: []watch.Record{passenger, other}, End: true}, &answer), "screen")
	if len(answer.Results) != 2 || len(answer.Results[0].Hits) != 1 || len(answer.Results[1].Hits) != 0 {
		s.check(false, "the man who comes back is not the one hit: %+v", answer.Results)
		return nil
	}
	s.scene("nobody has answered, and he is on watch all the same. A passenger list has %q, born %s", passenger.Names[0].Text, passenger.Born)
	var hit control.Hit
	s.must(s.south.call(s.ctx, "hit-explain", control.HitRequest{Officer: "irma", Hit: string(answer.Results[0].Hits[0].ID)}, &hit), "explain the hit")
	s.scene("hit %s: irma owes a review of it, and reads why it is one", hit.ID.Spoken())
	s.tell("%s", indent(hit.Text, "          "))
	s.check(hit.Explanation != nil && hit.Explanation.Birth != nil && hit.Explanation.Birth.Relation == watch.BirthSwapped, "the hit does not say that day and month change places")
	return &hit
}

// watched waits until the other side's watch has so many subjects.
func (s *stage) watched(subjects int) {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); s.pause(50 * time.Millisecond) {
		var list control.WatchList
		s.must(s.south.call(s.ctx, "watch-list", struct{}{}, &list), "watch list")
		if list.Subjects >= subjects || s.ctx.Err() != nil {
			return
		}
	}
	s.check(false, "nobody is on watch at %s", s.south.party)
}

// warn sends a fixture with files of the fixtures attached.
func (s *stage) warn(name string, attach ...string) (heed.Code, map[string][]byte) {
	files := map[string][]byte{}
	source, err := testdata.Files.ReadFile(name)
	s.must(err, name)
	w, err := draft.Warning(name, source)
	s.must(err, name)
	request := control.WarnRequest{Officer: "jens", To: []string{string(s.south.party)}, Warning: w}
	for _, file := range attach {
		data, err := testdata.Files.ReadFile("attachments/" + file)
		s.must(err, file)
		files[file] = data
		request.Attachments = append(request.Attachments, control.AttachmentForm{Name: file, MediaType: attachedAs(w, file), Data: data})
	}
	var answer control.WarnAnswer
	s.must(s.north.call(s.ctx, "warn", request, &answer), "warn")
	return answer.Case, files
}

func (s *stage) sameFiles(opened control.Case, files map[string][]byte) {
	found := 0
	for _, c := range opened.Contents {
		if want, ok := files[c.Name]; ok {
			found++
			s.check(bytes.Equal(c.Data, want), "%s is not identical", c.Name)
		}
	}
	s.check(found == len(files), "%d of %d files arrived", found, len(files))
}

func (s *stage) act(p *player, verb string, request control.ActRequest) {
	s.must(p.call(s.ctx, verb, request, &map[string]any{}), string(p.party)+": "+verb)
}

func (s *stage) reach(p *player, code heed.Code, state heed.State) {
	s.must(p.call(s.ctx, "wait", control.WaitRequest{Case: string(code), State: string(state), Seconds: 20}, &struct{}{}), string(p.party)+": wait for "+string(state))
}

// reached looks without waiting.
func (s *stage) reached(p *player, code heed.Code, state heed.State) bool {
	err := p.call(s.ctx, "wait", control.WaitRequest{Case: string(code), State: string(state), Seconds: 0.001}, &struct{}{})
	var fault *control.Fault
	if err != nil && !(errors.As(err, &fault) && fault.Exit == control.ExitTimeout) {
		s.must(err, "look at "+string(state))
	}
	return err == nil
}

func (s *stage) overdue(code heed.Code, duty heed.DutyKind) {
	for _, p := range []*player{s.north, s.south} {
		s.must(p.call(s.ctx, "wait", control.WaitRequest{Case: string(code), Overdue: string(duty), Seconds: 30}, &struct{}{}), string(p.party)+": wait for overdue "+string(duty))
	}
}

// climbed waits until both open duties have reached a level on both sides.
func (s *stage) climbed(code heed.Code, level int) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); s.pause(100 * time.Millisecond) {
		all := true
		for _, p := range []*player{s.north, s.south} {
			for _, d := range s.show(p, code).Duties {
				all = all && (d.State != heed.DutyOverdue || d.Level >= level)
			}
		}
		if all || s.ctx.Err() != nil {
			return
		}
	}
}

func (s *stage) show(p *player, code heed.Code) control.Case {
	var answer control.ShowAnswer
	s.must(p.call(s.ctx, "show", control.CaseRequest{Case: string(code)}, &answer), string(p.party)+": show")
	if len(answer.Cases) != 1 {
		return control.Case{}
	}
	return answer.Cases[0]
}

// compare waits until nothing is in flight and holds the two sides against
// each other and against their ledgers.
func (s *stage) compare(code heed.Code) told {
	for range 2 { // what one side says last, the other receipts and may follow up
		for _, p := range []*player{s.north, s.south} {
			s.must(p.call(s.ctx, "wait", control.WaitRequest{Drained: true, Seconds: 20}, &struct{}{}), string(p.party)+": drained")
		}
	}
	out := told{North: s.show(s.north, code), South: s.show(s.south, code)}
	s.check(len(out.North.Statements) > 0 && reflect.DeepEqual(out.North.Statements, out.South.Statements), "the two sides show different statements")
	s.check(len(out.North.Duties) > 0 && reflect.DeepEqual(out.North.Duties, out.South.Duties), "the two sides show different duties")
	for _, p := range []*player{s.north, s.south} {
		var ledger control.LedgerAnswer
		s.must(p.call(s.ctx, "ledger-check", control.LedgerRequest{Peers: true}, &ledger), string(p.party)+": ledger check")
		s.check(ledger.Holds && ledger.Statements > 0, "the ledger of %s does not hold: %+v", p.party, ledger)
	}
	s.scene("both sides show the same %d statements with the same times, and both ledgers hold every step", len(out.North.Statements))
	return out
}

func (s *stage) network(cut bool) {
	for _, l := range s.link {
		l.set(cut)
	}
}

func (s *stage) pause(d time.Duration) {
	select {
	case <-s.ctx.Done():
	case <-time.After(d):
	}
}

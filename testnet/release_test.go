package testnet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// form is a filled-in rights check.
func form() *heed.RightsCheck {
	return &heed.RightsCheck{
		DutyBasis: heed.DutyBasis{Ground: heed.GroundDutyToWarn}, LegalBasis: "Police Cooperation Act, section 12", Purpose: heed.PurposePrevention,
		Character:   heed.Finding[heed.Character]{Answer: heed.CharacterNone, Reason: "ordinary crime"},
		Necessity:   heed.Finding[heed.Necessity]{Answer: heed.NecessityGiven, Reason: "nobody could look for him without it"},
		Reliability: heed.Finding[heed.Sufficiency]{Answer: heed.SourceSufficient, Reason: "the ferryman's wife has been right before"},
		Risk:        heed.Finding[heed.Risk]{Answer: heed.RiskMitigated, Reason: "she is not named in the warning"},
	}
}

// guarded puts an accord in force among all parties under which two officers and
// a rights check are asked for, or one of the two.
func guarded(t *testing.T, net *Net, twoOfficers, rightsCheck bool) heed.AccordID {
	t.Helper()
	terms := Terms("Gated", net.Parties...)
	terms.TwoOfficers, terms.RightsCheck = twoOfficers, rightsCheck
	id := propose(t, net.Parties[0], terms).Accord
	for _, p := range net.Parties[1:] {
		reach(t, p, id, heed.AccordProposed)
	}
	for _, p := range net.Parties[1:] {
		declare(t, p, id, heed.AccordRatification)
	}
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	for _, p := range net.Parties {
		reach(t, p, id, heed.AccordInForce)
	}
	return id
}

func drafted(t *testing.T, p *Party, order exchange.WarnOrder) exchange.Warned {
	t.Helper()
	order.Officer = Anna
	if order.Warning.Headline == "" {
		order.Warning = Warning("A draft")
	}
	out, err := p.Exchange.Warn(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if !out.Drafted || len(out.Cases) != 0 {
		t.Fatalf("it is no draft: %+v", out)
	}
	return out
}

func release(t *testing.T, p *Party, officer heed.OfficerID, code heed.Code, f *heed.RightsCheck) exchange.Released {
	t.Helper()
	out, err := p.Release(t.Context(), exchange.ReleaseOrder{Officer: officer, Draft: string(code), Check: f})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func draftNamed(t *testing.T, p *Party, officer heed.OfficerID, code heed.Code) exchange.DraftFile {
	t.Helper()
	f, err := p.Draft(t.Context(), officer, string(code))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// waits counts what waits for release.
func waits(t *testing.T, p *Party) int {
	t.Helper()
	drafts, err := p.Drafts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(drafts)
}

func TestReleaseGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 8}, north, south, east)
		n, s := net.Parties[0], net.Parties[1]
		if _, err := n.AddOfficer(t.Context(), "", "clara", []heed.Role{heed.Drafter}); err != nil {
			t.Fatal(err)
		}
		if _, err := n.AddOfficer(t.Context(), "", "admin", []heed.Role{heed.Administrator}); err != nil {
			t.Fatal(err)
		}
		net.Start()
		id := guarded(t, net, true, true)
		before := leaves(t, n)

		draft := drafted(t, n, exchange.WarnOrder{Accord: id, Attachments: []exchange.Attachment{{Name: "plan.txt", MediaType: "text/plain", Data: []byte("the plan")}}})
		if !slices.Equal(draft.To, []heed.PartyID{east, south}) || waits(t, n) != 1 || leaves(t, n) != before {
			t.Fatalf("drafted to %v, %d wait, %d leaves before and %d after", draft.To, waits(t, n), before, leaves(t, n))
		}
		if _, err := n.Find(t.Context(), string(draft.Code)); err == nil || !strings.Contains(err.Error(), "waits for release") {
			t.Errorf("a draft is no case yet: %v", err)
		}
		if f := draftNamed(t, n, Boris, draft.Code); !f.Readable || f.Officer != Anna || len(f.Contents) != 2 || string(f.Contents[1].Data) != "the plan" || f.Release != nil {
			t.Errorf("Boris reads %+v", f)
		}
		for _, nobody := range []heed.OfficerID{"", "admin"} {
			if f := draftNamed(t, n, nobody, draft.Code); f.Readable || f.Contents[0].Data != nil || f.Contents[0].Ref.Size == 0 {
				t.Errorf("%q reads %+v", nobody, f)
			}
		}

		curious, barred := form(), form()
		curious.Purpose, barred.Risk.Answer = heed.PurposeProsecution, heed.RiskUnacceptable
		for name, c := range map[string]struct {
			officer heed.OfficerID
			form    *heed.RightsCheck
			want    string
		}{
			"by the drafter":           {Anna, form(), "accord Gated, clause release: a warning is signed by two officers"},
			"without a form":           {Boris, nil, "accord Gated, clause release: a warning is released with a rights check"},
			"for another purpose":      {Boris, curious, "accord Gated, clause purposes"},
			"on a barring answer":      {Boris, barred, "risk is unacceptable"},
			"by another drafter":       {"clara", form(), `permits "release"`},
			"by an administrator":      {"admin", form(), `permits "release"`},
			"by nobody on the list":    {"dora", form(), "no officer"},
			"with an unfilled form":    {Boris, &heed.RightsCheck{}, "purpose is missing"},
			"by nobody":                {"", form(), "no officer is named"},
			"by the drafter, unformed": {Anna, nil, "two officers"},
		} {
			_, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: c.officer, Draft: string(draft.Code), Check: c.form})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
		if waits(t, n) != 1 || leaves(t, n) != before {
			t.Fatal("what was refused left something behind")
		}

		out := release(t, n, Boris, draft.Code, form())
		if out.Code != draft.Code || !slices.Equal(out.To, draft.To) || waits(t, n) != 0 {
			t.Errorf("drafted as %s, released as %+v", draft.Code, out)
		}
		inSouth := out.Cases[1]
		waitFor(t, s, inSouth, heed.StateReceived)
		file, err := s.Look(t.Context(), inSouth)
		if err != nil {
			t.Fatal(err)
		}
		rel := file.Releases[file.Opening.Release]
		if file.Code != draft.Code || len(rel.Officers) != 2 || !signedBy(rel.Officers[0], Anna, heed.Drafter) || !signedBy(rel.Officers[1], Boris, heed.Releaser) {
			t.Errorf("south has case %s, signed by %+v", file.Code, rel.Officers)
		}
		f := draftNamed(t, n, Boris, draft.Code)
		if f.Form == nil || rel.Check.IsZero() || f.Form.Ref.Digest != rel.Check {
			t.Fatalf("the release names form %s, and north keeps %+v", rel.Check, f.Form)
		}
		if digest, err := wire.ContentDigest(heed.MediaRightsCheck, f.Form.Salt, f.Form.Data); err != nil || digest != rel.Check {
			t.Errorf("the form that is kept is %s: %v", digest, err)
		}
		if kept, err := wire.ParseRightsCheck(f.Form.Data); err != nil || kept != *form() {
			t.Errorf("the form that is kept says %+v, %v", kept, err)
		}
		err = s.Store.Read(t.Context(), func(v exchange.View) error {
			_, err := v.Content(rel.Check)
			return err
		})
		if !errors.Is(err, exchange.ErrNotFound) {
			t.Errorf("the form was sent: %v", err)
		}
		if f := draftNamed(t, n, "", draft.Code); f.Form != nil || f.Release == nil || f.Code != draft.Code {
			t.Errorf("without an officer %+v is shown", f)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(draft.Code), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), "was released") {
			t.Errorf("released twice: %v", err)
		}
		if _, err := n.DropDraft(t.Context(), Boris, string(draft.Code)); !isRefused(err) {
			t.Errorf("dropped after its release: %v", err)
		}

		// What amends it goes through the gate as well; a recall does not.
		more, err := n.Supplement(t.Context(), "clara", out.Cases, Warning("More"), nil)
		if err != nil || more.Draft == "" || len(more.Statements) != 0 {
			t.Fatalf("a supplement: %+v, %v", more, err)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Anna, Draft: string(more.Draft)}); !isRefused(err) || !strings.Contains(err.Error(), "a supplement is released with a rights check") {
			t.Errorf("a supplement without a form: %v", err)
		}
		added := release(t, n, Anna, draft.Code, form()) // by the case's code: no other draft is about it
		if added.Kind != heed.KindSupplement || added.Code != draft.Code || !slices.Equal(added.Cases, out.Cases) {
			t.Errorf("released %+v", added)
		}
		waitFor(t, s, inSouth, heed.StateSupplemented)
		other, err := n.Correct(t.Context(), Anna, out.Cases, Warning("Other"), nil)
		if err != nil || other.Draft == "" {
			t.Fatalf("a correction: %+v, %v", other, err)
		}
		recalled, err := n.Recall(t.Context(), Anna, out.Cases, "a mistake")
		if err != nil || len(recalled.Statements) != 2 {
			t.Fatalf("a recall: %+v, %v", recalled, err)
		}
		waitFor(t, s, inSouth, heed.StateRecalled)
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(other.Draft), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), "was recalled") {
			t.Errorf("a correction of what was recalled: %v", err)
		}
		if _, err := n.DropDraft(t.Context(), "clara", string(other.Draft)); !isRefused(err) {
			t.Errorf("dropped by another drafter: %v", err)
		}
		if _, err := n.DropDraft(t.Context(), Anna, string(other.Draft)); err != nil || waits(t, n) != 0 {
			t.Errorf("dropped by its drafter: %v, %d wait", err, waits(t, n))
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(other.Draft), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), "was dropped") {
			t.Errorf("released after it was dropped: %v", err)
		}
		if err := net.Settle(); err != nil {
			t.Error(err)
		}
	})
}

func signedBy(o heed.OfficerStamp, id heed.OfficerID, role heed.Role) bool {
	name, ok := wire.OfficerOf(o.Key)
	return ok && name == id && o.Role == role
}

// One clause alone: with a rights check and no second officer, whoever drafted
// it releases it; with two officers and no form, none is needed.
func TestReleaseGateWithOneClause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 9}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		for _, c := range []struct {
			two, check bool
			officer    heed.OfficerID
			form       *heed.RightsCheck
			signatures int
		}{{false, true, Anna, form(), 1}, {false, true, Boris, form(), 2}, {true, false, Boris, nil, 2}, {true, false, Boris, form(), 2}} {
			id := guarded(t, net, c.two, c.check)
			draft := drafted(t, n, exchange.WarnOrder{Accord: id})
			out := release(t, n, c.officer, draft.Code, c.form)
			waitFor(t, s, out.Cases[0], heed.StateReceived)
			file, err := s.Look(t.Context(), out.Cases[0])
			if err != nil {
				t.Fatal(err)
			}
			if rel := file.Releases[file.Opening.Release]; len(rel.Officers) != c.signatures || rel.Check.IsZero() != (c.form == nil) {
				t.Errorf("%+v: %d signatures, check %s", c, len(rel.Officers), rel.Check)
			}
		}
	})
}

// Without an accord a draft is a draft because somebody wants it.
func TestDraftWithoutAccord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 10}, north, south, east)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		draft := drafted(t, n, exchange.WarnOrder{To: []heed.PartyID{south, east}, Draft: true})
		out := release(t, n, Anna, draft.Code, nil)
		waitFor(t, s, out.Cases[0], heed.StateReceived)
		if got := s.Case(out.Cases[0]).Code; got != out.Code || got == draft.Code {
			t.Errorf("south has case %s, north released %s, drafted %s", got, out.Code, draft.Code)
		}
		for name, want := range map[string]int{string(draft.Code): 2, string(draft.Code) + "@south.example": 1, string(out.Code): 2} {
			if ids, err := n.Find(t.Context(), name); err != nil || len(ids) != want {
				t.Errorf("%s names %d cases, want %d: %v", name, len(ids), want, err)
			}
		}
		second := drafted(t, n, exchange.WarnOrder{To: []heed.PartyID{south}, Draft: true})
		out = release(t, n, Boris, second.Code, form())
		waitFor(t, s, out.Cases[0], heed.StateReceived)
		if f := draftNamed(t, n, Boris, second.Code); len(f.Release.Officers) != 2 || f.Form == nil || f.Code != out.Code {
			t.Errorf("%+v", f)
		}
		for name, order := range map[string]exchange.WarnOrder{
			"to a stranger": {Officer: Anna, To: []heed.PartyID{west}, Warning: Warning("x"), Draft: true},
			"by nobody":     {To: []heed.PartyID{south}, Warning: Warning("x"), Draft: true},
		} {
			if _, err := n.Exchange.Warn(t.Context(), order); err == nil {
				t.Errorf("%s: drafted", name)
			}
		}
		if _, err := n.Draft(t.Context(), Anna, "00000000"); !errors.As(err, new(*heed.Invalid)) {
			t.Errorf("a draft that never was: %v", err)
		}
		if err := net.Settle(); err != nil {
			t.Error(err)
		}
	})
}

// Two officers who release at the same moment send one warning.
func TestReleasedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 11}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		if _, err := n.AddOfficer(t.Context(), "", "clara", heed.Roles()); err != nil {
			t.Fatal(err)
		}
		net.Start()
		id := guarded(t, net, true, true)
		draft := drafted(t, n, exchange.WarnOrder{Accord: id})
		var wg sync.WaitGroup
		var mu sync.Mutex
		var sent []heed.CaseID
		for i := range 8 {
			wg.Go(func() {
				out, err := n.Release(context.Background(), exchange.ReleaseOrder{Officer: []heed.OfficerID{Boris, "clara"}[i%2], Draft: string(draft.Code), Check: form()})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sent = append(sent, out.Cases...)
				} else if !isRefused(err) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(sent) != 1 {
			t.Fatalf("%d were sent", len(sent))
		}
		if err := net.Settle(); err != nil {
			t.Error(err)
		}
		if ids, err := s.Find(t.Context(), string(draft.Code)); err != nil || len(ids) != 1 {
			t.Errorf("south has %d cases: %v", len(ids), err)
		}
	})
}

// What has changed since it was drafted counts when it is released.
func TestDraftOutlivesItsDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 12}, north, south, east)
		n, e := net.Parties[0], net.Parties[2]
		if _, err := n.AddOfficer(t.Context(), "", "clara", []heed.Role{heed.Drafter}); err != nil {
			t.Fatal(err)
		}
		net.Start()
		id := guarded(t, net, true, true)
		toAll := drafted(t, n, exchange.WarnOrder{Accord: id})
		out, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: "clara", Accord: id, To: []heed.PartyID{south}, Warning: Warning("By Clara")})
		if err != nil {
			t.Fatal(err)
		}
		declare(t, e, id, heed.AccordWithdrawal, func(o *exchange.AccordOrder) { o.Reason = "The event is over for us" })
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(toAll.Code), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), string(east)) {
			t.Errorf("released to a party that has withdrawn: %v", err)
		}
		if err := n.RemoveOfficer(t.Context(), "", "clara"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(out.Code), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), "clara was removed") {
			t.Errorf("released in the name of an officer who was removed: %v", err)
		}
		net.Stop()
		time.Sleep(1000 * 24 * time.Hour) // a draft never expires
		if waits(t, n) != 2 {
			t.Errorf("%d wait", waits(t, n))
		}
	})
}

// A restored node does not send a second time what it had sent, and still has
// what it had drafted.
func TestDraftsOfARestoredNode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 13}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := guarded(t, net, true, true)
		under := drafted(t, n, exchange.WarnOrder{Accord: id})
		without := drafted(t, n, exchange.WarnOrder{To: []heed.PartyID{south}, Draft: true})
		unsent := drafted(t, n, exchange.WarnOrder{Accord: id})
		backup := n.Backup()
		for _, code := range []heed.Code{under.Code, without.Code} {
			waitFor(t, s, release(t, n, Boris, code, form()).Cases[0], heed.StateReceived)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Stop()
		n.Restore(backup, true)
		if waits(t, n) != 3 {
			t.Fatalf("the backup has %d drafts", waits(t, n))
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(under.Code), Check: form()}); !catching(err) {
			t.Errorf("released while it catches up: %v", err)
		}
		net.Start()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if waits(t, n) != 1 {
			t.Errorf("%d wait after it has caught up", waits(t, n))
		}
		for _, code := range []heed.Code{under.Code, without.Code} {
			if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(code), Check: form()}); !isRefused(err) || !strings.Contains(err.Error(), "was released") {
				t.Errorf("%s is sent again: %v", code, err)
			}
		}
		waitFor(t, s, release(t, n, Boris, unsent.Code, form()).Cases[0], heed.StateReceived)
	})
}

// Whatever a peer's own software lets through, the other side's does not.
func TestReceiverHoldsTheReleaseClause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 14}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		both, two, check := guarded(t, net, true, true), guarded(t, net, true, false), guarded(t, net, false, true)
		number := highest(t, n, s)
		some := heed.Digest{1, 2, 3}
		for _, c := range []struct {
			name   string
			accord heed.AccordID
			role   heed.Role
			second heed.Role
			check  heed.Digest
			want   string // words of the refusal; none: it is received
		}{
			{"one officer, two asked", two, heed.Releaser, "", heed.Digest{}, "clause release: a warning is signed by two officers"},
			{"two drafters", two, heed.Drafter, heed.Drafter, heed.Digest{}, "clause release: a warning is signed by two officers"},
			{"two officers", two, heed.Drafter, heed.Supervisor, heed.Digest{}, ""},
			{"no check, one asked", check, heed.Releaser, "", heed.Digest{}, "clause release: a warning is released with a rights check"},
			{"a check", check, heed.Releaser, "", some, ""},
			{"both asked, no check", both, heed.Drafter, heed.Releaser, heed.Digest{}, "with a rights check"},
			{"both asked, one officer", both, heed.Supervisor, "", some, "two officers"},
			{"both asked, both there", both, heed.Drafter, heed.Releaser, some, ""},
			{"no accord", heed.AccordID{}, heed.Drafter, "", heed.Digest{}, ""},
		} {
			number++
			f := forge(n, s, number)
			f.role, f.second, f.check, f.statement.Accord = c.role, c.second, c.check, c.accord
			if !c.accord.IsZero() {
				held, err := s.Accord(t.Context(), c.accord)
				if err != nil {
					t.Fatal(err)
				}
				f.statement.Version = held.Standing.InForce
			}
			got := hand(t, n, s, f.envelope(t))
			switch {
			case c.want == "" && (len(got.refusals) != 0 || len(got.receipts) == 0):
				t.Errorf("%s: %+v", c.name, got.refusals)
			case c.want != "" && (len(got.refusals) != 1 || got.refusals[0].Code != heed.NotAdmitted || !strings.Contains(got.refusals[0].Detail, c.want)):
				t.Errorf("%s: %+v, want %q", c.name, got.refusals, c.want)
			}
		}
	})
}

package testnet

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"heed"
	"heed/evidence"
	"heed/exchange"
	"heed/stats"
	"heed/wire"
)

// TestBothSidesSignTheSame: whatever officers of both sides do, whatever the
// network does to it, and whenever in the middle of it one of them counts, once
// all is delivered both count the same, also as of then, and can sign it.
func TestBothSidesSignTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed, story := rapid.Uint64().Draw(rt, "seed"), moves().Draw(rt, "moves")
		counts := rapid.SliceOfN(rapid.IntRange(0, 5), len(story), len(story)).Draw(rt, "counts") // below 2: that side counts after the move
		rapid.SyncTest(rt, func(rt *rapid.T) {
			net := New(rt, Options{Seed: seed}, north, south)
			net.Start()
			ctx := rt.Context()
			var cases []heed.CaseID
			var said []exchange.Reconciliation
			for i, m := range story {
				net.Network.Between(north, south, m.Line)
				cases, _ = play(net, m, cases) // what the rules refuse, TestAnyOrderGivesTheSameCases looks at
				if side := counts[i]; side < 2 {
					r, err := net.Parties[side].Reconcile(ctx, exchange.FiguresOrder{Officer: Anna, With: net.Parties[1-side].ID})
					if err != nil {
						rt.Fatalf("count after move %d: %v", i, err)
					}
					if len(said) == 0 || said[len(said)-1].Case != r.Case { // the same figures, signed in one millisecond, are said once
						said = append(said, r)
					}
				}
				time.Sleep(m.Pause)
			}
			if err := net.Settle(); err != nil {
				rt.Fatalf("%v", err)
			}
			var reports [2]stats.Report
			for i, p := range net.Parties {
				r, err := p.Statistics(ctx, exchange.Counted{})
				if err != nil {
					rt.Fatalf("%v", err)
				}
				reports[i] = r
			}
			if !reflect.DeepEqual(reports[0].Relations, reports[1].Relations) {
				rt.Fatalf("the two sides count otherwise:\n%+v\n%+v", reports[0].Relations, reports[1].Relations)
			}
			// Who counted in the middle lacked what was in flight. Who answers counts all
			// of it, as of then; and so does the first, now that it has come.
			for _, r := range said {
				first, second := net.Parties[0], net.Parties[1]
				if r.With == first.ID {
					first, second = second, first
				}
				answered, err := second.AnswerFigures(ctx, Boris, r.Ours.Figures.ID, false)
				var refused *heed.Refused
				if errors.As(err, &refused) {
					answered, err = second.AnswerFigures(ctx, Boris, r.Ours.Figures.ID, true)
				}
				if err != nil {
					rt.Fatalf("%s does not answer: %v", second.ID, err)
				}
				if err := net.Settle(); err != nil {
					rt.Fatalf("%v", err)
				}
				if answered.Agreed == nil {
					if answered, err = first.AnswerFigures(ctx, Boris, answered.Ours.Figures.ID, false); err != nil || answered.Agreed == nil {
						rt.Fatalf("%s, who has it all now, does not sign the same: %v", first.ID, err)
					}
				}
			}
			if err := net.Settle(); err != nil {
				rt.Fatalf("%v", err)
			}
			for _, p := range net.Parties {
				all, err := p.Reconciliations(ctx, "")
				if err != nil || len(all) != len(said) {
					rt.Fatalf("%s has %d of %d reconciliations: %v", p.ID, len(all), len(said), err)
				}
				for _, r := range all {
					if r.Agreed == nil || r.Difference != nil {
						rt.Fatalf("%s does not know that case %s is reconciled", p.ID, r.Code)
					}
				}
			}
		})
	})
}

// reconciled is north's and south's word about everything so far, signed by both.
func reconciled(t *testing.T, net *Net, order exchange.FiguresOrder) heed.FiguresID {
	t.Helper()
	n, s := net.Parties[0], net.Parties[1]
	order.Officer, order.With = Anna, south
	said, err := n.Reconcile(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AnswerFigures(t.Context(), Boris, said.Ours.Figures.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := net.Settle(); err != nil {
		t.Fatal(err)
	}
	return said.Ours.Figures.ID
}

func refusedAs(t *testing.T, err error, says string) {
	t.Helper()
	var refused *heed.Refused
	if !errors.As(err, &refused) || !strings.Contains(refused.Detail, says) {
		t.Errorf("%v, want a refusal that says %q", err, says)
	}
}

// Figures that both have signed are verified by whoever pins both cards, and by
// nobody else; what is said later changes nothing of them.
func TestReconciledFiguresAreVerified(t *testing.T) {
	t.Parallel()
	proven(t, Options{Seed: 3}, 3, func(t *testing.T, net *Net, n, s *Party) {
		ctx := t.Context()
		id := n.Warn("Possible attack on a concert", s)[0]
		waitFor(t, s, id, heed.StateSent)
		assessed := do(t)(s.Assess(ctx, Anna, id, heed.NotCredible, ""))
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		_, err := n.PublishFigures(ctx, Anna, heed.FiguresID{1})
		var invalid *heed.Invalid
		if !errors.As(err, &invalid) {
			t.Errorf("figures that nobody has signed: %v", err)
		}
		said, err := n.Reconcile(ctx, exchange.FiguresOrder{Officer: Anna, With: south})
		if err != nil {
			t.Fatal(err)
		}
		figures := said.Ours.Figures.ID
		if said.Theirs != nil || said.Agreed != nil || said.Stated().State != stats.Awaited {
			t.Errorf("south has not signed: %+v", said)
		}
		_, err = n.PublishFigures(ctx, Anna, figures)
		refusedAs(t, err, "has not signed the figures")
		_, err = n.AnswerFigures(ctx, Anna, figures, false)
		refusedAs(t, err, "there is nothing to answer")
		do(t)(n.Rate(ctx, Anna, id, assessed.ID, true, "it came in time"))
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		_, err = s.AnswerFigures(ctx, Boris, figures, true)
		refusedAs(t, err, "says the same")
		answered, err := s.AnswerFigures(ctx, Boris, figures, false)
		if err != nil || answered.Agreed == nil || answered.Stated().State != stats.Agreed {
			t.Fatalf("south does not sign: %v", err)
		}
		_, err = s.AnswerFigures(ctx, Boris, figures, false)
		refusedAs(t, err, "are reconciled")
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}

		both, err := n.PublishFigures(ctx, Anna, figures)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := s.PublishBounds(ctx, exchange.FiguresOrder{Officer: Anna, With: north})
		if err != nil {
			t.Fatal(err)
		}
		policy := present(t, net)
		report, err := evidence.VerifyFigures(policy, both.File)
		if err != nil || report.Verdict != evidence.FiguresReconciled || !report.Holds() || len(report.Signed) != 2 {
			t.Errorf("%+v, %v", report, err)
		}
		said2 := map[string]uint64{}
		for _, l := range report.Signed[0].Lines {
			if l.Urgency == heed.AllUrgencies {
				said2[l.About+" "+l.Name] = l.Value
			}
		}
		if said2["warnings sent"] != 1 || said2["warnings assessed"] != 1 || said2["assess timely"] != 1 || said2["replies rated"] != 0 {
			t.Errorf("what was rated later is in it, or something is missing: %v", said2)
		}
		if report, err = evidence.VerifyFigures(policy, alone.File); err != nil || report.Verdict != evidence.FiguresBounds || report.Signed[0].Author != south || len(report.Signed[0].Lines) == 0 {
			t.Errorf("%+v, %v", report, err)
		}
		others := pinning(t, net.Witnesses, n.Card())
		if report, err = evidence.VerifyFigures(others, both.File); err != nil || report.Verdict != evidence.FiguresUnknown || report.Holds() {
			t.Errorf("south is pinned by nobody: %+v, %v", report, err)
		}
		other := n.Card()
		other.ID = heed.CardID{9}
		if report, err = evidence.VerifyFigures(pinning(t, net.Witnesses, other, s.Card()), both.File); err != nil || report.Verdict != evidence.FiguresUnknown {
			t.Errorf("another card of north is pinned: %+v, %v", report, err)
		}

		// Whatever is changed of the file, it holds no more.
		file, err := wire.ParseFiguresFile(both.File)
		if err != nil {
			t.Fatal(err)
		}
		wrong := func(what string, damaged bool, change func(*wire.FiguresFile)) {
			t.Helper()
			changed := wire.FiguresFile{Figures: append([][]byte{}, file.Figures...), Cards: append([][]byte{}, file.Cards...)}
			change(&changed)
			report, err := evidence.VerifyFigures(policy, changed.Bytes())
			if errors.Is(err, evidence.ErrDamaged) != damaged || err == nil && report.Holds() {
				t.Errorf("%s: %+v, %v", what, report, err)
			}
		}
		wrong("another number", true, func(f *wire.FiguresFile) {
			f.Figures[0] = []byte(strings.Replace(string(f.Figures[0]), "warnings sent 1", "warnings sent 2", 1))
		})
		wrong("one text twice", true, func(f *wire.FiguresFile) { f.Figures[1] = f.Figures[0] })
		wrong("the other order", true, func(f *wire.FiguresFile) { f.Figures[0], f.Figures[1] = f.Figures[1], f.Figures[0] })
		later, err := n.Reconcile(ctx, exchange.FiguresOrder{Officer: Anna, With: south})
		if err != nil {
			t.Fatal(err)
		}
		wrong("texts of two counts", true, func(f *wire.FiguresFile) { f.Figures[0] = later.Ours.Note })
		wrong("one side alone", false, func(f *wire.FiguresFile) { f.Figures = f.Figures[:1] })
		wrong("without cards", false, func(f *wire.FiguresFile) { f.Cards = nil })
		bare := wire.FiguresFile{Figures: file.Figures}.Bytes()
		if report, err := evidence.VerifyFigures(policy, bare, n.CardNote(), s.CardNote()); err != nil || !report.Holds() {
			t.Errorf("with the cards beside it: %+v, %v", report, err)
		}
	})
}

// Where one side lacks what the other holds, both see both figures, and in
// which case which statement makes the difference; once it has come, they agree.
func TestFiguresThatDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		ctx := t.Context()
		id := n.Warn("A parcel at the ferry terminal", s)[0]
		n.Warn("Possible attack on a concert", s)
		waitFor(t, s, id, heed.StateSent)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		net.Network.Set(south, north, Link{Down: true})
		acknowledged := do(t)(s.Acknowledge(ctx, Anna, id, false))
		time.Sleep(time.Second)
		said, err := n.Reconcile(ctx, exchange.FiguresOrder{Officer: Anna, With: south})
		if err != nil {
			t.Fatal(err)
		}
		figures := said.Ours.Figures.ID
		time.Sleep(2 * time.Second)
		_, err = s.AnswerFigures(ctx, Boris, figures, false)
		refusedAs(t, err, "our own count differs in")
		refusedAs(t, err, said0(n, id))
		answered, err := s.AnswerFigures(ctx, Boris, figures, true)
		if err != nil {
			t.Fatal(err)
		}
		check := func(p *Party, r exchange.Reconciliation) {
			t.Helper()
			d := r.Difference
			if r.Agreed != nil || d == nil || r.Stated().State != stats.Differs || len(d.Cases) != 1 || d.Cases[0].Case != id {
				t.Fatalf("%s: %+v", p.ID, r)
			}
			if got := d.Cases[0].Said; len(got) != 1 || got[0].ID != acknowledged.ID.String() || got[0].OnlyWith != south || got[0].Kind != heed.KindAcknowledgement {
				t.Errorf("%s: %+v", p.ID, got)
			}
			found := false
			for _, f := range d.Figures {
				if f.Span {
					continue
				}
				of := map[heed.PartyID]uint64{d.Parties[0]: *f.Values[0], d.Parties[1]: *f.Values[1]}
				found = found || f.About == "warnings" && f.Figure == "acknowledged" && f.Urgency == heed.AllUrgencies && of[north] == 0 && of[south] == 1
			}
			if !found {
				t.Errorf("%s: %+v", p.ID, d.Figures)
			}
		}
		check(s, answered)
		net.Network.Heal()
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		seen, err := n.Reconciliation(ctx, figures)
		if err != nil {
			t.Fatal(err)
		}
		check(n, seen)
		report := statistics(t, n, south)
		if len(report.Reconciled) != 1 || report.Reconciled[0].Difference == nil || report.Cases != 2 {
			t.Errorf("the report does not show it: %+v", report.Reconciled)
		}
		// What was missing has come, so that north now signs what south has counted.
		agreed, err := n.AnswerFigures(ctx, Boris, seen.Theirs.Figures.ID, false)
		if err != nil || agreed.Agreed == nil {
			t.Fatalf("north does not sign: %v", err)
		}
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if r, err := s.Reconciliation(ctx, figures); err != nil || r.Agreed == nil || r.Difference != nil {
			t.Errorf("south does not know that they agree: %+v, %v", r, err)
		}
	})
}

// said0 is the code of a case as a refusal names it.
func said0(p *Party, id heed.CaseID) string { return p.Case(id).Code.Spoken() }

// An accord's clause says who may publish what; a refusal names it.
func TestDisclosureIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		counts, times       heed.Publisher
		agreed, agreedCount string // of reconciled figures with and without times: what a refusal says; empty: published
		alone               string // of lower bounds
		own                 bool   // and confined to one's own side
	}{
		{heed.PublishNobody, heed.PublishMember, "disclosure/counts", "disclosure/counts", "disclosure/counts", false},
		{heed.PublishAgreed, heed.PublishNobody, "disclosure/times", "", "disclosure/counts", false},
		{heed.PublishOwn, heed.PublishAgreed, "", "", "", true},
		{heed.PublishMember, heed.PublishMember, "", "", "", false},
	} {
		t.Run(string(tt.counts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				net := New(t, Options{Seed: 25}, north, south)
				n, s := net.Parties[0], net.Parties[1]
				net.Start()
				id, _ := ending(t, net, func(a *heed.Accord) { a.Disclosure.Counts, a.Disclosure.Times = tt.counts, tt.times })
				warned, err := n.Exchange.Warn(t.Context(), exchange.WarnOrder{Officer: Anna, Accord: id, Warning: Warning("Under it")})
				if err != nil {
					t.Fatal(err)
				}
				waitFor(t, s, warned.Cases[0], heed.StateSent)
				do(t)(s.Assess(t.Context(), Boris, warned.Cases[0], heed.NotCredible, ""))
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				expect := func(what, says string, err error) {
					t.Helper()
					if says == "" && err != nil {
						t.Errorf("%s: %v", what, err)
					} else if says != "" {
						refusedAs(t, err, says)
						refusedAs(t, err, id.Short())
					}
				}
				// Confined to the accord, and among all cases of the two.
				for _, accord := range []heed.AccordID{id, {}} {
					whole := reconciled(t, net, exchange.FiguresOrder{Accord: accord})
					counts := reconciled(t, net, exchange.FiguresOrder{Accord: accord, WithoutTimes: true})
					for _, p := range net.Parties {
						_, err = p.PublishFigures(t.Context(), Anna, whole)
						expect("with times", tt.agreed, err)
						_, err = p.PublishFigures(t.Context(), Anna, counts)
						expect("without times", tt.agreedCount, err)
						other := net.Parties[0].ID
						if other == p.ID {
							other = net.Parties[1].ID
						}
						alone, err := p.PublishBounds(t.Context(), exchange.FiguresOrder{Officer: Anna, With: other, Accord: accord})
						expect("alone", tt.alone, err)
						if err != nil {
							continue
						}
						sent := false
						for _, l := range alone.Figures[0].Lines {
							sent = sent || l.From == north && l.About == "warnings" && l.Name == "sent"
						}
						if sent != (!tt.own || p == n) {
							t.Errorf("%s publishes that north sent warnings: %t", p.ID, sent)
						}
					}
				}
			})
		})
	}
}

// A statement of figures that are not its author's, or of other parties, is refused.
func TestFiguresOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net, n, s := quiet(t, Options{})
		n.Warn("Possible attack on a concert", s)
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		figuresKey, err := n.Keys.Officer(Anna)
		if err != nil {
			t.Fatal(err)
		}
		now := heed.Instant(n.now())
		honest := func() heed.Figures {
			return heed.Figures{Author: north, AuthorCard: n.Card().Serial, Time: now, Officers: []heed.OfficerStamp{{Role: heed.Supervisor}},
				FiguresBody: heed.FiguresBody{Reading: heed.ReadExact, Pair: [2]heed.PartyID{north, south}, AsOf: now}}
		}
		number := uint64(100)
		tell := func(f heed.Figures, list []byte) answered {
			t.Helper()
			_, text, err := wire.SignFigures(f, n.Keys.nodes[0], figuresKey)
			if err != nil {
				t.Fatal(err)
			}
			if list == nil {
				list = wire.FiguresCasesText(nil)
			}
			var contents []heed.ContentRef
			var more []wire.Part
			for i, data := range [][]byte{text, list} {
				salt := [32]byte{byte(i + 1)}
				media := []string{heed.MediaFigures, heed.MediaFiguresCases}[i]
				digest, err := wire.ContentDigest(media, salt, data)
				if err != nil {
					t.Fatal(err)
				}
				contents = append(contents, heed.ContentRef{Digest: digest, Size: int64(len(data)), MediaType: media})
				more = append(more, wire.Part{Type: wire.PartContent, Data: append(salt[:], data...)})
			}
			_, parts := spokenBy(t, n, heed.Statement{
				Kind: heed.KindFigures, Author: north, AuthorCard: n.Card().Serial, Recipient: south, RecipientCard: s.Card().Serial,
				Time: now, Status: heed.StatusActual, Contents: contents,
			})
			number++
			return hand(t, n, s, sealed(t, n, s, number, append(parts, more...)...))
		}
		for _, tt := range []struct {
			name string
			edit func(*heed.Figures)
			list []byte
			want heed.RefusalCode // empty: received
		}{
			{"of another pair", func(f *heed.Figures) { f.Pair[1] = "west.example" }, nil, heed.Malformed},
			{"under another card", func(f *heed.Figures) { f.AuthorCard++ }, nil, heed.Malformed},
			{"lower bounds", func(f *heed.Figures) { f.Reading = heed.ReadAtLeast }, nil, heed.Malformed},
			{"of what is to come", func(f *heed.Figures) {
				f.AsOf = now.Add(heed.ClockSkew + time.Second)
				f.Time = f.AsOf
			}, nil, heed.ClockAhead},
			{"without a list", func(*heed.Figures) {}, []byte("case: none\n"), heed.Malformed},
			{"as they should be", func(*heed.Figures) {}, nil, ""},
		} {
			f := honest()
			tt.edit(&f)
			got := tell(f, tt.list)
			switch {
			case tt.want == "" && len(got.receipts) != 1:
				t.Errorf("%s: %+v", tt.name, got)
			case tt.want != "" && (len(got.refusals) != 1 || got.refusals[0].Code != tt.want):
				t.Errorf("%s: %+v, want %s", tt.name, got.refusals, tt.want)
			}
		}
		// Nothing is owed for them, so that no quota counts them: those in a row are bounded.
		for i := 1; i < 100; i++ {
			f := honest()
			f.AsOf = now.Add(-time.Duration(i) * time.Second)
			if got := tell(f, nil); len(got.receipts) != 1 {
				t.Fatalf("figures %d: %+v", i+1, got.refusals)
			}
		}
		f := honest()
		f.AsOf = now.Add(-time.Hour)
		if got := tell(f, nil); len(got.refusals) != 1 || got.refusals[0].Code != heed.OverQuota {
			t.Errorf("the 101st in a row: %+v", got)
		}
		if _, err := s.Reconcile(t.Context(), exchange.FiguresOrder{Officer: Anna, With: north}); err != nil {
			t.Fatal(err)
		}
		if got := tell(f, nil); len(got.receipts) != 1 {
			t.Errorf("after one of ours: %+v", got.refusals)
		}
	})
}

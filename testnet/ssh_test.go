package testnet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/seal/sshtest"
	"heed/wire"
)

// holder is an officer at another machine, who holds the key.
type holder struct {
	key    sshtest.Key
	asked  []exchange.SignatureRequest
	before func(exchange.SignatureRequest) // while the officer reads what is to be signed
}

func (h *holder) Sign(_ context.Context, r exchange.SignatureRequest) ([]byte, error) {
	h.asked = append(h.asked, r)
	if h.before != nil {
		h.before(r)
	}
	ssh, err := seal.ParseSSHKey(h.key.Line())
	if err != nil {
		return nil, err
	}
	own, err := ssh.Named(r.Key.Name())
	if err != nil {
		return nil, err
	}
	return seal.ParseSSHSignature(h.key.Sign(sshtest.Namespace, r.Text), own)
}

const ruth heed.OfficerID = "ruth"

// holderOf puts ruth on a party's roster, with a token, and is her.
func holderOf(t *testing.T, p *Party, roles ...heed.Role) *holder {
	t.Helper()
	h := &holder{key: sshtest.New(sshtest.TokenEd25519, string(p.ID))}
	ssh, err := seal.ParseSSHKey(h.key.Line())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.AddSSHOfficer(t.Context(), "", ruth, roles, ssh); err != nil {
		t.Fatal(err)
	}
	return h
}

// Every act of a person's is signed where the person is, and holds with the
// other party; the node alone can make none of them.
func TestSSHOfficer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 31}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		there, here := holderOf(t, n, heed.Roles()...), holderOf(t, s, heed.Roles()...)
		warns, answers := n.SignedBy(there), s.SignedBy(here)
		settle := func() {
			t.Helper()
			if err := net.Settle(); err != nil {
				t.Fatal(err)
			}
		}
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			settle()
		}

		order := exchange.WarnOrder{Officer: ruth, To: []heed.PartyID{south}, Warning: Warning("By a token")}
		var elsewhere *exchange.SignedElsewhere
		if _, err := n.Exchange.Warn(t.Context(), order); !errors.As(err, &elsewhere) || elsewhere.Officer != ruth {
			t.Fatalf("the node warns in her name: %v", err)
		}
		warned, err := warns.Warn(t.Context(), order)
		must("warn", err)
		id := warned.Cases[0]
		if _, err := s.Exchange.Open(t.Context(), ruth, id); !errors.As(err, &elsewhere) {
			t.Errorf("the node opens in her name: %v", err)
		}
		if file, err := s.Look(t.Context(), id); err != nil || len(file.Readings) != 0 {
			t.Errorf("what was not opened was read: %v, %v", file.Readings, err)
		}
		_, err = answers.Open(t.Context(), ruth, id)
		must("open", err)
		_, err = answers.Acknowledge(t.Context(), ruth, id, true)
		must("acknowledge", err)
		_, err = answers.Ask(t.Context(), ruth, id, "Which hall?")
		must("ask", err)
		_, err = warns.Answer(t.Context(), ruth, id, heed.StatementID{}, "The northern one.")
		must("answer", err)
		_, err = answers.Assess(t.Context(), ruth, id, heed.Credible, "It fits.")
		must("assess", err)
		_, err = warns.Supplement(t.Context(), ruth, warned.Cases, Warning("More"), nil)
		must("supplement", err)
		_, err = warns.Recall(t.Context(), ruth, warned.Cases, "It came to nothing.")
		must("recall", err)
		asked, err := warns.AskParty(t.Context(), exchange.AskOrder{Officer: ruth, To: south, Urgency: heed.UrgencyFuture, Status: heed.StatusActual, Text: "Who is this?"})
		must("ask a party", err)
		_, err = answers.Refuse(t.Context(), ruth, asked.Cases[0], heed.NotCompetent, "Not ours.")
		must("refuse", err)

		proposed, err := warns.Propose(t.Context(), ruth, Terms("Two desks", net.Parties...))
		must("propose", err)
		if _, err := s.Exchange.Declare(t.Context(), exchange.AccordOrder{Officer: ruth, Accord: proposed.Accord, Kind: heed.AccordRatification}); !errors.As(err, &elsewhere) {
			t.Errorf("the node ratifies in her name: %v", err)
		}
		_, err = answers.Declare(t.Context(), exchange.AccordOrder{Officer: ruth, Accord: proposed.Accord, Kind: heed.AccordRatification})
		must("ratify", err)
		reach(t, n, proposed.Accord, heed.AccordInForce)

		for _, p := range net.Parties {
			file, err := p.Look(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range file.Statements {
				if acting := file.Acting(said); !said.Kind.ByMachine() && (len(acting) != 1 || !strings.Contains(acting[0].Key, "/officer/ruth+")) {
					t.Errorf("%s has %s of %v", p.ID, said.Kind, acting)
				}
			}
		}
		signs := len(there.asked)
		drill := exchange.DrillOrder{Officer: ruth, To: []heed.PartyID{south}, Every: time.Hour}
		if _, err := warns.ScheduleDrill(t.Context(), drill); !isRefused(err) || len(there.asked) != signs {
			t.Errorf("she is to sign exercises when nobody is there: %v", err)
		}
		other, err := seal.ParseSSHKey(there.key.Line())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.AddSSHOfficer(t.Context(), "", "twin", heed.Roles(), other); !isRefused(err) {
			t.Errorf("two officers with one key: %v", err)
		}
		for _, h := range []*holder{there, here} {
			for _, r := range h.asked {
				if r.Again || r.Officer != ruth || !strings.HasPrefix(r.Text, "heed-") {
					t.Errorf("she was asked for %+v", r)
				}
			}
		}
	})
}

// A drafter with a key of her own signs the draft, and is not asked at its release.
func TestSSHDrafter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := New(t, Options{Seed: 32}, north, south)
		n, s := net.Parties[0], net.Parties[1]
		net.Start()
		id := guarded(t, net, true, true)
		her := holderOf(t, n, heed.Drafter, heed.Releaser)
		order := exchange.WarnOrder{Officer: ruth, Accord: id, Warning: Warning("Drafted by a token")}
		out, err := n.SignedBy(her).Warn(t.Context(), order)
		if err != nil || !out.Drafted || len(her.asked) != 1 || !strings.HasPrefix(her.asked[0].Text, "heed-draft/v1\n") {
			t.Fatalf("%+v, asked for %+v, %v", out, her.asked, err)
		}
		// The node cannot release it in her name, and she alone is no two officers.
		var elsewhere *exchange.SignedElsewhere
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: ruth, Draft: string(out.Code), Check: form()}); !errors.As(err, &elsewhere) && !isRefused(err) {
			t.Errorf("the node releases in her name: %v", err)
		}
		if _, err := n.SignedBy(her).Release(t.Context(), exchange.ReleaseOrder{Officer: ruth, Draft: string(out.Code), Check: form()}); !isRefused(err) || len(her.asked) != 1 {
			t.Errorf("she releases her own draft: %v, asked %d times", err, len(her.asked))
		}
		released := release(t, n, Boris, out.Code, form())
		if err := net.Settle(); err != nil {
			t.Fatal(err)
		}
		if len(her.asked) != 1 {
			t.Errorf("she was asked again: %+v", her.asked)
		}
		for _, p := range net.Parties {
			file, err := p.Look(t.Context(), released.Cases[0])
			if err != nil {
				t.Fatal(err)
			}
			var names []heed.OfficerID
			for _, stamp := range file.Acting(file.Opening) {
				name, _ := wire.OfficerOf(stamp.Key)
				names = append(names, name)
			}
			if !slices.Equal(names, []heed.OfficerID{ruth, Boris}) {
				t.Errorf("%s has it as released by %v", p.ID, names)
			}
		}

		// What she drafted goes no more once she is removed.
		out, err = n.SignedBy(her).Warn(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		if err := n.RemoveOfficer(t.Context(), "", ruth); err != nil {
			t.Fatal(err)
		}
		if _, err := n.Release(t.Context(), exchange.ReleaseOrder{Officer: Boris, Draft: string(out.Code), Check: form()}); !isRefused(err) {
			t.Errorf("a removed officer's draft is released: %v", err)
		}
		if held := s.Case(released.Cases[0]); len(held.Statements) == 0 {
			t.Error("south has nothing")
		}
	})
}

// While she reads what she is to sign, anything may happen. What is kept is what
// she signed, of the matter as it then stands, or nothing.
func TestWhileAnOfficerSigns(t *testing.T) {
	t.Parallel()
	refused := func(err error) bool { return isRefused(err) }
	invalid := func(err error) bool { var i *heed.Invalid; return errors.As(err, &i) }
	done := func(err error) bool { return err == nil }
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, s *Party, id heed.CaseID, h *holder)
		want      func(error) bool
		asked     int
	}{
		"nothing happens": {func(*testing.T, *Party, heed.CaseID, *holder) {}, done, 1},
		"another of ours speaks": {func(t *testing.T, s *Party, id heed.CaseID, h *holder) {
			if len(h.asked) == 1 {
				_, err := s.Exchange.Interim(t.Context(), Anna, id, time.Now().Add(time.Hour), "soon")
				if err != nil {
					t.Error(err)
				}
			}
		}, done, 2},
		"others of ours speak without end": {func(t *testing.T, s *Party, id heed.CaseID, h *holder) {
			if _, err := s.Exchange.Interim(t.Context(), Anna, id, time.Now().Add(time.Hour), "soon"); err != nil {
				t.Error(err)
			}
		}, refused, 1 + exchange.MaxAgain},
		"another acknowledges": {func(t *testing.T, s *Party, id heed.CaseID, h *holder) {
			if _, err := s.Exchange.Acknowledge(t.Context(), Anna, id, false); err != nil {
				t.Error(err)
			}
		}, refused, 1},
		"the warning is recalled": {func(t *testing.T, s *Party, id heed.CaseID, h *holder) {
			if _, err := s.net.Parties[0].Exchange.Recall(t.Context(), Anna, []heed.CaseID{id}, "withdrawn"); err != nil {
				t.Error(err)
			}
			time.Sleep(3 * time.Second)
		}, refused, 1},
		"she is removed": {func(t *testing.T, s *Party, _ heed.CaseID, _ *holder) {
			if err := s.RemoveOfficer(t.Context(), "", ruth); err != nil {
				t.Error(err)
			}
		}, refused, 1},
		"her role is taken": {func(t *testing.T, s *Party, _ heed.CaseID, _ *holder) {
			if _, err := s.AddOfficer(t.Context(), "", ruth, []heed.Role{heed.Auditor}); err != nil {
				t.Error(err)
			}
		}, refused, 1},
		"her role is another": {func(t *testing.T, s *Party, _ heed.CaseID, _ *holder) {
			if _, err := s.AddOfficer(t.Context(), "", ruth, []heed.Role{heed.Supervisor}); err != nil {
				t.Error(err)
			}
		}, done, 2},
		"she takes her time": {func(*testing.T, *Party, heed.CaseID, *holder) { time.Sleep(exchange.MaxSigning + time.Second) }, refused, 1},
		"somebody else signs": {func(_ *testing.T, _ *Party, _ heed.CaseID, h *holder) {
			h.key = sshtest.New(sshtest.TokenEd25519, "somebody else")
		}, invalid, 1},
		"she does not touch her token": {func(_ *testing.T, _ *Party, _ heed.CaseID, h *holder) { h.key.Flags = 0 }, invalid, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base := Seconds()
				for _, by := range base.Clock {
					for u := range by {
						by[u] = time.Hour // no reminder is due while she signs
					}
				}
				net := New(t, Options{Seed: 33, Baseline: base}, north, south)
				n, s := net.Parties[0], net.Parties[1]
				net.Start()
				id := n.Warn("A man may travel", s)[0]
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
				h := holderOf(t, s, heed.DutyOfficer, heed.Supervisor)
				h.before = func(exchange.SignatureRequest) { c.meanwhile(t, s, id, h) }
				made, err := s.SignedBy(h).Acknowledge(t.Context(), ruth, id, false)
				if !c.want(err) || len(h.asked) != c.asked {
					t.Fatalf("it ends with %v, asked %d times", err, len(h.asked))
				}
				for i, r := range h.asked {
					if r.Again != (i > 0) {
						t.Errorf("request %d is again: %t", i, r.Again)
					}
				}
				kept := s.Case(id)
				hers := 0
				for _, said := range kept.Statements {
					if len(said.Officers) == 1 && strings.Contains(said.Officers[0].Key, "/officer/ruth+") {
						hers++
					}
				}
				if want := map[bool]int{true: 1}[err == nil]; hers != want {
					t.Errorf("%d statements of hers are kept, want %d", hers, want)
				}
				if err == nil && kept.Last(south) != made.ID {
					t.Error("hers is not the last")
				}
				h.before = nil
				if err := net.Settle(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

package notify

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// No attempt may leave anything running behind once the other end has let go.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "rewrite the golden files")

// overdue is the notice that most tests send: an exercise, told to the warned
// party's supervisor.
func overdue() Notice {
	return Notice{
		ID: "n-7K3MQ2XA-acknowledge-1", Case: "7K3MQ2XA",
		Party: "north.example", Peer: "south.example",
		Duty: "acknowledge", OwedBy: "north.example",
		Due: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC), State: Overdue, Level: 1,
		Role: "supervisor", Telephone: "+00 555 0100", Mail: "supervisor@north.example",
		Zone: time.FixedZone("", 3*3600), Exercise: true,
		Now: time.Date(2026, 11, 22, 21, 0, 5, 0, time.UTC),
	}
}

// received is what the duty officer is told when a warning arrives in earnest.
func received() Notice {
	n := overdue()
	n.ID, n.State, n.Level, n.Exercise = "n-7K3MQ2XA-acknowledge-0", Received, 0, false
	n.Role, n.Telephone, n.Zone = "duty-officer", "", nil
	n.Now = n.Due.Add(-8 * time.Hour)
	return n
}

// hit is what the duty officer is told when a record has matched somebody on watch.
func hit() Notice {
	n := received()
	n.ID, n.Hit, n.Case, n.Duty = "hit-Z81KMXBF-1763845200000-0", true, "Z81KMXBF", "review"
	return n
}

func TestNoticeOfAHit(t *testing.T) {
	list := hit()
	list.Peer = "list sanctions"
	if err := list.Check(); err != nil {
		t.Error(err)
	}
	for what, edit := range map[string]func(*Notice){
		"of nothing":        func(n *Notice) { n.Peer = "" },
		"in several lines":  func(n *Notice) { n.Peer = "list\nsanctions" },
		"owed by another":   func(n *Notice) { n.OwedBy = n.Peer },
		"of a contact":      func(n *Notice) { n.OneSided, n.Peer = true, "harbour-ops" },
		"without its code":  func(n *Notice) { n.Case = "" },
		"fewer than none":   func(n *Notice) { n.More = -1 },
		"more of nothing":   func(n *Notice) { n.Hit, n.More = false, 3 },
		"not even of a hit": func(n *Notice) { n.Hit, n.Peer = false, "list sanctions" },
	} {
		n := hit()
		edit(&n)
		if err := n.Check(); !errors.Is(err, ErrNotice) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestWebhookSaysThatItIsAHit(t *testing.T) {
	for _, n := range []Notice{hit(), received()} {
		body, err := json.Marshal(n.hook())
		if err != nil || strings.Contains(string(body), `"hit":true`) != n.Hit {
			t.Errorf("%s, %v", body, err)
		}
	}
}

// news is what the warner's duty officer is told, to which nobody owes a reply.
func news(what string) Notice {
	n := received()
	n.ID, n.News, n.Duty, n.OwedBy = "7K3MQ2XA-0a1b2c3d-"+what, what, "", ""
	return n
}

func TestNews(t *testing.T) {
	for what := range newsWords {
		n := news(what)
		if err := n.Check(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if len(n.Subject()) > 200 || strings.Contains(n.Text(), "owes") {
			t.Errorf("%s is told as %q\n%s", what, n.Subject(), n.Text())
		}
		if body, err := json.Marshal(n.hook()); err != nil || !strings.Contains(string(body), `"type":"news.`+what+`"`) || !strings.Contains(string(body), `"news":"`+what+`"`) {
			t.Errorf("%s, %v", body, err)
		}
	}
	for what, edit := range map[string]func(*Notice){
		"of an unknown kind": func(n *Notice) { n.News = "rumour" },
		"more of a watch":    func(n *Notice) { n.News, n.More = WatchKept, 1 },
		"of a duty":          func(n *Notice) { n.Duty = "report" },
		"owed by somebody":   func(n *Notice) { n.OwedBy = n.Peer },
		"overdue":            func(n *Notice) { n.State, n.Level = Overdue, 1 },
		"of a hit of ours":   func(n *Notice) { n.Hit = true },
		"of a contact":       func(n *Notice) { n.OneSided, n.Peer = true, "harbour-ops" },
		"to nobody":          func(n *Notice) { n.Role = "" },
		"in several lines":   func(n *Notice) { n.Role = "a\nb" },
		"without its time":   func(n *Notice) { n.Due = time.Time{} },
	} {
		n := news(HitReported)
		edit(&n)
		if err := n.Check(); !errors.Is(err, ErrNotice) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestWordsThatPeopleRead(t *testing.T) {
	theirs := overdue()
	theirs.OwedBy, theirs.Duty, theirs.Level, theirs.Role = "south.example", "report", 2, "начальник смены"
	theirs.Ring, theirs.Telephone = "night-desk", "+00 555 0199"
	late := hit()
	late.Peer, late.State, late.Level, late.Exercise = "list sanctions", Overdue, 2, true
	many := hit()
	many.More = 494
	reported, ends, ended := news(HitReported), news(LapseAnnounced), news(LapseAnnounced)
	reported.More, ended.Now = 3, ended.Due.Add(time.Hour)
	ends.Zone, ends.Exercise = time.FixedZone("", 3*3600), true
	for name, n := range map[string]Notice{"reported.txt": reported, "watch-ends.txt": ends, "watch-ended.txt": ended, "linked.txt": news(Linked), "hits.txt": many, "overdue.txt": overdue(), "received.txt": received(), "theirs.txt": theirs, "hit.txt": hit(), "hit-overdue.txt": late} {
		if err := n.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		golden(t, name, "Subject: "+n.Subject()+"\n\n"+n.Text())
	}
}

func TestEveryDutyHasItsWords(t *testing.T) {
	for duty, want := range map[string]string{
		"acknowledge": "acknowledgement", "assess": "assessment", "answer": "answer",
		"report": "report of action", "conclude": "conclusion", "review": "review of a possible match",
		"ratify": "reply to a proposal", "decide": "decision on the end of a watch",
		"brand-new": "reply (brand new)",
	} {
		n := overdue()
		n.Duty = duty
		for _, state := range []string{Received, Overdue} {
			n.State = state
			if err := n.Check(); err != nil {
				t.Errorf("%s: %v", duty, err)
			}
			for what, text := range map[string]string{"subject": n.Subject(), "text": n.Text()} {
				if !strings.Contains(text, want) {
					t.Errorf("%s of %s %s does not say %q:\n%s", what, state, duty, want, text)
				}
				for _, ours := range []string{"duty:", "rung", "silence", "Duty"} {
					if strings.Contains(text, ours) {
						t.Errorf("%s of %s says %q, which is our word and not people's:\n%s", what, duty, ours, text)
					}
				}
			}
			if len(n.Subject()) > 200 {
				t.Errorf("subject of %s has %d bytes", duty, len(n.Subject()))
			}
		}
	}
}

func TestStamp(t *testing.T) {
	at := time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		zone *time.Location
		want string
	}{
		{at, time.FixedZone("", 3*3600), "2026-11-22 21:00 UTC (2026-11-23 00:00 +03:00)"},
		{at, time.FixedZone("", -(3*3600 + 1800)), "2026-11-22 21:00 UTC (2026-11-22 17:30 -03:30)"},
		{at.Add(7 * time.Second), time.FixedZone("", 3600), "2026-11-22 21:00:07 UTC (2026-11-22 22:00:07 +01:00)"},
		{at.In(time.FixedZone("", 7200)), nil, "2026-11-22 21:00 UTC"},
		{at, time.UTC, "2026-11-22 21:00 UTC"},
	} {
		if got := Stamp(c.at, c.zone); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCheckRefusesWhatIsNotText(t *testing.T) {
	for name, spoil := range map[string]func(*Notice){
		"line break in id":           func(n *Notice) { n.ID += "\r\nBcc: x@west.example" },
		"full stop in id":            func(n *Notice) { n.ID = "a.b" },
		"no id":                      func(n *Notice) { n.ID = "" },
		"long id":                    func(n *Notice) { n.ID = strings.Repeat("a", 101) },
		"line break in case":         func(n *Notice) { n.Case = "7K3M\nQ2X" },
		"letter that codes have not": func(n *Notice) { n.Case = "7K3MQ2XU" },
		"line break in party":        func(n *Notice) { n.Party = "north.example\n"; n.OwedBy = n.Party },
		"line break in peer":         func(n *Notice) { n.Peer = "south\r\n.example" },
		"peer is party":              func(n *Notice) { n.Peer = n.Party },
		"owed by a third":            func(n *Notice) { n.OwedBy = "west.example" },
		"line break in duty":         func(n *Notice) { n.Duty = "assess\r\n" },
		"sentence as duty":           func(n *Notice) { n.Duty = "assess him" },
		"unknown state":              func(n *Notice) { n.State = "late" },
		"negative level":             func(n *Notice) { n.Level = -1 },
		"level beyond bounds":        func(n *Notice) { n.Level = 100 },
		"no role":                    func(n *Notice) { n.Role = "" },
		"carriage return in role":    func(n *Notice) { n.Role = "supervisor\rX: y" },
		"line break in role":         func(n *Notice) { n.Role = "supervisor\r\nBcc: x@west.example" },
		"line separator in role":     func(n *Notice) { n.Role = "supervisor\u2028x" },
		"broken text in role":        func(n *Notice) { n.Role = "super\xffvisor" },
		"long role":                  func(n *Notice) { n.Role = strings.Repeat("a", 121) },
		"line break in telephone":    func(n *Notice) { n.Telephone = "+00\n555" },
		"line break in ring":         func(n *Notice) { n.Ring = "desk\nx" },
		"zero byte in telephone":     func(n *Notice) { n.Telephone = "+00\x00555" },
		"no due time":                func(n *Notice) { n.Due = time.Time{} },
		"no time":                    func(n *Notice) { n.Now = time.Time{} },
	} {
		n := overdue()
		spoil(&n)
		err := n.Check()
		if !errors.Is(err, ErrNotice) || !Permanent(err) {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: the refusal itself breaks the line: %q", name, err)
		}
	}
	for _, role := range []string{"duty-officer", "Lagezentrum (Nacht)", "افسر نگهبان‌ها", "当直", "Chef d'équipe"} {
		n := overdue()
		n.Role = role
		if err := n.Check(); err != nil {
			t.Errorf("role %q: %v", role, err)
		}
	}
}

func TestForeignWordsAreMadeHarmless(t *testing.T) {
	n := overdue()
	n.Role = "@everyone <!channel> super\u202evisor"
	n.Telephone = "https://west.example [ring](x) `555`"
	if err := n.Check(); err != nil {
		t.Fatalf("a card could silence notices: %v", err)
	}
	if want := "Ring:             ?everyone ??channel? super?visor, https?//west.example ?ring?(x) ?555?\n"; !strings.Contains(n.Text(), want) {
		t.Errorf("got\n%s\nwant %s", n.Text(), want)
	}
	if strings.Contains(n.Subject(), "everyone") {
		t.Errorf("subject %q", n.Subject())
	}
}

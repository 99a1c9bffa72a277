package notify

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

func someLetter() Letter {
	return Letter{
		ID: "7K3MQ2XA-5b21c0de-warning-00000000", To: "ops@harbour.example", Subject: "Avertissement, dossier 7K3M-Q2XA", Text: "Une source déjà jugée fiable.\n",
		HTML: []byte("<!doctype html><p>Une source déjà jugée fiable."), Now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
	}
}

func TestALetterByMail(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS = true })
	if err := newMail(t, office.config()).SendLetter(t.Context(), someLetter()); err != nil {
		t.Fatal(err)
	}
	all := office.letters()
	if len(all) != 1 || !all[0].secured || all[0].to != "TO:<ops@harbour.example>" {
		t.Fatalf("%+v", all)
	}
	m, err := netmail.ReadMessage(strings.NewReader(all[0].data))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Subject") != someLetter().Subject || !strings.HasPrefix(m.Header.Get("Message-Id"), "<"+someLetter().ID+"@") || m.Header.Get("Auto-Submitted") != "" {
		t.Errorf("header %v", m.Header)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatal(media, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for i, want := range []string{"text/plain", "text/html"} {
		p, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil || !strings.HasPrefix(p.Header.Get("Content-Type"), want) || !strings.Contains(string(text), "déjà jugée fiable") {
			t.Errorf("part %d: %v %q %v", i, p.Header, text, err)
		}
	}
}

func TestALetterThatNoMailMayCarry(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS = true })
	mail := newMail(t, office.config())
	for name, change := range map[string]func(*Letter){
		"no id":                   func(l *Letter) { l.ID = "" },
		"a header in the id":      func(l *Letter) { l.ID = "a\r\nBcc: x@y.example" },
		"a header in the subject": func(l *Letter) { l.Subject = "a\r\nBcc: x@y.example" },
		"no subject":              func(l *Letter) { l.Subject = "" },
		"two recipients":          func(l *Letter) { l.To = "a@b.example, c@d.example" },
		"nobody":                  func(l *Letter) { l.To = "" },
		"nothing":                 func(l *Letter) { l.Text = "" },
		"too much":                func(l *Letter) { l.Text = strings.Repeat("x", maxLetter+1) },
		"no time":                 func(l *Letter) { l.Now = time.Time{} },
	} {
		l := someLetter()
		change(&l)
		if err := mail.SendLetter(t.Context(), l); !errors.Is(err, ErrNotice) || !Permanent(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := office.letters(); len(all) != 0 {
		t.Errorf("sent %+v", all)
	}
	busy := newPostOffice(t, func(o *postOffice) { o.startTLS, o.replies["RCPT"] = true, "450 4.2.1 later" })
	if err := newMail(t, busy.config()).SendLetter(t.Context(), someLetter()); err == nil || Permanent(err) {
		t.Errorf("a server that is busy: %v", err)
	}
}

func TestMailerIsTheFirstMailChannel(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS = true })
	m := newMail(t, office.config())
	if _, ok := (Routes{}).Mailer(); ok {
		t.Error("a mailer of no routes")
	}
	if got, ok := (Routes{{Channel: &Webhook{}}, {Channel: m, MinLevel: 8}}).Mailer(); !ok || got != m {
		t.Errorf("%v, %v", got, ok)
	}
}

// A notice of a one-sided case names the partner by the name on record, which is
// no party's, and says whose word it is.
func TestANoticeOfAOneSidedCase(t *testing.T) {
	n := overdue()
	n.Peer, n.OwedBy = "harbour-ops", "harbour-ops"
	if err := n.Check(); !errors.Is(err, ErrNotice) {
		t.Errorf("a contact as a party: %v", err)
	}
	n.OneSided = true
	if err := n.Check(); err != nil {
		t.Fatal(err)
	}
	if text := n.Text(); !strings.Contains(text, "harbour-ops runs no heed and has signed nothing") {
		t.Errorf("%s", text)
	}
	if h := n.hook(); !h.Data.OneSided || h.Data.Peer != "harbour-ops" {
		t.Errorf("%+v", h)
	}
	n.Peer = "south.example"
	n.OwedBy = n.Peer
	if err := n.Check(); !errors.Is(err, ErrNotice) {
		t.Errorf("a party as a contact: %v", err)
	}
}

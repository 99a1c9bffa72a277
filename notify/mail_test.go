package notify

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// postOffice is a small mail server: it speaks as much SMTP as a relay does,
// and misbehaves on demand.
type postOffice struct {
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool

	startTLS bool              // offers STARTTLS
	implicit bool              // speaks TLS from the first byte
	login    string            // "user:password" it asks for
	replies  map[string]string // verb -> the reply to give instead of the usual one
	mute     string            // verb after which it says nothing more
	flood    bool              // greets with an endless line

	mu        sync.Mutex
	delivered []letter
	talk      []string
	open      sync.WaitGroup
}

type letter struct {
	from, to, data string
	secured        bool
}

func newPostOffice(t *testing.T, shape func(*postOffice)) *postOffice {
	t.Helper()
	lender := httptest.NewTLSServer(nil) // lends a certificate for 127.0.0.1
	lender.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	office := &postOffice{
		listener: listener, tls: &tls.Config{Certificates: lender.TLS.Certificates},
		roots: x509.NewCertPool(), replies: map[string]string{},
	}
	office.roots.AddCert(lender.Certificate())
	shape(office)
	office.open.Add(1)
	go func() {
		defer office.open.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			office.open.Add(1)
			go func() {
				defer office.open.Done()
				defer conn.Close()
				office.serve(conn)
			}()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		office.open.Wait() // every conversation must have ended
	})
	return office
}

func (o *postOffice) serve(conn net.Conn) {
	secured := o.implicit
	if o.implicit {
		conn = tls.Server(conn, o.tls)
	}
	in := bufio.NewReader(conn)
	say := func(reply string) { io.WriteString(conn, reply+"\r\n") }
	if o.flood {
		for err := error(nil); err == nil; {
			_, err = io.WriteString(conn, strings.Repeat("x", 4096))
		}
		return
	}
	if reply, bent := o.replies["greeting"]; bent {
		say(reply)
	} else {
		say("220 mail.north.example ready")
	}
	var now letter
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		verb = strings.ToUpper(verb)
		o.mu.Lock()
		o.talk = append(o.talk, line)
		o.mu.Unlock()
		if verb == o.mute {
			io.Copy(io.Discard, conn)
			return
		}
		reply, bent := o.replies[verb]
		switch {
		case bent:
			say(reply)
		case verb == "EHLO":
			extensions := []string{"mail.north.example", "8BITMIME", "ENHANCEDSTATUSCODES"}
			if o.startTLS && !secured {
				extensions = append(extensions, "STARTTLS")
			}
			if o.login != "" {
				extensions = append(extensions, "AUTH PLAIN LOGIN")
			}
			for i, extension := range extensions {
				say("250" + map[bool]string{true: " ", false: "-"}[i == len(extensions)-1] + extension)
			}
		case verb == "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, o.tls)
			in = bufio.NewReader(conn)
			secured = true
		case verb == "AUTH":
			user, password, _ := strings.Cut(o.login, ":")
			if rest == "PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) {
				say("235 welcome")
			} else {
				say("535 5.7.8 wrong")
			}
		case verb == "MAIL":
			now = letter{from: rest, secured: secured}
			say("250 2.1.0 ok")
		case verb == "RCPT":
			now.to = rest
			say("250 2.1.5 ok")
		case verb == "DATA":
			say("354 go on")
			var data strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				data.WriteString(strings.TrimPrefix(line, "."))
			}
			now.data = data.String()
			if reply, bent := o.replies["end"]; bent {
				say(reply)
				continue
			}
			o.mu.Lock()
			o.delivered = append(o.delivered, now)
			o.mu.Unlock()
			say("250 2.0.0 queued")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (o *postOffice) letters() []letter {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]letter(nil), o.delivered...)
}

func (o *postOffice) heard(start string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, line := range o.talk {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

func (o *postOffice) config() MailConfig {
	return MailConfig{
		Name: "desk-mail", Host: "127.0.0.1", Port: o.listener.Addr().(*net.TCPAddr).Port,
		From: "heed north <heed@north.example>", Helo: "node.north.example", Roots: o.roots, Timeout: 5 * time.Second,
	}
}

func newMail(t *testing.T, c MailConfig) *Mail {
	t.Helper()
	m, err := NewMail(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMailOverStartTLSWithLogin(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS, o.login = true, "heed:correct horse" })
	c := office.config()
	c.Username, c.Password = "heed", "correct horse"
	m := newMail(t, c)
	n := overdue()
	n.Role = "начальник смены"
	if err := m.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	letters := office.letters()
	if len(letters) != 1 || !letters[0].secured {
		t.Fatalf("got %+v, want one letter over TLS", letters)
	}
	got := letters[0]
	if !strings.HasPrefix(got.from, "FROM:<heed@north.example>") || !strings.HasPrefix(got.to, "TO:<supervisor@north.example>") {
		t.Errorf("envelope: %s %s", got.from, got.to)
	}
	if !office.heard("EHLO node.north.example") {
		t.Errorf("no EHLO with the configured name: %q", office.talk)
	}
	message, err := netmail.ReadMessage(strings.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"Subject":        "[EXERCISE] heed 7K3M-Q2XA: acknowledgement overdue since 2026-11-22 21:00Z, level 1",
		"Message-ID":     "<n-7K3MQ2XA-acknowledge-1@north.example>",
		"Auto-Submitted": "auto-generated",
		"Date":           "Sun, 22 Nov 2026 21:00:05 +0000",
		"To":             "<supervisor@north.example>",
		"From":           `"heed north" <heed@north.example>`,
		"User-Agent":     "",
	} {
		value, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get(header))
		if err != nil || value != want {
			t.Errorf("%s: got %q, want %q (%v)", header, value, want, err)
		}
	}
	if got := message.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain;") {
		t.Errorf("content type %q", got)
	}
	if got := message.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		t.Fatalf("transfer encoding %q", got)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(n.Text()) {
		t.Errorf("got\n%s\nwant\n%s", got, n.Text())
	}
}

func TestMailOverImplicitTLSAndNone(t *testing.T) {
	for _, how := range []string{TLSImplicit, TLSNone} {
		office := newPostOffice(t, func(o *postOffice) { o.implicit = how == TLSImplicit })
		c := office.config()
		c.TLS = how
		if err := newMail(t, c).Send(t.Context(), received()); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		letters := office.letters()
		if len(letters) != 1 || letters[0].secured != (how == TLSImplicit) {
			t.Errorf("%s: got %+v", how, letters)
		}
	}
}

func TestMailGoesNowhereWithoutTLS(t *testing.T) {
	t.Run("not offered", func(t *testing.T) {
		office := newPostOffice(t, func(o *postOffice) { o.login = "heed:correct horse" })
		c := office.config()
		c.Username, c.Password = "heed", "correct horse"
		err := newMail(t, c).Send(t.Context(), overdue())
		if err == nil || Permanent(err) {
			t.Errorf("got %v, want a fault that may pass", err)
		}
		if office.heard("AUTH") || office.heard("MAIL") {
			t.Errorf("spoke on in clear: %q", office.talk)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		office := newPostOffice(t, func(o *postOffice) { o.startTLS = true })
		c := office.config()
		c.Roots = x509.NewCertPool()
		err := newMail(t, c).Send(t.Context(), overdue())
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) || Permanent(err) || len(office.letters()) != 0 {
			t.Errorf("got %v", err)
		}
	})
}

func TestMailRefusals(t *testing.T) {
	for _, c := range []struct {
		at, reply string
		permanent bool
	}{
		{"greeting", "554 5.3.2 closed", false},
		{"greeting", "421 4.3.2 later", false},
		{"MAIL", "550 5.7.1 not from you", true},
		{"MAIL", "451 4.3.0 later", false},
		{"RCPT", "550 5.1.1 nobody here", true},
		{"RCPT", "450 4.2.1 greylisted", false},
		{"DATA", "554 5.5.1 no", true},
		{"DATA", "451 4.3.0 later", false},
		{"end", "552 5.3.4 too big", true},
		{"end", "452 4.3.1 full", false},
	} {
		office := newPostOffice(t, func(o *postOffice) {
			o.startTLS = true
			o.replies[c.at] = c.reply
		})
		err := newMail(t, office.config()).Send(t.Context(), overdue())
		var fault *Fault
		if !errors.As(err, &fault) || fault.Channel != "desk-mail" || Permanent(err) != c.permanent {
			t.Errorf("%s %s: got %v, permanent %v", c.at, c.reply, err, Permanent(err))
		}
		if err != nil && !strings.Contains(err.Error(), c.reply[4:]) {
			t.Errorf("%s %s: the error does not repeat the reason: %v", c.at, c.reply, err)
		}
		if len(office.letters()) != 0 {
			t.Errorf("%s %s: delivered all the same", c.at, c.reply)
		}
	}
}

func TestMailWrongPasswordMayBeMended(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS, o.login = true, "heed:correct horse" })
	c := office.config()
	c.Username, c.Password = "heed", "battery staple"
	err := newMail(t, c).Send(t.Context(), overdue())
	if err == nil || Permanent(err) {
		t.Fatalf("got %v, want a fault that may pass", err)
	}
	if strings.Contains(err.Error(), "battery") {
		t.Errorf("the password is in the error: %v", err)
	}
}

func TestMailAcceptedIsAccepted(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) {
		o.startTLS = true
		o.replies["QUIT"] = "500 what?"
	})
	if err := newMail(t, office.config()).Send(t.Context(), overdue()); err != nil {
		t.Errorf("a failed goodbye became a failed delivery: %v", err)
	}
	if len(office.letters()) != 1 {
		t.Errorf("got %d letters", len(office.letters()))
	}
}

func TestMailServerThatStallsOrFloods(t *testing.T) {
	for _, mute := range []string{"EHLO", "RCPT", "DATA"} {
		office := newPostOffice(t, func(o *postOffice) { o.startTLS, o.mute = true, mute })
		c := office.config()
		c.Timeout = 300 * time.Millisecond
		if err := newMail(t, c).Send(t.Context(), overdue()); err == nil || Permanent(err) {
			t.Errorf("silent after %s: got %v", mute, err)
		}
	}
	t.Run("cancelled", func(t *testing.T) {
		office := newPostOffice(t, func(o *postOffice) { o.startTLS, o.mute = true, "MAIL" })
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		c := office.config()
		c.Timeout = time.Minute
		if err := newMail(t, c).Send(ctx, overdue()); !errors.Is(err, context.DeadlineExceeded) || Permanent(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("flood", func(t *testing.T) {
		office := newPostOffice(t, func(o *postOffice) { o.flood = true })
		if err := newMail(t, office.config()).Send(t.Context(), overdue()); !errors.Is(err, errTalkative) || Permanent(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestMailRefusesWhatCouldAddAHeader(t *testing.T) {
	office := newPostOffice(t, func(o *postOffice) { o.startTLS = true })
	m := newMail(t, office.config())
	for _, address := range []string{
		"a@north.example\r\nBcc: b@west.example", "a@north.example\n", "a@north.example>\r\nRCPT TO:<b@west.example",
		"a@north.example, b@west.example", "A <a@north.example>", `"a b"@north.example`, "a@north.example (x)", "a b@north.example",
		"a", "a@", "дежурный@north.example", strings.Repeat("a", 250) + "@north.example",
	} {
		n := overdue()
		n.Mail = address
		if err := m.Send(t.Context(), n); !errors.Is(err, ErrNotice) || !Permanent(err) {
			t.Errorf("%q: got %v", address, err)
		}
	}
	n := overdue()
	n.Role = "supervisor\r\nBcc: b@west.example"
	if err := m.Send(t.Context(), n); !errors.Is(err, ErrNotice) || !Permanent(err) {
		t.Errorf("role: got %v", err)
	}
	n = overdue()
	n.Mail = ""
	if err := m.Send(t.Context(), n); !errors.Is(err, ErrNoAddress) || !Permanent(err) {
		t.Errorf("no address: got %v", err)
	}
	if office.heard("EHLO") {
		t.Error("a refused notice reached the server")
	}
}

func TestMailSettings(t *testing.T) {
	good := MailConfig{Name: "m", Host: "mail.north.example", From: "heed@north.example"}
	for name, c := range map[string]struct {
		field string
		spoil func(*MailConfig)
	}{
		"no name":             {"name", func(c *MailConfig) { c.Name = "" }},
		"no host":             {"host", func(c *MailConfig) { c.Host = "" }},
		"line break in host":  {"host", func(c *MailConfig) { c.Host = "mail\r\nx" }},
		"socket":              {"host", func(c *MailConfig) { c.Host = "unix:///run/x" }},
		"port":                {"port", func(c *MailConfig) { c.Port = 70000 }},
		"optional tls":        {"tls", func(c *MailConfig) { c.TLS = "opportunistic" }},
		"password in clear":   {"tls", func(c *MailConfig) { c.TLS, c.Username, c.Password = TLSNone, "u", "p" }},
		"no password":         {"password", func(c *MailConfig) { c.Username = "u" }},
		"no user":             {"password", func(c *MailConfig) { c.Password = "p" }},
		"unknown login":       {"auth", func(c *MailConfig) { c.Auth, c.Username, c.Password = "ntlm", "u", "p" }},
		"login for nobody":    {"auth", func(c *MailConfig) { c.Auth = AuthPlain }},
		"no sender":           {"from", func(c *MailConfig) { c.From = "" }},
		"line break in from":  {"from", func(c *MailConfig) { c.From = "a@north.example\r\nBcc: b@west.example" }},
		"line break in name":  {"from", func(c *MailConfig) { c.From = "=?utf-8?q?a=0D=0ABcc:_b?= <a@north.example>" }},
		"line break in helo":  {"helo", func(c *MailConfig) { c.Helo = "a\r\nMAIL" }},
		"timeout too short":   {"timeout", func(c *MailConfig) { c.Timeout = time.Millisecond }},
		"timeout without end": {"timeout", func(c *MailConfig) { c.Timeout = time.Hour }},
	} {
		config := good
		c.spoil(&config)
		_, err := NewMail(config)
		var setting *Setting
		if !errors.As(err, &setting) || setting.Name != c.field {
			t.Errorf("%s: got %v, want a mistake in %s", name, err, c.field)
		}
	}
	for tls, port := range map[string]int{"": 587, TLSStart: 587, TLSImplicit: 465, TLSNone: 25} {
		config := good
		config.TLS = tls
		if m := newMail(t, config); m.port != port || m.helo != "north.example" {
			t.Errorf("tls %q: port %d, helo %q", tls, m.port, m.helo)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	m := newMail(t, MailConfig{Name: "m", Host: "mail.north.example", From: "heed@north.example", Username: "u", Password: "hunter-two"})
	w, err := NewWebhook(WebhookConfig{Name: "w", URL: "https://hooks.north.example/hunter-two", Secret: hookSecret})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewChat(ChatConfig{Name: "c", URL: "ntfy://u:hunter-two@ntfy.north.example/desk"})
	if err != nil {
		t.Fatal(err)
	}
	for _, channel := range []Channel{m, w, c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(verb, channel); strings.Contains(got, "hunter-two") || strings.Contains(got, "MfKQ9r8") {
				t.Errorf("%s of %T prints its secret: %s", verb, channel, got)
			}
			if got := fmt.Sprintf(verb, Route{Channel: channel}); strings.Contains(got, "hunter-two") {
				t.Errorf("%s of a route prints a secret: %s", verb, got)
			}
		}
	}
}

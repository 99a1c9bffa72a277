package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// How a connection to a mail server is protected. There is no "if the server
// offers it": whoever sits on the line would see to it that it does not.
const (
	TLSStart    = "starttls" // RFC 3207, refused to go on without; port 587
	TLSImplicit = "implicit" // RFC 8314; port 465
	TLSNone     = "none"     // for a relay on the same machine; port 25
)

// Ways to log in to a mail server, each only under TLS.
const (
	AuthPlain = "plain"         // RFC 4616
	AuthLogin = "login"         // for servers that know nothing better
	AuthSCRAM = "scram-sha-256" // RFC 7677
)

// MailConfig is what a [Mail] is made from.
type MailConfig struct {
	Name string
	Host string // the server's name, which its certificate must bear
	Port int    // 0 means the usual one of TLS
	TLS  string // TLSStart if empty
	Auth string // AuthPlain if empty; used if there is a user name
	// Username and Password log in; both empty for a server that asks for none.
	Username, Password string
	// From is the sender's address, with or without a display name.
	From string
	// Helo is what this machine calls itself (RFC 5321 section 4.1.1.1); empty
	// means the domain of From.
	Helo string
	// Roots are the authorities to trust; nil means the system's.
	Roots *x509.CertPool
	// Timeout bounds a whole attempt; see [DefaultTimeout].
	Timeout time.Duration
}

// Mail sends notices as plain text to Notice.Mail, a connection each.
type Mail struct {
	name     string
	host     string
	port     int
	tls      string
	auth     mail.SMTPAuthType
	username string
	password secret
	from     netmail.Address
	domain   string // the right side of Message-ID
	helo     string
	roots    *x509.CertPool
	timeout  time.Duration
}

var (
	// ErrNoAddress means that the role has no mail address on record.
	ErrNoAddress = errors.New("the role has no mail address on record")

	hostForm = regexp.MustCompile(`^([0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?|\[?[0-9A-Fa-f:.]+\]?)$`)
)

const (
	maxAddress  = 254       // bytes of a mail address (RFC 5321 section 4.5.3.1.3)
	maxMailRead = 256 << 10 // bytes a mail server may say in one conversation
)

// NewMail checks c and makes the channel. Its error is a [*Setting].
func NewMail(c MailConfig) (*Mail, error) {
	if err := checkName(c.Name); err != nil {
		return nil, err
	}
	timeout, err := timeoutOf(c.Timeout)
	if err != nil {
		return nil, err
	}
	if len(c.Host) > 253 || !hostForm.MatchString(c.Host) {
		return nil, &Setting{"host", "must be the mail server's name, like mail.north.example"}
	}
	m := &Mail{name: c.Name, host: strings.Trim(c.Host, "[]"), port: c.Port, tls: c.TLS, username: c.Username, password: conceal(c.Password), roots: c.Roots, timeout: timeout}
	if m.tls == "" {
		m.tls = TLSStart
	}
	usual, known := map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}[m.tls]
	if !known {
		return nil, &Setting{"tls", "must be starttls, implicit or none"}
	}
	if m.port == 0 {
		m.port = usual
	}
	if m.port < 1 || m.port > 65535 {
		return nil, &Setting{"port", "must be between 1 and 65535"}
	}
	if m.auth, err = loginOf(c); err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil || address(from.Address) != nil || strings.ContainsFunc(from.Name, unprintable) || len(from.Name) > maxLine {
		return nil, &Setting{"from", "must be the sender's address, like heed@north.example"}
	}
	m.from = *from
	m.domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	m.helo = c.Helo
	if m.helo == "" {
		m.helo = m.domain
	}
	if len(m.helo) > 253 || !hostForm.MatchString(m.helo) {
		return nil, &Setting{"helo", "must be this machine's name, like node.north.example"}
	}
	return m, nil
}

func loginOf(c MailConfig) (mail.SMTPAuthType, error) {
	if c.Username == "" {
		switch {
		case c.Password != "":
			return "", &Setting{"password", "is given without a username"}
		case c.Auth != "":
			return "", &Setting{"auth", "is given without a username"}
		}
		return mail.SMTPAuthNoAuth, nil
	}
	switch {
	case c.Password == "":
		return "", &Setting{"password", "is missing; give password or password-file, or drop username"}
	case c.TLS == TLSNone:
		return "", &Setting{"tls", "must not be none where a username is given: the password would cross the line in clear"}
	}
	switch c.Auth {
	case "", AuthPlain:
		return mail.SMTPAuthPlain, nil
	case AuthLogin:
		return mail.SMTPAuthLogin, nil
	case AuthSCRAM:
		return mail.SMTPAuthSCRAMSHA256, nil
	}
	return "", &Setting{"auth", "must be plain, login or scram-sha-256"}
}

// Name is the channel's configured name.
func (m *Mail) Name() string { return m.name }

// Send hands n to the mail server and returns nil once that has accepted it. A
// 5xx reply to the message itself (MAIL, RCPT, DATA, end of data) is final. A
// 5xx before that, to the greeting or the login, is about the server and our
// account, says nothing about the notice, and may be mended: not final.
func (m *Mail) Send(ctx context.Context, n Notice) error {
	if err := n.Check(); err != nil {
		return &Fault{Channel: m.name, Final: true, Err: err}
	}
	message, err := m.compose(n)
	if err != nil {
		return &Fault{Channel: m.name, Final: true, Err: err}
	}
	return m.deliver(ctx, message)
}

// tidied shows a foreign server's words on one line, and keeps the error's
// identity.
type tidied struct{ error }

func (t tidied) Error() string { return printable(t.error.Error(), 400) }
func (t tidied) Unwrap() error { return t.error }

func (m *Mail) compose(n Notice) (*mail.Msg, error) {
	if n.Mail == "" {
		return nil, fmt.Errorf("%w: %q", ErrNoAddress, n.Role)
	}
	if err := address(n.Mail); err != nil {
		return nil, err
	}
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	from := m.from
	message.FromMailAddress(&from)
	message.ToMailAddress(&netmail.Address{Address: n.Mail})
	message.Subject(n.Subject())
	message.SetDateWithValue(n.Now.UTC())
	message.SetMessageIDWithValue(n.ID + "@" + m.domain)
	// RFC 3834 section 5: so that no holiday reply comes back.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, n.Text())
	return message, nil
}

func (m *Mail) client(ctx context.Context, line *line) (*mail.Client, error) {
	config := &tls.Config{ServerName: m.host, RootCAs: m.roots, MinVersion: tls.VersionTLS12}
	options := []mail.Option{
		mail.WithPort(m.port), mail.WithTimeout(m.timeout), mail.WithHELO(m.helo), mail.WithTLSConfig(config),
		mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithDialContextFunc(func(dial context.Context, network, _ string) (net.Conn, error) {
			// Not the library's address, which leaves an IPv6 host without brackets.
			if err := line.open(dial, ctx, network, net.JoinHostPort(m.host, strconv.Itoa(m.port))); err != nil {
				return nil, err
			}
			if m.tls != TLSImplicit {
				return line, nil
			}
			secured := tls.Client(line, config)
			return secured, secured.HandshakeContext(dial)
		}),
	}
	switch m.tls {
	case TLSStart:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLSImplicit:
		options = append(options, mail.WithSSL())
	case TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if m.username != "" {
		options = append(options, mail.WithSMTPAuth(m.auth), mail.WithUsername(m.username), mail.WithPassword(m.password.reveal()))
	}
	return mail.NewClient(m.host, options...)
}

// line is the connection of one conversation. The library neither watches the
// context once connected, nor closes the connection after every failure, nor
// bounds the length of a reply; this does.
type line struct {
	net.Conn
	left int64
	stop func() bool
}

func (l *line) open(dial, whole context.Context, network, address string) error {
	conn, err := new(net.Dialer).DialContext(dial, network, address)
	if err != nil {
		return err
	}
	l.Conn, l.left = conn, maxMailRead
	l.stop = context.AfterFunc(whole, func() { conn.Close() })
	return nil
}

func (l *line) close() {
	if l.Conn != nil {
		l.stop()
		l.Conn.Close() // closed twice at worst
	}
}

var errTalkative = fmt.Errorf("the server said more than %d bytes", maxMailRead)

func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTalkative
	}
	n, err := io.LimitReader(l.Conn, l.left).Read(p)
	l.left -= int64(n)
	return n, err
}

// address admits one bare address in ASCII: no display name, no comment, no
// quoting, nothing that a header could hide behind. The error wraps ErrNotice.
func address(s string) error {
	parsed, err := netmail.ParseAddress(s)
	if err != nil || len(s) > maxAddress || parsed.Address != s || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fmt.Errorf("%w: mail must be one bare address, like duty@north.example", ErrNotice)
	}
	return nil
}

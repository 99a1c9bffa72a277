package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"heed"
)

// Bounds of what a login keeps. Sessions live in memory: a restart ends them.
const (
	sessionIdle    = time.Hour // without a request and without a live board
	sessionLongest = 24 * time.Hour
	maxSessions    = 64
	maxSent        = 256 // forms remembered, so that none is sent twice
	maxReadings    = 8
)

// sessions are the logins of this desk.
type sessions struct {
	now    func() time.Time
	random io.Reader
	cookie string

	mu  sync.Mutex
	all map[[sha256.Size]byte]*session // by the hash of the cookie's value
}

func newSessions(now func() time.Time, random io.Reader, cookie string) *sessions {
	return &sessions{now: now, random: random, cookie: cookie, all: map[[sha256.Size]byte]*session{}}
}

// cookieName differs from party to party: browsers do not keep the cookies of
// two ports of one host apart.
func cookieName(party heed.PartyID) string { return "__Secure-heed-desk." + string(party) }

// session is one login.
type session struct {
	key   [sha256.Size]byte
	csrf  string
	began time.Time
	over  chan struct{} // closed when the session ends

	mu       sync.Mutex
	used     time.Time
	streams  int
	officer  heed.OfficerID
	zoneName string
	readings []*reading
	hits     []*hitReading
	sent     [][sha256.Size]byte
}

func secret(random io.Reader) ([32]byte, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return raw, fmt.Errorf("random bytes: %w", err)
	}
	return raw, nil
}

// begin makes a session and sets its cookie. Where there are too many, the one
// that was not used for longest ends.
func (a *sessions) begin(w http.ResponseWriter) error {
	value, err := secret(a.random)
	if err != nil {
		return err
	}
	csrf, err := secret(a.random)
	if err != nil {
		return err
	}
	now := a.now()
	s := &session{
		key: sha256.Sum256(value[:]), csrf: base64.RawURLEncoding.EncodeToString(csrf[:]),
		began: now, used: now, over: make(chan struct{}),
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep(now)
	if len(a.all) >= maxSessions {
		a.remove(a.stalest())
	}
	a.all[s.key] = s
	http.SetCookie(w, &http.Cookie{
		Name: a.cookie, Value: base64.RawURLEncoding.EncodeToString(value[:]), Path: "/desk/",
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	return nil
}

func (a *sessions) sweep(now time.Time) {
	for _, s := range a.all {
		if s.expired(now) {
			a.remove(s)
		}
	}
}

func (a *sessions) stalest() *session {
	var stalest *session
	for _, s := range a.all {
		if stalest == nil || s.lastUsed().Before(stalest.lastUsed()) {
			stalest = s
		}
	}
	return stalest
}

func (a *sessions) remove(s *session) {
	if a.all[s.key] == s {
		delete(a.all, s.key)
		close(s.over)
	}
}

// of finds the session of a request and notes that it is used.
func (a *sessions) of(r *http.Request) (*session, bool) {
	cookie, err := r.Cookie(a.cookie)
	if err != nil {
		return nil, false
	}
	value, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil, false
	}
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep(now)
	s, ok := a.all[sha256.Sum256(value)]
	if ok {
		s.touch(now)
	}
	return s, ok
}

// lives reports whether the session has not ended. A stream asks.
func (a *sessions) lives(s *session) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep(a.now())
	return a.all[s.key] == s
}

// end ends a session and takes its cookie back.
func (a *sessions) end(w http.ResponseWriter, s *session) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(s)
	http.SetCookie(w, &http.Cookie{Name: a.cookie, Path: "/desk/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func (s *session) touch(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = now
}

func (s *session) lastUsed() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

func (s *session) expired(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	idle := s.streams == 0 && now.Sub(s.used) > sessionIdle
	return idle || now.Sub(s.began) > sessionLongest
}

func (s *session) fromOwnForm(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.csrf)) == 1
}

func (s *session) chosen() (heed.OfficerID, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.officer, s.zoneName
}

// choose sets who acts. What another officer opened is not the new one's to see.
func (s *session) choose(officer heed.OfficerID, zone string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if officer != s.officer {
		s.readings, s.hits = nil, nil
	}
	s.officer, s.zoneName = officer, zone
}

// first reports whether this very form has not been sent before, and remembers
// it: a second press of a button must not sign a second statement.
func (s *session) first(form [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, earlier := range s.sent {
		if earlier == form {
			return false
		}
	}
	if len(s.sent) == maxSent {
		s.sent = s.sent[1:]
	}
	s.sent = append(s.sent, form)
	return true
}

// once is a fresh key for the forms of one page.
func once(random io.Reader) (string, error) {
	raw, err := secret(random)
	return hex.EncodeToString(raw[:16]), err
}

// streaming counts a live stream in, unless the session has too many.
func (s *session) streaming() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams == maxSessionStreams {
		return false
	}
	s.streams++
	return true
}

func (s *session) streamed(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams--
	s.used = now
}

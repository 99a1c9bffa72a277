package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

// A token of the proper length cannot be guessed; that failures are slowed
// down keeps whoever tries from filling the log and the machine.
const (
	maxFailures   = 10
	failureRefill = 6 * time.Second
)

// limiter is a bucket of failures that fills up again with time.
type limiter struct {
	now    func() time.Time
	most   int
	refill time.Duration

	mu    sync.Mutex
	spent int
	since time.Time
}

func newLimiter(now func() time.Time, most int, refill time.Duration) *limiter {
	return &limiter{now: now, most: most, refill: refill}
}

// admits reports whether there may be another try.
func (l *limiter) admits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recover()
	return l.spent < l.most
}

func (l *limiter) failed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recover()
	l.spent++
}

func (l *limiter) recover() {
	now := l.now()
	if l.spent == 0 {
		l.since = now
		return
	}
	back := int(max(now.Sub(l.since), 0) / l.refill)
	l.since = l.since.Add(time.Duration(back) * l.refill)
	l.spent = max(l.spent-back, 0)
}

func (d *desk) toLogin(w http.ResponseWriter, r *http.Request) {
	if isStream(r) {
		http.Error(w, "Not logged in.", http.StatusUnauthorized)
		return
	}
	if r.Method != http.MethodGet {
		d.login(w, r, http.StatusForbidden, "Your login has ended. Nothing was done. Log in and send it again.")
		return
	}
	http.Redirect(w, r, "/desk/login", http.StatusSeeOther)
}

// getLogin shows the form, or takes the token from the address that the node
// printed. A token in a link of another site is not looked at, so that no site
// can use up the failures.
func (d *desk) getLogin(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if token == "" || r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		d.login(w, r, http.StatusOK, "")
		return
	}
	d.enter(w, r, token)
}

func (d *desk) postLogin(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		d.login(w, r, http.StatusRequestEntityTooLarge, "That was too much to be a login token.")
		return
	}
	d.enter(w, r, r.PostForm.Get("token"))
}

func (d *desk) enter(w http.ResponseWriter, r *http.Request, token string) {
	if !d.failures.admits() {
		w.Header().Set("Retry-After", "6")
		d.login(w, r, http.StatusTooManyRequests, "Too many wrong tokens were tried. Wait a few seconds and try again.")
		return
	}
	got := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(got[:], d.token[:]) != 1 {
		d.failures.failed()
		d.log.Warn("desk: wrong login token", "from", r.RemoteAddr)
		d.login(w, r, http.StatusForbidden, "This is not the login token. The node prints it when it starts.")
		return
	}
	if err := d.sessions.begin(w); err != nil {
		d.log.Error("desk: no session could be made", "error", err)
		d.login(w, r, http.StatusInternalServerError, "The desk could not make a session. The node's log says why.")
		return
	}
	d.log.Info("desk: login", "from", r.RemoteAddr)
	http.Redirect(w, r, "/desk/", http.StatusSeeOther)
}

func (d *desk) login(w http.ResponseWriter, r *http.Request, status int, problem string) {
	d.render(w, r, status, "login", page{Title: "Log in", Party: string(d.exchange.Party()), Body: problem})
}

func (d *desk) postLogout(v *visit) {
	d.sessions.end(v.w, v.session)
	http.Redirect(v.w, v.r, "/desk/login", http.StatusSeeOther)
}

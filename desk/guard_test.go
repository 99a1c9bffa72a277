package desk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"heed"
)

func TestOnlyHere(t *testing.T) {
	w := newWorld(t)
	b := w.browser(south)
	for name, c := range map[string]struct {
		remote, host string
		header       string
		want         int
	}{
		"IPv4":                    {"127.0.0.1:9", "127.0.0.1:7000", "", 200},
		"all of 127":              {"127.9.9.9:9", "localhost:7000", "", 200},
		"IPv6":                    {"[::1]:9", "[::1]:7000", "", 200},
		"IPv4 in IPv6":            {"[::ffff:127.0.0.1]:9", "localhost", "", 200},
		"another machine":         {"192.0.2.7:9", "localhost:7000", "", 404},
		"a name of DNS":           {"127.0.0.1:9", "desk.attacker.example:7000", "", 404},
		"a name that looks local": {"127.0.0.1:9", "localhost.attacker.example", "", 404},
		"a name that begins so":   {"127.0.0.1:9", "127.0.0.1.attacker.example", "", 404},
		"no name":                 {"127.0.0.1:9", "", "", 404},
		"no address":              {"@", "localhost", "", 404},
		"through a proxy":         {"127.0.0.1:9", "localhost", "X-Forwarded-For", 404},
		"through another proxy":   {"127.0.0.1:9", "localhost", "Forwarded", 404},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/desk/login", "/desk/assets/desk.css"} {
				r := b.request(http.MethodGet, path, nil)
				r.RemoteAddr, r.Host = c.remote, c.host
				if c.header != "" {
					r.Header.Set(c.header, "192.0.2.7")
				}
				if got := b.send(r); got.Code != c.want {
					t.Errorf("%s: status %d, not %d", path, got.Code, c.want)
				}
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	for _, path := range []string{"/desk/", "/desk/login", "/desk/nothing", "/desk/assets/desk.css", "/desk/case/00000000"} {
		h := b.get(path).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy has no %q: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is unsafe: %s", path, policy)
		}
	}
}

func TestLoginIsNeeded(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.browser(south)
	for _, path := range []string{"/desk/", "/desk/you", "/desk/find?name=x", casePath(id), casePath(id) + "/content/" + id.String()} {
		got := b.get(path).status(http.StatusSeeOther)
		if to := got.Header().Get("Location"); to != "/desk/login" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	for _, path := range []string{"/desk/board/stream", casePath(id) + "/stream"} {
		b.get(path).status(http.StatusUnauthorized)
	}
	for _, path := range []string{casePath(id) + "/acknowledge", "/desk/you", "/desk/logout"} {
		b.post(path, url.Values{"csrf": {""}}).status(http.StatusForbidden).says("Your login has ended. Nothing was done.")
	}
	w.noStatement(south, id, heed.KindAcknowledgement)
}

func (w *world) noStatement(party heed.PartyID, id heed.CaseID, kind heed.Kind) {
	w.t.Helper()
	file, err := w.nodes[party].Look(w.t.Context(), id)
	must(w.t, err)
	for _, s := range file.Statements {
		if s.Kind == kind {
			w.t.Errorf("there is a statement of kind %s", kind)
		}
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	b := w.browser(south)
	b.get("/desk/login").status(200).says("Login token", "south.example")
	b.get("/desk/login?token=wrong").status(http.StatusForbidden).says("This is not the login token.")
	b.post("/desk/login", url.Values{"token": {"wrong"}}).status(http.StatusForbidden)
	if len(b.cookies) != 0 {
		t.Fatalf("a wrong token sets cookies %v", b.cookies)
	}
	got := b.submit("/desk/login", "/desk/login", url.Values{"token": {testToken}}).status(http.StatusSeeOther)
	cookies := got.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	c := cookies[0]
	if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/desk/" || len(c.Value) != 43 || c.Name != "__Secure-heed-desk.south.example" {
		t.Errorf("the cookie is %s", c)
	}

	// Until an officer is chosen there is nothing but the choice.
	if to := b.get("/desk/").status(http.StatusSeeOther).Header().Get("Location"); to != "/desk/you" {
		t.Errorf("the board leads to %s", to)
	}
	b.get("/desk/board/stream").status(http.StatusUnauthorized)
	b.submit("/desk/you", "/desk/you", url.Values{"officer": {"mallory"}}).status(422).says("Choose an officer who is on the roster.")
	b.submit("/desk/you", "/desk/you", url.Values{"officer": {"s.birk"}, "zone": {"Mars/Olympus"}}).status(422).says("This is not a time zone that this machine knows.")
	b.submit("/desk/you", "/desk/you", url.Values{"officer": {"s.birk"}, "zone": {"Local"}}).status(422)
	b.submit("/desk/you", "/desk/you", url.Values{"officer": {"s.birk"}, "zone": {"Asia/Tokyo"}}).status(http.StatusSeeOther)
	b.get("/desk/").status(200).says("Acting as s.birk", "Asia/Tokyo", "JST")

	// The cookie of one login is worth nothing after it.
	old := b.cookies[c.Name]
	b.submit("/desk/", "/desk/logout", nil).status(http.StatusSeeOther)
	if len(b.cookies) != 0 {
		t.Errorf("logging out leaves %v", b.cookies)
	}
	b.cookies[c.Name] = old
	b.get("/desk/").status(http.StatusSeeOther)
	b.cookies[c.Name] = "not base64!"
	b.get("/desk/").status(http.StatusSeeOther)
}

func TestTokenFromAnotherSiteIsNotLookedAt(t *testing.T) {
	w := newWorld(t)
	b := w.browser(south)
	for range 2 * maxFailures {
		r := b.request(http.MethodGet, "/desk/login?token=wrong", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.send(r).status(200)
	}
	b.get("/desk/login?token=" + testToken).status(http.StatusSeeOther)
}

func TestFailuresAreSlowedDown(t *testing.T) {
	w := newWorld(t)
	b := w.browser(south)
	for range maxFailures {
		b.get("/desk/login?token=wrong").status(http.StatusForbidden)
	}
	got := b.get("/desk/login?token=" + testToken).status(http.StatusTooManyRequests)
	got.says("Too many wrong tokens")
	if got.Header().Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	w.clock.advance(failureRefill)
	b.get("/desk/login?token=" + testToken).status(http.StatusSeeOther)
}

func TestSessionsEnd(t *testing.T) {
	t.Run("when idle", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(south, "s.birk")
		w.clock.advance(sessionIdle)
		b.get("/desk/").status(200)
		w.clock.advance(sessionIdle + time.Second)
		b.get("/desk/").status(http.StatusSeeOther)
	})
	t.Run("after a day", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(south, "s.birk")
		for range int(sessionLongest / sessionIdle) {
			w.clock.advance(sessionIdle)
			b.get("/desk/").status(200)
		}
		w.clock.advance(time.Second)
		b.get("/desk/").status(http.StatusSeeOther)
	})
	t.Run("when there are too many, the stalest first", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(south, "s.birk")
		first := b.cookies
		for range maxSessions {
			w.clock.advance(time.Second)
			b.cookies = map[string]string{}
			b.get("/desk/login?token=" + testToken).status(http.StatusSeeOther)
		}
		b.get("/desk/you").status(200)
		b.cookies = first
		b.get("/desk/").status(http.StatusSeeOther)
	})
	t.Run("when the officer is removed from the roster", func(t *testing.T) {
		w := newWorld(t)
		b := w.as(south, "s.birk")
		must(t, w.nodes[south].RemoveOfficer(t.Context(), "", "s.birk"))
		if to := b.get("/desk/").status(http.StatusSeeOther).Header().Get("Location"); to != "/desk/you" {
			t.Errorf("the board leads to %s", to)
		}
		b.get("/desk/you").status(200).saysNot("s.birk")
	})
}

func TestForgedForms(t *testing.T) {
	w := newWorld(t)
	id := w.warn(nil)
	b := w.as(south, "s.birk")
	action := casePath(id) + "/acknowledge"

	form := b.form(casePath(id), action)
	form.Set("csrf", "forged")
	b.post(action, form).status(http.StatusForbidden).says("This form is no longer valid", "Nothing was done.")

	form = b.form(casePath(id), action)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://attacker.example"} {
		r := b.request(http.MethodPost, action, form)
		r.Header.Del("Sec-Fetch-Site")
		r.Header.Set(name, value)
		b.send(r).status(http.StatusForbidden)
	}

	// The token of one session is no good in another.
	other := w.as(south, "s.birk")
	form.Set("csrf", other.form(casePath(id), action).Get("csrf"))
	b.post(action, form).status(http.StatusForbidden)

	b.get(action).status(http.StatusNotFound)
	b.post(casePath(id)+"/nothing", b.form(casePath(id), action)).status(http.StatusNotFound)
	b.post(casePath(id)+"/again", b.form(casePath(id), action)).status(http.StatusNotFound)
	b.post(action, url.Values{"text": {strings.Repeat("x", maxForm)}}).status(http.StatusRequestEntityTooLarge)
	w.noStatement(south, id, heed.KindAcknowledgement)
}

func TestDeskNeedsAToken(t *testing.T) {
	w := newWorld(t)
	defer func() {
		if recover() == nil {
			t.Error("a desk with a short token starts")
		}
	}()
	options := w.options(south)
	options.Token = "short"
	New(options)
}

func TestMethodsAndPaths(t *testing.T) {
	w := newWorld(t)
	b := w.as(south, "s.birk")
	for _, path := range []string{"/desk/nothing", "/desk/assets/nothing.js", "/desk/assets/", "/desk/case/", "/desk/case/0000-0000", "/desk/find?name=nonsense", "/desk/case/" + strings.Repeat("0", 64)} {
		b.get(path).status(http.StatusNotFound)
	}
	for name, media := range map[string]string{"desk.css": "text/css; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8"} {
		got := b.get("/desk/assets/" + name).status(200)
		if got.Header().Get("Content-Type") != media || got.Body.Len() == 0 {
			t.Errorf("%s is %s, %d bytes", name, got.Header().Get("Content-Type"), got.Body.Len())
		}
	}
}

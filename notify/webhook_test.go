package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// hookSecret is the key of the specification's own example.
const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func newWebhook(t *testing.T, server *httptest.Server) *Webhook {
	t.Helper()
	roots := x509.NewCertPool()
	if certificate := server.Certificate(); certificate != nil {
		roots.AddCert(certificate)
	}
	w, err := NewWebhook(WebhookConfig{Name: "pager", URL: server.URL + "/token-9f2c", Secret: hookSecret, Roots: roots, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWebhookSigns(t *testing.T) {
	type request struct {
		header http.Header
		method string
		body   []byte
	}
	for scheme, start := range map[string]func(http.Handler) *httptest.Server{"https": httptest.NewTLSServer, "http": httptest.NewServer} {
		t.Run(scheme, func(t *testing.T) {
			got := make(chan request, 1)
			server := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got <- request{r.Header, r.Method, body}
				w.WriteHeader(http.StatusNoContent)
			}))
			defer server.Close()
			if err := newWebhook(t, server).Send(t.Context(), overdue()); err != nil {
				t.Fatal(err)
			}
			r := <-got
			if r.method != http.MethodPost || r.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s with %q", r.method, r.header.Get("Content-Type"))
			}
			if id, at := r.header.Get("webhook-id"), r.header.Get("webhook-timestamp"); id != "n-7K3MQ2XA-acknowledge-1" || at != "1795381205" {
				t.Errorf("id %q, timestamp %q", id, at)
			}
			receiver, err := standardwebhooks.NewWebhook(hookSecret)
			if err != nil {
				t.Fatal(err)
			}
			if err := receiver.VerifyIgnoringTimestamp(r.body, r.header); err != nil {
				t.Error(err)
			}
			// Once more without the library, as the specification words it.
			key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
			if err != nil {
				t.Fatal(err)
			}
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte("n-7K3MQ2XA-acknowledge-1.1795381205." + string(r.body)))
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.header.Get("webhook-signature") != want {
				t.Errorf("signature %q, want %q", r.header.Get("webhook-signature"), want)
			}
			r.body[10] ^= 1
			if receiver.VerifyIgnoringTimestamp(r.body, r.header) == nil {
				t.Error("a changed body verifies")
			}
		})
	}
}

func TestWebhookBody(t *testing.T) {
	for name, n := range map[string]Notice{"overdue.json": overdue(), "received.json": received()} {
		body, err := json.MarshalIndent(n.hook(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, string(body)+"\n")
	}
}

func TestWebhookVerdicts(t *testing.T) {
	for status, want := range map[int]struct{ fails, permanent bool }{
		200: {}, 202: {}, 204: {}, 299: {},
		301: {true, true}, 302: {true, true}, 304: {true, true}, 307: {true, true},
		400: {true, true}, 401: {true, true}, 404: {true, true}, 410: {true, true}, 422: {true, true},
		408: {true, false}, 429: {true, false},
		500: {true, false}, 502: {true, false}, 503: {true, false},
	} {
		hits := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hits++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status != 204 && status != 304 {
				io.WriteString(w, "no\r\nsuch\x1b[31m thing")
			}
		}))
		err := newWebhook(t, server).Send(t.Context(), overdue())
		server.Close()
		if (err != nil) != want.fails || Permanent(err) != want.permanent {
			t.Errorf("%d: got %v, permanent %v", status, err, Permanent(err))
		}
		if hits != 1 {
			t.Errorf("%d: %d requests", status, hits)
		}
		if err != nil && (strings.ContainsAny(err.Error(), "\r\n\x1b") || strings.Contains(err.Error(), "token-9f2c")) {
			t.Errorf("%d: the error is not fit for a log: %q", status, err)
		}
	}
}

func TestWebhookRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	if err := newWebhook(t, server).Send(t.Context(), overdue()); !Permanent(err) || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Errorf("got %v", err)
	}
}

func TestWebhookSlowServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	w := newWebhook(t, server)
	w.timeout = 150 * time.Millisecond
	err := w.Send(t.Context(), overdue())
	if !errors.Is(err, context.DeadlineExceeded) || Permanent(err) || strings.Contains(err.Error(), "token-9f2c") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Send(ctx, overdue()); !errors.Is(err, context.Canceled) || Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestWebhookHugeResponse(t *testing.T) {
	for status, fails := range map[int]bool{200: false, 500: true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			chunk := []byte(strings.Repeat("x", 64<<10))
			for {
				if _, err := w.Write(chunk); err != nil {
					return // the sender has hung up, as it should
				}
			}
		}))
		err := newWebhook(t, server).Send(t.Context(), overdue())
		server.Close()
		if (err != nil) != fails || Permanent(err) {
			t.Errorf("%d: got %v", status, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("%d: an error of %d bytes", status, len(err.Error()))
		}
	}
	t.Run("header", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 64<<10))
		}))
		defer server.Close()
		if err := newWebhook(t, server).Send(t.Context(), overdue()); err == nil || Permanent(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWebhookUnknownAuthority(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it reports the refused handshake
	server.StartTLS()
	defer server.Close()
	w, err := NewWebhook(WebhookConfig{Name: "pager", URL: server.URL, Secret: hookSecret, Roots: x509.NewCertPool()})
	if err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := w.Send(t.Context(), overdue()); !errors.As(err, &unknown) || Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestWebhookRefusesABadNotice(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer server.Close()
	n := overdue()
	n.ID = "a\r\nX-Evil: b"
	if err := newWebhook(t, server).Send(t.Context(), n); !errors.Is(err, ErrNotice) || !Permanent(err) {
		t.Errorf("got %v", err)
	}
}

func TestWebhookSettings(t *testing.T) {
	for name, c := range map[string]struct{ field, url, secret string }{
		"no url":           {"url", "", hookSecret},
		"other scheme":     {"url", "ftp://hooks.north.example", hookSecret},
		"no host":          {"url", "https:///x", hookSecret},
		"password in url":  {"url", "https://u:hunter-two@hooks.north.example", hookSecret},
		"fragment":         {"url", "https://hooks.north.example/#hunter-two", hookSecret},
		"control in url":   {"url", "https://hooks.north.example/hunter-two\r\n", hookSecret},
		"no secret":        {"secret", "https://hooks.north.example", ""},
		"no prefix":        {"secret", "https://hooks.north.example", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		"short secret":     {"secret", "https://hooks.north.example", "whsec_aHVudGVyLXR3bw=="},
		"long secret":      {"secret", "https://hooks.north.example", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))},
		"not base 64":      {"secret", "https://hooks.north.example", "whsec_hunter-two!"},
		"broken by a line": {"secret", "https://hooks.north.example", "whsec_MfKQ9r8GKYqrTwjU\nPD8ILPZIo2LaLaSw"},
	} {
		_, err := NewWebhook(WebhookConfig{Name: "pager", URL: c.url, Secret: c.secret})
		var setting *Setting
		if !errors.As(err, &setting) || setting.Name != c.field {
			t.Errorf("%s: got %v, want a mistake in %s", name, err, c.field)
		}
		if err != nil && strings.Contains(err.Error(), "hunter-two") {
			t.Errorf("%s: the error repeats the value: %v", name, err)
		}
	}
}

package testnet

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"heed/api"
)

// Strangers without a token, many at once or one behind the gate's own router, keep
// out nobody who has one.
func TestStrangersLockNobodyOut(t *testing.T) {
	t.Parallel()
	var o api.Options
	g := newGate(t, func(filled *api.Options) { o = *filled })
	h := api.Handler(o)
	ask := func(address, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/screen", strings.NewReader(passing))
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	last := 0
	for i := range 30 {
		last = ask("192.0.2.1:4000", fmt.Sprint("heed_guess", i)).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the thirtieth guess from an address is answered %d", last)
	}
	if w := ask("192.0.2.1:4001", g.token); w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("a good token from the same address: %d %s", w.Code, w.Body)
	}
	for i := range 4200 {
		last = ask(fmt.Sprintf("[2001:db8:%x::1]:4000", i), "heed_guess").Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("a guess beside 4,200 others is answered %d", last)
	}
	if w := ask("192.0.2.2:4000", g.token); w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("a good token beside 4,200 strangers: %d %s", w.Code, w.Body)
	}
}

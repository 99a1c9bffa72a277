package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"heed"
	"heed/draft"
	"heed/exchange"
	"heed/ledger"
	"heed/seal"
	"heed/store"
	"heed/wire"
)

const (
	testToken = "a-token-that-only-tests-use"
	north     = heed.PartyID("north.example")
	south     = heed.PartyID("south.example")
)

// world is two parties with a wire between them that tests pull by hand.
type world struct {
	t     *testing.T
	clock *handClock
	nodes map[heed.PartyID]*exchange.Exchange
	cut   error // why nothing gets through; nil: it does
}

func parties(all ...heed.PartyID) []heed.PartyID { return all }

// handClock goes on when a test says so.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ring keeps keys in memory.
type keyRing struct {
	party    heed.PartyID
	node     seal.SigningKey
	log      seal.SigningKey
	sealing  seal.SealingKey
	mu       sync.Mutex
	officers map[heed.OfficerID]seal.SigningKey
}

func (r *keyRing) Node(string) (seal.SigningKey, error)   { return r.node, nil }
func (r *keyRing) Ledger(string) (seal.SigningKey, error) { return r.log, nil }
func (r *keyRing) Sealing() []seal.SealingKey             { return []seal.SealingKey{r.sealing} }

func (r *keyRing) Officer(id heed.OfficerID) (seal.SigningKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, ok := r.officers[id]
	if !ok {
		return key, errors.New("no such key")
	}
	return key, nil
}

func (r *keyRing) AddOfficer(id heed.OfficerID) (seal.SigningKey, error) {
	key, err := seal.NewSigningKey(rand.Reader, wire.OfficerKeyName(r.party, id))
	if err != nil {
		return key, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.officers[id] = key
	return key, nil
}

// Carry, Resource and CurrentCard make the world a courier.
func (w *world) Carry(ctx context.Context, to heed.Card, envelopes []byte) (exchange.Reply, error) {
	if w.cut != nil {
		return exchange.Reply{}, w.cut
	}
	return w.nodes[to.Party].Receive(ctx, bytes.NewReader(envelopes))
}

func (w *world) Resource(context.Context, heed.Card, string, string) ([]byte, error) {
	return nil, errors.New("this test has no ledger to mirror")
}

func (w *world) CurrentCard(ctx context.Context, at heed.Card) ([]byte, error) {
	return w.nodes[at.Party].CardNote(ctx)
}

func (w *world) Pulse(ctx context.Context, at heed.Card) (exchange.Pulse, error) {
	return w.nodes[at.Party].Pulse(ctx)
}

func (w *world) Cards(ctx context.Context, at heed.Card) ([][]byte, error) {
	return w.nodes[at.Party].Cards(ctx)
}

func (w *world) Deposit(context.Context, heed.Depositary, []byte, []byte, []byte) ([]byte, error) {
	return nil, errors.New("this test has no depositary")
}

func (w *world) Collect(context.Context, heed.Depositary, [][]byte, []byte) ([]exchange.Collected, error) {
	return nil, errors.New("this test has no depositary")
}

func (w *world) Successions(ctx context.Context, at heed.Card) ([][]byte, error) {
	return w.nodes[at.Party].Successions(ctx)
}

type nobody struct{}

func (nobody) Notify(context.Context, exchange.Notice, time.Time) (string, error) { return "desk", nil }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &handClock{now: time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)}, nodes: map[heed.PartyID]*exchange.Exchange{}}
	notes := map[heed.PartyID][]byte{}
	for _, party := range []heed.PartyID{north, south} {
		notes[party] = w.found(party)
	}
	ctx := t.Context()
	for _, party := range []heed.PartyID{north, south} {
		other := w.other(party)
		must(t, second(w.nodes[party].AddPeer(ctx, notes[other])))
	}
	w.officer(north, "n.arden", heed.Drafter, heed.Releaser, heed.DutyOfficer)
	w.officer(south, "s.birk", heed.DutyOfficer, heed.Assessor)
	w.officer(south, "s.duty", heed.DutyOfficer)
	w.officer(south, "s.audit", heed.Auditor)
	return w
}

func (w *world) other(p heed.PartyID) heed.PartyID {
	if p == north {
		return south
	}
	return north
}

func (w *world) found(party heed.PartyID) []byte {
	t := w.t
	t.Helper()
	key := func(name string) seal.SigningKey {
		k, err := seal.NewSigningKey(rand.Reader, name)
		must(t, err)
		return k
	}
	sealing, err := seal.NewSealingKey()
	must(t, err)
	r := &keyRing{party: party, node: key(wire.NodeKeyName(party)), log: key(ledger.Origin(string(party), 1)), sealing: sealing, officers: map[heed.OfficerID]seal.SigningKey{}}
	baseline := heed.DefaultBaseline()
	for i := range baseline.Ladder {
		baseline.Ladder[i].Zone = map[heed.PartyID]string{north: "Atlantic/Reykjavik", south: "Europe/Vienna"}[party]
		baseline.Ladder[i].Telephone = fmt.Sprintf("+000 000%d", i+1)
	}
	card := heed.Card{
		Party: party, Serial: 1, Issued: heed.Instant(w.clock.Now()),
		NodeKey: r.node.Verifier().String(), SealingKey: sealing.Recipient().String(), LedgerKey: r.log.Verifier().String(),
		Endpoint: "https://" + string(party) + ":7000", Baseline: baseline,
	}
	_, note, err := wire.SignCard(card, r.node)
	must(t, err)
	card, err = wire.ParseCard(note)
	must(t, err)
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "heed.db"), store.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	x := exchange.New(exchange.Parts{Party: party, Store: db, Keys: r, Courier: w, Notifier: nobody{}, Now: w.clock.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	must(t, x.Found(t.Context(), card, note))
	w.nodes[party] = x
	return note
}

func (w *world) officer(party heed.PartyID, id heed.OfficerID, roles ...heed.Role) {
	w.t.Helper()
	must(w.t, second(w.nodes[party].AddOfficer(w.t.Context(), "", id, roles)))
}

// deliver carries what waits in both directions.
func (w *world) deliver() {
	w.t.Helper()
	for range 3 {
		for _, party := range []heed.PartyID{north, south} {
			for more := true; more; {
				var err error
				more, err = w.nodes[party].Deliver(w.t.Context(), w.other(party))
				must(w.t, err)
			}
		}
	}
}

// warning is testdata/warning.yaml of the project, changed by change.
func (w *world) warning(change func(*heed.Warning)) heed.Warning {
	w.t.Helper()
	path := filepath.Join("..", "testdata", "warning.yaml")
	data, err := os.ReadFile(path)
	must(w.t, err)
	warning, err := draft.Warning(path, data)
	must(w.t, err)
	if change != nil {
		change(&warning)
	}
	return warning
}

// warn has north warn south, and carries it there.
func (w *world) warn(change func(*heed.Warning), attachments ...exchange.Attachment) heed.CaseID {
	w.t.Helper()
	warned, err := w.nodes[north].Warn(w.t.Context(), exchange.WarnOrder{
		Officer: "n.arden", To: []heed.PartyID{south}, Warning: w.warning(change), Attachments: attachments,
	})
	must(w.t, err)
	w.deliver()
	return warned.Cases[0]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// browser is a person at a desk without scripts: it keeps cookies, reads forms
// and sends them.
type browser struct {
	t       *testing.T
	desk    http.Handler
	cookies map[string]string
}

func (w *world) options(party heed.PartyID) Options {
	return Options{Exchange: w.nodes[party], Token: testToken, Now: w.clock.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
}

func (w *world) browser(party heed.PartyID) *browser {
	return &browser{t: w.t, desk: New(w.options(party)), cookies: map[string]string{}}
}

// as is a browser that has logged in and chosen an officer.
func (w *world) as(party heed.PartyID, officer string) *browser {
	w.t.Helper()
	b := w.browser(party)
	if got := b.get("/desk/login?token=" + testToken); got.Code != http.StatusSeeOther {
		w.t.Fatalf("login: status %d", got.Code)
	}
	b.choose(officer)
	return b
}

func (b *browser) choose(officer string) {
	b.t.Helper()
	got := b.submit("/desk/you", "/desk/you", url.Values{"officer": {officer}})
	if got.Code != http.StatusSeeOther {
		b.t.Fatalf("choosing %s: status %d: %s", officer, got.Code, got.text())
	}
}

// answer is what a browser got.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequestWithContext(b.t.Context(), method, "https://localhost:7000"+path, body)
	r.RemoteAddr = "127.0.0.1:50000"
	r.Host = "localhost:7000"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *browser) send(r *http.Request) answer {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.desk.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c.Value
	}
	return answer{w, b.t}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send(b.request(http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.send(b.request(http.MethodPost, path, form))
}

// submit reads the form with that action from a page, fills in values, and
// sends it as a browser without scripts would.
func (b *browser) submit(page, action string, values url.Values) answer {
	b.t.Helper()
	form := b.form(page, action)
	for name, v := range values {
		form[name] = v
	}
	return b.post(action, form)
}

// form is what a browser would send of an untouched form.
func (b *browser) form(page, action string) url.Values {
	b.t.Helper()
	got := b.get(page)
	if got.Code != http.StatusOK {
		b.t.Fatalf("%s: status %d", page, got.Code)
	}
	for n := range got.doc().Descendants() {
		if n.Data != "form" || attr(n, "action") != action {
			continue
		}
		form := url.Values{}
		for field := range n.Descendants() {
			name := attr(field, "name")
			switch {
			case name == "" || attr(field, "type") == "checkbox":
			case field.Data == "input":
				form.Set(name, attr(field, "value"))
			case field.Data == "textarea":
				form.Set(name, strings.TrimPrefix(content(field), "\n"))
			case field.Data == "select":
				form.Set(name, chosen(field))
			}
		}
		return form
	}
	b.t.Fatalf("%s has no form for %s", page, action)
	return nil
}

func chosen(selection *html.Node) string {
	first, value := true, ""
	for o := range selection.Descendants() {
		if o.Data != "option" {
			continue
		}
		if _, selected := find(o, "selected"); selected || first {
			value, first = attr(o, "value"), false
		}
	}
	return value
}

func (a answer) doc() *html.Node {
	a.t.Helper()
	doc, err := html.Parse(bytes.NewReader(a.Body.Bytes()))
	must(a.t, err)
	return doc
}

// text is what a person reads, with single blanks.
func (a answer) text() string {
	a.t.Helper()
	return strings.Join(strings.Fields(content(a.doc())), " ")
}

func (a answer) says(want ...string) {
	a.t.Helper()
	text := a.text()
	for _, s := range want {
		if !strings.Contains(text, s) {
			a.t.Errorf("the page does not say %q:\n%s", s, text)
		}
	}
}

func (a answer) saysNot(unwanted ...string) {
	a.t.Helper()
	text := a.text()
	for _, s := range unwanted {
		if strings.Contains(text, s) {
			a.t.Errorf("the page says %q:\n%s", s, text)
		}
	}
}

func (a answer) status(want int) answer {
	a.t.Helper()
	if a.Code != want {
		a.t.Fatalf("status %d, not %d: %s", a.Code, want, a.text())
	}
	return a
}

func attr(n *html.Node, name string) string {
	value, _ := find(n, name)
	return value
}

func find(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func content(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Data == "script" || n.Data == "style" {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data != "bdi" && n.Data != "span" && n.Data != "strong" {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return b.String()
}

package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heed"
	"heed/exchange"
	"heed/seal"
	"heed/wire"
)

// serve answers on the socket of a home for as long as the test runs.
func serve(t *testing.T, home string, h http.Handler) *http.Server {
	t.Helper()
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return s
}

func faultIn(t *testing.T, err error) *Fault {
	t.Helper()
	var fault *Fault
	if !errors.As(err, &fault) {
		t.Fatalf("%v is a %T, and no *Fault", err, err)
	}
	return fault
}

func TestCallCarriesAnswersAndFaults(t *testing.T) {
	home := t.TempDir()
	mux := http.NewServeMux()
	verb(mux, "twice", func(_ context.Context, n int) (int, error) {
		if n < 0 {
			return 0, &heed.Refused{Code: heed.NotAdmitted, Detail: "it is negative", Hint: "take another"}
		}
		return 2 * n, nil
	})
	serve(t, home, mux)
	c := Dial(home)
	var got int
	if err := c.Call(t.Context(), "twice", 21, &got); err != nil || got != 42 {
		t.Errorf("twice 21 is %d, %v", got, err)
	}
	fault := faultIn(t, c.Call(t.Context(), "twice", -1, &got))
	if want := (Fault{Exit: ExitRefused, Message: "it is negative", Hint: "take another", Code: heed.NotAdmitted}); *fault != want {
		t.Errorf("the fault came as %+v", fault)
	}
	if fault := faultIn(t, c.Call(t.Context(), "thrice", 1, &got)); fault.Exit != ExitFault || !strings.Contains(fault.Hint, "same version") {
		t.Errorf("an unknown verb is %+v", fault)
	}
	var wrong []string
	if fault := faultIn(t, c.Call(t.Context(), "twice", 1, &wrong)); fault.Exit != ExitFault {
		t.Errorf("an answer of another form is %+v", fault)
	}
	if fault := faultIn(t, c.Call(t.Context(), "twice", "one", &got)); fault.Exit != ExitInput {
		t.Errorf("a request of another form is %+v", fault)
	}
}

func TestOnlyTheOwnerReachesTheSocket(t *testing.T) {
	home := t.TempDir()
	serve(t, home, http.NewServeMux())
	info, err := os.Stat(filepath.Join(home, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the socket has mode %v", info.Mode())
	}
}

func TestSocketLeftBehindIsReplaced(t *testing.T) {
	home := t.TempDir()
	left, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, SocketName)); err != nil {
		t.Fatalf("nothing was left behind: %v", err)
	}
	c := Dial(home)
	if fault := faultIn(t, c.Call(t.Context(), "x", 1, new(int))); fault.Exit != ExitUnreachable || !strings.Contains(fault.Hint, "heed serve") {
		t.Errorf("a socket without a node is %+v", fault)
	}
	mux := http.NewServeMux()
	verb(mux, "x", func(context.Context, int) (int, error) { return 7, nil })
	serve(t, home, mux)
	var got int
	if err := c.Call(t.Context(), "x", 1, &got); err != nil || got != 7 {
		t.Errorf("the new node answers %d, %v", got, err)
	}
}

func TestHomeWithALongPath(t *testing.T) {
	home := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Listen("unix", filepath.Join(home, SocketName)); err == nil {
		t.Fatal("the path is not too long for a socket")
	}
	mux := http.NewServeMux()
	verb(mux, "x", func(context.Context, int) (int, error) { return 7, nil })
	serve(t, home, mux)
	if err := Dial(home).Call(t.Context(), "x", 1, new(int)); err != nil {
		t.Error(err)
	}
}

func TestNoHome(t *testing.T) {
	fault := faultIn(t, Dial(filepath.Join(t.TempDir(), "none")).Call(t.Context(), "x", 1, new(int)))
	if fault.Exit != ExitUnreachable || !strings.Contains(fault.Message, "no home") || !strings.Contains(fault.Hint, "heed init") {
		t.Errorf("no home is %+v", fault)
	}
	if _, err := Listen(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a socket was made in a home that is not there")
	}
}

func TestNodeThatGoesAway(t *testing.T) {
	home := t.TempDir()
	var s *http.Server
	s = serve(t, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}))
	if fault := faultIn(t, Dial(home).Call(t.Context(), "x", 1, new(int))); fault.Exit != ExitUnreachable || !strings.Contains(fault.Message, "went away") {
		t.Errorf("a node that goes away is %+v", fault)
	}
	home = t.TempDir()
	serve(t, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		if _, err := io.WriteString(w, "{"); err != nil {
			t.Error(err)
		}
	}))
	if fault := faultIn(t, Dial(home).Call(t.Context(), "x", 1, new(int))); fault.Exit != ExitUnreachable || !strings.Contains(fault.Message, "while it answered") || !errors.Is(fault, ErrWentAway) || errors.Is(fault, ErrNoNode) {
		t.Errorf("an answer that is cut short is %+v", fault)
	}
}

// TestInterrupted: whoever presses Ctrl-C has given up, and no node went away.
func TestInterrupted(t *testing.T) {
	home := t.TempDir()
	ctx, interrupt := context.WithCancel(t.Context())
	serve(t, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		interrupt()
		<-r.Context().Done()
	}))
	if err := Dial(home).Call(ctx, "x", 1, new(int)); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted while it was asked: %v", err)
	}
	ctx, interrupt = context.WithCancel(t.Context())
	home = t.TempDir()
	serve(t, home, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		interrupt()
		<-r.Context().Done()
	}))
	if err := Dial(home).Call(ctx, "x", 1, new(int)); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted while it answered: %v", err)
	}
	if err := Dial(t.TempDir()).Call(t.Context(), "x", 1, new(int)); !errors.Is(err, ErrNoNode) {
		t.Errorf("no node: %v", err)
	}
}

// Whoever writes to the socket without this client gets an answer, too, and
// never a panic of the node.
func TestStrangeRequests(t *testing.T) {
	h := Handler(Node{})
	for _, body := range []string{"", "{", "[]", "null null", `{"case":1}`, `{"unknown":true}`, `"` + strings.Repeat("x", 1000) + `"`} {
		for _, name := range []string{"warn", "ack", "show", "wait", "import", "officer-add", "card-renew", "backup", "ledger-check", "accord-propose", "accord-act", "accord-show", "accord-amend", "accord-renew", "accord-remove"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/"+name, strings.NewReader(body)))
			var fault Fault
			if err := json.Unmarshal(w.Body.Bytes(), &fault); err != nil || fault.Exit != ExitInput || w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s %q: %d %s", name, body, w.Code, w.Body)
			}
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/ping", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", w.Code)
	}
}

func TestFaultOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		exit int
		hint bool
	}{
		{&heed.Invalid{What: "x", Hint: "y"}, ExitInput, true},
		{fmt.Errorf("field: %w", &heed.Invalid{What: "x", Hint: "y"}), ExitInput, true},
		{heed.Refuse(heed.NotAdmitted, "x"), ExitRefused, false},
		{fmt.Errorf("%w: leaf 3", exchange.ErrLedger), ExitEvidence, true},
		{fmt.Errorf("statement: %w", wire.ErrMalformed), ExitEvidence, true},
		{fmt.Errorf("statement: %w", seal.ErrSignature), ExitEvidence, true},
		{exchange.ErrNotFound, ExitInput, true},
		{fmt.Errorf("witness: %w", &exchange.Unreachable{What: "nothing answers"}), ExitUnreachable, true},
		{context.DeadlineExceeded, ExitTimeout, false},
		{&Fault{Exit: ExitTimeout, Message: "x"}, ExitTimeout, false},
		{errors.New("the disk is full"), ExitFault, true},
	} {
		fault := faultOf(c.err)
		if fault.Exit != c.exit || fault.Message == "" || (fault.Hint != "") != c.hint {
			t.Errorf("%v is %+v", c.err, fault)
		}
	}
}

func TestWordsOfPeople(t *testing.T) {
	for name, want := range map[string]heed.DutyKind{"assess": heed.DutyAssess, "Assessment": heed.DutyAssess, "ACK": heed.DutyAcknowledge, "action": heed.DutyReport, "outcome": heed.DutyConclude} {
		if got, err := DutyNamed(name); err != nil || got != want {
			t.Errorf("%s is the duty %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]heed.State{"acked": heed.StateAcknowledged, "Concluded": heed.StateConcluded, "questioned": heed.StateAsked} {
		if got, err := StateNamed(name); err != nil || got != want {
			t.Errorf("%s is the state %q, %v", name, got, err)
		}
	}
	if _, err := DutyNamed("nap"); err == nil {
		t.Error("there is a duty nap")
	}
	if _, err := StateNamed("asleep"); err == nil {
		t.Error("there is a state asleep")
	}
}

func TestTimesHaveTheirOffset(t *testing.T) {
	at := At(time.Date(2026, 11, 24, 12, 0, 0, 5_000_000, time.FixedZone("", 3600)))
	b, err := json.Marshal(at)
	if err != nil || string(b) != `"2026-11-24T11:00:00.005Z"` {
		t.Errorf("%s, %v", b, err)
	}
	var back Time
	if err := json.Unmarshal(b, &back); err != nil || !back.Equal(at.Time) {
		t.Errorf("%v, %v", back, err)
	}
}

// A duty that is discharged in time never goes overdue, one that is discharged
// late was, and one that is open will be at its due time.
func TestWaitHoldsForOverdueDuties(t *testing.T) {
	due := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	duty := heed.Duty{Kind: heed.DutyAssess, Due: due}
	late, inTime := duty, duty
	late.Discharge, late.At = heed.StatementID{1}, due.Add(time.Second)
	inTime.Discharge, inTime.At = heed.StatementID{1}, due
	for _, c := range []struct {
		name   string
		duty   heed.Duty
		at     time.Time
		ok     bool
		wakeAt time.Time
	}{
		{"open", duty, due.Add(-time.Second), false, due},
		{"exactly due", duty, due, false, due},
		{"overdue", duty, due.Add(time.Millisecond), true, time.Time{}},
		{"late", late, due.Add(time.Hour), true, time.Time{}},
		{"in time", inTime, due.Add(time.Hour), false, time.Time{}},
	} {
		file := exchange.CaseFile{At: c.at}
		file.Duties = []heed.Duty{c.duty}
		ok, wake, err := WaitRequest{Overdue: "assess"}.holds(file)
		if err != nil || ok != c.ok || !wake.Equal(c.wakeAt) {
			t.Errorf("%s: %v, %v, %v", c.name, ok, wake, err)
		}
		if ok, _, err := (WaitRequest{Overdue: "answer"}).holds(file); ok || err != nil {
			t.Errorf("%s: no answer is owed, and yet: %v, %v", c.name, ok, err)
		}
	}
	if _, _, err := (WaitRequest{State: "asleep"}).holds(exchange.CaseFile{}); err == nil {
		t.Error("a state that does not exist can be waited for")
	}
}

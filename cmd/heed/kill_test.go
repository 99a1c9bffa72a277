package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heed"
	"heed/control"
	"heed/draft"
)

var (
	killCount = flag.Int("kills", 50, "how often TestKills kills a node")
	killSeed  = flag.Uint64("killseed", 0, "seed of TestKills; 0: a new one, which is printed")
)

// TestKills runs two nodes as processes, has officers of both work in many
// cases at once, and kills one node or both with SIGKILL at random points:
// under load, while it starts, while it catches up. In the end everything that
// was promised to anybody must be there, on both sides alike.
//
// What counts as promised: each statement whose command was answered, and
// whatever `show` has shown at any time, receipts above all.
func TestKills(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d kills, -killseed %d", *killCount, seed)
	w := newKillWorld(t, seed)
	w.load(6)
	for n := range *killCount {
		w.kill(n)
		if t.Failed() {
			return
		}
	}
	w.finish()
	w.settle()
	w.check()
}

// killWorld is two nodes and what they have promised.
type killWorld struct {
	t      *testing.T
	nodes  [2]*killNode
	random *rand.Rand // of the killer alone

	answered atomic.Int64  // commands that a node answered
	progress chan struct{} // one token for each answer, as far as somebody waits
	stories  chan uint64   // seeds of cases to be played
	officers sync.WaitGroup

	mu       sync.Mutex
	promised map[string]promise // by statement
	cases    map[string]bool    // by id
	seen     int                // statements that were seen in show
	ended    int                // stories that came to their end
}

// promise is a statement that somebody relies on.
type promise struct {
	caseID string
	what   string
}

// killNode is a node's home, and its process while one runs.
type killNode struct {
	home, name string
	heed       string
	log        *os.File
	client     *control.Client
	process    *exec.Cmd
}

func newKillWorld(t *testing.T, seed uint64) *killWorld {
	dir := t.TempDir()
	w := &killWorld{
		t: t, random: rand.New(rand.NewPCG(seed, 0)), progress: make(chan struct{}, 1), stories: make(chan uint64, 1<<20),
		promised: map[string]promise{}, cases: map[string]bool{},
	}
	for i, name := range []string{"north", "south"} {
		n := &killNode{home: filepath.Join(dir, name), name: name, heed: heedBinary(t)}
		log, err := os.Create(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		n.log = log
		n.client = control.Dial(n.home)
		n.run(t, "init", "--name", name+".example", "--listen", fmt.Sprintf("127.0.0.1:%d", freePort()), "--clocks", "testdata/hasty.yaml")
		w.nodes[i] = n
	}
	t.Cleanup(func() {
		for _, n := range w.nodes {
			n.stop(t, syscall.SIGKILL)
			if t.Failed() {
				t.Logf("the end of the log of %s:\n%s", n.name, n.tail())
			}
			if err := n.log.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	for _, n := range w.nodes {
		n.start(t)
		n.ready(t)
		n.run(t, "officer", "add", "jens", "--role", "drafter")
		n.run(t, "officer", "add", "irma", "--role", "duty-officer,assessor")
	}
	for i, n := range w.nodes {
		card := filepath.Join(dir, w.nodes[1-i].name+".card")
		if err := os.WriteFile(card, w.nodes[1-i].run(t, "card"), 0o600); err != nil {
			t.Fatal(err)
		}
		n.run(t, "peer", "add", "--yes", card)
	}
	return w
}

func command(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	var out, complaint bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, &complaint)
	}
	return out.Bytes()
}

func (n *killNode) run(t *testing.T, args ...string) []byte {
	t.Helper()
	return command(t, n.heed, append([]string{"--home", n.home}, args...)...)
}

func (n *killNode) start(t *testing.T) {
	t.Helper()
	n.process = exec.Command(n.heed, "serve", "--home", n.home)
	n.process.Stdout, n.process.Stderr = n.log, n.log
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
}

// stop ends the process, if one runs, and waits for its end.
func (n *killNode) stop(t *testing.T, signal syscall.Signal) {
	if n.process == nil {
		return
	}
	if err := n.process.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	err := n.process.Wait()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == -1) {
		t.Errorf("%s ended by itself: %v", n.name, err)
	}
	n.process = nil
}

// ready waits until the node answers.
func (n *killNode) ready(t *testing.T) {
	t.Helper()
	until(t, 30*time.Second, n.name+" answers", func(ctx context.Context) bool {
		return n.client.Call(ctx, "ping", struct{}{}, &control.Ping{}) == nil
	})
}

func (n *killNode) tail() []byte {
	data, err := os.ReadFile(n.log.Name())
	if err != nil {
		return []byte(err.Error())
	}
	return data[max(0, len(data)-6000):]
}

// until looks again and again, until it is so.
func until(t *testing.T, limit time.Duration, what string, so func(ctx context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so(ctx) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// playing reports whether some of the stories that were begun have not ended.
func (w *killWorld) playing(begun int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended < begun
}

// kill waits for a random amount of work, kills, and starts again.
func (w *killWorld) kill(n int) {
	stories := 6
	if *killCount > 500 {
		stories = 2 // the boards show 10,000 duties, and the check wants to see all
	}
	for range stories {
		w.stories <- w.random.Uint64()
	}
	target := w.answered.Load() + int64(w.random.IntN(40))
	stuck := time.NewTimer(60 * time.Second)
	defer stuck.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	// Stories are of different lengths: where all have ended, none will answer more.
	for w.answered.Load() < target && w.playing((n+1)*stories) {
		select {
		case <-w.progress:
		case <-look.C:
		case <-stuck.C:
			w.t.Fatalf("kill %d: the nodes answer no more", n)
		}
	}
	// A moment more, so that a kill can fall between any two steps of a node.
	<-time.After(time.Duration(w.random.IntN(30_000)) * time.Microsecond)
	victims := w.nodes[:]
	if which := w.random.IntN(9); which < 8 {
		victims = w.nodes[which%2 : which%2+1]
	}
	for _, v := range victims {
		v.stop(w.t, syscall.SIGKILL)
	}
	for _, v := range victims {
		v.start(w.t)
		if w.random.IntN(6) == 0 { // and once more while it starts
			<-time.After(time.Duration(w.random.IntN(150)) * time.Millisecond)
			v.stop(w.t, syscall.SIGKILL)
			v.start(w.t)
		}
	}
	for _, v := range victims {
		v.ready(w.t)
	}
}

// load starts the officers of both sides.
func (w *killWorld) load(pairs int) {
	for range pairs {
		w.officers.Go(func() {
			for seed := range w.stories {
				w.play(rand.New(rand.NewPCG(seed, 1)))
			}
		})
	}
}

// finish lets the stories come to their ends.
func (w *killWorld) finish() {
	close(w.stories)
	done := make(chan struct{})
	go func() {
		w.officers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Minute):
		w.t.Fatal("the officers do not come to an end")
	}
}

// play is one case: warned or asked by one side, answered by the other as far
// as it gets; what is left out goes overdue.
func (w *killWorld) play(random *rand.Rand) {
	from := random.IntN(2)
	warner, warned := w.nodes[from], w.nodes[1-from]
	id, ok := w.warn(warner, warned, random)
	if !ok || !w.waitReceived(warned, id) {
		return
	}
	type step struct {
		verb    string
		at      *killNode
		request control.ActRequest
	}
	steps := []step{
		{"ack", warned, control.ActRequest{}},
		{"ask", warned, control.ActRequest{Text: "Which crossing?"}},
		{"answer", warner, control.ActRequest{Text: "The northern one.", Officer: "jens"}},
		{"ask", warner, control.ActRequest{Text: "Is he known to you?", Officer: "jens"}},
		{"answer", warned, control.ActRequest{Text: "Under another name."}},
		{"take", warned, control.ActRequest{}},
		{"assess", warned, control.ActRequest{Disposition: "credible"}},
		{"act", warned, control.ActRequest{Text: "Stopped and searched."}},
		{"conclude", warned, control.ActRequest{Outcome: "averted"}},
		{"recall", warner, control.ActRequest{Officer: "jens"}},
	}
	for _, s := range steps {
		if s.verb == "recall" && random.IntN(10) > 0 || random.IntN(5) == 0 {
			continue
		}
		s.request.Case = id
		if s.request.Officer == "" {
			s.request.Officer = "irma"
		}
		w.do(s.at, s.verb, id, s.request)
		if random.IntN(3) == 0 {
			w.look(w.nodes[random.IntN(2)], id)
		}
	}
	w.mu.Lock()
	w.ended++
	w.mu.Unlock()
}

func (w *killWorld) warn(at, to *killNode, random *rand.Rand) (id string, ok bool) {
	warning, err := draft.Warning("warning.yaml", []byte(killWarning))
	if err != nil {
		w.t.Error(err)
		return "", false
	}
	request := control.WarnRequest{Officer: "jens", To: []string{to.name + ".example"}, Warning: warning}
	if random.IntN(4) == 0 {
		request.Attachments = []control.AttachmentForm{{Name: "plan.bin", MediaType: "application/octet-stream", Data: make([]byte, random.IntN(200_000))}}
	}
	var answer control.WarnAnswer
	verb, in := "warn", any(request)
	if random.IntN(8) == 0 {
		verb, in = "ask-party", control.ActRequest{Officer: "jens", Party: to.name + ".example", Text: "Whose plate is it?", Urgency: heed.UrgencyExpected, Status: heed.StatusActual}
	}
	// A try whose answer is lost with the node may have been committed: then
	// there is one case more, which is found in the end.
	for {
		err := w.call(at, verb, in, &answer)
		if err == nil {
			w.promise(answer.IDs[0], promise{answer.IDs[0], at.name + " " + verb})
			return answer.IDs[0], true
		}
		if !w.judge(at, verb, err) {
			return "", false
		}
		w.pause()
	}
}

// pause is until the killer may have started the node again.
func (w *killWorld) pause() {
	select {
	case <-w.t.Context().Done():
	case <-time.After(10 * time.Millisecond):
	}
}

// waitReceived waits on the warned side, over as many kills as come.
func (w *killWorld) waitReceived(at *killNode, id string) bool {
	ctx, cancel := context.WithTimeout(w.t.Context(), 90*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		var fault *control.Fault
		err := at.client.Call(ctx, "wait", control.WaitRequest{Case: id, State: "received", Seconds: 5}, &struct{}{})
		switch {
		case err == nil:
			return true
		case !errors.As(err, &fault) || fault.Exit == control.ExitTimeout:
			continue
		case fault.Exit != control.ExitUnreachable:
			w.t.Errorf("%s: wait: %v", at.name, err)
			return false
		}
		w.pause()
	}
	if w.t.Context().Err() == nil {
		w.t.Errorf("a warning that was sent never came to %s: case %s", at.name, id)
	}
	return false
}

// do has an officer act, again and again while the node is away. A refusal by
// a rule ends it: the first try may have been committed although its answer
// was lost, or the other side has recalled, or the duty was never created.
func (w *killWorld) do(at *killNode, verb, id string, request control.ActRequest) {
	for {
		var answer control.ActAnswer
		var err error
		switch verb {
		case "take":
			err = w.call(at, verb, request, &control.TakeAnswer{})
		case "recall":
			var amended control.AmendAnswer
			err = w.call(at, verb, control.WarnRequest{Officer: request.Officer, Case: id, Reason: "It was settled."}, &amended)
			if err == nil {
				answer.Statement.ID = amended.Statements[0]
			}
		default:
			err = w.call(at, verb, request, &answer)
		}
		if err == nil {
			if answer.Statement.ID != "" {
				w.promise(answer.Statement.ID, promise{id, at.name + " " + verb})
			}
			return
		}
		if !w.judge(at, verb, err) {
			return
		}
		w.pause()
	}
}

// call asks a node and counts its answer.
func (w *killWorld) call(at *killNode, verb string, in, out any) error {
	err := at.client.Call(w.t.Context(), verb, in, out)
	var fault *control.Fault
	if err == nil || errors.As(err, &fault) && fault.Exit != control.ExitUnreachable {
		w.answered.Add(1)
		select {
		case w.progress <- struct{}{}:
		default:
		}
	}
	return err
}

// judge says whether to try again. Whatever is neither a dead node nor a rule
// is a defect.
func (w *killWorld) judge(at *killNode, verb string, err error) (again bool) {
	var fault *control.Fault
	if errors.As(err, &fault) {
		switch fault.Exit {
		case control.ExitUnreachable:
			return w.t.Context().Err() == nil
		case control.ExitRefused:
			if fault.Code == heed.CatchingUp {
				w.t.Errorf("%s believes that it was restored", at.name)
			}
			return false
		case control.ExitInput: // no answer, or more than one, is owed
			if verb == "answer" {
				return false
			}
		}
	}
	if w.t.Context().Err() == nil {
		w.t.Errorf("%s: %s: %v", at.name, verb, err)
	}
	return false
}

// look notes what a node shows of a case.
func (w *killWorld) look(at *killNode, id string) {
	var answer control.ShowAnswer
	if err := w.call(at, "show", control.CaseRequest{Case: id}, &answer); err != nil {
		w.judge(at, "show", err)
		return
	}
	for _, s := range answer.Cases[0].Statements {
		w.promise(s.ID, promise{id, fmt.Sprintf("%s shown by %s", s.Kind, at.name)})
	}
	w.mu.Lock()
	w.seen += len(answer.Cases[0].Statements)
	w.mu.Unlock()
}

func (w *killWorld) promise(statement string, p promise) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.promised[statement] = p
	w.cases[p.caseID] = true
}

// settle waits until nobody has anything left to do: nothing is in flight, and
// every duty that is still open has climbed to the top of its ladder.
func (w *killWorld) settle() {
	until(w.t, 3*time.Minute, "both nodes come to rest", func(ctx context.Context) bool {
		for _, n := range w.nodes {
			var inbox control.Inbox
			if err := n.client.Call(ctx, "inbox", control.InboxRequest{}, &inbox); err != nil {
				w.t.Fatalf("%s: inbox: %v", n.name, err)
			}
			for _, l := range append(inbox.Duties, inbox.Awaited...) {
				if l.State != heed.DutyOverdue || l.Level < 2 {
					return false
				}
			}
		}
		for range 2 { // what one sends while it drains, the other answers
			for _, n := range w.nodes {
				if err := n.client.Call(ctx, "wait", control.WaitRequest{Drained: true, Seconds: 60}, &struct{}{}); err != nil {
					w.t.Fatalf("%s: wait --drained: %v", n.name, err)
				}
			}
		}
		return true
	})
}

func (w *killWorld) check() {
	for _, n := range w.nodes {
		n.run(w.t, "ledger", "check", "--peers")
		var peers []control.Peer
		w.must(n, "peer-list", struct{}{}, &peers)
		for _, p := range peers {
			if p.Trouble != "" {
				w.t.Errorf("%s has trouble with %s: %s", n.name, p.Party, p.Trouble)
			}
		}
	}
	w.findCases()
	var statements, duties, overdue int
	for id := range w.cases {
		north, south := w.show(w.nodes[0], id), w.show(w.nodes[1], id)
		if !reflect.DeepEqual(north.Statements, south.Statements) || !reflect.DeepEqual(north.Duties, south.Duties) {
			w.t.Errorf("case %s differs:\n%s\n%s", id, pretty(north), pretty(south))
			continue
		}
		statements += len(north.Statements)
		duties += len(north.Duties)
		overdue += w.checkCase(north)
	}
	w.checkIndex()
	w.t.Logf("%d kills: %d stories in %d cases came to their end; %d statements, %d duties, %d of them overdue and climbed; %d promises kept",
		*killCount, w.ended, len(w.cases), statements, duties, overdue, len(w.promised))
}

func (w *killWorld) must(n *killNode, verb string, in, out any) {
	w.t.Helper()
	if err := n.client.Call(w.t.Context(), verb, in, out); err != nil {
		w.t.Fatalf("%s: %s: %v", n.name, verb, err)
	}
}

// findCases adds the cases whose opening was committed while its answer was lost.
func (w *killWorld) findCases() {
	for _, n := range w.nodes {
		var inbox control.Inbox
		w.must(n, "inbox", control.InboxRequest{All: true}, &inbox)
		for _, c := range inbox.Cases {
			w.cases[c.ID] = true
		}
	}
}

func (w *killWorld) show(n *killNode, id string) control.Case {
	var answer control.ShowAnswer
	w.must(n, "show", control.CaseRequest{Case: id}, &answer)
	c := answer.Cases[0]
	if len(c.Missing)+len(c.Conflicts)+len(c.Local.InFlight)+len(c.Local.Refused) > 0 {
		w.t.Errorf("%s has something unsettled in case %s: %s", n.name, id, pretty(c))
	}
	return c
}

func pretty(v any) string {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// checkCase holds a case against what was promised in it.
func (w *killWorld) checkCase(c control.Case) (overdue int) {
	present := map[string]bool{}
	receipts := map[string]control.Statement{}
	for _, s := range c.Statements {
		present[s.ID] = true
		if s.Kind == heed.KindReceipt {
			if _, twice := receipts[s.Answers[0]]; twice {
				w.t.Errorf("case %s: statement %s has two receipts", c.ID, s.Answers[0])
			}
			receipts[s.Answers[0]] = s
		}
	}
	for statement, p := range w.promised {
		if p.caseID == c.ID && !present[statement] {
			w.t.Errorf("case %s: statement %s was promised (%s) and is not there", c.ID, statement, p.what)
		}
	}
	for _, s := range c.Statements {
		if _, ok := receipts[s.ID]; !ok && s.Kind != heed.KindReceipt {
			w.t.Errorf("case %s: %s statement %s has no receipt", c.ID, s.Kind, s.ID)
		}
	}
	for of, r := range receipts {
		for _, p := range r.Duties {
			w.checkDuty(c, p, of)
		}
	}
	for _, s := range c.Statements {
		if s.Kind == heed.KindAssessment {
			for _, p := range s.Duties {
				w.checkDuty(c, p, s.ID)
			}
		}
	}
	for _, d := range c.Duties {
		if d.State == heed.DutyOverdue {
			overdue++
			w.checkClimb(c, d)
		}
		if d.State == heed.DutyOpen {
			w.t.Errorf("case %s: %s is still open, and all should be settled", c.ID, d.Kind)
		}
	}
	return overdue
}

// checkDuty finds the duty that was promised, with the due time that it was promised with.
func (w *killWorld) checkDuty(c control.Case, p control.Promise, from string) {
	for _, d := range c.Duties {
		if d.Kind == p.Kind && d.From == from && d.Due.Equal(p.Due.Time) {
			return
		}
	}
	w.t.Errorf("case %s: %s was promised for %s and is owed by nobody", c.ID, p.Kind, from)
}

// checkClimb finds, for each level, the debtor's notification and the
// creditor's reminder, each once: a kill must not make people hear twice of
// what is on record.
func (w *killWorld) checkClimb(c control.Case, d control.Duty) {
	type step struct {
		kind  heed.Kind
		by    heed.PartyID
		level int
	}
	count := map[step]int{}
	for _, s := range c.Statements {
		if (s.Kind == heed.KindNotification || s.Kind == heed.KindReminder) && s.Answers[0] == d.From && s.Duties[0].Kind == d.Kind {
			count[step{s.Kind, s.Author, s.Level}]++
		}
	}
	for level := 1; level <= 2; level++ {
		for _, s := range []step{{heed.KindNotification, d.OwedBy, level}, {heed.KindReminder, d.OwedTo, level}} {
			if count[s] != 1 {
				w.t.Errorf("case %s: %s from %s: %d times %s at level %d by %s", c.ID, d.Kind, d.From, count[s], s.kind, s.level, s.by)
			}
		}
	}
	if d.Level != 2 {
		w.t.Errorf("case %s: %s is overdue at level %d", c.ID, d.Kind, d.Level)
	}
}

// checkIndex holds the boards against the cases: each open duty once, and
// nothing else.
func (w *killWorld) checkIndex() {
	type key struct {
		caseID string
		kind   heed.DutyKind
		due    string
	}
	for _, n := range w.nodes {
		open := map[key]int{}
		for id := range w.cases {
			for _, d := range w.show(n, id).Duties {
				if d.State == heed.DutyOverdue {
					open[key{id, d.Kind, d.Due.String()}]++
				}
			}
		}
		var inbox control.Inbox
		w.must(n, "inbox", control.InboxRequest{}, &inbox)
		for _, l := range append(inbox.Duties, inbox.Awaited...) {
			open[key{l.ID, l.Kind, l.Due.String()}]--
		}
		for k, count := range open {
			if count != 0 {
				w.t.Errorf("%s: %+v is %d times more in the case than on the board", n.name, k, count)
			}
		}
	}
}

const killWarning = `
headline: A parcel was left at the ferry terminal
language: en
narratives:
  - {language: en, text: Nobody saw who left it.}
category: Security
urgency: Immediate
severity: Severe
certainty: Likely
status: Actual
asks: [{code: assess}]
handling: {tlp: GREEN}
`

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// eventGoesOn is from the decision to end the event to its end: as long as
	// its members need to agree to that on a busy machine.
	eventGoesOn = 12 * time.Second
	// eventPatience bounds each wait.
	eventPatience = 90 * time.Second
	// eventAtOnce is how many commands run at once.
	eventAtOnce = 4
)

// TestEvent plays with twelve nodes, three witnesses and the command line what
// heed/testnet's test of that name plays in virtual time: an accord for an
// event that one reserves, one declines and one never answers, warnings under
// it, a member that is removed, its end, what is erased then, the figures of
// all, and the next one.
func TestEvent(t *testing.T) {
	e := newEvent(t)
	h, reserving, declining, silent, removed := e.nodes[0], e.nodes[1], e.nodes[2], e.nodes[3], e.nodes[4]
	ratifying := e.nodes[5:]
	answering := append([]*eventNode{reserving, removed}, ratifying...)

	var proposed struct {
		Accord, Case string
		To           []string
		Cases        []string
	}
	begun := time.Now()
	h.json(t, &proposed, "accord", "propose", "--template", "major-event", "--clocks", e.fixture("seconds.yaml"), "--with", e.names(e.nodes[1:]...),
		"--from", "+0s", "--until", "+1h", "--json", e.terms)
	id := proposed.Accord
	e.each(t, e.nodes[1:], func(n *eventNode) error { return n.wait(id, "proposed") })
	reserving.must(t, "accord", "reserve", id, "--clause", "situation-report", "--reason", "The night desk is not staffed")
	declining.must(t, "accord", "decline", id, "--reason", "We send no delegation")
	e.each(t, append([]*eventNode{removed}, ratifying...), func(n *eventNode) error { return n.command("accord", "ratify", id) })
	members := append([]*eventNode{h}, answering...)
	e.each(t, members, func(n *eventNode) error { return n.wait(id, "in-force") })

	// Two warn all whom it binds, and half of these reply.
	headlines := []string{"A van was rented for the games", "A parcel for the games"}
	type of struct {
		by *eventNode
		id string
	}
	var received, replies []of
	for i, n := range []*eventNode{h, removed} {
		warned := n.warn(t, id, e.warning(t, headlines[i]))
		if len(warned.IDs) != len(members)-1 {
			t.Errorf("%s warns %d, and it binds %d others", n.name, len(warned.IDs), len(members)-1)
		}
		for k, id := range warned.IDs {
			received = append(received, of{e.node(warned.To[k]), id})
			if k%2 == 0 {
				replies = append(replies, received[len(received)-1])
			}
		}
	}
	e.all(t, len(received), func(i int) error { return received[i].by.wait(received[i].id, "received") }) // before anybody is removed
	e.all(t, len(replies), func(i int) error {
		return replies[i].by.command("assess", replies[i].id, "--disposition", "not-credible")
	})

	// One is removed, and reads nothing of what comes after.
	h.must(t, "accord", "remove", id, removed.name)
	staying := slices.DeleteFunc(slices.Clone(members), func(n *eventNode) bool { return n == removed })
	e.each(t, staying[1:], func(n *eventNode) error {
		return errors.Join(n.wait(id, "amending"), n.command("accord", "ratify", id))
	})
	e.each(t, members, func(n *eventNode) error { return n.wait(id, "amended") })
	late := ratifying[0].warn(t, id, e.warning(t, "Late word of the games"))
	if slices.Contains(late.To, removed.name) || len(late.IDs) != len(staying)-1 {
		t.Errorf("after the removal %s warns %v", ratifying[0].name, late.To)
	}
	e.all(t, len(late.IDs), func(i int) error { return e.node(late.To[i]).wait(late.IDs[i], "received") })
	for _, c := range append(late.IDs, late.Case) {
		if out, err := removed.heed("open", c); err == nil {
			t.Errorf("the removed member opens case %s: %s", c, out)
		}
	}
	for _, refused := range [][]string{{"warn", "--accord", id, e.warning(t, "From outside")}, {"warn", "--accord", id, "--to", removed.name, e.warning(t, "To outside")}} {
		n := removed
		if len(refused) > 4 {
			n = h
		}
		_, err := n.heed(refused...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 4 {
			t.Errorf("%s: heed %v: %v, and it should be refused", n.name, refused, err)
		}
	}

	// Whoever never answered is shown never to have, to a stranger.
	unanswered := proposed.Cases[slices.Index(proposed.To, silent.name)]
	e.check(t, h.wait(unanswered, "overdue:ratify"))
	h.must(t, "prove", unanswered, "--silence", "ratify", "--wait", "30s", "--out", e.path("silence.evidence"))
	var verified struct {
		Verdicts []struct{ Verdict, Duty, OwedBy string }
	}
	e.verify(t, &verified, h, silent)
	if len(verified.Verdicts) != 1 || verified.Verdicts[0].Verdict != "silent" || verified.Verdicts[0].Duty != "ratify" || verified.Verdicts[0].OwedBy != silent.name {
		t.Errorf("the certificate says %+v", verified.Verdicts)
	}
	// It ends by its date, which is brought forward; what it brought is erased, and
	// what is counted stays.
	e.check(t, os.WriteFile(e.terms, fmt.Appendf(nil, "until: %s\n", time.Now().Add(eventGoesOn).UTC().Format(time.RFC3339)), 0o600))
	var brought struct{ Version string }
	h.json(t, &brought, "accord", "amend", id, e.terms, "--json")
	e.each(t, staying[1:], func(n *eventNode) error {
		return soon(func() error { return n.command("accord", "ratify", id, "--version", brought.Version) }) // it is on its way
	})
	e.each(t, staying, func(n *eventNode) error { return n.wait(id, "ended") }) // nobody tells who was removed
	e.all(t, len(replies), func(i int) error { return replies[i].by.erased(replies[i].id) })
	e.all(t, len(late.IDs), func(i int) error { return e.node(late.To[i]).erased(late.IDs[i]) })
	e.each(t, e.nodes, func(n *eventNode) error { return n.command("wait", "--drained", "--timeout", eventPatience.String()) })
	for _, text := range append(headlines, "Late word") {
		for _, n := range e.nodes {
			n.lacks(t, text)
		}
	}
	e.agreeOnFigures(t, id)

	// The next event is proposed from it, by one that was introduced.
	var next struct{ Accord string }
	again := []*eventNode{h, reserving, ratifying[1], ratifying[2]}
	ratifying[0].json(t, &next, "accord", "renew", id, "--with", e.names(again...), "--from", "+0s", "--until", "+1h", "--json")
	e.each(t, again, func(n *eventNode) error {
		return errors.Join(n.wait(next.Accord, "proposed"), n.command("accord", "ratify", next.Accord))
	})
	e.check(t, ratifying[0].wait(next.Accord, "in-force"))
	t.Logf("all of it took %s", time.Since(begun).Round(time.Second))
}

// event is twelve nodes, three witnesses, and a folder for all of it.
type event struct {
	dir, terms string
	nodes      []*eventNode
	witnesses  []string
}

// eventNode is a node's home, with one officer who may do all that the story needs.
type eventNode struct {
	program, home, name string
}

func newEvent(t *testing.T) *event {
	e := &event{dir: t.TempDir()}
	e.terms = e.path("terms.yaml")
	e.check(t, os.WriteFile(e.terms, []byte(`name: The games
release: {two-officers: false, rights-check: false}
ceiling: {police-codes: [H0, H1, H2, H3]}
end: {contents: erase, after: 1s}
limitation: 3s
notice: 0s
`), 0o600))
	for i := range 12 {
		name := fmt.Sprintf("delegation-%02d", i)
		if i == 0 {
			name = "host"
		}
		e.nodes = append(e.nodes, &eventNode{program: heedBinary(t), home: e.path(name), name: name + ".example"})
	}
	h := e.nodes[0]
	for _, n := range e.nodes {
		n.must(t, "init", "--name", n.name, "--listen", fmt.Sprintf("127.0.0.1:%d", freePort()), "--tiles", fmt.Sprintf("127.0.0.1:%d", freePort()),
			"--clocks", e.fixture("seconds.yaml"))
		n.run(t, n.home+".log", "serve", "--home", n.home)
	}
	e.each(t, e.nodes, func(n *eventNode) error {
		card, err := n.heed("card")
		return errors.Join(err, n.command("wait"), os.WriteFile(n.card(), card, 0o600),
			n.command("officer", "add", "olga", "--role", "drafter,supervisor,duty-officer,assessor"))
	})
	witnessed := []*eventNode{h, e.nodes[3]}
	for i := range 3 {
		address, home := fmt.Sprintf("127.0.0.1:%d", freePort()), e.path(fmt.Sprintf("w%d", i))
		e.witnesses = append(e.witnesses, "http://"+address)
		args := []string{"witness", "--home", home, "--name", fmt.Sprintf("w%d.example", i), "--listen", address, "--log"}
		for _, n := range witnessed {
			args = append(args, n.card())
		}
		h.run(t, home+".log", args...)
	}
	for _, n := range e.nodes[1:] {
		h.must(t, "peer", "add", "--yes", n.card())
	}
	e.each(t, e.nodes[1:], func(n *eventNode) error { return n.command("peer", "add", "--yes", h.card()) })
	for _, n := range witnessed {
		for _, url := range e.witnesses {
			e.check(t, soon(func() error { return n.command("witness", "add", url) })) // it may not listen yet
		}
	}
	return e
}

func (e *event) path(name string) string { return filepath.Join(e.dir, name) }

func (e *event) fixture(name string) string { return filepath.Join("..", "..", "testdata", name) }

func (e *event) node(name string) *eventNode {
	return e.nodes[slices.IndexFunc(e.nodes, func(n *eventNode) bool { return n.name == name })]
}

func (e *event) names(nodes ...*eventNode) string {
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.name
	}
	return strings.Join(names, ",")
}

// warning is a file with a small warning.
func (e *event) warning(t *testing.T, headline string) string {
	t.Helper()
	file := e.path(strings.ReplaceAll(headline, " ", "-") + ".yaml")
	e.check(t, os.WriteFile(file, fmt.Appendf(nil, `headline: %s
language: en
narratives:
  - language: en
    text: It was told by a source that has been right before.
category: Security
urgency: Immediate
severity: Severe
certainty: Possible
status: Actual
handling:
  tlp: AMBER
`, headline), 0o600))
	return file
}

func (e *event) check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (e *event) each(t *testing.T, nodes []*eventNode, f func(*eventNode) error) {
	t.Helper()
	e.all(t, len(nodes), func(i int) error { return f(nodes[i]) })
}

// all runs some at once, and ends the test where one has failed.
func (e *event) all(t *testing.T, count int, f func(i int) error) {
	t.Helper()
	errs := make([]error, count)
	turns := make(chan struct{}, eventAtOnce)
	var wait sync.WaitGroup
	for i := range count {
		turns <- struct{}{}
		wait.Go(func() {
			errs[i] = f(i)
			<-turns
		})
	}
	wait.Wait()
	e.check(t, errors.Join(errs...))
}

// verify has a process verify the certificate, with a policy of its own that is made for
// it from two cards and the witnesses' addresses.
func (e *event) verify(t *testing.T, out any, a, b *eventNode) {
	t.Helper()
	policy, err := a.heed(append([]string{"policy", "--card", a.card(), b.card(), "--faulty", "0", "--witness"}, e.witnesses...)...)
	e.check(t, err)
	e.check(t, os.WriteFile(e.path("policy"), policy, 0o600))
	stranger := &eventNode{program: a.program, home: e.path("nobody"), name: "a stranger"}
	stranger.json(t, out, "verify", "--policy", e.path("policy"), "--json", e.path("silence.evidence"))
}

// agreeOnFigures holds the figures of every two parties against each other.
func (e *event) agreeOnFigures(t *testing.T, id string) {
	t.Helper()
	type side struct {
		by       string
		relation map[string]any
	}
	relations := map[string][]side{}
	for _, n := range e.nodes {
		var report struct {
			Unconfirmed int
			Relations   []map[string]any
		}
		n.json(t, &report, "stats", "--accord", id, "--json")
		if report.Unconfirmed != 0 {
			t.Errorf("%s counts %d cases that are not confirmed", n.name, report.Unconfirmed)
		}
		for _, r := range report.Relations {
			parties := fmt.Sprint(r["parties"])
			relations[parties] = append(relations[parties], side{n.name, r})
		}
	}
	if len(relations) == 0 {
		t.Error("nothing was counted")
	}
	for parties, sides := range relations {
		if len(sides) != 2 || !reflect.DeepEqual(sides[0].relation, sides[1].relation) {
			t.Errorf("%s count otherwise:\n%v", parties, sides)
		}
	}
}

func (n *eventNode) card() string { return n.home + ".card" }

// run starts a process that ends with the test.
func (n *eventNode) run(t *testing.T, log string, args ...string) {
	t.Helper()
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(n.program, args...)
	c.Stdout, c.Stderr = file, file
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The folder with all homes goes next: nothing is worth an orderly end.
		killed := c.Process.Signal(syscall.SIGKILL)
		if err := c.Wait(); killed != nil || c.ProcessState == nil {
			t.Errorf("%s did not run to the end: %v, %v", filepath.Base(log), killed, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(log); err == nil && t.Failed() {
			t.Logf("%s, at its end:\n%s", filepath.Base(log), text[max(0, len(text)-2000):])
		}
	})
}

// heed runs one command on the node's home, as its officer, and gives what it printed.
func (n *eventNode) heed(args ...string) ([]byte, error) {
	c := exec.Command(n.program, args...)
	c.Env = append(os.Environ(), "HEED_HOME="+n.home, "HEED_OFFICER=olga", "TZ=UTC")
	var complaint bytes.Buffer
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s: heed %s: %w: %s", n.name, strings.Join(args, " "), err, complaint.Bytes())
	}
	return out, err
}

func (n *eventNode) command(args ...string) error {
	_, err := n.heed(args...)
	return err
}

func (n *eventNode) must(t *testing.T, args ...string) {
	t.Helper()
	if err := n.command(args...); err != nil {
		t.Fatal(err)
	}
}

func (n *eventNode) json(t *testing.T, to any, args ...string) {
	t.Helper()
	out, err := n.heed(args...)
	if err == nil {
		err = json.Unmarshal(out, to)
	}
	if err != nil {
		t.Fatalf("%s: heed %v: %v", n.name, args, err)
	}
}

func (n *eventNode) wait(what, state string) error {
	return n.command("wait", what, state, "--timeout", eventPatience.String())
}

// warnedEvent is what the command says of a warning.
type warnedEvent struct {
	Case    string
	IDs, To []string
}

func (n *eventNode) warn(t *testing.T, accord, file string) (out warnedEvent) {
	t.Helper()
	n.json(t, &out, "warn", "--accord", accord, "--json", file)
	return out
}

// erased waits until the contents of a case are gone.
func (n *eventNode) erased(id string) error {
	return soon(func() error {
		out, err := n.heed("show", "--json", id)
		if err == nil && !bytes.Contains(out, []byte(`"erased": {`)) {
			err = fmt.Errorf("%s still has the contents of case %s", n.name, id)
		}
		return err
	})
}

// lacks looks for a text in the files of the node's database.
func (n *eventNode) lacks(t *testing.T, text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(n.home, "*.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no database: %v", n.name, err)
	}
	err = soon(func() error {
		for _, file := range files {
			data, err := os.ReadFile(file)
			if errors.Is(err, os.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			if bytes.Contains(data, []byte(text)) {
				return fmt.Errorf("%s still has %q in %s", n.name, text, filepath.Base(file))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// soon tries again until it is so, with a pause that a command takes anyway.
func soon(f func() error) (err error) {
	for end := time.Now().Add(eventPatience); time.Now().Before(end); {
		if err = f(); err == nil {
			return nil
		}
	}
	return err
}

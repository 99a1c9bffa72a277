package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

// TestScripts plays the stories in testdata with real processes, each node
// with a home, a database and ports of its own. What the scripts can use
// besides testscript's commands stands in scriptCommands.
func TestScripts(t *testing.T) {
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Dir(heedBinary(t))
	testscript.Run(t, testscript.Params{
		Dir:      "testdata",
		Deadline: time.Now().Add(10 * time.Minute),
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", bin+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("FIXTURES", fixtures)
			e.Setenv("SSHVECTORS", filepath.Join(filepath.Dir(fixtures), "seal", "testdata", "ssh"))
			e.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: scriptCommands,
	})
}

type script = testscript.TestScript

var scriptCommands = map[string]func(*script, bool, []string){
	"heed":       runHeed,
	"home":       makeHome,
	"acquaint":   acquaint,
	"agent":      sshAgent,
	"watched":    watched,
	"fails":      fails,
	"remember":   remember,
	"same":       same,
	"sameduties": sameDuties,
	"climbed":    climbed,
	"caughtup":   caughtUp,
	"freeport":   freePortOf,
	"eventually": eventually,
	"mailserver": mailServer,
	"isjson":     isJSON,
	"sql":        runSQL,
	"cut":        cutFile,
	"occupy":     occupy,
	"smalldisk":  smallDisk,
	"fill":       fill,
}

// runHeed is `[!] heed ARGUMENT...`.
func runHeed(ts *script, neg bool, args []string) {
	err := ts.Exec("heed", args...)
	if (err == nil) == neg {
		ts.Fatalf("heed %v: %v", args, err)
	}
}

// makeHome is `home NAME [flag of init...]`: init of the party NAME.example in
// the folder NAME, on ports that are free. $NAME_port is the port of --listen.
func makeHome(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) > 0, "home NAME [flag...]")
	name := args[0]
	listen, tiles := freePort(), freePort()
	ts.Setenv(name+"_port", strconv.Itoa(listen))
	ts.Setenv(name+"_tiles", strconv.Itoa(tiles))
	run(ts, append([]string{"heed", "init", "--home", name, "--name", name + ".example",
		"--listen", fmt.Sprintf("127.0.0.1:%d", listen), "--tiles", fmt.Sprintf("127.0.0.1:%d", tiles)}, args[1:]...)...)
}

// acquaint is `acquaint HOME...`: waits for the nodes, gives each the officers
// jens (drafter) and irma (duty officer, assessor), and makes all of them
// peers of each other.
func acquaint(ts *script, neg bool, homes []string) {
	want(ts, !neg && len(homes) > 0, "acquaint HOME...")
	for _, h := range homes {
		run(ts, "heed", "wait", "--home", h)
		run(ts, "heed", "officer", "add", "--home", h, "jens", "--role", "drafter")
		run(ts, "heed", "officer", "add", "--home", h, "irma", "--role", "duty-officer,assessor")
		run(ts, "heed", "card", "--home", h)
		ts.Check(os.WriteFile(ts.MkAbs(h+".card"), []byte(ts.ReadFile("stdout")), 0o600))
	}
	for _, h := range homes {
		for _, other := range homes {
			if h != other {
				run(ts, "heed", "peer", "add", "--home", h, "--yes", other+".card")
			}
		}
	}
}

// sshAgent is `agent KEY...`: an ssh-agent that has the keys, by $SSH_AUTH_SOCK,
// until the script ends.
func sshAgent(ts *script, neg bool, keys []string) {
	want(ts, !neg && len(keys) > 0, "agent KEY...")
	socket := ts.MkAbs("agent.sock")
	run(ts, "ssh-agent", "-s", "-a", socket) // it has its socket when this returns
	_, said, _ := strings.Cut(ts.ReadFile("stdout"), "SSH_AGENT_PID=")
	number, _, _ := strings.Cut(said, ";")
	pid, err := strconv.Atoi(number)
	ts.Check(err)
	ts.Defer(func() {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			ts.Logf("ssh-agent: %v", err)
		}
	})
	ts.Setenv("SSH_AUTH_SOCK", socket)
	run(ts, append([]string{"ssh-add", "-q"}, keys...)...)
}

// watched is `watched HOME...`: three witnesses that follow the ledgers of these
// homes run until the script ends. Their addresses are $w1 to $w3.
func watched(ts *script, neg bool, homes []string) {
	want(ts, !neg && len(homes) > 0, "watched HOME...")
	for i := 1; i <= 3; i++ {
		name, address := fmt.Sprintf("w%d", i), fmt.Sprintf("127.0.0.1:%d", freePort())
		args := []string{"witness", "--home", name, "--name", name + ".example", "--listen", address, "--log"}
		for _, h := range homes {
			args = append(args, h+".card")
		}
		c := exec.Command(filepath.Join(strings.Split(ts.Getenv("PATH"), string(filepath.ListSeparator))[0], "heed"), args...)
		c.Dir = ts.MkAbs(".")
		out, err := c.StdoutPipe()
		ts.Check(err)
		ts.Check(c.Start())
		ts.Defer(func() {
			killed := c.Process.Kill()
			if err := c.Wait(); killed != nil || c.ProcessState == nil {
				ts.Logf("%s did not end: %v, %v", name, killed, err)
			}
		})
		_, err = bufio.NewReader(out).ReadString('\n') // it speaks once it listens
		ts.Check(err)
		ts.Setenv(name, "http://"+address)
	}
}

// fails is `fails STATUS PATTERN COMMAND...`: the command ends with that
// status, prints nothing on standard output, and one line and a hint on
// standard error; both lines together match the pattern. A pattern that begins
// with "no hint:" excuses the missing hint, one with "prints:" the output.
func fails(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) > 2, "fails STATUS PATTERN COMMAND...")
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	pattern, hintless := strings.CutPrefix(args[1], "no hint:")
	pattern, printing := strings.CutPrefix(pattern, "prints:")
	err = ts.Exec(args[2], args[3:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("%v: %v, and it should end with status %d", args[2:], err, status)
	}
	if got := exit.ExitCode(); got != status {
		ts.Fatalf("%v ended with status %d and not %d", args[2:], got, status)
	}
	if out := ts.ReadFile("stdout"); out != "" && !printing {
		ts.Fatalf("%v failed and yet printed %q", args[2:], out)
	}
	complaint := strings.TrimSuffix(ts.ReadFile("stderr"), "\n")
	lines := strings.Split(complaint, "\n")
	switch {
	case !strings.HasPrefix(lines[0], "heed: "):
		ts.Fatalf("the complaint does not begin with its one line: %q", complaint)
	case len(lines) > 2, len(lines) == 2 && !strings.HasPrefix(lines[1], "      "):
		ts.Fatalf("the complaint is not one line and a hint: %q", complaint)
	case len(lines) == 1 && !hintless && !hintInLine.MatchString(lines[0]):
		ts.Fatalf("the complaint has no hint: %q", complaint)
	}
	match, err := regexp.MatchString("(?s)"+pattern, complaint)
	ts.Check(err)
	if !match {
		ts.Fatalf("the complaint does not match %q: %q", pattern, complaint)
	}
}

// hintInLine is a hint in brackets at the end of the line, and no error number.
var hintInLine = regexp.MustCompile(`\([^()]*[a-z][^()]*\)$`)

// remember is `remember VAR PATH [FILE]`: sets the variable to a value of the
// JSON on standard output or in the file, found by its dotted path.
func remember(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) >= 2 && len(args) <= 3, "remember VAR PATH [FILE]")
	file := "stdout"
	if len(args) == 3 {
		file = args[2]
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &v))
	for _, key := range strings.Split(args[1], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(at) {
				ts.Fatalf("%s has only %d items", args[1], len(at))
			}
			v = at[i]
		}
	}
	if v == nil {
		ts.Fatalf("there is no %s in %s", args[1], file)
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// same is `[!] same A B`: the two words are equal.
func same(ts *script, neg bool, args []string) {
	want(ts, len(args) == 2, "[!] same A B")
	if (args[0] == args[1]) == neg {
		ts.Fatalf("same %q %q: %v", args[0], args[1], !neg)
	}
}

// sameDuties is `sameduties A.json B.json`: what `heed show --json` printed on
// both sides of a case agrees in statements and duties, every statement has
// its receipt, and there is something to compare.
func sameDuties(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 2, "sameduties A.json B.json")
	type side struct {
		Case       string           `json:"case"`
		ID         string           `json:"id"`
		Statements []map[string]any `json:"statements"`
		Duties     []map[string]any `json:"duties"`
	}
	var sides [2]side
	for i, name := range args {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &sides[i]))
	}
	a, b := sides[0], sides[1]
	if a.ID == "" || len(a.Statements) < 2 {
		ts.Fatalf("%s holds no case", args[0])
	}
	if !reflect.DeepEqual(a, b) {
		one, err := json.MarshalIndent(a, "", " ")
		ts.Check(err)
		two, err := json.MarshalIndent(b, "", " ")
		ts.Check(err)
		ts.Fatalf("the two sides differ:\n%s\n%s", one, two)
	}
	receipted := map[any]bool{}
	for _, s := range a.Statements {
		if s["kind"] == "receipt" {
			receipted[s["answers"].([]any)[0]] = true
		}
	}
	for _, s := range a.Statements {
		if s["kind"] != "receipt" && !receipted[s["id"]] {
			ts.Fatalf("%s statement %s has no receipt", s["kind"], s["id"])
		}
	}
}

// climbed is `climbed LEVEL HOME CASE DUTY...`: waits until one duty of each kind of
// the case are at that escalation level on that side. The clocks are those of
// the nodes: nothing but looking again can tell.
func climbed(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) > 3, "climbed LEVEL HOME CASE DUTY...")
	level, err := strconv.Atoi(args[0])
	ts.Check(err)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		run(ts, "heed", "show", "--home", args[1], "--json", args[2])
		var c struct {
			Duties []struct {
				Kind  string
				Level int
			}
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &c))
		reached := map[string]bool{}
		for _, d := range c.Duties {
			reached[d.Kind] = reached[d.Kind] || d.Level == level
		}
		all := true
		for _, kind := range args[3:] {
			all = all && reached[kind]
		}
		if all {
			return
		}
	}
	ts.Fatalf("%v did not climb to level %d", args[3:], level)
}

// caughtUp is `caughtup HOME`: waits until a restored node signs again.
func caughtUp(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 1, "caughtup HOME")
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		run(ts, "heed", "inbox", "--home", args[0], "--json")
		var inbox struct{ Restored bool }
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &inbox))
		if !inbox.Restored {
			return
		}
	}
	ts.Fatalf("%s did not catch up", args[0])
}

// freePortOf is `freeport VAR`: sets the variable to a port that is free.
func freePortOf(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 1, "freeport VAR")
	ts.Setenv(args[0], strconv.Itoa(freePort()))
}

// eventually is `eventually PATTERN ARGUMENT...`: runs heed with the arguments
// until its standard output matches.
func eventually(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) > 1, "eventually PATTERN ARGUMENT...")
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if ts.Exec("heed", args[1:]...) == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("heed %v never printed %q: %q", args[1:], args[0], ts.ReadFile("stdout"))
}

// isJSON is `isjson`: standard output is one JSON value, and standard error empty.
func isJSON(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 0, "isjson")
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var v any
	ts.Check(dec.Decode(&v))
	if dec.More() {
		ts.Fatalf("there is more than one JSON value")
	}
	if text := ts.ReadFile("stderr"); text != "" {
		ts.Fatalf("standard error is not empty: %q", text)
	}
}

// runSQL is `sql DATABASE STATEMENT`: what a tamperer does to a database, who
// changes at least one row.
func runSQL(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 2, "sql DATABASE STATEMENT")
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	result, err := db.ExecContext(context.Background(), args[1])
	ts.Check(errors.Join(err, db.Close()))
	n, err := result.RowsAffected()
	ts.Check(err)
	if n == 0 {
		ts.Fatalf("no row was changed")
	}
}

// cutFile is `cut FILE BYTES`: leaves out so many bytes at the end.
func cutFile(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 2, "cut FILE BYTES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(data[:len(data)-n]), 0o600))
}

// occupy is `occupy PORT`: another program listens there until the script ends.
func occupy(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 1, "occupy PORT")
	l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	ts.Check(err)
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("%v", err)
		}
	})
}

// smallDisk is `smalldisk DIR KIBIBYTES`: sets $SMALL to a command line prefix
// under which nothing in the folder grows beyond that. It is a file system of
// its own where the test may mount one, and a limit of the process's files
// where it may not.
func smallDisk(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 2, "smalldisk DIR KIBIBYTES")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+args[1]+"k"); err != nil {
		ts.Logf("no file system of its own (%v): a limit on files instead", err)
		ts.Setenv("LIMIT", "ulimit -f "+args[1])
		return
	}
	ts.Setenv("LIMIT", "true")
	ts.Defer(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			ts.Logf("%v", err)
		}
	})
}

// fill is `fill FILE BYTES`: a file of bytes that nothing can compress.
func fill(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 2, "fill FILE BYTES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	random := rand.NewChaCha8([32]byte([]byte("bytes that nothing can compress!")))
	var b bytes.Buffer
	for b.Len() < n {
		ts.Check(binaryWrite(&b, random.Uint64()))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes()[:n], 0o600))
}

func binaryWrite(b *bytes.Buffer, v uint64) error {
	for range 8 {
		if err := b.WriteByte(byte(v)); err != nil {
			return err
		}
		v >>= 8
	}
	return nil
}

func want(ts *script, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

func run(ts *script, words ...string) {
	if err := ts.Exec(words[0], words[1:]...); err != nil {
		ts.Fatalf("%v: %v", words, err)
	}
}

var ports struct {
	sync.Mutex
	given map[int]bool
}

// freePort picks a port on which nothing listens, below those that the kernel
// gives to outgoing connections, so that it is still free when a node that was
// killed comes back to it.
func freePort() int {
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	for {
		port := 12000 + rand.IntN(20000)
		if ports.given[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if l.Close() == nil {
			ports.given[port] = true
			return port
		}
	}
}

package foreign

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
	_ "modernc.org/sqlite"

	"heed/ledger"
)

// build builds litewitness from the very versions that torchwood requires.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "litewitness")
	command := exec.Command("go", "build", "-o", program, "filippo.io/torchwood/cmd/litewitness")
	command.Dir = "litewitness"
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// A litewitness is a process of its own, with its key in an
// ssh-agent and its memory in SQLite.
type litewitness struct {
	name    string
	program string
	agent   string // the path of its socket
	key     string // fingerprint
	home    string

	url     string
	process *exec.Cmd
	stderr  bytes.Buffer // to be read after ended
	ended   chan error
	cosigns ledger.CosignerKey
}

// newLitewitness starts a litewitness that knows no log.
func newLitewitness(t *testing.T, program, name string) *litewitness {
	t.Helper()
	w := &litewitness{name: name, program: program, home: t.TempDir()}
	w.agent, w.key = sshAgent(t)
	w.start(t)
	t.Cleanup(func() { w.stop(t) })
	return w
}

// start starts the process on a new port.
func (w *litewitness) start(t *testing.T) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := port.Addr().String()
	must(t, port.Close())

	w.url = "http://" + address
	w.stderr.Reset()
	w.process = exec.Command(w.program, "-name", w.name, "-ssh-agent", w.agent, "-key", w.key, "-listen", address)
	w.process.Dir = w.home
	w.process.Stderr = &w.stderr
	must(t, w.process.Start())
	w.ended = make(chan error, 1)
	go func(process *exec.Cmd, ended chan<- error) { ended <- process.Wait() }(w.process, w.ended)

	// As an operator would, we take its key from its front page.
	for line := range strings.Lines(w.frontPage(t)) {
		if vkey := strings.TrimSpace(line); strings.HasPrefix(vkey, w.name+"+") {
			w.cosigns, err = ledger.ParseCosignerKey(vkey)
			must(t, err)
			return
		}
	}
	t.Fatalf("%s: no key on the front page", w.name)
}

// frontPage waits until the process answers: it has no other way of saying
// that it listens.
func (w *litewitness) frontPage(t *testing.T) string {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(30 * time.Second)
	for {
		if answer, err := http.Get(w.url + "/"); err == nil {
			defer answer.Body.Close()
			page, err := io.ReadAll(answer.Body)
			must(t, err)
			return string(page)
		}
		select {
		case err := <-w.ended:
			w.process = nil
			t.Fatalf("%s ended: %v\n%s", w.name, err, w.stderr.String())
		case <-late:
			t.Fatalf("%s does not answer at %s", w.name, w.url)
		case <-again.C:
		}
	}
}

// stop ends the process, if it runs, and waits for it.
func (w *litewitness) stop(t *testing.T) {
	t.Helper()
	if w.process == nil {
		return
	}
	must(t, w.process.Process.Signal(os.Interrupt))
	if err := <-w.ended; err != nil {
		t.Errorf("%s: %v\n%s", w.name, err, w.stderr.String())
	}
	w.process = nil
}

// enroll tells the witness of a log and its key: the rows that witnessctl
// add-log and add-key write, which does not build without a module that the
// proxy refuses.
func (w *litewitness) enroll(t *testing.T, origin, vkey string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.home, "litewitness.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	defer db.Close()
	empty, err := tlog.TreeHash(0, nil)
	must(t, err)
	_, err = db.Exec(`INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)`,
		origin, base64.StdEncoding.EncodeToString(empty[:]))
	must(t, err)
	_, err = db.Exec(`INSERT INTO key (origin, key) VALUES (?, ?)`, origin, vkey)
	must(t, err)
}

// An answer is what a witness says to add-checkpoint.
type answer struct {
	status int
	form   string
	body   []byte
}

// post hands over the bytes of a request.
func (w *litewitness) post(t *testing.T, request []byte) answer {
	t.Helper()
	got, err := http.Post(w.url+"/add-checkpoint", "application/octet-stream", bytes.NewReader(request))
	must(t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	must(t, err)
	return answer{status: got.StatusCode, form: got.Header.Get("Content-Type"), body: body}
}

// add asks for a cosignature of l's head by a witness that is to have seen
// l's first old leaves.
func (w *litewitness) add(t *testing.T, l *log, old int64) answer {
	t.Helper()
	proof, err := ledger.Consistency(old, l.head.Size, l)
	must(t, err)
	request, err := ledger.AddCheckpoint{Old: old, Proof: proof, Checkpoint: l.signed}.Marshal()
	must(t, err)
	return w.post(t, request)
}

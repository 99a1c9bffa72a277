package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// SocketName is the socket's file in a home.
const SocketName = "heed.sock"

// Listen opens the socket of a home for the node that holds the home's lock. A
// socket left by a node that was killed is replaced.
func Listen(home string) (net.Listener, error) {
	path, release, err := reachable(home)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("socket %s: %w", filepath.Join(home, SocketName), err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	// The path may go by way of a descriptor that is closed by then: whoever
	// closes the listener leaves the file, and the next Listen removes it.
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	return l, nil
}

// reachable gives a path to the socket that is short enough for the kernel
// (108 bytes), by way of an open descriptor of the home where the home's own
// path is longer.
func reachable(home string) (path string, release func(), err error) {
	path = filepath.Join(home, SocketName)
	if len(path) < 100 {
		return path, func() {}, nil
	}
	dir, err := os.Open(home)
	if err != nil {
		return "", nil, err
	}
	short := "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + SocketName
	return short, func() { dir.Close() }, nil
}

// Client talks to the node of a home.
type Client struct {
	http *http.Client
	home string
}

// Why a request was not answered: a *Fault of Call matches one of them.
var (
	// ErrNoNode says that no node answers on the home's socket: nothing was asked.
	ErrNoNode = errors.New("no node is running")
	// ErrWentAway says that the node was asked and did not answer to the end: it
	// may have done what it was asked.
	ErrWentAway = errors.New("the node went away")
)

// Dial makes a client; nothing is contacted yet.
func Dial(home string) *Client {
	dialer := &net.Dialer{}
	return &Client{home: home, http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			path, release, err := reachable(home)
			if err != nil {
				return nil, err
			}
			defer release()
			return dialer.DialContext(ctx, "unix", path)
		},
	}}}
}

// Call asks the node. Its error is a *Fault that says how the command ends, or
// ctx's own where that has ended: then the node may have done what it was asked.
func (c *Client) Call(ctx context.Context, verb string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node/v1/"+verb, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return c.unanswered(ctx, "while it was asked", err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return c.unanswered(ctx, "while it answered", err)
	}
	return settle(verb, response.StatusCode, data, out)
}

// settle reads the answer to a verb: what was asked for, or why it failed.
func settle(verb string, status int, data []byte, out any) error {
	if status != http.StatusOK {
		fault := &Fault{}
		if err := json.Unmarshal(data, fault); err != nil || fault.Message == "" {
			return &Fault{Exit: ExitFault, Message: fmt.Sprintf("the node answered %d %s to %q", status, http.StatusText(status), verb), Hint: "are node and command of the same version?"}
		}
		return fault
	}
	if err := json.Unmarshal(data, out); err != nil {
		return &Fault{Exit: ExitFault, Message: "the node's answer cannot be read: " + err.Error(), Hint: "are node and command of the same version?"}
	}
	return nil
}

// unanswered says why there is no answer.
func (c *Client) unanswered(ctx context.Context, when string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // whoever asked has given up: the node is as it was
	}
	var socket *net.OpError
	if errors.As(err, &socket) && socket.Op == "dial" || errors.Is(err, os.ErrNotExist) {
		return c.noNode()
	}
	why := err.Error()
	if connectionEnded(err) {
		why = "it was stopped, or ended the connection"
	}
	return &Fault{Exit: ExitUnreachable, Message: fmt.Sprintf("%v %s: %s", ErrWentAway, when, why), Hint: "see what `heed serve` printed", cause: ErrWentAway}
}

// connectionEnded reports whether an error says no more than that nobody is at
// the other end any more, which each layer has other words for.
func connectionEnded(err error) bool {
	for _, end := range []error{net.ErrClosed, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

func (c *Client) noNode() error {
	home, err := filepath.Abs(c.home)
	if err != nil {
		home = c.home
	}
	if _, err := os.Stat(home); errors.Is(err, os.ErrNotExist) {
		return &Fault{Exit: ExitUnreachable, Message: fmt.Sprintf("there is no home at %s", home), Hint: "make one with `heed init --home " + c.home + " --name PARTY --listen HOST:PORT`, then start it with `heed serve --home " + c.home + "`", cause: ErrNoNode}
	}
	return &Fault{Exit: ExitUnreachable, Message: fmt.Sprintf("%v for the home %s", ErrNoNode, home), Hint: "start it with `heed serve --home " + c.home + "`", cause: ErrNoNode}
}

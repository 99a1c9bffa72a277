package notify

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// chatFor speaks to server through the generic service, which posts a message
// as it is.
func chatFor(t *testing.T, server *httptest.Server) *Chat {
	t.Helper()
	c, err := NewChat(ChatConfig{Name: "desk-chat", URL: "generic+" + server.URL + "/hook/token-9f2c", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChatPostsTheText(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.URL.Path + "\n" + string(body)
	}))
	defer server.Close()
	n := overdue()
	if err := chatFor(t, server).Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if body := <-got; body != "/hook/token-9f2c\n"+n.Subject()+"\n\n"+n.Text() {
		t.Errorf("got %s", body)
	}
}

func TestChatFaults(t *testing.T) {
	t.Run("words decide nothing", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		err := chatFor(t, server).Send(t.Context(), overdue())
		if err == nil || Permanent(err) || !strings.Contains(err.Error(), "404") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a typed status does", func(t *testing.T) {
		for status, permanent := range map[int]bool{403: true, 429: false, 503: false} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
			address := "ntfy://duty:hunter-two@" + strings.TrimPrefix(server.URL, "http://") + "/desk?scheme=http"
			c, err := NewChat(ChatConfig{Name: "desk-chat", URL: address})
			if err != nil {
				t.Fatal(err)
			}
			err = c.Send(t.Context(), overdue())
			server.Close()
			if err == nil || Permanent(err) != permanent || strings.Contains(err.Error(), "hunter-two") {
				t.Errorf("%d: got %v, permanent %v", status, err, Permanent(err))
			}
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		server := httptest.NewServer(nil)
		c := chatFor(t, server)
		server.Close()
		err := c.Send(t.Context(), overdue())
		if err == nil || Permanent(err) {
			t.Fatalf("got %v", err)
		}
		for _, secret := range []string{"token-9f2c", "hook/", strings.TrimPrefix(server.URL, "http://")} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q is in the error: %v", secret, err)
			}
		}
	})
	t.Run("bad notice", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
		defer server.Close()
		n := overdue()
		n.Role = "supervisor\n@everyone"
		if err := chatFor(t, server).Send(t.Context(), n); !errors.Is(err, ErrNotice) || !Permanent(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestChatThatHangsIsLeftBehindButBounded(t *testing.T) {
	release := make(chan struct{})
	var arrived sync.WaitGroup
	arrived.Add(maxPending)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		<-release
	}))
	defer server.Close()
	c := chatFor(t, server)
	ctx, cancel := context.WithCancel(t.Context())
	faults := make(chan error, maxPending)
	for range maxPending {
		go func() { faults <- c.Send(ctx, overdue()) }()
	}
	arrived.Wait()
	cancel()
	for range maxPending {
		if err := <-faults; !errors.Is(err, context.Canceled) || Permanent(err) {
			t.Errorf("got %v", err)
		}
	}
	if err := c.Send(t.Context(), overdue()); !errors.Is(err, errPending) || Permanent(err) {
		t.Errorf("got %v, want that earlier notices wait", err)
	}
	close(release)
	for range maxPending {
		c.slots <- struct{}{} // free again once the server has answered
	}
	for range maxPending {
		<-c.slots
	}
}

func TestChatSettings(t *testing.T) {
	for name, address := range map[string]string{
		"empty":             "",
		"not an address":    "hunter-two",
		"control character": "ntfy://hunter-two\n",
		"unknown service":   "pigeon://hunter-two@north.example",
		"tells nobody":      "logger://hunter-two",
		"mail":              "smtp://u:hunter-two@mail.north.example/?from=a@north.example&to=b@north.example",
		"matrix, no token":  "matrix://matrix.north.example/hunter-two",
		"slack, no token":   "slack://hunter-two",
		"telegram, bad one": "telegram://hunter-two@telegram?chats=@desk",
	} {
		_, err := NewChat(ChatConfig{Name: "desk-chat", URL: address})
		var setting *Setting
		if !errors.As(err, &setting) || setting.Name != "url" {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter-two") {
			t.Errorf("%s: the error repeats the address: %v", name, err)
		}
	}
}

func TestChatSettingsReachNobody(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err == nil {
			conn.Close()
			t.Error("reading the settings opened a connection")
		}
	}()
	address := "matrix://duty:hunter-two@" + listener.Addr().String() + "/?disableTLS=yes&rooms=desk"
	if _, err := NewChat(ChatConfig{Name: "desk-chat", URL: address}); err != nil {
		t.Error(err)
	}
	listener.Close()
	<-done
}

// FuzzNewChat looks for addresses that a service's client chokes on, and for
// errors that give one away.
func FuzzNewChat(f *testing.F) {
	for _, address := range []string{
		"slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook", "discord://token@id", "telegram://1:t@telegram?chats=@a",
		"generic+https://hooks.north.example/p?template=json&$x=y&@H=v", "ntfy://u:p@ntfy.north.example/desk?scheme=http",
		"mattermost://u@chat.north.example/token/channel", "matrix://:token@matrix.north.example/?rooms=a", "rocketchat://chat.north.example/a/b",
		"teams://g@t/a/o?host=x", "mqtt://broker.north.example/t", "zulip://bot:key@zulip.north.example/?stream=a", "signal://signal.north.example/+1/+2",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		c, err := NewChat(ChatConfig{Name: "room", URL: address})
		var setting *Setting
		switch {
		case err == nil && c == nil, err != nil && !errors.As(err, &setting):
			t.Fatalf("got %v, %T", c, err)
		case err != nil && strings.ContainsAny(err.Error(), "\r\n\x00\x1b"):
			t.Fatalf("an error not fit for a line: %q", err)
		}
	})
}

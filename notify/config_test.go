package notify

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const goodConfig = `# who is told, and how
channels:
  - name: duty-mail
    type: mail
    roles: [duty-officer, supervisor]
    host: mail.north.example
    port: 465
    tls: implicit
    auth: scram-sha-256
    username: heed
    password-file: mail-password
    from: heed at north.example <heed@north.example>
    helo: node.north.example
    timeout: 20s
  - name: pager
    type: webhook
    levels: 1+
    url: https://hooks.north.example/heed
    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  - name: room
    type: chat
    roles:
      - supervisor
    levels: 2+
    url-file: room-url
`

var goodFiles = map[string]string{
	"mail-password": "correct horse\n",
	"room-url":      "ntfy://ntfy.north.example/desk\r\n",
	"two-lines":     "one\ntwo\n",
	"empty":         "\n",
	"ca.pem":        "no certificate",
}

func readGood(name string) ([]byte, error) {
	text, found := goodFiles[name]
	if !found {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

func TestParse(t *testing.T) {
	routes, err := Parse("notify.yaml", []byte(goodConfig), readGood)
	if err != nil {
		t.Fatal(err)
	}
	if len(routes) != 3 {
		t.Fatalf("got %d routes", len(routes))
	}
	m := routes[0].Channel.(*Mail)
	if m.host != "mail.north.example" || m.port != 465 || m.tls != TLSImplicit || m.username != "heed" || m.password.reveal() != "correct horse" || m.from.Address != "heed@north.example" || m.helo != "node.north.example" || m.timeout.Seconds() != 20 {
		t.Errorf("mail: %+v, password %q", m, m.password.reveal())
	}
	if c := routes[2].Channel.(*Chat); c.url.reveal() != "ntfy://ntfy.north.example/desk" || c.timeout != DefaultTimeout {
		t.Errorf("chat: %q, %v", c.url.reveal(), c.timeout)
	}
	for _, c := range []struct {
		role  string
		level int
		want  []string
	}{
		{"duty-officer", 0, []string{"duty-mail"}},
		{"duty-officer", 1, []string{"duty-mail", "pager"}},
		{"supervisor", 2, []string{"duty-mail", "pager", "room"}},
		{"director", 0, nil},
		{"director", 3, []string{"pager"}},
	} {
		var got []string
		for _, channel := range routes.For(c.role, c.level) {
			got = append(got, channel.Name())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s at level %d: got %v, want %v", c.role, c.level, got, c.want)
		}
	}
}

func TestParseNamesLineAndField(t *testing.T) {
	hook := "channels:\n  - name: pager\n    type: webhook\n    url: https://hooks.north.example\n    secret: " + hookSecret + "\n"
	mail := "channels:\n  - name: post\n    type: mail\n    host: mail.north.example\n    from: heed@north.example\n"
	for name, c := range map[string]struct {
		text, want string
	}{
		"empty":                {"", "notify.yaml: is empty"},
		"comment only":         {"# nothing\n", "notify.yaml: is empty"},
		"not YAML":             {"channels: [\n", "notify.yaml: is not YAML: line "},
		"a word":               {"hunter-two\n", "notify.yaml:1: must be a list of settings"},
		"second document":      {hook + "---\nx: y\n", "notify.yaml:6: holds a second document"},
		"broken second":        {hook + "---\nx: [\n", "notify.yaml: is not YAML"},
		"unknown at the top":   {"chanels: []\n", "notify.yaml:1: chanels: is not a setting here; known are channels"},
		"no channels":          {"channels: []\n", "notify.yaml:1: channels: must be a list of 1 to 64 entries"},
		"channel not a map":    {"channels:\n  - hunter-two\n", "notify.yaml:2: channels[0]: must be a list of settings"},
		"unknown setting":      {hook + "    role: [supervisor]\n", "notify.yaml:6: channels[0].role: is not a setting here; known are name, type, roles"},
		"setting of another":   {hook + "    host: mail.north.example\n", "notify.yaml:6: channels[0].host: is not a setting here"},
		"given twice":          {hook + "    name: again\n", "notify.yaml:6: channels[0].name: is given twice"},
		"secret as a name":     {hook + "    hunter-two!: x\n", "notify.yaml:6: channels[0].[not a name]: is not a setting here"},
		"same name":            {hook + strings.TrimPrefix(hook, "channels:\n"), "notify.yaml:6: channels[1].name: is used by an earlier channel"},
		"no name":              {"channels:\n  - type: chat\n    url: ntfy://ntfy.north.example/desk\n", "notify.yaml:2: channels[0].name: must have 1 to 40"},
		"unknown type":         {"channels:\n  - name: x\n    type: pigeon\n", "notify.yaml:3: channels[0].type: must be mail, webhook or chat"},
		"no type":              {"channels:\n  - name: x\n", "notify.yaml:2: channels[0].type: must be mail, webhook or chat"},
		"alias":                {"channels:\n  - &a\n    name: x\n    type: chat\n", "notify.yaml:2: channels: uses an anchor or an alias"},
		"anchored value":       {"channels:\n  - name: &a pager\n    type: chat\n", "notify.yaml:2: channels[0].name: uses an anchor or an alias"},
		"unknown alias":        {"channels:\n  - name: *hunter-two\n", "notify.yaml: is not YAML: unknown anchor [hidden] referenced"},
		"merge":                {"channels:\n  - <<: {name: x}\n    type: chat\n", "notify.yaml:2: channels[0].[not a name]: is not a setting here"},
		"tagged":               {"channels:\n  - name: !!binary aHVudA==\n    type: chat\n", "notify.yaml:2: channels[0].name: must be a text"},
		"null":                 {"channels:\n  - name:\n    type: chat\n", "notify.yaml:2: channels[0].name: must be a text"},
		"list for a text":      {"channels:\n  - name: [x]\n    type: chat\n", "notify.yaml:2: channels[0].name: must be a text"},
		"line break":           {mail + "    helo: \"a\\r\\nMAIL\"\n", "notify.yaml:6: channels[0].helo: must be one line"},
		"port":                 {mail + "    port: 5x\n", "notify.yaml:6: channels[0].port: must be a whole number"},
		"port too large":       {mail + "    port: 99999\n", "notify.yaml:6: channels[0].port: must be between 1 and 65535"},
		"timeout":              {mail + "    timeout: soon\n", "notify.yaml:6: channels[0].timeout: must be a time like"},
		"timeout too long":     {mail + "    timeout: 2m\n", "notify.yaml:6: channels[0].timeout: must be between"},
		"levels":               {mail + "    levels: 1\n", "notify.yaml:6: channels[0].levels: must be the lowest"},
		"roles not a list":     {mail + "    roles: supervisor\n", "notify.yaml:6: channels[0].roles: must be a list"},
		"role with a break":    {mail + "    roles: [\"a\\nb\"]\n", "notify.yaml:6: channels[0].roles: must be one line"},
		"role with markup":     {mail + "    roles: [\"@here\"]\n", "notify.yaml:6: channels[0].roles: has an entry that is not"},
		"role twice":           {mail + "    roles: [a, a]\n", "notify.yaml:6: channels[0].roles: names a role twice"},
		"no password":          {mail + "    username: heed\n", "notify.yaml:2: channels[0].password: is missing"},
		"password in clear":    {mail + "    username: heed\n    password: hunter-two\n    tls: none\n", "notify.yaml:8: channels[0].tls: must not be none"},
		"password both ways":   {mail + "    username: heed\n    password: hunter-two\n    password-file: mail-password\n", "notify.yaml:7: channels[0].password: is given twice"},
		"no such file":         {mail + "    username: heed\n    password-file: nowhere\n", "notify.yaml:7: channels[0].password-file: cannot be read: open nowhere: file does not exist"},
		"file of two lines":    {mail + "    username: heed\n    password-file: two-lines\n", "notify.yaml:7: channels[0].password-file: must name a file of one line"},
		"empty file":           {mail + "    username: heed\n    password-file: empty\n", "notify.yaml:7: channels[0].password-file: must name a file of one line"},
		"authorities":          {mail + "    ca-file: ca.pem\n", "notify.yaml:6: channels[0].ca-file: must name a file with at least one certificate"},
		"bad secret from file": {"channels:\n  - name: pager\n    type: webhook\n    url: https://hooks.north.example\n    secret-file: mail-password\n", "notify.yaml:5: channels[0].secret-file: must be whsec_"},
		"too large":            {strings.Repeat("#", maxConfig+1), "notify.yaml: is larger than 65536 bytes"},
	} {
		_, err := Parse("notify.yaml", []byte(c.text), readGood)
		var mistake *ConfigError
		if !errors.As(err, &mistake) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), "hunter-two") {
			t.Errorf("%s: the error repeats a value: %v", name, err)
		}
	}
}

func TestLoad(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, "notify.yaml")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: got %v", err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("notify.yaml", goodConfig)
	for name, text := range goodFiles {
		write(name, text)
	}
	routes, err := Load(path)
	if err != nil || len(routes) != 3 {
		t.Fatalf("got %d routes, %v", len(routes), err)
	}
	if _, err := Load(home); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory: got %v", err)
	}
	write("mail-password", strings.Repeat("x", maxConfig+1))
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "channels[0].password-file: cannot be read") {
		t.Errorf("a huge secret: got %v", err)
	}
}

func TestTheDocumentedExampleLoads(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "notifications.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/notifications.md has no example in YAML")
	}
	routes, err := Parse("notify.yaml", []byte(example), func(name string) ([]byte, error) {
		switch name {
		case "pager-secret":
			return []byte(hookSecret + "\n"), nil
		case "room-url":
			return []byte("ntfy://ntfy.north.example/desk\n"), nil
		}
		return []byte("correct horse\n"), nil
	})
	if err != nil || len(routes) != 3 {
		t.Errorf("got %d routes, %v", len(routes), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodConfig))
	f.Add([]byte("channels:\n  - {name: a, type: chat, url: 'slack://hook:AAAAAAAAA-BBBBBBBBB-123456789123456789123456@webhook'}\n"))
	f.Add([]byte("channels:\n  - {name: a, type: chat, url: 'matrix://u:p@h/?rooms=x'}\n"))
	f.Add([]byte("channels:\n  - {name: a, type: chat, url: 'generic+https://h/p?template=json&$x=y&@H=v'}\n"))
	f.Add([]byte("channels:\n  - &a {name: a, type: *a, levels: 9+, roles: [a, b]}\n---\n"))
	f.Add([]byte("channels:\n  - {name: a, type: mail, host: '[::1]', from: 'a <a@b.c>', port: 25, tls: none}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		routes, err := Parse("notify.yaml", data, readGood)
		var mistake *ConfigError
		switch {
		case err == nil && len(routes) == 0:
			t.Fatal("neither routes nor an error")
		case err != nil && (routes != nil || !errors.As(err, &mistake)):
			t.Fatalf("got %v and %T", routes, err)
		case err != nil && (len(err.Error()) > 1000 || strings.ContainsAny(err.Error(), "\r\n\x00\x1b")):
			t.Fatalf("an error not fit for a line: %q", err)
		}
		for _, route := range routes {
			if route.Channel == nil || !nameForm.MatchString(route.Channel.Name()) || route.MinLevel < 0 || route.MinLevel > maxLevel {
				t.Fatalf("got %+v", route)
			}
		}
	})
}

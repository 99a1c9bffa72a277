package notify

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// ConfigError is a mistake in notify.yaml. Its text names file, line and field,
// and never repeats a value, which may be a secret.
type ConfigError struct {
	File    string
	Line    int    // from 1; 0 where the parser does not say
	Field   string // like channels[1].secret; empty for the whole file
	Problem string // what is wrong, and how to mend it
}

func (e *ConfigError) Error() string {
	s := e.File
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Problem
}

const (
	// DefaultTimeout bounds an attempt where no timeout is configured. A
	// configured one lies between 100 ms and 60 s.
	DefaultTimeout = 10 * time.Second

	minTimeout  = 100 * time.Millisecond
	maxTimeout  = time.Minute
	maxChannels = 64
	maxRoles    = 32
	maxText     = 4096 // bytes of a setting
)

var (
	nameForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	keyForm    = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	quotedForm = regexp.MustCompile("['\"`].*['\"`]")
	levelsForm = regexp.MustCompile(`^[0-9]{1,2}\+$`)
)

func checkName(name string) error {
	if !nameForm.MatchString(name) {
		return &Setting{"name", "must have 1 to 40 lower-case letters, digits and hyphens"}
	}
	return nil
}

func timeoutOf(d time.Duration) (time.Duration, error) {
	if d == 0 {
		return DefaultTimeout, nil
	}
	if d < minTimeout || d > maxTimeout {
		return 0, &Setting{"timeout", "must be between 100ms and 60s"}
	}
	return d, nil
}

func unprintable(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// Parse reads a notify.yaml, described in docs/notifications.md. The file's name
// is for errors; read fetches the files that it names, by the names as written
// there. Unknown and repeated fields, anchors and aliases are refused. Its error
// is a [*ConfigError].
func Parse(name string, data []byte, read func(name string) ([]byte, error)) (Routes, error) {
	p := &parser{file: name, read: read}
	root, err := p.document(data)
	if err != nil {
		return nil, err
	}
	routes := p.routes(root)
	if p.err != nil {
		return nil, p.err
	}
	return routes, nil
}

// parser keeps the first mistake; what is read after one is thrown away.
type parser struct {
	file string
	read func(string) ([]byte, error)
	err  error
}

func (p *parser) fail(line int, field, problem string) {
	if p.err == nil {
		p.err = &ConfigError{File: p.file, Line: line, Field: field, Problem: problem}
	}
}

func (p *parser) document(data []byte) (*yaml.Node, error) {
	if len(data) > maxConfig {
		return nil, &ConfigError{File: p.file, Problem: fmt.Sprintf("is larger than %d bytes", maxConfig)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &ConfigError{File: p.file, Problem: "is empty; begin it with: channels:"}
		}
		return nil, p.syntax(err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); err == nil {
		return nil, &ConfigError{File: p.file, Line: more.Line, Problem: "holds a second document; remove the line ---"}
	} else if !errors.Is(err, io.EOF) {
		return nil, p.syntax(err)
	}
	return document.Content[0], nil
}

// syntax repeats what the YAML parser says of lines, but not what it quotes: a
// password that begins with * looks to it like the name of something.
func (p *parser) syntax(err error) error {
	said := quotedForm.ReplaceAllString(strings.TrimPrefix(err.Error(), "yaml: "), "[hidden]")
	return &ConfigError{File: p.file, Problem: "is not YAML: " + printable(said, 200)}
}

func (p *parser) routes(root *yaml.Node) Routes {
	top := p.object(root, "")
	top.only("channels")
	nodes := top.list("channels", maxChannels)
	var routes Routes
	names := map[string]bool{}
	for i, node := range nodes {
		o := p.object(node, fmt.Sprintf("channels[%d]", i))
		route := o.route()
		if p.err != nil {
			return nil
		}
		if name := route.Channel.Name(); names[name] {
			o.fail("name", "is used by an earlier channel")
		} else {
			names[name] = true
		}
		routes = append(routes, route)
	}
	return routes
}

// object is a mapping of the file.
type object struct {
	*parser
	path   string
	line   int
	keys   []*yaml.Node
	values map[string]*yaml.Node
}

func (p *parser) object(node *yaml.Node, path string) *object {
	o := &object{parser: p, path: path, line: node.Line, values: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		p.fail(node.Line, path, "must be a list of settings, each like name: value")
		return o
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fail(key.Line, path, "has a setting whose name is not a word")
		case key.Anchor != "" || value.Anchor != "" || value.Kind == yaml.AliasNode:
			p.fail(key.Line, o.field(key.Value), "uses an anchor or an alias (& or *); write the value out, in quotes if it begins so")
		case o.values[key.Value] != nil:
			p.fail(key.Line, o.field(key.Value), "is given twice")
		}
		o.keys = append(o.keys, key)
		o.values[key.Value] = value
	}
	return o
}

func (o *object) field(name string) string {
	// A slip of the hand can put a secret where a name should stand.
	if len(name) > 30 || !keyForm.MatchString(name) {
		name = "[not a name]"
	}
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// fail names the line of a setting, of the file reference in its place, or of
// the whole object if it is missing.
func (o *object) fail(name, problem string) {
	for _, candidate := range []string{name, name + "-file"} {
		if node := o.values[candidate]; node != nil {
			o.parser.fail(node.Line, o.field(candidate), problem)
			return
		}
	}
	o.parser.fail(o.line, o.field(name), problem)
}

// only refuses settings that nobody reads: a misspelt filter would let through
// what it should hold back.
func (o *object) only(known ...string) {
	for _, key := range o.keys {
		if !slices.Contains(known, key.Value) {
			o.parser.fail(key.Line, o.field(key.Value), "is not a setting here; known are "+strings.Join(known, ", "))
		}
	}
}

// text is a setting as it is written: 007 stays 007. Missing gives "".
func (o *object) text(name string) string {
	node := o.values[name]
	if node == nil {
		return ""
	}
	return o.scalar(name, node)
}

func (o *object) scalar(name string, node *yaml.Node) string {
	switch {
	case node.Kind != yaml.ScalarNode || node.Anchor != "" || node.Style&yaml.TaggedStyle != 0 || node.Tag == "!!null" || node.Value == "":
		o.fail(name, "must be a text")
	case len(node.Value) > maxText || strings.ContainsFunc(node.Value, unprintable):
		o.fail(name, fmt.Sprintf("must be one line of at most %d bytes", maxText))
	}
	return node.Value
}

func (o *object) number(name string) int {
	text := o.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text || n <= 0 {
		o.fail(name, "must be a whole number above 0")
	}
	return n
}

func (o *object) span(name string) time.Duration {
	text := o.text(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		o.fail(name, "must be a time like 10s or 500ms")
	}
	return d
}

func (o *object) list(name string, most int) []*yaml.Node {
	node := o.values[name]
	switch {
	case node == nil:
		o.fail(name, "is missing")
		return nil
	case node.Kind != yaml.SequenceNode || len(node.Content) == 0 || len(node.Content) > most:
		o.fail(name, fmt.Sprintf("must be a list of 1 to %d entries", most))
		return nil
	}
	for _, entry := range node.Content {
		if entry.Kind == yaml.AliasNode || entry.Anchor != "" {
			o.parser.fail(entry.Line, o.field(name), "uses an anchor or an alias (& or *); write the entry out")
		}
	}
	return node.Content
}

// either is a setting given inline or as the name of a file whose one line it
// is. The end of that line is not part of it.
func (o *object) either(name string) string {
	file := o.text(name + "-file")
	if file == "" {
		return o.text(name)
	}
	if o.values[name] != nil {
		o.fail(name, "is given twice: drop it or "+name+"-file")
		return ""
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(o.contents(name+"-file", file)), "\n"), "\r")
	if text == "" || len(text) > maxText || strings.ContainsFunc(text, unprintable) {
		o.fail(name+"-file", fmt.Sprintf("must name a file of one line of at most %d bytes", maxText))
	}
	return text
}

func (o *object) contents(name, file string) []byte {
	if o.err != nil {
		return nil
	}
	data, err := o.read(file)
	if err != nil {
		o.fail(name, "cannot be read: "+printable(err.Error(), 300))
		return nil
	}
	if len(data) > maxConfig {
		o.fail(name, fmt.Sprintf("names a file of more than %d bytes", maxConfig))
		return nil
	}
	return data
}

func (o *object) roots(name string) *x509.CertPool {
	file := o.text(name)
	if file == "" {
		return nil
	}
	data := o.contents(name, file)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		o.fail(name, "must name a file with at least one certificate in PEM form")
	}
	return pool
}

func (o *object) route() Route {
	name, kind := o.text("name"), o.text("type")
	route := Route{Roles: o.roles(), MinLevel: o.levels()}
	var err error
	switch kind {
	case "mail":
		o.accept("host", "port", "tls", "ca-file", "auth", "username", "password", "password-file", "from", "helo")
		config := MailConfig{
			Name: name, Host: o.text("host"), Port: o.number("port"), TLS: o.text("tls"), Auth: o.text("auth"),
			Username: o.text("username"), Password: o.either("password"), From: o.text("from"), Helo: o.text("helo"),
			Roots: o.roots("ca-file"), Timeout: o.span("timeout"),
		}
		route.Channel, err = made(o, config, NewMail)
	case "webhook":
		o.accept("url", "url-file", "secret", "secret-file", "ca-file")
		config := WebhookConfig{Name: name, URL: o.either("url"), Secret: o.either("secret"), Roots: o.roots("ca-file"), Timeout: o.span("timeout")}
		route.Channel, err = made(o, config, NewWebhook)
	case "chat":
		o.accept("url", "url-file")
		config := ChatConfig{Name: name, URL: o.either("url"), Timeout: o.span("timeout")}
		route.Channel, err = made(o, config, NewChat)
	default:
		o.fail("type", "must be mail, webhook or chat")
	}
	var setting *Setting
	if errors.As(err, &setting) {
		o.fail(setting.Name, setting.Problem)
	} else if err != nil {
		o.fail("type", printable(err.Error(), 300))
	}
	return route
}

func (o *object) accept(own ...string) {
	o.only(append([]string{"name", "type", "roles", "levels", "timeout"}, own...)...)
}

// made makes a channel unless the file has a mistake already.
func made[Config any, Made Channel](o *object, config Config, build func(Config) (Made, error)) (Channel, error) {
	if o.err != nil {
		return nil, nil
	}
	return build(config)
}

func (o *object) roles() []string {
	if o.values["roles"] == nil {
		return nil
	}
	var roles []string
	for _, node := range o.list("roles", maxRoles) {
		role := o.scalar("roles", node)
		switch {
		case !plain(role):
			o.fail("roles", "has an entry that is not a role's name, like duty-officer")
		case slices.Contains(roles, role):
			o.fail("roles", "names a role twice")
		}
		roles = append(roles, role)
	}
	return roles
}

// levels is written as 2+: escalation level 2 and up.
func (o *object) levels() int {
	text := o.text("levels")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(text, "+"))
	if err != nil || !levelsForm.MatchString(text) {
		o.fail("levels", "must be the lowest escalation level and a plus sign, like 1+; 0+ includes notices on arrival")
	}
	return n
}

package desk

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"heed"
	"heed/exchange"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates: one set for each page, with the layout and the parts
// that pages share. "parts" alone renders what streams send.
type pages map[string]*template.Template

func parsePages() pages {
	shared := template.Must(template.New("").Funcs(template.FuncMap{"paragraphs": paragraphs, "options": options}).
		ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/document.html", "templates/forms.html"))
	all := pages{"parts": shared}
	for _, name := range []string{"login", "you", "board", "case", "choose", "hits", "hit", "message"} {
		set := template.Must(template.Must(shared.Clone()).ParseFS(templateFiles, "templates/"+name+".html"))
		all[name] = set
	}
	return all
}

// page is what the layout shows around every page.
type page struct {
	Title   string
	Party   string
	Officer string
	Roles   string
	Zone    string
	CSRF    string
	Body    any
}

func (d *desk) page(v *visit, title string, body any) page {
	var roles []string
	for _, r := range v.as.Roles {
		roles = append(roles, word(roleWords, r))
	}
	return page{
		Title: title, Party: string(d.exchange.Party()), Officer: string(v.as.ID), Roles: strings.Join(roles, ", "),
		Zone: v.zone.String(), CSRF: v.csrf, Body: body,
	}
}

func (d *desk) show(v *visit, status int, name, title string, body any) {
	d.render(v.w, v.r, status, name, d.page(v, title, body))
}

// render sends a page only once all of it could be made.
func (d *desk) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	var out bytes.Buffer
	if err := d.pages[name].ExecuteTemplate(&out, "layout", p); err != nil {
		d.log.Error("desk: page could not be made", "page", name, "error", err)
		http.Error(w, "The page could not be made; the node's log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	d.send(r, w, out.Bytes())
}

// send writes a body. That the reader has gone is nobody's fault.
func (d *desk) send(r *http.Request, w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		d.log.Debug("desk: answer was cut off", "path", r.URL.Path, "error", err)
	}
}

// part renders one fragment for a stream.
func (d *desk) part(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	err := d.pages["parts"].ExecuteTemplate(&out, name, data)
	return out.Bytes(), err
}

// message is a page that says one thing.
type message struct {
	Heading string
	Text    string
}

func (d *desk) plain(v *visit, status int, heading, text string) {
	d.show(v, status, "message", heading, message{heading, text})
}

func (d *desk) notFound(w http.ResponseWriter, r *http.Request) {
	d.render(w, r, http.StatusNotFound, "message", page{
		Title: "Not found", Party: string(d.exchange.Party()),
		Body: message{"Not found", "There is no such page on this desk."},
	})
}

// fault answers an error that no form can show beside it.
func (d *desk) fault(v *visit, err error) {
	status, p := problemOf(err)
	if status == http.StatusInternalServerError {
		d.log.Error("desk: request failed", "path", v.r.URL.Path, "error", err)
	}
	heading := "That cannot be done"
	switch status {
	case http.StatusInternalServerError:
		heading = "Something is wrong with the node"
	case http.StatusNotFound:
		heading = "Not found"
	}
	d.plain(v, status, heading, p.text())
}

// problem is why something was not done, as the page says it.
type problem struct {
	What string
	Hint string
}

func (p problem) text() string { return strings.TrimSpace(p.What + " " + p.Hint) }

// problemOf tells what a person can mend from what the machine did.
func problemOf(err error) (status int, p problem) {
	var refused *heed.Refused
	var invalid *heed.Invalid
	var elsewhere *exchange.SignedElsewhere
	switch {
	case errors.As(err, &refused):
		return http.StatusForbidden, problem{sentence(refused.Detail), forDesk(refused.Hint)}
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity, problem{sentence(invalid.What), forDesk(invalid.Hint)}
	case errors.As(err, &elsewhere):
		return http.StatusForbidden, problem{sentence(elsewhere.Error()), "Only that person can sign, with heed on the command line."}
	case errors.Is(err, exchange.ErrNotFound):
		return http.StatusNotFound, problem{What: "There is no such case or content here."}
	}
	return http.StatusInternalServerError, problem{What: "Nothing was done. The node's log says why."}
}

// forDesk leaves out hints that speak of the command line.
func forDesk(hint string) string {
	if strings.Contains(hint, "`heed ") || strings.Contains(hint, "--") {
		return ""
	}
	return sentence(hint)
}

// sentence makes a message that stands alone out of one that continues another.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	first, _, _ := strings.Cut(s, " ")
	// A name keeps its spelling: north.example is not North.example.
	if c := s[0]; c >= 'a' && c <= 'z' && !strings.Contains(first, ".") {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

// paragraphs splits text at empty lines; single line breaks stay in it.
func paragraphs(s string) []string {
	var out []string
	for p := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n") {
		if p = strings.Trim(p, "\n"); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// option is a choice in a form.
type option struct {
	Value, Label string
	Chosen       bool
}

// options marks the one that was chosen before.
func options(all []option, chosen string) []option {
	out := make([]option, len(all))
	for i, o := range all {
		o.Chosen = o.Value == chosen
		out[i] = o
	}
	return out
}

func optionsOf[T ~string](all []T, words map[T]string) []option {
	var out []option
	for _, v := range all {
		out = append(out, option{Value: string(v), Label: word(words, v)})
	}
	return out
}

func names[T ~string](all []T) string {
	var out []string
	for _, v := range all {
		out = append(out, string(v))
	}
	return strings.Join(out, ", ")
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

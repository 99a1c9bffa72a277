package desk

import (
	"strconv"
	"strings"

	"heed"
	"heed/exchange"
)

// openedView is what was opened of a case: its documents, readable.
type openedView struct {
	At        stamp
	Documents []document
}

// document is one warning document.
type document struct {
	Sort     string // warning, supplement, correction
	Author   string
	At       stamp
	Replaced bool // a later correction says something else
	Problem  string
	Digest   string

	Headline   string
	Language   string
	Narratives []narrative
	Facts      []fact
	Handling   handling
	Windows    []string
	Places     []place
	Persons    []person
	Vehicles   []thing
	Bodies     []person
	Indicators []indicator
	Asks       []ask
	Grounds    []fact
	Files      []file
}

type narrative struct {
	Language string
	Headline string
	Text     string
	Original bool
}

// handling is what may be done with the document.
type handling struct {
	TLP, TLPClass, TLPMeans string
	PAP, PAPMeans           string
	Police                  []fact
	Restriction             string
	OriginatorControl       bool
	Purposes                string
	ReleaseTo               string
	DeleteAfter             string
}

type place struct {
	Name, Address, Country, Point string
}

type person struct {
	Names []name
	Facts []fact
	Note  string
}

type name struct {
	Text, Language, Detail string
}

type thing struct {
	Title string
	Facts []fact
	Note  string
}

type indicator struct{ Type, Value, Note string }

type ask struct {
	What, Text, When, Basis string
}

type file struct {
	Name, Media, Note, Language, Size, Download string
}

// openedView makes the documents of a reading, in the order of their statements.
func (v *visit) openedView(f exchange.CaseFile, seen *reading) *openedView {
	out := &openedView{At: v.at(seen.at)}
	shown := map[heed.Digest]bool{}
	for _, s := range f.Statements {
		for _, ref := range s.Contents {
			content, ok := seen.contents[ref.Digest]
			if !ok || shown[ref.Digest] || ref.MediaType != heed.MediaWarning {
				continue
			}
			shown[ref.Digest] = true
			doc := document{Sort: word(kindWords, s.Kind), Author: string(s.Author), At: v.at(s.Time), Problem: content.problem, Digest: ref.Digest.String()}
			if content.document != nil {
				doc.fill(*content.document)
			}
			doc.Files = filesOf(f.ID, s, content.document, seen)
			if s.Kind == heed.KindCorrection {
				for i := range out.Documents {
					out.Documents[i].Replaced = true
				}
			}
			out.Documents = append(out.Documents, doc)
		}
	}
	return out
}

// filesOf lists the attachments of a statement with what the document says of them.
func filesOf(id heed.CaseID, s heed.Statement, w *heed.Warning, seen *reading) []file {
	described := map[string]heed.Attachment{}
	if w != nil {
		for _, a := range w.Attachments {
			described[a.Name] = a
		}
	}
	var all []file
	for _, ref := range s.Contents {
		if ref.MediaType == heed.MediaWarning {
			continue
		}
		f := file{Name: ref.Name, Media: ref.MediaType, Size: size(ref.Size)}
		if f.Name == "" {
			f.Name = fileName(ref)
		}
		if a, ok := described[ref.Name]; ok {
			f.Note, f.Language = a.Description, string(a.Language)
		}
		if _, ok := seen.contents[ref.Digest]; ok {
			f.Download = casePath(id) + "/content/" + ref.Digest.String()
		}
		all = append(all, f)
	}
	return all
}

func (d *document) fill(w heed.Warning) {
	d.Headline, d.Language = w.Headline, string(w.Language)
	for i, n := range w.Narratives {
		d.Narratives = append(d.Narratives, narrative{string(n.Language), n.Headline, n.Text, i == 0})
	}
	d.Facts = filled(
		fact{Label: "Category", Text: string(w.Category)},
		fact{Label: "Threat", Text: strings.ReplaceAll(string(w.Threat), "-", " ")},
		fact{Label: "Urgency", Text: string(w.Urgency)},
		fact{Label: "Severity", Text: string(w.Severity)},
		fact{Label: "Certainty", Text: string(w.Certainty)},
		fact{Label: "Status", Text: string(w.Status)},
	)
	d.Handling = handlingOf(w.Handling)
	for _, win := range w.Windows {
		d.Windows = append(d.Windows, windowText(win))
	}
	for _, p := range w.Places {
		d.Places = append(d.Places, place{p.Name, p.Address, string(p.Country), pointText(p.Point)})
	}
	for _, p := range w.Persons {
		d.Persons = append(d.Persons, personOf(p))
	}
	for _, v := range w.Vehicles {
		d.Vehicles = append(d.Vehicles, vehicleOf(v))
	}
	for _, o := range w.Organisations {
		d.Bodies = append(d.Bodies, bodyOf(o))
	}
	for _, i := range w.Indicators {
		d.Indicators = append(d.Indicators, indicator{string(i.Type), i.Value, i.Description})
	}
	for _, a := range w.Asks {
		d.Asks = append(d.Asks, askOf(a))
	}
	d.Grounds = filled(
		fact{Label: "Source", Text: grade(string(w.Source.Reliability), wordOrNone(reliabilityWords, w.Source.Reliability))},
		fact{Label: "Information", Text: grade(string(w.Source.Credibility), wordOrNone(credibilityWords, w.Source.Credibility))},
		fact{Label: "Confidence of the author", Text: percent(w.Source.Confidence)},
		fact{Label: "About the source", Text: w.Source.Description},
		fact{Label: "Duty basis", Text: wordOrNone(groundWords, w.DutyBasis.Ground)},
		fact{Label: "Reason", Text: w.DutyBasis.Reason},
		fact{Label: "Legal basis", Text: w.LegalBasis},
		fact{Label: "Author's reference", Text: w.Reference},
	)
}

func filled(all ...fact) []fact {
	var out []fact
	for _, f := range all {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	return out
}

func grade(code, means string) string {
	if code == "" {
		return ""
	}
	return code + ", " + means
}

func percent(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " of 100"
}

func handlingOf(h heed.Handling) handling {
	out := handling{
		TLP: "TLP:" + string(h.TLP), TLPClass: tlpClass(h.TLP), TLPMeans: word(tlpWords, h.TLP),
		Restriction: h.Restriction, OriginatorControl: h.OriginatorControl,
		Purposes: strings.ReplaceAll(names(h.Purposes), "-", " "), ReleaseTo: names(h.ReleaseTo), DeleteAfter: momentText(h.DeleteAfter),
	}
	if h.PAP != "" {
		out.PAP, out.PAPMeans = "PAP:"+string(h.PAP), word(papWords, h.PAP)
	}
	for _, code := range h.PoliceCodes {
		out.Police = append(out.Police, fact{Label: string(code), Text: word(policeWords, code)})
	}
	return out
}

// tlpClass picks the colour; a label that TLP 2.0 does not have looks like RED.
func tlpClass(t heed.TLP) string {
	switch t {
	case heed.TLPAmber, heed.TLPAmberStrict:
		return "tlp-amber"
	case heed.TLPGreen:
		return "tlp-green"
	case heed.TLPClear:
		return "tlp-clear"
	}
	return "tlp-red"
}

// momentText writes a moment as the warning states it: an instant in UTC, or a
// day in the time of the place.
func momentText(m heed.Moment) string {
	switch {
	case m.IsZero():
		return ""
	case m.Day:
		return m.Time.Format("2 Jan 2006") + " (the whole day, local time)"
	}
	return m.Time.Format("2 Jan 2006 15:04:05") + " UTC"
}

func windowText(w heed.Window) string {
	var s string
	switch {
	case w.Until.IsZero():
		s = "from " + momentText(w.From)
	case w.From.IsZero():
		s = "until " + momentText(w.Until)
	default:
		s = momentText(w.From) + " to " + momentText(w.Until)
	}
	if w.Place != "" {
		s += ", at " + w.Place
	}
	return s
}

func pointText(p *heed.Point) string {
	if p == nil {
		return ""
	}
	s := p.Latitude.String() + ", " + p.Longitude.String()
	if p.Radius > 0 {
		s += ", within " + strconv.Itoa(p.Radius) + " m"
	}
	return s
}

func namesOf(all []heed.Name) []name {
	var out []name
	for _, n := range all {
		var detail []string
		if n.Use != "" {
			detail = append(detail, string(n.Use))
		}
		if n.Family != "" {
			detail = append(detail, "family name "+n.Family)
		}
		if n.Given != "" {
			detail = append(detail, "given name "+n.Given)
		}
		if n.Script != "" {
			detail = append(detail, "script "+n.Script)
		}
		if n.Language != "" {
			detail = append(detail, "language "+string(n.Language))
		}
		out = append(out, name{n.Text, string(n.Language), strings.Join(detail, ", ")})
	}
	return out
}

func personOf(p heed.Person) person {
	var born, documents []string
	for _, b := range p.Born {
		born = append(born, birthText(b))
	}
	for _, doc := range p.Documents {
		s := strings.ReplaceAll(string(doc.Type), "-", " ") + " " + doc.Number
		if doc.Country != "" {
			s += " (" + string(doc.Country) + ")"
		}
		documents = append(documents, s)
	}
	return person{
		Names: namesOf(p.Names), Note: p.Description,
		Facts: filled(
			fact{Label: "Born", Text: strings.Join(born, "; ")},
			fact{Label: "Birthplace", Text: p.Birthplace},
			fact{Label: "Sex", Text: string(p.Sex)},
			fact{Label: "Nationalities", Text: names(p.Nationalities)},
			fact{Label: "Documents", Text: strings.Join(documents, "; ")},
		),
	}
}

// birthText says a date of birth as exactly as it is known, and no more so.
func birthText(b heed.Birth) string {
	switch b.Precision() {
	case heed.PrecisionCirca:
		return "about " + b.From.String()
	case heed.PrecisionRange:
		return b.From.String() + " to " + b.To.String()
	}
	return b.String()
}

func vehicleOf(v heed.Vehicle) thing {
	title := v.Plate
	for _, s := range []string{v.VIN, v.Type, "Vehicle"} {
		if title == "" {
			title = s
		}
	}
	return thing{
		Title: title, Note: v.Description,
		Facts: filled(
			fact{Label: "Plate", Text: v.Plate}, fact{Label: "Country", Text: string(v.Country)}, fact{Label: "Type", Text: v.Type},
			fact{Label: "Make", Text: v.Make}, fact{Label: "Model", Text: v.Model}, fact{Label: "Colour", Text: v.Colour}, fact{Label: "VIN", Text: v.VIN},
		),
	}
}

func bodyOf(o heed.Organisation) person {
	var registrations []string
	for _, r := range o.Registrations {
		s := r.Register + " " + r.Number
		if r.Country != "" {
			s += " (" + string(r.Country) + ")"
		}
		registrations = append(registrations, s)
	}
	return person{
		Names: namesOf(o.Names), Note: o.Description,
		Facts: filled(fact{Label: "Country", Text: string(o.Country)}, fact{Label: "Registered", Text: strings.Join(registrations, "; ")}),
	}
}

func askOf(a heed.Ask) ask {
	out := ask{What: word(askWords, a.Code), Text: a.Text, Basis: a.LegalBasis}
	var when []string
	if !a.By.IsZero() {
		when = append(when, "wished for by "+momentText(a.By))
	}
	if a.Standing {
		when = append(when, "stands for whatever happens later")
	}
	if !a.Until.IsZero() {
		when = append(when, "until "+momentText(a.Until))
	}
	out.When = strings.Join(when, ", ")
	return out
}

package heed

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Warning is the typed document that one party sends to another. Its byte form
// is that of docs/warning.md, in which nil and empty lists are the same, and
// the keys below are both the paths of that form and what people write.
type Warning struct {
	Headline   string      `json:"headline"`
	Language   Language    `json:"language"` // of every text here that does not name its own
	Narratives []Narrative `json:"narratives"`

	Category  Category  `json:"category"`
	Threat    Threat    `json:"threat,omitempty"`
	Urgency   Urgency   `json:"urgency"`
	Severity  Severity  `json:"severity"`
	Certainty Certainty `json:"certainty"`
	Status    Status    `json:"status"`

	Windows []Window `json:"windows,omitempty"`
	Places  []Place  `json:"places,omitempty"`

	Persons       []Person       `json:"persons,omitempty"`
	Vehicles      []Vehicle      `json:"vehicles,omitempty"`
	Organisations []Organisation `json:"organisations,omitempty"`
	Indicators    []Indicator    `json:"indicators,omitempty"`

	Asks     []Ask    `json:"asks,omitempty"`
	Source   Source   `json:"source,omitzero"`
	Handling Handling `json:"handling"`

	DutyBasis   DutyBasis    `json:"duty-basis,omitzero"`
	LegalBasis  string       `json:"legal-basis,omitempty"`
	Reference   string       `json:"reference,omitempty"` // the author's own file number
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Bounds of a warning: lists in entries, texts in characters. A warning whose
// every part is within them may still exceed the size of the whole (wire).
const (
	MaxHeadline      = 200
	MaxNarrative     = 20_000
	MaxNote          = 2_000 // descriptions, reasons, what is asked
	MaxLabel         = 200   // names, numbers, addresses
	MaxToken         = 40    // indicator types
	MaxNarratives    = 20
	MaxWindows       = 50
	MaxPlaces        = 100
	MaxPersons       = 200
	MaxNames         = 50 // of one person or organisation
	MaxBirths        = 20
	MaxNationalities = 20
	MaxDocuments     = 50 // of one person; registrations of one organisation
	MaxVehicles      = 200
	MaxOrganisations = 200
	MaxIndicators    = 2_000
	MaxAsks          = 50
	MaxReleaseTo     = 200
	MaxAttachments   = MaxContents - 1 // the warning document itself takes one
	MaxRadius        = 20_000_000      // metres: half the way round the earth
)

// Narrative tells the matter in one language. The first is the original.
type Narrative struct {
	Language Language `json:"language"`
	Headline string   `json:"headline,omitempty"` // a translation of the warning's headline
	Text     string   `json:"text,omitempty"`     // may be missing only beside a translated headline
}

// Window is a time in which the event is expected. At least one end is given.
type Window struct {
	From  Moment `json:"from,omitzero"`
	Until Moment `json:"until,omitzero"`
	Place string `json:"place,omitempty"` // the name of one of the warning's places
}

// Place is where something is expected.
type Place struct {
	Name    string  `json:"name"`
	Address string  `json:"address,omitempty"`
	Country Country `json:"country,omitempty"`
	Point   *Point  `json:"point,omitempty"`
}

// Point is a position on WGS 84 and how far around it is meant.
type Point struct {
	Latitude  Degrees `json:"latitude"`         // -90 to 90
	Longitude Degrees `json:"longitude"`        // -180 to 180
	Radius    int     `json:"radius,omitempty"` // metres; 0: not stated
}

// Degrees counts millionths of a degree (11 cm on the ground), so that a
// coordinate has exactly one spelling as a decimal number.
type Degrees int32

const microdegrees = 1_000_000

// DegreesOf rounds a coordinate to the nearest millionth of a degree. Values
// beyond 360 degrees either way are cut to that, which Check then refuses; so
// is what is not a number.
func DegreesOf(f float64) Degrees {
	if math.IsNaN(f) {
		f = 360
	}
	f = min(max(f, -360), 360) * microdegrees
	if f < 0 {
		return Degrees(f - 0.5)
	}
	return Degrees(f + 0.5)
}

// ParseDegrees reads a decimal number of at most six decimals.
func ParseDegrees(s string) (Degrees, error) {
	bad := &Invalid{What: fmt.Sprintf("%q is not a coordinate", clip(s)), Hint: "write degrees with at most six decimals, like 52.5251"}
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	if len(whole) < 1 || len(whole) > 3 || len(fraction) > 6 || pointed && fraction == "" || len(whole) > 1 && whole[0] == '0' {
		return 0, bad
	}
	for _, c := range whole + fraction {
		if c < '0' || c > '9' {
			return 0, bad
		}
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 32)
	if err != nil {
		return 0, bad
	}
	if negative {
		n = -n
	}
	return Degrees(n), nil
}

// Float is the coordinate in degrees.
func (d Degrees) Float() float64 { return float64(d) / microdegrees }

// String is the shortest decimal spelling, which is also that of RFC 8785.
func (d Degrees) String() string {
	n := int64(d)
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := fmt.Sprintf("%s%d.%06d", sign, n/microdegrees, n%microdegrees)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// MarshalJSON writes a JSON number.
func (d Degrees) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number without exponent.
func (d *Degrees) UnmarshalJSON(data []byte) error {
	parsed, err := ParseDegrees(string(bytes.TrimSpace(data)))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Ask is something that the author asks of the recipient.
type Ask struct {
	Code       AskCode `json:"code"`
	Text       string  `json:"text,omitempty"`
	By         Moment  `json:"by,omitzero"`           // when it is wished for; the agreed clocks bind, not this
	Standing   bool    `json:"standing,omitempty"`    // holds for whatever happens later, until it is recalled
	Until      Moment  `json:"until,omitzero"`        // end of a standing ask
	LegalBasis string  `json:"legal-basis,omitempty"` // under which it may be done
}

// AskCode is what is asked, in a form that the recipient's software can act on.
type AskCode string

// What can be asked.
const (
	AskAcknowledge   AskCode = "acknowledge"
	AskAssess        AskCode = "assess"
	AskAnswer        AskCode = "answer"         // reply in substance, whatever the assessment
	AskNotifyTarget  AskCode = "notify-target"  // tell whoever is threatened
	AskProtectTarget AskCode = "protect-target" // guard whoever is threatened
	AskLocate        AskCode = "locate"
	AskIdentify      AskCode = "identify"
	AskObserve       AskCode = "observe" // discreetly
	AskStopAndCheck  AskCode = "stop-and-check"
	AskDetainIfSeen  AskCode = "detain-if-seen"
	AskRefuseEntry   AskCode = "refuse-entry"
	AskReportTravel  AskCode = "report-travel"
	AskReportContact AskCode = "report-contact"
	AskReportHit     AskCode = "report-hit" // any record that matches
	AskFreezeAssets  AskCode = "freeze-assets"
	AskMitigate      AskCode = "mitigate" // patch, block, take down, withdraw from sale
	AskPreserve      AskCode = "preserve-evidence"
	AskDoNotAlert    AskCode = "do-not-alert" // let the subject not notice
	AskInformation   AskCode = "send-information"
	AskOther         AskCode = "other" // said in the text
)

// AskCodes lists what can be asked.
func AskCodes() []AskCode {
	return []AskCode{
		AskAcknowledge, AskAssess, AskAnswer, AskNotifyTarget, AskProtectTarget, AskLocate, AskIdentify,
		AskObserve, AskStopAndCheck, AskDetainIfSeen, AskRefuseEntry, AskReportTravel, AskReportContact,
		AskReportHit, AskFreezeAssets, AskMitigate, AskPreserve, AskDoNotAlert, AskInformation, AskOther,
	}
}

// ParseAskCode reads what is asked in its exact spelling.
func ParseAskCode(s string) (AskCode, error) { return oneOf("ask", AskCode(s), AskCodes()) }

// Source grades where the information comes from. It never identifies it.
type Source struct {
	Reliability Reliability `json:"reliability,omitempty"` // of the source
	Credibility Credibility `json:"credibility,omitempty"` // of what it says
	Confidence  int         `json:"confidence,omitempty"`  // of the author, 1 to 100 (STIX 2.1 appendix A); 0: not stated
	Description string      `json:"description,omitempty"`
}

// DutyBasis says under which duty the author warns, or that the duty was
// waived and the warning is given all the same.
type DutyBasis struct {
	Ground Ground `json:"ground"`
	Reason string `json:"reason,omitempty"` // required for a waiver
}

// Ground is a duty to warn, or its waiver.
type Ground string

// The grounds.
const (
	GroundDutyToWarn Ground = "duty-to-warn"
	GroundWaiver     Ground = "waiver"
)

// Grounds lists the grounds.
func Grounds() []Ground { return []Ground{GroundDutyToWarn, GroundWaiver} }

// Attachment describes a content that travels beside the document, under the
// same name. Its bytes are bound by the statement, not by this.
type Attachment struct {
	Name        string   `json:"name"`                  // a plain file name, unlike every other in any case of letters
	MediaType   string   `json:"media-type"`            // RFC 6838, lower case, without parameters
	Description string   `json:"description,omitempty"` // what it is and why it matters
	Language    Language `json:"language,omitempty"`
}

// AsksAnswer reports whether the warning asks for an answer in substance.
func (w Warning) AsksAnswer() bool {
	return slices.ContainsFunc(w.Asks, func(a Ask) bool { return a.Code == AskAnswer })
}

// Check returns every problem of the warning, each a *FieldError, joined. It
// depends on nothing but the warning, so both sides judge alike.
func (w Warning) Check() error {
	c := new(checker)
	w.checkStory(c)
	w.checkScale(c)
	w.checkWhere(c)
	w.checkSubjects(c)
	w.checkAsks(c)
	w.checkGrounds(c)
	w.Handling.check(c)
	w.checkAttachments(c)
	return c.err()
}

// CheckDates returns what cannot be true at the time of writing, each a
// *FieldError, joined: a person who is born on a day that is to come. It is for
// whoever writes a warning; whoever receives one judges by Check alone.
func (w Warning) CheckDates(now time.Time) error {
	c := new(checker)
	for i, p := range w.Persons {
		for k, b := range p.Born {
			if b.ToCome(now) {
				c.bad(at(at("persons", i)+"/born", k), fmt.Sprintf("is %s, which is still to come", b), "is the year right? What is not known of a date is left out")
			}
		}
	}
	return c.err()
}

func (w Warning) checkStory(c *checker) {
	c.text("headline", w.Headline, MaxHeadline, required)
	c.language("language", w.Language, required)
	c.most("narratives", len(w.Narratives), MaxNarratives)
	if len(w.Narratives) == 0 {
		c.bad("narratives", "is missing", "tell the matter in at least one language")
	}
	for i, n := range w.Narratives {
		path := at("narratives", i)
		c.language(path+"/language", n.Language, required)
		c.text(path+"/headline", n.Headline, MaxHeadline, optional)
		c.text(path+"/text", n.Text, MaxNarrative, lines)
		if n.Text == "" && (i == 0 || n.Headline == "") {
			c.missing(path + "/text")
		}
		if n.Language != "" && n.Language == w.Language && n.Headline != "" {
			c.bad(path+"/headline", "repeats the headline in the warning's own language", "leave it out")
		}
		same := func(o Narrative) bool { return o.Language == n.Language }
		if n.Language != "" && slices.IndexFunc(w.Narratives, same) < i {
			c.bad(path+"/language", fmt.Sprintf("is %q, as in a narrative above", clip(string(n.Language))), "put both into one text")
		}
	}
}

func (w Warning) checkScale(c *checker) {
	term(c, "category", "category", w.Category, Categories(), required)
	term(c, "threat", "threat", w.Threat, Threats(), optional)
	term(c, "urgency", "urgency", w.Urgency, Urgencies(), required)
	term(c, "severity", "severity", w.Severity, Severities(), required)
	term(c, "certainty", "certainty", w.Certainty, Certainties(), required)
	term(c, "status", "status", w.Status, Statuses(), required)
}

func (w Warning) checkWhere(c *checker) {
	named := func(name string) int {
		return slices.IndexFunc(w.Places, func(p Place) bool { return p.Name == name })
	}
	c.most("windows", len(w.Windows), MaxWindows)
	for i, win := range w.Windows {
		path := at("windows", i)
		c.moment(path+"/from", win.From)
		c.moment(path+"/until", win.Until)
		switch {
		case win.From.IsZero() && win.Until.IsZero():
			c.bad(path, "has neither a beginning nor an end", "give from, until or both")
		case !win.From.IsZero() && !win.Until.IsZero() && win.Until.Latest().Before(win.From.Earliest()):
			c.bad(path+"/until", "lies before the window begins", "exchange from and until")
		}
		if win.Place != "" && named(win.Place) < 0 {
			c.bad(path+"/place", fmt.Sprintf("is %q, which is not the name of a place here", clip(win.Place)), "list it under places, or write its name exactly as there")
		}
	}
	c.most("places", len(w.Places), MaxPlaces)
	for i, p := range w.Places {
		path := at("places", i)
		c.text(path+"/name", p.Name, MaxLabel, required)
		if p.Name != "" && named(p.Name) < i {
			c.bad(path+"/name", fmt.Sprintf("is %q, as is a place above", clip(p.Name)), "windows refer to a place by its name: tell them apart")
		}
		c.text(path+"/address", p.Address, MaxLabel, optional)
		c.country(path+"/country", p.Country, optional)
		if p.Point != nil {
			p.Point.check(c, path+"/point")
		}
	}
}

func (p Point) check(c *checker, path string) {
	if p.Latitude < -90*microdegrees || p.Latitude > 90*microdegrees {
		c.bad(path+"/latitude", "is out of bounds", "from -90 to 90 degrees")
	}
	if p.Longitude < -180*microdegrees || p.Longitude > 180*microdegrees {
		c.bad(path+"/longitude", "is out of bounds", "from -180 to 180 degrees")
	}
	if p.Radius < 0 || p.Radius > MaxRadius {
		c.bad(path+"/radius", "is out of bounds", fmt.Sprintf("from 1 to %d metres; leave it out where it is not known", MaxRadius))
	}
}

func (w Warning) checkSubjects(c *checker) {
	c.most("persons", len(w.Persons), MaxPersons)
	for i, p := range w.Persons {
		p.check(c, at("persons", i))
	}
	c.most("vehicles", len(w.Vehicles), MaxVehicles)
	for i, v := range w.Vehicles {
		v.check(c, at("vehicles", i))
	}
	c.most("organisations", len(w.Organisations), MaxOrganisations)
	for i, o := range w.Organisations {
		o.check(c, at("organisations", i))
	}
	c.most("indicators", len(w.Indicators), MaxIndicators)
	for i, n := range w.Indicators {
		n.check(c, at("indicators", i))
	}
}

func (w Warning) checkAsks(c *checker) {
	c.most("asks", len(w.Asks), MaxAsks)
	for i, a := range w.Asks {
		path := at("asks", i)
		term(c, path+"/code", "thing that can be asked", a.Code, AskCodes(), required)
		c.text(path+"/text", a.Text, MaxNote, lines)
		if a.Code == AskOther && a.Text == "" {
			c.bad(path+"/text", "is missing", "say what is asked, or use one of the other codes")
		}
		c.moment(path+"/by", a.By)
		c.moment(path+"/until", a.Until)
		if !a.Until.IsZero() && !a.Standing {
			c.bad(path+"/until", "ends something that is not standing", "add standing: true, or write by instead of until")
		}
		c.text(path+"/legal-basis", a.LegalBasis, MaxNote, lines)
	}
}

func (w Warning) checkGrounds(c *checker) {
	term(c, "source/reliability", "source reliability", w.Source.Reliability, Reliabilities(), optional)
	term(c, "source/credibility", "information credibility", w.Source.Credibility, Credibilities(), optional)
	if w.Source.Confidence < 0 || w.Source.Confidence > 100 {
		c.bad("source/confidence", "is out of bounds", "from 1 to 100; leave it out where it is not stated")
	}
	c.text("source/description", w.Source.Description, MaxNote, lines)
	if w.DutyBasis != (DutyBasis{}) {
		term(c, "duty-basis/ground", "ground", w.DutyBasis.Ground, Grounds(), required)
		c.text("duty-basis/reason", w.DutyBasis.Reason, MaxNote, lines)
		if w.DutyBasis.Ground == GroundWaiver && w.DutyBasis.Reason == "" {
			c.bad("duty-basis/reason", "is missing", "a waiver needs its reason")
		}
	}
	c.text("legal-basis", w.LegalBasis, MaxNote, lines)
	c.text("reference", w.Reference, MaxLabel, optional)
}

func (w Warning) checkAttachments(c *checker) {
	c.most("attachments", len(w.Attachments), MaxAttachments)
	for i, a := range w.Attachments {
		path := at("attachments", i)
		c.text(path+"/name", a.Name, MaxLabel, required)
		if a.Name != "" && !IsFileName(a.Name) {
			c.bad(path+"/name", fmt.Sprintf("is %q, which is not a plain file name", clip(a.Name)), "at most 200 bytes, no path, no leading dot or hyphen, and none of \\ / : * ? \" < > |")
		}
		// The recipient writes attachments into one folder, and some file
		// systems do not tell capitals apart.
		same := func(o Attachment) bool { return strings.EqualFold(o.Name, a.Name) }
		if a.Name != "" && slices.IndexFunc(w.Attachments, same) < i {
			c.bad(path+"/name", fmt.Sprintf("is %q, as is an attachment above", clip(a.Name)), "give them different names")
		}
		c.text(path+"/media-type", a.MediaType, MaxLabel, required)
		if a.MediaType != "" && !mediaType.MatchString(a.MediaType) {
			c.bad(path+"/media-type", fmt.Sprintf("is %q, which is not a media type", clip(a.MediaType)), "write it in lower case, like application/pdf")
		}
		c.text(path+"/description", a.Description, MaxNote, lines)
		c.language(path+"/language", a.Language, optional)
	}
}

// IsFileName reports whether s, of at most 200 bytes, can be written into any
// folder of any usual system without leaving it or becoming hidden.
func IsFileName(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsAny(s, "\\/:*?\"<>|") &&
		s[0] != '.' && s[0] != '-' && !strings.HasSuffix(s, ".") && strings.TrimSpace(s) == s
}

// mediaType is RFC 6838 section 4.2 without parameters, in lower case.
var mediaType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,58}/[a-z0-9][a-z0-9!#$&^_.+-]{0,58}$`)

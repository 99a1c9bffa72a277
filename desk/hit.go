package desk

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"heed"
	"heed/exchange"
	"heed/watch"
)

// maxHitRows bounds the page of hits; those that wait come first.
const maxHitRows = 500

// hitRow is a hit in a list. It names nobody.
type hitRow struct {
	ID       heed.HitID
	Code     string
	From     string // the party that warned, or the list
	Case     string // id; empty: a list's
	CaseCode string
	Urgency  string
	Status   string
	Apart    bool
	Type     string
	Past     bool
	Score    string
	Found    stamp
	Due      stamp
	Left     string // empty: reviewed
	Overdue  bool
	Level    int
	Verdict  string
	Officer  string
	Ended    stamp  // when nobody owed the review any more
	Why      string // that is so; empty: somebody owes it, or it was decided
}

// hitsView is the page of hits.
type hitsView struct {
	Waiting bool // nothing can be screened yet
	Open    []hitRow
	Done    []hitRow
	Full    bool
}

var verdictWords = map[heed.HitVerdict]string{
	heed.SamePerson: "The same", heed.DifferentPerson: "Somebody else", heed.Undecided: "Undecided",
}

var recordWords = map[heed.RecordType]string{
	heed.RecordPassenger: "Passenger", heed.RecordBorder: "Border crossing", heed.RecordVisitor: "Visitor",
	heed.RecordAccreditation: "Accreditation", heed.RecordVisa: "Visa",
}

var numberWords = map[watch.NumberRelation]string{
	watch.NumberSame: "the same", watch.NumberBlurred: "the same but for characters that are taken for each other", watch.NumberOther: "different",
}

func hitPath(id heed.HitID) string { return "/desk/hit/" + id.String() }

func (t times) hitRow(f exchange.HitFile) hitRow {
	row := hitRow{
		ID: f.ID, Code: f.Code().Spoken(), From: string(f.Warner), Urgency: string(f.Urgency), Status: string(f.Status), Apart: apart(f.Status) && f.Status != "",
		Type: word(recordWords, f.Type), Past: f.Past, Score: fmt.Sprintf("%.4f", f.Score), Found: t.at(f.Found), Due: t.at(f.Due), Level: f.Level,
		Verdict: word(verdictWords, f.Verdict), Officer: string(f.Officer),
	}
	if f.List != "" {
		row.From = "list " + f.List
	} else {
		row.Case, row.CaseCode = f.Case.String(), f.CaseCode.Spoken()
	}
	if f.Open {
		row.Left, row.Overdue = t.leftOrLate(f.Due), f.State == heed.DutyOverdue
	}
	if f.Verdict == "" {
		row.Verdict = "none yet"
	}
	if row.Why = f.EndText(); row.Why != "" {
		row.Why, row.Ended = heed.Capital(row.Why), t.at(f.Ended)
		if f.Verdict == "" {
			row.Verdict = "none"
		}
	}
	return row
}

func (d *desk) getHits(v *visit) {
	all, err := d.exchange.Hits(v.r.Context(), false, maxHitRows)
	if err != nil {
		d.fault(v, err)
		return
	}
	out := hitsView{Waiting: !d.exchange.WatchState().Ready, Full: len(all) == maxHitRows}
	for _, f := range all {
		if f.Open {
			out.Open = append(out.Open, v.hitRow(f))
		} else {
			out.Done = append(out.Done, v.hitRow(f))
		}
	}
	d.show(v, http.StatusOK, "hits", "Hits", out)
}

// hitReading is a hit that an officer has opened in this login.
type hitReading struct {
	id       heed.HitID
	at       time.Time
	contents *exchange.HitContents
	reasons  map[heed.DecisionID]string
}

func (s *session) hitReading(id heed.HitID, now time.Time) *hitReading {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.hits {
		if r.id == id && now.Sub(r.at) <= readingKept {
			return r
		}
	}
	return nil
}

// keepHit shows a hit to the officer who has opened it, and no longer those that
// were opened longest ago where there are too many.
func (s *session) keepHit(officer heed.OfficerID, r *hitReading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.officer != officer {
		return // another officer was chosen while this one's was being read
	}
	var rest []*hitReading
	for _, other := range s.hits {
		if other.id != r.id {
			rest = append(rest, other)
		}
	}
	s.hits = append(rest, r)
	if len(s.hits) > maxReadings {
		s.hits = s.hits[len(s.hits)-maxReadings:]
	}
}

// hitView is the page of one hit.
type hitView struct {
	As   stamp
	Row  hitRow
	CSRF string
	Once string
	Done string

	Erased    bool
	Opened    bool
	OpenedAt  stamp
	Listed    bool // of a list, which has no warner
	Names     *namesView
	Facts     []comparedRow
	Evidence  []weighedRow
	Sum       string
	Needed    string
	Decisive  string
	Threshold string
	Model     string
	Record    []fact
	Subject   []fact

	Decisions []decidedRow
	Excluded  bool // an exclusion that was made about it still holds
	Report    string

	Closed     string // who may decide; empty: this officer
	Verdicts   []option
	Exclusions []option
	Reason     string
	Problem    *problem
}

type namesView struct {
	Record, Subject string
	Pairs           []pairRow
	Lone            []watch.Lone
	Rules           []string
}

type pairRow struct {
	Record, RecordLatin, Subject, SubjectLatin, Points string
}

type comparedRow struct{ What, Record, Subject, Relation string }

type weighedRow struct{ What, Points string }

type decidedRow struct {
	What    string
	Officer string
	Role    string
	At      stamp
	Reason  string
	Until   stamp
	Ended   bool
}

// hitDone are what the last act on a hit was.
var hitDone = map[string]string{
	"open":   "The hit is open. That you opened it is on record.",
	"decide": "Decision signed and on record.",
	"revoke": "Revocation signed and on record. The traveller is a hit again.",
	"again":  "This form was sent before. Nothing was done a second time.",
}

func (d *desk) hitOf(v *visit) (heed.HitID, bool) {
	id, err := d.exchange.FindHit(v.r.Context(), v.r.PathValue("hit"))
	if err != nil {
		_, p := problemOf(err)
		d.plain(v, http.StatusNotFound, "No such hit", p.text())
		return id, false
	}
	return id, true
}

func (d *desk) getHit(v *visit) {
	if id, ok := d.hitOf(v); ok {
		d.showHit(v, http.StatusOK, id, nil)
	}
}

func (d *desk) showHit(v *visit, status int, id heed.HitID, failed *problem) {
	f, err := d.exchange.LookHit(v.r.Context(), id)
	if err != nil {
		d.fault(v, err)
		return
	}
	key, err := once(d.random)
	if err != nil {
		d.fault(v, err)
		return
	}
	t := times{f.At, v.zone}
	out := hitView{
		As: t.at(f.At), Row: t.hitRow(f), CSRF: v.csrf, Once: key, Erased: f.Sealed == nil, Listed: f.List != "", Report: f.Reported, Problem: failed,
		Verdicts: optionsOf(heed.HitVerdicts(), verdictChoices), Exclusions: exclusionChoices,
	}
	if failed == nil {
		out.Done = hitDone[v.r.URL.Query().Get("done")]
	} else {
		posted := v.r.PostForm
		out.Verdicts, out.Exclusions, out.Reason = options(out.Verdicts, posted.Get("verdict")), options(out.Exclusions, posted.Get("exclude")), plainText(posted.Get("reason"))
	}
	if _, err := v.as.Acting(heed.ActReview); err != nil {
		out.Closed = whoMay(heed.ActReview)
	}
	var reasons map[heed.DecisionID]string
	if r := v.hitReading(id, f.At); r != nil && f.Sealed != nil {
		out.Opened, out.OpenedAt, reasons = true, t.at(r.at), r.reasons
		out.explain(t, *r.contents)
	}
	out.decided(t, f, reasons)
	d.show(v, status, "hit", "Hit "+f.Code().Spoken(), out)
}

var verdictChoices = map[heed.HitVerdict]string{
	heed.SamePerson: "the same as on watch", heed.DifferentPerson: "somebody else, or something else", heed.Undecided: "it cannot be told yet",
}

// exclusionChoices are the spans for which an exclusion is offered; other ones can
// be given on the command line.
var exclusionChoices = []option{
	{Value: "", Label: "not excluded: a hit each time"}, {Value: "168h", Label: "for 7 days"}, {Value: "720h", Label: "for 30 days"},
	{Value: "2160h", Label: "for 90 days"}, {Value: "4320h", Label: "for 180 days"}, {Value: "8760h", Label: "for 365 days"},
}

// explain puts what a hit says into words.
func (h *hitView) explain(t times, c exchange.HitContents) {
	e := c.Explanation
	if n := e.Names; n != nil {
		h.Names = &namesView{Record: n.Record, Subject: n.Subject, Lone: n.Unpaired, Rules: n.Rules}
		for _, p := range n.Pairs {
			row := pairRow{Record: p.Record, Subject: p.Subject, Points: weight(p.Points)}
			if !strings.EqualFold(p.Record, p.RecordLatin) {
				row.RecordLatin = p.RecordLatin
			}
			if !strings.EqualFold(p.Subject, p.SubjectLatin) {
				row.SubjectLatin = p.SubjectLatin
			}
			h.Names.Pairs = append(h.Names.Pairs, row)
		}
	}
	if b := e.Birth; b != nil {
		h.Facts = append(h.Facts, comparedRow{"Date of birth", b.Record, b.Subject, b.Words()})
	}
	for _, n := range e.Numbers {
		h.Facts = append(h.Facts, comparedRow{heed.Capital(n.What), n.Record, n.Subject, numberWords[n.Relation]})
	}
	for _, w := range e.Contributions {
		h.Evidence = append(h.Evidence, weighedRow{w.What, weight(w.Points)})
	}
	h.Sum, h.Needed, h.Model, h.Threshold = weight(e.Points), weight(e.Needed), e.ModelVersion, fmt.Sprintf("%.4f", c.Threshold)
	if e.Decisive != "" {
		h.Decisive = "The same " + e.Decisive + " is a hit by itself, whatever else differs."
	}
	h.Record = recordFacts(t, c.Record)
	h.Subject = subjectFacts(c.Subject)
}

// weight writes points as the logarithm that they are.
func weight(p watch.Points) string { return fmt.Sprintf("%+.2f", float64(p)/100) }

func recordFacts(t times, r watch.Record) (all []fact) {
	add := func(label, text string) {
		if text != "" {
			all = append(all, fact{Label: label, Text: text})
		}
	}
	add("Number", r.ID)
	for _, n := range r.Names {
		add("Name", n.Text)
	}
	add("Machine-readable name", r.MRZ)
	add("Born", r.Born.String())
	add("Sex", string(r.Sex))
	for _, n := range r.Nationalities {
		add("Nationality", string(n))
	}
	for _, doc := range r.Documents {
		add("Document", strings.TrimSpace(fmt.Sprintf("%s %s %s", doc.Type, doc.Country, doc.Number)))
	}
	add("Plate", strings.TrimSpace(string(r.Vehicle.Country)+" "+r.Vehicle.Plate))
	add("VIN", r.Vehicle.VIN)
	add("Organisation", r.Organisation)
	add("From", r.From)
	add("To", r.To)
	add("Carrier", r.Carrier)
	if !r.At.IsZero() {
		add("When", t.at(r.At).words())
	}
	return all
}

func subjectFacts(s watch.Subject) (all []fact) {
	add := func(label, text string) {
		if strings.TrimSpace(text) != "" {
			all = append(all, fact{Label: label, Text: strings.TrimSpace(text)})
		}
	}
	names := func(all []heed.Name) {
		for _, n := range all {
			add("Name", n.Text)
		}
	}
	if p := s.Person; p != nil {
		names(p.Names)
		for _, b := range p.Born {
			add("Born", b.String())
		}
		add("Birthplace", p.Birthplace)
		add("Sex", string(p.Sex))
		for _, n := range p.Nationalities {
			add("Nationality", string(n))
		}
		for _, doc := range p.Documents {
			add("Document", fmt.Sprintf("%s %s %s", doc.Type, doc.Country, doc.Number))
		}
		add("Description", p.Description)
	}
	if v := s.Vehicle; v != nil {
		add("Plate", string(v.Country)+" "+v.Plate)
		add("VIN", v.VIN)
		add("Vehicle", strings.Join(strings.Fields(v.Colour+" "+v.Make+" "+v.Model+" "+v.Type), " "))
		add("Description", v.Description)
	}
	if o := s.Organisation; o != nil {
		names(o.Names)
		add("Country", string(o.Country))
		add("Description", o.Description)
	}
	return all
}

func (h *hitView) decided(t times, f exchange.HitFile, reasons map[heed.DecisionID]string) {
	for _, d := range f.Decisions {
		row := decidedRow{
			What: word(verdictWords, d.Verdict), Officer: string(d.Officer), Role: word(roleWords, d.Officers[0].Role), At: t.at(d.Time), Reason: reasons[d.ID], Until: t.at(d.Until),
		}
		if d.Kind == heed.DecisionRevoked {
			row.What = "The exclusion was ended"
		}
		if e := f.Exclusion; e != nil && e.Decision == d.ID {
			row.Ended = !e.Revoked.IsZero() || !f.At.Before(e.Until)
			h.Excluded = h.Excluded || !row.Ended
		} else if !d.Until.IsZero() {
			row.Ended = true
		}
		h.Decisions = append(h.Decisions, row)
	}
}

// postHit opens a hit, decides about it, or ends an exclusion, and leads back to
// its page; or shows the form again, with what was typed and why it was not done.
func (d *desk) postHit(v *visit) {
	id, ok := d.hitOf(v)
	if !ok {
		return
	}
	act := v.r.PathValue("act")
	if _, known := hitDone[act]; !known || act == "again" {
		d.notFound(v.w, v.r)
		return
	}
	if !v.first(fingerprint(v.r)) {
		http.Redirect(v.w, v.r, hitPath(id)+"?done=again", http.StatusSeeOther)
		return
	}
	if err := d.actOnHit(v, id, act); err != nil {
		status, why := problemOf(err)
		if status != http.StatusForbidden && status != http.StatusUnprocessableEntity {
			d.fault(v, err)
			return
		}
		d.showHit(v, status, id, &why)
		return
	}
	d.log.Info("desk: act", "act", act, "hit", id.Code(), "officer", string(v.as.ID))
	http.Redirect(v.w, v.r, hitPath(id)+"?done="+act, http.StatusSeeOther)
}

func (d *desk) actOnHit(v *visit, id heed.HitID, act string) error {
	ctx, posted := v.r.Context(), v.r.PostForm
	reason := plainText(posted.Get("reason"))
	if act != "open" && strings.TrimSpace(reason) == "" {
		return missing("Give the reason.")
	}
	switch act {
	case "decide":
		verdict, err := heed.ParseHitVerdict(posted.Get("verdict"))
		if err != nil {
			return missing("Choose whether it is the same.")
		}
		order := exchange.HitOrder{Officer: v.as.ID, Verdict: verdict, Reason: reason, Tell: posted.Get("tell") == "yes"}
		if span := posted.Get("exclude"); span != "" && verdict == heed.DifferentPerson {
			if order.Exclude, err = time.ParseDuration(span); err != nil {
				return missing("Choose for how long the traveller is excluded.")
			}
		}
		if _, err := d.exchange.DecideHit(ctx, id, order); err != nil {
			return err
		}
	case "revoke":
		if _, err := d.exchange.RevokeExclusion(ctx, id, v.as.ID, reason); err != nil {
			return err
		}
	}
	return d.openHit(v, id)
}

// openHit reads a hit for the officer, which is on record, and keeps it shown.
func (d *desk) openHit(v *visit, id heed.HitID) error {
	f, err := d.exchange.ReadHit(v.r.Context(), v.as.ID, id)
	if err != nil || f.Contents == nil {
		return err
	}
	r := &hitReading{id: id, at: f.At, contents: f.Contents, reasons: map[heed.DecisionID]string{}}
	for _, d := range f.Decisions {
		r.reasons[d.ID] = d.Reason
	}
	v.keepHit(v.as.ID, r)
	return nil
}

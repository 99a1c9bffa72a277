package control

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"heed"
	"heed/exchange"
	"heed/post"
	"heed/stats"
	"heed/wire"
)

type (
	// ContactForm is a partner without heed, as it is put on record and listed. It
	// has no card, key or fingerprint.
	ContactForm struct {
		Contact     heed.ContactID  `json:"contact"`
		Name        string          `json:"name"`
		Mail        string          `json:"mail,omitempty"`
		Telephone   string          `json:"telephone,omitempty"`
		Post        []string        `json:"post,omitempty"`
		Languages   []heed.Language `json:"languages"`
		Profile     string          `json:"profile"`
		Clock       heed.Clock      `json:"clock,omitempty"`
		Basis       heed.ClockBasis `json:"basis"`
		Agreement   string          `json:"agreement,omitempty"`
		TwoOfficers bool            `json:"twoOfficers"`
		RightsCheck bool            `json:"rightsCheck"`
		Serial      uint64          `json:"serial,omitempty"`
		Version     string          `json:"version,omitempty"`
		Time        *Time           `json:"time,omitempty"`
		Removed     bool            `json:"removed"`
		OneSided    bool            `json:"oneSided"` // always true: it can sign nothing
	}
	// ContactRequest puts a contact on record, removes one, or asks for one.
	ContactRequest struct {
		By      heed.OfficerID `json:"by,omitempty"`
		Contact string         `json:"contact"`
		Form    *ContactForm   `json:"form,omitempty"`
	}
	// LetterRequest opens a one-sided case, or asks for or acts in one.
	LetterRequest struct {
		Officer     heed.OfficerID   `json:"officer,omitempty"`
		Case        string           `json:"case,omitempty"`
		Contact     string           `json:"contact,omitempty"`
		Warning     heed.Warning     `json:"warning,omitzero"`
		Attachments []AttachmentForm `json:"attachments,omitempty"`
		Draft       bool             `json:"draft,omitempty"`
		Kind        heed.EntryKind   `json:"kind,omitempty"`
		At          *Time            `json:"at,omitempty"`
		Via         string           `json:"via,omitempty"`
		By          string           `json:"by,omitempty"` // the person of the contact
		Text        string           `json:"text,omitempty"`
		Side        heed.Side        `json:"side,omitempty"`
		Disposition string           `json:"disposition,omitempty"`
		Outcome     string           `json:"outcome,omitempty"`
		Code        string           `json:"code,omitempty"`
		Entry       string           `json:"entry,omitempty"` // that is struck, or that a letter tells
		Sort        post.Sort        `json:"sort,omitempty"`
		Since       *Time            `json:"since,omitempty"`
		Until       *Time            `json:"until,omitempty"`
	}
	// LetterAnswer is what `heed warn --letter --json` prints.
	LetterAnswer struct {
		Case     heed.Code      `json:"case"`
		ID       string         `json:"id,omitempty"`
		Contact  heed.ContactID `json:"contact"`
		OneSided bool           `json:"oneSided"`
		State    string         `json:"state"`            // prepared, received; drafted: it waits for release
		NoMail   string         `json:"noMail,omitempty"` // the mark that keeps it from plain mail
		Duties   []OneSidedDuty `json:"duties,omitempty"`
	}
	// LetterText is a letter, ready to be printed.
	LetterText struct {
		Case     heed.Code      `json:"case"`
		Contact  heed.ContactID `json:"contact"`
		Sort     post.Sort      `json:"sort"`
		Language string         `json:"language"`
		Subject  string         `json:"subject"`
		Text     string         `json:"text"`
		HTML     []byte         `json:"html"`
		NoMail   string         `json:"noMail,omitempty"`
		Entry    string         `json:"entry,omitempty"` // that puts it on record
	}
	// OneSidedCase is what `heed show --json` and `heed letter show --json` print
	// of a one-sided case.
	OneSidedCase struct {
		OneSided bool                `json:"oneSided"`
		Mark     string              `json:"mark"`
		Code     heed.Code           `json:"case"`
		ID       string              `json:"id"`
		Party    heed.PartyID        `json:"party"` // who keeps it, and has signed all of it
		Contact  ContactForm         `json:"contact"`
		Terms    string              `json:"terms"` // the version of the contact by whose clock it is counted
		Basis    heed.ClockBasis     `json:"basis"`
		Warned   heed.Side           `json:"warned"`
		Urgency  heed.Urgency        `json:"urgency"`
		Status   heed.Status         `json:"status"`
		Stage    heed.State          `json:"stage"`
		Reached  map[heed.State]Time `json:"reached"`
		Entries  []Entry             `json:"entries"`
		Duties   []OneSidedDuty      `json:"duties"`
		Waiting  []OneSidedTask      `json:"waiting,omitempty"`
		Document *heed.Warning       `json:"document,omitempty"` // for an officer who may read it
		Readings []Reading           `json:"readings,omitempty"`
	}
	// Entry is what an officer of ours put on record.
	Entry struct {
		ID          string           `json:"id"`
		Kind        heed.EntryKind   `json:"kind"`
		Side        heed.Side        `json:"side"`         // whose act it is
		RecordedBy  []Officer        `json:"recordedBy"`   // none: the node
		Time        Time             `json:"time"`         // when it was signed
		At          *Time            `json:"at,omitempty"` // when it happened, as recorded
		Via         heed.Via         `json:"via,omitempty"`
		By          string           `json:"by,omitempty"` // for an officer who may read it, as Text
		Text        string           `json:"text,omitempty"`
		Disposition heed.Disposition `json:"disposition,omitempty"`
		Outcome     heed.Outcome     `json:"outcome,omitempty"`
		Code        heed.RefusalCode `json:"code,omitempty"`
		Strikes     string           `json:"strikes,omitempty"`
		StruckBy    string           `json:"struckBy,omitempty"`
		Duties      []Promise        `json:"duties,omitempty"`
		Contents    []ContentRef     `json:"contents,omitempty"`
	}
	// OneSidedDuty is a reply that is or was owed.
	OneSidedDuty struct {
		Kind     heed.DutyKind  `json:"kind"`
		OwedBy   string         `json:"owedBy"` // this node's party, or the contact
		Due      Time           `json:"due"`
		State    heed.DutyState `json:"state"`
		Level    int            `json:"level"`
		At       *Time          `json:"dischargedAt,omitempty"` // as recorded
		By       string         `json:"dischargedBy,omitempty"`
		Reminded int            `json:"reminded"`
		OneSided bool           `json:"oneSided"`
	}
	// OneSidedTask is what the node is still to do.
	OneSidedTask struct {
		Kind     exchange.OneSidedTaskKind `json:"kind"`
		Sort     post.Sort                 `json:"sort,omitempty"`
		Since    Time                      `json:"since"`
		Attempts int                       `json:"attempts"`
		Trouble  string                    `json:"trouble,omitempty"`
	}
	// OneSidedInbox is the one-sided part of the board.
	OneSidedInbox struct {
		Duties  []OneSidedLine     `json:"duties"`
		Awaited []OneSidedLine     `json:"awaited"`
		Cases   []OneSidedCaseLine `json:"cases,omitempty"`
	}
	// OneSidedLine is one owed reply.
	OneSidedLine struct {
		Case      heed.Code      `json:"case"`
		ID        string         `json:"id"`
		Contact   heed.ContactID `json:"contact"`
		Kind      heed.DutyKind  `json:"kind"`
		OwedBy    string         `json:"owedBy"`
		Due       Time           `json:"due"`
		Left      float64        `json:"secondsLeft"`
		State     heed.DutyState `json:"state"`
		Level     int            `json:"level"`
		Status    heed.Status    `json:"status"`
		Telephone string         `json:"telephone,omitempty"` // of the contact
		Remind    bool           `json:"remind,omitempty"`    // overdue, and no reminder was written yet
		OneSided  bool           `json:"oneSided"`
	}
	// OneSidedCaseLine is a one-sided case in a list.
	OneSidedCaseLine struct {
		Case     heed.Code      `json:"case"`
		ID       string         `json:"id"`
		Contact  heed.ContactID `json:"contact"`
		Warned   heed.Side      `json:"warned"`
		Urgency  heed.Urgency   `json:"urgency"`
		Status   heed.Status    `json:"status"`
		Stage    heed.State     `json:"stage"`
		Opened   Time           `json:"opened"`
		Changed  Time           `json:"changed"`
		OneSided bool           `json:"oneSided"`
	}
	// OneSidedReport is what `heed letter stats --json` prints.
	OneSidedReport struct {
		AsOf     Time              `json:"asOf"`
		Party    heed.PartyID      `json:"party"`
		OneSided bool              `json:"oneSided"`
		Mark     string            `json:"mark"`
		Figures  []OneSidedFigures `json:"figures"`
	}
	// OneSidedFigures are those with one contact, in one direction.
	OneSidedFigures struct {
		Contact      heed.ContactID `json:"contact"`
		Warned       heed.Side      `json:"warned"`
		Status       heed.Status    `json:"status"`
		Cases        int            `json:"cases"`
		Sent         int            `json:"sent"`
		Delivered    int            `json:"delivered"`
		Acknowledged int            `json:"acknowledged"`
		Assessed     int            `json:"assessed"`
		Answered     int            `json:"answered"`
		Acted        int            `json:"acted"`
		Concluded    int            `json:"concluded"`
		Refused      int            `json:"refused"`
		Recalled     int            `json:"recalled"`
		Reminders    int            `json:"reminders"`
		Owed         int            `json:"owed"`
		OnTime       int            `json:"onTime"`
		Late         int            `json:"late"`
		Overdue      int            `json:"overdue"`
		Open         int            `json:"notYetDue"`
		Ended        int            `json:"ended"`
	}
	// EntryProof is what `heed letter proof --json` prints.
	EntryProof struct {
		Case        heed.Code         `json:"case"`
		OneSided    bool              `json:"oneSided"`
		Proves      string            `json:"proves"`
		Checkpoints map[string]string `json:"checkpoints"`
		Leaves      []EntryLeaf       `json:"leaves"`
	}
	// EntryLeaf is where one entry stands in the ledger. Key opens its leaf.
	EntryLeaf struct {
		Entry  string         `json:"entry"`
		Kind   heed.EntryKind `json:"kind"`
		Origin string         `json:"origin"`
		Index  int64          `json:"index"`
		Leaf   []byte         `json:"leaf"`
		Note   string         `json:"note"`
		Key    []byte         `json:"key"`
		Proof  [][]byte       `json:"proof"` // empty: not in the checkpoint yet
	}
)

// Proves is what the leaves of a one-sided case show, and what not.
const Proves = "that this party had put these entries on record by the time of the checkpoint; not that the partner was sent, has, or said anything"

func letterVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "contact-put", func(ctx context.Context, r ContactRequest) (ContactForm, error) {
		if r.Form == nil {
			return ContactForm{}, &heed.Invalid{What: "no contact is given"}
		}
		f := r.Form
		out, err := x.PutContact(ctx, r.By, heed.Contact{
			ID: f.Contact, Name: f.Name, Mail: f.Mail, Phone: f.Telephone, Post: f.Post, Language: f.Languages, Profile: f.Profile, Clock: f.Clock,
			Basis: f.Basis, Agreement: f.Agreement, TwoOfficers: f.TwoOfficers, RightsCheck: f.RightsCheck,
		})
		return shapeContact(out), err
	})
	verb(mux, "contact-remove", func(ctx context.Context, r ContactRequest) (ContactForm, error) {
		id, err := heed.ParseContactID(r.Contact)
		if err != nil {
			return ContactForm{}, err
		}
		out, err := x.RemoveContact(ctx, r.By, id)
		return shapeContact(out), err
	})
	verb(mux, "contact-list", func(ctx context.Context, _ struct{}) ([]ContactForm, error) {
		all, err := x.Contacts(ctx)
		lines := []ContactForm{}
		for _, c := range all {
			lines = append(lines, shapeContact(c))
		}
		return lines, err
	})
	verb(mux, "contact-show", func(ctx context.Context, r ContactRequest) (ContactForm, error) {
		id, err := heed.ParseContactID(r.Contact)
		if err != nil {
			return ContactForm{}, err
		}
		c, err := x.Contact(ctx, id)
		return shapeContact(c), err
	})
	verb(mux, "letter-warn", func(ctx context.Context, r LetterRequest) (LetterAnswer, error) {
		id, err := heed.ParseContactID(r.Contact)
		if err != nil {
			return LetterAnswer{}, err
		}
		out, err := x.WarnByLetter(ctx, exchange.LetterOrder{Officer: r.Officer, Contact: id, Warning: r.Warning, Attachments: attachments(r.Attachments), Draft: r.Draft})
		return letterAnswer(out, r.Warning, heed.StatePrepared), err
	})
	verb(mux, "letter-receive", func(ctx context.Context, r LetterRequest) (LetterAnswer, error) {
		id, err := heed.ParseContactID(r.Contact)
		if err != nil {
			return LetterAnswer{}, err
		}
		told, err := r.told()
		if err != nil {
			return LetterAnswer{}, err
		}
		out, err := x.ReceiveLetter(ctx, exchange.ArrivalOrder{Officer: r.Officer, From: id, Warning: r.Warning, Told: told})
		if err != nil {
			return LetterAnswer{}, err
		}
		answer := letterAnswer(out, r.Warning, heed.StateReceived)
		f, err := x.LookOneSided(ctx, out.ID)
		answer.Duties = shapeOneSidedDuties(f, x.Party())
		return answer, err
	})
	verb(mux, "letter-record", func(ctx context.Context, r LetterRequest) (OneSidedCase, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return OneSidedCase{}, err
		}
		order, err := r.order(ctx, x, id)
		if err != nil {
			return OneSidedCase{}, err
		}
		if _, err := x.RecordEntry(ctx, id, order); err != nil {
			return OneSidedCase{}, err
		}
		f, err := x.LookOneSided(ctx, id)
		return shapeOneSided(f, x.Party()), err
	})
	verb(mux, "letter-print", func(ctx context.Context, r LetterRequest) (LetterText, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return LetterText{}, err
		}
		sort, of, err := r.which(ctx, x, id)
		if err != nil {
			return LetterText{}, err
		}
		l, err := x.Letter(ctx, r.Officer, id, sort, of)
		if err != nil {
			return LetterText{}, err
		}
		return shapeLetter(l)
	})
	verb(mux, "letter-remind", func(ctx context.Context, r LetterRequest) (LetterText, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return LetterText{}, err
		}
		via, err := viaNamed(r.Via)
		if err != nil {
			return LetterText{}, err
		}
		e, l, err := x.RemindByLetter(ctx, r.Officer, id, via)
		if err != nil {
			return LetterText{}, err
		}
		out, err := shapeLetter(l)
		out.Entry = e.ID.String()
		return out, err
	})
	verb(mux, "letter-mail", func(ctx context.Context, r LetterRequest) (struct{}, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return struct{}{}, err
		}
		sort, of, err := r.which(ctx, x, id)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, x.MailLetter(ctx, id, exchange.MailOrder{Officer: r.Officer, Sort: sort, Entry: of})
	})
	verb(mux, "letter-show", func(ctx context.Context, r LetterRequest) (OneSidedCase, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return OneSidedCase{}, err
		}
		return showOneSided(ctx, x, id, r.Officer)
	})
	verb(mux, "letter-list", func(ctx context.Context, _ struct{}) (OneSidedInbox, error) {
		b, err := x.OneSidedBoard(ctx, 10_000)
		return shapeOneSidedBoard(b, x.Party(), true), err
	})
	verb(mux, "letter-stats", func(ctx context.Context, r LetterRequest) (OneSidedReport, error) {
		var period stats.Period
		if r.Since != nil {
			period.Since = r.Since.Time
		}
		if r.Until != nil {
			period.Until = r.Until.Time
		}
		figures, asOf, err := x.OneSidedStatistics(ctx, period)
		out := OneSidedReport{AsOf: At(asOf), Party: x.Party(), OneSided: true, Mark: heed.OneSidedMark, Figures: []OneSidedFigures{}}
		for _, f := range figures {
			out.Figures = append(out.Figures, OneSidedFigures(f))
		}
		return out, err
	})
	verb(mux, "letter-proof", func(ctx context.Context, r LetterRequest) (EntryProof, error) {
		id, err := x.FindOneSided(ctx, r.Case)
		if err != nil {
			return EntryProof{}, err
		}
		f, err := x.LookOneSided(ctx, id)
		if err != nil {
			return EntryProof{}, err
		}
		proof, err := x.ProveEntries(ctx, id)
		out := EntryProof{Case: f.Code, OneSided: true, Proves: Proves, Checkpoints: map[string]string{}, Leaves: []EntryLeaf{}}
		for origin, note := range proof.Checkpoints {
			out.Checkpoints[origin] = string(note)
		}
		for _, l := range proof.Leaves {
			leaf := EntryLeaf{Entry: l.Entry.String(), Kind: l.Kind, Origin: l.Origin, Index: l.Index, Leaf: l.Leaf, Note: string(l.Note), Key: l.Key[:], Proof: [][]byte{}}
			for _, h := range l.Proof {
				leaf.Proof = append(leaf.Proof, h[:])
			}
			out.Leaves = append(out.Leaves, leaf)
		}
		return out, err
	})
}

func viaNamed(s string) (heed.Via, error) {
	if s == "" {
		return "", nil
	}
	return heed.ParseVia(s)
}

func (r LetterRequest) told() (exchange.Told, error) {
	via, err := viaNamed(r.Via)
	told := exchange.Told{Via: via, By: r.By, Text: r.Text, Files: attachments(r.Attachments)}
	if r.At != nil {
		told.At = r.At.Time
	}
	return told, err
}

// order reads what is to be put on record.
func (r LetterRequest) order(ctx context.Context, x *exchange.Exchange, id heed.CaseID) (exchange.EntryOrder, error) {
	told, err := r.told()
	order := exchange.EntryOrder{Officer: r.Officer, Kind: r.Kind, Told: told, Side: r.Side}
	if err != nil {
		return order, err
	}
	switch r.Kind {
	case heed.EntryAssessed:
		order.Disposition, err = heed.ParseDisposition(r.Disposition)
	case heed.EntryConcluded:
		order.Outcome, err = heed.ParseOutcome(r.Outcome)
	case heed.EntryRefused:
		order.Code, err = heed.ParseContentRefusal(r.Code)
	case heed.EntryStruck:
		order.Strikes, err = entryNamed(ctx, x, id, r.Entry)
	case heed.EntryReminded, heed.EntryLetter, heed.EntryArrival:
		err = &heed.Invalid{What: "an entry of that kind is made by another command", Hint: "`heed letter remind`, `heed warn --letter`, `heed letter receive`"}
	}
	return order, err
}

// entryNamed resolves an entry's id, or as much of its beginning as names one
// entry of the case.
func entryNamed(ctx context.Context, x *exchange.Exchange, id heed.CaseID, name string) (heed.EntryID, error) {
	f, err := x.LookOneSided(ctx, id)
	if err != nil {
		return heed.EntryID{}, err
	}
	var found []heed.EntryID
	for _, e := range f.Entries {
		if len(name) >= 4 && strings.HasPrefix(e.ID.String(), strings.ToLower(name)) {
			found = append(found, e.ID)
		}
	}
	if len(found) != 1 {
		return heed.EntryID{}, &heed.Invalid{What: "no one entry of the case has an id that begins so", Hint: "`heed letter show` lists the entries with their ids; eight digits are enough"}
	}
	return found[0], nil
}

// which is the letter that is meant: the one that is named, else what is next to
// be written in the case.
func (r LetterRequest) which(ctx context.Context, x *exchange.Exchange, id heed.CaseID) (sort post.Sort, of heed.EntryID, err error) {
	if r.Entry != "" {
		of, err = entryNamed(ctx, x, id, r.Entry)
		return post.Replies, of, err
	}
	if r.Sort != "" {
		return r.Sort, of, nil
	}
	f, err := x.LookOneSided(ctx, id)
	if err != nil {
		return "", of, err
	}
	_, recalled := f.Reached()[heed.StateRecalled]
	switch {
	case f.Warned == heed.Us:
		return post.Replies, of, nil
	case recalled:
		return post.Recalls, of, nil
	}
	return post.Warns, of, nil
}

func letterAnswer(o exchange.LetterOpened, w heed.Warning, state heed.State) LetterAnswer {
	out := LetterAnswer{Case: o.Code, Contact: o.Contact.ID, OneSided: true, State: string(state), NoMail: w.Handling.NoMail()}
	if o.Drafted {
		out.State = StateDrafted
		return out
	}
	out.ID = o.ID.String()
	return out
}

func shapeLetter(l post.Letter) (LetterText, error) {
	page, err := l.HTML()
	out := LetterText{Case: l.Code, Contact: l.To.ID, Sort: l.Sort, Language: l.Language(), Subject: l.Subject(), Text: l.Plain(), HTML: page}
	if l.Warning != nil {
		out.NoMail = l.Warning.Handling.NoMail()
	}
	return out, err
}

func shapeContact(c heed.Contact) ContactForm {
	return ContactForm{
		Contact: c.ID, Name: c.Name, Mail: c.Mail, Telephone: c.Phone, Post: c.Post, Languages: c.Language, Profile: c.Profile, Clock: c.Clock,
		Basis: c.Basis, Agreement: c.Agreement, TwoOfficers: c.TwoOfficers, RightsCheck: c.RightsCheck,
		Serial: c.Serial, Version: c.Version.String(), Time: maybe(c.Time), Removed: c.Removed, OneSided: true,
	}
}

// showOneSided gives headers to whoever may use the socket, and contents only to
// an officer who may read them: that reading is noted.
func showOneSided(ctx context.Context, x *exchange.Exchange, id heed.CaseID, officer heed.OfficerID) (OneSidedCase, error) {
	if officer != "" {
		f, err := x.ReadOneSided(ctx, officer, id)
		var refused *heed.Refused
		if err == nil {
			return withOneSidedContents(f, x.Party())
		}
		if !errors.As(err, &refused) {
			return OneSidedCase{}, err
		}
	}
	f, err := x.LookOneSided(ctx, id)
	return shapeOneSided(f, x.Party()), err
}

func showOneSidedNamed(ctx context.Context, x *exchange.Exchange, r CaseRequest) (OneSidedCase, error) {
	id, err := x.FindOneSided(ctx, r.Case)
	if err != nil {
		return OneSidedCase{}, err
	}
	return showOneSided(ctx, x, id, r.Officer)
}

func withOneSidedContents(f exchange.OneSidedFile, party heed.PartyID) (OneSidedCase, error) {
	out := shapeOneSided(f, party)
	accounts := map[heed.Digest]heed.Account{}
	for _, c := range f.Contents {
		switch c.Ref.MediaType {
		case heed.MediaWarning:
			w, err := wire.ParseWarning(c.Data)
			if err != nil {
				return out, err
			}
			out.Document = &w
		case heed.MediaAccount:
			a, err := wire.ParseAccount(c.Data)
			if err != nil {
				return out, err
			}
			accounts[c.Ref.Digest] = a
		}
	}
	for i, e := range f.Entries {
		for _, ref := range e.Contents {
			if a, ok := accounts[ref.Digest]; ok {
				out.Entries[i].By, out.Entries[i].Text = a.By, a.Text
			}
		}
	}
	return out, nil
}

func shapeOneSided(f exchange.OneSidedFile, party heed.PartyID) OneSidedCase {
	out := OneSidedCase{
		OneSided: true, Mark: heed.OneSidedMark, Code: f.Code, ID: f.ID.String(), Party: party, Contact: shapeContact(f.Contact), Terms: f.Terms.Version.String(),
		Basis: f.Terms.Basis, Warned: f.Warned, Urgency: f.Urgency, Status: f.Status, Stage: f.Stage(), Reached: map[heed.State]Time{},
		Entries: []Entry{}, Duties: shapeOneSidedDuties(f, party),
	}
	for state, at := range f.Reached() {
		out.Reached[state] = At(at)
	}
	for _, e := range f.Entries {
		out.Entries = append(out.Entries, shapeEntry(f, e))
	}
	for _, t := range f.Tasks {
		out.Waiting = append(out.Waiting, OneSidedTask{Kind: t.Kind, Sort: t.Sort, Since: At(t.Created), Attempts: t.Attempts, Trouble: t.Trouble})
	}
	for _, r := range f.Readings {
		out.Readings = append(out.Readings, Reading{Officer: r.Officer, Role: r.Role, At: At(r.At)})
	}
	return out
}

func shapeEntry(f exchange.OneSidedFile, e heed.Entry) Entry {
	out := Entry{
		ID: e.ID.String(), Kind: e.Kind, Side: e.Side, RecordedBy: []Officer{}, Time: At(e.Time), At: maybe(e.At), Via: e.Via,
		Disposition: e.Disposition, Outcome: e.Outcome, Code: e.Code,
	}
	for _, o := range f.Signed[e.ID] {
		if id, ok := wire.OfficerOf(o.Key); ok {
			out.RecordedBy = append(out.RecordedBy, Officer{Name: id, Role: o.Role})
		}
	}
	if !e.Strikes.IsZero() {
		out.Strikes = e.Strikes.String()
	}
	if by, ok := f.Struck(e.ID); ok {
		out.StruckBy = by.String()
	}
	for _, p := range e.Duties {
		out.Duties = append(out.Duties, Promise{Kind: p.Kind, Due: At(p.Due)})
	}
	for _, c := range e.Contents {
		out.Contents = append(out.Contents, shapeRef(c))
	}
	return out
}

// owedBy names who owes in a one-sided case. A contact's name has no dot, and
// so is never a party's.
func owedBy(side heed.Side, party heed.PartyID, contact heed.ContactID) string {
	if side == heed.Us {
		return string(party)
	}
	return string(contact)
}

func shapeOneSidedDuties(f exchange.OneSidedFile, party heed.PartyID) []OneSidedDuty {
	out := []OneSidedDuty{}
	for _, d := range f.Duties {
		line := OneSidedDuty{Kind: d.Kind, OwedBy: owedBy(d.OwedBy, party, f.Contact.ID), Due: At(d.Due), State: d.State(f.At), Level: f.Ladder.Level(d.Due, f.At), At: maybe(d.At), Reminded: d.Reminded, OneSided: true}
		if !d.Open() {
			line.Level = 0
		}
		if !d.Discharge.IsZero() {
			line.By = d.Discharge.String()
		}
		out = append(out, line)
	}
	return out
}

func shapeOneSidedBoard(b exchange.OneSidedBoard, party heed.PartyID, all bool) OneSidedInbox {
	out := OneSidedInbox{Duties: []OneSidedLine{}, Awaited: []OneSidedLine{}}
	line := func(l exchange.OneSidedLine) OneSidedLine {
		return OneSidedLine{
			Case: l.Code, ID: l.Case.String(), Contact: l.Contact.ID, Kind: l.Kind, OwedBy: owedBy(l.OwedBy, party, l.Contact.ID), Due: At(l.Due),
			Left: l.Due.Sub(b.At).Seconds(), State: l.State, Level: l.Level, Status: l.Status, Telephone: l.Contact.Phone, Remind: l.RemindNow, OneSided: true,
		}
	}
	for _, l := range b.Ours {
		out.Duties = append(out.Duties, line(l))
	}
	for _, l := range b.Theirs {
		out.Awaited = append(out.Awaited, line(l))
	}
	for _, c := range b.Cases {
		if all {
			out.Cases = append(out.Cases, OneSidedCaseLine{Case: c.Code, ID: c.ID.String(), Contact: c.Contact, Warned: c.Warned, Urgency: c.Urgency, Status: c.Status, Stage: c.Stage, Opened: At(c.Opened), Changed: At(c.Changed), OneSided: true})
		}
	}
	return out
}

// oneSidedReached looks once for what is waited for in a one-sided case; false
// where the name is not that of one.
func (r WaitRequest) oneSidedReached(ctx context.Context, x *exchange.Exchange) (l looked, is bool, err error) {
	l.again = idle
	id, err := x.FindOneSided(ctx, r.Case)
	if err != nil {
		var none *heed.Invalid
		if errors.As(err, &none) {
			err = nil
		}
		return l, false, err
	}
	f, err := x.LookOneSided(ctx, id)
	if err != nil {
		return l, true, err
	}
	if r.Overdue == "" {
		for _, state := range heed.OneSidedStates() {
			if strings.EqualFold(string(state), r.State) {
				_, l.done = f.Reached()[state]
				return l, true, nil
			}
		}
		return l, true, &heed.Invalid{What: "a one-sided case comes to no such state", Hint: "one of " + joinStates(heed.OneSidedStates())}
	}
	kind, err := DutyNamed(r.Overdue)
	if err != nil {
		return l, true, err
	}
	if d, ok := f.Duty(kind); ok {
		switch d.State(f.At) {
		case heed.DutyOverdue, heed.DutyDischargedLate:
			l.done = true
		case heed.DutyOpen:
			l.again = min(l.again, max(d.Due.Sub(f.At)+2*time.Millisecond, time.Millisecond))
		}
	}
	return l, true, nil
}

func joinStates(all []heed.State) string {
	var names []string
	for _, s := range all {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

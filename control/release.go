package control

import (
	"context"
	"errors"
	"net/http"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// StateDrafted is what an answer says of what waits for release.
const StateDrafted = "drafted"

type (
	// ReleaseRequest releases a draft, or drops it, or asks for it.
	ReleaseRequest struct {
		Officer heed.OfficerID    `json:"officer,omitempty"`
		Draft   string            `json:"draft"`
		Form    *heed.RightsCheck `json:"form,omitempty"`
	}
	// ReleaseAnswer is what `heed release --json` prints.
	ReleaseAnswer struct {
		Case heed.Code      `json:"case"`
		To   []heed.PartyID `json:"to"`
		IDs  []string       `json:"ids"` // of the cases, in the order of To
		Kind heed.Kind      `json:"kind"`

		Contact heed.ContactID `json:"contact,omitempty"` // of a letter, to whom: its case is one-sided
	}
	// DraftLine is a draft in a list.
	DraftLine struct {
		Draft  heed.Code      `json:"draft"`
		Kind   heed.Kind      `json:"kind"`
		By     heed.OfficerID `json:"by"`
		At     Time           `json:"at"`
		To     []heed.PartyID `json:"to"`
		Accord string         `json:"accord,omitempty"`
		Status heed.Status    `json:"status,omitempty"` // of what was drafted: meant, or an exercise
		State  string         `json:"state"`            // drafted, released, dropped
		Case   heed.Code      `json:"case,omitempty"`   // that it opened or amended, or would amend
		// Contact is to whom a letter goes, which nobody in To gets.
		Contact heed.ContactID `json:"contact,omitempty"`
		Barred  string         `json:"barred,omitempty"` // in a list: why its drafter may not sign it any more
	}
	// Draft is a draft with what became of it.
	Draft struct {
		DraftLine
		Cases    []string          `json:"cases,omitempty"` // ids of those that it opened or amended, or would amend
		Contents []Content         `json:"contents"`
		Document *heed.Warning     `json:"document,omitempty"` // for an officer who may read it
		Dropped  *Time             `json:"dropped,omitempty"`
		Release  *DraftRelease     `json:"release,omitempty"`
		Form     *heed.RightsCheck `json:"form,omitempty"` // for an officer who may read it
	}
	// DraftRelease is the release that a draft became.
	DraftRelease struct {
		ID       string    `json:"id"`
		Time     Time      `json:"time"`
		Officers []Officer `json:"officers"`
		Check    string    `json:"check,omitempty"` // digest of the form
		// The form's salt and bytes, whose digest the release names: what is shown to
		// whoever asks for it later.
		Salt  []byte `json:"checkSalt,omitempty"`
		Bytes []byte `json:"checkBytes,omitempty"`
	}
)

// What becomes of a draft.
const (
	draftReleased = "released"
	draftDropped  = "dropped"
)

func releaseVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "release", func(ctx context.Context, r ReleaseRequest) (ReleaseAnswer, error) {
		out, err := x.Release(ctx, exchange.ReleaseOrder{Officer: r.Officer, Draft: r.Draft, Check: r.Form})
		answer := ReleaseAnswer{Case: out.Code, To: out.To, Kind: out.Kind, Contact: out.Contact}
		for _, id := range out.Cases {
			answer.IDs = append(answer.IDs, id.String())
		}
		return answer, err
	})
	verb(mux, "draft-list", func(ctx context.Context, _ struct{}) ([]DraftLine, error) {
		drafts, err := x.Drafts(ctx)
		return shapeDrafts(drafts), err
	})
	verb(mux, "draft-show", func(ctx context.Context, r ReleaseRequest) (Draft, error) {
		f, err := x.Draft(ctx, r.Officer, r.Draft)
		if err != nil {
			return Draft{}, err
		}
		return shapeDraft(f)
	})
	verb(mux, "draft-drop", func(ctx context.Context, r ReleaseRequest) (DraftLine, error) {
		d, err := x.DropDraft(ctx, r.Officer, r.Draft)
		return shapeDraftLine(d), err
	})
}

func shapeDrafts(drafts []exchange.DraftRow) []DraftLine {
	lines := []DraftLine{}
	for _, d := range drafts {
		line := shapeDraftLine(d.Draft)
		line.Case, line.Status, line.Barred, line.Contact = d.Case, d.Status, d.Barred, d.Contact
		lines = append(lines, line)
	}
	return lines
}

func shapeDraftLine(d exchange.Draft) DraftLine {
	line := DraftLine{Draft: d.Code, Kind: d.Kind, By: d.Officer, At: At(d.At), To: d.To, State: StateDrafted}
	switch {
	case !d.Dropped.IsZero():
		line.State = draftDropped
	case !d.Released.IsZero():
		line.State = draftReleased
	}
	if !d.Accord.IsZero() {
		line.Accord = d.Accord.String()
	}
	return line
}

// draftOf is the draft of that name; nil where there is none.
func draftOf(ctx context.Context, x *exchange.Exchange, r CaseRequest) (*Draft, error) {
	f, err := x.Draft(ctx, r.Officer, r.Case)
	var none *heed.Invalid
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := shapeDraft(f)
	return &d, err
}

func shapeDraft(f exchange.DraftFile) (Draft, error) {
	out := Draft{DraftLine: shapeDraftLine(f.Draft), Dropped: maybe(f.Dropped), Contents: []Content{}}
	out.Case, out.Status, out.Contact = f.Code, f.Status, f.Contact
	for _, id := range f.Cases {
		out.Cases = append(out.Cases, id.String())
	}
	for _, c := range f.Contents {
		if len(c.Data) == 0 { // not to be read, erased, or empty
			out.Contents = append(out.Contents, Content{ContentRef: shapeRef(c.Ref)})
			continue
		}
		contents, document, err := shapeContents(exchange.Opened{Contents: []exchange.Content{c}}, false)
		if err != nil {
			return out, err
		}
		out.Contents = append(out.Contents, contents...)
		if document != nil {
			out.Document = document
		}
	}
	var err error
	if f.Release != nil {
		out.Release, out.Form, err = shapeRelease(f)
	}
	return out, err
}

func shapeRelease(f exchange.DraftFile) (*DraftRelease, *heed.RightsCheck, error) {
	out := &DraftRelease{ID: f.Release.ID.String(), Time: At(f.Release.Time), Officers: []Officer{}}
	for _, o := range f.Release.Signers() {
		if id, ok := wire.OfficerOf(o.Key); ok {
			out.Officers = append(out.Officers, Officer{Name: id, Role: o.Role})
		}
	}
	if !f.Release.Check.IsZero() {
		out.Check = f.Release.Check.String()
	}
	if f.Form == nil {
		return out, nil, nil
	}
	form, err := wire.ParseRightsCheck(f.Form.Data)
	out.Salt, out.Bytes = f.Form.Salt[:], f.Form.Data
	return out, &form, err
}

func amendAnswer(ctx context.Context, x *exchange.Exchange, ids []heed.CaseID, a exchange.Amended) (AmendAnswer, error) {
	out := AmendAnswer{To: []heed.PartyID{}, Statements: []string{}}
	for _, id := range a.Statements {
		out.Statements = append(out.Statements, id.String())
	}
	for _, id := range ids {
		file, err := x.Look(ctx, id)
		if err != nil {
			return out, err
		}
		out.Case, out.To = file.Code, append(out.To, file.Other(x.Party()))
	}
	if a.Draft != "" {
		out.Draft, out.State = a.Draft, StateDrafted
	}
	return out, nil
}

package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"heed"
	"heed/evidence"
	"heed/wire"
)

// stepWords are the states of a case by the kind of statement that brings them about.
var stepWords = map[heed.State]heed.Kind{
	heed.StateReceived: heed.KindReceipt, heed.StateNotified: heed.KindNotification, heed.StateOpened: heed.KindOpening,
	heed.StateAcknowledged: heed.KindAcknowledgement, heed.StateAssessed: heed.KindAssessment, heed.StateAsked: heed.KindQuestion,
	heed.StateAnswered: heed.KindAnswer, heed.StateInterim: heed.KindInterim, heed.StateExtended: heed.KindExtension,
	heed.StateActed: heed.KindAction, heed.StateConcluded: heed.KindOutcome, heed.StateRefused: heed.KindRefusal,
	heed.StateSupplemented: heed.KindSupplement, heed.StateCorrected: heed.KindCorrection, heed.StateRecalled: heed.KindRecall,
	heed.StateCalled: heed.KindCall, heed.StateReminded: heed.KindReminder, heed.StateToForward: heed.KindForwardRequest,
	heed.StateForwarding: heed.KindForwardConsent, heed.StateHit: heed.KindWatchHit, heed.StateHitWithdrawn: heed.KindWatchHit,
	heed.StateLapsing: heed.KindWatchLapseNotice, heed.StateWatching: heed.KindWatchLapseNotice,
}

// stepKinds reads what is to be proven, as kinds or as states.
func stepKinds(words []string) ([]heed.Kind, error) {
	var kinds []heed.Kind
	for _, word := range words {
		if kind, err := heed.ParseKind(word); err == nil && kind.InCase() {
			kinds = append(kinds, kind)
			continue
		}
		kind, ok := stepWords[heed.State(word)]
		if !ok {
			return nil, &heed.Invalid{What: fmt.Sprintf("%q is no step of a case", word), Hint: "name a kind of statement (acknowledgement) or a state (acknowledged); `heed show` lists those of the case"}
		}
		kinds = append(kinds, kind)
	}
	return kinds, nil
}

// steps gathers what was said in the case: the statements asked for, with what
// opened the case and the receipts for them.
func (g *gathering) steps(order ProofOrder) error {
	kinds, err := stepKinds(order.Steps)
	if err != nil {
		return err
	}
	wanted := map[heed.StatementID]bool{g.c.Opening.ID: true}
	found := len(kinds) == 0
	for _, id := range g.order {
		s := g.kept[id].Statement
		switch {
		case len(kinds) == 0:
			wanted[id] = true
		case s.Kind == heed.KindReceipt:
			// Receipts come with what they are for: that of the opening is the one asked for.
			found = found || s.AnswersTo(g.c.Opening.ID) && slices.Contains(kinds, s.Kind)
		case slices.Contains(kinds, s.Kind):
			wanted[id], found = true, true
		}
	}
	if !found {
		return &heed.Invalid{What: fmt.Sprintf("case %s has no step %s", g.c.Code.Spoken(), strings.Join(order.Steps, ", ")), Hint: "`heed show` lists what was said"}
	}
	g.bundle.Claims = append(g.bundle.Claims, evidence.Claim{Kind: evidence.ClaimSteps, Case: g.c.ID, At: -1})
	for _, id := range g.order {
		s := g.kept[id].Statement
		if !wanted[id] && !(s.Kind == heed.KindReceipt && wanted[s.Answers[0]]) {
			continue
		}
		if err := g.addLogged(id); err != nil {
			return err
		}
	}
	return g.open(order.Open, wanted)
}

// open adds contents, whole or as far as they are to be shown.
func (g *gathering) open(paths []string, of map[heed.StatementID]bool) error {
	if len(paths) == 0 || slices.Equal(paths, []string{OpenNone}) {
		return nil
	}
	at, err := erased(g.v, g.c.ID)
	if err != nil {
		return err
	}
	if !at.IsZero() {
		return &heed.Refused{Detail: fmt.Sprintf("the contents of case %s were erased at %s, under accord %s", g.c.Code.Spoken(), heed.FormatTime(at), g.c.Opening.Accord.Short()), Hint: "leave --open out: what was said and when is proven without them"}
	}
	all := slices.Equal(paths, []string{OpenAll})
	shown := map[string]bool{}
	for _, id := range g.order {
		if !of[id] {
			continue
		}
		for _, ref := range g.kept[id].Statement.Contents {
			content, err := g.v.Content(ref.Digest)
			if errors.Is(err, ErrNotFound) {
				continue // erased: its digest stays
			}
			if err != nil {
				return err
			}
			if all {
				g.addContent(content.Salt, content.Data)
				continue
			}
			if ref.MediaType != heed.MediaWarning {
				continue
			}
			there, err := fieldsOf(content.Data, paths)
			if err != nil {
				return err
			}
			if len(there) == 0 {
				continue
			}
			for _, path := range there {
				shown[path] = true
			}
			partial, err := wire.Disclose(content.Data, there...)
			if err != nil {
				return err
			}
			g.addContent(content.Salt, partial)
		}
	}
	for _, path := range paths {
		if !all && !shown[path] {
			return &heed.Invalid{What: fmt.Sprintf("no warning of case %s has the field %q", g.c.Code.Spoken(), path), Hint: "`heed open` writes the warning; fields are named by their paths in it, like headline or persons/0/names/0/text"}
		}
	}
	return nil
}

func (g *gathering) addContent(salt [32]byte, data []byte) {
	for _, c := range g.bundle.Contents {
		if c.Salt == salt && bytes.Equal(c.Data, data) {
			return
		}
	}
	g.bundle.Contents = append(g.bundle.Contents, evidence.Content{Salt: salt, Data: data})
}

// fieldsOf are those of the paths that a document has.
func fieldsOf(document []byte, paths []string) ([]string, error) {
	partial, err := wire.ParsePartial(document)
	if err != nil {
		return nil, err
	}
	var there []string
	for _, path := range paths {
		for _, f := range partial.Fields() {
			if f.Path == path || strings.HasPrefix(f.Path, path+"/") {
				there = append(there, path)
				break
			}
		}
	}
	return there, nil
}

package control

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"heed"
	"heed/draft"
	"heed/exchange"
)

type (
	// AccordDraft is what an officer writes of an accord's terms. They are, each
	// over the one before it: the template, or the accord that is amended or
	// renewed; the clocks; the document; the quorum and the dates.
	AccordDraft struct {
		Officer  heed.OfficerID `json:"officer"`
		Accord   string         `json:"accord,omitempty"` // that is amended or renewed
		Template string         `json:"template,omitempty"`
		Clocks   *heed.Baseline `json:"clocks,omitempty"` // its clock in the place of the first one's times, its ratify time for a reply
		With     []string       `json:"with,omitempty"`   // the other members
		Quorum   int            `json:"quorum,omitempty"` // 0: as the document has it, or just over half
		From     *Time          `json:"from,omitempty"`
		Until    *Time          `json:"until,omitempty"`
		File     string         `json:"file,omitempty"` // the document's name, for messages; empty: there is none
		Document []byte         `json:"document,omitempty"`
		Only     bool           `json:"only,omitempty"` // renew: propose nothing
	}
	// AccordRenewed is the accord that was proposed, or only its terms.
	AccordRenewed struct {
		AccordProposed
		Renews string `json:"renews"`
		Source string `json:"source,omitempty"` // YAML, where nothing was proposed
	}
	// AccordRemoval removes a member.
	AccordRemoval struct {
		Officer heed.OfficerID `json:"officer"`
		Accord  string         `json:"accord"`
		Party   string         `json:"party"`
	}
)

func propose(ctx context.Context, x *exchange.Exchange, r AccordDraft) (AccordProposed, error) {
	cards, err := cardsHeld(ctx, x)
	if err != nil {
		return AccordProposed{}, err
	}
	base, err := r.template()
	if err != nil {
		return AccordProposed{}, err
	}
	if base, err = r.members(base, x.Party(), cards); err != nil {
		return AccordProposed{}, err
	}
	terms, err := r.terms(base, x.Party(), cards, x.Now())
	if err != nil {
		return AccordProposed{}, err
	}
	proposed, err := x.Propose(ctx, r.Officer, terms)
	if err != nil {
		return AccordProposed{}, err
	}
	return shapeProposed(ctx, x, proposed)
}

func amend(ctx context.Context, x *exchange.Exchange, r AccordDraft) (AccordProposed, error) {
	id, err := x.FindAccord(ctx, r.Accord)
	if err != nil {
		return AccordProposed{}, err
	}
	cards, err := cardsHeld(ctx, x)
	if err != nil {
		return AccordProposed{}, err
	}
	proposed, err := x.Amend(ctx, r.Officer, id, func(parent heed.Accord) (heed.Accord, error) {
		terms, err := draft.Accord(r.File, r.Document, draft.Terms{Base: parent, Cards: cards})
		if err != nil {
			return terms, err
		}
		terms.Renews = parent.Renews
		return terms, changes(parent, terms)
	})
	if err != nil {
		return AccordProposed{}, err
	}
	return shapeProposed(ctx, x, proposed)
}

// changes refuses an amendment that says the same again.
func changes(parent, terms heed.Accord) error {
	before, err := draft.AccordSource(parent)
	if err != nil {
		return err
	}
	after, err := draft.AccordSource(terms)
	if err != nil {
		return err
	}
	if bytes.Equal(before, after) {
		return &heed.Invalid{What: fmt.Sprintf("the amendment says what version %d (%s) says already", parent.Number, parent.ID.Short()), Hint: "write the keys that are to change; `heed accord show --source` has all of them"}
	}
	return nil
}

func renew(ctx context.Context, x *exchange.Exchange, r AccordDraft) (AccordRenewed, error) {
	held, err := accordMeant(ctx, x, r.Accord)
	if err != nil {
		return AccordRenewed{}, err
	}
	cards, err := cardsHeld(ctx, x)
	if err != nil {
		return AccordRenewed{}, err
	}
	base, err := r.renewed(held, x.Party(), cards)
	if err != nil {
		return AccordRenewed{}, err
	}
	out := AccordRenewed{Renews: held.Standing.Accord.String()}
	if r.Only && r.File == "" {
		source, err := draft.AccordSource(base)
		out.Source = string(source)
		return out, err
	}
	terms, err := r.terms(base, x.Party(), cards, x.Now())
	if err != nil {
		return out, err
	}
	if r.Only {
		source, err := draft.AccordSource(terms)
		out.Source = string(source)
		return out, err
	}
	terms.Renews = held.Standing.Accord
	proposed, err := x.Propose(ctx, r.Officer, terms)
	if err != nil {
		return out, err
	}
	out.AccordProposed, err = shapeProposed(ctx, x, proposed)
	return out, err
}

// renewed are the terms that stand of an accord, for another time: without its
// dates, between those who have not left, with the cards and ladders of today.
func (r AccordDraft) renewed(held exchange.AccordHeld, self heed.PartyID, cards cardFinder) (heed.Accord, error) {
	old, _ := held.Version(held.Standing.Current())
	base := old.Canonical()
	base.From, base.Until, base.Postures = timeOf(r.From), timeOf(r.Until), nil
	parties := r.With
	if len(parties) == 0 {
		for _, m := range old.Members {
			if m.Party != self && held.Standing.Party(m.Party).Presence != heed.PresenceGone {
				parties = append(parties, string(m.Party))
			}
		}
	}
	if len(parties) == 0 && !r.Only {
		return base, &heed.Invalid{What: "nobody is left in accord " + held.Standing.Accord.Short() + " but " + string(self), Hint: "name the others with --with PARTY,..."}
	}
	r.With = parties
	base, err := r.between(base, self, cards)
	if err != nil {
		return base, err
	}
	for i, m := range base.Members {
		before, _ := old.Member(m.Party)
		for _, rung := range m.Ladder {
			if key, ok := before.Key(rung.Role); ok {
				base.Members[i].Keys = append(base.Members[i].Keys, heed.RoleKey{Role: rung.Role, Key: key})
			}
		}
	}
	base.MustRatify = slices.DeleteFunc(slices.Clone(base.MustRatify), func(p heed.PartyID) bool {
		_, member := base.Member(p)
		return !member
	})
	base.Observers = nil
	for _, o := range old.Observers {
		_, member := base.Member(o.Party)
		c, ok := cards(o.Party)
		if ok && !member {
			base.Observers = append(base.Observers, heed.Observer{Party: o.Party, Card: c.ID})
		}
	}
	if n := len(base.Members); old.Quorum > base.Quorum && old.Quorum <= n {
		base.Quorum = old.Quorum
	}
	return r.clocked(base), nil
}

// template is what the terms start from: none where the document says everything.
func (r AccordDraft) template() (heed.Accord, error) {
	var named struct {
		Template string `yaml:"template"`
	}
	if r.Template == "" && yaml.Unmarshal(r.Document, &named) != nil {
		named.Template = "" // whoever reads the document says what is wrong with it
	}
	name := cmp.Or(r.Template, named.Template)
	switch {
	case name != "":
		base, err := draft.Template(name)
		return r.clocked(base), err
	case r.File == "":
		return heed.Accord{}, &heed.Invalid{What: "it is not said what is proposed", Hint: "name a template with --template, one of " + strings.Join(draft.Templates(), ", ") + "; or a FILE with the terms"}
	}
	return r.clocked(heed.Accord{}), nil
}

// clocked puts the clock that was given into the place of the first one.
func (r AccordDraft) clocked(base heed.Accord) heed.Accord {
	if r.Clocks == nil {
		return base
	}
	name := "normal"
	if len(base.Clocks) > 0 {
		name = base.Clocks[0].Name
	}
	rest := base.Clocks[min(1, len(base.Clocks)):]
	base.Clocks = append([]heed.NamedClock{{Name: name, Clock: r.Clocks.Clock}}, rest...)
	if reply, ok := r.Clocks.Clock.Of(heed.DutyRatify, heed.UrgencyExpected); ok {
		base.Reply = reply
	}
	return base
}

// members puts this party and those who were named, if anybody was, into the
// terms, as their cards have them.
func (r AccordDraft) members(base heed.Accord, self heed.PartyID, cards cardFinder) (heed.Accord, error) {
	if len(r.With) == 0 {
		return base, nil
	}
	return r.between(base, self, cards)
}

// between puts this party and those who were named into the terms, also where
// nobody was.
func (r AccordDraft) between(base heed.Accord, self heed.PartyID, cards cardFinder) (heed.Accord, error) {
	parties := []heed.PartyID{self}
	for _, name := range r.With {
		party, err := heed.ParsePartyID(name)
		if err != nil {
			return base, err
		}
		if !slices.Contains(parties, party) {
			parties = append(parties, party)
		}
	}
	return draft.WithMembers(base, parties, cards)
}

// terms lays the document over the base, and over both what was said beside it.
func (r AccordDraft) terms(base heed.Accord, self heed.PartyID, cards cardFinder, now time.Time) (heed.Accord, error) {
	said := func(a *heed.Accord) {
		if r.Quorum != 0 {
			a.Quorum = r.Quorum
		}
		if r.From != nil {
			a.From = timeOf(r.From)
		}
		if r.Until != nil {
			a.Until = timeOf(r.Until)
		}
	}
	said(&base)
	document, name := r.Document, r.File
	if r.File == "" {
		document, name = []byte("{}"), "the terms"
	}
	terms, err := draft.Accord(name, document, draft.Terms{Base: base, Cards: cards})
	if err != nil {
		return terms, r.unfiled(err)
	}
	said(&terms)
	if err := terms.CheckTerms(); err != nil {
		return terms, r.unfiled(err)
	}
	if err := r.namesOnly(terms, self); err != nil {
		return terms, err
	}
	if _, ok := terms.Member(self); !ok {
		return terms, &heed.Invalid{What: fmt.Sprintf("members lacks %s, which proposes it", self), Hint: "add it to members; or leave members out, and name the others with --with"}
	}
	if !terms.Until.IsZero() && !terms.Until.After(now) {
		return terms, &heed.Invalid{What: "until is " + heed.FormatTime(terms.Until) + ", which is over", Hint: "give a later time with --until"}
	}
	return terms, nil
}

// namesOnly holds the members of the document against those that were named
// beside it.
func (r AccordDraft) namesOnly(terms heed.Accord, self heed.PartyID) error {
	if len(r.With) == 0 || r.File == "" {
		return nil
	}
	for _, m := range terms.Members {
		if m.Party != self && !slices.Contains(r.With, string(m.Party)) {
			return &heed.Invalid{What: fmt.Sprintf("members of %s has %s, and --with does not name it", r.File, m.Party), Hint: "name the members in one place"}
		}
	}
	for _, name := range r.With {
		if _, ok := terms.Member(heed.PartyID(name)); !ok {
			return &heed.Invalid{What: fmt.Sprintf("--with names %s, and members of %s does not", name, r.File), Hint: "name the members in one place"}
		}
	}
	return nil
}

// mendedBeside is how something is said beside a document.
var mendedBeside = map[string]string{
	"members": "name the others with --with PARTY,...", "until": "say when it ends with --until TIME, like 2026-07-20T00:00+02:00",
	"from": "say when it begins with --from TIME, before it ends",
}

// unfiled puts complaints of fields into one, as bad input. Without a document
// there are no lines to be named.
func (r AccordDraft) unfiled(err error) error {
	var wrong *draft.Error
	if r.File != "" && errors.As(err, &wrong) {
		return orBeside(err)
	}
	var problems []string
	hint := ""
	for _, err := range parts(err) {
		var line *draft.Error
		var field *heed.FieldError
		path, problem, mend := "", err.Error(), ""
		switch {
		case errors.As(err, &line):
			path, problem, mend = line.Path, line.Problem, line.Hint
		case errors.As(err, &field):
			path, problem, mend = field.Path, field.Problem, field.Hint
		}
		problems = append(problems, strings.TrimSpace(path+" "+problem))
		if flag, ok := mendedBeside[path]; ok && r.File == "" {
			mend = flag
		}
		hint = cmp.Or(hint, mend)
	}
	return &heed.Invalid{What: strings.Join(problems, "; "), Hint: hint}
}

// orBeside says of what a document leaves out how it is said beside it, too.
func orBeside(err error) error {
	all := slices.Clone(parts(err))
	for i, err := range all {
		var wrong *draft.Error
		if !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Problem, "is missing") {
			continue
		}
		if flag, ok := mendedBeside[wrong.Path]; ok {
			mended := *wrong
			mended.Hint = strings.TrimPrefix(mended.Hint+"; or "+flag, "; or ")
			all[i] = &mended
		}
	}
	return errors.Join(all...)
}

// parts are the errors that were joined.
func parts(err error) []error {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}

// cardFinder finds the card of a party that people here vouch for.
type cardFinder = func(heed.PartyID) (heed.Card, bool)

// cardsHeld are our own card and those of the peers, without those that were
// offered and not accepted: whoever proposes an accord vouches for the cards in it.
func cardsHeld(ctx context.Context, x *exchange.Exchange) (cardFinder, error) {
	me, err := x.Self(ctx)
	if err != nil {
		return nil, err
	}
	peers, err := x.Peers(ctx)
	if err != nil {
		return nil, err
	}
	held := map[heed.PartyID]heed.Card{me.Card.Party: me.Card}
	for _, p := range peers {
		if !p.Pending {
			held[p.Card.Party] = p.Card
		}
	}
	return func(p heed.PartyID) (heed.Card, bool) {
		c, ok := held[p]
		return c, ok
	}, nil
}

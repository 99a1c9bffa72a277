package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"heed"
	"heed/draft"
	"heed/exchange"
)

type (
	// AccordRequest names an accord, and may name a version of it.
	AccordRequest struct {
		Accord  string `json:"accord"`
		Version string `json:"version,omitempty"` // number, or as much of the id as names one; empty: the one that stands
		Source  bool   `json:"source,omitempty"`  // show: the terms in YAML, too
	}
	// AccordActRequest declares something about an accord.
	AccordActRequest struct {
		AccordRequest
		Officer heed.OfficerID     `json:"officer"`
		Act     heed.AccordActKind `json:"act"`
		Clause  heed.Clause        `json:"clause,omitempty"`
		Reason  string             `json:"reason,omitempty"`
		From    *Time              `json:"from,omitempty"`
		Until   *Time              `json:"until,omitempty"`
	}
	// AccordProposed is what `heed accord propose --json` prints. The cases, by
	// their full ids, are those with the parties of To, in their order.
	AccordProposed struct {
		Accord  string         `json:"accord"`
		Version string         `json:"version"`
		Case    heed.Code      `json:"case"`
		To      []heed.PartyID `json:"to"`
		Cases   []string       `json:"cases"`
	}
	// AccordDeclared is an act that was signed, and where the accord stands with it.
	AccordDeclared struct {
		Accord  string             `json:"accord"`
		Version string             `json:"version"`
		Act     heed.AccordActKind `json:"act"`
		ID      string             `json:"id"`
		Party   heed.PartyID       `json:"party"`
		Time    Time               `json:"time"`
		Clause  heed.Clause        `json:"clause,omitempty"`
		Reason  string             `json:"reason,omitempty"`
		From    *Time              `json:"from,omitempty"`
		Until   *Time              `json:"until,omitempty"`
		State   heed.AccordState   `json:"state"`
		Leaves  *Time              `json:"leaves,omitempty"` // when a withdrawal takes effect
		// NotRepeated are the clauses of the version before to which we had reservations,
		// and to which a ratification makes none.
		NotRepeated []heed.Clause `json:"notRepeated,omitempty"`
	}
	// AccordLine is one accord in a list.
	AccordLine struct {
		Accord    string           `json:"accord"`
		Name      string           `json:"name"`
		Template  string           `json:"template,omitempty"`
		State     heed.AccordState `json:"state"`
		Version   string           `json:"version"` // the one that stands
		Number    uint64           `json:"number"`
		Proposer  heed.PartyID     `json:"proposer"`
		Members   []heed.PartyID   `json:"members"`
		Observers []heed.PartyID   `json:"observers"`
		From      *Time            `json:"from,omitempty"`
		Until     *Time            `json:"until,omitempty"`
		Open      []string         `json:"open"`   // versions that wait for their quorum or their time
		Answer    heed.Answer      `json:"answer"` // ours to the newest of these; where there is none, to the one that stands; empty where we are no member of it
		Renews    string           `json:"renews,omitempty"`
	}
	// AccordShown is an accord as `heed accord show --json` prints it.
	AccordShown struct {
		AccordLine
		InForce       string               `json:"inForce,omitempty"`
		Since         *Time                `json:"since,omitempty"`
		Amended       bool                 `json:"amended"`
		Ended         *Time                `json:"ended,omitempty"`
		Why           heed.AccordEnd       `json:"why,omitempty"`
		Bound         []heed.PartyID       `json:"bound"`
		Recipients    []heed.PartyID       `json:"recipients"` // to whom something is sealed under it now, this party among them
		Parties       []AccordParty        `json:"parties"`
		Versions      []AccordVersion      `json:"versions"`
		Equivocations []AccordEquivocation `json:"inconsistent,omitempty"`
		HeldBack      []heed.PartyID       `json:"heldBack,omitempty"`
		Ignored       []AccordIgnored      `json:"withoutEffect,omitempty"`
		Missing       []string             `json:"missing,omitempty"`
		Told          []AccordTelling      `json:"told"` // what we have said, and who has it
		Shown         string               `json:"shown"`
		Terms         json.RawMessage      `json:"terms"` // of the version shown, as docs/accords.md has their keys
		Text          string               `json:"text"`  // these, to be read
		Standing      string               `json:"standing"`
		Source        string               `json:"source,omitempty"` // these in YAML, to be edited
	}
	// AccordParty is a party's part in an accord.
	AccordParty struct {
		Party     heed.PartyID  `json:"party"`
		Presence  heed.Presence `json:"presence"`
		Under     string        `json:"under,omitempty"`
		Leaves    *Time         `json:"leaves,omitempty"`
		Suspended bool          `json:"suspended,omitempty"`
		Wakes     *Time         `json:"wakes,omitempty"`
	}
	// AccordVersion is where a version stands.
	AccordVersion struct {
		Version  string            `json:"version"`
		Parent   string            `json:"parent,omitempty"`
		Number   uint64            `json:"number"`
		Proposer heed.PartyID      `json:"proposer"`
		Time     Time              `json:"time"`
		State    heed.VersionState `json:"state"`
		Adopted  *Time             `json:"adopted,omitempty"`
		Started  *Time             `json:"started,omitempty"`
		Answers  []AccordAnswer    `json:"answers"`
	}
	// AccordAnswer is what a member has said to a version.
	AccordAnswer struct {
		Party        heed.PartyID        `json:"party"`
		Answer       heed.Answer         `json:"answer"`
		At           *Time               `json:"at,omitempty"`
		Reason       string              `json:"reason,omitempty"`
		Reservations []AccordReservation `json:"reservations,omitempty"`
	}
	// AccordReservation is a clause that does not bind its party.
	AccordReservation struct {
		Clause heed.Clause `json:"clause"`
		Reason string      `json:"reason"`
	}
	// AccordEquivocation names the two acts that contradict each other.
	AccordEquivocation struct {
		Party heed.PartyID `json:"party"`
		Acts  [2]string    `json:"acts"`
	}
	// AccordIgnored is an act without effect.
	AccordIgnored struct {
		Act string `json:"act"`
		Why string `json:"why"`
	}
	// AccordTelling is where a statement of ours about the accord has got to.
	AccordTelling struct {
		To       heed.PartyID `json:"to"`
		Kind     heed.Kind    `json:"kind"`
		Version  string       `json:"version"`
		Number   uint64       `json:"number"` // of the version; 0 where it is not held
		Case     string       `json:"case"`
		Said     Time         `json:"said"`
		Received *Time        `json:"received,omitempty"` // as its recipient says
	}
)

func accordVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "accord-propose", func(ctx context.Context, r AccordDraft) (AccordProposed, error) { return propose(ctx, x, r) })
	verb(mux, "accord-renew", func(ctx context.Context, r AccordDraft) (AccordRenewed, error) { return renew(ctx, x, r) })
	verb(mux, "accord-amend", func(ctx context.Context, r AccordDraft) (AccordProposed, error) { return amend(ctx, x, r) })
	verb(mux, "accord-remove", func(ctx context.Context, r AccordRemoval) (AccordProposed, error) {
		id, err := x.FindAccord(ctx, r.Accord)
		if err != nil {
			return AccordProposed{}, err
		}
		party, err := heed.ParsePartyID(r.Party)
		if err != nil {
			return AccordProposed{}, err
		}
		proposed, err := x.RemoveMember(ctx, r.Officer, id, party)
		if err != nil {
			return AccordProposed{}, err
		}
		return shapeProposed(ctx, x, proposed)
	})
	verb(mux, "accord-act", func(ctx context.Context, r AccordActRequest) (AccordDeclared, error) { return declare(ctx, x, r) })
	verb(mux, "accord-show", func(ctx context.Context, r AccordRequest) (AccordShown, error) {
		held, err := accordMeant(ctx, x, r.Accord)
		if err != nil {
			return AccordShown{}, err
		}
		version := held.Standing.Current()
		if r.Version != "" {
			if version, err = versionMeant(held, r.Version); err != nil {
				return AccordShown{}, err
			}
		}
		shown, err := shapeAccord(held, version, x.Party())
		if terms, _ := held.Version(version); err == nil && r.Source {
			var source []byte
			source, err = draft.AccordSource(terms)
			shown.Source = string(source)
		}
		return shown, err
	})
	verb(mux, "accord-list", func(ctx context.Context, _ struct{}) ([]AccordLine, error) {
		all, err := x.Accords(ctx)
		lines := []AccordLine{}
		for _, held := range all {
			lines = append(lines, accordLine(held, x.Party()))
		}
		return lines, err
	})
}

func accordMeant(ctx context.Context, x *exchange.Exchange, name string) (exchange.AccordHeld, error) {
	id, err := x.FindAccord(ctx, name)
	if err != nil {
		return exchange.AccordHeld{}, err
	}
	return x.Accord(ctx, id)
}

// versionMeant resolves a version's number, or as much of the beginning of its
// id as names one version of the accord.
func versionMeant(held exchange.AccordHeld, name string) (heed.VersionID, error) {
	digits := strings.ToLower(name)
	number, err := strconv.ParseUint(name, 10, 32)
	isNumber := err == nil && len(name) < 8
	var found []heed.VersionID
	for _, v := range held.Versions {
		if isNumber && v.Accord.Number == number || !isNumber && exchange.IsAccordName(digits) && strings.HasPrefix(v.Accord.ID.String(), digits) {
			found = append(found, v.Accord.ID)
		}
	}
	if len(found) != 1 {
		what := fmt.Sprintf("accord %s has no version %.80q", held.Standing.Accord.Short(), name)
		if len(found) > 1 {
			what = fmt.Sprintf("accord %s has %d versions %.80q", held.Standing.Accord.Short(), len(found), name)
		}
		return heed.VersionID{}, &heed.Invalid{What: what, Hint: "`heed accord show` lists the versions with their numbers and ids; eight digits are enough"}
	}
	return found[0], nil
}

func declare(ctx context.Context, x *exchange.Exchange, r AccordActRequest) (AccordDeclared, error) {
	held, err := accordMeant(ctx, x, r.Accord)
	if err != nil {
		return AccordDeclared{}, err
	}
	order := exchange.AccordOrder{Officer: r.Officer, Accord: held.Standing.Accord, Kind: r.Act, Clause: r.Clause, Reason: r.Reason, From: timeOf(r.From), Until: timeOf(r.Until)}
	if r.Version != "" {
		if order.Version, err = versionMeant(held, r.Version); err != nil {
			return AccordDeclared{}, err
		}
	}
	reserved, under := held.Standing.Reservations(x.Party()), held.Standing.Party(x.Party()).Under
	act, err := x.Declare(ctx, order)
	if err != nil {
		return AccordDeclared{}, err
	}
	out := AccordDeclared{
		Accord: act.Accord.String(), Version: act.Version.String(), Act: act.Kind, ID: act.ID.String(), Party: act.Party, Time: At(act.Time),
		Clause: act.Clause, Reason: act.Reason, From: maybe(act.From), Until: maybe(act.Until),
	}
	if held, err = x.Accord(ctx, act.Accord); err != nil {
		return out, err
	}
	out.State = held.Standing.State
	if act.Kind == heed.AccordRatification && act.Version != under {
		for _, r := range reserved {
			out.NotRepeated = append(out.NotRepeated, r.Clause)
		}
	}
	if act.Kind == heed.AccordWithdrawal {
		out.Leaves = maybe(held.Standing.Party(act.Party).Leaves)
	}
	return out, nil
}

func timeOf(t *Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return heed.Instant(t.Time)
}

func shapeProposed(ctx context.Context, x *exchange.Exchange, p exchange.Proposed) (AccordProposed, error) {
	out := AccordProposed{Accord: p.Accord.String(), Version: p.Version.String(), Case: heed.CodeOf(heed.Digest(p.Version)), To: []heed.PartyID{}, Cases: []string{}}
	for _, id := range p.Cases {
		file, err := x.Look(ctx, id)
		if err != nil {
			return out, err
		}
		out.To, out.Cases = append(out.To, file.Warned), append(out.Cases, id.String())
	}
	return out, nil
}

func accordLine(held exchange.AccordHeld, party heed.PartyID) AccordLine {
	s := held.Standing
	terms, _ := held.Version(s.Current())
	line := AccordLine{
		Accord: s.Accord.String(), Name: terms.Name, Template: terms.Template, State: s.State, Version: terms.ID.String(), Number: terms.Number,
		Proposer: terms.Proposer, Members: []heed.PartyID{}, Observers: []heed.PartyID{}, From: maybe(terms.From), Until: maybe(terms.Until), Open: []string{},
	}
	for _, m := range terms.Members {
		line.Members = append(line.Members, m.Party)
	}
	for _, o := range terms.Observers {
		line.Observers = append(line.Observers, o.Party)
	}
	answered := terms.ID
	for _, id := range s.Open() {
		line.Open, answered = append(line.Open, id.String()), id
	}
	if of, ok := held.Version(answered); ok {
		if _, member := of.Member(party); member {
			line.Answer = s.Answer(answered, party).Answer
		}
	}
	if !terms.Renews.IsZero() {
		line.Renews = terms.Renews.String()
	}
	return line
}

func shapeAccord(held exchange.AccordHeld, shown heed.VersionID, party heed.PartyID) (AccordShown, error) {
	s := held.Standing
	out := AccordShown{
		AccordLine: accordLine(held, party), Since: maybe(s.Since), Amended: s.Amended(), Ended: maybe(s.Ended), Why: s.Why,
		Bound: listed(s.Effective()), Recipients: listed(s.Recipients()), HeldBack: s.Cut, Parties: []AccordParty{}, Versions: []AccordVersion{},
		Told: []AccordTelling{}, Shown: shown.String(), Standing: draft.StandingText(s),
	}
	if !s.InForce.IsZero() {
		out.InForce = s.InForce.String()
	}
	for _, p := range s.Parties {
		line := AccordParty{Party: p.Party, Presence: p.Presence, Leaves: maybe(p.Leaves), Suspended: p.Asleep, Wakes: maybe(p.Wakes)}
		if !p.Under.IsZero() {
			line.Under = p.Under.String()
		}
		out.Parties = append(out.Parties, line)
	}
	for _, v := range s.Versions {
		out.Versions = append(out.Versions, shapeVersion(held, v))
	}
	for _, e := range s.Equivocations {
		out.Equivocations = append(out.Equivocations, AccordEquivocation{Party: e.Party, Acts: [2]string{e.First.String(), e.Second.String()}})
	}
	for _, i := range s.Ignored {
		out.Ignored = append(out.Ignored, AccordIgnored{Act: i.Act.String(), Why: i.Why})
	}
	for _, id := range s.Missing {
		out.Missing = append(out.Missing, id.String())
	}
	for _, t := range held.Told {
		about, _ := held.Version(t.Version)
		out.Told = append(out.Told, AccordTelling{To: t.To, Kind: t.Kind, Version: t.Version.String(), Number: about.Number, Case: t.Case.String(), Said: At(t.Said), Received: maybe(t.Given)})
	}
	terms, _ := held.Version(shown)
	out.Text = draft.AccordText(terms)
	text, err := draft.AccordJSON(terms)
	out.Terms = text
	return out, err
}

func listed(parties []heed.PartyID) []heed.PartyID { return append([]heed.PartyID{}, parties...) }

func shapeVersion(held exchange.AccordHeld, v heed.VersionStanding) AccordVersion {
	terms, _ := held.Version(v.ID)
	out := AccordVersion{
		Version: v.ID.String(), Number: v.Number, Proposer: terms.Proposer, Time: At(terms.Time), State: v.State,
		Adopted: maybe(v.Adopted), Started: maybe(v.Started), Answers: []AccordAnswer{},
	}
	if !v.Parent.IsZero() {
		out.Parent = v.Parent.String()
	}
	for _, a := range v.Answers {
		line := AccordAnswer{Party: a.Party, Answer: a.Answer, At: maybe(a.At), Reason: a.Reason}
		for _, r := range a.Reservations {
			line.Reservations = append(line.Reservations, AccordReservation{Clause: r.Clause, Reason: r.Reason})
		}
		out.Answers = append(out.Answers, line)
	}
	return out
}

// AccordStateNamed reads what can be waited for of an accord.
func AccordStateNamed(name string) (heed.AccordState, error) {
	state := heed.AccordState(strings.ToLower(name))
	if slices.Contains(AccordStates(), state) {
		return state, nil
	}
	return "", &heed.Invalid{What: fmt.Sprintf("unknown accord state %.80q", name), Hint: "one of " + joined(AccordStates())}
}

// CanWaitFor reports whether there is such a state, of a case or of an accord.
func CanWaitFor(state string) error {
	if _, err := AccordStateNamed(state); err == nil {
		return nil
	}
	_, err := StateNamed(state)
	var unknown *heed.Invalid
	if errors.As(err, &unknown) {
		return &heed.Invalid{What: unknown.What, Hint: unknown.Hint + "; of an accord " + joined(AccordStates())}
	}
	return err
}

// accordAmended is no state in which an accord is, but one that it reaches.
const accordAmended heed.AccordState = "amended"

// AccordStates lists what can be waited for of an accord.
func AccordStates() []heed.AccordState {
	return []heed.AccordState{heed.AccordProposed, heed.AccordInForce, heed.AccordAmending, accordAmended, heed.AccordSuspended, heed.AccordEnded}
}

func joined[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, ", ")
}

// accordReached reports whether an accord is in a state or has gone through it.
// Only a suspension does not count once it is over: it may come back.
func accordReached(s heed.Standing, state heed.AccordState) bool {
	switch state {
	case accordAmended:
		return s.Amended()
	case heed.AccordAmending:
		return slices.ContainsFunc(s.Versions, func(v heed.VersionStanding) bool {
			parent, ok := s.Version(v.Parent)
			return ok && !parent.Started.IsZero()
		})
	}
	return s.Reached(state)
}

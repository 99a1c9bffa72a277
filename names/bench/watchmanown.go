package bench

import (
	"context"
	"fmt"
	"strings"

	"heed/names/fit"
)

// sdnPerson begins the IDs of persons from the SDN list of the US Treasury (OFAC);
// what follows is the list's own number.
const sdnPerson = "sdn:"

// ownListsNote says how far the figures go. Of a list that somebody else has loaded
// we know only what is public about it.
const ownListsNote = "the list is the server's own, ours the persons of the SDN list in the labelled names: the figures of the two programs are comparable only where it is the SDN list, too"

// listedAsNote is added where the names that are asked for stand on the list.
const listedAsNote = "%d of the %d names asked for are listed there as aliases: such are found by their spelling, whoever compares them"

// besideOwnLists measures a server on whatever lists it has, and this program on
// the persons of the SDN list.
func (m *measurement) besideOwnLists(ctx context.Context, server *watchmanServer) (*WatchmanReport, error) {
	has, err := server.lists(ctx)
	if err != nil {
		return nil, err
	}
	if has.Names == 0 {
		return nil, fmt.Errorf("WATCHMAN_URL %s: %w", server.base, ErrWatchmanEmpty)
	}
	r := &WatchmanReport{URL: m.options.Watchman.URL, Version: has.Version, Lists: has.Own, Note: ownListsNote}
	list, calls := m.sdnPersons()
	queries := m.strangeQueries(func(p fit.Labelled) bool { return p.Source == "sdn" && calls[p.RightID] != nil })
	if len(queries) == 0 { // another set of labelled names, which is no fault of the server's
		r.Note = "not measured: of the labelled names none looks for a person of the SDN list"
		return r, nil
	}
	aliases := 0
	for _, p := range queries {
		if calls[p.RightID][p.Left] {
			aliases++
		}
	}
	if aliases > 0 {
		r.Note += "; " + fmt.Sprintf(listedAsNote, aliases, len(queries))
	}
	innocents := m.innocents()
	if err := m.serverRuns(ctx, server, has, r, queries, innocents, asAnywhere, 3); err != nil {
		return nil, err
	}
	model, err := m.strangersTo(queries)
	if err != nil {
		return nil, err
	}
	own, err := m.ownRun(model, list, queries, innocents, asAnywhere)
	if err != nil {
		return nil, err
	}
	r.Runs = append(r.Runs, own)
	m.options.Progress("watchman", len(r.Runs), 3)
	return r, nil
}

// sdnPersons are the persons to watch who are on the SDN list, under all their
// names, the primary one first; and the names by person.
func (m *measurement) sdnPersons() ([]listed, map[string]map[string]bool) {
	var list []listed
	calls := map[string]map[string]bool{}
	for _, p := range m.set.Persons {
		if !strings.HasPrefix(p.ID, sdnPerson) || p.Primary() == "" {
			continue
		}
		l, called := listed{person: p.ID}, map[string]bool{"": true} // no name is none
		add := func(text string) {
			if !called[text] {
				called[text] = true
				l.names = append(l.names, text)
			}
		}
		add(p.Primary())
		for _, n := range p.Names {
			add(n.Name)
		}
		list, calls[p.ID] = append(list, l), called
	}
	return list, calls
}

// asAnywhere judges by an entity of a list that is not ours: by its number on the
// SDN list, or by its name, as lists write one name both ways about.
func asAnywhere(asked fit.Labelled, person, text string) bool {
	return strings.TrimPrefix(person, sdnPerson) == strings.TrimPrefix(asked.RightID, sdnPerson) || strings.EqualFold(turned(text), turned(asked.Right))
}

// turned is a name with the given name first: "SURNAME, Given" becomes "Given SURNAME".
func turned(name string) string {
	surname, given, ok := strings.Cut(name, ",")
	if !ok {
		return strings.TrimSpace(name)
	}
	return strings.TrimSpace(strings.TrimSpace(given) + " " + strings.TrimSpace(surname))
}

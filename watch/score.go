package watch

import (
	"slices"
	"strings"

	"heed"
	"heed/names"
)

// spelling is one name made ready to be compared.
type spelling struct {
	text    string // as it was written
	form    string // an organisation's legal form
	name    names.Name
	weighed *names.Weighed // nil until it is compared: most records are compared with nobody
}

// query is a record made ready to be compared with many subjects.
type query struct {
	record       *Record
	persons      []spelling
	organisation []spelling
}

// judge holds what a score depends on beside the two sides.
type judge struct {
	model   *names.Model
	bounds  *bounds
	named   *thresholds // of names alone, as organisations have them
	weights *weights
	version string
}

func parseName(n heed.Name) names.Name { return names.ParseHinted(n.Text, hintOf(n)) }

func hintOf(n heed.Name) names.Hint {
	return names.Hint{Script: n.Script, Language: string(n.Language), Family: n.Family, Given: n.Given}
}

func parseOrganisation(n heed.Name) (names.Name, string) {
	text, form := splitLegalForm(n.Text)
	return names.ParseHinted(text, names.Hint{Script: n.Script, Language: string(n.Language)}), form
}

func spell(n heed.Name) spelling {
	return spelling{text: n.Text, name: parseName(n)}
}

func spellOrganisation(n heed.Name) spelling {
	parsed, form := parseOrganisation(n)
	return spelling{text: n.Text, form: form, name: parsed}
}

func spellings(s *Subject) []spelling {
	var all []spelling
	switch {
	case s.Person != nil:
		for _, n := range s.Person.Names {
			all = append(all, spell(n))
		}
	case s.Organisation != nil:
		for _, n := range s.Organisation.Names {
			all = append(all, spellOrganisation(n))
		}
	}
	return all
}

// ask makes a record ready, its names read by the parser. What is beyond the
// bounds of Record.Check is not looked at, so that any record costs a bounded time.
func ask(r *Record, parser *names.Parser) *query {
	q := &query{record: r}
	for _, n := range r.Names[:min(len(r.Names), heed.MaxNames)] {
		q.persons = append(q.persons, spelling{text: n.Text, name: parser.Parse(n.Text, hintOf(n))})
	}
	if r.MRZ != "" {
		q.persons = append(q.persons, spelling{text: r.MRZ, name: names.ParseMRZ(r.MRZ)})
	}
	if r.Organisation != "" {
		q.organisation = append(q.organisation, spellOrganisation(heed.Name{Text: r.Organisation}))
	}
	return q
}

// score says whether the subject is a hit for the record.
func (j *judge) score(q *query, s *Subject, spelt []spelling, limits *thresholds) (Hit, bool) {
	switch {
	case s.Person != nil:
		return j.person(q, s, spelt, limits)
	case s.Vehicle != nil:
		return j.vehicle(q, s)
	case s.Organisation != nil:
		return j.organisation(q, s, spelt)
	}
	return Hit{}, false
}

// bestNames finds the pair of names that is furthest above its threshold, or
// least below: each pair of scripts has its own.
func (j *judge) bestNames(asked, spelt []spelling, limits *thresholds) (best names.Comparison, record, subject *spelling, ok bool) {
	margin := Points(0)
	for _, all := range [...][]spelling{asked, spelt} {
		for i := range all {
			if all[i].weighed == nil {
				all[i].weighed = j.model.Weigh(all[i].name)
			}
		}
	}
	for i := range asked {
		for k := range spelt {
			c := j.model.CompareWeighed(asked[i].weighed, spelt[k].weighed)
			needed := limits[undated][c.Class]
			if !ok || c.Points-needed > margin {
				best, record, subject, ok = c, &asked[i], &spelt[k], true
				margin = c.Points - needed
			}
		}
	}
	return best, record, subject, ok
}

func (j *judge) person(q *query, s *Subject, spelt []spelling, limits *thresholds) (Hit, bool) {
	hit := Hit{Subject: s.ID}
	e := &hit.Explanation
	e.ModelVersion = j.version
	best, record, subject, named := j.bestNames(q.persons, spelt, limits)
	if named {
		e.names(&best, record.text, subject.text)
	}
	j.addBeside(e, q.record, s.Person)
	document, matched := bestDocument(q.record.Documents, s.Person.Documents)
	if matched {
		e.Numbers = append(e.Numbers, document)
		e.add("number of a document", document.Points)
		if document.Relation == NumberSame {
			e.Decisive = "document"
		}
	}
	if !named && !matched {
		return Hit{}, false
	}
	e.Needed = limits[undated][best.Class]
	if e.Birth != nil {
		e.Needed = limits[dated][best.Class]
	}
	hit.Threshold, hit.Score = j.model.Calibrate(best.Class, e.Needed), j.model.Calibrate(best.Class, e.Points)
	if e.Decisive != "" {
		hit.Score = 1
		return hit, true
	}
	if !matched && commonAlone(&best) && (e.Birth == nil || !e.Birth.Relation.sameDay()) {
		return Hit{}, false
	}
	return hit, named && e.Points >= e.Needed
}

// commonSurprise is up to what surprise a word is a common one, in points: one
// word of names in a thousand, or more, is this one.
const commonSurprise Points = 690

// commonAlone reports whether all that two names share is one common word. That
// never makes a hit without an agreeing day of birth, whatever the weights.
func commonAlone(c *names.Comparison) bool {
	// The strongest pair stands first. What speaks against is not shared.
	alone := len(c.Pairs) == 1 || len(c.Pairs) > 1 && c.Pairs[1].Points <= 0
	return alone && c.Pairs[0].Surprise <= commonSurprise
}

// addBeside enters the evidence of dates of birth, sex and nationality.
func (j *judge) addBeside(e *Explanation, r *Record, p *heed.Person) {
	if b, ok := j.births(r.Born, p.Born); ok {
		e.Birth = &b
		e.add("dates of birth: "+b.Words(), b.Points)
	}
	e.add(j.sex(r.Sex, p.Sex))
	e.add(j.nationality(r.Nationalities, p.Nationalities))
}

// beside is the sum of what addBeside enters, and whether dates are compared.
func (j *judge) beside(r *Record, o *outline) (sum Points, of int) {
	births := Points(0)
	for _, b := range o.births {
		relation := RelateBirths(r.Born, b)
		if relation == BirthUnknown {
			continue
		}
		if p := j.weights.birth[relation]; of == undated || p > births {
			births, of = p, dated
		}
	}
	_, sex := j.sex(r.Sex, o.sex)
	_, nationality := j.nationality(r.Nationalities, o.nationalities)
	return births + sex + nationality, of
}

func (j *judge) sex(a, b heed.Sex) (string, Points) {
	switch {
	case !statesSex(a) || !statesSex(b):
		return "", 0
	case a == b:
		return "sex: the same", j.weights.sexSame
	}
	return "sex: different", j.weights.sexOther
}

func (j *judge) nationality(a, b []heed.Country) (string, Points) {
	switch {
	case len(a) == 0 || len(b) == 0:
		return "", 0
	case slices.ContainsFunc(a, func(c heed.Country) bool { return slices.Contains(b, c) }):
		return "nationality: shared", j.weights.stateShared
	}
	return "nationality: different", j.weights.stateOther
}

func statesSex(s heed.Sex) bool { return s == heed.SexFemale || s == heed.SexMale }

// births finds the subject's date that says most.
func (j *judge) births(record heed.Birth, subject []heed.Birth) (BirthEvidence, bool) {
	var best BirthEvidence
	found := false
	for _, b := range subject {
		relation := RelateBirths(record, b)
		if relation == BirthUnknown {
			continue
		}
		if points := j.weights.birth[relation]; !found || points > best.Points {
			best, found = BirthEvidence{Record: record.String(), Subject: b.String(), Relation: relation, Points: points}, true
		}
	}
	return best, found
}

func bestDocument(record, subject []heed.Document) (NumberMatch, bool) {
	var best NumberMatch
	for _, a := range record[:min(len(record), heed.MaxDocuments)] {
		for _, b := range subject {
			m := NumberMatch{What: "document", Record: a.Number, Subject: b.Number, Relation: relateDocuments(a, b)}
			switch m.Relation {
			case NumberSame:
				m.Points = documentSame
			case NumberBlurred:
				m.Points = documentBlurred
			}
			if m.Points > best.Points {
				best = m
			}
		}
	}
	return best, best.Points > 0
}

func (j *judge) vehicle(q *query, s *Subject) (Hit, bool) {
	asked, watched := q.record.Vehicle, s.Vehicle
	hit := Hit{Subject: s.ID}
	e := &hit.Explanation
	e.ModelVersion = j.version
	e.Needed = vehicleEnough
	number := func(what, a, b string, least int, same, blurred Points) NumberRelation {
		if a == "" || b == "" {
			return ""
		}
		relation := RelateNumbers(a, b)
		points := Points(0)
		switch {
		case len(plainNumber(a)) < least:
			return NumberOther
		case relation == NumberSame:
			points = same
		case relation == NumberBlurred:
			points = blurred
		default:
			return NumberOther
		}
		e.Numbers = append(e.Numbers, NumberMatch{What: what, Record: a, Subject: b, Relation: relation, Points: points})
		e.add(what+": the same"+unlessSame(relation), points)
		return relation
	}
	const shortestPlate = 3
	plate := number("plate", asked.Plate, watched.Plate, shortestPlate, plateSame, plateBlurred)
	if (plate == NumberSame || plate == NumberBlurred) && asked.Country != "" && watched.Country != "" && asked.Country != watched.Country {
		e.add("plate: registered in another country", plateAbroad)
	}
	if number("VIN", asked.VIN, watched.VIN, minNumber, vinSame, vinBlurred) == NumberOther {
		e.add("VIN: different", vinOther)
	}
	if len(e.Numbers) == 0 {
		return Hit{}, false
	}
	hit.Score, hit.Threshold = logistic(e.Points-vehicleEnough), logistic(0)
	return hit, e.Points >= vehicleEnough
}

func unlessSame(r NumberRelation) string {
	if r == NumberSame {
		return ""
	}
	return " but for characters that are taken for each other"
}

func (j *judge) organisation(q *query, s *Subject, spelt []spelling) (Hit, bool) {
	best, record, subject, named := j.bestNames(q.organisation, spelt, j.named)
	if !named {
		return Hit{}, false
	}
	hit := Hit{Subject: s.ID}
	e := &hit.Explanation
	e.ModelVersion = j.version
	e.names(&best, record.text, subject.text)
	if record.form != "" && subject.form != "" {
		if sharesWord(record.form, subject.form) {
			e.add("legal form: the same", legalFormSame)
		} else {
			e.add("legal form: different", legalFormOther)
		}
	}
	hit.Threshold, e.Needed = j.model.Threshold(best.Class)
	hit.Score = j.model.Calibrate(best.Class, e.Points)
	return hit, e.Points >= e.Needed
}

func sharesWord(a, b string) bool {
	words := strings.Fields(b)
	return slices.ContainsFunc(strings.Fields(a), func(w string) bool { return slices.Contains(words, w) })
}

// MaxHits bounds the hits of one record: the best are returned.
const MaxHits = 64

// rank orders hits, the best first, and keeps MaxHits of them, of all sources. Equal ones are
// in the order of their subjects' ids, so that nothing depends on when they were put.
func rank(hits []Hit) []Hit {
	slices.SortFunc(hits, func(a, b Hit) int {
		switch {
		case (a.Explanation.Decisive != "") != (b.Explanation.Decisive != ""):
			if a.Explanation.Decisive != "" {
				return -1
			}
			return 1
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		case a.Explanation.Points != b.Explanation.Points:
			return int(b.Explanation.Points - a.Explanation.Points)
		}
		return strings.Compare(string(a.Subject), string(b.Subject))
	})
	return fairly(hits, MaxHits, func(h Hit) SubjectID { return h.Subject })
}

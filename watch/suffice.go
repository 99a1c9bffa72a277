package watch

import (
	"slices"

	"heed"
	"heed/names"
)

// NamesSuffice reports whether a record that gives one of the person's names as it
// is on watch, and nothing beside, would be a hit here. A name that very many bear
// tells nobody apart: whoever has such a one is found only where a date of birth or the
// number of a document agrees as well. What is no person has other evidence, and true.
func (x *Index) NamesSuffice(s Subject) bool {
	if s.Person == nil {
		return true
	}
	limits, parser := x.limits(), new(names.Parser)
	watched := spellings(&s)
	return slices.ContainsFunc(s.Person.Names, func(n heed.Name) bool {
		r := Record{Names: []heed.Name{n}}
		_, hit := x.judge.score(ask(&r, parser), &s, watched, limits)
		return hit
	})
}

package heed

// Ratings are what whoever asked for a reply has last said of its use, by
// reply. The last in its author's chain counts: whoever rates again takes the
// first rating back. A reply that is not there was never rated, which is not the
// same as a rating of no use.
func (c Case) Ratings() map[StatementID]Statement {
	last := map[StatementID]Statement{}
	for _, s := range c.Statements {
		if s.Kind != KindRating {
			continue
		}
		if before, ok := last[s.Answers[0]]; !ok || c.depth[s.ID] > c.depth[before.ID] {
			last[s.Answers[0]] = s
		}
	}
	return last
}

// Asked is what a rateable reply replies to: the first, in the order of the
// case, of those statements of the other party that it answers, and the case's
// opening where it answers none, as a report does that refers to its author's
// own assessment.
func (c Case) Asked(reply Statement) Statement {
	var asked Statement
	for _, id := range reply.Answers {
		s, ok := c.byID[id]
		if ok && s.Author != reply.Author && (asked.ID.IsZero() || compareStatements(s, asked) < 0) {
			asked = s
		}
	}
	if asked.ID.IsZero() {
		return c.Opening
	}
	return asked
}

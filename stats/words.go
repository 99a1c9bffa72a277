package stats

import "heed"

// statusWords head what is kept apart from what is meant. A word that is
// missing here is shown as the code that it is.
var statusWords = map[heed.Status]string{
	heed.StatusExercise: "Exercises",
	heed.StatusSystem:   "System messages",
	heed.StatusTest:     "Technical tests",
	heed.StatusDraft:    "Drafts",
}

func statusWord(s heed.Status) string {
	if w, ok := statusWords[s]; ok {
		return w
	}
	return string(s)
}

package wire

import (
	"fmt"
	"time"

	"heed"
	"heed/seal"
)

const publicationFirst = "heed-publication/v1"

// PublicationText is the text that an officer signs who holds the key and makes
// a file of figures for outsiders: whose, of which texts, when and by whom.
func PublicationText(author heed.PartyID, figures []heed.Figures, at time.Time, by heed.OfficerStamp) string {
	w := &writer{}
	w.first(publicationFirst)
	w.line("author", string(author))
	for _, f := range figures {
		w.digest("figures", heed.Digest(f.ID))
	}
	w.time("time", at)
	writeOfficers(w, []heed.OfficerStamp{by})
	return w.text()
}

// SignPublication signs it, as a note. Errors are those of the key.
func SignPublication(author heed.PartyID, figures []heed.Figures, at time.Time, role heed.Role, officer seal.SigningKey) ([]byte, error) {
	by := heed.OfficerStamp{Role: role, Key: officer.Verifier().String()}
	note, err := seal.SignNote(PublicationText(author, figures, heed.Instant(at), by), officer)
	if err != nil {
		return nil, fmt.Errorf("sign that figures are published: %w", err)
	}
	return note, nil
}

package wire

import (
	"fmt"
	"time"

	"heed"
	"heed/seal"
)

const dropFirst = "heed-drop/v1"

// DropText is the text that an officer signs who holds the key and gives a draft
// up: whose, which, what it says, and when and by whom it is dropped.
func DropText(author heed.PartyID, draft heed.Code, contents []heed.ContentRef, d heed.Drafted) string {
	w := &writer{}
	w.first(dropFirst)
	w.line("author", string(author))
	w.line("draft", string(draft))
	w.time("time", d.Time)
	writeContents(w, contents)
	writeOfficers(w, []heed.OfficerStamp{d.By})
	return w.text()
}

// SignDrop has an officer sign that a draft is given up. Errors are those of the key.
func SignDrop(author heed.PartyID, draft heed.Code, contents []heed.ContentRef, at time.Time, role heed.Role, officer seal.SigningKey) (heed.Drafted, error) {
	d := heed.Drafted{Time: heed.Instant(at), By: heed.OfficerStamp{Role: role, Key: officer.Verifier().String()}}
	var err error
	if d.Signature, err = officer.Sign([]byte(DropText(author, draft, contents, d))); err != nil {
		return d, fmt.Errorf("sign that draft %s is dropped: %w", draft.Spoken(), err)
	}
	return d, nil
}

// CheckDrop verifies the signature of an officer of author's under a drop. Errors
// match seal.ErrSignature where it is not one, and ErrMalformed where the key is none.
func CheckDrop(author heed.PartyID, draft heed.Code, contents []heed.ContentRef, d heed.Drafted) error {
	key, err := officerKey(author, d.By.Key)
	if err != nil {
		return err
	}
	if !key.Verify([]byte(DropText(author, draft, contents, d)), d.Signature) {
		return fmt.Errorf("%w: %s did not drop draft %s", seal.ErrSignature, key.Name(), draft.Spoken())
	}
	return nil
}

package store

import (
	"errors"
	"fmt"
	"strings"

	"heed"
	"heed/exchange"
)

const draftColumns = `key, code, kind, officer, at, parties, accord, version, document, released, dropped`

type draftRow struct {
	key int64
	exchange.Draft
}

func readDraft(r *row) draftRow {
	d := draftRow{r.int(), exchange.Draft{
		Code: heed.Code(r.text()), Kind: heed.Kind(r.text()), Officer: heed.OfficerID(r.text()), At: r.time(),
	}}
	d.To = splitParties(r.text())
	d.Accord, d.Version = readAccordID(r), heed.VersionID(r.digest())
	d.Document, d.Released, d.Dropped = r.bytes(), heed.ReleaseID(r.digest()), r.time()
	return d
}

// joinParties writes a list of parties into one column; no name has a comma.
func joinParties(parties []heed.PartyID) string {
	names := make([]string, len(parties))
	for i, party := range parties {
		names[i] = string(party)
	}
	return strings.Join(names, ",")
}

func splitParties(s string) (parties []heed.PartyID) {
	if s == "" {
		return nil
	}
	for party := range strings.SplitSeq(s, ",") {
		parties = append(parties, heed.PartyID(party))
	}
	return parties
}

// draftRefs are a draft's contents without salts and data.
func (v *view) draftRefs(key int64) ([]exchange.Content, error) {
	return list(v, func(r *row) exchange.Content {
		return exchange.Content{Ref: heed.ContentRef{Digest: r.digest(), Size: r.int(), MediaType: r.text(), Name: r.text()}}
	}, `SELECT digest, size, media, name FROM draft_content WHERE draft = $1 ORDER BY place`, key)
}

// Drafts implements exchange.DraftView.
func (v *view) Drafts() ([]exchange.Draft, error) {
	rows, err := list(v, readDraft, `SELECT `+draftColumns+` FROM draft WHERE released IS NULL AND dropped = 0 ORDER BY at, key`)
	if err != nil {
		return nil, err
	}
	drafts := make([]exchange.Draft, len(rows))
	for i, d := range rows {
		if d.Contents, err = v.draftRefs(d.key); err != nil {
			return nil, err
		}
		drafts[i] = d.Draft
	}
	return drafts, nil
}

// Draft implements exchange.DraftView.
func (v *view) Draft(code heed.Code) (exchange.Draft, error) {
	d, err := find(v, readDraft, `SELECT `+draftColumns+` FROM draft WHERE code = $1`, string(code))
	if err != nil {
		return exchange.Draft{}, err
	}
	if d.Contents, err = v.draftRefs(d.key); err != nil {
		return exchange.Draft{}, err
	}
	for i := range d.Contents {
		c := &d.Contents[i]
		held, err := v.Content(c.Ref.Digest)
		if errors.Is(err, exchange.ErrNotFound) {
			continue // erased
		}
		if err != nil {
			return exchange.Draft{}, err
		}
		c.Salt, c.Data = held.Salt, held.Data
	}
	return d.Draft, nil
}

// PutDraft implements exchange.DraftTx.
func (t *tx) PutDraft(d exchange.Draft) error {
	if d.Code == "" {
		return errors.New("store: a draft without a code")
	}
	err := t.run(`INSERT INTO draft (code, kind, officer, at, parties, accord, version, document, released, dropped)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (code) DO UPDATE SET kind = excluded.kind, officer = excluded.officer, at = excluded.at, parties = excluded.parties,
		accord = excluded.accord, version = excluded.version, document = excluded.document, released = excluded.released, dropped = excluded.dropped`,
		string(d.Code), string(d.Kind), string(d.Officer), d.At, joinParties(d.To), orNull(d.Accord), orNull(d.Version),
		whole(d.Document), orNull(d.Released), d.Dropped)
	if err != nil {
		return err
	}
	key, err := find(&t.view, (*row).int, `SELECT key FROM draft WHERE code = $1`, string(d.Code))
	if err != nil {
		return err
	}
	return t.putDraftContents(key, d)
}

func (t *tx) putDraftContents(key int64, d exchange.Draft) error {
	before, err := t.draftRefs(key)
	if err != nil {
		return err
	}
	had := map[heed.Digest]bool{}
	for _, c := range before {
		had[c.Ref.Digest] = true
	}
	if err := t.run(`DELETE FROM draft_content WHERE draft = $1`, key); err != nil {
		return err
	}
	for place, c := range d.Contents {
		byRef := len(c.Data) == 0 && c.Salt == [32]byte{}
		switch {
		case !byRef:
			if err := t.PutContent(c); err != nil {
				return fmt.Errorf("draft %s: %w", d.Code, err)
			}
		case !had[c.Ref.Digest]:
			return fmt.Errorf("store: draft %s: content %s comes without its salt and data, and the draft did not have it", d.Code, c.Ref.Digest)
		}
		err := t.run(`INSERT INTO draft_content (draft, place, digest, size, media, name) VALUES ($1, $2, $3, $4, $5, $6)`,
			key, place, c.Ref.Digest[:], c.Ref.Size, c.Ref.MediaType, c.Ref.Name)
		if err != nil {
			return err
		}
	}
	return nil
}

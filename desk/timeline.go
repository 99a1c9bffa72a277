package desk

import (
	"strconv"

	"heed"
	"heed/exchange"
	"heed/wire"
)

// entry is a statement with its receipt.
type entry struct {
	Anchor   string
	Short    string
	What     string
	Class    string
	Author   string
	Ours     bool
	Officers []signer
	Machine  bool
	At       stamp
	Receipt  *receipt
	Delivery string // why there is no receipt yet
	Trouble  string
	Facts    []fact
	Answers  []link
	Contents []contentRow
}

type signer struct{ Officer, Role string }

type receipt struct {
	By        string
	At        stamp
	PublishBy stamp
	Promises  []promised
}

type promised struct {
	What string
	Due  stamp
}

type fact struct {
	Label string
	Text  string
	At    stamp
}

type link struct {
	Anchor string
	Text   string
}

// contentRow is a content of a statement: its header, and its text once it was
// opened.
type contentRow struct {
	Name     string
	Media    string
	Size     string
	Text     string
	Opened   bool
	Document bool   // the warning document, which stands by itself
	Download string // address, once it was opened
}

func (t times) timeline(file exchange.CaseFile, me heed.PartyID, seen *reading) []entry {
	waiting := map[heed.StatementID]exchange.Outgoing{}
	for _, o := range file.Waiting {
		waiting[o.Statement] = o
	}
	var all []entry
	for _, s := range file.Statements {
		if s.Kind == heed.KindReceipt {
			continue // it stands with what it is for
		}
		e := t.entry(file, s, me, seen)
		if receipt, ok := file.Receipt(s.ID); ok {
			e.Receipt = t.receipt(receipt)
		} else if o, ok := waiting[s.ID]; ok {
			e.Delivery = "In flight: no receipt yet"
			if o.Attempts > 0 {
				e.Delivery = "No receipt yet, tried " + count(o.Attempts, "time", "times")
				e.Trouble = o.Trouble
			}
			for _, d := range file.Deposits {
				if d.Statement == s.ID {
					e.Delivery += ". Deposited with " + string(d.Depositary) + " " + t.at(d.At).words()
				}
			}
		} else if s.Author == me {
			e.Delivery = "No receipt yet"
		}
		all = append(all, e)
	}
	for _, k := range file.Refusals {
		e := t.entry(file, k.Statement, me, seen)
		e.Class, e.Delivery = "trouble", "Refused by the other party's node for good: it was never given"
		if refusal, err := wire.ParseRefusal(k.Dropped); err == nil {
			e.Trouble = string(refusal.Code) + ": " + refusal.Detail
		}
		all = append(all, e)
	}
	return all
}

func (t times) entry(file exchange.CaseFile, s heed.Statement, me heed.PartyID, seen *reading) entry {
	e := entry{
		Anchor: anchor(s.ID), Short: s.ID.Short(), What: word(kindWords, s.Kind), Class: "said", Author: string(s.Author), Ours: s.Author == me,
		Machine: s.Kind.ByMachine(), At: t.at(s.Time),
	}
	if e.Machine {
		e.Class = "machine"
	}
	for _, o := range file.Acting(s) {
		id, ok := wire.OfficerOf(o.Key)
		if !ok {
			id = heed.OfficerID(o.Key)
		}
		e.Officers = append(e.Officers, signer{string(id), word(roleWords, o.Role)})
	}
	e.Facts = t.facts(s)
	for _, id := range s.Answers {
		if id == s.ID {
			continue
		}
		if answered, ok := file.Statement(id); ok {
			e.Answers = append(e.Answers, link{anchor(id), word(kindWords, answered.Kind) + " " + id.Short()})
		}
	}
	for _, ref := range s.Contents {
		e.Contents = append(e.Contents, contentRowOf(file.ID, ref, seen))
	}
	return e
}

func (t times) receipt(r heed.Statement) *receipt {
	out := &receipt{By: string(r.Author), At: t.at(r.Received), PublishBy: t.at(r.PublishBy)}
	for _, p := range r.Duties {
		out.Promises = append(out.Promises, promised{word(dutyWords, p.Kind), t.at(p.Due)})
	}
	return out
}

// facts are what the header of a statement says beyond its kind.
func (t times) facts(s heed.Statement) []fact {
	var all []fact
	add := func(label, text string) {
		if text != "" {
			all = append(all, fact{Label: label, Text: text})
		}
	}
	add("Urgency", string(s.Urgency))
	if s.AsksAnswer {
		add("Asks", "for an answer in substance")
	}
	if s.NoPrejudice {
		add("Given", "without prejudice")
	}
	add("Assessed as", wordOrNone(dispositionWords, s.Disposition))
	add("Outcome", wordOrNone(outcomeWords, s.Outcome))
	add("Reason", wordOrNone(refusalWords, s.Code))
	if s.Kind == heed.KindReminder || s.Kind == heed.KindNotification {
		add("Escalation level", strconv.Itoa(s.Level))
		add("Told", s.Role)
		add("Through", s.Via)
	}
	if !s.By.IsZero() {
		all = append(all, fact{Label: "Reply will come by", At: t.at(s.By)})
	}
	add("Third party", string(s.Party))
	if s.Kind == heed.KindForwardConsent {
		consent := "refused"
		if s.Consent {
			consent = "given"
		}
		add("Consent", consent)
	}
	if s.Kind == heed.KindRating {
		rated := "of no use"
		if s.Meaningful {
			rated = "meaningful"
		}
		add("Rated", rated)
	}
	if s.Kind == heed.KindWatchHit && !s.Withdrawn.IsZero() {
		add("Withdraws", "the report of a match before: it is not held to be of the subject any more")
		all = append(all, fact{Label: "Decided", At: t.at(s.Withdrawn)})
	} else if s.Kind == heed.KindWatchHit {
		all = append(all, fact{Label: "Confirmed", At: t.at(s.Confirmed)})
	}
	if s.Kind == heed.KindWatchLapseNotice {
		if s.Effective.IsZero() {
			add("The watch", "goes on")
		} else {
			all = append(all, fact{Label: "The watch ends", At: t.at(s.Effective)})
		}
	}
	for _, p := range s.Duties {
		label := word(dutyWords, p.Kind) + " due"
		if s.Kind == heed.KindExtension {
			label = word(dutyWords, p.Kind) + " now due"
		}
		all = append(all, fact{Label: label, At: t.at(p.Due)})
	}
	return all
}

func wordOrNone[K ~string](words map[K]string, k K) string {
	if k == "" {
		return ""
	}
	return word(words, k)
}

func contentRowOf(id heed.CaseID, ref heed.ContentRef, seen *reading) contentRow {
	row := contentRow{Name: ref.Name, Media: ref.MediaType, Size: size(ref.Size), Document: ref.MediaType == heed.MediaWarning}
	if row.Name == "" {
		row.Name = "Text"
		if row.Document {
			row.Name = "Warning document"
		}
	}
	if seen == nil {
		return row
	}
	content, ok := seen.contents[ref.Digest]
	if !ok {
		return row
	}
	row.Opened = true
	row.Text = content.text
	if !content.isText {
		row.Download = casePath(id) + "/content/" + ref.Digest.String()
	}
	return row
}

func size(n int64) string {
	switch {
	case n < 1<<10:
		return count(int(n), "byte", "bytes")
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}

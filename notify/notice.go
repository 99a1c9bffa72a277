package notify

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrNotice is wrapped by every refusal of a notice that no channel may carry.
var ErrNotice = errors.New("notice refused")

// States of an owed reply that people are told of.
const (
	Received = "received" // a statement has arrived that a reply is owed to
	Overdue  = "overdue"  // the reply's due time has passed without one
)

// News of which people are told, although nobody owes a reply to it.
const (
	HitReported    = "hit-reported"    // Peer, which watches for Party, has confirmed that somebody whom the case names was there
	HitWithdrawn   = "hit-withdrawn"   // Peer does not hold such a report any more
	LapseAnnounced = "lapse-announced" // Peer ends its watch at Due, which may be past
	WatchKept      = "watch-kept"      // Peer goes on with its watch
	WatchRefused   = "watch-refused"   // Peer has refused the warning, which ends its watch
	Linked         = "linked"          // Peer's warning names somebody who is on watch already
)

// Notice is what is said about one owed reply, or of news, to one role. It has no room for
// a headline, a narrative or the name of anybody whom a case is about.
type Notice struct {
	// ID is the same each time that this notice is sent, and no other notice's:
	// receivers drop what they have seen. 1 to 100 letters, digits, '-' and '_'.
	ID string
	// Case is the case's short code: eight characters of Crockford's base 32.
	Case string
	// Party is the organisation whose people are told, Peer the other side.
	Party, Peer string
	// Duty is what is owed, as the rules spell it: acknowledge, assess, answer,
	// report, conclude. People read it in words.
	Duty string
	// News is what has come about, where nobody owes a reply: Duty and OwedBy are then
	// empty, Level is 0, and Due is when the watch ends, or when it was decided.
	News string
	// OneSided says that Peer is no party, but a partner without heed, by the name
	// under which Party has it on record: it has signed nothing.
	OneSided bool
	// Hit says that the duty is to review a hit: Case is then the hit's own code, and
	// Peer the party whose warning put its subject on watch, or the name of a list.
	Hit bool
	// More is how many hits wait, or were reported or withdrawn, beside that one, of which
	// Party's people are told with it. At most 1,000,000.
	More int
	// OwedBy is Party or Peer.
	OwedBy string
	// Due is when the reply is, or was, due.
	Due time.Time
	// State is Received or Overdue.
	State string
	// Level is 0 on arrival, and from 1 on the escalation level. At most 99.
	Level int
	// Role is the role that is told. Like the two after it, it is one line of at
	// most 120 bytes, as in a card's ladder.
	Role string
	// Ring is the role of OwedBy to ring about it, if that is not Role itself;
	// Telephone is its number. Either may be empty.
	Ring, Telephone string
	// Mail is the role's bare address. Only the channel Mail needs it.
	Mail string
	// Zone is the reader's time zone, shown beside UTC; nil shows UTC alone.
	Zone *time.Location
	// Exercise marks everything that people see as part of an exercise.
	Exercise bool
	// Now is the time of this attempt. Receivers of webhooks refuse one that is
	// some minutes old, so a repeated attempt brings a new Now.
	Now time.Time
}

var (
	idForm    = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)
	caseForm  = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{8}$`)
	dutyForm  = regexp.MustCompile(`^[a-z][a-z-]{0,39}$`)
	partyForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
)

const (
	maxParty = 100 // bytes
	maxLine  = 120 // bytes
	maxLevel = 99
	maxMore  = 1_000_000
)

// Check refuses what is not a notice, and what could break out of a line. Every
// channel calls it before it sends. The error wraps [ErrNotice].
func (n Notice) Check() error {
	refuse := func(field, why string) error {
		return fmt.Errorf("%w: %s %s", ErrNotice, field, why)
	}
	switch {
	case !idForm.MatchString(n.ID):
		return refuse("id", "must have 1 to 100 letters, digits, hyphens and underscores")
	case !caseForm.MatchString(n.Case):
		return refuse("case", "must be a code of eight characters, like 7K3MQ2XA")
	case len(n.Party) > maxParty || !partyForm.MatchString(n.Party):
		return refuse("party", "must be a name like north.example")
	case n.Hit && (n.OneSided || n.OwedBy != n.Party):
		return refuse("hit", "is reviewed by the party itself")
	case n.More < 0 || n.More > maxMore || n.More > 0 && !n.Hit && n.News != HitReported && n.News != HitWithdrawn:
		return refuse("more", "must be a number of hits beside the one that is named")
	case n.Hit && (n.Peer == "" || !oneLine(n.Peer)):
		return refuse("peer", "must be a party or the name of a list")
	case !n.Hit && !n.OneSided && (len(n.Peer) > maxParty || !partyForm.MatchString(n.Peer)):
		return refuse("peer", "must be a name like south.example")
	case n.OneSided && !nameForm.MatchString(n.Peer):
		return refuse("peer", "must be a contact's name like harbour-ops")
	case n.Party == n.Peer:
		return refuse("peer", "must not be the party itself")
	case n.News != "" && newsWords[n.News] == nil:
		return refuse("news", "must be one that has its words, like hit-reported")
	case n.News != "" && (n.Duty != "" || n.OwedBy != "" || n.Hit || n.OneSided || n.State != Received || n.Level != 0):
		return refuse("news", "must not be owed by anybody")
	case n.News != "":
		return n.checkTold(refuse)
	case n.OwedBy != n.Party && n.OwedBy != n.Peer:
		return refuse("owed-by", "must be the party or the peer")
	case !dutyForm.MatchString(n.Duty):
		return refuse("duty", "must be one word in lower case, like acknowledge")
	case n.State != Received && n.State != Overdue:
		return refuse("state", "must be received or overdue")
	case n.Level < 0 || n.Level > maxLevel:
		return refuse("level", fmt.Sprintf("must be between 0 and %d", maxLevel))
	}
	return n.checkTold(refuse)
}

// checkTold refuses what says wrongly who is told, whom to ring, and when.
func (n Notice) checkTold(refuse func(field, why string) error) error {
	switch {
	case n.Role == "" || !oneLine(n.Role):
		return refuse("role", lineRule)
	case !oneLine(n.Ring):
		return refuse("ring", lineRule)
	case !oneLine(n.Telephone):
		return refuse("telephone", lineRule)
	case !writable(n.Due):
		return refuse("due", "must be set to a time of the years 1970 to 9998")
	case !writable(n.Now):
		return refuse("now", "must be set to a time of the years 1970 to 9998")
	}
	return nil
}

const lineRule = "must be one line of at most 120 bytes of valid UTF-8"

func oneLine(s string) bool {
	return len(s) <= maxLine && utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

// harmless puts a question mark for whatever mail or chat could read as markup,
// a mention, an address or a change of direction. Roles and telephones come
// from cards, and so from other organisations. Refusing the notice for such a
// character would let a card silence the warning that its owner owes a reply.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if isPlain(r) {
			return r
		}
		return '?'
	}, s)
}

// plain reports whether s is the name of a role that harmless leaves alone.
func plain(s string) bool { return oneLine(s) && harmless(s) == s }

// isPlain admits what the names of roles in any script and telephone numbers
// are written with. The two joiners are spelling in Persian and in the scripts
// of India.
func isPlain(r rune) bool {
	return r != unicode.ReplacementChar && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || strings.ContainsRune(" +-_.,/()'&#*?\u200c\u200d", r))
}

// writable times keep their meaning in JSON and in a webhook's timestamp, in
// any zone.
func writable(t time.Time) bool {
	return t.UTC().Year() >= 1970 && t.UTC().Year() <= 9998
}

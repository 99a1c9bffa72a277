package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"heed"
)

// Scope is what a token admits to.
type Scope string

// The scopes.
const (
	ScopeScreen Scope = "screen" // POST /v1/screen, and nothing else
)

// Scopes lists them.
func Scopes() []Scope { return []Scope{ScopeScreen} }

// ParseScope reads a scope.
func ParseScope(s string) (Scope, error) {
	for _, scope := range Scopes() {
		if string(scope) == s {
			return scope, nil
		}
	}
	return "", &heed.Invalid{What: fmt.Sprintf("there is no scope %q", clipped(s)), Hint: "one of: screen"}
}

// MaxTokens bounds the tokens that are good at one time: as many as people can
// keep an eye on.
const MaxTokens = 200

// MaxTokenNames bounds the tokens on record, the removed ones included.
const MaxTokenNames = 5000

// tokenPrefix makes a token that has leaked easy to find.
const tokenPrefix = "heed_"

var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// ErrToken says that what was shown is no token that admits to what was asked.
// It does not say whether it ever was one.
var ErrToken = errors.New("no token that admits to this")

// AddToken makes a token, named by its number where no name is given, and returns what is to be shown with each request: it
// is told once, and kept as its hash only. It is an administrator's act.
func (x *Exchange) AddToken(ctx context.Context, by heed.OfficerID, name string, scope Scope, until time.Time) (Token, string, error) {
	now := x.Now()
	if name != "" && !tokenName.MatchString(name) {
		return Token{}, "", &heed.Invalid{What: fmt.Sprintf("%q cannot name a token", clipped(name)), Hint: "1 to 40 lower-case letters, digits and hyphens, like border-gate-2"}
	}
	if _, err := ParseScope(string(scope)); err != nil {
		return Token{}, "", err
	}
	if !until.IsZero() && !until.After(now) {
		return Token{}, "", &heed.Invalid{What: fmt.Sprintf("%s is past", heed.FormatTime(until)), Hint: "--until says until when the token is good"}
	}
	if err := x.mayAdminister(ctx, by); err != nil {
		return Token{}, "", err
	}
	var secret [32]byte
	if _, err := io.ReadFull(x.random, secret[:]); err != nil {
		return Token{}, "", fmt.Errorf("token: %w", err)
	}
	shown := tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	t := Token{Name: name, Scope: scope, Hash: HashOfToken(shown), Officer: by, Added: now, Until: heed.Instant(until)}
	err := x.write(ctx, func(tx Tx) error {
		all, err := tx.Tokens()
		if err != nil {
			return err
		}
		for n := len(all) + 1; t.Name == ""; n++ {
			if next := fmt.Sprintf("token-%d", n); !slices.ContainsFunc(all, func(other Token) bool { return other.Name == next }) {
				t.Name = next
			}
		}
		good := 0
		for _, other := range all {
			if other.Name == name && name != "" {
				return &heed.Invalid{What: fmt.Sprintf("there is, or was, a token named %s", name), Hint: "`heed token list` shows them; no name is given twice, so that the record of who screened stays clear"}
			}
			if other.good(now) {
				good++
			}
		}
		if good >= MaxTokens || len(all) >= MaxTokenNames {
			return &heed.Refused{Detail: fmt.Sprintf("%d tokens are good, of %d that were ever made, and there is no room for more", good, len(all)), Hint: "`heed token remove NAME` ends one that is not used any more"}
		}
		if err := tx.PutToken(t); err != nil {
			return err
		}
		return x.noteToken(tx, "added", by, t, now)
	})
	if err != nil {
		return Token{}, "", err
	}
	return t, shown, nil
}

// RemoveToken ends a token at once. Its name stays on record.
func (x *Exchange) RemoveToken(ctx context.Context, by heed.OfficerID, name string) error {
	if err := x.mayAdminister(ctx, by); err != nil {
		return err
	}
	now := x.Now()
	return x.write(ctx, func(tx Tx) error {
		all, err := tx.Tokens()
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.Name != name {
				continue
			}
			if !t.Removed.IsZero() {
				return &heed.Refused{Detail: fmt.Sprintf("token %s was removed already", name), Hint: "`heed token list` shows those that there are"}
			}
			t.Removed = now
			if err := tx.PutToken(t); err != nil {
				return err
			}
			return x.noteToken(tx, "removed", by, t, now)
		}
		return &heed.Invalid{What: fmt.Sprintf("there is no token %q", clipped(name)), Hint: "`heed token list` shows those that there are"}
	})
}

// noteToken commits our ledger to who let a program in, or out.
func (x *Exchange) noteToken(tx Tx, what string, by heed.OfficerID, t Token, now time.Time) error {
	me, err := tx.Self()
	if err != nil || me.Restored {
		return err // a restored node's ledger takes no leaf until it has caught up
	}
	who := string(by)
	if who == "" {
		who = "none"
	}
	return x.logAside(tx, fmt.Appendf(nil, "heed-token/v1\nact: %s\nname: %s\nscope: %s\nhash: %s\nby: %s\ntime: %s\n", what, t.Name, t.Scope, t.Hash, who, heed.FormatTime(now)))
}

// Tokens lists all tokens by name, the removed ones too.
func (x *Exchange) Tokens(ctx context.Context) (all []Token, err error) {
	err = x.store.Read(ctx, func(v View) error {
		all, err = v.Tokens()
		return err
	})
	return all, err
}

// TokenHolder finds the token that was shown, if it is good for the scope at this
// time. It is looked up by its hash, which says nothing of the secret to whoever
// measures how long that takes, and compared in constant time. The error is ErrToken
// otherwise.
func (x *Exchange) TokenHolder(ctx context.Context, shown string, scope Scope) (Token, error) {
	now := x.Now()
	hash := HashOfToken(shown)
	var t Token
	err := x.store.Read(ctx, func(v View) (err error) {
		t, err = v.TokenOf(hash)
		return err
	})
	switch {
	case isNotFound(err):
		return Token{}, ErrToken
	case err != nil:
		return Token{}, err
	case subtle.ConstantTimeCompare(hash[:], t.Hash[:]) != 1 || !t.good(now) || t.Scope != scope:
		return Token{}, ErrToken
	}
	return t, nil
}

func (t Token) good(now time.Time) bool {
	return t.Removed.IsZero() && (t.Until.IsZero() || now.Before(t.Until))
}

// State is how a token stands, in a word.
func (t Token) State(now time.Time) string {
	switch {
	case !t.Removed.IsZero():
		return "removed"
	case !t.good(now):
		return "expired"
	}
	return "good"
}

// HashOfToken is what is kept of a token, by what is shown of it.
func HashOfToken(shown string) heed.Digest { return sha256.Sum256([]byte("heed-token-v1\x00" + shown)) }

// clipped is text of a stranger's as a message may show it.
func clipped(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

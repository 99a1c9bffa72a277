package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"heed"
	"heed/seal"
)

// OfficerSigner asks officers for the signatures that only they can give. An
// exchange has one where whoever calls it can reach the officer: see SignedBy.
type OfficerSigner interface {
	// Sign returns the officer's signature as it stands in a note. It is called
	// while no transaction is open, and may take as long as a person needs. An
	// error ends the act, of which nothing is kept.
	Sign(ctx context.Context, r SignatureRequest) ([]byte, error)
}

// SignatureRequest is a text that an officer is to sign, before anything of it
// is kept, logged or sent.
type SignatureRequest struct {
	Officer heed.OfficerID
	Role    heed.Role
	Key     seal.VerifyKey // an SSH key, of the roster
	Text    string
	Again   bool // something else was signed in the same act, which the matter has gone on from
	// Contents are what the text names by digests, as far as the act makes them:
	// with their salts, so that the officer's side need not take the node's word.
	Contents []Content
}

// SignedElsewhere says that an act needs the signature of an officer whose key
// the node does not hold, and that its caller cannot ask for. Nothing was done.
type SignedElsewhere struct {
	Officer heed.OfficerID
	Key     string // verification key
}

func (e *SignedElsewhere) Error() string {
	return fmt.Sprintf("officer %s signs with an SSH key, which this node does not hold", e.Officer)
}

// Bounds of an act that is signed elsewhere.
const (
	// MaxSigning is how long an officer may take: a statement's time is that of
	// when it was put before the officer, and must not be far from when it is sent.
	MaxSigning = 5 * time.Minute
	// MaxAgain is how often an act is put before its officer again, where the
	// matter has gone on each time.
	MaxAgain = 5
)

// SignedBy is the same exchange for a caller through whom officers who hold
// their own keys can be asked.
func (x *Exchange) SignedBy(signer OfficerSigner) *Exchange {
	return &Exchange{core: x.core, signer: signer}
}

// errPen says that a signature is to be got before the act can go on.
var errPen = errors.New("an officer has yet to sign")

// pens gets one act the signatures of its officers. What is signed elsewhere is
// never waited for inside a transaction: the act is composed up to where it needs
// the signature, abandoned, and composed again once the signature is there. It
// goes on if it then still has the same text.
type pens struct {
	x      *Exchange
	since  time.Time
	made   map[penned][]byte
	used   map[penned]bool // of made, since the act was last composed
	wanted *SignatureRequest
	again  int // how often the matter had gone on
	random *heed.Digest

	contents []Content // of what is signed
}

// penned is a text under a key.
type penned struct{ key, text string }

func (x *Exchange) pens() *pens {
	return &pens{x: x, since: x.Now(), made: map[penned][]byte{}}
}

// nonce is the random value of the one release that an act makes, the same
// whenever it is composed again.
func (p *pens) nonce() (heed.Digest, error) {
	if p.random == nil {
		nonce, err := seal.NewSalt(p.x.random)
		if err != nil {
			return heed.Digest{}, err
		}
		random := heed.Digest(nonce)
		p.random = &random
	}
	return *p.random, nil
}

// act checks that the officer is on the roster and has a role that permits the
// action, and gives the key: one that the node holds, or a pen for the officer's.
func (p *pens) act(v View, id heed.OfficerID, action heed.Action) (acting, error) {
	return p.actAs(v, id, action, heed.Roles())
}

// actAs is act where only some roles will do.
func (p *pens) actAs(v View, id heed.OfficerID, action heed.Action, as []heed.Role) (acting, error) {
	a, err := p.x.actAs(v, id, action, as)
	if err != nil || !a.elsewhere {
		return a, err
	}
	key := a.key.Verifier()
	if p.x.signer == nil {
		return acting{}, &SignedElsewhere{Officer: id, Key: key.String()}
	}
	a.key = seal.HeldElsewhere(key, func(text []byte) ([]byte, error) {
		at := penned{key.String(), string(text)}
		if signature, ok := p.made[at]; ok {
			p.used[at] = true
			return signature, nil
		}
		p.wanted = &SignatureRequest{Officer: id, Role: a.role, Key: key, Text: string(text), Contents: p.contents}
		return nil, errPen
	})
	return a, nil
}

// run does f, which changes nothing where it ends in an error, until it has all
// signatures that it needs.
func (p *pens) run(ctx context.Context, f func() error) error {
	for {
		p.used, p.wanted = map[penned]bool{}, nil
		err := f()
		if !errors.Is(err, errPen) {
			return err
		}
		if err := p.ask(ctx, *p.wanted); err != nil {
			return err
		}
	}
}

// read is run for what composes an act in a view. Whatever is to be refused in it
// is refused before anybody is asked to sign: compose goes on without signatures
// that are wanted, and is done again with them.
func (p *pens) read(ctx context.Context, compose func(View) error) error {
	return p.run(ctx, func() error {
		err := p.x.store.Read(ctx, compose)
		if err == nil && p.wanted != nil {
			err = errPen
		}
		return err
	})
}

// later lets an act be composed to its end without a signature that is wanted.
func (p *pens) later(err error) error {
	if errors.Is(err, errPen) {
		return nil
	}
	return err
}

// ask gets one signature. It is not trusted to be one.
func (p *pens) ask(ctx context.Context, r SignatureRequest) error {
	if r.Again = len(p.used) < len(p.made); r.Again {
		p.again++
	}
	if p.again > MaxAgain {
		return &heed.Refused{Detail: fmt.Sprintf("the matter went on %d times while officer %s was signing; nothing was kept or sent", p.again, r.Officer), Hint: "see with `heed show` what is being said in it, and try again"}
	}
	signature, err := p.x.signer.Sign(ctx, r)
	if err != nil {
		return err
	}
	if !r.Key.Verify([]byte(r.Text), signature) {
		return &heed.Invalid{What: fmt.Sprintf("what came is not officer %s's signature of this text", r.Officer), Hint: "is it the key of the roster (`heed officer list`), and is the namespace " + seal.SSHNamespace + "?"}
	}
	if took := p.x.Now().Sub(p.since); took > MaxSigning {
		return &heed.Refused{Detail: fmt.Sprintf("officer %s took longer than %s to sign; nothing was kept or sent", r.Officer, MaxSigning), Hint: "do it again: a statement's time is that of when it is signed"}
	}
	// What was signed of a matter that has gone on serves nothing more.
	maps.DeleteFunc(p.made, func(at penned, _ []byte) bool { return !p.used[at] })
	p.made[penned{r.Key.String(), r.Text}] = signature
	return nil
}

// still checks that an officer who was asked outside of a transaction may do
// inside of it what was signed, as who signed it.
func (x *Exchange) still(v View, a acting, action heed.Action) error {
	return x.stillAs(v, a, action, heed.Roles())
}

// stillAs is still where only some roles will do.
func (x *Exchange) stillAs(v View, a acting, action heed.Action, as []heed.Role) error {
	now, err := x.actAs(v, a.officer, action, as)
	if err == nil && (now.role != a.role || now.key.Verifier() != a.key.Verifier()) {
		err = errStale
	}
	return err
}

package exchange

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"heed"
	"heed/seal"
)

// vault encrypts what was screened. There is one key a day for hits and one for
// kept records, each sealed to the node's sealing key, so that neither the
// database nor a copy of it shows who was screened; and a key goes when nothing
// under it is kept any more (docs/watch.md).
type vault struct {
	mu     sync.Mutex
	opened map[[sha256.Size]byte][]byte // keys, by the hash of what they are sealed as
}

// vaultKeySize is that of AES-256.
const vaultKeySize = 32

// maxOpenedKeys bounds the keys that are remembered: some months of days.
const maxOpenedKeys = 512

// ErrVault says that something encrypted cannot be read: its key is gone, or it
// was changed.
var ErrVault = errors.New("what was screened cannot be decrypted")

func newVault() *vault { return &vault{opened: map[[sha256.Size]byte][]byte{}} }

// dayOf counts days since 1970 in UTC.
func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// vaultKey is the key of a kind for today, made where there is none.
func (x *Exchange) vaultKey(tx Tx, kind VaultKind, day int64) (VaultKey, []byte, error) {
	held, err := tx.VaultKeyOf(kind, day)
	if err == nil {
		key, err := x.openKey(held)
		return held, key, err
	}
	if !isNotFound(err) {
		return held, nil, err
	}
	sealing := x.keys.Sealing()
	if len(sealing) == 0 {
		return held, nil, fmt.Errorf("vault key: %w", seal.ErrNoKey)
	}
	key := make([]byte, vaultKeySize)
	if _, err := io.ReadFull(x.random, key); err != nil {
		return held, nil, fmt.Errorf("vault key: %w", err)
	}
	held = VaultKey{Kind: kind, Day: day}
	if held.Sealed, err = seal.Seal(key, sealing[0].Recipient()); err != nil {
		return held, nil, fmt.Errorf("vault key: %w", err)
	}
	held.Key, err = tx.PutVaultKey(held)
	return held, key, err
}

// openKey unseals a key. Which it is is told by what it is sealed as, and not by
// its number: a change that is undone gives its number to another.
func (x *Exchange) openKey(k VaultKey) ([]byte, error) {
	name := sha256.Sum256(k.Sealed)
	x.vault.mu.Lock()
	defer x.vault.mu.Unlock()
	if key, ok := x.vault.opened[name]; ok {
		return key, nil
	}
	key, err := seal.Open(k.Sealed, vaultKeySize, x.keys.Sealing()...)
	if err != nil {
		return nil, fmt.Errorf("%w: vault key %d: %w", ErrVault, k.Key, err)
	}
	if len(x.vault.opened) >= maxOpenedKeys {
		clear(x.vault.opened)
	}
	x.vault.opened[name] = key
	return key, nil
}

func aead(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// encrypt is AES-256-GCM under a nonce of 12 random bytes, which stands first;
// what it is about is authenticated with it, so that one row cannot be put for another.
func (x *Exchange) encrypt(key []byte, about heed.Digest, plain []byte) ([]byte, error) {
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	if _, err := io.ReadFull(x.random, nonce); err != nil {
		return nil, fmt.Errorf("nonce: %w", err)
	}
	return a.Seal(nonce, nonce, plain, about[:]), nil
}

// decrypt reads what encrypt has made. Errors match ErrVault.
func (x *Exchange) decrypt(v View, vault int64, about heed.Digest, sealed []byte) ([]byte, error) {
	held, err := v.VaultKey(vault)
	if err != nil {
		return nil, fmt.Errorf("%w: vault key %d: %w", ErrVault, vault, err)
	}
	key, err := x.openKey(held)
	if err != nil {
		return nil, err
	}
	a, err := aead(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < a.NonceSize() {
		return nil, fmt.Errorf("%w: %d bytes", ErrVault, len(sealed))
	}
	plain, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], about[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrVault, err)
	}
	return plain, nil
}

// identifier makes the digests by which records, hits and travellers are told
// apart. Its key is this node's alone: from a digest nobody can find out, by
// guessing, who it is of.
type identifier struct{ key []byte }

func (i identifier) of(what string, parts ...[]byte) (d heed.Digest) {
	mac := hmac.New(sha256.New, i.key)
	mac.Write([]byte(what + "\x00"))
	for _, p := range parts {
		mac.Write(fmt.Appendf(nil, "%d:", len(p)))
		mac.Write(p)
	}
	mac.Sum(d[:0])
	return d
}

// identifier reads the node's identifier.
func (x *Exchange) identifier(v View) (identifier, error) {
	held, err := v.VaultKeyOf(VaultIdentity, 0)
	if err != nil {
		return identifier{}, err
	}
	key, err := x.openKey(held)
	return identifier{key}, err
}

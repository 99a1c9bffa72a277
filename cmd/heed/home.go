package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/control"
	"heed/ledger"
	"heed/notify"
	"heed/seal"
	"heed/store"
	"heed/wire"
)

// A home is one folder: the settings, the keys, the database, the socket of
// the running node. Nothing outside of it belongs to a node.
const (
	settingsName  = "heed.conf"
	keysName      = "keys"
	databaseName  = "heed.db"
	notifyName    = "notify.yaml"
	settingsFirst = "heed-home/v1"
)

// settings are what init was told and serve needs before it has the database.
type settings struct {
	Party  heed.PartyID
	Listen string
	Tiles  string
	// Depositary says that the home is a depositary's, and no node's.
	Depositary bool
}

func (s settings) text() string {
	text := settingsFirst + "\nname: " + string(s.Party) + "\nlisten: " + s.Listen + "\ntiles: " + s.Tiles + "\n"
	if s.Depositary {
		text += "depositary: yes\n"
	}
	return text
}

func readSettings(home string) (settings, error) {
	path := filepath.Join(home, settingsName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return settings{}, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s is no home of heed: it has no %s", home, settingsName), Hint: "make one with `heed init --home " + home + " --name PARTY --listen HOST:PORT`"}
	}
	if err != nil {
		return settings{}, err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if lines[0] != settingsFirst {
		return settings{}, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: line 1 is %q, and this program knows %q", path, lines[0], settingsFirst), Hint: "the home is of another version of heed: use that one, or a newer one"}
	}
	var s settings
	for i, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			name, value = strings.TrimSuffix(line, ":"), ""
		}
		switch name {
		case "name":
			s.Party = heed.PartyID(value)
		case "listen":
			s.Listen = value
		case "tiles":
			s.Tiles = value
		case "depositary":
			if value != "yes" && value != "no" {
				return settings{}, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: line %d: depositary is %q", path, i+2, value), Hint: "it is yes or no"}
			}
			s.Depositary = value == "yes"
		default:
			return settings{}, &control.Fault{Exit: control.ExitInput, Message: fmt.Sprintf("%s: line %d: %q is not a setting", path, i+2, name), Hint: "the settings are name, listen, tiles and depositary"}
		}
	}
	if _, err := heed.ParsePartyID(string(s.Party)); err != nil {
		return settings{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// keyRing is the home's keys in memory. It implements exchange.Keys.
type keyRing struct {
	path       string
	passphrase seal.Passphrase
	party      heed.PartyID

	mu     sync.Mutex
	file   seal.KeyFile
	former seal.SigningKey // the node key before the last renewal in this process
	next   seal.KeyFile    // what the keys are to be once a renewal is committed
}

func openKeyRing(home string, party heed.PartyID, passphrase seal.Passphrase) (*keyRing, error) {
	path := filepath.Join(home, keysName)
	file, err := seal.LoadKeyFile(path, passphrase)
	if err != nil {
		return nil, keyFault("", err)
	}
	return &keyRing{path: path, passphrase: passphrase, party: party, file: file}, nil
}

// fileFault says what to do about a file or folder that the user named and
// that cannot be used.
func fileFault(what string, err error) error {
	hint := "check the name, and that this user may read and write there"
	var named *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &named) && named.Op == opWrite:
		hint = folderHint(named.Path)
	case errors.Is(err, fs.ErrNotExist):
		hint = "there is no such file or folder: check its name"
	case errors.Is(err, fs.ErrExist):
		hint = "name another file: this one is not written over"
	case errors.Is(err, fs.ErrPermission):
		hint = "have its owner give this user the right to it"
	}
	return &control.Fault{Exit: control.ExitInput, Message: what + err.Error(), Hint: hint}
}

// folderFault is a folder where a file is asked for.
func folderFault(name string) error {
	return &control.Fault{Exit: control.ExitInput, Message: name + " is a folder", Hint: "name a file in it"}
}

// keyFault says what to do about a key file that cannot be read.
func keyFault(what string, err error) error {
	fault := &control.Fault{Exit: control.ExitInput, Message: what + err.Error()}
	var open *seal.PermissionsError
	switch {
	case errors.As(err, &open):
		fault.Message = fmt.Sprintf("%s%s: %v (mode %04o)", what, open.Path, seal.ErrPermissions, open.Mode.Perm())
		fault.Hint = "run: chmod 600 " + open.Path
	case errors.Is(err, seal.ErrPassphraseNeeded):
		fault.Hint = "add --passphrase-file FILE"
	case errors.Is(err, seal.ErrPassphraseWrong):
		fault.Hint = "the first line of --passphrase-file is the passphrase, exactly"
	case errors.Is(err, seal.ErrNotEncrypted):
		fault.Hint = "was the file exchanged? If it is as it should be, leave --passphrase-file out"
	case errors.Is(err, seal.ErrKeyFile):
		fault.Hint = "restore the file from a backup: nothing in it can be guessed"
	case errors.Is(err, fs.ErrNotExist):
		fault.Hint = "name the file that `heed init` wrote, or restore it from a backup"
	default:
		fault.Exit, fault.Hint = control.ExitFault, "may this user read it?"
	}
	return fault
}

func (k *keyRing) Node(vkey string) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range []seal.SigningKey{k.file.Node, k.former, k.next.Node} {
		if !key.IsZero() && key.Verifier().String() == vkey {
			return key, nil
		}
	}
	return seal.SigningKey{}, fmt.Errorf("this home holds no private key for the node key %s of its card", vkey)
}

func (k *keyRing) Ledger(vkey string) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range []seal.SigningKey{k.file.Ledger, k.next.Ledger} {
		if !key.IsZero() && key.Verifier().String() == vkey {
			return key, nil
		}
	}
	return seal.SigningKey{}, fmt.Errorf("this home holds no private key for the ledger key %s of its card", vkey)
}

func (k *keyRing) Sealing() []seal.SealingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.next.Sealing) > len(k.file.Sealing) {
		return k.next.Sealing // a peer may have the next card a moment before us
	}
	return k.file.Sealing
}

func (k *keyRing) TLS() seal.TLSIdentity {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.file.TLS
}

func (k *keyRing) Officer(id heed.OfficerID) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.officer(id)
}

func (k *keyRing) officer(id heed.OfficerID) (seal.SigningKey, error) {
	name := wire.OfficerKeyName(k.party, id)
	for _, key := range k.file.Officers {
		if key.Name() == name {
			return key, nil
		}
	}
	return seal.SigningKey{}, &heed.Invalid{What: fmt.Sprintf("this home holds no key of officer %s", id), Hint: "was the key file restored from before the officer was added?"}
}

// AddOfficer makes a key and saves the key file before it returns; an officer
// who has a key keeps it.
func (k *keyRing) AddOfficer(id heed.OfficerID) (seal.SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, err := k.officer(id); err == nil {
		return key, nil
	}
	key, err := seal.NewSigningKey(rand.Reader, wire.OfficerKeyName(k.party, id))
	if err != nil {
		return key, err
	}
	next := k.file
	next.Officers = append(append([]seal.SigningKey{}, k.file.Officers...), key)
	if err := seal.SaveKeyFile(k.path, next, k.passphrase); err != nil {
		return key, err
	}
	k.file = next
	return key, nil
}

// prepare makes the keys of the next card and keeps them beside the present
// ones: should the process end before the card is committed, or after, settle
// finds out which keys hold.
func (k *keyRing) prepare(node, sealing, log bool) (seal.KeyFile, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.file
	if log {
		_, number, err := ledger.ParseOrigin(k.file.Ledger.Name())
		if err != nil {
			return next, err
		}
		if next.Ledger, err = seal.NewSigningKey(rand.Reader, ledger.Origin(string(k.party), number+1)); err != nil {
			return next, err
		}
	}
	if node {
		key, err := seal.NewSigningKey(rand.Reader, wire.NodeKeyName(k.party))
		if err != nil {
			return next, err
		}
		next.Node = key
	}
	if sealing {
		key, err := seal.NewSealingKey()
		if err != nil {
			return next, err
		}
		// The older keys still open what was sealed to them.
		next.Sealing = append([]seal.SealingKey{key}, k.file.Sealing...)
		next.Sealing = next.Sealing[:min(len(next.Sealing), seal.MaxSealingKeys)]
	}
	k.next = next
	return next, seal.SaveKeyFile(k.path+".next", next, k.passphrase)
}

// settle makes the prepared keys the home's, where the committed card names
// them, and forgets them where it does not.
func (k *keyRing) settle(card heed.Card) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	path := k.path + ".next"
	next, err := seal.LoadKeyFile(path, k.passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keys of a card renewal: %w", err)
	}
	k.next = seal.KeyFile{}
	if next.Node.Verifier().String() != card.NodeKey || next.Sealing[0].Recipient().String() != card.SealingKey || next.Ledger.Verifier().String() != card.LedgerKey {
		return os.Remove(path)
	}
	if k.file.Node != next.Node {
		k.former = k.file.Node
	}
	k.file.Node, k.file.Sealing, k.file.Ledger = next.Node, next.Sealing, next.Ledger
	if err := seal.SaveKeyFile(k.path, k.file, k.passphrase); err != nil {
		return err
	}
	return os.Remove(path)
}

// readPassphrase takes the first line of a file.
func readPassphrase(path string) (seal.Passphrase, error) {
	if path == "" {
		return seal.Passphrase{}, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return seal.Passphrase{}, fileFault("passphrase file: ", err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return seal.Passphrase{}, &control.Fault{Exit: control.ExitInput, Message: "the first line of " + path + " is empty", Hint: "write the passphrase there"}
	}
	return seal.Passphrase{Text: line}, nil
}

// openDatabase opens the home's database for this process alone; store.ErrLocked
// where another one has it.
func openDatabase(ctx context.Context, home string) (*store.Store, error) {
	return store.Open(ctx, filepath.Join(home, databaseName), store.Options{})
}

// openStore opens it for good. A command that only reads there is done in a
// moment, and must not keep a node from starting.
func openStore(ctx context.Context, home string) (*store.Store, error) {
	const patience, pause = time.Second, 20 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		db, err := openDatabase(ctx, home)
		if !errors.Is(err, store.ErrLocked) || time.Now().After(end) {
			return db, storeFault(err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// storeFault says what to do where another process has the home.
func storeFault(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return &control.Fault{Exit: control.ExitFault, Message: lockedText(err), Hint: "a node of this home is running: stop it first, or use the commands that ask it"}
	}
	return err
}

// lockedText says who has a database open.
func lockedText(err error) string {
	var locked *store.LockedError
	switch {
	case !errors.As(err, &locked):
		return err.Error()
	case locked.PID == 0:
		return "another process has the database open (lock file " + locked.Path + ")"
	}
	return fmt.Sprintf("process %d has the database open (lock file %s)", locked.PID, locked.Path)
}

// noNode says how the process of a home is started that is no node's.
func (a *app) noNode(err error) error {
	var fault *control.Fault
	if !errors.As(err, &fault) {
		return err
	}
	out := *fault
	if _, missing := os.Stat(filepath.Join(a.home, witnessKeyName)); missing == nil {
		out.Message = fmt.Sprintf("%s is the home of a witness, which has neither a card nor cases", a.home)
		out.Hint = "start it with `heed witness --home " + a.home + " --listen HOST:PORT`; for a node, name the node's home with --home"
		return &out
	}
	if s, bad := readSettings(a.home); bad == nil && s.Depositary {
		out.Hint = "start it with `heed depositary --home " + a.home + "`"
		return &out
	}
	return err
}

// readRoutes reads how people are told; a home without the file has the desk
// and the node's log alone.
func readRoutes(home string) (notify.Routes, error) {
	routes, err := notify.Load(filepath.Join(home, notifyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "docs/notifications.md shows what the file may hold"}
	}
	return routes, nil
}

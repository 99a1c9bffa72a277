package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/peer"
	"heed/seal"
	"heed/wire"
)

// reminded is a reminder as a role's key opens it.
type reminded struct {
	Statement string        `json:"statement"`
	Case      string        `json:"case"`
	By        heed.PartyID  `json:"by"`
	To        heed.PartyID  `json:"to"`
	Time      control.Time  `json:"time"`
	Duty      heed.DutyKind `json:"duty"`
	Due       control.Time  `json:"due"`
	Level     int           `json:"level"`
	Role      string        `json:"role"`
	Node      string        `json:"node"`
}

// remindersCommand needs no home and no node: a role reads with its own key what
// was sealed to it.
func (a *app) remindersCommand() *cobra.Command {
	var identity, fresh string
	c := &cobra.Command{
		Use: "reminders FILE --identity KEYFILE | --new KEYFILE", Short: "Read, with a role's own key, the reminders that envelopes hold", Args: cobra.MaximumNArgs(1),
		Long: `A reminder to a role that has a key of its own in the accord is sealed to that
key, too. Whoever holds the key reads it here, from a file of "heed export" and
without the party's node. --new makes such a key, as age-keygen -pq would, and
prints what the terms name as the role's sealing-key.`,
		Example: `  heed reminders --new head-of-desk.key
  heed reminders /media/stick/7K3MQ2XA.heed --identity head-of-desk.key`,
		RunE: func(c *cobra.Command, args []string) error {
			if (fresh != "") == (len(args) == 1) {
				return &control.Fault{Exit: control.ExitInput, Message: "it is said neither what to read nor where to put a new key, or both", Hint: "usage: heed reminders FILE --identity KEYFILE, or heed reminders --new KEYFILE"}
			}
			if fresh != "" {
				return a.newRoleKey(fresh)
			}
			if identity == "" {
				return &control.Fault{Exit: control.ExitInput, Message: "it is not said with which key", Hint: "add --identity KEYFILE, as age-keygen -pq wrote it"}
			}
			key, err := readIdentity(identity)
			if err != nil {
				return err
			}
			envelopes, err := peer.ReadFile(args[0])
			if err != nil {
				return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "the file must be what `heed export` wrote, whole and unchanged"}
			}
			all, closed, err := openReminders(envelopes, key)
			if err != nil {
				return &control.Fault{Exit: control.ExitInput, Message: args[0] + ": " + err.Error(), Hint: "the file must be what `heed export` wrote, whole and unchanged"}
			}
			answer := struct {
				Reminders []reminded `json:"reminders"`
				Closed    int        `json:"closed"` // envelopes that this key does not open
			}{all, closed}
			return a.print(answer, func(w io.Writer) {
				for _, r := range all {
					fmt.Fprintf(w, "%s reminds the %s of %s: the %s was due %s (level %d)\n  case %s, said %s, signed by %s\n",
						r.By, r.Role, r.To, r.Duty.Words(), stamp(r.Due.Time, nil), r.Level, r.Case, stamp(r.Time.Time, nil), r.Node)
				}
				fmt.Fprintf(w, "%s; %s not sealed to this key\n", counted(len(all), "reminder"), counted(closed, "envelope"))
			})
		},
	}
	c.Flags().StringVar(&identity, "identity", "", "FILE with the role's key, as age-keygen -pq writes it")
	c.Flags().StringVar(&fresh, "new", "", "FILE to write a new key to; one that is there is not replaced")
	return c
}

// newRoleKey writes a key to a file that nobody else can read, and prints to
// whom is sealed what it opens.
func (a *app) newRoleKey(path string) error {
	key, err := seal.NewSealingKey()
	if err != nil {
		return err
	}
	text := "# a role's key, for reminders\n# public key: " + key.Recipient().String() + "\n" + key.Secret() + "\n"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = io.WriteString(f, text)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return &control.Fault{Exit: control.ExitInput, Message: err.Error(), Hint: "name a file that is not there yet"}
	}
	answer := map[string]string{"file": path, "sealingKey": key.Recipient().String()}
	return a.print(answer, func(w io.Writer) { fmt.Fprintln(w, key.Recipient()) })
}

// maxIdentity bounds a key file: a key of some 80 bytes, and comments.
const maxIdentity = 64 << 10

// readIdentity reads the one key of a file in age's form: lines, of which those
// that begin with # are comments.
func readIdentity(path string) (seal.SealingKey, error) {
	fault := func(why string) error {
		return &control.Fault{Exit: control.ExitInput, Message: path + ": " + why, Hint: "it must hold one key, as age-keygen -pq writes it"}
	}
	f, err := os.Open(path)
	if err != nil {
		return seal.SealingKey{}, fault(err.Error())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxIdentity+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return seal.SealingKey{}, fault(err.Error())
	}
	if len(data) > maxIdentity {
		return seal.SealingKey{}, fault("it is too large for a key")
	}
	var keys []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	if len(keys) != 1 {
		return seal.SealingKey{}, fault(fmt.Sprintf("it has %s", counted(len(keys), "key")))
	}
	key, err := seal.ParseSealingKey(keys[0])
	if err != nil {
		return seal.SealingKey{}, fault(err.Error())
	}
	return key, nil
}

// openReminders opens what the key opens, and counts what it does not.
func openReminders(files [][]byte, key seal.SealingKey) (all []reminded, closed int, err error) {
	all = []reminded{}
	for _, file := range files {
		for in := bytes.NewReader(file); in.Len() > 0; {
			h, err := wire.ReadHeader(in)
			if err != nil {
				return nil, 0, err
			}
			e, err := wire.ReadBody(in, h)
			if err != nil {
				return nil, 0, err
			}
			parts, err := e.Open(key)
			if errors.Is(err, seal.ErrBadSeal) {
				closed++
				continue
			}
			if err != nil {
				return nil, 0, err
			}
			for _, p := range parts {
				if p.Type != wire.PartStatement {
					continue
				}
				s, err := wire.ParseStatement(p.Data)
				if err != nil {
					return nil, 0, err
				}
				if s.Kind != heed.KindReminder || s.Author != h.Sender {
					return nil, 0, fmt.Errorf("envelope %d of %s holds a %s of %s, and only %s's reminders are sealed to a role", h.Number, h.Sender, s.Kind, s.Author, h.Sender)
				}
				all = append(all, reminded{
					Statement: s.ID.String(), Case: s.CaseID().String(), By: s.Author, To: s.Recipient, Time: control.At(s.Time),
					Duty: s.Duties[0].Kind, Due: control.At(s.Duties[0].Due), Level: s.Level, Role: s.Role, Node: s.Node,
				})
			}
		}
	}
	return all, closed, nil
}

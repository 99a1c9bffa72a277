package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"heed/control"
	"heed/exchange"
	"heed/store"
)

func (a *app) ledgerCommand() *cobra.Command {
	c := &cobra.Command{Use: "ledger", Short: "The node's ledger of commitments"}
	var peers bool
	check := &cobra.Command{
		Use: "check", Short: "Replay the ledger and find every statement of ours in it",
		Example: "  heed ledger check --peers",
		RunE: func(c *cobra.Command, _ []string) error {
			done := a.busy("checking the ledger")
			var answer control.LedgerAnswer
			err := a.call(c.Context(), "ledger-check", control.LedgerRequest{Peers: peers}, &answer)
			done()
			if err != nil {
				return err
			}
			err = a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d leaves, %d published, %d of our statements found\n", answer.Origin, answer.Leaves, answer.Published, answer.Statements)
				for _, p := range answer.Peers {
					fmt.Fprintf(w, "%s: mirrors %d leaves of ours; we mirror %d of its\n", p.Party, p.Holds, p.Held)
					if p.Problem != "" {
						fmt.Fprintf(w, "  PROBLEM: %s\n", p.Problem)
					}
				}
			})
			if err == nil && !answer.Holds {
				return &control.Fault{Exit: control.ExitEvidence, Message: "a ledger does not hold, or could not be compared", Hint: "the problems stand above"}
			}
			return err
		},
	}
	check.Flags().BoolVar(&peers, "peers", false, "also compare with what each peer holds of ours, and we of its")
	checkpoint := &cobra.Command{
		Use: "checkpoint", Short: "Print the newest checkpoint, signed",
		Example: "  heed ledger checkpoint > north.checkpoint",
		RunE: func(c *cobra.Command, _ []string) error {
			var answer control.CheckpointAnswer
			if err := a.call(c.Context(), "ledger-checkpoint", struct{}{}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) { fmt.Fprint(w, answer.Checkpoint) })
		},
	}
	proof := &cobra.Command{
		Use: "proof CASE", Short: "Prove that what we said in a case is in the published ledger", Args: cobra.ExactArgs(1),
		Example: "  heed ledger proof 7K3M-Q2XA --json > proof.json",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.ProofAnswer
			if err := a.call(c.Context(), "ledger-proof", control.CaseRequest{Case: args[0]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s\n", answer.Checkpoint)
				for _, l := range answer.Leaves {
					fmt.Fprintf(w, "%s  %-15s as %-12s leaf %d of %s, %d hashes\n", l.Statement[:8], l.Kind, l.Slot, l.Index, l.Origin, len(l.Proof))
				}
			})
		},
	}
	c.AddCommand(check, checkpoint, proof)
	return c
}

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the home while the node runs", Args: cobra.ExactArgs(1),
		Long: `Write a consistent copy of the home while the node runs: database, keys, settings.
The file holds private keys (as they are in the home, encrypted or not): keep it
as you keep those.`,
		Example: "  heed backup /srv/backup/north.heed",
		RunE: func(c *cobra.Command, args []string) error {
			done := a.busy("writing the backup")
			err := a.backup(c.Context(), args[0])
			done()
			if err != nil {
				return err
			}
			return a.print(map[string]string{"file": args[0]}, func(w io.Writer) { fmt.Fprintln(w, "backup written to "+args[0]) })
		},
	}
}

func (a *app) backup(ctx context.Context, path string) (err error) {
	if _, err := os.Stat(path); err == nil {
		return &control.Fault{Exit: control.ExitInput, Message: path + " exists", Hint: "name a new file"}
	}
	dir, err := os.MkdirTemp(a.home, ".backup-*")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return a.call(ctx, "ping", struct{}{}, &control.Ping{}) // says that there is no home
		}
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied, err := filepath.Abs(filepath.Join(dir, databaseName))
	if err != nil {
		return err
	}
	if err := a.call(ctx, "backup", control.PathRequest{By: a.administrator(), Path: copied}, &struct{}{}); err != nil {
		return err
	}
	return writeBackup(path, a.home, copied)
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Make a home from a backup", Args: cobra.ExactArgs(1),
		Long: `Make a home from a backup. The node that is then started compares itself with
what its peers hold of it, signs nothing until it has caught up, and goes on.`,
		Example: `  heed restore --home north /srv/backup/north.heed
  heed serve --home north`,
		RunE: func(c *cobra.Command, args []string) error {
			if err := freshHome(a.home); err != nil {
				return err
			}
			if err := readBackup(args[0], a.home); err != nil {
				return err
			}
			if err := markRestored(c.Context(), a.home); err != nil {
				return err
			}
			return a.print(map[string]string{"home": a.home}, func(w io.Writer) {
				fmt.Fprintf(w, "restored to %s\nstart it with `heed serve --home %s`: it catches up with its peers and signs nothing until it has\n", a.home, a.home)
			})
		},
	}
}

// markRestored makes the node catch up before it signs anything.
func markRestored(ctx context.Context, home string) error {
	db, err := openStore(ctx, home)
	if err != nil {
		return err
	}
	err = db.Write(ctx, func(tx exchange.Tx) error {
		me, err := tx.Self()
		if err != nil {
			return err
		}
		peers, err := tx.Peers()
		if err != nil {
			return err
		}
		witnesses, err := tx.Witnesses()
		if err != nil {
			return err
		}
		// A node that never had a peer has nobody to have promised anything to, and
		// without a witness nobody has seen its ledger either.
		me.Restored = len(peers)+len(witnesses) > 0
		return tx.PutSelf(me)
	})
	return errors.Join(err, db.Close())
}

var _ exchange.Store = (*store.Store)(nil)

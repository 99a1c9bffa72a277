package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"heed"
	"heed/control"
	"heed/seal"
)

func (a *app) officerCommand() *cobra.Command {
	c := &cobra.Command{Use: "officer", Short: "The roster: who may act for the party"}
	var roles []string
	var sshKey string
	add := &cobra.Command{
		Use: "add NAME --role ROLE,...", Short: "Add an officer, or give one other roles", Args: cobra.ExactArgs(1),
		Example: `  heed officer add irma --role duty-officer,assessor
  heed officer add jens --role drafter
  heed officer add ruth --role releaser --ssh-key ~/.ssh/id_ed25519_sk.pub`,
		Long: `Add an officer, or give one other roles. The node makes the officer's key and
holds it, unless --ssh-key names the public part of a key that the person holds:
ed25519 or ecdsa on nistp256, in a file, an agent or a FIDO token. Then nobody
signs as that officer but who has the key: each act is signed by ssh-keygen,
where the command is given. A name keeps the key that it was given first.`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.OfficerRequest{By: a.administrator(), Name: args[0], Roles: roles}
			if sshKey != "" {
				key, err := readBounded(sshKey, seal.MaxSSHKeyFile)
				if err != nil {
					return err
				}
				request.SSHKey = string(key)
			}
			var line control.RosterLine
			if err := a.call(c.Context(), "officer-add", request, &line); err != nil {
				return err
			}
			return a.print(line, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s\n", line.Name, roleList(line.Roles))
				if line.SSH != nil {
					fmt.Fprintf(w, "  signs with %s\n", keyWords(line))
				}
			})
		},
	}
	add.Flags().StringSliceVar(&roles, "role", nil, "ROLE,... of "+roleList(heed.Roles()))
	add.Flags().StringVar(&sshKey, "ssh-key", "", "FILE.pub, the public SSH key of a person who holds the key")
	complete(add, "role", words(heed.Roles()))
	list := &cobra.Command{
		Use: "list", Short: "List the roster",
		Example: "  heed officer list",
		RunE: func(c *cobra.Command, _ []string) error {
			var lines []control.RosterLine
			if err := a.call(c.Context(), "officer-list", struct{}{}, &lines); err != nil {
				return err
			}
			return a.print(lines, func(w io.Writer) {
				t := table(w, "NAME", "ROLES", "STANDING", "KEY")
				for _, l := range lines {
					standing := "active"
					if l.Removed {
						standing = "removed"
					}
					t.row(string(l.Name), roleList(l.Roles), standing, keyWords(l))
				}
				t.flush()
			})
		},
	}
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Take an officer's powers; what was signed stays signed", Args: cobra.ExactArgs(1),
		Example: "  heed officer remove jens",
		RunE: func(c *cobra.Command, args []string) error {
			var answer control.OfficerRemoved
			if err := a.call(c.Context(), "officer-remove", control.OfficerRequest{By: a.administrator(), Name: args[0]}, &answer); err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s was removed from the roster\n", answer.Removed)
				for _, code := range answer.Drafts {
					fmt.Fprintf(w, "  draft %s can be released no more: drop it, and have another officer draft it again\n", code.Spoken())
				}
			})
		},
	}
	c.AddCommand(add, list, remove)
	return c
}

// keyWords says who holds an officer's key, and which it is.
func keyWords(l control.RosterLine) string {
	switch {
	case l.SSH == nil:
		return "held by the node"
	case l.SSH.Token:
		return "SSH " + l.SSH.Fingerprint + " (token)"
	}
	return "SSH " + l.SSH.Fingerprint
}

func roleList(roles []heed.Role) string { return strings.Join(words(roles), ",") }

func words[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, w := range all {
		out[i] = string(w)
	}
	return out
}

// complete gives a flag its closed list of values in the shell.
func complete(c *cobra.Command, flag string, values []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is defined a line earlier
	}
}

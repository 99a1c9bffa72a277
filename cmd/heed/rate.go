package main

import (
	"strings"

	"github.com/spf13/cobra"

	"heed/control"
)

func (a *app) rateCommand() *cobra.Command {
	var meaningful, reason string
	c := &cobra.Command{
		Use: "rate CASE [STATEMENT] --meaningful yes|no --reason TEXT", Short: "Say whether a reply was of use to us, who had asked for it", Args: cobra.RangeArgs(1, 2),
		Long: `Say whether a reply of the other party was of use: an assessment, an answer, a
report of action, a conclusion or a refusal, rated by whoever had asked for it.
The other party gets the rating with its reason, so that both count the same.
It owes and discharges nothing. Rated again, the last rating counts. A reply that
nobody has rated is not rated, which is never counted as of no use.`,
		Example: `  heed rate 7K3M-Q2XA --as jens --meaningful yes --reason "it named the crossing, and we had it watched"
  heed rate 7K3M-Q2XA 9f2c41d0 --as jens --meaningful no --reason "it says what we had written ourselves"`,
		RunE: func(c *cobra.Command, args []string) error {
			request := control.RateRequest{Case: args[0], Reason: reason}
			switch meaningful {
			case "yes", "no":
				request.Meaningful = meaningful == "yes"
			default:
				return &control.Fault{Exit: control.ExitInput, Message: "whether the reply was of use is missing", Hint: "add --meaningful yes or --meaningful no"}
			}
			if len(args) == 2 {
				request.Statement = strings.ToLower(args[1])
			}
			request.Officer = a.officer()
			var answer control.ActAnswer
			if err := a.call(c.Context(), "rate", request, &answer); err != nil {
				return err
			}
			return a.printAct(answer)
		},
	}
	c.Flags().StringVar(&meaningful, "meaningful", "", "yes|no")
	c.Flags().StringVar(&reason, "reason", "", "TEXT for the other party")
	complete(c, "meaningful", []string{"yes", "no"})
	return c
}

package control

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"heed"
	"heed/exchange"
	"heed/stats"
)

// StatisticsRequest asks for statistics. What is empty bounds nothing. The
// answer is a stats.Report.
type StatisticsRequest struct {
	Pair   []string `json:"pair,omitempty"`   // two parties, of which this node's is one
	Accord string   `json:"accord,omitempty"` // only cases that name it: its id, or eight or more digits of it
	Since  *Time    `json:"since,omitempty"`
	Until  *Time    `json:"until,omitempty"`
}

func statisticsVerbs(mux *http.ServeMux, x *exchange.Exchange) {
	verb(mux, "stats", func(ctx context.Context, r StatisticsRequest) (stats.Report, error) {
		with, err := otherOf(r.Pair, x.Party())
		if err != nil {
			return stats.Report{}, err
		}
		var accord heed.AccordID
		if r.Accord != "" {
			if accord, err = x.FindAccord(ctx, r.Accord); err != nil {
				return stats.Report{}, err
			}
		}
		var period stats.Period
		if r.Since != nil {
			period.Since = r.Since.Time
		}
		if r.Until != nil {
			period.Until = r.Until.Time
		}
		return x.Statistics(ctx, exchange.Counted{With: with, Accord: accord, Period: period})
	})
}

// otherOf is the party of a pair that is not ours; empty where no pair is named.
func otherOf(pair []string, self heed.PartyID) (heed.PartyID, error) {
	if len(pair) == 0 {
		return "", nil
	}
	var parties []heed.PartyID
	for _, name := range pair {
		party, err := heed.ParsePartyID(name)
		if err != nil {
			return "", err
		}
		parties = append(parties, party)
	}
	if len(parties) != 2 || parties[0] == parties[1] {
		return "", &heed.Invalid{What: fmt.Sprintf("a pair is two parties, and %d are named", len(slices.Compact(parties))), Hint: "write --pair " + string(self) + ",PARTY"}
	}
	at := slices.Index(parties, self)
	if at < 0 {
		return "", &heed.Invalid{What: fmt.Sprintf("this node holds the cases of %s, and none between %s and %s", self, parties[0], parties[1]), Hint: "write --pair " + string(self) + ",PARTY, or ask one of the two"}
	}
	return parties[1-at], nil
}

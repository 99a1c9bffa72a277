package fit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
)

// WeightsJSON are the weights as they are stored: one class a block, tables in
// one line each, so that a change reads as what it is.
func (f *Fitted) WeightsJSON() ([]byte, error) {
	raw, err := json.Marshal(f.Weights)
	if err != nil {
		return nil, err
	}
	// A line for each class and for the costs of each.
	for _, at := range []string{`"classes":{`, `"costs":`, `"swap":`, `"alike":`, `"rarity":`, `"coverage":`, `"initial":`, `"calibration":`, `"threshold":`} {
		raw = bytes.ReplaceAll(raw, []byte(at), []byte("\n"+at))
	}
	return append(raw, '\n'), nil
}

// FrequencyText is the frequency of tokens as it is stored, those counted once
// left out: a token not seen counts about as much.
func (f *Fitted) FrequencyText() []byte {
	var sounds []string
	for s, n := range f.Frequency {
		if n > 1 {
			sounds = append(sounds, s)
		}
	}
	sort.Strings(sounds)
	var out bytes.Buffer
	for _, s := range sounds {
		fmt.Fprintf(&out, "%s %d\n", s, f.Frequency[s])
	}
	return out.Bytes()
}

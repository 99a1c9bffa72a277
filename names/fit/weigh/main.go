// Command weigh fits the name model to names/testdata/dev and writes
// names/weights.json, names/frequency.txt and watch/weights.json. It is run by go generate ./names.
package main

import (
	"fmt"
	"log"
	"os"

	"heed/names/fit"
)

func main() {
	log.SetFlags(0)
	set, err := fit.ReadSet(os.DirFS("testdata/dev"))
	if err != nil {
		log.Fatal(err)
	}
	read := fit.NewReader()
	pairs := append(append([]fit.Labelled{}, set.Pairs...), fit.Compose(set)...)
	fitted, err := fit.Fit(set, pairs, read, true)
	if err != nil {
		log.Fatal(err)
	}
	fitted.Weights.Inputs = set.Digest
	weights, err := fitted.WeightsJSON()
	if err != nil {
		log.Fatal(err)
	}
	records, err := fit.FitBeside(set, set.Records).JSON()
	if err != nil {
		log.Fatal(err)
	}
	for name, contents := range map[string][]byte{"../watch/weights.json": records, "weights.json": weights, "frequency.txt": fitted.FrequencyText()} {
		if err := os.WriteFile(name, contents, 0o644); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(fitted.Report)
}

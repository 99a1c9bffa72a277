package watch

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"heed/names"
)

// Points are natural logarithms in hundredths, as in package names: whole
// numbers, so that a sum is the same in whatever order it is made.
type Points = int32

// weights are the log-likelihood ratios of what is not a name, as fitted.
type weights struct {
	version     string
	birth       map[BirthRelation]Points
	sexSame     Points
	sexOther    Points
	stateShared Points
	stateOther  Points
	needed      needed
}

// needed are the thresholds of persons on the list that they were fitted to.
type needed struct {
	names  int // of persons on it
	growth [len(thresholds{})]float64
	points thresholds
}

// The weights of what no development data has, set by judgement. A number is
// shared by few, and is mistyped or forged more often than it is shared by
// chance: it counts for much, and only an equal one decides alone.
const (
	documentSame    Points = 1800
	documentBlurred Points = 900
	plateSame       Points = 1400
	plateBlurred    Points = 900
	plateAbroad     Points = -700 // both countries of registration are known and differ
	vinSame         Points = 2000
	vinBlurred      Points = 1200
	vinOther        Points = -600
	vehicleEnough   Points = 600 // the threshold for vehicles
	legalFormSame   Points = 30
	legalFormOther  Points = -30
)

//go:embed weights.json
var embeddedWeights []byte

// errWeights is what weights.json has wrong; a test reads the embedded file.
var errWeights = errors.New("weights.json is not what go generate ./names writes")

func readWeights(text []byte) (*weights, error) {
	var stored struct {
		Version     string                    `json:"version"`
		Birth       map[BirthRelation]float64 `json:"birth"`
		Sex         map[string]float64        `json:"sex"`
		Nationality map[string]float64        `json:"nationality"`
		Needed      struct {
			Names  int                `json:"names"`
			Growth map[string]float64 `json:"growth"`
			Name   map[string]float64 `json:"name"`
			Dated  map[string]float64 `json:"dated"`
		} `json:"needed"`
	}
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("%w: %w", errWeights, err)
	}
	w := &weights{version: stored.Version, birth: map[BirthRelation]Points{}}
	fault := ""
	points := func(what string, llr float64, ok bool) Points {
		if !ok || math.Abs(llr) > 50 {
			fault = what
		}
		return Points(math.Round(llr * 100))
	}
	for _, r := range BirthRelations() {
		llr, ok := stored.Birth[r]
		w.birth[r] = points("birth "+string(r), llr, ok)
	}
	get := func(m map[string]float64, table, key string) Points {
		llr, ok := m[key]
		return points(table+" "+key, llr, ok)
	}
	w.sexSame, w.sexOther = get(stored.Sex, "sex", "same"), get(stored.Sex, "sex", "different")
	w.stateShared, w.stateOther = get(stored.Nationality, "nationality", "shared"), get(stored.Nationality, "nationality", "different")
	w.needed.names = stored.Needed.Names
	if w.needed.names < 1 {
		fault = "needed names"
	}
	for of, table := range map[int]struct {
		name   string
		points map[string]float64
	}{undated: {"name", stored.Needed.Name}, dated: {"dated", stored.Needed.Dated}} {
		growth, ok := stored.Needed.Growth[table.name]
		if !ok || growth < 0 || growth > 2 {
			fault = "growth " + table.name
		}
		w.needed.growth[of] = growth
		for class := range names.Classes {
			w.needed.points[of][class] = get(table.points, table.name, class.String())
		}
	}
	if fault != "" {
		return nil, fmt.Errorf("%w: %s is missing or beyond all bounds", errWeights, fault)
	}
	if w.version == "" {
		return nil, fmt.Errorf("%w: it has no version", errWeights)
	}
	return w, nil
}

// logistic turns points above a threshold into a score; nothing above it is one half.
func logistic(above Points) float64 { return 1 / (1 + math.Exp(-float64(above)/100)) }

package names

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// The sizes of a model's tables.
const (
	Lengths  = 4  // of two tokens, in sounds on average: up to 3, to 5, to 7, longer
	Rarities = 3  // of the likelier of two tokens: common, seen now and then, rare
	Bins     = 14 // of the distance of two tokens for each sound; the last is "not alike"
)

// rarityCuts are the surprises, in points, from which on a token is seen now and
// then (about 1 in 1,100) and rare (1 in 13,000).
var rarityCuts = [Rarities - 1]int32{700, 950}

// RarityOf is the row of a surprise in ClassWeights.Alike.
func RarityOf(surprise int32) int {
	for i, cut := range rarityCuts {
		if surprise < cut {
			return i
		}
	}
	return Rarities - 1
}

// LengthOf is the row in ClassWeights.Alike of so many sounds in two tokens together.
func LengthOf(sounds int) int {
	switch {
	case sounds <= 6:
		return 0
	case sounds <= 10:
		return 1
	case sounds <= 14:
		return 2
	}
	return 3
}

// farthestBin is that of the furthest tokens that are alike at all.
const farthestBin = Bins - 2

// binCuts are the upper bounds of the bins but the last, in points for each
// sound of the longer token. The last two are of words so far apart that they say
// something only where another part of the name agrees.
var binCuts = [Bins - 1]int32{9, 18, 27, 38, 52, 68, 86, 108, 133, 165, 205, 250, 300}

// Weights is a fitted model as it is stored. It is made by names/fit from the
// development set, never by hand; names/fit/REPORT.md says from what and how well it does.
type Weights struct {
	// Inputs is the SHA-256 of the files the weights were fitted to, in hexadecimal.
	Inputs string `json:"inputs"`
	// Program is the SHA-256 of the source that fitted them, and of what it read names with.
	Program string `json:"program"`
	// Tokens is how many tokens of names the frequencies were counted in.
	Tokens int `json:"tokens"`
	// Classes holds the evidence by class of scripts, by Class.String.
	Classes map[string]*ClassWeights `json:"classes"`
}

// ClassWeights is what evidence weighs between two scripts, in points
// (hundredths of a natural logarithm) unless it says otherwise.
type ClassWeights struct {
	// Costs of the edits of one token into another; Swap of two neighbours.
	Costs Costs `json:"costs"`
	Swap  int32 `json:"swap"`
	// Rank is what each less likely reading of a token costs.
	Rank int32 `json:"rank"`
	// Alike is log m/u for two tokens by length, rarity and bin of distance.
	Alike [Lengths][Rarities][Bins]int32 `json:"alike"`
	// Rarity is what a token's rarity adds to that, in thousandths of how far its
	// surprise is from Usual.
	Rarity [Bins]int32 `json:"rarity"`
	Usual  int32       `json:"usual"`
	// Coverage is log m/u of how far the names cover each other: by pairs of
	// tokens (1, 2, 3 and more), tokens unpaired on both sides (0, 1, 2 and more of
	// each) and tokens more on one side (0 to 3 and more).
	Coverage [3][3][4]int32 `json:"coverage"`
	// Initial is an initial against a token that begins with it, Other an initial
	// against one that does not.
	Initial int32 `json:"initial"`
	// Variant is two forms of one given name that do not sound alike, see variants.
	Variant int32 `json:"variant"`
	// Joined is what each pair of joined tokens adds, Patronymic each patronymic
	// of one side that has none to face, Contradiction each two that face each
	// other and are not alike.
	Joined        int32 `json:"joined"`
	Patronymic    int32 `json:"patronymic"`
	Contradiction int32 `json:"contradiction"`
	// Calibration turns the sum into a probability of one person; see Model.Calibrate.
	Calibration []Calibrated `json:"calibration"`
	// Threshold is the sum, in points, that one innocent traveller in a thousand
	// reaches on the development list; Loose one in a hundred.
	Threshold int32 `json:"threshold"`
	Loose     int32 `json:"loose"`
}

// Calibrated is one corner of a calibration curve.
type Calibrated struct {
	Points int32   `json:"points"`
	Score  float64 `json:"score"`
}

// Model weighs the evidence of two names. It does not change once made, so that
// many goroutines may use it at once.
type Model struct {
	version string
	inputs  string
	program string
	classes [Classes]ClassWeights
	metrics [Classes]metric
	seen    map[string]int32 // how often a token of these sounds was counted
	keyed   map[Key]int32    // and any token of this key
	tokens  float64
}

//go:embed weights.json
var embeddedWeights []byte

//go:embed frequency.txt
var embeddedFrequency string

// ErrBadModel is returned for weights that no fit can have written.
var ErrBadModel = errors.New("these are not the weights of a name model: run go generate ./names")

// Default is the model fitted to the development set, from the program itself.
// It takes some milliseconds: make it once and hand it on.
func Default() (*Model, error) {
	return ReadModel(embeddedWeights, embeddedFrequency)
}

// ReadModel makes a model of stored weights and of token frequencies, a line
// each: sounds, a space, how often.
func ReadModel(weights []byte, frequency string) (*Model, error) {
	var w Weights
	if err := json.Unmarshal(weights, &w); err != nil {
		return nil, fmt.Errorf("%w (%w)", ErrBadModel, err)
	}
	seen := map[string]int32{}
	for number, line := range strings.Split(strings.TrimSuffix(frequency, "\n"), "\n") {
		sounds, count, _ := strings.Cut(line, " ")
		n, err := strconv.ParseInt(count, 10, 32)
		if err != nil || n < 1 || sounds == "" {
			return nil, fmt.Errorf("%w: line %d of the frequencies", ErrBadModel, number+1)
		}
		seen[sounds] = int32(n)
	}
	m, err := NewModel(&w, seen)
	if err != nil {
		return nil, err
	}
	digest := sha256.New()
	digest.Write(weights)
	digest.Write([]byte(frequency))
	m.version = hex.EncodeToString(digest.Sum(nil)[:6])
	return m, nil
}

// NewModel makes a model of weights and of how often tokens of given sounds occur.
func NewModel(w *Weights, seen map[string]int32) (*Model, error) {
	m := &Model{version: "unversioned", inputs: w.Inputs, program: w.Program, seen: seen, keyed: map[Key]int32{}, tokens: float64(w.Tokens)}
	if w.Tokens < 1 {
		return nil, fmt.Errorf("%w: frequencies of no tokens", ErrBadModel)
	}
	for c := range Classes {
		of := w.Classes[c.String()]
		if of == nil {
			return nil, fmt.Errorf("%w: class %s is missing", ErrBadModel, c)
		}
		if !sort.SliceIsSorted(of.Calibration, func(i, j int) bool { return of.Calibration[i].Points < of.Calibration[j].Points }) {
			return nil, fmt.Errorf("%w: the calibration of class %s is out of order", ErrBadModel, c)
		}
		m.classes[c] = *of
		m.metrics[c] = newMetric(&m.classes[c])
	}
	for sounds, n := range seen {
		keys, count := skeletons(sounds)
		for _, key := range keys[:count] {
			m.keyed[key] += n
		}
	}
	return m, nil
}

// Version names the weights: two models of one version score alike.
func (m *Model) Version() string { return m.version }

// usualLength is the most sounds that a part of a name usually has.
const usualLength = 8

// surprise is -log of how likely a token of these readings is, in points: its
// frequency and, as spellings of one name differ, some of its key's.
func (m *Model) surprise(t *Token) int32 {
	likeliest := -1.0
	for i := range t.Forms {
		sounds := t.Forms[i].Sounds
		near := 0.0
		keys, count := skeletons(sounds)
		for _, key := range keys[:count] {
			near = max(near, float64(m.keyed[key]))
		}
		n := float64(m.seen[sounds]) + near/20
		if n == 0 {
			// A token never counted is the rarer the longer it is.
			n = 0.3*math.Exp(-0.7*float64(max(len(sounds)-usualLength, 0))) - 0.3
		}
		if n > 0 {
			n /= float64(1 + 3*i) // a less likely reading is so much rarer
		}
		likeliest = max(likeliest, n)
	}
	return int32(math.Round(-100 * math.Log((max(likeliest, -0.299999)+0.3)/m.tokens)))
}

// Calibrate turns a sum of evidence, in points, into the probability, between 0
// and 1, that the names are of one person where one pair in two is: the curve of
// the class, fitted by isotonic regression, with straight lines between its corners.
func (m *Model) Calibrate(class Class, points int32) float64 {
	curve := m.classes[class].Calibration
	if len(curve) == 0 {
		return 1 / (1 + math.Exp(-float64(points)/100))
	}
	at := sort.Search(len(curve), func(i int) bool { return curve[i].Points >= points })
	switch {
	case at == 0:
		return curve[0].Score / (1 + float64(curve[0].Points-points)/1000)
	case at == len(curve):
		last := curve[at-1]
		return 1 - (1-last.Score)/(1+float64(points-last.Points)/1000)
	}
	low, high := curve[at-1], curve[at]
	return low.Score + (high.Score-low.Score)*float64(points-low.Points)/float64(high.Points-low.Points)
}

// Threshold is the calibrated score that one innocent traveller in a thousand
// reaches on a list like the development set's, and the same in points.
func (m *Model) Threshold(class Class) (score float64, points int32) {
	points = m.classes[class].Threshold
	return m.Calibrate(class, points), points
}

// Loose is what one innocent traveller in a hundred reaches, in points.
func (m *Model) Loose(class Class) int32 { return m.classes[class].Loose }

// Inputs is the SHA-256 of the labelled names that the weights were fitted to.
func (m *Model) Inputs() string { return m.inputs }

// Program is the SHA-256 of the source that fitted the weights.
func (m *Model) Program() string { return m.program }

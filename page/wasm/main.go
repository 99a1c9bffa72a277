//go:build js

// Command wasm is what the page runs, once for each judgement: it takes the
// policy and the files from the page, answers, and ends. Whoever calls it looks
// at how it ended: after a panic there is no answer, and so no verdict.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"syscall/js"

	"heed/evidence"
)

// exchange is the page's object {policy: Uint8Array, files: [Uint8Array, ...]}
// whose member answer becomes the JSON of an answer.
const exchange = "heedExchange"

// An answer is a report or a fault, never both.
type answer struct {
	Report  *evidence.Report `json:"report,omitempty"`
	Holds   bool             `json:"holds"`
	Proven  []bool           `json:"proven,omitempty"`  // of each verdict of the report
	Claimed []bool           `json:"claimed,omitempty"` // of each: it is what was claimed
	Early   []bool           `json:"early,omitempty"`   // of each: the reply is not due yet
	Policy  string           `json:"policy"`            // SHA-256 of what was judged by
	Files   []string         `json:"files"`             // SHA-256 of what was judged
	Fault   *fault           `json:"fault,omitempty"`
}

type fault struct {
	Kind    string `json:"kind"` // policy, damaged or other
	File    int    `json:"file"` // which of the files is damaged, -1 for none by itself
	Message string `json:"message"`
}

func main() {
	asked := js.Global().Get(exchange)
	policy := bytesOf(asked.Get("policy"))
	files := make([][]byte, asked.Get("files").Length())
	for i := range files {
		files[i] = bytesOf(asked.Get("files").Index(i))
	}
	out, err := json.Marshal(judge(policy, files))
	if err != nil {
		panic(err) // a report has nothing that JSON has not
	}
	asked.Set("answer", string(out))
}

func bytesOf(array js.Value) []byte {
	data := make([]byte, array.Length())
	js.CopyBytesToGo(data, array)
	return data
}

func judge(text []byte, files [][]byte) answer {
	a := answer{Policy: sum(text), Files: make([]string, len(files))}
	for i, file := range files {
		a.Files[i] = sum(file)
	}
	policy, err := evidence.ParsePolicy(text)
	if err != nil {
		return a.but("policy", -1, err)
	}
	report, err := evidence.Verify(policy, files...)
	var in *evidence.FileError
	switch {
	case errors.As(err, &in):
		return a.but("damaged", in.File, in.Err)
	case errors.Is(err, evidence.ErrDamaged):
		return a.but("damaged", -1, err)
	case err != nil:
		return a.but("other", -1, err)
	}
	a.Report, a.Holds = &report, report.Holds()
	for _, v := range report.Verdicts {
		a.Proven, a.Claimed, a.Early = append(a.Proven, v.Holds()), append(a.Claimed, v.AsClaimed()), append(a.Early, v.NotDueYet())
	}
	return a
}

func (a answer) but(kind string, file int, err error) answer {
	a.Fault = &fault{Kind: kind, File: file, Message: err.Error()}
	return a
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

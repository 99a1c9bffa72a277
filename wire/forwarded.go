package wire

import (
	"fmt"
	"slices"
	"strings"

	"heed"
)

// MaxForwarded bounds what goes with a warning that is passed on, in bytes.
const MaxForwarded = MaxWarningBytes + 256<<10

const forwardedFirst = "heed-forwarded/v1\n"

// The parts of what goes with a warning that is passed on, each once and in
// this order. They are no envelope's.
const (
	forwardedStatement PartType = 1 + iota
	forwardedRelease
	forwardedDocument // 32 bytes of salt, then the document
	forwardedParts    = int(forwardedDocument)
)

// Forwarded is what goes with a warning that is passed on: what its originator
// signed, so that whoever gets it need not take the word of who passes it on. No
// tag key is in it: with that the ledgers of both could be searched.
type Forwarded struct {
	Statement []byte   // the signed warning, supplement or correction
	Release   []byte   // the signed release that it names
	Salt      [32]byte // of the document
	Document  []byte   // the whole warning document
}

// Bytes is the content of media type application/vnd.heed.forwarded. Errors
// match ErrMalformed: a part is empty, or all of them are larger than MaxForwarded.
func (f Forwarded) Bytes() ([]byte, error) {
	document := append(f.Salt[:len(f.Salt):len(f.Salt)], f.Document...)
	size := len(forwardedFirst)
	for i, data := range [][]byte{f.Statement, f.Release, f.Document} {
		if len(data) == 0 {
			return nil, malformed("what is passed on: part %d is empty", i+1)
		}
		size += partHead + len(data)
	}
	if size += len(f.Salt); size > MaxForwarded {
		return nil, malformed("what is passed on has %d bytes, and at most %d are read", size, MaxForwarded)
	}
	out := append(make([]byte, 0, size), forwardedFirst...)
	for i, data := range [][]byte{f.Statement, f.Release, document} {
		out = Part{Type: PartType(i + 1), Data: data}.append(out)
	}
	return out, nil
}

// ParseForwarded takes the content apart; what it gives are parts of data. It
// checks the form only, which has one spelling: Open verifies. Errors match
// ErrMalformed.
func ParseForwarded(data []byte) (Forwarded, error) {
	if len(data) > MaxForwarded {
		return Forwarded{}, malformed("what is passed on has %d bytes, and at most %d are read", len(data), MaxForwarded)
	}
	if len(data) < len(forwardedFirst) || string(data[:len(forwardedFirst)]) != forwardedFirst {
		return Forwarded{}, malformed("what is passed on does not begin with %q", forwardedFirst[:len(forwardedFirst)-1])
	}
	var f Forwarded
	rest := data[len(forwardedFirst):]
	for n := 1; n <= forwardedParts; n++ {
		part, after, err := cutPart(rest, n)
		switch {
		case err != nil:
			return Forwarded{}, err
		case part.Type != PartType(n):
			return Forwarded{}, malformed("part %d of what is passed on is of type %d", n, part.Type)
		case len(part.Data) == 0 || part.Type == forwardedDocument && len(part.Data) <= len(f.Salt):
			return Forwarded{}, malformed("part %d of what is passed on is empty", n)
		}
		rest = after
		switch part.Type {
		case forwardedStatement:
			f.Statement = part.Data
		case forwardedRelease:
			f.Release = part.Data
		case forwardedDocument:
			f.Salt, f.Document = [32]byte(part.Data), part.Data[len(f.Salt):]
		}
	}
	if len(rest) > 0 {
		return Forwarded{}, malformed("more follows the end of what is passed on")
	}
	return f, nil
}

// Origin is a warning as its originator gave it to the party that passes it on.
type Origin struct {
	Statement heed.Statement // a warning, a supplement or a correction
	Release   heed.Release
	Warning   heed.Warning
}

// Open verifies what the originator signed: the signatures of its node and its
// officers, with the keys that the texts list, and that statement, release and
// document are of each other. Whether the node key is the originator's is for
// the caller, who may have its card. Errors match ErrMalformed or
// seal.ErrSignature.
func (f Forwarded) Open() (Origin, error) {
	s, err := ParseStatement(f.Statement)
	if err != nil {
		return Origin{}, err
	}
	document := slices.IndexFunc(s.Contents, isDocument)
	if !s.Kind.Released() || document < 0 {
		return Origin{}, malformed("statement %s is a %s, and holds no warning document", s.ID.Short(), s.Kind)
	}
	rel, err := ParseRelease(f.Release)
	if err != nil {
		return Origin{}, err
	}
	if err := CheckReleased(s, rel); err != nil {
		return Origin{}, err
	}
	w, err := ParseWarning(f.Document)
	if err != nil {
		return Origin{}, err
	}
	digest, err := ContentDigest(heed.MediaWarning, f.Salt, f.Document)
	if err != nil {
		return Origin{}, err
	}
	if ref := s.Contents[document]; digest != ref.Digest || int64(len(f.Document)) != ref.Size {
		return Origin{}, malformed("the document is not the one that statement %s names", s.ID.Short())
	}
	return Origin{Statement: s, Release: rel, Warning: w}, nil
}

// Altered lists by their paths the fields in which a warning that is passed on
// says something else than its originator did, marks of handling that were made
// looser among them, and the attachments of the originator that are not among
// the contents that came with it. That it names its originator in its source, a
// handling made stricter, and further attachments are no alterations.
func (o Origin) Altered(passedOn heed.Warning, came []heed.ContentRef) []string {
	said := map[string]string{}
	for _, f := range flatten(o.Warning.PassedOn(o.Statement.Author)) {
		said[f.Path] = f.Value
	}
	var paths []string
	for _, f := range flatten(passedOn) {
		if said[f.Path] != f.Value && compared(f.Path) {
			paths = append(paths, f.Path)
		}
		delete(said, f.Path)
	}
	for path := range said {
		if compared(path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	paths = append(paths, passedOn.Handling.LooserThan(o.Warning.Handling)...)
	for i, ref := range o.Attached() {
		if !slices.ContainsFunc(came, func(c heed.ContentRef) bool { return c.Digest == ref.Digest }) {
			paths = append(paths, fmt.Sprintf("attachments/%d", i))
		}
	}
	return paths
}

// Attached lists what the originator sent beside its document.
func (o Origin) Attached() []heed.ContentRef {
	return slices.DeleteFunc(slices.Clone(o.Statement.Contents), isDocument)
}

func isDocument(c heed.ContentRef) bool { return c.MediaType == heed.MediaWarning }

// compared reports whether a field of a warning that is passed on is to be as
// its originator wrote it. Handling and attachments have rules of their own.
func compared(path string) bool {
	return !strings.HasPrefix(path, "handling/") && !strings.HasPrefix(path, "attachments/")
}

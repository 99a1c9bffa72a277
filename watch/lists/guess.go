package lists

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"heed/watch/sheet"
)

// headBytes is how much of a file is looked at for its layout.
const headBytes = 4096

// begins is how a file begins, as text, and the whole of it.
func begins(in io.Reader) (head string, whole io.Reader, err error) {
	raw := make([]byte, headBytes)
	n, err := io.ReadFull(in, raw)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", nil, err
	}
	raw = raw[:n]
	if seeker, ok := in.(io.Seeker); ok {
		if _, err := seeker.Seek(int64(-n), io.SeekCurrent); err == nil {
			whole = in // a table that can seek is surveyed first
		}
	}
	if whole == nil {
		whole = io.MultiReader(bytes.NewReader(raw), in)
	}
	text, _, err := sheet.Text("", bytes.NewReader(raw))
	if err != nil {
		return "", whole, nil // whoever reads it says what is wrong
	}
	decoded, err := io.ReadAll(text)
	if err != nil {
		return "", whole, nil // the same
	}
	return strings.TrimSpace(string(decoded)), whole, nil
}

// guess is the layout that a file looks like by how it begins; empty: it has nothing.
func guess(head string) Format {
	first, _, _ := strings.Cut(head, "\n")
	number, _, _ := strings.Cut(first, ",")
	switch {
	case head == "":
		return ""
	case strings.HasPrefix(head, "<"):
		return UN
	case number != "" && strings.Trim(number, "0123456789") == "" && strings.Count(first, ",") >= sdnColumns-1:
		return SDN
	}
	return CSV
}

// layoutNames are the layouts in words.
var layoutNames = map[Format]string{SDN: "OFAC's SDN list", UN: "XML, as the Security Council's list is", CSV: "a table with headings"}

// textNames are the files of the layouts.
var textNames = map[Format]string{SDN: "sdn.csv", UN: "consolidated.xml", CSV: "a table (.csv)"}

// binary reports a control character that no text has: of those below a blank the
// ends of lines and pages, the tab and the end mark of old systems are of texts.
func binary(r rune) bool {
	return r < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1a", r)
}

// mismatch is the error of a file that is said to be of one layout and begins like
// another; nil: it may be what it is said to be.
func mismatch(head string, o Options) error {
	if i := strings.IndexFunc(head, binary); i >= 0 {
		return &sheet.Error{File: o.File, What: fmt.Sprintf("is not text: it has the byte 0x%02X, as archives and pictures have", head[i]), Hint: "unpack it, or give the file that its publisher calls " + textNames[o.Format]}
	}
	looks := guess(head)
	if looks == "" || looks == o.Format || looks == CSV && o.Format == SDN {
		return nil // a table is told from an SDN list row by row
	}
	return &sheet.Error{
		File: o.File, Line: 1, What: fmt.Sprintf("begins like %s, and --format %s is %s", layoutNames[looks], o.Format, layoutNames[o.Format]),
		Hint: fmt.Sprintf("say --format %s, or give the other file", looks),
	}
}

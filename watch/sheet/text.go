// Package sheet reads tables that other programs wrote: rows under headings, in
// whatever encoding, order of columns and style of dates. It knows what headings
// mean, and turns a row into the particulars of a person, a vehicle or an
// organisation. What it cannot read for certain it refuses, with the place and
// how to mend it; it never guesses between two readings.
package sheet

import (
	"bufio"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// Text gives the UTF-8 text of a file: UTF-8 with or without a byte order mark,
// or UTF-16 with one. The mark is taken off; skipped is how many bytes of the
// result's file it took (3 for UTF-8, 0 else). Text that is not valid UTF-8 is
// left to whoever reads it line by line.
//
// No more is read than the mark takes, so that a stream is answered line by line.
func Text(file string, r io.Reader) (text *bufio.Reader, skipped int64, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if len(head) < 2 {
		return in, 0, nil
	}
	wide := func(order unicode.Endianness) (*bufio.Reader, int64, error) {
		decoded := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(in)
		return bufio.NewReaderSize(decoded, 64<<10), 0, nil
	}
	switch {
	case head[0] == 0xff && head[1] == 0xfe:
		return wide(unicode.LittleEndian)
	case head[0] == 0xfe && head[1] == 0xff:
		return wide(unicode.BigEndian)
	case head[0] == 0 || head[1] == 0:
		return nil, 0, &Error{File: file, Line: 1, What: "is not UTF-8: it has zero bytes, as UTF-16 and binary files have", Hint: encodingHint, Sent: encodingSent}
	case head[0] == 0xef && head[1] == 0xbb:
		if head, err = in.Peek(3); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		if len(head) == 3 && head[2] == 0xbf {
			if _, err := in.Discard(3); err != nil {
				return nil, 0, err
			}
			return in, 3, nil
		}
	}
	return in, 0, nil
}

const encodingSent = "send it as UTF-8"

const encodingHint = "save it as UTF-8, or as UTF-16 with a byte order mark; for Windows-1251: iconv -f CP1251 -t UTF-8 FILE"

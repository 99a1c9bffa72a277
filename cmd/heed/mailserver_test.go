package main

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"strings"
	"sync"
)

// mailServer is `mailserver FILE`: a mail server runs until the script ends. Its
// port is $mailport; the subject and the plain text of what it has accepted are in FILE.
func mailServer(ts *script, neg bool, args []string) {
	want(ts, !neg && len(args) == 1, "mailserver FILE")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("mailport", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, nil, 0o600))
	var wait sync.WaitGroup
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("mail server: %v", err)
		}
		wait.Wait()
	})
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed at the end
			}
			if err := takeMail(c, path); err != nil {
				ts.Logf("mail server: %v", err)
			}
		}
	})
}

// takeMail is one conversation (RFC 5321), as far as this script needs it.
func takeMail(c net.Conn, path string) error {
	defer c.Close()
	in := bufio.NewReader(c)
	say := func(s string) error { _, err := io.WriteString(c, s+"\r\n"); return err }
	if err := say("220 mail.north.example"); err != nil {
		return err
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil // it has gone
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "DATA":
			if err := say("354 go on"); err != nil {
				return err
			}
			var message strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return err
				}
				if line == ".\r\n" {
					break
				}
				message.WriteString(strings.TrimPrefix(line, "."))
			}
			if err := keepMail(path, message.String()); err != nil {
				return err
			}
			err = say("250 accepted")
		case "QUIT":
			return say("221 goodbye")
		default:
			err = say("250 ok")
		}
		if err != nil {
			return err
		}
	}
}

// keepMail appends a mail's subject and plain text to a file.
func keepMail(path, message string) error {
	m, err := mail.ReadMessage(strings.NewReader(message))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	body, encoding := io.Reader(m.Body), m.Header.Get("Content-Transfer-Encoding")
	if boundary := params["boundary"]; boundary != "" {
		part, err := multipart.NewReader(m.Body, boundary).NextRawPart()
		if err != nil {
			return err
		}
		body, encoding = part, part.Header.Get("Content-Transfer-Encoding")
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "To: %s\nSubject: %s\n\n%s\n", m.Header.Get("To"), subject, text)
	return err
}

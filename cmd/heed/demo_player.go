package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"heed"
	"heed/control"
	"heed/testdata"
)

// player is one party of the demonstration: a home and the process that serves it.
type player struct {
	party       heed.PartyID
	home        string
	program     string
	desk        string
	fingerprint string
	card        string // file
	process     *process
	client      *control.Client
}

// newPlayer makes a home whose card names a relay, so that the story can cut
// the network between the parties.
func (s *stage) newPlayer(name string) (*player, *relay, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	p := &player{party: heed.PartyID(name + ".example"), home: filepath.Join(s.dir, name), card: filepath.Join(s.dir, name+".card"), program: program}
	p.client = control.Dial(p.home)
	clocks := filepath.Join(s.dir, "clocks.yaml")
	data, err := testdata.Files.ReadFile("demo-clocks.yaml")
	if err != nil {
		return nil, nil, err
	}
	if err := os.WriteFile(clocks, data, 0o600); err != nil {
		return nil, nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	tiles, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	link, err := newRelay(address)
	if err != nil {
		return nil, nil, err
	}
	var made struct {
		Fingerprint string `json:"fingerprint"`
	}
	out, err := p.run(s.ctx, "init", "--name", string(p.party), "--listen", address, "--tiles", tiles, "--endpoint", "https://"+link.address(), "--clocks", clocks,
		"--depositary", s.keeper.card, "--collect-every", "2s", "--json")
	if err == nil {
		err = json.Unmarshal(out, &made)
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("home of %s: %w", p.party, err), link.close())
	}
	p.fingerprint = made.Fingerprint
	return p, link, nil
}

// freeAddress is a port of this machine that nobody had a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// run is one call of the command line, as a person or a script would make it.
func (p *player) run(ctx context.Context, args ...string) ([]byte, error) {
	var out, complaint bytes.Buffer
	c := exec.CommandContext(ctx, p.program, append([]string{"--home", p.home}, args...)...)
	c.Env = append(os.Environ(), "HEED_OFFICER=", "HEED_HOME=")
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return nil, fmt.Errorf("heed %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out.Bytes(), nil
}

// start serves the home and reads where its desk is.
func (p *player) start(ctx context.Context) (err error) {
	p.process, err = launch(ctx, p.program, "the node of "+string(p.party), filepath.Join(p.home, "serve.log"), func(line string) bool {
		if _, url, ok := strings.Cut(line, "desk, from this machine only: "); ok {
			p.desk = url
		}
		return strings.HasPrefix(line, "card fingerprint: ")
	}, "--home", p.home, "serve")
	return err
}

func (p *player) stop() error {
	if p.process == nil {
		return nil
	}
	return p.process.stop()
}

// call asks the node as the command line does.
func (p *player) call(ctx context.Context, verb string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	return p.client.Call(ctx, verb, in, out)
}

// introduce gives both parties their officers and each other's cards.
func (s *stage) introduce() error {
	roster := map[*player]map[string][]string{
		s.north: {"jens": {"drafter", "releaser"}, "astrid": {"duty-officer"}},
		s.south: {"irma": {"duty-officer"}, "tomas": {"assessor"}},
	}
	for p, officers := range roster {
		for name, roles := range officers {
			if err := p.call(s.ctx, "officer-add", control.OfficerRequest{Name: name, Roles: roles}, &control.RosterLine{}); err != nil {
				return err
			}
		}
	}
	for _, pair := range [][2]*player{{s.north, s.south}, {s.south, s.north}} {
		var card control.CardAnswer
		if err := pair[0].call(s.ctx, "card", struct{}{}, &card); err != nil {
			return err
		}
		if err := pair[1].call(s.ctx, "peer-add", control.PeerRequest{Note: card.Note}, &control.Peer{}); err != nil {
			return err
		}
		if err := os.WriteFile(pair[0].card, card.Note, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// relay is the network between two parties, with a switch.
type relay struct {
	to       string
	listener net.Listener
	wait     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	conns map[net.Conn]bool
}

func newRelay(to string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{to: to, listener: l, conns: map[net.Conn]bool{}}
	r.wait.Go(r.accept)
	return r, nil
}

func (r *relay) address() string { return r.listener.Addr().String() }

func (r *relay) accept() {
	for {
		c, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		r.wait.Go(func() { r.carry(c) })
	}
}

// carry copies both directions until either ends or the network is cut.
func (r *relay) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	defer to.Close()
	if !r.keep(from, to) {
		return
	}
	defer r.forget(from, to)
	var wait sync.WaitGroup
	for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		wait.Go(func() {
			// The end of a copy, however it comes, ends the connection.
			_, err := io.Copy(pair[0], pair[1])
			if err := errors.Join(err, pair[0].Close(), pair[1].Close()); err != nil {
				return
			}
		})
	}
	wait.Wait()
}

func (r *relay) keep(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.conns[c] = true
	}
	return !r.cut
}

func (r *relay) forget(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		delete(r.conns, c)
	}
}

// set cuts or mends the network.
func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
	if !cut {
		return
	}
	for c := range r.conns {
		c.Close() // whoever was copying notices
	}
}

func (r *relay) close() error {
	err := r.listener.Close()
	r.set(true)
	r.wait.Wait()
	return err
}

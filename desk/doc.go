// Package desk is the duty officer's web page: the board of owed replies by
// time left, live; a case with its timeline and contents; and the acts of a
// person, each made through the exchange as the officer who was chosen, so that
// roles and rules hold here as on the command line.
//
// It is for people at the machine that the node runs on. docs/desk.md says what
// it relies on and what it does not protect against.
package desk

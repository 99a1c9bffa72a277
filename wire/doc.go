// Package wire gives every signed thing its one byte form: statements,
// releases, cards, rosters, refusals and envelopes. docs/formats.md has the
// forms; where the two differ, that page is right.
//
// Parsing is strict. What is parsed is encoded again and compared, so there is
// no second spelling of anything that was signed.
package wire

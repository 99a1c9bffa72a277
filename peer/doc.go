// Package peer carries envelopes, cards and ledgers between nodes: the HTTPS
// handler that a node serves, the client that calls it, and the file that goes
// where no network does. docs/protocol.md is the protocol; where the two
// differ, that page is right.
//
// Nothing here decides anything about a case. What an envelope is worth, the
// Node says; whom an answer is from, the signatures in it say. This package
// keeps strangers, floods and stalled connections from costing a node more
// than a bounded amount of memory and time.
package peer

// Package foreign holds our ledgers against programs that others wrote to the
// same specifications (C2SP tlog-tiles, tlog-checkpoint, tlog-cosignature,
// tlog-witness, tlog-proof). It is tests alone, in a module of its own, so that
// what they need stays out of the product. README.md says how to run them.
package foreign

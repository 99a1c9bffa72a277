// Package stats counts what two parties have warned, asked and answered each
// other. It is a fold over cases that reads signed times only and claims no
// causation; docs/statistics.md defines every figure. Both parties of a
// relation compute the same figures for it once nothing is in flight.
package stats

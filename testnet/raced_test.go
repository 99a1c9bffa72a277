//go:build race

package testnet

// raced: the race detector makes everything ten times as slow.
const raced = true

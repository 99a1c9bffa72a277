//go:build !race

package testnet

const raced = false

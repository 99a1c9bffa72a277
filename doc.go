// Package heed holds the vocabulary and the rules of a warning exchange
// between organisations that do not trust each other: parties and their cards,
// statements, cases, duties, ladders and roles.
//
// Everything here is a value or a pure function of values and a time that is
// passed in. Nothing reads the clock, the environment, a file or a network, so
// two honest parties that hold the same statements compute the same case.
package heed

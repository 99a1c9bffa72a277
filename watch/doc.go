// Package watch screens records against the subjects of warnings: persons,
// vehicles, documents and organisations, across scripts and spellings, and
// explains each hit so that a person can check it with pencil and paper.
//
// An [Index] holds the subjects in memory. [Index.Put] and [Index.Remove]
// change one of them; any number of [Screener]s read at the same time. What
// Screen returns depends on the subjects alone: never on the order in which
// they were put, nor on what was screened before.
//
// # How a person is found
//
// Scoring is additive (Fellegi and Sunter, "A Theory for Record Linkage",
// 1969): the log-likelihood ratio of the two names, which package names
// gives, and those of dates of birth, sex, nationality and documents, which
// weights.json holds. [Index.Scan] scores every subject so, and is right by
// definition. [Screener.Screen] reaches the same hits by blocking: a name's
// words lead over their consonant skeletons to the distinct words of the
// list, those to the names that hold them, and only names that could still
// reach the threshold are compared in full. A date of birth opens a second
// way in, for names that share a word.
//
// Nothing here reads a clock, and nothing is kept of a record that is screened.
package watch

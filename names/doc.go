// Package names compares personal names in any scripts and explains the result.
//
// Parse reads a name: it cuts it into tokens, gives each token its likeliest
// readings in Latin letters by the rules of the script and language it is
// written in, and blocking keys under which an index finds it. A Model compares
// two parsed names and answers with a calibrated score and the reasons for it.
// docs/names.md describes both, with the sources of the tables.
//
// What is read: Latin in some fifteen groups of orthographies, Cyrillic of eleven
// languages, Arabic with its Persian, Urdu, Pashto, Kurdish and Uyghur letters,
// Hebrew, Greek, Georgian, Armenian, Hangul, kana, Han (Mandarin, Cantonese and
// southern surnames, Japanese names, transcriptions of foreign names), ten Indian
// scripts, Thai and Burmese. Every other script goes letter by letter through a
// general table. What is not done: surnames are not translated (Schmidt is not
// Smith), the sex and nationality of a name are not guessed, and a Korean or
// Vietnamese name in Han characters is read as Chinese but for its surname.
//
// All is pure: nothing here keeps state, reads the clock or the network, or
// differs from run to run. Values may be shared between goroutines.
package names

// Package wording is about texts that a person reads: a text from outside on one line, the word that was probably meant, and,
// for tests, whether an error says something twice.
package wording

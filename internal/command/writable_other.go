//go:build !unix

package command

// writable has nobody to ask here: who may write is not in the mode of a file.
func writable(string) error { return nil }

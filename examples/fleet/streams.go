package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// streams are the standard streams, and which of them are terminals.
type streams struct {
	in                                   io.Reader
	out, err                             io.Writer
	inTerminal, outTerminal, errTerminal bool
}

func standardStreams() streams {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return streams{os.Stdin, os.Stdout, os.Stderr, isTerminal(os.Stdin), isTerminal(os.Stdout), isTerminal(os.Stderr)}
}

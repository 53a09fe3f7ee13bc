package main

import (
	"errors"
	"time"
)

// errSilent is the error of a socket's Read when nothing has come for the time of silence.
var errSilent = errors.New("nothing has come for a while")

// silence is how long a socket's Read waits.
const silence = 3 * time.Second

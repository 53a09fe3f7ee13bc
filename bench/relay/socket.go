package main

import (
	"errors"
	"time"
)

// errSilent is what a socket's Read returns when nothing has come for as long as silence.
var errSilent = errors.New("nothing has come for a while")

// silence is how long a socket's Read waits.
const silence = 3 * time.Second

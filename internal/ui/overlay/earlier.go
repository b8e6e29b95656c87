package overlay

// earlier goes through what was typed before, as a shell does.
type earlier struct {
	// all is the newest first.
	all []string
	// at is the one that is shown plus one, 0 for what is being typed; draft is
	// that, and comes back after the newest.
	at    int
	draft string
}

// key answers up and down with the text to show instead of the one that is typed.
func (e *earlier) key(k, typed string) (string, bool) {
	switch {
	case k == "up" && e.at < len(e.all):
		if e.at == 0 {
			e.draft = typed
		}
		e.at++
		if e.all[e.at-1] == typed && e.at < len(e.all) {
			e.at++ // it stands there already
		}
		return e.all[e.at-1], true
	case k == "down" && e.at > 1:
		e.at--
		return e.all[e.at-1], true
	case k == "down" && e.at == 1:
		e.at = 0
		return e.draft, true
	case k == "up", k == "down":
		return typed, true
	}
	e.at = 0
	return "", false
}

package envelope

// Harden keeps this process's memory, which holds tokens, off the disk: it
// leaves no core.
func Harden() error { return noCore() }

// adopt does nothing: orphans are launchd's here.
func adopt() error { return nil }

// orphans finds none: they are launchd's here.
func orphans(int) []int { return nil }

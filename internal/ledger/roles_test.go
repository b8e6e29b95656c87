package ledger

import "fmt"

// play does what a role does.
func play(role string) error { return fmt.Errorf("there is no role %q", role) }

package runner

import "os"

// scriptFile returns the script as an open file without a name.
func scriptFile(script []byte, _ string) (*os.File, error) { return tempScript(script) }

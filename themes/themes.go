// Package themes carries the colour themes that ship with the program, one YAML
// file each: a palette, and semantic roles drawn from it.
package themes

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names returns the names of the themes, sorted.
func Names() []string {
	// Reading an embedded folder cannot fail.
	entries, _ := fs.ReadDir(files, ".")
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
	}
	return names
}

// Read returns the theme file of that name. The error is fs.ErrNotExist for a
// name that is not among Names.
func Read(name string) ([]byte, error) { return files.ReadFile(name + ".yaml") }

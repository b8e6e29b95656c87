package documents

import (
	"fmt"
	"strconv"
)

// File is what was read of one file. Its name tells some formats.
type File struct {
	Name string
	Data []byte
}

// Fault says what of a file cannot be used, and what to do about it.
type Fault struct { //nolint:errname // the design's own word, and what a person reads
	File string
	// Line counts from 1; 0 is the whole file.
	Line int
	// Field is the path of the key, such as slos[0].sli.plugin, empty for none.
	Field        string
	Message, Fix string
}

// Error returns one sentence for a person.
func (f Fault) Error() string {
	place := f.File
	if f.Line > 0 {
		place += ":" + strconv.Itoa(f.Line)
	}
	if f.Field != "" {
		place += ": " + f.Field
	}
	return fmt.Sprintf("%s: %s; %s", place, f.Message, f.Fix)
}

package canvas

import "os"

// Quiet is the terminal as Bubble Tea sees it: the file whose size and settings
// it asks for, and to which nothing that it writes is sent.
type Quiet struct {
	// File is the terminal. It is never written to, and stays open.
	File *os.File
}

// Read reads from the terminal.
func (q Quiet) Read(p []byte) (int, error) { return q.File.Read(p) }

// Write takes p and sends nothing.
func (q Quiet) Write(p []byte) (int, error) { return len(p), nil }

// Close does nothing: the file belongs to whoever opened it.
func (q Quiet) Close() error { return nil }

// Fd returns the terminal's number.
func (q Quiet) Fd() uintptr { return q.File.Fd() }

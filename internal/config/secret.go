package config

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
)

// Secret says where a credential is kept. It never holds the credential, and
// everything that prints one prints at most that reference. The zero value
// refers to nothing.
type Secret struct {
	env  string
	file string
	argv []string
}

// SecretEnv refers to an environment variable.
func SecretEnv(name string) Secret { return Secret{env: name} }

// SecretFile refers to the contents of a file.
func SecretFile(path string) Secret { return Secret{file: path} }

// SecretCommand refers to what a program prints.
func SecretCommand(argv ...string) Secret { return Secret{argv: argv} }

// IsZero reports whether s refers to nothing.
func (s Secret) IsZero() bool { return s.env == "" && s.file == "" && len(s.argv) == 0 }

// String returns the reference: env:NAME, file:PATH or command:PROGRAM. The
// arguments of a command are left out, because they may hold another secret.
func (s Secret) String() string {
	switch {
	case s.env != "":
		return "env:" + s.env
	case s.file != "":
		return "file:" + s.file
	case len(s.argv) > 0:
		return "command:" + s.argv[0]
	}
	return "none"
}

// GoString returns the reference.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// Format writes the reference for every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text) // fmt.State has nowhere to report an error to
}

// MarshalText returns the reference, for JSON and every other encoding of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the reference as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", s.String()), nil }

// MarshalYAML returns the reference.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue returns the reference.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// envName reports whether s can be the name of an environment variable, and is
// not more likely a token that was pasted in its place.
func envName(s string) bool {
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(s) {
		return false
	}
	// Names are words; tokens are long, and mix small letters with digits.
	pasted := len(s) >= 20 && regexp.MustCompile(`[a-z]`).MatchString(s) && regexp.MustCompile(`[0-9]`).MatchString(s)
	return !pasted
}

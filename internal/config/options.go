package config

import (
	"net/http"
	"os"
	"path/filepath"
)

// Options is what only the caller knows. The zero value checks no names and
// looks at the real machine.
type Options struct {
	// Actions, Themes, Layouts and Panes are the names that exist; nil means
	// that they are not checked.
	Actions, Themes, Layouts, Panes []string
	// CheckKey says why a text is no key, or nil; a nil func accepts all.
	CheckKey func(key string) error

	// Home is what ~ stands for; empty means the user's own home directory.
	Home string
	// Dir is what relative paths are relative to; empty means the directory of
	// the config file.
	Dir string

	// Getenv, Cwd and Client are what Discover looks with. Nil and empty mean
	// the process's own environment and directory, and a plain HTTP client that
	// uses no proxy.
	Getenv func(string) string
	Cwd    string
	Client *http.Client
}

func (o Options) home() string {
	if o.Home != "" {
		return o.Home
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return home
}

func (o Options) getenv(name string) string {
	if o.Getenv != nil {
		return o.Getenv(name)
	}
	return os.Getenv(name)
}

// Path returns where the config file is: the flag's value, $CONWAY_CONFIG,
// $XDG_CONFIG_HOME/conway/config.yaml or ~/.config/conway/config.yaml, the first
// that is set. It is explicit when a person named the file, so that its absence
// is an error. The path is empty when not even a home directory is known.
func Path(flag string, getenv func(string) string) (path string, explicit bool) {
	if flag != "" {
		return flag, true
	}
	if p := getenv("CONWAY_CONFIG"); p != "" {
		return p, true
	}
	// The XDG Base Directory Specification has relative paths ignored.
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "conway", "config.yaml"), false
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "conway", "config.yaml"), false
	}
	return "", false
}

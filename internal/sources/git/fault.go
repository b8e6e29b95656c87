package git

import (
	"errors"
	"os"
	"os/exec"
	"strings"

	"conway/internal/oncall"
	"conway/internal/sources"
)

// fault says why the tags could not be read. words are what git wrote to
// standard error.
func (g *Git) fault(err error, late bool, words string) error {
	path := sources.Printable(g.o.Path, maxWords)
	f := &oncall.Fault{Kind: oncall.Rejected, Source: g.o.Name, Op: "list tags", Cause: err}
	switch {
	case late:
		f.Kind, f.Detail = oncall.Unavailable, "git gave no answer in time for "+path
	case errors.Is(err, exec.ErrNotFound):
		f.Detail, f.Fix = "the program git was not found", "install git, or remove this source"
	case noDirectory(g.o.Path):
		f.Detail, f.Fix = "the directory "+path+" was not found", "set path to a local git repository"
	case errors.Is(err, os.ErrPermission), strings.Contains(words, "Permission denied"):
		f.Kind, f.Detail = oncall.Auth, path+" may not be read"
		f.Fix = "give this user read permission on the repository"
	case strings.Contains(words, "not a git repository"):
		f.Detail, f.Fix = path+" is not a git repository", "set path to one, or run git init there"
	case strings.Contains(words, "dubious ownership"):
		f.Kind, f.Detail = oncall.Auth, path+" belongs to another user"
		f.Fix = "if you trust it, run: git config --global --add safe.directory " + path
	default:
		f.Kind, f.Detail = oncall.Unavailable, sources.Printable(err.Error()+": "+words, maxWords)
	}
	return f
}

func noDirectory(path string) bool {
	info, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist) || (err == nil && !info.IsDir())
}

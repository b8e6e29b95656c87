package drill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// paths is where things are in the drill's directory.
type paths struct{ dir string }

func (p paths) config() string              { return filepath.Join(p.dir, "config.yaml") }
func (p paths) pagerToken() string          { return filepath.Join(p.dir, "pagerduty.token") }
func (p paths) githubToken() string         { return filepath.Join(p.dir, "github.token") }
func (p paths) ledger() string              { return filepath.Join(p.dir, "state", "ledger.db") }
func (p paths) deploys() string             { return filepath.Join(p.dir, "deploys.jsonl") }
func (p paths) logs() string                { return filepath.Join(p.dir, "log") }
func (p paths) log(service string) string   { return filepath.Join(p.logs(), service+".log") }
func (p paths) runbooks() string            { return filepath.Join(p.dir, "runbooks") }
func (p paths) runbook(name string) string  { return filepath.Join(p.runbooks(), name) }
func (p paths) service(name string) string  { return filepath.Join(p.dir, "services", name) }
func (p paths) release(s, v string) string  { return filepath.Join(p.service(s), "releases", v) }
func (p paths) spool(service string) string { return filepath.Join(p.service(service), spoolDir) }

// claim makes the drill's directory: the given one, which must be new or empty,
// or a new one in the system's place for temporary files, which is then ours to
// take away.
func claim(dir string) (p paths, ours bool, err error) {
	if dir == "" {
		dir, err = os.MkdirTemp("", "conway-drill-")
		if err != nil {
			return paths{}, false, fmt.Errorf("make drill directory: %w", err)
		}
		ours = true
	} else if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return paths{}, false, fmt.Errorf("make drill directory: %w", err)
		}
		ours = true
	}
	// Commands that a person will read and run hold this path: it is absolute and
	// has no link in it.
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return paths{}, false, fmt.Errorf("find drill directory: %w", err)
	}
	entries, err := os.ReadDir(abs)
	switch {
	case err != nil:
		return paths{}, false, fmt.Errorf("read drill directory: %w", err)
	case len(entries) > 0:
		return paths{}, false, fmt.Errorf("use drill directory: %s is not empty; name a new one, or leave it out", abs)
	case strings.ContainsAny(abs, "\n\r"):
		return paths{}, false, errors.New("use drill directory: its name has a line break; name another one")
	}
	return paths{abs}, ours, nil
}

// layOut makes the directories, releases, tokens and runbooks.
func (p paths) layOut(s *Scenario, pagerToken, githubToken string) error {
	dirs := []string{p.logs(), p.runbooks()}
	for _, v := range s.Services {
		dirs = append(dirs, p.service(v.Name))
		for _, r := range v.Releases {
			dirs = append(dirs, p.release(v.Name, r.Version))
		}
	}
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("lay out drill: %w", err)
		}
	}
	files := map[string]string{p.pagerToken(): pagerToken + "\n", p.githubToken(): githubToken + "\n", p.deploys(): ""}
	for _, v := range s.Services {
		for _, r := range v.Releases {
			files[filepath.Join(p.release(v.Name, r.Version), confFile)] = confText(v.Name, r)
		}
	}
	for _, r := range s.Runbooks {
		files[p.runbook(r.Name)] = strings.ReplaceAll(r.Text, "{{dir}}", shellQuote(p.dir))
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("lay out drill: %w", err)
		}
	}
	for _, v := range s.Services {
		if v.Current == "" {
			continue
		}
		if err := setCurrent(p.service(v.Name), v.Current); err != nil {
			return err
		}
	}
	return nil
}

// shellQuote returns s as one word for a POSIX shell, unquoted when every byte
// of it is plain.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._+-,:@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

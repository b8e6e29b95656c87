package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// commandDeadline bounds a program that prints a secret. It may ask a
	// keyring or a server, but nobody is there to type a passphrase into it.
	commandDeadline = 10 * time.Second
	// commandGrace is how long a killed program's pipes may stay open.
	commandGrace = time.Second
	// maxSecret bounds a secret; a key pair in PEM is a few KiB.
	maxSecret = 64 << 10
	// maxComplaint bounds a program's own words in an error.
	maxComplaint = 200
)

// Read returns the credential, read anew each time so that a renewed one is
// used at once. The error says how to mend it and holds no part of the
// credential.
func (s Secret) Read(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	var value, fix string
	var err error
	switch {
	case s.env != "":
		value = os.Getenv(s.env)
		fix = "set " + s.env + " before starting"
	case s.file != "":
		value, err = readSecretFile(s.file)
		fix = "write the secret, and nothing else, to the file"
	case len(s.argv) > 0:
		value, err = runSecretCommand(ctx, s.argv)
		fix = "make the program print the secret, and nothing else"
	default:
		return "", errors.New("read secret: none is configured")
	}
	if err != nil {
		return "", fmt.Errorf("read secret %s: %w", s, err)
	}
	if why := unusable(value); why != "" {
		return "", fmt.Errorf("read secret %s: %s; %s", s, why, fix)
	}
	return value, nil
}

// unusable says why a value cannot be a credential, without repeating it: it
// has to fit into an HTTP header.
func unusable(value string) string {
	switch {
	case value == "":
		return "it is empty"
	case len(value) > maxSecret:
		return "it is longer than 64 KiB"
	case !utf8.ValidString(value):
		return "it is not text"
	case strings.ContainsAny(value, "\r\n"):
		return "it has more than one line"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "it has a control character in it"
	case strings.TrimSpace(value) != value:
		return "it begins or ends with a space"
	}
	return ""
}

// readSecretFile reads a file that only this user can read. It looks at the
// open file, so that nothing can be swapped between the look and the read.
func readSecretFile(path string) (string, error) {
	// O_NONBLOCK keeps a named pipe from waiting for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", openFault(path, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("look at it: %w", err)
	}
	if err := fileFault(path, info.Mode(), owner(info), os.Geteuid()); err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+2))
	if err != nil {
		return "", openFault(path, err)
	}
	return strings.TrimSpace(string(b)), nil
}

func openFault(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ELOOP):
		return errors.New("it is a symbolic link; name the file it leads to, so that nobody can lead it elsewhere")
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file; create it and run: chmod 600 " + shellQuote(path))
	case errors.Is(err, fs.ErrPermission):
		return errors.New("it may not be read; make it yours and run: chmod 600 " + shellQuote(path))
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// fileFault says why a file is no safe place for a secret, or nil.
func fileFault(path string, mode fs.FileMode, owner, me int) error {
	switch {
	case mode.IsDir():
		return errors.New("it is a directory; name the file")
	case !mode.IsRegular():
		return errors.New("it is not a regular file; put the secret into one, or use {command: [...]}")
	case owner != me:
		return fmt.Errorf("it belongs to another user, who can read and change it; run: sudo chown %d %s", me, shellQuote(path))
	case mode.Perm()&0o077 != 0:
		return fmt.Errorf("others on this machine can reach it (mode %04o); run: chmod 600 %s", mode.Perm(), shellQuote(path))
	}
	return nil
}

// owner returns the user id of a file, or -1 where files have none.
func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}

// shellQuote returns a path as it has to be typed.
func shellQuote(path string) string {
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+@,", r))
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// runSecretCommand returns what a program prints. The program keeps the whole
// environment, because it is somebody's keyring and needs its own settings; it
// gets no input, and is killed with its whole process group when it takes too
// long.
func runSecretCommand(parent context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeout(parent, commandDeadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out, complaint bounded
	cmd.Stdout, cmd.Stderr = &out, &complaint
	// Without the terminal: nothing may ask there for a password, over the screen.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	value := strings.TrimSpace(out.kept.String())
	switch {
	case parent.Err() != nil:
		return "", parent.Err()
	case ctx.Err() != nil:
		return "", fmt.Errorf("the program took longer than %s; run it once by hand to see what it waits for", commandDeadline)
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it ended well, but left a child behind
		return value, nil
	}
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		if e, ok := errors.AsType[*exec.Error](err); ok {
			err = e.Err
		} else if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return "", fmt.Errorf("start the program: %w; check that it is installed and in PATH", err)
	}
	said := firstLine(complaint.kept.String(), value)
	if said == "" {
		said = "it said nothing on stderr"
	}
	return "", fmt.Errorf("the program failed with %w: %s", err, said)
}

// firstLine returns the first line of a complaint, printable and bounded. A
// program that repeats the secret in its complaint does not get it out.
func firstLine(s, secret string) string {
	for part := range strings.Lines(secret) {
		if part = strings.TrimSpace(part); part != "" {
			s = strings.ReplaceAll(s, part, mask)
		}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	runes := []rune(printable(strings.TrimSpace(line)))
	if len(runes) > maxComplaint {
		runes = append(runes[:maxComplaint], '…')
	}
	return string(runes)
}

// bounded keeps the first maxSecret bytes, and one more to tell that there were
// more.
type bounded struct{ kept bytes.Buffer }

// Write keeps what fits and claims it all, so that the writer is not stopped.
func (b *bounded) Write(p []byte) (int, error) {
	if room := maxSecret + 1 - b.kept.Len(); room > 0 {
		b.kept.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// multiplexed is a program of the system that a terminal is reached through; the
// test is skipped where it is not installed.
func multiplexed(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path = "/usr/sbin/" + program
		if _, err := os.Stat(path); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	return path
}

// short returns a directory whose path leaves room for a socket's name.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cw") //nolint:usetesting // its path would be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// works sees the page through whatever is between, copies its address and acks it.
func works(t *testing.T, p *tape, pd *pager, id string) {
	t.Helper()
	p.sees(title, "PAGES 1 open", "a ack")
	p.typed("y")
	p.sees("copied the page's address")
	p.typed("a")
	eventually(t, "the pager has the ack", func() bool { return pd.acked(id) == 1 })
	p.shows("◐ high")
}

// osc52 returns the texts that were put on the clipboard of a terminal.
func osc52(t *testing.T, raw []byte) (out []string) {
	t.Helper()
	for _, part := range strings.Split(string(raw), "\x1b]52;")[1:] {
		_, data, _ := strings.Cut(part, ";")
		data = data[:strings.IndexAny(data+"\x07", "\x07\x1b")]
		text, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Errorf("OSC 52 with %q: %v", data, err)
		}
		out = append(out, string(text))
	}
	return out
}

// copies checks that exactly one text was copied, the page's address.
func copies(t *testing.T, raw []byte, id string) {
	t.Helper()
	got := osc52(t, raw)
	if len(got) == 0 || !strings.Contains(got[len(got)-1], id) {
		t.Errorf("the clipboard of the terminal got %q, want the address of %s", got, id)
	}
	for _, g := range got {
		if g != got[0] || strings.HasSuffix(g, "\n") {
			t.Errorf("copied %q", got)
		}
	}
}

func TestInTmux(t *testing.T) {
	t.Parallel()
	tmux := need(t, "tmux", "tmux")
	pd, id, env := page(t)
	dir := short(t)
	p := record(t, append(env, "TMUX_TMPDIR="+dir), tmux, "-L", "one", "-f", "/dev/null", "new-session", binary)
	t.Cleanup(func() { _ = tmuxCommand(tmux, dir, "one", "kill-server").Run() })
	works(t, p, pd, id)
	out, err := tmuxCommand(tmux, dir, "one", "show-buffer").Output()
	if err != nil || !bytes.Contains(out, []byte(id)) {
		t.Errorf("tmux's buffer: %v %q", err, out)
	}
	pass, err := tmuxCommand(tmux, dir, "one", "show-options", "-gv", "allow-passthrough").Output()
	if err == nil && strings.TrimSpace(string(pass)) != "off" {
		t.Errorf("allow-passthrough is %s now", pass)
	}
	p.typed("q")
	p.exit()
	copies(t, p.raw(), id)
}

func tmuxCommand(tmux, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(tmux, append([]string{"-L", name}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMUX_TMPDIR=" + dir, "TERM=xterm-256color", "LANG=C.UTF-8"}
	return cmd
}

// In a tmux in a tmux the outer one takes a copy only where its set-clipboard is on.
func TestInNestedTmux(t *testing.T) {
	t.Parallel()
	tmux := need(t, "tmux", "tmux")
	pd, id, env := page(t)
	dir := short(t)
	conf := writeFile(t, filepath.Join(dir, "outer.conf"), "set -g set-clipboard on\nset -g default-terminal tmux-256color\n", 0o600)
	inner := "unset TMUX; exec " + tmux + " -L inner -f /dev/null new-session " + shellQuote(binary)
	p := record(t, append(env, "TMUX_TMPDIR="+dir), tmux, "-L", "outer", "-f", conf, "new-session", inner)
	t.Cleanup(func() {
		_ = tmuxCommand(tmux, dir, "inner", "kill-server").Run()
		_ = tmuxCommand(tmux, dir, "outer", "kill-server").Run()
	})
	works(t, p, pd, id)
	p.typed("q")
	p.exit()
	copies(t, p.raw(), id)
}

func TestInScreen(t *testing.T) {
	t.Parallel()
	screen := multiplexed(t, "screen")
	pd, id, env := page(t)
	dir := short(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := record(t, append(env, "SCREENDIR="+dir), screen, "-U", "-c", "/dev/null", binary)
	works(t, p, pd, id)
	p.typed("q")
	p.exit()
	copies(t, p.raw(), id)
}

// sshServer is an sshd on loopback that lets one key in.
type sshServer struct {
	// dir holds the keys, host and me.
	dir, port string
	cmd       *exec.Cmd
}

// serveSSH starts an sshd that ends with the test.
func serveSSH(t *testing.T) *sshServer {
	t.Helper()
	sshd, keygen := multiplexed(t, "sshd"), multiplexed(t, "ssh-keygen")
	if os.Geteuid() != 0 {
		t.Skip("sshd is started as root")
	}
	s := &sshServer{dir: short(t)}
	for _, k := range []string{"host", "me"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, k)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	_ = l.Close()
	s.start(t, sshd)
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *sshServer) start(t *testing.T, sshd string) {
	t.Helper()
	s.cmd = exec.Command(sshd, "-D", "-e", "-f", "/dev/null", "-p", s.port, "-h", filepath.Join(s.dir, "host"),
		"-o", "ListenAddress=127.0.0.1", "-o", "PidFile=none", "-o", "StrictModes=no", "-o", "PermitRootLogin=yes",
		"-o", "AuthorizedKeysFile="+filepath.Join(s.dir, "me.pub"))
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "sshd listens", func() bool {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+s.port, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// stop ends the server; connections that it has taken go on.
func (s *sshServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

func TestOverSSH(t *testing.T) {
	t.Parallel()
	ssh, server := multiplexed(t, "ssh"), serveSSH(t)
	pd, id, env := page(t)
	words := []string{"env", "LANG=C.UTF-8"}
	for _, w := range append(env, binary) {
		words = append(words, shellQuote(w))
	}
	p := record(t, nil, ssh, "-F", "/dev/null", "-tt", "-i", filepath.Join(server.dir, "me"), "-p", server.port,
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "root@127.0.0.1", strings.Join(words, " "))
	works(t, p, pd, id)
	p.typed("o")
	p.sees("open it where you have a browser: ")
	p.typed("q")
	if code := p.exit(); code != 0 {
		t.Errorf("exit %d", code)
	}
	copies(t, p.raw(), id)
}

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// nobodyID is who runs the database when the tests are root, whom it refuses.
const nobodyID = 65534

// postgres is a PostgreSQL server on loopback that can be stopped and started.
type postgres struct {
	bin, dir string
	port     int
	// password is that of the user conway.
	password string
	cmd      *exec.Cmd
	log      bytes.Buffer
}

// sharedPostgres is the server of all tests that do not stop it; TestMain does.
var sharedPostgres = sync.OnceValues(startPostgres)

// postgresUsed is true once somebody has asked for it.
var postgresUsed atomic.Bool

// databases numbers them.
var databases atomic.Int64

// startPostgres makes a server in a folder of its own and starts it.
func startPostgres() (*postgres, error) {
	p := &postgres{password: rand.Text()}
	var err error
	if p.bin, err = postgresPrograms(); err != nil {
		return nil, err
	}
	// Not in the tests' own folder, which only root may enter; and in memory where
	// there is much, because a database syncs a lot.
	if p.dir, err = os.MkdirTemp(roomyMemory(), "conway-pg-"); err != nil {
		return nil, err
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(p.dir, nobodyID, nobodyID); err != nil {
			return nil, err
		}
	}
	pw := filepath.Join(p.dir, "pw")
	if err := os.WriteFile(pw, []byte(p.password+"\n"), 0o644); err != nil { // gone in a moment, and good for nothing else
		return nil, err
	}
	init := p.command("initdb", "-D", filepath.Join(p.dir, "data"), "-U", "conway", "--auth=scram-sha-256", "--pwfile", pw, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := os.Remove(pw); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	return p, p.up()
}

// roomyMemory is a file system in memory with room for a database, empty for none.
func roomyMemory() string {
	const dir, room = "/dev/shm", 2 << 30
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil || s.Bavail*uint64(s.Bsize) < room {
		return ""
	}
	return dir
}

// postgresPrograms returns the folder of the newest server that is installed.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is not installed; on Debian: apt-get install postgresql")
	}
	return filepath.Dir(path), nil
}

func (p *postgres) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "LANG=C.UTF-8"}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobodyID, Gid: nobodyID}}
	}
	return cmd
}

// up starts the server, on the same port as before, and waits until it answers.
func (p *postgres) up() error {
	p.cmd = p.command("postgres", "-D", filepath.Join(p.dir, "data"), "-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=16MB")
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	end := time.Now().Add(patience)
	for {
		c, err := p.connect("postgres")
		if err == nil {
			return c.Close(context.Background())
		}
		if time.Now().After(end) {
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// down stops the server at once and cuts every connection.
func (p *postgres) down() error {
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	// Its exit code says only that it was told to.
	_ = p.cmd.Wait()
	return nil
}

// gone stops the server for good.
func (p *postgres) gone() error {
	_ = p.down() // it may be stopped already
	return os.RemoveAll(p.dir)
}

func (p *postgres) connect(database string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := pgx.ParseConfig(p.url(database))
	if err != nil {
		return nil, err
	}
	c.Password = p.password
	return pgx.ConnectConfig(ctx, c)
}

// url is the address of a database, without a password.
func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://conway@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

// database makes an empty database on the server and returns its name.
func (p *postgres) database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("team%d", databases.Add(1))
	p.do(tb, "postgres", "CREATE DATABASE "+name)
	return name
}

// do runs statements in a database.
func (p *postgres) do(tb testing.TB, database, sql string) {
	tb.Helper()
	if err := p.try(database, sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

func (p *postgres) try(database, sql string) error {
	c, err := p.connect(database)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), tmuxTimeout)
	defer cancel()
	_, err = c.PgConn().Exec(ctx, sql).ReadAll()
	return errors.Join(err, c.Close(ctx))
}

// newPostgres returns the shared server.
func newPostgres(tb testing.TB) *postgres {
	tb.Helper()
	postgresUsed.Store(true)
	p, err := sharedPostgres()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// ownPostgres returns a server that the test may stop.
func ownPostgres(tb testing.TB) *postgres {
	tb.Helper()
	p, err := startPostgres()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.gone(); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Log(strings.TrimSpace(p.log.String()))
		}
	})
	return p
}

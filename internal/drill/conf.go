package drill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	confFile    = "service.conf"
	currentLink = "current"
	// maxConf is far beyond any settings a person would write.
	maxConf = 64 << 10
)

// conf is the settings of a running release.
type conf struct {
	version string
	pool    int
	timeout time.Duration
}

// confText returns a release's settings file.
func confText(service string, r Release) string {
	return fmt.Sprintf("# settings of %s %s, read again when they change\npool_size = %d\nacquirer_timeout = %s\n",
		service, r.Version, r.PoolSize, time.Duration(r.AcquirerTimeout))
}

// readConf reads the settings that a service's current link leads to.
func readConf(dir string) (conf, error) {
	target, err := os.Readlink(filepath.Join(dir, currentLink))
	if err != nil {
		return conf{}, err
	}
	path := filepath.Join(dir, currentLink, confFile)
	info, err := os.Stat(path)
	if err != nil {
		return conf{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxConf {
		return conf{}, fmt.Errorf("%s is not a settings file", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return conf{}, err
	}
	c := conf{version: filepath.Base(filepath.Clean(target))}
	return c, c.parse(string(text))
}

func (c *conf) parse(text string) error {
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		var err error
		switch {
		case !ok:
			err = errors.New("want key = value")
		case key == "pool_size":
			c.pool, err = strconv.Atoi(value)
			if err == nil && (c.pool < 1 || c.pool > maxPool) {
				err = fmt.Errorf("pool_size is 1 to %d", maxPool)
			}
		case key == "acquirer_timeout":
			c.timeout, err = time.ParseDuration(value)
			if err == nil && (c.timeout <= 0 || c.timeout > 10*time.Second) {
				err = errors.New("acquirer_timeout is above 0 and at most 10s")
			}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", confFile, i+1, err)
		}
	}
	if c.pool == 0 || c.timeout == 0 {
		return fmt.Errorf("%s: pool_size and acquirer_timeout are needed", confFile)
	}
	return nil
}

// setCurrent points a service's current link at a release, in one step.
func setCurrent(dir, version string) error {
	fresh := filepath.Join(dir, currentLink+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("set current release: %w", err)
	}
	if err := os.Symlink(filepath.Join("releases", version), fresh); err != nil {
		return fmt.Errorf("set current release: %w", err)
	}
	if err := os.Rename(fresh, filepath.Join(dir, currentLink)); err != nil {
		return fmt.Errorf("set current release: %w", err)
	}
	return nil
}

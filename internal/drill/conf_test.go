package drill

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReadConf(t *testing.T) {
	dir := t.TempDir()
	release := filepath.Join(dir, "releases", "v1")
	if err := os.MkdirAll(release, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := readConf(dir); err == nil {
		t.Error("no link is accepted")
	}
	if err := setCurrent(dir, "v1"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(release, confFile)
	write(t, file, confText("x", Release{Version: "v1", PoolSize: 3, AcquirerTimeout: Wall(time.Second)}))
	if c, err := readConf(dir); err != nil || c != (conf{"v1", 3, time.Second}) {
		t.Errorf("got %+v, %v", c, err)
	}
	for text, want := range map[string]string{
		"pool_size = 2\n":                                       "service.conf: pool_size and acquirer_timeout are needed",
		"pool_size = many\nacquirer_timeout = 1s":               `service.conf:1: strconv.Atoi: parsing "many": invalid syntax`,
		"pool_size = 0":                                         "service.conf:1: pool_size is 1 to 512",
		"acquirer_timeout = 1h":                                 "service.conf:1: acquirer_timeout is above 0 and at most 10s",
		"pool_size = 1\nacquirer_timeout = 1s\npoolsize = 2":    `service.conf:3: unknown key "poolsize"`,
		"# nothing\n\npool_size: 1\n":                           "service.conf:3: want key = value",
		"pool_size = 1 # one\nacquirer_timeout = 20ms\n#\n\n\n": "",
	} {
		write(t, file, text)
		_, err := readConf(dir)
		if got := errText(err); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

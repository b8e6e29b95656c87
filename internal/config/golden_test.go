package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"conway/internal/config"
)

var full = flag.Bool("full", false, "try every slip of the hand, which takes a minute")

var update = flag.Bool("update", false, "write the golden files anew")

// canary is the secret in the bad files. It must be in no error, nor may the
// pieces that a sloppy mask would leave.
const canary = "hunter2"

func known() config.Options {
	return config.Options{
		Home: "/home/ana", Dir: "/etc/conway",
		Actions: []string{"ack", "note", "snooze", "help", "quit"},
		Themes:  []string{"night", "day"},
		Layouts: []string{"watch", "triage", "logs", "handoff"},
		Panes:   []string{"pages", "deploys", "metrics", "logs"},
		CheckKey: func(key string) error {
			if strings.Contains(key, "alt") || strings.Contains(key, "bad") {
				return errors.New("alt combinations do not reach every terminal")
			}
			return nil
		},
	}
}

func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("glob: %v, %d files", err, len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = config.Parse("config.yaml", data, known())
			if err == nil {
				t.Fatal("no fault found")
			}
			if _, ok := errors.AsType[config.Errors](err); !ok {
				t.Fatalf("%T is no Errors", err)
			}
			got := err.Error() + "\n"
			if strings.Contains(got, canary) {
				t.Errorf("a secret is in the errors:\n%s", got)
			}
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// A slip of the hand anywhere near a pasted secret must not bring it out, not
// even one that leaves no YAML.
func TestNoSlipBringsOutASecret(t *testing.T) {
	const file = `me: {email: a@example.com}
pages:
  - type: pagerduty
    token: PASTED
    name: pd
  - {type: pagerduty, name: p2, token: "PASTED", every: 9}
metrics:
  - type: prometheus
    basic: {user: ana, password: 'PASTED'}
    url: https://ana:PASTED@example.com
    headers:
      Authorization: PASTED
  - {type: prometheus, name: m, token: PASTED}
`
	stride := 53 // a sample that moves through all slips and places
	if *full {
		stride = 1
	}
	count := 0
	for _, pasted := range []string{"hunter2", "u+hunter2XyZ-0123abc"} {
		text := strings.ReplaceAll(file, "PASTED", pasted)
		for i := range len(text) {
			for _, slip := range []string{"", "x", ":", ": ", "{", "}", "[", "]", "\"", "'", "\n", "\t", " ", ",", "#", "|", "&a ", "*a ", "- ", "!", "@"} {
				for cut := range 2 {
					if count++; count%stride != 0 {
						continue
					}
					slipped := text[:i] + slip + text[i+cut:]
					_, err := config.Parse("c", []byte(slipped), known())
					if err != nil && strings.Contains(err.Error(), canary) {
						t.Fatalf("with %q at %d of\n%s\nthe error is\n%v", slip, i, slipped, err)
					}
				}
			}
		}
	}
}

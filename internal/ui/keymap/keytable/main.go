// Command keytable writes the table of keys into a Markdown file, between the
// lines "<!-- keys -->" and "<!-- /keys -->". With -check it changes nothing and
// fails when the table there is not the one that the program would show.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"conway/internal/ui/keymap"
)

func main() {
	check := flag.Bool("check", false, "fail if the table is stale, change nothing")
	flag.Parse()
	if err := run(flag.Arg(0), *check); err != nil {
		fmt.Fprintln(os.Stderr, "keytable:", err)
		os.Exit(1)
	}
}

func run(path string, check bool) error {
	const begin, end = "<!-- keys -->\n", "<!-- /keys -->"
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(data), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %q and %q", path, strings.TrimSpace(begin), end)
	}
	m, err := keymap.New(nil)
	if err != nil {
		return err
	}
	fresh := head + begin + m.Table() + end + tail
	if fresh == string(data) {
		return nil
	}
	if check {
		return fmt.Errorf("the key table in %s is stale: run make generate", path)
	}
	return os.WriteFile(path, []byte(fresh), 0o644)
}

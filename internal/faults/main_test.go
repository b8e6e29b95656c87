package faults

import (
	"flag"
	"os"
	"testing"
	_ "time/tzdata" // the rows about summer time need a zone, wherever they run

	"github.com/rs/zerolog"
)

// TestMain lets more tests wait side by side than there are processors: those in
// real time do little else.
func TestMain(m *testing.M) {
	flag.Parse()
	zerolog.SetGlobalLevel(zerolog.Disabled) // Toxiproxy's
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

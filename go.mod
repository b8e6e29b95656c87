module conway

go 1.26.0

require (
	charm.land/bubbles/v2 v2.2.1 // key bindings, and the text fields that notes and filters are typed in
	charm.land/bubbletea/v2 v2.1.1 // the terminal: keys, sizes, settings, and the loop of the program
	charm.land/lipgloss/v2 v2.0.6 // colours of the themes
	github.com/PagerDuty/go-pagerduty v1.8.0 // pages: types and simple writes of the pager
	github.com/Shopify/toxiproxy/v2 v2.12.0 // tests: slow, cut and broken connections
	github.com/charmbracelet/colorprofile v0.4.3 // the colours that a terminal has
	github.com/charmbracelet/ultraviolet v0.0.0-20261008173134-6b8d4baf91b4 // the encoder of frames: few bytes over ssh
	github.com/charmbracelet/x/ansi v0.11.9 // styles as terminal sequences
	github.com/charmbracelet/x/term v0.2.2 // whether a stream is a terminal, and its state
	github.com/charmbracelet/x/vt v0.0.0-20260430013151-79116d1f37bd // tests: an emulated screen
	github.com/coder/websocket v1.8.15 // logs: the tail of Loki
	github.com/creack/pty v1.1.24 // tests: a terminal for the real binary
	github.com/fsnotify/fsnotify v1.10.1 // logs: news of files without polling
	github.com/getkin/kin-openapi v0.153.0 // tests: requests and answers against the published descriptions
	github.com/goccy/go-yaml v1.19.2 // config, themes, scenarios, SLOs and owners, with positions for errors
	github.com/jackc/pgx/v5 v5.13.0 // the ledger of a team, in PostgreSQL
	github.com/klauspost/compress v1.20.1 // logs: files that were rotated away and compressed by zstd
	github.com/minio/minio-go/v7 v7.4.1 // logs: the keys and signatures of S3 and what is compatible with it
	github.com/ncruces/go-sqlite3 v0.37.0 // the ledger, without cgo and with a file system that tests can fail
	github.com/parquet-go/parquet-go v0.32.0 // logs: Parquet, with page indexes and without cgo
	github.com/prometheus/client_golang v1.25.0 // metrics: the API client
	github.com/prometheus/common v0.73.1 // metrics: the model of its answers
	github.com/rs/zerolog v1.33.0 // tests: the logger that Toxiproxy wants
	github.com/spf13/cobra v1.10.2 // commands, flags and completion
	github.com/yuin/goldmark v1.8.7 // runbooks: Markdown
	go.uber.org/goleak v1.3.0 // tests: no goroutine is left behind
	golang.org/x/sync v0.24.0 // logs: ranges of a file and containers of pods read at once, up to a bound
	golang.org/x/sys v0.49.0 // process groups, sealed files, file systems, the clock that runs on in sleep
	golang.org/x/text v0.43.0 // the width of wide letters
	mvdan.cc/sh/v3 v3.14.1 // runbooks: the syntax of shell steps
	pgregory.net/rapid v1.3.0 // tests: properties over random events
)

require (
	github.com/andybalholm/brotli v1.1.1 // indirect
	github.com/atotto/clipboard v0.1.4 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/charmbracelet/x/exp/ordered v0.1.0 // indirect
	github.com/charmbracelet/x/termios v0.1.1 // indirect
	github.com/charmbracelet/x/windows v0.2.2 // indirect
	github.com/clipperhouse/displaywidth v0.11.0 // indirect
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/go-openapi/jsonpointer v0.22.5 // indirect
	github.com/go-openapi/swag/jsonname v0.25.5 // indirect
	github.com/google/go-querystring v1.1.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/gorilla/mux v1.8.1 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/json-iterator/go v1.1.12 // indirect
	github.com/klauspost/cpuid/v2 v2.4.0 // indirect
	github.com/lucasb-eyer/go-colorful v1.4.1 // indirect
	github.com/mattn/go-colorable v0.1.15 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	github.com/mattn/go-runewidth v0.0.30 // indirect
	github.com/minio/md5-simd v1.1.2 // indirect
	github.com/modern-go/concurrent v0.0.0-20180306012644-bacd9c7ef1dd // indirect
	github.com/modern-go/reflect2 v1.0.2 // indirect
	github.com/muesli/cancelreader v0.2.2 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/ncruces/go-sqlite3-wasm/v6 v6.5.35401 // indirect
	github.com/ncruces/julianday v1.0.0 // indirect
	github.com/pandatix/go-abnf v0.5.3 // indirect
	github.com/parquet-go/bitpack v1.0.0 // indirect
	github.com/parquet-go/jsonlite v1.0.0 // indirect
	github.com/pierrec/lz4/v4 v4.1.21 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/rivo/uniseg v0.4.7 // indirect
	github.com/rs/xid v1.6.0 // indirect
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	github.com/spf13/pflag v1.0.10 // indirect
	github.com/twpayne/go-geom v1.6.1 // indirect
	github.com/xo/terminfo v1.0.0 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
	golang.org/x/net v0.61.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	gopkg.in/ini.v1 v1.67.3 // indirect
	gopkg.in/tomb.v1 v1.0.0-20141024135613-dd632973f1e7 // indirect
)

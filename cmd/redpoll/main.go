// Command redpoll polls Prometheus /metrics targets, works out every
// endpoint's latency, error rate and throughput, judges them by rules, keeps
// history and serves a live dashboard.
//
// Exit codes: 0 fine, 1 a check failed or a fault at run time, 2 wrong usage
// or configuration.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/promslog/flag"
	"github.com/prometheus/common/version"
)

// Releases set the version by the linker; `go run` and `go build` leave it
// empty.
func init() { version.Version = cmp.Or(version.Version, "dev") }

func main() {
	collectMoreOften()
	os.Exit(mainCode(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// collectMoreOften lets garbage be half of what is in use, where Go's own habit
// is as much again, unless the user has chosen. Nearly everything that redpoll
// keeps lives for long, and scrapes leave little behind, so that this costs next
// to nothing: of targets of which 1 % of the series are new in each scrape it
// takes a fifth less memory for the same CPU time.
func collectMoreOften() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// streams are those of a process.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// mainCode is main with its surroundings as arguments.
func mainCode(args []string, s streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the default comes back: a second one ends the
	// process at once.
	context.AfterFunc(ctx, stop)

	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)

	err := command(ctx, args, hangup, s)
	if err == nil {
		return 0
	}
	fmt.Fprintf(s.err, "redpoll: %v\n", err)
	return exitCode(err)
}

// usageError is a fault in the command line or the configuration: the user
// has to change something before a new start can help.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func exitCode(err error) int {
	if usage := (usageError{}); errors.As(err, &usage) {
		return 2
	}
	return 1
}

// command reads the command line and runs what it asks for.
func command(ctx context.Context, args []string, hangup <-chan os.Signal, s streams) error {
	var o options
	logConfig := promslog.Config{Writer: s.err}
	ended := false
	k := newCommandLine(s, &ended)
	flag.AddFlags(k, &logConfig)
	addFlags(k, &o)

	k.Command("serve", "Scrape, judge, keep and serve (the default).").Default()
	check := k.Command("check", "Check things without running.")
	checkConfig := check.Command("config", "Check a configuration file, also a prometheus.yml: print who is scraped, what is accepted and not used, which files are missing, and how the file is understood.")
	checkFile := checkConfig.Arg("file", "Configuration file.").Default(defaultConfigFile).String()
	checkTarget := newCheckTarget(check)
	checkMetrics := newCheckMetrics(check)

	chosen, err := k.Parse(args)
	switch {
	case ended:
		return nil
	case err != nil:
		return usageError{fmt.Errorf("%w; `redpoll --help` lists the flags", err)}
	case chosen == checkConfig.FullCommand():
		return runCheckConfig(*checkFile, s.out)
	case chosen == checkTarget.command:
		o.chooseConfig()
		return checkTarget.run(ctx, o.configFile, s.out)
	case chosen == checkMetrics.command:
		return checkMetrics.run(s.in, s.out)
	case o.demo && o.configFile != "":
		return usageError{errors.New("--demo brings its own configuration; leave --config.file out")}
	}
	o.hangup, o.stdout = hangup, s.out
	o.logger = promslog.New(&logConfig)
	slog.SetDefault(o.logger) // for libraries that log by themselves
	return run(ctx, o)
}

// newCommandLine knows --help and --version. These set ended: by itself kingpin
// would end the process.
func newCommandLine(s streams, ended *bool) *kingpin.Application {
	k := kingpin.New("redpoll", "Which endpoint is slow or failing, since when, and what changed? One binary, one YAML file.")
	k.UsageWriter(s.out).ErrorWriter(s.err)
	k.Terminate(func(int) { *ended = true })
	k.HelpFlag.Short('h')
	k.Version(version.Print("redpoll"))
	return k
}

// addFlags declares the flags that stand for themselves, without a command.
func addFlags(k *kingpin.Application, o *options) {
	k.Flag("config.file", "Configuration file. Without it: redpoll.yaml in the working directory, else a built-in one that scrapes redpoll itself.").StringVar(&o.configFile)
	k.Flag("storage.path", "History database, redpoll.db unless set; beats `storage.path` of the file.").StringVar(&o.storagePath)
	k.Flag("web.listen-address", "Address of the dashboard and the API, 127.0.0.1:3334 unless set; beats `web.listen_address` of the file.").StringVar(&o.listenAddress)
	k.Flag("web.config.file", "TLS and basic authentication, in the format of Prometheus' exporter-toolkit.").StringVar(&o.webConfigFile)
	k.Flag("demo", "Start a demo shop with traffic and incidents of its own and watch it. Takes no configuration file.").BoolVar(&o.demo)
}

// Package store keeps redpoll's history, alerts, silences and the marks of
// targets in one SQLite file.
//
// History is a journal: one blob for what each snapshot added, one for the sum
// of each minute. Rows per endpoint and snapshot would dirty one page per
// endpoint and snapshot; a blob costs a few pages for all of them. Both keep
// merged histogram counts, never quantiles, so quantiles of any longer stretch
// of time are true; those that an application states itself are not kept, as
// they cannot be merged. The table minute and the view endpoint_metrics hold ready
// figures for people with the sqlite3 command line.
//
// One connection writes, a few others read (WAL). Every snapshot is one
// transaction. Where it cannot be written, it stays in memory and is written
// before the next one.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Errors of this package, to be told apart by errors.Is. Those of Open come
// with the path and what to do, and leave the file as it was.
var (
	// ErrLocked: another redpoll has the database open.
	ErrLocked = errors.New("in use by another redpoll")
	// ErrNotADatabase: the file is not a database, or not redpoll's.
	ErrNotADatabase = errors.New("not a redpoll database")
	// ErrNewerSchema: a newer redpoll wrote the database.
	ErrNewerSchema = errors.New("written by a newer redpoll")
	// ErrTooManyPoints: a history query asks for more than MaxPoints steps.
	ErrTooManyPoints = errors.New("too many points")
	// ErrNotFound: there is no such silence.
	ErrNotFound = errors.New("not found")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store is closed")
)

// Options are what a Store is given by the program around it.
type Options struct {
	Logger     *slog.Logger          // nil discards
	Registerer prometheus.Registerer // nil registers no metrics
}

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	config   Config
	log      *slog.Logger
	metrics  *metrics
	claim    claim
	write    *sql.DB // one connection
	read     *sql.DB
	insert   inserts
	catalog  *catalog
	closeErr error
	closed   sync.Once

	// mu guards what is remembered from one snapshot to the next. It is held
	// while a commit runs.
	mu      sync.Mutex
	journal journal
	// pending is len(journal.pending), readable without mu.
	pending atomic.Int64
}

// Open opens the database, creates or migrates it where needed and takes up
// where the journal ends. Only one Store can have a database open at a time,
// in all processes together; the caller must Close it.
func Open(ctx context.Context, c Config, o Options) (*Store, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	path, err := resolve(c.Path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	c.Path = path
	claim, err := takeClaim(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{config: c, log: o.Logger, claim: claim, catalog: newCatalog()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := s.open(ctx, o.Registerer); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: %w", explain(path, err)), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, r prometheus.Registerer) error {
	if err := migrate(ctx, s.config.Path, s.log); err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return err
	}
	var err error
	if s.metrics, err = newMetrics(r, s); err != nil {
		return err
	}
	if err := s.restore(ctx); err != nil {
		return fmt.Errorf("%s: replay the journal: %w", s.config.Path, err)
	}
	return nil
}

// connect opens the writer and the readers and prepares the statements.
func (s *Store) connect(ctx context.Context) (err error) {
	if s.write, err = openWriter(ctx, s.config.Path, s.config.Synchronous); err != nil {
		return err
	}
	if s.insert, err = prepareInserts(ctx, s.write); err != nil {
		return fmt.Errorf("%s: %w", s.config.Path, err)
	}
	s.read, err = openReaders(s.config.Path)
	return err
}

// closeTimeout bounds each of the steps that Close takes, writing what is left
// and the checkpoint, so that both fit into redpoll's time for shutting down.
const closeTimeout = 1500 * time.Millisecond

// Close writes what is left in memory, moves the WAL into the database file
// and releases the lock. The history in memory that cannot be written within
// closeTimeout is lost, which the error says. Later calls return the same.
func (s *Store) Close() error {
	s.closed.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closeErr = errors.Join(s.flush(), s.checkpoint(), s.release())
	})
	return s.closeErr
}

// flush writes all that is pending and ends the journal: Append fails from
// then on.
func (s *Store) flush() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.drain(ctx, len(s.journal.pending))
	if err == nil {
		err = s.claim.check() // nothing may have been pending
	}
	s.journal.closed = true
	return err
}

// checkpoint empties the WAL. Our readers go first: one that is still at work
// would hold it up. Another process's may do so too, which costs nothing but
// the sight of the -wal file.
func (s *Store) checkpoint() error {
	err := s.read.Close()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if _, e := s.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); e != nil {
		s.log.Warn("The newest history stays in the -wal file beside the database; keep the two together",
			"path", s.config.Path, "err", e)
	}
	return err
}

// release gives back all that Open has taken so far.
func (s *Store) release() error {
	var errs []error
	if s.metrics != nil {
		s.metrics.unregister()
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.claim.release())...)
}

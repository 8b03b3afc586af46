-- Times are Unix milliseconds, durations milliseconds or microseconds (_us).

-- Bucket layouts: the finite upper bounds in seconds, as a JSON array. last_ts
-- says when a record needed it last; it may lag by three hours.
CREATE TABLE bounds (
    id      INTEGER PRIMARY KEY,
    le      TEXT NOT NULL UNIQUE,
    last_ts INTEGER NOT NULL
);

-- instance '' stands for all instances merged. bounds_id is the layout of the
-- endpoint's histograms unless a journal record names another; once set it
-- never changes, because records are read by it. last_ts may lag by two hours.
CREATE TABLE endpoint (
    id        INTEGER PRIMARY KEY,
    job       TEXT NOT NULL,
    instance  TEXT NOT NULL,
    path      TEXT NOT NULL,
    method    TEXT NOT NULL,
    bounds_id INTEGER REFERENCES bounds (id),
    first_ts  INTEGER NOT NULL,
    last_ts   INTEGER NOT NULL,
    UNIQUE (job, instance, path, method)
);

-- The journal: what each snapshot added, and the same summed up by minute (ts
-- is where the minute begins). blob.go describes data.
CREATE TABLE tick (
    ts   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
CREATE TABLE mtick (
    ts   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);

-- One row per minute and endpoint, for people and their SQL. errors is NULL
-- where the application exposes no status, the quantiles where no duration was
-- observed.
CREATE TABLE minute (
    ts          INTEGER NOT NULL,
    endpoint_id INTEGER NOT NULL,
    p50_us      INTEGER,
    p95_us      INTEGER,
    p99_us      INTEGER,
    errors      INTEGER,
    requests    INTEGER NOT NULL,
    elapsed_ms  INTEGER NOT NULL,
    PRIMARY KEY (ts, endpoint_id)
) WITHOUT ROWID;

-- p50, p95, p99 in milliseconds, error_rate in percent, throughput in requests
-- per second, timestamp in Unix milliseconds, time the same in UTC.
CREATE VIEW endpoint_metrics AS
SELECT
    e.path AS endpoint,
    e.method,
    e.job,
    m.p50_us / 1000.0 AS p50,
    m.p95_us / 1000.0 AS p95,
    m.p99_us / 1000.0 AS p99,
    100.0 * min(m.errors, m.requests) / nullif(m.requests, 0) AS error_rate,
    1000.0 * m.requests / nullif(m.elapsed_ms, 0) AS throughput,
    m.ts AS timestamp,
    datetime(m.ts / 1000, 'unixepoch') AS time
FROM minute AS m
JOIN endpoint AS e ON e.id = m.endpoint_id
WHERE e.instance = '';

-- The figures beside the endpoints, one row per snapshot that has any.
CREATE TABLE gauge (
    ts                  INTEGER PRIMARY KEY,
    uptime              REAL, -- seconds
    memory              REAL, -- bytes
    cpu                 REAL, -- 0-1 of all cores if source is node, else cores
    source              TEXT,
    cdn_bandwidth       REAL, -- bytes per second
    cdn_cache_hit_ratio REAL, -- 0-1
    cdn_storage         REAL  -- 0-1
);

-- Alerts as they last were. value, peak, threshold and baseline are in base units.
CREATE TABLE anomaly_alerts (
    id           TEXT PRIMARY KEY,
    rule         TEXT NOT NULL,
    metric       TEXT NOT NULL,
    severity     TEXT NOT NULL,
    state        TEXT NOT NULL,
    state_before TEXT NOT NULL,
    cause        TEXT NOT NULL,
    job          TEXT NOT NULL,
    method       TEXT NOT NULL,
    path         TEXT NOT NULL,
    value        REAL,
    peak         REAL,
    threshold    REAL NOT NULL,
    above        INTEGER NOT NULL,
    unit         TEXT NOT NULL,
    baseline     REAL,
    labels       TEXT NOT NULL,
    annotations  TEXT NOT NULL,
    since        INTEGER NOT NULL,
    fired_at     INTEGER,
    resolved_at  INTEGER,
    updated_at   INTEGER,
    silenced_by  TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX anomaly_alerts_active ON anomaly_alerts (id)
    WHERE state IN ('pending', 'firing', 'unknown');
CREATE INDEX anomaly_alerts_resolved ON anomaly_alerts (resolved_at)
    WHERE resolved_at IS NOT NULL;

CREATE TABLE silences (
    id         TEXT PRIMARY KEY,
    matchers   TEXT NOT NULL, -- JSON
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    comment    TEXT NOT NULL
) WITHOUT ROWID;

-- A layout is its bounds and where in a bucket observations are taken to lie:
-- 'linear' (evenly) or 'geometric' (evenly on a logarithmic axis). Layouts of
-- native histograms are not here, journal records name them by themselves.
-- SQLite cannot change a UNIQUE in place.
CREATE TABLE scaled_bounds (
    id      INTEGER PRIMARY KEY,
    le      TEXT NOT NULL,
    scale   TEXT NOT NULL,
    last_ts INTEGER NOT NULL,
    UNIQUE (le, scale)
);
INSERT INTO scaled_bounds (id, le, scale, last_ts) SELECT id, le, 'linear', last_ts FROM bounds;
DROP TABLE bounds;
ALTER TABLE scaled_bounds RENAME TO bounds; -- the one that endpoint refers to

-- Errors for which the client is to blame (4xx); NULL where errors is, and in
-- rows from before they were counted.
ALTER TABLE minute ADD COLUMN client_errors INTEGER;

-- p50, p95, p99 in milliseconds, error_rate and client_error_rate in percent,
-- throughput in requests per second, timestamp in Unix milliseconds, time the
-- same in UTC.
DROP VIEW endpoint_metrics;
CREATE VIEW endpoint_metrics AS
SELECT
    e.path AS endpoint,
    e.method,
    e.job,
    m.p50_us / 1000.0 AS p50,
    m.p95_us / 1000.0 AS p95,
    m.p99_us / 1000.0 AS p99,
    100.0 * min(m.errors, m.requests) / nullif(m.requests, 0) AS error_rate,
    100.0 * min(m.client_errors, m.requests) / nullif(m.requests, 0) AS client_error_rate,
    1000.0 * m.requests / nullif(m.elapsed_ms, 0) AS throughput,
    m.ts AS timestamp,
    datetime(m.ts / 1000, 'unixepoch') AS time
FROM minute AS m
JOIN endpoint AS e ON e.id = m.endpoint_id
WHERE e.instance = '';

-- Restarts and deploys of targets.
CREATE TABLE mark (
    ts       INTEGER NOT NULL,
    job      TEXT NOT NULL,
    instance TEXT NOT NULL,
    kind     TEXT NOT NULL, -- restart or deploy
    text     TEXT NOT NULL,
    PRIMARY KEY (ts, job, instance, kind)
) WITHOUT ROWID;

-- The bounds, in seconds, of the latency that value was worked out from.
ALTER TABLE anomaly_alerts ADD COLUMN latency_lower REAL;
ALTER TABLE anomaly_alerts ADD COLUMN latency_upper REAL;
-- 1 if the true value at the peak may have been anything above peak.
ALTER TABLE anomaly_alerts ADD COLUMN peak_is_lower_limit INTEGER NOT NULL DEFAULT 0;

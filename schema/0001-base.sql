-- Runs, jobs, attempts and what they leave. Times are Unix milliseconds, durations
-- milliseconds, memory KiB, digests lower-case hexadecimal SHA-256, documents JSON.

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- tables/states.def, written anew by each release that changes it.
CREATE TABLE states (
    state TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    alias TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE steps (
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    PRIMARY KEY (from_state, to_state)
) WITHOUT ROWID;

CREATE TABLE inputs (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
);

CREATE TABLE plans (
    digest TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    summary TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    plan TEXT,
    title TEXT NOT NULL,
    target TEXT NOT NULL,
    options TEXT NOT NULL,
    max_attempts INTEGER NOT NULL,
    backoff_base_ms INTEGER NOT NULL,
    backoff_max_ms INTEGER NOT NULL,
    block_failures INTEGER NOT NULL,
    block_drones INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_plan ON runs (plan, state);

CREATE TABLE drones (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'online',
    arch TEXT NOT NULL,
    cores INTEGER NOT NULL,
    memory_kib INTEGER NOT NULL,
    details TEXT NOT NULL,
    sessions INTEGER NOT NULL DEFAULT 1,
    registered_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    target TEXT NOT NULL,
    spec TEXT NOT NULL,
    recipes TEXT NOT NULL,
    state TEXT NOT NULL,
    class INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    estimate_ms INTEGER NOT NULL,
    estimate_kib INTEGER NOT NULL,
    unmet INTEGER NOT NULL CHECK (unmet >= 0),
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER,
    drone INTEGER NOT NULL DEFAULT 0,
    phase TEXT NOT NULL DEFAULT '',
    why TEXT NOT NULL DEFAULT '',
    content TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL DEFAULT 0,
    CHECK ((state IN ('leased', 'building', 'uploading')) = (attempt IS NOT NULL)),
    CHECK (state <> 'ready' OR unmet = 0)
);
CREATE UNIQUE INDEX jobs_by_key ON jobs (run, key);
CREATE INDEX jobs_by_state ON jobs (run, state);
-- The queue.
CREATE INDEX jobs_ready ON jobs (class, priority DESC, id) WHERE state = 'ready';
CREATE INDEX jobs_retry ON jobs (not_before_ms) WHERE state = 'retry';

CREATE TRIGGER jobs_step BEFORE UPDATE OF state ON jobs
WHEN OLD.state <> NEW.state AND NOT EXISTS (
    SELECT 1 FROM steps WHERE from_state = OLD.state AND to_state = NEW.state)
BEGIN
    SELECT RAISE(ABORT, 'no such step between two states of a job');
END;

CREATE TABLE edges (
    job INTEGER NOT NULL,
    needs INTEGER NOT NULL,
    PRIMARY KEY (job, needs)
) WITHOUT ROWID;
CREATE INDEX edges_by_needs ON edges (needs, job);

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    drone INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'live',
    claimed_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL DEFAULT 0,
    exit_code INTEGER NOT NULL DEFAULT 0,
    duration_ms INTEGER NOT NULL DEFAULT 0,
    cpu_ms INTEGER NOT NULL DEFAULT 0,
    peak_kib INTEGER NOT NULL DEFAULT 0,
    counted INTEGER NOT NULL DEFAULT 0,
    class TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    strategy TEXT NOT NULL DEFAULT '',
    recipes TEXT NOT NULL DEFAULT '',
    hints TEXT NOT NULL DEFAULT '',
    suggestion TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT '',
    action_key TEXT NOT NULL DEFAULT '',
    source TEXT NOT NULL DEFAULT '',
    environment TEXT NOT NULL DEFAULT '',
    recipe_set TEXT NOT NULL DEFAULT '',
    result TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL DEFAULT '',
    log_digest TEXT NOT NULL DEFAULT '',
    log_bytes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX attempts_by_job ON attempts (job, number);
-- A job has at most one live lease.
CREATE UNIQUE INDEX attempts_live ON attempts (job) WHERE state = 'live';

CREATE TABLE artifacts (
    attempt INTEGER NOT NULL,
    position INTEGER NOT NULL,
    job INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (attempt, position)
) WITHOUT ROWID;
CREATE INDEX artifacts_by_job ON artifacts (job);
CREATE INDEX artifacts_by_digest ON artifacts (digest);

CREATE TABLE results (
    action_key TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    record TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Failure memory: the same attempt is never made twice unless asked for.
CREATE TABLE failures (
    source TEXT NOT NULL,
    environment TEXT NOT NULL,
    recipe_set TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    target TEXT NOT NULL,
    class TEXT NOT NULL,
    detail TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    count INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    PRIMARY KEY (source, environment, recipe_set)
) WITHOUT ROWID;
CREATE INDEX failures_by_name ON failures (name, version, target);

CREATE TABLE learned (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    samples INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    peak_kib INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    recipes TEXT NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name, target)
) WITHOUT ROWID;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    run INTEGER NOT NULL,
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    drone INTEGER NOT NULL,
    message TEXT NOT NULL
);

-- One row for whatever came of a package; stays when runs are gone.
CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    run INTEGER NOT NULL DEFAULT 0,
    job INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 0,
    number INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    target TEXT NOT NULL,
    status TEXT NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0, -- 1: the package's own; 2: infrastructure's, or forgiven
    strategy TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    recipes TEXT NOT NULL DEFAULT '',
    hints TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT '',
    duration_ms INTEGER NOT NULL DEFAULT 0,
    peak_kib INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL DEFAULT ''
);
CREATE INDEX history_by_name ON history (name, id);

CREATE TABLE retries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    target TEXT NOT NULL,
    recipes TEXT NOT NULL,
    details TEXT NOT NULL
);

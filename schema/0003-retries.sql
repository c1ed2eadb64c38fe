-- The retry queue: one row for each package, version and target that is to be tried again. What
-- 0001 kept here was never unique; its rows are taken over once each.
ALTER TABLE retries RENAME TO retries_before;

CREATE TABLE retries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version TEXT NOT NULL,            -- '': whichever fits
    target TEXT NOT NULL,             -- '': of whoever takes it
    recipes TEXT NOT NULL,            -- JSON array: what it is built with
    strategy TEXT NOT NULL,           -- '': of whoever takes it
    origin TEXT NOT NULL,             -- "run", "user", "import"
    asked INTEGER NOT NULL,           -- 1: somebody wants it tried, whatever is known of it
    state TEXT NOT NULL,              -- 'queued', or 'held' after too many failures
    attempts INTEGER NOT NULL,        -- that failed
    not_before_ms INTEGER NOT NULL,
    class TEXT NOT NULL,              -- of the last failure
    reason TEXT NOT NULL,
    waits_for TEXT NOT NULL,          -- name of what failed and this one needs
    added_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX retries_by_key ON retries (name, version, target);
CREATE INDEX retries_due ON retries (not_before_ms) WHERE state = 'queued';
CREATE INDEX retries_waiting ON retries (waits_for) WHERE waits_for <> '';

INSERT OR IGNORE INTO retries (name, version, target, recipes, strategy, origin, asked, state,
                               attempts, not_before_ms, class, reason, waits_for, added_ms,
                               changed_ms)
SELECT name, version, target, recipes, '', 'import', 1, 'queued', 0, 0, '', '', '', time_ms, time_ms
FROM retries_before;
DROP TABLE retries_before;

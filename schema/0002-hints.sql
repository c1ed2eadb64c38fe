-- What became of hints: the attempts that were made with their recipes.
CREATE TABLE hint_outcomes (
    hint TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    fixed INTEGER NOT NULL, -- 1: what it was for did not come again
    time_ms INTEGER NOT NULL,
    PRIMARY KEY (hint, attempt)
) WITHOUT ROWID;

-- What was looked up instead of written down: one row for each need and its recipe.
CREATE TABLE inferred (
    id TEXT PRIMARY KEY,
    need TEXT NOT NULL,   -- "header"
    name TEXT NOT NULL,   -- "zlib.h"
    recipe TEXT NOT NULL, -- "apt:zlib1g-dev"
    count INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- A few of the log lines that they came from.
CREATE TABLE inferred_examples (
    id TEXT NOT NULL,
    example TEXT NOT NULL,
    PRIMARY KEY (id, example)
) WITHOUT ROWID;

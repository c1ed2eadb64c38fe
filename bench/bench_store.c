/*
 * bench_store DIR: the store on the disk that holds DIR, every transaction durable. Prints one line
 * per measure; the raw loop of the same engine on the same disk is the yardstick.
 */
#include <sqlite3.h>
#include <stdio.h>

#include "base/clock.h"
#include "os/file.h"
#include "store/store.h"

enum { JOBS = 20000, EDGES_EACH = 3, CYCLES = 2000 };

static int64_t steady(void)
{
    return clock_steady_ms(clock_system());
}

static double per_second(int count, int64_t from)
{
    int64_t spent = steady() - from;
    return count * 1000.0 / (double)(spent > 0 ? spent : 1);
}

static bool create(struct store *store, struct arena *arena, struct err *err)
{
    struct store_job_new *jobs = ARENA_ARRAY(arena, struct store_job_new, JOBS);
    struct store_edge *edges = ARENA_ARRAY(arena, struct store_edge, JOBS * EDGES_EACH);
    struct store_run_new run = {.title = STR("bench")};
    struct store_graph graph = {jobs, JOBS, edges, 0};
    int64_t id;
    for (int i = 0; i < JOBS; i++) {
        struct str name = arena_printf(arena, "package-%05d", i);
        jobs[i] = (struct store_job_new){
            .key = arena_printf(arena, "build %s 1.2.3 cp311-s390x", name.ptr),
            .kind = STR("build"),
            .name = name,
            .version = STR("1.2.3"),
            .target = STR("cp311-s390x"),
            .spec = STR("{\"sdist\":\"sha256:0123456789abcdef\",\"backend\":\"setuptools\"}"),
            .priority = i % 977};
        for (int e = 1; e <= EDGES_EACH && i >= 6000; e++)
            edges[graph.edge_count++] = (struct store_edge){i, (i * 7919 + e) % 6000};
    }
    int64_t start = steady();
    if (!store_run_create(store, &run, &graph, 1, &id, NULL, err))
        return false;
    printf("run of %d jobs, %zu edges: %lld ms\n", JOBS, graph.edge_count,
           (long long)(steady() - start));
    return true;
}

static bool cycle(struct store *store, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct store_drone_new local = {.name = STR("bench"), .kind = STR("local")};
    struct store_claim claim = {0};
    struct store_lease lease;
    struct digest digest = digest_of(STR("wheel"));
    struct store_artifact artifact = {.name = STR("a.whl"), .kind = STR("wheel"), .digest = digest};
    struct store_completion completion = {
        .outcome = OUTCOME_DONE, .artifacts = &artifact, .artifact_count = 1};
    if (!store_drone_register(store, &local, 1, &claim.drone, NULL, err))
        return false;
    int64_t start = steady();
    for (int i = 0; i < CYCLES; i++) {
        if (!store_claim(store, &claim, 1, &arena, &lease, err) ||
            !store_complete(store, lease.attempt, lease.epoch, &completion, 2, NULL, err))
            return false;
        arena_free(&arena);
    }
    printf("claim + complete, %d queued: %.0f cycles/s (%.0f durable transactions/s)\n", JOBS,
           per_second(CYCLES, start), 2 * per_second(CYCLES, start));
    return true;
}

/* One row changed in each durable transaction: what the engine and the disk give at most. */
static void raw(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    sqlite3_open(path, &db);
    sqlite3_exec(db,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (a INTEGER"
                 " PRIMARY KEY, b INTEGER); INSERT INTO t VALUES (1, 0)",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "UPDATE t SET b = b + 1 WHERE a = 1", -1, &stmt, NULL);
    int64_t start = steady();
    for (int i = 0; i < 2 * CYCLES; i++) {
        sqlite3_step(stmt);
        sqlite3_reset(stmt);
    }
    printf("raw one-row loop on the same disk: %.0f durable transactions/s\n",
           per_second(2 * CYCLES, start));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct str dir;
    STORE_AUTO struct store *store = NULL;
    if (argc != 2) {
        fputs("usage: bench_store DIR\n", stderr);
        return 2;
    }
    bool good = file_make_temp_dir(argv[1], "bench-store-", &arena, &dir, &err) &&
                store_open(file_join(&arena, dir, STR("s.db")).ptr, 1, &store, &err) &&
                create(store, &arena, &err) && cycle(store, &err);
    if (good)
        raw(file_join(&arena, dir, STR("raw.db")).ptr);
    store_close(&store);
    good = good && file_remove_tree(AT_FDCWD, dir.ptr, &err);
    if (!good)
        fprintf(stderr, "bench_store: %s\n", err.text);
    return good ? 0 : 1;
}

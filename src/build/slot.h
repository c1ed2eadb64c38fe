/*
 * One attempt, in a process of its own: `refinery slot SPEC FD`. What the file
 * SPEC asks for is done below a work directory of its own, the log goes to
 * standard output, phases and the result as JSON lines to FD (drone/agent.h).
 * Everything an attempt shares with others is in the cache and content-addressed;
 * the work directory is removed at the end.
 */
#ifndef REFINERY_BUILD_SLOT_H
#define REFINERY_BUILD_SLOT_H

#include "build/spec.h"
#include "cas/cas.h"
#include "jail/jail.h"
#include "oci/registry.h"

struct slot {
    const struct spec *spec;
    struct arena *arena;
    const char *cache;  /* absolute */
    const char *work;   /* directory of this attempt; the jail sees it as /work */
    const char *runner; /* directory with hook.py and its kin; the jail sees it as /runner */
    struct cas *cas;
    int status_fd;
    bool keep; /* leave the work directory behind, for a person to look at */
};

/* The phases that every attempt can show, in the words that users see. */
void slot_phase(const struct slot *slot, const char *phase);
/* A line of our own in the attempt's log, on standard error where slot_here works. */
void slot_log(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * Reads the spec, does the work, reports. Returns the exit status of the process:
 * 0 when a result was reported, whatever it says (a failure of our own machinery is
 * SPEC_ENVIRONMENT), 1 when even that was not possible: the log's last line says why.
 */
int slot_main(const char *spec_path, int status_fd);
/* The same for a spec at hand; the status is not told to anybody. `outcome` gets what came of it.
 */
CHECKED bool slot_here(const struct spec *spec, struct arena *arena, struct spec_result *result,
                       struct err *err);

/* Writes the runner's files below the cache once; the directory's name holds their digest. */
CHECKED bool slot_runner_dir(const char *cache, struct arena *arena, const char **dir,
                             struct digest *digest, struct err *err);

/* The kinds of work; each fills the result. An error means that our machinery failed. */
CHECKED bool fetch_run(struct slot *slot, struct spec_result *result, struct err *err);
CHECKED bool requires_run(struct slot *slot, struct spec_result *result, struct err *err);
CHECKED bool metadata_run(struct slot *slot, struct spec_result *result, struct err *err);
CHECKED bool wheel_run(struct slot *slot, struct spec_result *result, struct err *err);
CHECKED bool import_run(struct slot *slot, struct spec_result *result, struct err *err);
CHECKED bool prove_run(struct slot *slot, struct spec_result *result, struct err *err);

/* result.c: what the store knows under an action key, and how it gets to know it. */
CHECKED bool result_recall(const struct slot *slot, const struct digest *key,
                           struct spec_result *result, bool *found, struct err *err);
CHECKED bool result_keep(const struct slot *slot, const struct digest *key,
                         const struct digest *content, const struct spec_result *result,
                         struct err *err);
/* The same for an action whose record is all that it yields: an answer, a failure that would come
 * again. Other outcomes are not kept. */
CHECKED bool result_keep_record(const struct slot *slot, const struct digest *key,
                                const struct spec_result *result, struct err *err);

/* Puts the command line's settings before pip's own. */
struct index_config;
struct http_options;
void fetch_http(const struct spec_net *net, struct http_options *http);
void fetch_net(const struct spec_net *net, struct index_config *config);
struct registry_options fetch_registry(const struct spec_net *net);

/* Errors of this kind are the package's or its index's, not this machine's. */
bool fetch_is_data(const struct err *err);

/* A file of the spec as a verified path in the cache; a digest of our own store needs no network.
 */
CHECKED bool fetch_file(const struct slot *slot, const struct spec_file *file, struct str *path,
                        struct digest *digest, struct err *err);

#endif

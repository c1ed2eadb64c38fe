#include "build/slot.h"

#include "base/embedded.h"
#include "build/place.h"
#include "os/fd.h"
#include "os/file.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct embedded_file build_runner[];

enum { SLOT_SPEC_MAX = 16 << 20 };

void slot_phase(const struct slot *slot, const char *phase)
{
    BUF_AUTO struct buf line = {0};
    struct err ignored = {0};
    if (slot->status_fd < 0)
        return;
    buf_printf(&line, "{\"phase\":\"%s\"}\n", phase);
    (void)!file_write_all(slot->status_fd, "the status", buf_str(&line), &ignored);
}

/* The log of an attempt is its output; in a command's own process that is the command's. */
static bool slot_is_command;

void slot_log(const char *fmt, ...)
{
    FILE *log = slot_is_command ? stderr : stdout;
    va_list args;
    va_start(args, fmt);
    fputs("refinery: ", log);
    vfprintf(log, fmt, args);
    putc('\n', log);
    fflush(log);
    va_end(args);
}

static struct digest slot_runner_digest(void)
{
    struct digest_stream *stream = digest_open();
    for (const struct embedded_file *file = build_runner; file->name; file++) {
        digest_add_field(stream, str_from(file->name));
        digest_add_field(stream, str_of(file->bytes, file->len));
    }
    return digest_finish(stream);
}

bool slot_runner_dir(const char *cache, struct arena *arena, const char **dir,
                     struct digest *digest, struct err *err)
{
    struct digest key = slot_runner_digest();
    struct digest_hex hex = digest_to_hex(&key);
    const char *ready = arena_printf(arena, "%s/runner/%.16s", cache, hex.text).ptr;
    if (!file_mkdirs(AT_FDCWD, arena_printf(arena, "%s/site", ready).ptr, 0755, err))
        return false;
    for (const struct embedded_file *file = build_runner; file->name; file++) {
        /* Only this one is on the import path of packages. */
        bool start_up = str_eq(str_from(file->name), STR("sitecustomize.py"));
        const char *path =
            arena_printf(arena, "%s/%s%s", ready, start_up ? "site/" : "", file->name).ptr;
        if (access(path, F_OK) != 0 &&
            !file_write(AT_FDCWD, path, 0644, str_of(file->bytes, file->len), err))
            return false;
    }
    *dir = ready;
    *digest = key;
    return true;
}

typedef bool slot_run_fn(struct slot *slot, struct spec_result *result, struct err *err);

static slot_run_fn *const slot_runs[] = {
    [SPEC_FETCH] = fetch_run, [SPEC_REQUIRES] = requires_run, [SPEC_METADATA] = metadata_run,
    [SPEC_WHEEL] = wheel_run, [SPEC_TEST] = import_run,       [SPEC_IMAGE] = image_run,
    [SPEC_PROVE] = prove_run,
};

static bool slot_report(const struct slot *slot, const struct spec_result *result, struct err *err)
{
    BUF_AUTO struct buf line = {0};
    buf_add(&line, STR("{\"result\":"));
    spec_result_write(result, &line);
    buf_add(&line, STR("}\n"));
    return file_write_all(slot->status_fd, "the status", buf_str(&line), err);
}

/* Opens what the attempt shares with others, and its own directory. */
static bool slot_open(struct slot *slot, struct err *err)
{
    struct digest runner;
    struct str work;
    const char *parent = arena_printf(slot->arena, "%s/work", slot->cache).ptr;
    if (!cas_open(arena_printf(slot->arena, "%s/cas", slot->cache).ptr, &slot->cas, err) ||
        !slot_runner_dir(slot->cache, slot->arena, &slot->runner, &runner, err) ||
        !file_mkdirs(AT_FDCWD, parent, 0755, err) ||
        !file_make_temp_dir(parent, "attempt-", slot->arena, &work, err))
        return false;
    slot->work = work.ptr;
    return chmod(slot->work, 0755) == 0 || err_errno(err, "opening %s to the build", slot->work);
}

/* A message must not send its reader to a directory that is gone by then. */
static struct str slot_without_work(const struct slot *slot, struct str text)
{
    struct str gone = arena_printf(slot->arena, "%s/", slot->work ? slot->work : "");
    BUF_AUTO struct buf out = {0};
    size_t at;
    if (!slot->work || slot->keep || str_find(text, gone) == text.len)
        return text;
    while ((at = str_find(text, gone)) < text.len) {
        buf_add(&out, str_slice(text, 0, at));
        text = str_from_pos(text, at + gone.len);
    }
    buf_add(&out, text);
    return arena_str(slot->arena, buf_str(&out));
}

/* The work between opening and leaving; what was made for this attempt alone goes away again. */
static bool slot_attempt(struct slot *slot, struct spec_result *result, struct err *err)
{
    /* What the jail's other user must read is made here, whatever the user's umask. */
    mode_t before = umask(022);
    *result = (struct spec_result){.outcome = SPEC_OK};
    slot->cache = slot->spec->cache.ptr;
    bool ok = slot_open(slot, err) && slot_runs[slot->spec->kind](slot, result, err);
    if (ok)
        result->why = slot_without_work(slot, result->why);
    else
        err_set(err, err->code, STR_FMT,
                STR_ARG(slot_without_work(slot, arena_str(slot->arena, str_from(err->text)))));
    if (slot->work && !slot->keep) {
        struct err ignored = {0};
        (void)!file_remove_tree(AT_FDCWD, slot->work, &ignored);
    }
    cas_close(&slot->cas);
    umask(before);
    return ok;
}

static bool slot_work(struct slot *slot, const char *spec_path, struct err *err)
{
    struct str text;
    struct spec *spec = ARENA_ARRAY(slot->arena, struct spec, 1); /* as long as the slot */
    struct spec_result result;
    slot->spec = spec;
    if (!file_read(AT_FDCWD, spec_path, SLOT_SPEC_MAX, slot->arena, &text, err) ||
        !spec_read(text, slot->arena, spec, err))
        return false;
    if (!slot_attempt(slot, &result, err)) /* users read the table before any log */
        result = (struct spec_result){.outcome = SPEC_ENVIRONMENT,
                                      .why = arena_str(slot->arena, str_from(err->text))};
    if (result.outcome != SPEC_OK)
        slot_log(STR_FMT, STR_ARG(result.why));
    return slot_report(slot, &result, err);
}

bool slot_here(const struct spec *spec, struct arena *arena, struct spec_result *result,
               struct err *err)
{
    struct slot slot = {.arena = arena, .spec = spec, .status_fd = -1};
    slot_is_command = true;
    return slot_attempt(&slot, result, err);
}

/* Whoever started it is the one who counts and limits it: with that one it ends, jail and all. */
static bool slot_die_with_parent(int status_fd, struct err *err)
{
    struct pollfd status = {.fd = status_fd, .events = POLLOUT};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return err_errno(err, "tying the attempt to its run");
    if (poll(&status, 1, 0) > 0 && status.revents & POLLERR) /* it died before */
        return err_set(err, ERR_CANCELLED, "the run that started this attempt is gone");
    return true;
}

int slot_main(const char *spec_path, int status_fd)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct slot slot = {
        .arena = &arena, .status_fd = status_fd, .keep = getenv("REFINERY_KEEP_WORK") != NULL};
    if (fcntl(status_fd, F_SETFD, FD_CLOEXEC) == 0 && slot_die_with_parent(status_fd, &err) &&
        slot_work(&slot, spec_path, &err))
        return 0;
    slot_log("error: %s", err.text);
    return 1;
}

#include "build/evidence.h"
#include "base/vec.h"
#include "os/file.h"

#include <string.h>
#include <unistd.h>

/* Words by which compilers, linkers, interpreters and build tools announce an error. */
static const char *const evidence_signs[] = {
    "error:",
    "Error:",
    "ERROR",
    "fatal",
    "undefined reference",
    "cannot find",
    "No such file",
    "not found",
    "ModuleNotFoundError",
    "ImportError",
    "Traceback",
    "command failed",
    "No module named",
    "symbol",
    "Exception:",
};

static bool evidence_tells(struct str line)
{
    for (size_t i = 0; i < sizeof evidence_signs / sizeof *evidence_signs; i++)
        if (str_find(line, str_from(evidence_signs[i])) < line.len)
            return true;
    return false;
}

/* How programs say that the network is not there; the address stands behind the words. */
static const char *const evidence_unreachable[] = {
    "Could not resolve host: ",         /* curl, git */
    "unable to access '",               /* git */
    "unable to resolve host address '", /* wget */
    "failed to download from `",        /* cargo */
    "failed to download `",             /* cargo, offline */
    "getaddrinfo ENOTFOUND ",           /* node */
    "dial tcp: lookup ",                /* go */
    "no matching package named `",      /* cargo, offline */
};

static void evidence_take_network(struct evidence *evidence, struct str line)
{
    static const char ends[] = " '`\"";
    for (size_t i = 0; i < sizeof evidence_unreachable / sizeof *evidence_unreachable; i++) {
        struct str sign = str_from(evidence_unreachable[i]);
        size_t at = str_find(line, sign);
        if (at == line.len || evidence->network.len)
            continue;
        struct str address = str_from_pos(line, at + sign.len);
        size_t len = 0;
        while (len < address.len && !strchr(ends, address.ptr[len]))
            len++;
        evidence->network = arena_str(evidence->arena, str_slice(address, 0, len));
    }
}

static void evidence_take_line(struct evidence *evidence)
{
    struct str line = str_trim(str_of(evidence->line, evidence->line_len));
    bool indented = evidence->line_len && evidence->line[0] == ' ';
    bool traced = evidence->tracing;
    evidence->line_len = 0;
    if (!line.len)
        return;
    evidence_take_network(evidence, line);
    evidence->tracing = str_starts(line, STR("Traceback (most recent")) || (traced && indented);
    if (traced && !indented)
        evidence->conclusion = arena_str(evidence->arena, line);
    bool tells = traced || evidence_tells(line);
    /* The ring's slots are written again and again: each keeps its own memory. */
    struct str *slot = &evidence->recent[evidence->seen++ % EVIDENCE_LINES];
    char *kept =
        slot->ptr ? (char *)(uintptr_t)slot->ptr : arena_alloc(evidence->arena, EVIDENCE_LINE_MAX);
    memcpy(kept, line.ptr, line.len);
    *slot = str_of(kept, line.len);
    if (tells && evidence->telling_len < EVIDENCE_LINES)
        evidence->telling[evidence->telling_len++] = arena_str(evidence->arena, line);
    else if (traced && !indented) /* how a long traceback ends tells more than its middle */
        evidence->telling[EVIDENCE_LINES - 1] = evidence->conclusion;
}

void evidence_hear(void *state, struct str chunk)
{
    struct evidence *evidence = state;
    struct err ignored = {0};
    (void)!file_write_all(STDOUT_FILENO, "the log", chunk, &ignored);
    for (size_t i = 0; i < chunk.len; i++) {
        if (chunk.ptr[i] == '\n')
            evidence_take_line(evidence);
        else if (evidence->line_len < EVIDENCE_LINE_MAX)
            evidence->line[evidence->line_len++] = chunk.ptr[i];
    }
}

struct spec_list evidence_lines(struct evidence *evidence)
{
    VEC(struct str) lines = {0};
    evidence_take_line(evidence);
    for (size_t i = 0; i < evidence->telling_len; i++)
        *vec_push(&lines, evidence->arena) = evidence->telling[i];
    size_t count = evidence->seen < EVIDENCE_LINES ? evidence->seen : EVIDENCE_LINES;
    for (size_t i = evidence->seen - count; i < evidence->seen && !evidence->telling_len; i++)
        *vec_push(&lines, evidence->arena) =
            arena_str(evidence->arena, evidence->recent[i % EVIDENCE_LINES]);
    return (struct spec_list){lines.at, lines.len};
}

/* Compilers say first what is wrong, interpreters last. */
struct str evidence_last(struct evidence *evidence)
{
    struct str last = STR("");
    evidence_take_line(evidence);
    for (size_t i = 0; i < evidence->telling_len; i++) {
        struct str line = evidence->telling[i];
        if (str_find(line, STR(": error:")) < line.len ||
            str_find(line, STR("fatal error:")) < line.len)
            return line;
        if (str_find(line, STR("Error:")) < line.len)
            last = line;
    }
    if (evidence->conclusion.len)
        return evidence->conclusion;
    if (!last.len && evidence->telling_len)
        last = evidence->telling[evidence->telling_len - 1];
    if (!last.len && evidence->seen)
        last = evidence->recent[(evidence->seen - 1) % EVIDENCE_LINES];
    return last;
}

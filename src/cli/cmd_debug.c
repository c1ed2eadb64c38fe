/*
 * `refinery debug pkg`: the line protocol (debug/debug.h) over standard input and output. What was
 * asked is answered before more is read, so that a program can talk with it through pipes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "debug/debug.h"
#include "os/file.h"

enum { CHUNK = 1 << 16 };

struct conversation {
    struct buf in, out;
    size_t searched; /* of in: no line end before it */
    bool skipping;   /* the rest of a line that was too long */
};

/* Answers the lines that are complete, and keeps what follows them. */
static void answer_lines(struct conversation *talk)
{
    size_t start = 0;
    const char *end;
    while ((end = memchr(talk->in.ptr + talk->searched, '\n', talk->in.len - talk->searched))) {
        size_t at = (size_t)(end - talk->in.ptr);
        if (!talk->skipping)
            debug_answer(str_of(talk->in.ptr + start, at - start), &talk->out);
        talk->skipping = false;
        start = talk->searched = at + 1;
    }
    memmove(talk->in.ptr, talk->in.ptr + start, talk->in.len - start);
    talk->in.len -= start;
    if (talk->in.len > DEBUG_LINE_LIMIT) {
        if (!talk->skipping)
            debug_answer_too_long(&talk->out);
        talk->skipping = true;
    }
    if (talk->skipping)
        talk->in.len = 0;
    talk->searched = talk->in.len;
}

static bool talk_until_end(struct conversation *talk, struct err *err)
{
    for (;;) {
        ssize_t got = read(STDIN_FILENO, buf_space(&talk->in, CHUNK), CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "cannot read standard input");
        talk->in.len += (size_t)got;
        if (got == 0 && talk->in.len) /* a last line without its end */
            buf_add_char(&talk->in, '\n');
        if (talk->in.len)
            answer_lines(talk);
        if (!file_write_all(STDOUT_FILENO, "standard output", buf_str(&talk->out), err))
            return false;
        buf_clear(&talk->out);
        if (got == 0)
            return true;
    }
}

bool cmd_debug(const struct call *call, int *status, struct err *err)
{
    struct str what = call->args.at[0];
    struct conversation talk = {0};
    (void)status;
    if (str_eq(what, STR("document"))) {
        debug_document(&talk.out);
        fwrite(talk.out.ptr, 1, talk.out.len, stdout);
        buf_free(&talk.out);
        return true;
    }
    if (!str_eq(what, STR("pkg")))
        return err_set(err, ERR_USAGE, "debug: there is \"pkg\", not \"" STR_FMT "\"",
                       STR_ARG(what));
    bool good = talk_until_end(&talk, err);
    buf_free(&talk.in);
    buf_free(&talk.out);
    return good;
}

/*
 * Stands in for libFuzzer where its runtime is missing: runs a fuzz target over the files of the
 * directories given, once each, then over a megabyte of what parsers find hard: one byte or a short
 * piece repeated, and the longest of those files repeated. An empty or missing corpus is a failure.
 */
#include <stdio.h>

#include "base/buf.h"
#include "os/file.h"

enum { HOSTILE_SIZE = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct replay {
    size_t count;
    struct buf kept; /* one file of the corpus */
};

static bool replay_one(void *state, int dirfd, struct str name, struct err *err)
{
    ARENA_AUTO struct arena arena = {0};
    struct str bytes;
    struct replay *replay = state;
    if (!file_read(dirfd, arena_cstr(&arena, name), 64 << 20, &arena, &bytes, err))
        return false;
    (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes.ptr, bytes.len);
    if (bytes.len > replay->kept.len && bytes.len < 4096) {
        buf_clear(&replay->kept);
        buf_add(&replay->kept, bytes);
    }
    replay->count++;
    return true;
}

/* Lead-in once, then the piece until a megabyte is full. */
static void replay_repeated(struct str lead, struct str piece)
{
    BUF_AUTO struct buf out = {0};
    buf_add(&out, lead);
    while (out.len < HOSTILE_SIZE && piece.len)
        buf_add(&out, piece);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)out.ptr, out.len);
}

static void replay_hostile(struct replay *replay)
{
    static const struct {
        struct str lead, piece;
    } inputs[] = {
        {STR_INIT(""), STR_INIT("\0")},
        {STR_INIT(""), STR_INIT("a")},
        {STR_INIT(""), STR_INIT("9")},
        {STR_INIT(""), STR_INIT(" ")},
        {STR_INIT(""), STR_INIT("\n")},
        {STR_INIT(""), STR_INIT("\r\n ")},
        {STR_INIT(""), STR_INIT("\xff")},
        {STR_INIT(""), STR_INIT("\xf0\x9f")},
        {STR_INIT(""), STR_INIT("(")},
        {STR_INIT(""), STR_INIT("[")},
        {STR_INIT(""), STR_INIT("{\"a\":")},
        {STR_INIT(""), STR_INIT("\"")},
        {STR_INIT("\""), STR_INIT("\\")},
        {STR_INIT(""), STR_INIT("1.")},
        {STR_INIT(""), STR_INIT("1,")},
        {STR_INIT(""), STR_INIT("-.")},
        {STR_INIT("1+"), STR_INIT("a.")},
        {STR_INIT(""), STR_INIT("==1,")},
        {STR_INIT("a["), STR_INIT("b,")},
        {STR_INIT("a;"), STR_INIT("os_name=='' or ")},
        {STR_INIT(""), STR_INIT("a: b\n")},
        {STR_INIT("a: b\n"), STR_INIT(" c\n")},
        {STR_INIT(""), STR_INIT("a=1\n")},
        {STR_INIT(""), STR_INIT("[[a.b]]\n")},
        {STR_INIT("a="), STR_INIT("{b=[")},
        {STR_INIT(""), STR_INIT("a.")},
        {STR_INIT(""), STR_INIT("<a href=x>")},
        {STR_INIT("<a "), STR_INIT("b='c' ")},
        {STR_INIT("<!--"), STR_INIT("--")},
        {STR_INIT(""), STR_INIT("&#x41;")},
        {STR_INIT(""), STR_INIT("a \\\n")},
        {STR_INIT(""), STR_INIT("${A}")},
        {STR_INIT("https://"), STR_INIT("a@b:/%41?#")},
        {STR_INIT(""), STR_INIT("../")},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        replay_repeated(inputs[i].lead, inputs[i].piece);
    replay_repeated(STR(""), buf_str(&replay->kept));
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct replay replay = {0};
    for (int i = 1; i < argc; i++)
        if (!file_each(AT_FDCWD, argv[i], replay_one, &replay, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
    replay_hostile(&replay);
    buf_free(&replay.kept);
    printf("%zu inputs replayed, and a megabyte of what is hard to read\n", replay.count);
    return replay.count > 0 ? 0 : 1;
}

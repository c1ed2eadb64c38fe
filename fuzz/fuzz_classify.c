/*
 * Logs: any bytes are read, and as the same whatever pieces they come in; names that are given are
 * names, excerpts are printable.
 */
#include "hint/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hint_catalogue catalogue;
static struct arena kept;

static void fuzz_read(struct str log, size_t step, struct arena *arena,
                      struct hint_reading *reading)
{
    CLASSIFIER_AUTO struct classifier *classifier = classifier_open(&catalogue, arena);
    for (size_t at = 0; at < log.len; at += step)
        classifier_feed(classifier, str_slice(log, at, at + step));
    classifier_end(classifier, reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct hint_reading whole, pieces;
    struct hint_complaints complaints;
    struct str log = str_of(data, size);
    if (!catalogue.len)
        catalogue_open(NULL, 0, true, &kept, &catalogue, &complaints);
    fuzz_read(log, size ? size : 1, &arena, &whole);
    fuzz_read(log, size ? 1 + data[0] * 7 : 1, &arena, &pieces);
    if (whole.len != pieces.len || whole.class != pieces.class || whole.bytes != size)
        __builtin_trap();
    for (size_t i = 0; i < whole.len; i++) {
        const struct hint_finding *finding = &whole.findings[i];
        if (finding->offset != pieces.findings[i].offset || finding->offset >= size ||
            !str_eq(finding->excerpt, pieces.findings[i].excerpt))
            __builtin_trap();
        if (finding->need != NEED_NONE && !hint_need_accepts(finding->need, finding->name))
            __builtin_trap();
        for (size_t j = 0; j < finding->excerpt.len; j++)
            if ((unsigned char)finding->excerpt.ptr[j] < ' ')
                __builtin_trap();
    }
    return 0;
}

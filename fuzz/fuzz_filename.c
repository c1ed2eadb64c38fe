/* Names of wheels and sdists, and the tags in them against two targets. */
#include "pkg/filename.h"
#include "pkg/tags.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tags(const struct wheel_name *wheel, const struct tag_target *target)
{
    struct arena arena ARENA_AUTO = {0};
    BUF_AUTO struct buf why = {0};
    struct tags tags;
    struct err err = {0};
    if (!tags_build(target, &arena, &tags, &err))
        abort();
    long rank = tags_rank(&tags, wheel->python, wheel->abi, wheel->platform);
    tags_refusal(&tags, wheel->python, wheel->abi, wheel->platform, &why);
    if ((rank >= 0) != (why.len == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tag_target glibc = {11, false, STR_INIT("s390x"), TAG_GLIBC, 17};
    static const struct tag_target musl = {13, true, STR_INIT("x86_64"), TAG_MUSL, 2};
    struct arena arena ARENA_AUTO = {0};
    struct str text = str_of(data, size);
    struct wheel_name wheel;
    struct sdist_name sdist;
    struct tag_target target = {0};
    struct err err = {0};
    if (filename_parse_wheel(text, &arena, &wheel, &err)) {
        if (!name_is_normal(wheel.name))
            abort();
        check_tags(&wheel, &glibc);
        check_tags(&wheel, &musl);
    }
    if (filename_parse_sdist(text, STR(""), &arena, &sdist, &err) && !name_is_normal(sdist.name))
        abort();
    (void)!tags_parse_platform(text, &target, &err);
    return 0;
}

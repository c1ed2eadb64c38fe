#include "pkg/tags.h"

enum { REFUSALS_SHOWN = 12 };

/* The legacy names and the glibc they stand for. */
static const struct {
    struct str prefix;
    unsigned minor;
} legacy[] = {{STR_INIT("manylinux2014_"), 17},
              {STR_INIT("manylinux2010_"), 12},
              {STR_INIT("manylinux1_"), 5}};

/* "2_17_s390x" behind "manylinux_": major, minor, architecture. */
static bool read_numbers(struct str text, unsigned major, struct tag_target *target)
{
    struct str first, second, rest;
    uint64_t major_read, minor;
    if (!str_cut(text, '_', &first, &rest) || !str_cut(rest, '_', &second, &rest))
        return false;
    if (!str_to_u64(first, &major_read) || !str_to_u64(second, &minor) || minor > 10000)
        return false;
    if (major_read != major || !rest.len)
        return false;
    target->libc_minor = (unsigned)minor;
    target->arch = rest;
    return true;
}

static bool read_platform(struct str platform, struct tag_target *target)
{
    struct tag_target made = *target;
    bool known = false;
    made.libc = TAG_GLIBC;
    for (size_t i = 0; i < sizeof legacy / sizeof *legacy && !known; i++)
        if (str_starts(platform, legacy[i].prefix)) {
            made.libc_minor = legacy[i].minor;
            made.arch = str_from_pos(platform, legacy[i].prefix.len);
            known = true;
        }
    if (!known && str_starts(platform, STR("manylinux_")))
        known = read_numbers(str_from_pos(platform, 10), 2, &made);
    if (!known && str_starts(platform, STR("musllinux_"))) {
        made.libc = TAG_MUSL;
        known = read_numbers(str_from_pos(platform, 10), 1, &made);
    }
    if (!known && str_starts(platform, STR("linux_"))) {
        made.libc_minor = 0;
        made.arch = str_from_pos(platform, 6);
        known = true;
    }
    if (!known || !made.arch.len)
        return false;
    *target = made;
    return true;
}

bool tags_parse_platform(struct str platform, struct tag_target *target, struct err *err)
{
    if (read_platform(platform, target))
        return true;
    return err_set(
        err, ERR_FORMAT,
        "\"%.*s\" is not a platform tag such as manylinux2014_s390x, manylinux_2_28_s390x "
        "or musllinux_1_2_s390x",
        STR_ARG(str_slice(platform, 0, 100)));
}

static bool platform_known(const struct tags *tags, struct str platform)
{
    for (size_t i = 0; i < tags->platforms_len; i++)
        if (str_eq(tags->platforms[i], platform))
            return true;
    return str_eq(platform, STR("any"));
}

static void refuse_platform(const struct tags *tags, struct str platform, struct buf *out)
{
    struct tag_target of = {0};
    const struct tag_target *target = &tags->target;
    if (!read_platform(platform, &of)) {
        buf_printf(out, "for %.*s, not Linux on %.*s", STR_ARG(platform), STR_ARG(target->arch));
    } else if (!str_eq(of.arch, target->arch)) {
        buf_printf(out, "for %.*s, not %.*s", STR_ARG(of.arch), STR_ARG(target->arch));
    } else if (of.libc != target->libc) {
        buf_printf(out, "for %s, not %s", of.libc == TAG_GLIBC ? "glibc" : "musl",
                   target->libc == TAG_GLIBC ? "glibc" : "musl");
    } else if (of.libc_minor > target->libc_minor) {
        const char *libc = of.libc == TAG_GLIBC ? "glibc 2" : "musl 1";
        buf_printf(out, "needs %s.%u, the target is sure of %s.%u", libc, of.libc_minor, libc,
                   target->libc_minor);
    } else {
        buf_printf(out, "a platform tag that %.*s does not use", STR_ARG(target->arch));
    }
}

static void refuse_python(const struct tags *tags, struct str python, struct str abi,
                          struct buf *out)
{
    const struct tag_target *target = &tags->target;
    const char *threads = target->free_threaded ? "t" : "";
    if (str_starts(python, STR("py")))
        buf_printf(out, "for Python %.*s, not CPython 3.%u%s", STR_ARG(str_from_pos(python, 2)),
                   target->python_minor, threads);
    else if (str_starts(python, STR("cp")) && str_starts(abi, STR("abi3")))
        buf_printf(out, "the stable ABI of %.*s, newer or other than cp3%u%s", STR_ARG(python),
                   target->python_minor, threads);
    else
        buf_printf(out, "for %.*s with ABI %.*s, not cp3%u%s", STR_ARG(python), STR_ARG(abi),
                   target->python_minor, threads);
}

void tags_refusal(const struct tags *tags, struct str python, struct str abi, struct str platform,
                  struct buf *out)
{
    if (tags_rank(tags, python, abi, platform) >= 0)
        return;
    size_t shown = 0;
    struct tag tag;
    for (struct str pythons = python; str_next(&pythons, '.', &tag.python);)
        for (struct str abis = abi; str_next(&abis, '.', &tag.abi);)
            for (struct str platforms = platform; str_next(&platforms, '.', &tag.platform);) {
                if (shown == REFUSALS_SHOWN) {
                    buf_add(out, STR("; and more"));
                    return;
                }
                if (shown++)
                    buf_add(out, STR("; "));
                buf_printf(out, "%.*s-%.*s-%.*s: ", STR_ARG(tag.python), STR_ARG(tag.abi),
                           STR_ARG(tag.platform));
                if (platform_known(tags, tag.platform))
                    refuse_python(tags, tag.python, tag.abi, out);
                else
                    refuse_platform(tags, tag.platform, out);
            }
}

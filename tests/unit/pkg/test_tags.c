#include "pkg/tags.h"
#include "table.h"

static const struct {
    char letter;
    struct tag_target target;
} targets[] = {
    {'s', {11, false, STR_INIT("s390x"), TAG_GLIBC, 36}},
    {'f', {11, false, STR_INIT("s390x"), TAG_GLIBC, 17}},
    {'x', {11, false, STR_INIT("x86_64"), TAG_GLIBC, 36}},
    {'a', {11, false, STR_INIT("aarch64"), TAG_GLIBC, 28}},
    {'m', {11, false, STR_INIT("s390x"), TAG_MUSL, 2}},
    {'t', {13, true, STR_INIT("x86_64"), TAG_GLIBC, 39}},
    {'n', {13, false, STR_INIT("s390x"), TAG_GLIBC, 41}},
};

static struct tags build(char letter, struct arena *arena)
{
    struct tags tags = {0};
    struct err err = {0};
    size_t i = 0;
    while (targets[i].letter != letter)
        i++;
    assert_ok(tags_build(&targets[i].target, arena, &tags, &err));
    return tags;
}

static void check_row(struct str line, struct arena *arena)
{
    struct str verdict, letter, set, python, abi, platform;
    table_cut(line, STR(" "), &verdict, &set);
    table_cut(set, STR(" "), &letter, &set);
    table_cut(set, STR("-"), &python, &abi);
    table_cut(abi, STR("-"), &abi, &platform);
    struct tags tags = build(letter.ptr[0], arena);
    bool accepted = tags_rank(&tags, python, abi, platform) >= 0;
    if (accepted != str_eq(verdict, STR("yes")))
        table_fail(line, "%s", accepted ? "accepted" : "refused");
    BUF_AUTO struct buf why = {0};
    tags_refusal(&tags, python, abi, platform, &why);
    if (accepted != (why.len == 0))
        table_fail(line, "reason: \"%s\"", why.len ? why.ptr : "");
}

static void tags_as_the_standards_say(void **state)
{
    (void)state;
    table_each("tags.tsv", 60, check_row);
}

static struct str tag_text(const struct tags *tags, size_t i, struct arena *arena)
{
    const struct tag *t = &tags->at[i];
    return arena_printf(arena, "%.*s-%.*s-%.*s", STR_ARG(t->python), STR_ARG(t->abi),
                        STR_ARG(t->platform));
}

/* The order pip has on Debian 12 for s390x: 22 platforms, then interpreters. */
static void order_is_that_of_pip(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct tags tags = build('s', &arena);
    assert_str(tag_text(&tags, 0, &arena), "cp311-cp311-linux_s390x");
    assert_str(tag_text(&tags, 1, &arena), "cp311-cp311-manylinux_2_36_s390x");
    assert_str(tag_text(&tags, 20, &arena), "cp311-cp311-manylinux_2_17_s390x");
    assert_str(tag_text(&tags, 21, &arena), "cp311-cp311-manylinux2014_s390x");
    assert_str(tag_text(&tags, 22, &arena), "cp311-abi3-linux_s390x");
    assert_str(tag_text(&tags, 44, &arena), "cp311-none-linux_s390x");
    assert_str(tag_text(&tags, 66, &arena), "cp310-abi3-linux_s390x");
    assert_str(tag_text(&tags, 66 + 22 * 8, &arena), "cp32-abi3-linux_s390x");
    assert_str(tag_text(&tags, 66 + 22 * 9, &arena), "py311-none-linux_s390x");
    assert_str(tag_text(&tags, 66 + 22 * 10, &arena), "py3-none-linux_s390x");
    assert_str(tag_text(&tags, 66 + 22 * 22, &arena), "cp311-none-any");
    assert_str(tag_text(&tags, tags.len - 1, &arena), "py30-none-any");
    assert_str(tags.name, "cp311-s390x-manylinux_2_36");
}

static void legacy_names_stand_behind_theirs(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct tags tags = build('x', &arena);
    const char *last[] = {"manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"};
    assert_int_equal(tags.platforms_len, 1 + 32 + 3);
    for (size_t i = 0; i < 3; i++)
        assert_str(tags.platforms[tags.platforms_len - 3 + i], last[i]);
}

static void a_better_wheel_ranks_before(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct tags tags = build('s', &arena);
    long exact = tags_rank(&tags, STR("cp311"), STR("cp311"), STR("manylinux2014_s390x"));
    long stable = tags_rank(&tags, STR("cp39"), STR("abi3"), STR("manylinux2014_s390x"));
    long pure = tags_rank(&tags, STR("py2.py3"), STR("none"), STR("any"));
    assert_true(exact >= 0 && exact < stable && stable < pure);
}

static void a_refusal_names_each_tag(void **state)
{
    (void)state;
    struct arena arena ARENA_AUTO = {0};
    struct tags tags = build('f', &arena);
    BUF_AUTO struct buf why = {0};
    tags_refusal(&tags, STR("cp39"), STR("cp39"), STR("manylinux_2_17_x86_64.manylinux2014_s390x"),
                 &why);
    assert_string_equal(why.ptr,
                        "cp39-cp39-manylinux_2_17_x86_64: for x86_64, not s390x; "
                        "cp39-cp39-manylinux2014_s390x: for cp39 with ABI cp39, not cp311");
    buf_clear(&why);
    tags_refusal(&tags, STR("cp311"), STR("cp311"), STR("manylinux_2_28_s390x"), &why);
    assert_string_equal(why.ptr, "cp311-cp311-manylinux_2_28_s390x: needs glibc 2.28, the target "
                                 "is sure of glibc 2.17");
}

static void platforms_parse(void **state)
{
    (void)state;
    struct tag_target t = {.python_minor = 11};
    struct err err = {0};
    assert_ok(tags_parse_platform(STR("manylinux2014_s390x"), &t, &err));
    assert_int_equal(t.libc_minor, 17);
    assert_str(t.arch, "s390x");
    assert_int_equal(t.python_minor, 11);
    assert_ok(tags_parse_platform(STR("musllinux_1_2_x86_64"), &t, &err));
    assert_int_equal(t.libc, TAG_MUSL);
    assert_str(t.arch, "x86_64");
    assert_false(tags_parse_platform(STR("manylinux_3_1_s390x"), &t, &err));
    assert_false(tags_parse_platform(STR("win_amd64"), &t, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_as_the_standards_say),
        cmocka_unit_test(order_is_that_of_pip),
        cmocka_unit_test(legacy_names_stand_behind_theirs),
        cmocka_unit_test(a_better_wheel_ranks_before),
        cmocka_unit_test(a_refusal_names_each_tag),
        cmocka_unit_test(platforms_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

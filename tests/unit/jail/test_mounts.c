#include "unit.h"

#include "jail/mounts.h"

static const struct mounts_entry entries[] = {
    {"bin", MOUNTS_IS_LINK, "usr/bin"}, {"dev", MOUNTS_IS_DIR, NULL}, {"etc", MOUNTS_IS_DIR, NULL},
    {"proc", MOUNTS_IS_DIR, NULL},      {"usr", MOUNTS_IS_DIR, NULL},
};

static struct mounts_plan plan_of(const struct jail_mount *mounts, size_t count,
                                  uint64_t scratch_bytes, struct arena *arena)
{
    struct mounts_listing listing = {0};
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        *vec_push(&listing, arena) = entries[i];
    struct jail_spec spec = {.root = "/image",
                             .mounts = mounts,
                             .mount_count = count,
                             .limits = {.scratch_bytes = scratch_bytes}};
    struct mounts_plan plan;
    struct err err;
    assert_ok(mounts_plan(&spec, &listing, arena, &plan, &err));
    return plan;
}

/* Line number of an operation that reads so, or -1. */
static int line_of(const struct mounts_plan *plan, const char *wanted, struct arena *arena)
{
    for (size_t i = 0; i < plan->len; i++)
        if (str_eq(mounts_describe(&plan->at[i], arena), str_from(wanted)))
            return (int)i;
    return -1;
}

static void assert_line(const struct mounts_plan *plan, const char *wanted, struct arena *arena)
{
    if (line_of(plan, wanted, arena) < 0)
        fail_msg("the plan has no \"%s\"", wanted);
}

static void root_is_read_only_and_host_is_let_go(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    struct mounts_plan plan = plan_of(NULL, 0, 0, &arena);
    assert_line(&plan, "clone #1 /image/etc ro", &arena);
    assert_line(&plan, "clone #2 /image/usr ro", &arena);
    assert_line(&plan, "link /bin \"usr/bin\"", &arena);
    assert_line(&plan, "attach #2 /usr", &arena);
    assert_int_equal(line_of(&plan, "clone #3 /image/dev ro", &arena), -1);
    assert_int_equal(line_of(&plan, "clone #3 /image/proc ro", &arena), -1);
    /* all that sees the host comes before the pivot, all that uses paths inside after it */
    int pivot = line_of(&plan, "pivot #0", &arena);
    assert_true(pivot > 0);
    for (int i = 0; i < (int)plan.len; i++)
        assert_int_equal(plan.at[i].kind == MOUNTS_CLONE || plan.at[i].kind == MOUNTS_NEW,
                         i < pivot);
    assert_str(mounts_describe(&plan.at[plan.len - 1], &arena), "seal #0");
}

static void only_what_was_asked_is_writable(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct jail_mount mounts[] = {
        {JAIL_RO, "/host/in", "/in", 0, false},
        {JAIL_RW, "/host/work", "/work", 0, false},
        {JAIL_TMPFS, NULL, "/build", 4096, false},
    };
    struct mounts_plan plan = plan_of(mounts, 3, 1 << 20, &arena);
    for (size_t i = 0; i < plan.len; i++) {
        const struct mounts_op *op = &plan.at[i];
        bool device = op->attributes & MOUNTS_DEVICES;
        if (op->kind == MOUNTS_CLONE && !(op->attributes & MOUNTS_READ_ONLY) && !device)
            assert_string_equal(op->source, "/host/work");
        if (op->kind == MOUNTS_CLONE && device)
            assert_true(str_starts(str_from(op->source), STR("/dev/")));
    }
    assert_true(line_of(&plan, "dir /build", &arena) > 0);
    bool found = false;
    for (size_t i = 0; i < plan.len; i++)
        found = found || (plan.at[i].kind == MOUNTS_NEW && plan.at[i].text &&
                          str_eq(str_from(plan.at[i].text), STR("mode=1777,size=4096")));
    assert_true(found);
}

static void own_tmp_replaces_the_usual_one(void **state)
{
    (void)state;
    ARENA_AUTO struct arena arena = {0};
    const struct jail_mount mounts[] = {{JAIL_RW, "/host/tmp", "/tmp", 0, false}};
    struct mounts_plan plan = plan_of(mounts, 1, 0, &arena);
    size_t attached = 0;
    for (size_t i = 0; i < plan.len; i++)
        attached +=
            plan.at[i].kind == MOUNTS_ATTACH && str_eq(str_from(plan.at[i].target), STR("/tmp"));
    assert_int_equal(attached, 1);
}

static void bad_targets_are_refused(void **state)
{
    (void)state;
    const struct jail_mount bad[] = {
        {JAIL_RO, "/x", "relative", 0, false}, {JAIL_RO, "/x", "/a/../../etc", 0, false},
        {JAIL_RO, "/x", "/", 0, false},        {JAIL_RW, NULL, "/work", 0, false},
        {JAIL_RO, "/x", NULL, 0, false},
    };
    struct mounts_listing none = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct jail_spec spec = {.root = "/image", .mounts = &bad[i], .mount_count = 1};
        struct mounts_plan plan;
        struct err err = {0};
        assert_false(mounts_plan(&spec, &none, &arena, &plan, &err));
        assert_int_equal(err.code, ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(root_is_read_only_and_host_is_let_go),
        cmocka_unit_test(only_what_was_asked_is_writable),
        cmocka_unit_test(own_tmp_replaces_the_usual_one),
        cmocka_unit_test(bad_targets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What of a VCS requirement reaches git, and what is refused before that. */
#include "unit.h"

#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include "index/vcs.h"
#include "os/file.h"
#include "os/proc.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void test_good(void **state)
{
    static const struct {
        const char *text, *url, *revision, *below;
        bool pinned;
    } rows[] = {
        {"git+https://h/x.git", "https://h/x.git", "", "", false},
        {"git+https://h/x.git@v1.2", "https://h/x.git", "v1.2", "", false},
        {"GIT+https://h/x", "https://h/x", "", "", false},
        {"git+ssh://git@h:22/x@feature/y#egg=n", "ssh://git@h:22/x", "feature/y", "", false},
        {"git+https://u:p%40@h/x@" COMMIT "#subdirectory=a/b&egg=n", "https://u:p%40@h/x", COMMIT,
         "a/b", true},
        {"git+file:///srv/x#subdirectory=a%20b", "file:///srv/x", "", "a b", false},
        {"git+git://h/x@0123456", "git://h/x", "0123456", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct vcs_ref ref;
        assert_true(vcs_is_url(str_from(rows[i].text)));
        assert_ok(vcs_parse(str_from(rows[i].text), &arena, &ref, &err));
        assert_str(ref.url, rows[i].url);
        assert_str(ref.revision, rows[i].revision);
        assert_str(ref.subdirectory, rows[i].below);
        assert_int_equal(ref.pinned, rows[i].pinned);
    }
}

static void test_refused(void **state)
{
    static const char *const rows[][2] = {
        {"git+ext::sh -c true", "followed by https"},
        {"git+ext://h/x", "followed by https"},
        {"git+HTTPS://h/x", "followed by https"},
        {"git+https:/x", "followed by https"},
        {"git+--upload-pack=x", "followed by https"},
        {"git+ssh://-oProxyCommand=x/y", "no proper host"},
        {"git+ssh://-l@h/x", "begins with"},
        {"git+ssh://h:-p/x", "begins with"},
        {"git+https://h/", "no repository"},
        {"git+https://h/-x", "no repository"},
        {"git+file://h/x", "no proper host"},
        {"git+https:///x", "no proper host"},
        {"git+https://h/x y", "characters"},
        {"git+https://h/x\x01", "characters"},
        {"git+https://h/x?a=b", "characters"},
        {"git+https://h/x@", "missing"},
        {"git+https://h/x@-b", "no branch"},
        {"git+https://h/x@a..b", "no branch"},
        {"git+https://h/x@a:b", "no branch"},
        {"git+https://h/x@a^", "no branch"},
        {"git+https://h/x#subdirectory=../y", "outside"},
        {"git+https://h/x#subdirectory=%2e%2e/y", "outside"},
        {"git+https://h/x#subdirectory=/y", "outside"},
        {"hg+https://h/x", "only git"},
        {"svn+https://h/x", "only git"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct vcs_ref ref;
        bool ok = vcs_parse(str_from(rows[i][0]), &arena, &ref, &err);
        if (ok || err.code != ERR_FORMAT || !strstr(err.text, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], ok ? "taken" : err.text);
    }
}

static void test_shown(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct vcs_ref ref;
    (void)state;
    assert_ok(vcs_parse(STR("git+https://u:secret@h/x@v1#subdirectory=a"), &arena, &ref, &err));
    struct str shown = vcs_shown(&ref, STR(COMMIT), &arena);
    assert_true(str_ends(shown, STR("/x@" COMMIT "#subdirectory=a")));
    assert_true(str_find(shown, STR("secret")) == shown.len);
}

/* ---- with a real git ---- */

static void git(const char *folder, const char *const *words)
{
    const char *argv[16] = {"git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@t"};
    struct err err = {0};
    for (size_t i = 0; words[i]; i++)
        argv[7 + i] = words[i];
    const struct proc_spec spec = {.argv = argv, .in = -1, .out = 1, .err = 1};
    assert_ok(proc_check(&spec, 60000, NULL, &err));
}

enum { PIECES = 30 };

/* A commit of so many bytes in 30 files, of zeros or of what does not pack. */
static const char *repository(struct arena *arena, size_t size, bool packs)
{
    struct str folder;
    struct err err = {0};
    char *bytes = arena_alloc(arena, size);
    uint64_t state = 1;
    assert_ok(file_make_temp_dir("/tmp", "refinery-vcs-", arena, &folder, &err));
    for (size_t i = 0; i < size; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = packs ? 0 : (char)(state >> 56);
    }
    for (size_t i = 0; i < PIECES; i++)
        assert_ok(file_write(AT_FDCWD, arena_printf(arena, "%s/file%zu", folder.ptr, i).ptr, 0644,
                             str_of(bytes + i * (size / PIECES), size / PIECES), &err));
    git(folder.ptr, (const char *const[]){"init", "-q", NULL});
    git(folder.ptr, (const char *const[]){"add", ".", NULL});
    git(folder.ptr, (const char *const[]){"commit", "-q", "-m", "one", NULL});
    return folder.ptr;
}

static bool checkout(struct arena *arena, const char *folder, const struct vcs_limits *limits,
                     bool *written, struct err *err)
{
    struct http_options http = {0};
    struct vcs_ref ref;
    struct str dir, commit;
    struct err ignored;
    assert_true(vcs_parse(arena_printf(arena, "git+file://%s", folder), arena, &ref, err));
    assert_true(file_make_temp_dir("/tmp", "refinery-vcs-", arena, &dir, err));
    bool ok = vcs_checkout(&ref, &http, limits, dir.ptr, arena, &commit, err);
    *written = access(arena_printf(arena, "%s/tree/file0", dir.ptr).ptr, F_OK) == 0;
    (void)!file_remove_tree(AT_FDCWD, dir.ptr, &ignored);
    return ok;
}

static void test_limits(void **state)
{
    enum { SIZE = 3000000 };
    const char *const asks[] = {"prlimit", "git", "--version", NULL};
    const struct proc_spec there = {.argv = asks, .in = -1, .out = 1, .err = 1};
    struct err absent;
    static const struct {
        bool packs;
        struct vcs_limits limits;
        const char *said; /* NULL: it is taken */
    } rows[] = {
        {false, {SIZE / 2, 2 * SIZE, PIECES}, "has more than the 1500000 bytes allowed"},
        {false, {2 * SIZE, 2 * SIZE, PIECES}, NULL},
        {true, {SIZE / 2, SIZE / 2, PIECES}, "bytes or 30 files allowed in a revision"},
        {true, {2 * SIZE, SIZE, PIECES}, NULL},
        {true, {2 * SIZE, SIZE, PIECES - 1}, "bytes or 29 files allowed in a revision"},
    };
    (void)state;
    if (!proc_check(&there, 60000, NULL, &absent)) /* a root with the build packages alone */
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0}, ignored;
        bool written;
        const char *folder = repository(&arena, SIZE, rows[i].packs);
        bool ok = checkout(&arena, folder, &rows[i].limits, &written, &err);
        (void)!file_remove_tree(AT_FDCWD, folder, &ignored);
        if (ok != !rows[i].said || written != ok)
            fail_msg("row %zu: %s, %s", i, ok ? "taken" : err.text, written ? "written" : "not");
        if (!ok && (err.code != ERR_LIMIT || !strstr(err.text, rows[i].said)))
            fail_msg("row %zu: %s", i, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_shown), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests_name("vcs", tests, NULL, NULL);
}

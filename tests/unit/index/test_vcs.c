/* What of a VCS requirement reaches git, and what is refused before that. */
#include "unit.h"

#include <string.h>

#include "index/vcs.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_shown)};
    return cmocka_run_group_tests_name("vcs", tests, NULL, NULL);
}

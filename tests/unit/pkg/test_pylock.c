#include "unit.h"

#include <string.h>

#include "pkg/pylock_select.h"
#include "table.h"

#define HEAD "lock-version = '1.0'\ncreated-by = 'x'\n"
#define HASH "hashes = {sha256 = 'ab'}"

/* All of the specification, in the order and form of pylock_write. */
static const char whole[] =
    "lock-version = \"1.0\"\n"
    "environments = [\n"
    "    \"sys_platform == \\\"linux\\\"\",\n"
    "    \"sys_platform == \\\"win32\\\" and python_version >= \\\"3.9\\\"\",\n"
    "]\n"
    "requires-python = \">=3.9, <4\"\n"
    "extras = [\"cli\"]\n"
    "dependency-groups = [\"Dev\", \"docs\"]\n"
    "default-groups = [\"docs\"]\n"
    "created-by = \"refinery\"\n"
    "tool = {refinery = {target = \"cp311\", n = [1, 2.5, -inf, true, 1979-05-27, 07:32:00]}}\n"
    "\n"
    "[[packages]]\n"
    "name = \"attrs\"\n"
    "version = \"25.1.0\"\n"
    "marker = \"\\\"cli\\\" in extras or \\\"docs\\\" in dependency_groups\"\n"
    "requires-python = \">=3.8\"\n"
    "dependencies = [\n"
    "    {name = \"idna\"},\n"
    "    {name = \"urllib3\", version = \"2.0\", \"odd key\" = \"\\u0001\"},\n"
    "]\n"
    "index = \"https://index.example/simple/\"\n"
    "sdist = {name = \"attrs-25.1.0.tar.gz\", upload-time = 2025-01-25T10:30:12.500Z, "
    "url = \"https://files.example/attrs-25.1.0.tar.gz\", size = 805562, "
    "hashes = {sha256 = \"1c97\", md5 = \"00\"}}\n"
    "wheels = [\n"
    "    {upload-time = 2024-02-29T23:59:59Z, url = "
    "\"https://files.example/attrs-25.1.0-py3-none-any.whl?x=1\", hashes = {sha256 = \"ab\"}},\n"
    "    {path = \"wheels\\\\attrs-25.1.0-cp311-cp311-manylinux_2_17_s390x.whl\", hashes = {sha256 "
    "= "
    "\"cd\"}},\n"
    "]\n"
    "attestation-identities = [{kind = \"GitHub\", repository = \"python-attrs/attrs\"}]\n"
    "tool = {other = {a = 1}}\n"
    "\n"
    "[[packages]]\n"
    "name = \"local-dir\"\n"
    "directory = {path = \"./vendor\", editable = true, subdirectory = \"py\"}\n"
    "\n"
    "[[packages]]\n"
    "name = \"zipped\"\n"
    "version = \"1\"\n"
    "archive = {url = \"https://files.example/main.zip\", size = 7, hashes = {sha512 = \"ef\"}, "
    "subdirectory = \"x\"}\n"
    "\n"
    "[[packages]]\n"
    "name = \"from-git\"\n"
    "vcs = {type = \"git\", url = \"https://git.example/idna.git\", requested-revision = \"main\", "
    "commit-id = \"0123\", subdirectory = \"x\"}\n";

static void all_of_it_is_kept(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf out = {0};
    struct pylock lock;
    struct err err = {0};
    (void)state;
    assert_ok(pylock_parse(str_from(whole), "p", &arena, &lock, &err));
    pylock_write(&lock, &out);
    assert_string_equal(out.ptr, whole);
    assert_int_equal(lock.packages_len, 4);
    const struct pylock_package *attrs = &lock.packages[0];
    assert_int_equal(attrs->line, 13);
    assert_str(attrs->wheels[0].filename, "attrs-25.1.0-py3-none-any.whl");
    assert_str(attrs->wheels[1].filename, "attrs-25.1.0-cp311-cp311-manylinux_2_17_s390x.whl");
    assert_int_equal(attrs->sdist.upload_time_ms, 1737801012500);
    assert_int_equal(attrs->wheels[0].size, -1);
    assert_str(attrs->dependencies[1].version, "2.0");
    assert_int_equal(lock.packages[1].source, PYLOCK_DIRECTORY);
    assert_false(lock.packages[1].has_version);
    assert_int_equal(lock.packages[2].source, PYLOCK_ARCHIVE);
    assert_str(lock.packages[3].vcs.commit_id, "0123");
    assert_int_equal(lock.warning.len, 0);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text, *says; /* says NULL: it is right */
    } cases[] = {
        {HEAD "packages = []\n", NULL},
        {"created-by = 'x'\npackages = []\n", "p:1:1: \"lock-version\" is missing here"},
        {"lock-version = '1.0'\npackages = []\n", "\"created-by\" is missing"},
        {HEAD, "\"packages\" is missing"},
        {"lock-version = 1.0\n", "p:1:16: lock-version must be a string, not a float"},
        {"lock-version = 'x'\n", "p:1:16: lock-version: "},
        {"lock-version = '2.0'\n", "lock-version 2.0 is not known here (1.0 is)"},
        {"lock-version = '0.9'\n", "lock-version 0.9 is not known"},
        {HEAD "environments = 'x'\npackages = []\n", "environments must be an array"},
        {HEAD "environments = [1]\npackages = []\n", "environments must hold strings only"},
        {HEAD "environments = ['os_name = 1']\npackages = []\n", "p:3:17: "},
        {HEAD "requires-python = 'three'\npackages = []\n", "p:3:19: "},
        {HEAD "extras = ['A_b']\npackages = []\n", "\"A_b\" is no name in normal form"},
        {HEAD "tool = 1\npackages = []\n", "tool must be a table"},
        {HEAD "packages = [1]\n", "packages must hold tables only, not an integer"},
        {HEAD "[[packages]]\n", "p:3:1: \"name\" is missing here"},
        {HEAD "[[packages]]\nname = 'A'\n", "p:4:8: \"A\" is no name in normal form (PEP 503)"},
        {HEAD "[[packages]]\nname = 'a'\n", "or sdist and wheels; it names none"},
        {HEAD "[[packages]]\nname = 'a'\nwheels = []\n", "it names none"},
        {HEAD "[[packages]]\nname = 'a'\nversion = 'x y'\n", "p:5:11: "},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {path = '.'}\narchive = {path = 'x.zip', " HASH
              "}\n",
         "it names several"},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {path = '.'}\nsdist = {path = 'a-1.zip', " HASH
              "}\n",
         "it names several"},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {}\n", "\"path\" is missing"},
        {HEAD "[[packages]]\nname = 'a'\nvcs = {type = 'git', url = 'u'}\n",
         "\"commit-id\" is missing"},
        {HEAD "[[packages]]\nname = 'a'\nvcs = {type = 'git', commit-id = 'u'}\n",
         "neither \"path\" nor \"url\""},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {" HASH "}\n", "neither \"path\" nor \"url\""},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip'}\n", "\"hashes\" is missing"},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip', hashes = {}}\n",
         "hashes must hold at least one"},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip', hashes = {sha256 = 1}}\n",
         "a hash must be a string"},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'b-1.zip', " HASH "}\n",
         "p:5:9: \"b-1.zip\": the file belongs to another project"},
        {HEAD "[[packages]]\nname = 'a'\nwheels = [{path = 'b-1-py3-none-any.whl', " HASH "}]\n",
         "p:5:11: b-1-py3-none-any.whl is no file of a"},
        {HEAD "[[packages]]\nname = 'a'\nversion = '2'\nsdist = {path = 'a-1.zip', " HASH "}\n",
         "a-1.zip is not of version 2"},
        {HEAD "[[packages]]\nname = 'a'\nversion = '1.0'\nsdist = {path = 'a-1.zip', " HASH "}\n",
         NULL},
        {HEAD "[[packages]]\nname = 'a'\nwheels = [{url = 'https://x/a-1-py3-none-any.zip', " HASH
              "}]\n",
         "p:5:11: "},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip', size = -1, " HASH "}\n",
         "size must not be negative"},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip', size = '1', " HASH "}\n",
         "size must be an integer"},
        {HEAD "[[packages]]\nname = 'a'\nsdist = {path = 'a-1.zip', upload-time = 2025-01-01, " HASH
              "}\n",
         "upload-time must be a date-time, not a local date"},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {path = '.'}\nattestation-identities = [{}]\n",
         "\"kind\" is missing"},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {path = '.'}\ndependencies = ['b']\n",
         "dependencies must hold tables only"},
        {HEAD "[[packages]]\nname = 'a'\ndirectory = {path = '.'}\nmarker = 'no marker'\n",
         "p:6:10: "},
        {HEAD "unknown = 1\n[[packages]]\nname = 'a'\nmore = 1\ndirectory = {path = '.'}\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct err err = {0};
        struct pylock lock;
        bool ok = pylock_parse(str_from(cases[i].text), "p", &arena, &lock, &err);
        if (ok != !cases[i].says || (!ok && !strstr(err.text, cases[i].says)))
            fail_msg("%s: \"%s\" has no \"%s\"", cases[i].text, err.text,
                     cases[i].says ? cases[i].says : "");
    }
}

static void a_newer_minor_version_is_a_warning(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct pylock lock;
    (void)state;
    assert_ok(pylock_parse(STR("lock-version = '1.1'\ncreated-by = 'x'\npackages = []\n"), "p",
                           &arena, &lock, &err));
    assert_str(lock.warning, "p: lock-version 1.1 is newer than 1.0: what it added is passed over");
}

static void file_names(void **state)
{
    static const struct {
        const char *name;
        bool lock;
    } cases[] = {{"pylock.toml", true},      {"pylock.dev.toml", true}, {"pylock..toml", false},
                 {"pylock.a.b.toml", false}, {"Pylock.toml", false},    {"pylock.toml.bak", false},
                 {"mypylock.toml", false},   {"pylock.é.toml", true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(pylock_is_name(str_from(cases[i].name)), cases[i].lock);
}

/* ---- selection ---- */

#define PKG(name, more) "[[packages]]\nname = '" name "'\n" more
#define WHEELS                                                                                     \
    "wheels = [{path = 'a-1-cp311-cp311-manylinux_2_17_x86_64.whl', " HASH "}, "                   \
    "{path = 'a-1-py3-none-any.whl', " HASH "}, "                                                  \
    "{path = 'a-1-cp311-cp311-manylinux_2_17_s390x.whl', " HASH "}]\n"

static void each_environment_gets_its_own(void **state)
{
    static const struct {
        const char *text, *picks; /* "name file;"..., or what the error says */
    } cases[] = {
        {HEAD PKG("a", WHEELS), "a a-1-cp311-cp311-manylinux_2_17_s390x.whl;"},
        {HEAD PKG("a", "sdist = {path = 'a-1.zip', " HASH "}\n"
                       "wheels = [{path = 'a-1-cp310-cp310-win_amd64.whl', " HASH "}]\n"),
         "a a-1.zip;"},
        {HEAD PKG("a", "wheels = [{path = 'a-1-cp310-cp310-win_amd64.whl', " HASH "}]\n"),
         "!p:3: a has no wheel for cp311-s390x-manylinux_2_17 and no sdist"},
        {HEAD PKG("a", "marker = \"sys_platform == 'win32'\"\ndirectory = {path = '.'}\n")
             PKG("a", "marker = \"sys_platform == 'linux'\"\n" WHEELS),
         "a a-1-cp311-cp311-manylinux_2_17_s390x.whl;"},
        {HEAD PKG("a", "directory = {path = '.'}\n") PKG("b", "directory = {path = '.'}\n"),
         "a -;b -;"},
        {HEAD PKG("a", "directory = {path = '.'}\n") PKG("a", "directory = {path = 'x'}\n"),
         "!p:6: a is here for this target, and in line 3 as well"},
        {HEAD "requires-python = '>=3.12'\n" PKG("a", WHEELS),
         "!p: made for Python >=3.12, the target has 3.11.2"},
        {HEAD PKG("a", "requires-python = '<3.11'\n" WHEELS), "!p:3: a needs Python <3.11"},
        {HEAD "environments = [\"platform_machine == 'x86_64'\"]\n" PKG("a", WHEELS),
         "!p: made for other environments (platform_machine == \"x86_64\")"},
        {HEAD "environments = [\"os_name == 'nt'\", \"platform_machine == 's390x'\"]\n" PKG(
             "a", "directory = {path = '.'}\n"),
         "a -;"},
        {HEAD "default-groups = ['docs']\n" PKG(
             "a", "marker = \"'docs' in dependency_groups\"\ndirectory = {path = '.'}\n")
             PKG("b", "marker = \"'cli' in extras\"\ndirectory = {path = '.'}\n")
                 PKG("c", "marker = \"'x' in extras\"\ndirectory = {path = '.'}\n"),
         "a -;b -;"},
    };
    const struct tag_target cp311 = {
        .python_minor = 11, .arch = STR("s390x"), .libc = TAG_GLIBC, .libc_minor = 17};
    const struct str extras[] = {STR_INIT("cli")};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf found = {0};
        struct marker_env env = marker_env_linux(STR("3.11.2"), STR("s390x"));
        const struct pylock_choice *choices;
        struct version python;
        struct tags tags;
        struct pylock lock;
        struct err err = {0};
        size_t len = 0;
        assert_ok(tags_build(&cp311, &arena, &tags, &err));
        assert_ok(version_parse(STR("3.11.2"), &python, &err));
        assert_ok(pylock_parse(str_from(cases[i].text), "p", &arena, &lock, &err));
        const struct pylock_target target = {
            .marker = &env, .python = &python, .tags = &tags, .extras = extras, .extras_len = 1};
        if (!pylock_select(&lock, &target, "p", &arena, &choices, &len, &err))
            buf_printf(&found, "!%s", err.text);
        for (size_t k = 0; k < len; k++)
            buf_printf(&found, "%.*s %.*s;", STR_ARG(choices[k].package->name),
                       STR_ARG(choices[k].file ? choices[k].file->filename : STR("-")));
        if (!str_starts(buf_str(&found), str_from(cases[i].picks)))
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, found.ptr, cases[i].picks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_it_is_kept),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(a_newer_minor_version_is_a_warning),
        cmocka_unit_test(file_names),
        cmocka_unit_test(each_environment_gets_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Catalogues as people write them: what is taken, and what is refused with which words. */
#include "hint/applies.h"
#include "hint/catalogue.h"
#include "hint/import.h"
#include "unit.h"

struct loaded {
    struct arena arena;
    struct hint_catalogue catalogue;
    struct hint_complaints complaints;
};

static void load(struct loaded *loaded, const char *text, enum hint_origin origin)
{
    const struct hint_source source = {STR("h.yaml"), str_from(text), origin};
    *loaded = (struct loaded){0};
    catalogue_open(&source, 1, false, &loaded->arena, &loaded->catalogue, &loaded->complaints);
}

static void unload(struct loaded *loaded)
{
    catalogue_close(&loaded->catalogue);
    arena_free(&loaded->arena);
}

static void assert_complaint(const struct loaded *loaded, const char *words)
{
    for (size_t i = 0; i < loaded->complaints.len; i++)
        if (str_find(loaded->complaints.at[i], str_from(words)) < loaded->complaints.at[i].len)
            return;
    fail_msg("nobody complained: %s (%zu complaints, first: %s)", words, loaded->complaints.len,
             loaded->complaints.len ? loaded->complaints.at[0].ptr : "");
}

static void test_fields(void **state)
{
    struct loaded loaded;
    (void)state;
    load(&loaded,
         "# a comment\n"
         "- id: a\n"
         "  pattern: 'is missing: (?<name>\\w+) (?<version>[\\d.]+)'\n"
         "  class: version\n"
         "  need: version\n"
         "  recipes: {apt: [libx-dev, liby-dev], pip: '{name}>={version}', env: {K: v}}\n"
         "  applies_to: {package: Foo_Bar, python_versions: ['>=3.12'], archs: [s390x]}\n"
         "  confidence: 85%\n"
         "  severity: critical\n"
         "  phase: [wheel]\n"
         "  note: a note\n"
         "  tags: x\n"
         "  examples:\n"
         "    - 'cython is missing: cython 3.0'\n",
         ORIGIN_LOCAL);
    assert_int_equal(loaded.complaints.len, 0);
    assert_int_equal(loaded.catalogue.len, 1);
    const struct hint *hint = catalogue_find(&loaded.catalogue, STR("a"));
    assert_non_null(hint);
    assert_int_equal(hint->line, 2);
    assert_int_equal(hint->class, HINT_VERSION);
    assert_int_equal(hint->severity, SEVERITY_FATAL);
    assert_int_equal(hint->impact, IMPACT_HIGH);
    assert_true(hint->confidence == 0.85);
    assert_int_equal(hint->recipes.len, 4);
    assert_str(hint->recipes.at[3].value, "K=v");
    assert_str(hint->applies.packages.at[0], "foo-bar");
    struct hint_match match;
    assert_true(catalogue_matches(hint, hint->examples.at[0], &match));
    assert_str(match.name, "cython");
    assert_str(match.version, "3.0");
    unload(&loaded);
}

static void test_applies(void **state)
{
    struct loaded loaded;
    (void)state;
    load(&loaded,
         "- id: a\n  pattern: 'words enough'\n  applies_to:\n    patterns: ['py*']\n"
         "    python_versions: ['3.12', '>=3.13,<3.15']\n    arch: ['!x86_64', '!i?86']\n"
         "    platform: manylinux_*\n    backends: [setuptools.*]\n  phase: wheel\n",
         ORIGIN_LOCAL);
    assert_int_equal(loaded.catalogue.len, 1);
    const struct hint *hint = &loaded.catalogue.at[0];
    const struct hint_facts good = {.name = STR("pyzmq"),
                                    .python = STR("3.14"),
                                    .arch = STR("s390x"),
                                    .platform = STR("manylinux_2_17_s390x"),
                                    .backend = STR("setuptools.build_meta"),
                                    .phase = STR("wheel")};
    const struct hint_facts unknown = {0};
    assert_true(hint_applies(hint, &good));
    assert_true(hint_applies(hint, &unknown));
    struct hint_facts facts = good;
    facts.name = STR("zmq");
    assert_false(hint_applies(hint, &facts));
    facts = good;
    facts.python = STR("3.11");
    assert_false(hint_applies(hint, &facts));
    facts.python = STR("3.12");
    assert_true(hint_applies(hint, &facts));
    facts.arch = STR("i686");
    assert_false(hint_applies(hint, &facts));
    facts = good;
    facts.phase = STR("requires");
    assert_false(hint_applies(hint, &facts));
    unload(&loaded);
}

/* Broken entries cost themselves alone, and are named with their line. */
static void test_broken(void **state)
{
    struct loaded loaded;
    (void)state;
    load(&loaded,
         "hints:\n"
         "  - id: one\n    pattern: 'first words'\n"
         "  - id: two\n    pattern: 'second words\n    note: [unclosed\n"
         "  - id: three\n    pattern: 'third words'\n    colour: red\n"
         "  - id: four\n    pattern: 'fourth words'\n    confidence: 7\n"
         "  - id: five\n    pattern: 'fifth (words'\n"
         "  - id: one\n    pattern: 'sixth words'\n"
         "  - just text\n"
         "  - id: eight\n    note: nothing to match\n"
         "  - id: nine\n    pattern: 'ninth words'\n    recipes: {brew: [x]}\n"
         "  - id: ten\n    pattern: 'tenth words'\n    recipes: {apt: ['-oProxy=x']}\n"
         "  - id: eleven\n    pattern: 'eleventh words'\n    recipes: {pip: ['{name}']}\n"
         "  - id: last\n    pattern: 'last words'\n",
         ORIGIN_SHIPPED);
    assert_int_equal(loaded.catalogue.len, 2);
    assert_non_null(catalogue_find(&loaded.catalogue, STR("one")));
    assert_non_null(catalogue_find(&loaded.catalogue, STR("last")));
    assert_int_equal(loaded.complaints.len, 10);
    assert_complaint(&loaded, "h.yaml:5: not YAML");
    assert_complaint(&loaded, "h.yaml:9: a hint has no \"colour\"");
    assert_complaint(&loaded, "h.yaml:12: confidence");
    assert_complaint(&loaded, "hint five: pattern, position 7");
    assert_complaint(&loaded, "hint one: this id is taken");
    assert_complaint(&loaded, "h.yaml:17: a hint is a map");
    assert_complaint(&loaded, "hint eight: neither a pattern nor a class");
    assert_complaint(&loaded, "h.yaml:22: brew: no such kind");
    assert_complaint(&loaded, "h.yaml:25: apt: this is no value");
    assert_complaint(&loaded, "hint eleven: the pattern has no group (?<name>...)");
    unload(&loaded);
}

static void test_too_much(void **state)
{
    struct loaded loaded;
    (void)state;
    load(&loaded,
         "- {id: all, pattern: '.*'}\n- {id: ordinary, pattern: 'running (build_ext)?'}\n"
         "- {id: slow, pattern: '(x+x+)+ never ends'}\n- {id: fine, pattern: 'this one is fine'}\n"
         "- {id: 'no id', pattern: 'has an id with a space'}\n",
         ORIGIN_LOCAL);
    assert_int_equal(loaded.catalogue.len, 1);
    assert_complaint(&loaded, "hint all: pattern, position 1: nearly every line would match");
    assert_complaint(&loaded,
                     "hint ordinary: the pattern matches ordinary lines: \"running build_ext\"");
    assert_complaint(&loaded,
                     "hint slow: pattern, position 1: a repetition inside of a repetition");
    unload(&loaded);
}

static void test_contradictions(void **state)
{
    struct loaded loaded;
    (void)state;
    load(
        &loaded,
        "- {id: a, pattern: 'same words', recipes: {pip: ['cython<3']}, confidence: 0.8}\n"
        "- {id: b, pattern: 'same words', recipes: {pip: ['Cython>=3']}, confidence: 0.8}\n"
        "- {id: c, pattern: 'same words', recipes: {pip: ['cython>=3']}, confidence: 0.5}\n"
        "- {id: d, pattern: 'same words', recipes: {pip: ['cython<3']}, confidence: 0.3}\n"
        "- {id: e, pattern: 'same words', recipes: {env: ['A=1']}}\n"
        "- {id: f, pattern: 'same words', recipes: {env: ['A=2']}, applies_to: {arch: [s390x]}}\n"
        "- {id: g, pattern: 'other words', recipes: {env: ['A=1']}, applies_to: {arch: "
        "[ppc64le]}}\n"
        "- {id: h, pattern: 'other words', recipes: {env: ['A=2']}, applies_to: {arch: [s390x]}}\n",
        ORIGIN_LOCAL);
    assert_complaint(&loaded, "hint b: it contradicts hint a");
    assert_complaint(&loaded,
                     "hint c: it contradicts hint a (pip:cython>=3); the surer one comes first");
    assert_complaint(&loaded, "hint d: it says what hint a says already");
    assert_complaint(&loaded, "hint f: it contradicts hint e (env:A=2) and is no surer");
    assert_null(catalogue_find(&loaded.catalogue, STR("b")));
    assert_non_null(catalogue_find(&loaded.catalogue, STR("c")));
    assert_null(catalogue_find(&loaded.catalogue, STR("d")));
    assert_null(catalogue_find(&loaded.catalogue, STR("f")));
    assert_non_null(catalogue_find(&loaded.catalogue, STR("g")));
    assert_non_null(catalogue_find(&loaded.catalogue, STR("h")));
    unload(&loaded);
}

/* As an earlier catalogue had them: one rule for each version and backend. */
static void test_import(void **state)
{
    ARENA_AUTO struct arena arena = {0};
    BUF_AUTO struct buf text = {0};
    struct hint_import import;
    (void)state;
    for (int rule = 0; rule < 7; rule++)
        for (int python = 8; python < 14; python++)
            for (int backend = 0; backend < 3; backend++)
                buf_printf(&text,
                           "- id: rule-%d-3.%d-%d\n  pattern: 'fatal error: header%d\\.h'\n"
                           "  recipes:\n    dnf: [h%d-devel]\n    apt: [libh%d-dev]\n"
                           "  applies_to: {python: '3.%d', backends: [b%d]}\n  source: old\n"
                           "  confidence: 0.%d\n  severity: high\n",
                           rule, python, backend, rule, rule, rule, python, backend, 9 - backend);
    buf_add(&text, STR("- id: bad\n  pattern: '.*'\n- id: torn\n  pattern: 'x\n"));
    import_read(buf_str(&text), STR("old.yaml"), &arena, &import);
    assert_int_equal(import.entries, 7 * 6 * 3 + 2);
    assert_int_equal(import.len, 7);
    assert_int_equal(import.refused, 2);
    assert_int_equal(import.complaints.len, 2);
    assert_int_equal(import.at[3].applies.python.len, 6);
    assert_int_equal(import.at[3].applies.backends.len, 3);
    assert_true(import.at[3].confidence == 0.7);
    /* What is written is read again as the same rules, and imports to itself. */
    BUF_AUTO struct buf out = {0}, again = {0};
    import_write(&import, &out);
    struct hint_import second;
    import_read(buf_str(&out), STR("new.yaml"), &arena, &second);
    assert_int_equal(second.len, 7);
    assert_int_equal(second.refused, 0);
    import_write(&second, &again);
    assert_true(str_eq(buf_str(&out), buf_str(&again)));
}

/* The other form: a map by name, recipes beside the pattern or as words, JSON. */
static void test_import_forms(void **state)
{
    static const char *const forms[] = {
        "hints:\n- pattern: 'libffi is missing'\n  apt: libffi-dev\n  dnf: [libffi-devel]\n",
        "version: 2\nhints:\n  - pattern: 'libffi is missing'\n"
        "    recipes: ['apt:libffi-dev', 'dnf:libffi-devel']\n",
        "{\"hints\": [{\"pattern\": \"libffi is missing\", \"recipes\": {\"apt\": "
        "[\"libffi-dev\"], "
        "\"dnf\": [\"libffi-devel\"]}}]}",
        "libffi:\n  pattern: 'libffi is missing'\n  packages: {apt: libffi-dev, dnf: "
        "libffi-devel}\n"};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        ARENA_AUTO struct arena arena = {0};
        struct hint_import import;
        import_read(str_from(forms[i]), STR("old"), &arena, &import);
        if (import.len != 1 || import.refused)
            fail_msg("form %zu: %zu rules, %s", i, import.len,
                     import.complaints.len ? import.complaints.at[0].ptr : "");
        assert_int_equal(import.at[0].recipes.len, 2);
        assert_str(import.at[0].recipes.at[1].value, "libffi-devel");
        if (i == 3)
            assert_str(import.at[0].id, "libffi");
        else
            assert_true(str_starts(import.at[0].id, STR("imported-")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),         cmocka_unit_test(test_applies),
        cmocka_unit_test(test_broken),         cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_contradictions), cmocka_unit_test(test_import),
        cmocka_unit_test(test_import_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * For tests/system/pylock_peers.py: one lock file a line on standard input (JSON strings), one
 * answer a line: {"written": ..., "picks": [[name, file], ...]} or {"error": ...}, and where
 * nothing can be selected {"written": ..., "refused": ...}. The target is CPython 3.11.2 on
 * glibc 2.36, x86_64, with the extra "cli".
 */
#include <stdio.h>

#include "base/json.h"
#include "pkg/pylock_select.h"

static void answer(struct str text, struct arena *arena, yyjson_mut_doc *doc)
{
    const struct tag_target cp311 = {
        .python_minor = 11, .arch = STR("x86_64"), .libc = TAG_GLIBC, .libc_minor = 36};
    const struct str extras[] = {STR_INIT("cli")};
    struct marker_env env = marker_env_linux(STR("3.11.2"), STR("x86_64"));
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    BUF_AUTO struct buf written = {0};
    const struct pylock_choice *choices;
    struct version python;
    struct tags tags;
    struct pylock lock;
    struct err err = {0};
    size_t len = 0;
    yyjson_mut_doc_set_root(doc, root);
    if (!tags_build(&cp311, arena, &tags, &err) || !version_parse(STR("3.11.2"), &python, &err) ||
        !pylock_parse(text, "p", arena, &lock, &err)) {
        json_add_str(doc, root, "error", str_from(err.text));
        return;
    }
    pylock_write(&lock, &written);
    json_add_str(doc, root, "written", buf_str(&written));
    const struct pylock_target target = {
        .marker = &env, .python = &python, .tags = &tags, .extras = extras, .extras_len = 1};
    if (!pylock_select(&lock, &target, "p", arena, &choices, &len, &err)) {
        json_add_str(doc, root, "refused", str_from(err.text));
        return;
    }
    yyjson_mut_val *picks = yyjson_mut_obj_add_arr(doc, root, "picks");
    for (size_t i = 0; i < len; i++) {
        yyjson_mut_val *pick = yyjson_mut_arr_add_arr(doc, picks);
        json_append_str(doc, pick, choices[i].package->name);
        json_append_str(doc, pick, choices[i].file ? choices[i].file->filename : STR(""));
    }
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t got; (got = getline(&line, &room, stdin)) > 0;) {
        ARENA_AUTO struct arena arena = {0};
        BUF_AUTO struct buf out = {0};
        JSON_AUTO yyjson_doc *asked = NULL;
        JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
        struct err err;
        if (!json_parse(str_of(line, (size_t)got), "line", &asked, &err))
            return 2;
        answer(json_str(yyjson_doc_get_root(asked)), &arena, doc);
        json_write(doc, false, &out);
        printf("%.*s\n", STR_ARG(buf_str(&out)));
    }
    return 0;
}

#include "cli/hint_log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/hint_map.h"
#include "cli/hint_replay.h"
#include "cli/history_open.h"
#include "hint/packages.h"
#include "hint/suggest.h"
#include "run/hints.h"
#include "os/fd.h"
#include "os/file.h"
#include "store/seekable.h"

enum { CHUNK = 1 << 20 };

static bool hint_feed_plain(int fd, const char *path, struct classifier *classifier,
                            struct err *err)
{
    BUF_AUTO struct buf chunk = {0};
    for (;;) {
        ssize_t got = read(fd, buf_space(&chunk, CHUNK), CHUNK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "cannot read %s", path);
        if (got == 0)
            return true;
        classifier_feed(classifier, str_of(chunk.ptr, (size_t)got));
    }
}

/* A log of a cache, as it is sealed there. */
static bool hint_feed_sealed(int fd, const char *path, struct classifier *classifier,
                             struct err *err)
{
    ARENA_AUTO struct arena table = {0};
    struct seekable file;
    if (!seekable_open(fd, path, &table, &file, err))
        return false;
    for (int64_t at = 0; at < file.text_bytes; at += CHUNK) {
        ARENA_AUTO struct arena arena = {0};
        struct str text;
        if (!seekable_read(&file, at, CHUNK, &arena, &text, err))
            return false;
        classifier_feed(classifier, text);
    }
    return true;
}

bool hint_log_read(const struct hint_catalogue *catalogue, struct str path, struct arena *arena,
                   struct hint_reading *reading, struct err *err)
{
    CLASSIFIER_AUTO struct classifier *classifier = classifier_open(catalogue, arena);
    bool standard = str_eq(path, STR("-"));
    FD_AUTO int fd = standard ? dup(STDIN_FILENO) : open(path.ptr, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot open %s", path.ptr);
    bool good = str_ends(path, STR(".zst")) ? hint_feed_sealed(fd, path.ptr, classifier, err)
                                            : hint_feed_plain(fd, path.ptr, classifier, err);
    if (good)
        classifier_end(classifier, reading);
    return good;
}

static void hint_test_json(struct arena *arena, const struct hint_reading *reading,
                           const struct hint_suggestions *suggestions,
                           const struct hint_replay *replay, struct buf *out)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc), *list;
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "class", str_from(hint_class_name(reading->class)));
    yyjson_mut_obj_add_uint(doc, root, "bytes", reading->bytes);
    yyjson_mut_obj_add_uint(doc, root, "unasked", reading->unasked);
    yyjson_mut_obj_add_uint(doc, root, "stored_failures", replay->failures);
    list = yyjson_mut_obj_add_arr(doc, root, "findings");
    for (size_t i = 0; i < reading->len; i++) {
        const struct hint_finding *finding = &reading->findings[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list);
        json_add_str(doc, object, "hint", finding->hint->id);
        json_add_str(doc, object, "class", str_from(hint_class_name(finding->class)));
        json_add_str(doc, object, "need", str_from(hint_need_name(finding->need)));
        json_add_str(doc, object, "name", finding->name);
        json_add_str(doc, object, "version", finding->version);
        yyjson_mut_obj_add_uint(doc, object, "offset", finding->offset);
        yyjson_mut_obj_add_uint(doc, object, "count", finding->count);
        json_add_str(doc, object, "excerpt", finding->excerpt);
    }
    list = yyjson_mut_obj_add_arr(doc, root, "suggestions");
    for (size_t i = 0; i < suggestions->len; i++) {
        const struct hint_suggestion *one = &suggestions->at[i];
        yyjson_mut_val *object = yyjson_mut_arr_add_obj(doc, list), *recipes;
        json_add_str(doc, object, "hint", one->id);
        yyjson_mut_obj_add_real(doc, object, "confidence", one->confidence);
        json_add_str(doc, object, "impact", str_from(hint_impact_name(one->impact)));
        yyjson_mut_obj_add_bool(doc, object, "approval", one->approval);
        yyjson_mut_obj_add_uint(doc, object, "for_stored_failures",
                                hint_replay_of(replay, one->id));
        recipes = yyjson_mut_obj_add_arr(doc, object, "recipes");
        for (size_t j = 0; j < one->len; j++)
            json_append_str(doc, recipes,
                            arena_printf(arena, STR_FMT ":" STR_FMT, STR_ARG(one->recipes[j].kind),
                                         STR_ARG(one->recipes[j].value)));
        json_add_str(doc, object, "why", one->why);
    }
    json_write(doc, true, out);
}

static void hint_test_text(const struct hint_reading *reading,
                           const struct hint_suggestions *suggestions,
                           const struct hint_replay *replay, struct buf *out)
{
    buf_printf(out, "%s: %s\n", hint_class_name(reading->class), hint_class_words(reading->class));
    for (size_t i = 0; i < reading->len; i++) {
        const struct hint_finding *finding = &reading->findings[i];
        buf_printf(out, "  %10llu  " STR_FMT, (unsigned long long)finding->offset,
                   STR_ARG(finding->hint->id));
        if (finding->name.len)
            buf_printf(out, " (" STR_FMT "%s" STR_FMT ")", STR_ARG(finding->name),
                       finding->version.len ? " " : "", STR_ARG(finding->version));
        buf_printf(out, "\n              " STR_FMT "\n", STR_ARG(finding->excerpt));
    }
    for (size_t i = 0; i < suggestions->len; i++)
        buf_printf(out, "%s%.2f  " STR_FMT ": " STR_FMT "\n", i ? "" : "\n",
                   suggestions->at[i].confidence, STR_ARG(suggestions->at[i].id),
                   STR_ARG(suggestions->at[i].why));
    suggest_sentence(suggestions, out);
    for (size_t i = 0; replay->failures && i < suggestions->len; i++)
        if (!suggest_is_repeat(suggestions, i))
            buf_printf(out, STR_FMT " would have had a recipe for %zu of the %zu stored failures\n",
                       STR_ARG(suggestions->at[i].id),
                       hint_replay_of(replay, suggestions->at[i].id), replay->failures);
    if (reading->unasked)
        buf_printf(out, "%llu lines were too many or too hard to be asked about\n",
                   (unsigned long long)reading->unasked);
}

static bool hint_test(const struct call *call, const struct hint_catalogue *catalogue, int *status,
                      struct err *err)
{
    const struct options *options = call->options;
    BUF_AUTO struct buf out = {0};
    STORE_AUTO struct store *store = NULL;
    CONTENTS_AUTO struct contents contents = {0};
    struct hint_lookup lookup;
    struct hint_reading reading;
    struct hint_suggestions suggestions;
    struct hint_facts facts = {
        .name = option_str(options, OPTION_PACKAGE),
        .python = option_str(options, OPTION_PYTHON),
        .arch = option_str(options, OPTION_ARCH),
    };
    struct suggest_request request = {.catalogue = catalogue, .reading = &reading, .facts = &facts};
    struct hint_replay replay;
    if (!hint_log_read(catalogue, call->args.at[1], call->arena, &reading, err) ||
        !history_open_any(call, &store, err))
        return false;
    if (store || packages_asks(&reading))
        request.lookup = hint_map_at_hand(call, &contents, &lookup);
    if (!hint_replay(call, catalogue, store, request.lookup, &replay, err))
        return false;
    suggest(&request, call->arena, &suggestions);
    if (option_flag(options, OPTION_JSON))
        hint_test_json(call->arena, &reading, &suggestions, &replay, &out);
    else
        hint_test_text(&reading, &suggestions, &replay, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    *status = reading.len ? COMMAND_OK : COMMAND_FAILED;
    return true;
}

bool hint_log_test(const struct call *call, int *status, struct err *err)
{
    struct hint_catalogue catalogue;
    if (!hints_open(option_str(call->options, OPTION_CACHE), call->arena, &catalogue, err))
        return false;
    bool good = hint_test(call, &catalogue, status, err);
    catalogue_close(&catalogue);
    return good;
}

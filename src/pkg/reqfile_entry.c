#include "pkg/filename.h"
#include "pkg/reqfile_option.h"
#include "base/url.h"

/* "./x", "../x", "/x", "~/x", "x/y", "x.whl": what pip takes for a path, not for a name. */
static bool reqfile_looks_local(struct str text)
{
    struct str front = str_slice(text, 0, str_find_char(text, ';'));
    size_t space = 0;
    while (space < front.len && !char_is_space(front.ptr[space]))
        space++;
    front.len = space;
    if (str_has_char(front, '@') && !str_starts(front, STR(".")) && !str_starts(front, STR("/")))
        return false;
    return str_starts(front, STR(".")) || str_has_char(front, '/') ||
           filename_kind(front) != FILENAME_OTHER;
}

/* "<target>[extra1,extra2] ; marker" of a URL or a path without a name in front. */
static bool reqfile_nameless(struct str text, bool is_url, struct arena *arena,
                             struct reqfile_entry *entry, struct err *err)
{
    struct str target = text, marker = {0};
    size_t semicolon = str_find(text, is_url ? STR(" ;") : STR(";"));
    if (semicolon < text.len) {
        target = str_trim(str_slice(text, 0, semicolon));
        marker = str_trim(str_from_pos(text, semicolon + (is_url ? 2 : 1)));
        if (!marker_parse(marker, arena, &entry->req.marker, err))
            return false;
    }
    if (!is_url && target.len && target.ptr[target.len - 1] == ']') {
        size_t open = str_rfind_char(target, '[');
        struct requirement extras;
        if (open < target.len) {
            /* The extras of a path read like those of a name. */
            struct str named =
                arena_printf(arena, "x" STR_FMT, STR_ARG(str_from_pos(target, open)));
            if (!requirement_parse(named, arena, &extras, err))
                return false;
            entry->req.extras = extras.extras;
            entry->req.extras_len = extras.extras_len;
            target = str_slice(target, 0, open);
        }
    }
    entry->req.text = text;
    if (is_url)
        entry->req.url = target;
    else
        entry->path = target;
    return true;
}

/* A wheel or sdist names its project itself. */
static void reqfile_name_from_target(struct reqfile_entry *entry, struct arena *arena)
{
    struct str target = entry->path.len ? entry->path : entry->req.url;
    struct str filename = url_filename(url_without_fragment(target), arena);
    struct err ignored = {0};
    struct wheel_name wheel;
    struct sdist_name sdist;
    struct str egg = url_fragment_value(url_split(target).fragment, STR("egg"));
    if (filename_kind(filename) == FILENAME_WHEEL) {
        if (filename_parse_wheel(filename, arena, &wheel, &ignored))
            entry->req.name = wheel.name;
    } else if (filename_kind(filename) == FILENAME_SDIST) {
        if (filename_parse_sdist(filename, STR(""), arena, &sdist, &ignored))
            entry->req.name = sdist.name;
    } else if (egg.len) {
        egg = str_slice(egg, 0, str_find_char(egg, '['));
        if (name_is_valid(egg))
            entry->req.name = name_normal(egg, arena);
    }
    entry->req.written = entry->req.name;
}

bool reqfile_parse_line(struct str line, struct str origin, struct arena *arena,
                        struct reqfile_entry *entry, struct err *err)
{
    struct reqfile_entry parsed = {.origin = origin};
    struct str text = str_trim(line), spec;
    if (reqfile_option_is_editable(text)) {
        parsed.editable = true;
        text = str_from_pos(text, str_starts(text, STR("-e")) ? 2 : sizeof "--editable" - 1);
        text = str_trim(text.len && text.ptr[0] == '=' ? str_from_pos(text, 1) : text);
    }
    bool ok = reqfile_option_take_suffixes(text, arena, &spec, &parsed, err);
    if (ok && !spec.len)
        ok = err_set(err, ERR_FORMAT, "a requirement is missing");
    if (ok && url_has_scheme(spec))
        ok = reqfile_nameless(spec, true, arena, &parsed, err);
    else if (ok && (parsed.editable || reqfile_looks_local(spec)))
        ok = reqfile_nameless(spec, false, arena, &parsed, err);
    else if (ok)
        ok = requirement_parse(spec, arena, &parsed.req, err);
    if (!ok)
        return err_wrap(err, STR_FMT, STR_ARG(origin));
    if (!parsed.req.name.len)
        reqfile_name_from_target(&parsed, arena);
    *entry = parsed;
    return true;
}

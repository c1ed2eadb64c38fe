#include "pkg/reqfile_option.h"
#include "base/vec.h"
#include "base/url.h"

#include <stddef.h>
#include <string.h>

enum reqfile_option_kind {
    REQFILE_OPTION_INCLUDE,
    REQFILE_OPTION_CONSTRAINT,
    REQFILE_OPTION_STRING,
    REQFILE_OPTION_LIST,  /* adds */
    REQFILE_OPTION_NAMES, /* adds the pieces between commas; :none: empties */
    REQFILE_OPTION_FLAG,
    REQFILE_OPTION_IGNORED,      /* known, means nothing here, takes a value */
    REQFILE_OPTION_IGNORED_FLAG, /* the same without one */
};

struct reqfile_option {
    const char *letter, *name; /* letter NULL: none */
    enum reqfile_option_kind kind;
    size_t at; /* offset in struct reqfile; lists keep their length behind the pointer */
};

#define AT(field) offsetof(struct reqfile, field)
static const struct reqfile_option reqfile_options[] = {
    {"-r", "--requirement", REQFILE_OPTION_INCLUDE, 0},
    {"-c", "--constraint", REQFILE_OPTION_CONSTRAINT, 0},
    {"-i", "--index-url", REQFILE_OPTION_STRING, AT(index_url)},
    {NULL, "--pypi-url", REQFILE_OPTION_STRING, AT(index_url)},
    {NULL, "--extra-index-url", REQFILE_OPTION_LIST, AT(extra_index_urls)},
    {"-f", "--find-links", REQFILE_OPTION_LIST, AT(find_links)},
    {NULL, "--trusted-host", REQFILE_OPTION_LIST, AT(trusted_hosts)},
    {NULL, "--no-binary", REQFILE_OPTION_NAMES, AT(no_binary)},
    {NULL, "--only-binary", REQFILE_OPTION_NAMES, AT(only_binary)},
    {NULL, "--no-index", REQFILE_OPTION_FLAG, AT(no_index)},
    {NULL, "--pre", REQFILE_OPTION_FLAG, AT(pre)},
    {NULL, "--prefer-binary", REQFILE_OPTION_FLAG, AT(prefer_binary)},
    {NULL, "--require-hashes", REQFILE_OPTION_FLAG, AT(require_hashes)},
    {NULL, "--use-feature", REQFILE_OPTION_IGNORED, 0},
    {NULL, "--use-pep517", REQFILE_OPTION_IGNORED_FLAG, 0},
    {NULL, "--no-use-pep517", REQFILE_OPTION_IGNORED_FLAG, 0},
};
#undef AT

/* A list in struct reqfile: pointer, then length. */
struct reqfile_option_list {
    const struct str *at;
    size_t len;
};

static void reqfile_option_append(struct reqfile *file, size_t offset, struct str value,
                                  struct arena *arena)
{
    struct reqfile_option_list list;
    memcpy(&list, (char *)file + offset, sizeof list);
    /* Only this function makes these lists: there is room up to the next power of two. */
    struct str *longer = (struct str *)(uintptr_t)list.at;
    if ((list.len & (list.len - 1)) == 0 || !list.len) {
        longer = ARENA_ARRAY(arena, struct str, list.len ? 2 * list.len : 1);
        if (list.len)
            memcpy(longer, list.at, list.len * sizeof *longer);
    }
    longer[list.len] = value;
    list = (struct reqfile_option_list){longer, list.len + 1};
    memcpy((char *)file + offset, &list, sizeof list);
}

static void reqfile_option_names(struct reqfile *file, size_t offset, struct str value,
                                 struct arena *arena)
{
    struct str piece;
    while (str_next(&value, ',', &piece)) {
        piece = str_trim(piece);
        if (str_eq(piece, STR(":none:")))
            memset((char *)file + offset, 0, sizeof(struct reqfile_option_list));
        else if (piece.len)
            reqfile_option_append(file, offset, piece, arena);
    }
}

/* The next word; quotes keep spaces inside, a backslash the character behind it. */
static bool reqfile_option_word(struct str *rest, struct arena *arena, struct str *word)
{
    struct str s = str_trim(*rest);
    if (!s.len)
        return false;
    char *out = arena_alloc(arena, s.len + 1), quote = 0;
    size_t len = 0, i = 0;
    for (; i < s.len && (quote || !char_is_space(s.ptr[i])); i++) {
        char c = s.ptr[i];
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (c == '\\' && quote != '\'' && i + 1 < s.len)
            out[len++] = s.ptr[++i];
        else
            out[len++] = c;
    }
    *word = str_of(out, len);
    *rest = str_from_pos(s, i);
    return true;
}

/* The option that a word names, and its value where it is attached ("--x=y", "-ry"). */
static const struct reqfile_option *reqfile_option_find(struct str word, struct str *value,
                                                        bool *attached)
{
    struct str name, behind;
    *attached = str_cut(word, '=', &name, &behind);
    for (size_t i = 0; i < sizeof reqfile_options / sizeof *reqfile_options; i++) {
        const struct reqfile_option *option = &reqfile_options[i];
        if (str_eq(name, str_from(option->name))) {
            *value = behind;
            return option;
        }
        if (option->letter && str_starts(word, str_from(option->letter))) {
            *value = str_from_pos(word, 2);
            *attached = value->len != 0;
            return option;
        }
    }
    return NULL;
}

static bool reqfile_option_has_value(enum reqfile_option_kind kind)
{
    return kind != REQFILE_OPTION_FLAG && kind != REQFILE_OPTION_IGNORED_FLAG;
}

/* find-links may name a directory relative to the file: kept as "dir of the file/name". */
static struct str reqfile_option_link(struct str path, struct str value, struct arena *arena)
{
    size_t slash = str_rfind_char(path, '/');
    if (url_has_scheme(value) || str_starts(value, STR("/")) || slash == path.len ||
        url_has_scheme(path))
        return value;
    return arena_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(str_slice(path, 0, slash)),
                        STR_ARG(value));
}

static void reqfile_option_store(const struct reqfile_option *option, struct str path,
                                 struct str value, struct arena *arena, struct reqfile *file,
                                 struct reqfile_include *include)
{
    bool yes = true;
    switch (option->kind) {
    case REQFILE_OPTION_INCLUDE:
    case REQFILE_OPTION_CONSTRAINT:
        *include = (struct reqfile_include){value, option->kind == REQFILE_OPTION_CONSTRAINT};
        break;
    case REQFILE_OPTION_STRING:
        memcpy((char *)file + option->at, &value, sizeof value);
        break;
    case REQFILE_OPTION_LIST:
        if (option->at == offsetof(struct reqfile, find_links))
            value = reqfile_option_link(path, value, arena);
        reqfile_option_append(file, option->at, value, arena);
        break;
    case REQFILE_OPTION_NAMES:
        reqfile_option_names(file, option->at, value, arena);
        break;
    case REQFILE_OPTION_FLAG:
        memcpy((char *)file + option->at, &yes, sizeof yes);
        break;
    case REQFILE_OPTION_IGNORED:
    case REQFILE_OPTION_IGNORED_FLAG:
        break;
    }
}

bool reqfile_option_is_editable(struct str text)
{
    return str_starts(text, STR("-e")) || str_starts(text, STR("--editable"));
}

bool reqfile_option_take(struct str text, struct str path, struct arena *arena,
                         struct reqfile *file, struct reqfile_include *include, struct err *err)
{
    struct str word, value = STR("");
    bool attached;
    while (reqfile_option_word(&text, arena, &word)) {
        const struct reqfile_option *option = reqfile_option_find(word, &value, &attached);
        if (!option)
            return err_set(err, ERR_FORMAT,
                           "\"" STR_FMT "\" is no option of a requirements file; remove it",
                           STR_ARG(str_slice(word, 0, 100)));
        bool wants = reqfile_option_has_value(option->kind);
        if (wants && !attached && !reqfile_option_word(&text, arena, &value))
            return err_set(err, ERR_FORMAT, "%s needs a value", option->name);
        if (!wants && attached)
            return err_set(err, ERR_FORMAT, "%s takes no value", option->name);
        if (include->path.ptr)
            return err_set(err, ERR_FORMAT, "one -r or -c on a line, and nothing behind it");
        reqfile_option_store(option, path, value, arena, file, include);
    }
    return true;
}

static const struct {
    struct str name;
    size_t hex;
} reqfile_option_algorithms[] = {
    {STR_INIT("sha256"), 64}, {STR_INIT("sha384"), 96}, {STR_INIT("sha512"), 128}};

bool reqfile_parse_hash(struct str value, struct simple_hash *hash, struct err *err)
{
    struct str name, hex;
    str_cut(value, ':', &name, &hex);
    for (size_t i = 0; i < 3; i++) {
        if (!str_eq_nocase(name, reqfile_option_algorithms[i].name))
            continue;
        bool ok = hex.len == reqfile_option_algorithms[i].hex;
        for (size_t d = 0; d < hex.len; d++)
            ok &= char_is_digit(hex.ptr[d]) ||
                  (char_lower(hex.ptr[d]) >= 'a' && char_lower(hex.ptr[d]) <= 'f');
        if (!ok)
            break;
        *hash = (struct simple_hash){reqfile_option_algorithms[i].name, hex};
        return true;
    }
    return err_set(err, ERR_FORMAT,
                   "--hash=" STR_FMT " is not sha256, sha384 or sha512, a colon and as many "
                   "hexadecimal digits as it has",
                   STR_ARG(str_slice(value, 0, 150)));
}

/* What may follow a requirement, each with a value. */
enum reqfile_suffix { SUFFIX_HASH, SUFFIX_SETTING, SUFFIX_GLOBAL, SUFFIX_NONE };

static const struct str reqfile_suffixes[] = {STR_INIT("--hash"), STR_INIT("--config-setting"),
                                              STR_INIT("--global-option")};

static enum reqfile_suffix reqfile_suffix_find(struct str name)
{
    if (str_eq(name, STR("--config-settings")))
        return SUFFIX_SETTING;
    enum reqfile_suffix at = SUFFIX_HASH;
    while (at < SUFFIX_NONE && !str_eq(name, reqfile_suffixes[at]))
        at++;
    return at;
}

/* Where the options behind a requirement begin. */
static size_t reqfile_suffix_start(struct str text)
{
    for (size_t i = 1; i + 2 < text.len; i++)
        if (char_is_space(text.ptr[i - 1]) && text.ptr[i] == '-' && text.ptr[i + 1] == '-')
            return i;
    return text.len;
}

bool reqfile_option_take_suffixes(struct str text, struct arena *arena, struct str *requirement,
                                  struct reqfile_entry *entry, struct err *err)
{
    VEC(struct simple_hash) hashes = {0};
    VEC(struct str) settings = {0};
    size_t cut = reqfile_suffix_start(text);
    struct str rest = str_from_pos(text, cut), word, name, value;
    *requirement = str_trim(str_slice(text, 0, cut));
    while (reqfile_option_word(&rest, arena, &word)) {
        bool attached = str_cut(word, '=', &name, &value);
        enum reqfile_suffix kind = reqfile_suffix_find(name);
        if (kind == SUFFIX_NONE)
            return err_set(err, ERR_FORMAT,
                           "\"" STR_FMT "\" cannot follow a requirement; --hash, "
                           "--config-settings and --global-option can",
                           STR_ARG(str_slice(word, 0, 100)));
        if (!attached && !reqfile_option_word(&rest, arena, &value))
            return err_set(err, ERR_FORMAT, STR_FMT " needs a value", STR_ARG(name));
        if (kind == SUFFIX_HASH && !reqfile_parse_hash(value, vec_push(&hashes, arena), err))
            return false;
        if (kind == SUFFIX_SETTING && str_find_char(value, '=') == value.len)
            return err_set(err, ERR_FORMAT, "--config-settings \"" STR_FMT "\" is not KEY=VALUE",
                           STR_ARG(str_slice(value, 0, 100)));
        if (kind == SUFFIX_SETTING)
            *vec_push(&settings, arena) = value;
        if (kind == SUFFIX_GLOBAL)
            *vec_push(&settings, arena) =
                arena_printf(arena, "--global-option=" STR_FMT, STR_ARG(value));
    }
    entry->hashes = hashes.at;
    entry->hashes_len = hashes.len;
    entry->settings = settings.at;
    entry->settings_len = settings.len;
    return true;
}

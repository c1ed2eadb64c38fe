#include "index/pipconf.h"
#include "base/buf.h"
#include "base/vec.h"
#include "os/file.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { PIPCONF_FILE_LIMIT = 1 << 20 };

enum pipconf_kind { PIPCONF_STRING, PIPCONF_LIST, PIPCONF_FLAG, PIPCONF_SECONDS, PIPCONF_COUNT };

/* What is taken from a file's key or a PIP_ variable, and where it goes. */
static const struct pipconf_key {
    const char *key, *env;
    enum pipconf_kind kind;
    size_t at; /* lists keep their length behind the pointer */
} pipconf_keys[] = {
    {"index-url", "PIP_INDEX_URL", PIPCONF_STRING, offsetof(struct pipconf, index_url)},
    {"extra-index-url", "PIP_EXTRA_INDEX_URL", PIPCONF_LIST,
     offsetof(struct pipconf, extra_index_urls)},
    {"find-links", "PIP_FIND_LINKS", PIPCONF_LIST, offsetof(struct pipconf, find_links)},
    {"trusted-host", "PIP_TRUSTED_HOST", PIPCONF_LIST, offsetof(struct pipconf, trusted_hosts)},
    {"no-index", "PIP_NO_INDEX", PIPCONF_FLAG, offsetof(struct pipconf, no_index)},
    {"proxy", "PIP_PROXY", PIPCONF_STRING, offsetof(struct pipconf, proxy)},
    {"cert", "PIP_CERT", PIPCONF_STRING, offsetof(struct pipconf, cert)},
    {"client-cert", "PIP_CLIENT_CERT", PIPCONF_STRING, offsetof(struct pipconf, client_cert)},
    {"default-timeout", "PIP_DEFAULT_TIMEOUT", PIPCONF_SECONDS,
     offsetof(struct pipconf, timeout_s)},
    {"timeout", "PIP_TIMEOUT", PIPCONF_SECONDS, offsetof(struct pipconf, timeout_s)},
    {"retries", "PIP_RETRIES", PIPCONF_COUNT, offsetof(struct pipconf, retries)},
};

enum { PIPCONF_KEYS = sizeof pipconf_keys / sizeof *pipconf_keys };

struct pipconf_list {
    const struct str *at;
    size_t len;
};

struct pipconf_reader {
    const struct pipconf_io *io;
    struct arena *arena;
    struct pipconf conf;
};

/* Where a value stands, for the message: "/etc/pip.conf:3" or "PIP_NO_INDEX". */
static bool pipconf_store(struct pipconf_reader *reader, const struct pipconf_key *key,
                          struct str value, struct str where, struct err *err)
{
    char *place = (char *)&reader->conf + key->at;
    VEC(struct str) words = {0};
    uint64_t number = 0;
    static const char *const yes[] = {"1", "true", "yes", "on", "y", "t"};
    static const char *const no[] = {"0", "false", "no", "off", "n", "f"};
    switch (key->kind) {
    case PIPCONF_STRING:
        memcpy(place, &value, sizeof value);
        return true;
    case PIPCONF_LIST:
        for (size_t i = 0; i < value.len;) {
            size_t start = i;
            while (i < value.len && !char_is_space(value.ptr[i]))
                i++;
            if (i > start)
                *vec_push(&words, reader->arena) = str_slice(value, start, i);
            else
                i++;
        }
        memcpy(place, &(struct pipconf_list){words.at, words.len}, sizeof(struct pipconf_list));
        return true;
    case PIPCONF_FLAG:
        for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
            bool on = str_eq_nocase(value, str_from(yes[i]));
            if (on || str_eq_nocase(value, str_from(no[i]))) {
                memcpy(place, &on, sizeof on);
                return true;
            }
        }
        break;
    case PIPCONF_SECONDS:
    case PIPCONF_COUNT:
        str_cut(value, '.', &value, &(struct str){0}); /* 15.0 is fine too */
        if (!str_to_u64(value, &number) || number > 1000000)
            break;
        if (key->kind == PIPCONF_SECONDS)
            memcpy(place, &(int64_t){(int64_t)number}, sizeof(int64_t));
        else
            memcpy(place, &(int){(int)number}, sizeof(int));
        return true;
    }
    return err_set(err, ERR_FORMAT, STR_FMT ": \"" STR_FMT "\" is no value for pip's setting %s",
                   STR_ARG(where), STR_ARG(str_slice(value, 0, 100)), key->key);
}

/* Keys of a file are written with - or _ and in any case. */
static const struct pipconf_key *pipconf_find(struct str key)
{
    for (size_t i = 0; i < PIPCONF_KEYS; i++) {
        struct str known = str_from(pipconf_keys[i].key);
        bool same = known.len == key.len;
        for (size_t c = 0; same && c < key.len; c++)
            same = known.ptr[c] == (key.ptr[c] == '_' ? '-' : char_lower(key.ptr[c]));
        if (same)
            return &pipconf_keys[i];
    }
    return NULL;
}

/* The next line with its indented continuations joined by spaces; comments and blanks go. */
static bool pipconf_next(struct str *rest, size_t *number, size_t *at, struct arena *arena,
                         struct str *line)
{
    BUF_AUTO struct buf joined = {0}; /* empty for a line without continuations */
    struct str piece;
    bool found = false;
    while (rest->len) {
        struct str before = *rest;
        str_next_line(rest, &piece);
        ++*number;
        struct str trimmed = str_trim(piece);
        if (!trimmed.len || trimmed.ptr[0] == '#' || trimmed.ptr[0] == ';')
            continue;
        if (found && !char_is_space(piece.ptr[0])) {
            *rest = before;
            --*number;
            break;
        }
        if (found) {
            buf_add(&joined, joined.len ? STR("") : *line);
            buf_add_char(&joined, ' ');
            buf_add(&joined, trimmed);
            continue;
        }
        *line = trimmed;
        *at = *number;
        found = true;
    }
    if (joined.len)
        *line = arena_str(arena, buf_str(&joined));
    return found;
}

/* Two passes: [global], then [install], which overrides it. */
static bool pipconf_section(struct pipconf_reader *reader, struct str path, struct str text,
                            struct str wanted, struct err *err)
{
    struct str rest = text, line, key, value;
    size_t number = 0, at = 0;
    bool inside = false;
    while (pipconf_next(&rest, &number, &at, reader->arena, &line)) {
        struct str where = arena_printf(reader->arena, STR_FMT ":%zu", STR_ARG(path), at);
        if (line.ptr[0] == '[') {
            if (line.ptr[line.len - 1] != ']')
                return err_set(err, ERR_FORMAT, STR_FMT ": a section without \"]\"",
                               STR_ARG(where));
            inside = str_eq(str_slice(line, 1, line.len - 1), wanted);
            continue;
        }
        size_t cut = str_find_char(line, '='), colon = str_find_char(line, ':');
        cut = colon < cut ? colon : cut;
        if (cut == line.len)
            return err_set(err, ERR_FORMAT, STR_FMT ": neither a section nor \"key = value\"",
                           STR_ARG(where));
        key = str_trim(str_slice(line, 0, cut));
        value = str_trim(str_from_pos(line, cut + 1));
        const struct pipconf_key *known = inside ? pipconf_find(key) : NULL;
        if (known && value.len && !pipconf_store(reader, known, value, where, err))
            return false;
    }
    return true;
}

static bool pipconf_file(struct pipconf_reader *reader, struct str path, struct err *err)
{
    struct str text;
    if (!reader->io->read(reader->io->state, path, reader->arena, &text))
        return true;
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_from_pos(text, 3);
    return pipconf_section(reader, path, text, STR("global"), err) &&
           pipconf_section(reader, path, text, STR("install"), err);
}

static struct str pipconf_env(const struct pipconf_reader *reader, const char *name)
{
    return str_from(reader->io->env(reader->io->state, name));
}

static struct str pipconf_join(struct pipconf_reader *reader, struct str dir, const char *name)
{
    return arena_printf(reader->arena, STR_FMT "/%s", STR_ARG(dir), name);
}

/* pip's own order, weakest first: global, user, site, the file of PIP_CONFIG_FILE. */
static bool pipconf_files(struct pipconf_reader *reader, struct err *err)
{
    struct str named = pipconf_env(reader, "PIP_CONFIG_FILE"), home = pipconf_env(reader, "HOME");
    struct str dirs = pipconf_env(reader, "XDG_CONFIG_DIRS"), dir, text;
    struct str config = pipconf_env(reader, "XDG_CONFIG_HOME");
    struct str site = pipconf_env(reader, "VIRTUAL_ENV");
    VEC(struct str) order = {0};
    if (str_eq(named, STR("/dev/null")))
        return true;
    if (!dirs.len)
        dirs = STR("/etc/xdg");
    while (str_next(&dirs, ':', &dir))
        if (dir.len)
            *vec_push(&order, reader->arena) = pipconf_join(reader, dir, "pip/pip.conf");
    *vec_push(&order, reader->arena) = STR("/etc/pip.conf");
    bool replaced = named.len && reader->io->read(reader->io->state, named, reader->arena, &text);
    if (!replaced && home.len)
        *vec_push(&order, reader->arena) = pipconf_join(reader, home, ".pip/pip.conf");
    if (!replaced && config.len)
        *vec_push(&order, reader->arena) = pipconf_join(reader, config, "pip/pip.conf");
    else if (!replaced && home.len)
        *vec_push(&order, reader->arena) = pipconf_join(reader, home, ".config/pip/pip.conf");
    if (site.len)
        *vec_push(&order, reader->arena) = pipconf_join(reader, site, "pip.conf");
    if (named.len)
        *vec_push(&order, reader->arena) = named;
    for (size_t i = 0; i < order.len; i++)
        if (!pipconf_file(reader, order.at[i], err))
            return false;
    return true;
}

bool pipconf_load(const struct pipconf_io *io, struct arena *arena, struct pipconf *pipconf,
                  struct err *err)
{
    struct pipconf_reader reader = {.io = io, .arena = arena, .conf = {.retries = -1}};
    if (!pipconf_files(&reader, err))
        return false;
    for (size_t i = 0; i < PIPCONF_KEYS; i++) {
        struct str value = str_trim(pipconf_env(&reader, pipconf_keys[i].env));
        if (value.len && !pipconf_store(&reader, &pipconf_keys[i], arena_str(arena, value),
                                        str_from(pipconf_keys[i].env), err))
            return false;
    }
    *pipconf = reader.conf;
    return true;
}

static const char *pipconf_system_env(void *state, const char *name)
{
    (void)state;
    return getenv(name);
}

static bool pipconf_system_read(void *state, struct str path, struct arena *arena, struct str *text)
{
    struct err ignored;
    (void)state;
    return file_read(AT_FDCWD, arena_cstr(arena, path), PIPCONF_FILE_LIMIT, arena, text, &ignored);
}

const struct pipconf_io pipconf_system = {pipconf_system_env, pipconf_system_read, NULL};

#include "oci/reference.h"

/* The limits of the distribution project's grammar. */
enum { REFERENCE_NAME_MAX = 255, REFERENCE_TAG_MAX = 128 };

static bool reference_bad(struct str text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE,
                   "\"" STR_FMT "\" names no image: %s; write it as "
                   "[registry[:port]/]name[:tag][@sha256:digest]",
                   STR_ARG(str_slice(text, 0, REFERENCE_NAME_MAX)), why);
}

static bool reference_is_lower(char c)
{
    return char_is_digit(c) || (c >= 'a' && c <= 'z');
}

/* One part of a repository: lower-case words joined by ".", "_", "__" or any number of "-". */
static bool reference_part_ok(struct str part)
{
    size_t i = 0;
    while (i < part.len) {
        size_t start = i;
        while (i < part.len && reference_is_lower(part.ptr[i]))
            i++;
        if (i == start)
            return false;
        if (i == part.len)
            return true;
        char joint = part.ptr[i];
        size_t run = i;
        while (run < part.len && part.ptr[run] == joint)
            run++;
        size_t most = joint == '-' ? part.len : joint == '_' ? 2 : joint == '.' ? 1 : 0;
        if (run - i > most)
            return false;
        i = run;
    }
    return false; /* empty, or ends with a joint */
}

static bool reference_repository_ok(struct str repository)
{
    struct str rest = repository, part;
    bool ok = repository.len > 0 && !str_ends(repository, STR("/"));
    while (ok && str_next(&rest, '/', &part))
        ok = reference_part_ok(part);
    return ok;
}

static bool reference_tag_ok(struct str tag)
{
    bool ok = tag.len > 0 && tag.len <= REFERENCE_TAG_MAX;
    for (size_t i = 0; ok && i < tag.len; i++) {
        char c = tag.ptr[i];
        ok = char_is_alnum(c) || c == '_' || (i > 0 && (c == '.' || c == '-'));
    }
    return ok;
}

static bool reference_port_ok(struct str port)
{
    uint64_t number;
    return str_to_u64(port, &number) && number > 0 && number < 65536;
}

static bool reference_registry_ok(struct str registry)
{
    struct str host = registry;
    size_t colon = str_rfind_char(registry, ':');
    if (str_starts(registry, STR("["))) { /* an IPv6 address in brackets */
        size_t end = str_find_char(registry, ']');
        struct str after = str_from_pos(registry, end + 1);
        for (size_t i = 1; i < end && i < registry.len; i++)
            if (!char_is_alnum(registry.ptr[i]) && registry.ptr[i] != ':' && registry.ptr[i] != '.')
                return false;
        return end > 1 && end < registry.len &&
               (!after.len || (after.ptr[0] == ':' && reference_port_ok(str_from_pos(after, 1))));
    }
    if (colon < registry.len) {
        host = str_slice(registry, 0, colon);
        if (!reference_port_ok(str_from_pos(registry, colon + 1)))
            return false;
    }
    bool ok = host.len > 0 && char_is_alnum(host.ptr[0]) && char_is_alnum(host.ptr[host.len - 1]);
    for (size_t i = 0; ok && i < host.len; i++)
        ok = char_is_alnum(host.ptr[i]) || host.ptr[i] == '.' || host.ptr[i] == '-';
    return ok;
}

/* "name:tag" where the colon is behind the last slash: one before it belongs to a port. */
static bool reference_cut_tag(struct str *name, struct str *tag)
{
    size_t slash = str_rfind_char(*name, '/'), colon = str_rfind_char(*name, ':');
    size_t from = slash == name->len ? 0 : slash;
    if (colon == name->len || colon < from)
        return false;
    *tag = str_from_pos(*name, colon + 1);
    *name = str_slice(*name, 0, colon);
    return true;
}

static bool reference_names_registry(struct str first)
{
    return str_has_char(first, '.') || str_has_char(first, ':') || str_eq(first, STR("localhost"));
}

bool reference_parse(struct str text, struct arena *arena, struct reference *reference,
                     struct err *err)
{
    struct reference made = {0};
    struct str name = text, tag = {0}, first, rest;
    size_t at = str_find_char(text, '@');
    if (at < text.len) {
        struct str digest = str_from_pos(text, at + 1);
        name = str_slice(text, 0, at);
        if (!str_starts(digest, STR(DIGEST_PREFIX)) || !digest_from_hex(digest, &made.digest))
            return reference_bad(text, "only sha256 digests of 64 digits are known", err);
        made.has_digest = true;
    }
    if (name.len > REFERENCE_NAME_MAX + REFERENCE_TAG_MAX)
        return reference_bad(text, "it is too long", err);
    if (reference_cut_tag(&name, &tag) && !reference_tag_ok(tag))
        return reference_bad(text, "its tag is not one", err);
    bool has_registry = str_cut(name, '/', &first, &rest) && reference_names_registry(first);
    struct str repository = has_registry ? rest : name;
    if (has_registry && !reference_registry_ok(first))
        return reference_bad(text, "its registry is not a host", err);
    if (name.len > REFERENCE_NAME_MAX || !reference_repository_ok(repository))
        return reference_bad(text, "a repository is lower-case words with \"/\" between", err);
    made.registry = has_registry ? arena_str(arena, first) : STR("docker.io");
    bool short_name = str_eq(made.registry, STR("docker.io")) && !str_has_char(repository, '/');
    made.repository =
        arena_printf(arena, "%s" STR_FMT, short_name ? "library/" : "", STR_ARG(repository));
    made.tag = tag.len || made.has_digest ? arena_str(arena, tag) : STR("latest");
    *reference = made;
    return true;
}

struct str reference_text(const struct reference *reference, struct arena *arena)
{
    struct digest_hex hex = digest_to_hex(&reference->digest);
    return arena_printf(
        arena, STR_FMT "/" STR_FMT "%s" STR_FMT "%s%s", STR_ARG(reference->registry),
        STR_ARG(reference->repository), reference->tag.len ? ":" : "", STR_ARG(reference->tag),
        reference->has_digest ? "@" DIGEST_PREFIX : "", reference->has_digest ? hex.text : "");
}

bool reference_is_loopback(const struct reference *reference)
{
    struct str host = reference->registry;
    if (str_starts(host, STR("[::1]")))
        return true;
    host = str_slice(host, 0, str_find_char(host, ':'));
    struct str rest = host, part;
    uint64_t byte;
    size_t parts = 0;
    if (str_eq_nocase(host, STR("localhost")))
        return true;
    while (str_next(&rest, '.', &part)) /* "127.evil.example" is no address */
        if (!str_to_u64(part, &byte) || byte > 255 || ++parts > 4)
            return false;
    return parts == 4 && str_starts(host, STR("127."));
}

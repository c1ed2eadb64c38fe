#include "oci/login.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "os/file.h"

enum { LOGIN_FILE_MAX = 1 << 20 };

static bool login_is_base64(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!char_is_alnum(text.ptr[i]) && !str_has_char(STR("+/="), text.ptr[i]))
            return false;
    return text.len > 0;
}

/* "https://host/v1/" is what docker once wrote: host is what counts. */
static struct str login_key(struct str key)
{
    size_t scheme = str_find(key, STR("://"));
    if (scheme < key.len) {
        key = str_from_pos(key, scheme + 3);
        key = str_slice(key, 0, str_find_char(key, '/'));
    }
    if (str_eq(key, STR("index.docker.io")) || str_eq(key, STR("registry-1.docker.io")))
        return STR("docker.io");
    return key;
}

/* `key` is the place or a folder above it. */
static bool login_fits(struct str key, struct str place)
{
    return str_eq(key, place) ||
           (str_starts(place, key) && key.len < place.len && place.ptr[key.len] == '/');
}

bool login_find(struct str json, struct str registry, struct str repository, struct arena *arena,
                struct str *basic, struct err *err)
{
    JSON_AUTO yyjson_doc *doc = NULL;
    struct str best = {0}, best_key = {0};
    size_t index, max;
    yyjson_val *name, *value;
    struct str place =
        arena_printf(arena, STR_FMT "/" STR_FMT, STR_ARG(registry), STR_ARG(repository));
    if (!json_parse(json, "the logins of container registries", &doc, err))
        return false;
    yyjson_val *logins = json_get_object(yyjson_doc_get_root(doc), "auths");
    yyjson_obj_foreach(logins, index, max, name, value)
    {
        struct str key = login_key(json_str(name)), auth = json_get_str(value, "auth");
        if (key.len && login_fits(key, place) && key.len > best_key.len && login_is_base64(auth)) {
            best = auth;
            best_key = key;
        }
    }
    *basic = arena_str(arena, best);
    return true;
}

bool login_of_user(struct str registry, struct str repository, struct arena *arena,
                   struct str *basic, struct err *err)
{
    static const struct {
        const char *variable, *below;
    } places[] = {
        {"REGISTRY_AUTH_FILE", ""},
        {"DOCKER_CONFIG", "/config.json"},
        {"HOME", "/.docker/config.json"},
        {"XDG_RUNTIME_DIR", "/containers/auth.json"},
    };
    *basic = (struct str){0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *value = getenv(places[i].variable);
        struct str text, path = arena_printf(arena, "%s%s", value ? value : "", places[i].below);
        if (!value || !*value || access(path.ptr, F_OK))
            continue;
        return (file_read(AT_FDCWD, path.ptr, LOGIN_FILE_MAX, arena, &text, err) &&
                login_find(text, registry, repository, arena, basic, err)) ||
               err_wrap(err, "%s", path.ptr);
    }
    return true;
}

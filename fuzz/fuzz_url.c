/* URLs: resolving, redacting and decoding. */
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str base, reference, path;
    str_cut(str_of(data, size < URL_LIMIT ? size : URL_LIMIT), '\n', &base, &reference);
    struct str whole = url_resolve(base, reference, &arena);
    (void)url_filename(whole, &arena);
    (void)url_to_path(whole, &arena, &path);
    (void)url_from_path(base, &arena);
    struct url parts = url_split(whole);
    struct str shown = url_redacted(whole, &arena), user, password;
    /* A password never shows. */
    if (str_cut(parts.userinfo, ':', &user, &password) && password.len > 3 &&
        str_eq(url_split(shown).userinfo, parts.userinfo) && !str_eq(password, STR("****")))
        __builtin_trap();
    return 0;
}

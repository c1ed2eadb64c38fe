#include "oci/challenge.h"

#include "base/buf.h"

static bool challenge_is_token(char c)
{
    return char_is_alnum(c) || (c && str_has_char(STR("!#$%&'*+-.^_`|~"), c));
}

static void challenge_skip(struct str *rest, bool commas)
{
    while (rest->len &&
           (rest->ptr[0] == ' ' || rest->ptr[0] == '\t' || (commas && rest->ptr[0] == ',')))
        *rest = str_from_pos(*rest, 1);
}

static struct str challenge_take_token(struct str *rest)
{
    size_t len = 0;
    while (len < rest->len && challenge_is_token(rest->ptr[len]))
        len++;
    struct str token = str_slice(*rest, 0, len);
    *rest = str_from_pos(*rest, len);
    return token;
}

/* A quoted string without its quotes, "\" taking what follows as it is. */
static bool challenge_take_quoted(struct str *rest, struct arena *arena, struct str *value)
{
    BUF_AUTO struct buf out = {0};
    for (size_t i = 1; i < rest->len; i++) {
        char c = rest->ptr[i];
        if (c == '"') {
            *value = arena_str(arena, buf_str(&out));
            *rest = str_from_pos(*rest, i + 1);
            return true;
        }
        if (c == '\\' && ++i < rest->len)
            c = rest->ptr[i];
        if ((unsigned char)c < ' ') /* it will stand in a URL and in messages */
            return false;
        buf_add_char(&out, c);
    }
    return false;
}

static bool challenge_take_value(struct str *rest, struct arena *arena, struct str *value)
{
    if (str_starts(*rest, STR("\"")))
        return challenge_take_quoted(rest, arena, value);
    *value = arena_str(arena, challenge_take_token(rest));
    return value->len > 0;
}

bool challenge_parse(struct str text, struct arena *arena, struct challenge *challenge,
                     struct err *err)
{
    struct challenge made = {0};
    struct str rest = str_trim(text);
    const struct {
        struct str name;
        struct str *place;
    } known[] = {
        {STR("realm"), &made.realm}, {STR("service"), &made.service}, {STR("scope"), &made.scope}};
    bool ok = rest.len <= CHALLENGE_MAX;
    made.scheme = arena_str(arena, challenge_take_token(&rest));
    ok = ok && made.scheme.len;
    challenge_skip(&rest, true);
    while (ok && rest.len) {
        struct str name = challenge_take_token(&rest), value;
        challenge_skip(&rest, false);
        if (!str_starts(rest, STR("="))) /* the next challenge begins, or nonsense */
            break;
        rest = str_from_pos(rest, 1);
        challenge_skip(&rest, false);
        ok = name.len && challenge_take_value(&rest, arena, &value);
        for (size_t i = 0; ok && i < sizeof known / sizeof *known; i++)
            if (str_eq_nocase(name, known[i].name) && !known[i].place->len)
                *known[i].place = value;
        challenge_skip(&rest, true);
    }
    if (!ok)
        return err_set(err, ERR_FORMAT, "a challenge that does not read: \"" STR_FMT "\"",
                       STR_ARG(str_slice(text, 0, 200)));
    *challenge = made;
    return true;
}

static void challenge_escape(struct buf *out, struct str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (char_is_alnum(c) || (c && str_has_char(STR("-._~:/,"), c)))
            buf_add_char(out, c);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

struct str challenge_token_url(const struct challenge *challenge, struct arena *arena)
{
    BUF_AUTO struct buf url = {0};
    char joint = str_has_char(challenge->realm, '?') ? '&' : '?';
    buf_add(&url, challenge->realm);
    if (challenge->service.len) {
        buf_printf(&url, "%cservice=", joint);
        challenge_escape(&url, challenge->service);
        joint = '&';
    }
    if (challenge->scope.len) {
        buf_printf(&url, "%cscope=", joint);
        challenge_escape(&url, challenge->scope);
    }
    return arena_str(arena, buf_str(&url));
}

#include "serve/route.h"

#include "base/digest.h"
#include "base/json.h"

bool serve_same_secret(struct str a, struct str b)
{
    /* Of digests, which all have one length: nothing is told of the secrets' own either. */
    struct digest x = digest_of(a), y = digest_of(b);
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < sizeof x.bytes; i++)
        differ |= (unsigned char)(x.bytes[i] ^ y.bytes[i]);
    return differ == 0;
}

static const char *route_title(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {{400, "Bad Request"},       {401, "Unauthorized"},       {403, "Forbidden"},
                  {404, "Not Found"},         {405, "Method Not Allowed"}, {409, "Conflict"},
                  {413, "Content Too Large"}, {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

void serve_problem(struct serve_answer *answer, unsigned status, struct str detail)
{
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "type", STR("about:blank"));
    json_add_str(doc, root, "title", str_from(route_title(status)));
    yyjson_mut_obj_add_uint(doc, root, "status", status);
    json_add_str(doc, root, "detail", detail);
    buf_clear(&answer->body);
    json_write(doc, false, &answer->body);
    answer->status = status;
    answer->type = "application/problem+json";
}

/* "Bearer TOKEN" (RFC 6750; the scheme in any case), else the header of earlier clients. */
static struct str route_token(const struct route_head *head)
{
    struct str scheme, token;
    if (str_cut(head->authorization, ' ', &scheme, &token) &&
        str_eq_nocase(scheme, STR("bearer")) && str_trim(token).len)
        return str_trim(token);
    return str_trim(head->worker_token);
}

static bool route_admits(const struct serve_config *config, const struct serve_route *route,
                         const struct route_head *head, struct serve_answer *answer)
{
    struct str token = route_token(head);
    if (route->role == SERVE_ANYONE)
        return true;
    if (token.len && config->admit(config->state, route->role, token))
        return true;
    serve_problem(answer, 401,
                  token.len ? STR("this token is not the one")
                            : STR("send the token as \"Authorization: Bearer TOKEN\" or "
                                  "\"X-Worker-Token: TOKEN\""));
    return false;
}

static bool route_fits(const struct serve_config *config, const struct route_head *head,
                       struct serve_answer *answer)
{
    uint64_t len = 0;
    if (!head->content_length.len)
        return true;
    if (!str_to_u64(head->content_length, &len))
        serve_problem(answer, 400, STR("Content-Length is no number"));
    else if (len > config->body_max)
        serve_problem(answer, 413, STR("the body is larger than this route takes"));
    else
        return true;
    return false;
}

const struct serve_route *route_find(const struct serve_config *config,
                                     const struct route_head *head, struct arena *arena,
                                     struct serve_answer *answer, struct str *allow)
{
    const struct serve_route *found = NULL;
    struct str method = str_eq(head->method, STR("HEAD")) ? STR("GET") : head->method;
    *allow = STR("");
    if (head->token_in_url) { /* it would be in logs and histories by now */
        serve_problem(answer, 400,
                      STR("a token in the URL ends up in logs: send it as a header, and give out "
                          "another one"));
        return NULL;
    }
    for (size_t i = 0; i < config->route_count && !found; i++) {
        const struct serve_route *route = &config->routes[i];
        if (!str_eq(str_from(route->path), head->path))
            continue;
        if (str_eq(str_from(route->method), method))
            found = route;
        *allow = arena_printf(arena, STR_FMT "%s%s", STR_ARG(*allow), allow->len ? ", " : "",
                              route->method);
    }
    if (!found)
        serve_problem(answer, allow->len ? 405 : 404,
                      allow->len ? STR("not with this method") : STR("there is nothing here"));
    if (!found || !route_admits(config, found, head, answer) || !route_fits(config, head, answer))
        return NULL;
    return found;
}

#include "oci/registry.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"
#include "oci/challenge.h"
#include "oci/login.h"

enum { REGISTRY_TOKEN_MAX = 64 << 10, REGISTRY_CONNECT_MS = 10000 };

struct registry {
    struct arena memory;
    struct http *http;
    struct reference reference;
    struct registry_options options;
    struct str base;          /* "https://host:port/v2/library/debian/" */
    struct str basic;         /* of user:password */
    struct str authorization; /* what the registry accepted last */
    bool plain;               /* no TLS: a token may come without it too */
};

static bool registry_is_trusted(const struct registry *registry)
{
    struct str at = registry->reference.registry;
    struct str host = str_slice(at, 0, str_rfind_char(at, ':'));
    for (size_t i = 0; i < registry->options.trusted_hosts_len; i++)
        if (str_eq_nocase(registry->options.trusted_hosts[i], at) ||
            str_eq_nocase(registry->options.trusted_hosts[i], host))
            return true;
    return false;
}

/* The one name whose registry is found under another. */
static struct str registry_host(const struct registry *registry)
{
    struct str named = registry->reference.registry;
    return str_eq(named, STR("docker.io")) ? STR("registry-1.docker.io") : named;
}

static bool registry_make_client(const struct registry *registry, int attempts, struct http **http,
                                 struct err *err)
{
    const struct http_options options = {
        .trusted_hosts = registry->options.trusted_hosts,
        .trusted_hosts_len = registry->options.trusted_hosts_len,
        .proxy = registry->options.proxy,
        .ca_file = registry->options.ca_file,
        .client_cert = registry->options.client_cert,
        .no_netrc = true, /* registries have their own file of logins */
        .attempts = attempts,
        .connect_timeout_ms = REGISTRY_CONNECT_MS,
    };
    return http_open(&options, http, err);
}

/* A trusted host speaks TLS with any certificate; where it has none, plain HTTP. */
static bool registry_lacks_tls(const struct registry *registry, struct err *err, bool *lacks)
{
    ARENA_AUTO struct arena scratch = {0};
    struct http *http = NULL;
    struct http_response response;
    struct err ignored;
    if (!registry_make_client(registry, 1, &http, err))
        return false;
    const struct http_request request = {
        .url = arena_printf(&scratch, "https://" STR_FMT "/v2/", STR_ARG(registry_host(registry))),
        .wants_challenge = true,
        .size_limit = REGISTRY_TOKEN_MAX,
    };
    *lacks =
        !http_get(http, &request, &scratch, &response, &ignored) && ignored.code == ERR_NETWORK;
    http_close(&http);
    return true;
}

static bool registry_prepare(struct registry *registry, struct err *err)
{
    struct arena *memory = &registry->memory;
    const struct reference *reference = &registry->reference;
    registry->plain = reference_is_loopback(reference);
    if (!registry->plain && registry_is_trusted(registry) &&
        !registry_lacks_tls(registry, err, &registry->plain))
        return false;
    registry->base =
        arena_printf(memory, "http%s://" STR_FMT "/v2/" STR_FMT "/", registry->plain ? "" : "s",
                     STR_ARG(registry_host(registry)), STR_ARG(reference->repository));
    registry->basic = arena_str(memory, registry->options.basic);
    if (!registry->basic.len &&
        !login_of_user(reference->registry, reference->repository, memory, &registry->basic, err))
        return false;
    return registry_make_client(registry, registry->options.attempts, &registry->http, err);
}

bool registry_open(const struct reference *reference, const struct registry_options *options,
                   struct registry **registry, struct err *err)
{
    if (options->offline)
        return err_set(err, ERR_NETWORK,
                       STR_FMT "/" STR_FMT " is not all in the cache, and --offline asks nobody",
                       STR_ARG(reference->registry), STR_ARG(reference->repository));
    struct registry *made = mem_alloc(sizeof *made);
    made->options = *options;
    made->reference = *reference;
    made->reference.registry = arena_str(&made->memory, reference->registry);
    made->reference.repository = arena_str(&made->memory, reference->repository);
    if (!registry_prepare(made, err)) {
        registry_close(&made);
        return false;
    }
    *registry = made;
    return true;
}

void registry_close(struct registry **registry)
{
    if (!*registry)
        return;
    http_close(&(*registry)->http);
    arena_free(&(*registry)->memory);
    mem_free(*registry);
    *registry = NULL;
}

/* ---- logging in ---- */

static bool registry_refused(const struct registry *registry, struct err *err)
{
    struct str name = registry->reference.registry;
    return err_set(err, ERR_NOT_FOUND,
                   STR_FMT "/" STR_FMT " is not there or not for %s; check the name, or log in "
                           "with \"docker login " STR_FMT "\" or \"podman login " STR_FMT "\"",
                   STR_ARG(name), STR_ARG(registry->reference.repository),
                   registry->basic.len ? "this login" : "everybody", STR_ARG(name), STR_ARG(name));
}

/* A token is for whoever reads the wire: it is asked for over TLS where the registry has TLS. */
static bool registry_realm_ok(const struct registry *registry, struct str realm)
{
    struct url url = url_split(realm);
    return url.host.len && !url.userinfo.len &&
           (str_eq_nocase(url.scheme, STR("https")) ||
            (registry->plain && str_eq_nocase(url.scheme, STR("http"))));
}

static bool registry_get_token(struct registry *registry, const struct challenge *challenge,
                               struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    JSON_AUTO yyjson_doc *doc = NULL;
    struct http_response response;
    struct http_request request = {.size_limit = REGISTRY_TOKEN_MAX, .wants_challenge = true};
    if (!registry_realm_ok(registry, challenge->realm))
        return err_set(
            err, ERR_NETWORK, STR_FMT " wants the login sent to \"" STR_FMT "\", which is not safe",
            STR_ARG(registry->reference.registry), STR_ARG(str_slice(challenge->realm, 0, 200)));
    request.url = challenge_token_url(challenge, &scratch);
    if (registry->basic.len)
        request.authorization = arena_printf(&scratch, "Basic " STR_FMT, STR_ARG(registry->basic));
    if (!http_get(registry->http, &request, &scratch, &response, err))
        return err_wrap(err, "asking for a token of " STR_FMT,
                        STR_ARG(registry->reference.registry));
    if (response.status == 401)
        return registry_refused(registry, err);
    if (!json_parse(response.body, "the token", &doc, err))
        return false;
    struct str token = json_get_str(yyjson_doc_get_root(doc), "token");
    if (!token.len)
        token = json_get_str(yyjson_doc_get_root(doc), "access_token");
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] <= ' ' || token.ptr[i] > '~') /* it becomes a header */
            token.len = 0;
    if (!token.len)
        return err_set(err, ERR_NETWORK, STR_FMT " answered without a token", STR_ARG(request.url));
    registry->authorization = arena_printf(&registry->memory, "Bearer " STR_FMT, STR_ARG(token));
    return true;
}

static bool registry_log_in(struct registry *registry, struct str text, struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct challenge challenge;
    if (!challenge_parse(text, &scratch, &challenge, err))
        return err_wrap(err, STR_FMT, STR_ARG(registry->reference.registry));
    if (str_eq_nocase(challenge.scheme, STR("Bearer")))
        return registry_get_token(registry, &challenge, err);
    if (!str_eq_nocase(challenge.scheme, STR("Basic")))
        return err_set(err, ERR_NETWORK,
                       STR_FMT " wants a login of the kind \"" STR_FMT
                               "\"; Basic and Bearer are known",
                       STR_ARG(registry->reference.registry), STR_ARG(challenge.scheme));
    if (!registry->basic.len)
        return registry_refused(registry, err);
    registry->authorization =
        arena_printf(&registry->memory, "Basic " STR_FMT, STR_ARG(registry->basic));
    return true;
}

/* One request, with one log-in when it is asked for: tokens are for a while, and expire. */
static bool registry_get(struct registry *registry, struct http_request *request,
                         struct arena *arena, struct http_response *response, struct err *err)
{
    request->wants_challenge = true;
    for (int tries = 0; tries < 2; tries++) {
        request->authorization = registry->authorization;
        if (!http_get(registry->http, request, arena, response, err))
            return false;
        if (response->status != 401)
            return true;
        if (tries == 0 && !registry_log_in(registry, response->challenge, err))
            return false;
    }
    return registry_refused(registry, err);
}

/* ---- pulling ---- */

bool registry_manifest(struct registry *registry, struct str tag, const struct digest *digest,
                       struct arena *arena, struct registry_manifest *manifest, struct err *err)
{
    struct http_response response;
    struct http_request request = {.accept = str_from(IMAGE_MANIFEST_ACCEPT),
                                   .size_limit = IMAGE_MANIFEST_BYTES_MAX};
    struct str name = tag;
    if (digest) {
        name = arena_printf(arena, DIGEST_PREFIX "%s", digest_to_hex(digest).text);
        request.has_sha256 = true;
        request.sha256 = *digest;
    }
    request.url =
        arena_printf(arena, STR_FMT "manifests/" STR_FMT, STR_ARG(registry->base), STR_ARG(name));
    if (!registry_get(registry, &request, arena, &response, err))
        return false;
    *manifest = (struct registry_manifest){response.body, response.content_type, response.digest};
    return true;
}

bool registry_blob(struct registry *registry, const struct image_manifest_descriptor *descriptor,
                   bool (*take)(void *state, struct str bytes, struct err *err), void *state,
                   struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct http_response response;
    struct http_request request = {.take = take,
                                   .take_state = state,
                                   .has_sha256 = true,
                                   .sha256 = descriptor->digest,
                                   .size_limit = (size_t)descriptor->size};
    request.url = arena_printf(&scratch, STR_FMT "blobs/" DIGEST_PREFIX "%s",
                               STR_ARG(registry->base), digest_to_hex(&descriptor->digest).text);
    if (descriptor->size ==
        0) /* 0 means the default limit to the client, and nothing is one byte */
        request.size_limit = 1;
    if (!registry_get(registry, &request, &scratch, &response, err))
        return false;
    return response.size == descriptor->size ||
           err_set(err, ERR_DIGEST, STR_FMT ": has %lld bytes, not %lld as its manifest says",
                   STR_ARG(request.url), (long long)response.size, (long long)descriptor->size);
}

#include "cli/worker_door.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "serve/serve.h"

enum door_state { DOOR_IDLE, DOOR_ASKED, DOOR_DRAINING };

struct worker_door {
    struct serve *serve;
    struct str token;
    const struct clock *clock;
    int64_t opened_ms;
    int event;
    pthread_mutex_t lock; /* of what follows */
    enum door_state state;
    int64_t drains, failed;
    size_t taken, delivered; /* of the last drain */
};

bool worker_door_token_is_private(const struct call *call, struct err *err)
{
    static const char *const names[] = {"WORKER_TOKEN", "REFINERY_WORKER_TOKEN"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]); /* no build and no tool that we start needs it */
    return call->options->values[OPTION_WORKER_TOKEN].origin != OPTION_BY_FLAG ||
           err_set(err, ERR_USAGE,
                   "--worker-token: everybody on this machine can read command lines; set "
                   "WORKER_TOKEN in the environment, or worker-token in the file of --config");
}

bool worker_door_check(const struct call *call, struct err *err)
{
    return option_str(call->options, OPTION_WORKER_TOKEN).len ||
           err_set(err, ERR_USAGE,
                   "--listen: without a token everybody could trigger; set one first: export "
                   "WORKER_TOKEN=\"$(openssl rand -hex 32)\"");
}

static bool door_admit(void *state, enum serve_role role, struct str token)
{
    const struct worker_door *door = state;
    return role == SERVE_OPERATOR && serve_same_secret(token, door->token);
}

static void door_json(struct serve_answer *answer, yyjson_mut_doc *doc)
{
    json_write(doc, false, &answer->body);
}

static void door_trigger(void *state, const struct serve_request *request,
                         struct serve_answer *answer)
{
    struct worker_door *door = state;
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    (void)request;
    pthread_mutex_lock(&door->lock);
    bool idle = door->state == DOOR_IDLE;
    if (idle)
        door->state = DOOR_ASKED;
    pthread_mutex_unlock(&door->lock);
    if (!idle) {
        serve_problem(answer, 409, STR("the queue is being drained; ask again when that is done"));
        return;
    }
    (void)!write(door->event, &(uint64_t){1}, sizeof(uint64_t));
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "status", STR("started"));
    door_json(answer, doc);
    answer->status = 202;
}

static void door_health(void *state, const struct serve_request *request,
                        struct serve_answer *answer)
{
    const struct worker_door *door = state;
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    (void)request;
    yyjson_mut_doc_set_root(doc, root);
    json_add_str(doc, root, "status", STR("ok"));
    json_add_str(doc, root, "version", STR(REFINERY_VERSION));
    yyjson_mut_obj_add_real(doc, root, "uptime_s",
                            (double)(clock_steady_ms(door->clock) - door->opened_ms) / 1000);
    door_json(answer, doc);
}

static void door_ready(void *state, const struct serve_request *request,
                       struct serve_answer *answer)
{
    struct worker_door *door = state;
    JSON_MUT_AUTO yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    (void)request;
    yyjson_mut_doc_set_root(doc, root);
    pthread_mutex_lock(&door->lock);
    bool draining = door->state != DOOR_IDLE;
    json_add_str(doc, root, "status", draining ? STR("draining") : STR("ready"));
    yyjson_mut_obj_add_bool(doc, root, "draining", draining);
    yyjson_mut_obj_add_int(doc, root, "drains", door->drains);
    yyjson_mut_obj_add_int(doc, root, "drains_failed", door->failed);
    yyjson_mut_obj_add_uint(doc, root, "taken", door->taken);
    yyjson_mut_obj_add_uint(doc, root, "delivered", door->delivered);
    pthread_mutex_unlock(&door->lock);
    door_json(answer, doc);
}

static const struct serve_route door_routes[] = {
    SERVE_ROUTE("POST", "/trigger", SERVE_OPERATOR, door_trigger),
    SERVE_ROUTE("GET", "/health", SERVE_ANYONE, door_health),
    SERVE_ROUTE("GET", "/ready", SERVE_ANYONE, door_ready),
};

bool worker_door_open(const struct call *call, struct str address, struct worker_door **door,
                      struct err *err)
{
    struct worker_door *made = mem_alloc(sizeof *made);
    const struct serve_config config = {.routes = door_routes,
                                        .route_count = sizeof door_routes / sizeof *door_routes,
                                        .admit = door_admit,
                                        .state = made,
                                        .clock = call->clock};
    made->token = option_str(call->options, OPTION_WORKER_TOKEN);
    made->clock = call->clock;
    made->opened_ms = clock_steady_ms(call->clock);
    made->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&made->lock, NULL);
    if (made->event < 0)
        (void)err_errno(err, "making an event");
    if (made->event < 0 || !serve_open(&config, address, &made->serve, err)) {
        worker_door_close(&made);
        return false;
    }
    log_info("listening at " STR_FMT, STR_ARG(serve_url(made->serve)));
    *door = made;
    return true;
}

void worker_door_close(struct worker_door **door)
{
    if (!*door)
        return;
    serve_close(&(*door)->serve);
    if ((*door)->event >= 0)
        close((*door)->event);
    pthread_mutex_destroy(&(*door)->lock);
    mem_free(*door);
    *door = NULL;
}

int worker_door_event(const struct worker_door *door)
{
    return door ? door->event : -1;
}

void worker_door_begin(struct worker_door *door)
{
    uint64_t asked;
    if (!door)
        return;
    pthread_mutex_lock(&door->lock);
    door->state = DOOR_DRAINING;
    (void)!read(door->event, &asked, sizeof asked); /* this drain is the one that was asked for */
    pthread_mutex_unlock(&door->lock);
}

void worker_door_end(struct worker_door *door, bool good, size_t taken, size_t delivered)
{
    if (!door)
        return;
    pthread_mutex_lock(&door->lock);
    door->state = DOOR_IDLE;
    door->drains++;
    door->failed += !good;
    door->taken = taken;
    door->delivered = delivered;
    pthread_mutex_unlock(&door->lock);
}

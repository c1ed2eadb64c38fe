#include "cli/command.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/plan_options.h"
#include "os/file.h"

static struct str lock_filename(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return slash < path.len ? str_from_pos(path, slash + 1) : path;
}

static void lock_say(const struct run_plan *plan, struct str output)
{
    const struct graph *graph = run_plan_graph(plan);
    size_t builds = 0, packages = 0;
    for (size_t i = 0; i < graph->nodes_len; i++) {
        bool ours =
            graph->nodes[i].kind == GRAPH_WHEEL && str_eq(graph->nodes[i].target, graph->target);
        packages += ours;
        builds += ours && graph->nodes[i].action != GRAPH_REUSE;
    }
    if (output.len)
        printf(STR_FMT ": %zu package%s for " STR_FMT ", %zu of them to be built from source\n",
               STR_ARG(output), packages, packages == 1 ? "" : "s", STR_ARG(graph->target), builds);
    if (builds)
        log_info(
            "what builds need is not in the lock, and resolved anew: the same --as-of TIME gives "
            "the same");
}

/* pylock.toml by name of the file or on standard output, requirements into FILE.txt. */
static bool lock_text(struct run_plan *plan, struct str output, struct arena *arena,
                      struct buf *text, struct err *err)
{
    struct pylock lock;
    struct str dir = str_slice(output, 0, str_rfind_char(output, '/'));
    if (str_ends(output, STR(".txt")))
        return run_plan_lock_requirements(plan, text, err);
    if (!output.len && !file_absolute(STR("."), arena, &dir, err))
        return false;
    if (!run_plan_lock(plan, dir, &lock, err))
        return false;
    pylock_write(&lock, text);
    return true;
}

bool cmd_lock(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config config;
    struct str explanation = {0}, output = STR("");
    BUF_AUTO struct buf text = {0};
    RUN_PLAN_AUTO struct run_plan *plan = NULL;
    (void)status;
    if (option_is_set(call->options, OPTION_OUTPUT) &&
        !file_absolute(option_str(call->options, OPTION_OUTPUT), call->arena, &output, err))
        return false;
    if (output.len && !str_ends(output, STR(".txt")) && !pylock_is_name(lock_filename(output)))
        return err_set(err, ERR_USAGE,
                       "--output " STR_FMT ": a lock file is called pylock.toml or "
                       "pylock.NAME.toml, requirements with hashes NAME.txt",
                       STR_ARG(output));
    if (!plan_options(call, &config, err))
        return false;
    if (!run_plan_make(&config, call->arena, &plan, &explanation, err))
        return plan_options_unsat(explanation, err);
    if (!lock_text(plan, output, call->arena, &text, err) ||
        (output.len && !file_write(AT_FDCWD, output.ptr, 0666, buf_str(&text), err)))
        return false;
    if (!output.len)
        fwrite(text.ptr, 1, text.len, stdout);
    lock_say(plan, output);
    return true;
}

#include "cli/command.h"

#include <stdio.h>

#include "cli/plan_options.h"
#include "plan/explain.h"
#include "plan/write.h"

/* The plan in the form asked for: --format tree|json|dot; --json is short for the second. */
static void plan_write(const struct call *call, const struct graph *graph, struct buf *out)
{
    static const struct {
        const char *name;
        void (*write)(const struct graph *graph, struct buf *out);
    } forms[] = {{"tree", write_tree}, {"json", write_json}, {"dot", write_dot}};
    struct str asked = option_flag(call->options, OPTION_JSON)
                           ? STR("json")
                           : option_str(call->options, OPTION_FORMAT);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (str_eq(asked, str_from(forms[i].name)))
            forms[i].write(graph, out);
}

static bool plan_is_explain(const struct call *call, struct err *err)
{
    if (call->args.len == 2 && str_eq(call->args.at[0], STR("explain")))
        return !option_flag(call->options, OPTION_JSON) ||
               err_set(err, ERR_USAGE,
                       "plan explain speaks to people only; plan --json has the same facts");
    return err_set(err, ERR_USAGE, "plan takes nothing, or: plan explain NAME");
}

bool cmd_plan(const struct call *call, int *status, struct err *err)
{
    struct run_plan_config config;
    struct str explanation = {0};
    BUF_AUTO struct buf text = {0};
    RUN_PLAN_AUTO struct run_plan *plan = NULL;
    (void)status;
    if ((call->args.len && !plan_is_explain(call, err)) || !plan_options(call, &config, err))
        return false;
    if (!run_plan_make(&config, call->arena, &plan, &explanation, err))
        return plan_options_unsat(explanation, err);
    if (!call->args.len)
        plan_write(call, run_plan_graph(plan), &text);
    else if (!explain_name(run_plan_graph(plan), call->args.at[1], &text, err))
        return false;
    fwrite(text.ptr ? text.ptr : "", 1, text.len, stdout);
    return true;
}

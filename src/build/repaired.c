#include "build/repaired.h"

#include "base/vec.h"

static enum spec_outcome repaired_outcome(const struct wheelfile_repair_result *repaired)
{
    if (repaired->written)
        return SPEC_OK;
    if (repaired->outcome == WHEELFILE_ABOVE_FLOOR)
        return SPEC_FLOOR;
    if (repaired->before.outcome == ELF_AUDIT_SILENT_FALLBACK)
        return SPEC_SILENT_FALLBACK;
    return SPEC_REPAIR_FAILED;
}

void repaired_describe(const struct wheelfile_repair_result *repaired, struct arena *arena,
                       struct spec_result *result)
{
    const struct elf_policy *policy = repaired->after.policy;
    VEC(struct spec_graft) grafts = {0};
    result->outcome = repaired_outcome(repaired);
    result->file = repaired->file_name;
    result->tag = repaired->tags;
    result->why = repaired->why;
    if (policy) {
        result->policy = repaired->after.tag;
        result->floor = arena_printf(arena, "%u.%u", policy->major, policy->minor);
    }
    for (size_t i = 0; i < repaired->graft_count; i++)
        *vec_push(&grafts, arena) =
            (struct spec_graft){.name = repaired->grafts[i].path,
                                .origin = repaired->grafts[i].origin,
                                .digest = str_from(repaired->grafts[i].sha256)};
    result->grafts = grafts.at;
    result->graft_count = grafts.len;
}

#include "api/api.h"
#include "elf/audit.h"

struct refinery_audit {
    struct arena arena;
    struct elf_audit audit;
    struct elf_audit_verdict verdict;
    bool finished;
};

struct refinery_audit *refinery_audit_open(const char *platform_tags)
{
    struct refinery_audit *made = API_NEW(struct refinery_audit);
    elf_audit_open(&made->audit, &made->arena, arena_str(&made->arena, str_from(platform_tags)));
    return made;
}

void refinery_audit_free(struct refinery_audit *audit)
{
    if (audit)
        api_free(audit->arena);
}

bool refinery_audit_add(struct refinery_audit *audit, const char *path, const void *bytes,
                        size_t len, struct refinery_error *error)
{
    struct err err = {0};
    if (audit->finished)
        err_set(&err, ERR_USAGE, "%s: the verdict was asked for already", path);
    else if (elf_audit_add(&audit->audit, arena_str(&audit->arena, str_from(path)),
                           str_of(bytes, len), &err))
        return true;
    return api_fail(&err, error);
}

static const struct elf_audit_verdict *audit_verdict(struct refinery_audit *audit)
{
    if (!audit->finished)
        elf_audit_finish(&audit->audit, NULL, &audit->verdict);
    audit->finished = true;
    return &audit->verdict;
}

const char *refinery_audit_tag(struct refinery_audit *audit)
{
    return arena_cstr(&audit->arena, audit_verdict(audit)->tag);
}

const char *refinery_audit_problem(struct refinery_audit *audit)
{
    return arena_cstr(&audit->arena, audit_verdict(audit)->problem);
}

size_t refinery_audit_blockers(struct refinery_audit *audit)
{
    return audit_verdict(audit)->blocker_count;
}

const char *refinery_audit_blocker(struct refinery_audit *audit, size_t index)
{
    const struct elf_audit_verdict *verdict = audit_verdict(audit);
    if (index >= verdict->blocker_count)
        return NULL;
    const struct elf_audit_blocker *blocker = &verdict->blockers[index];
    return arena_printf(&audit->arena, STR_FMT ": " STR_FMT, STR_ARG(blocker->file),
                        STR_ARG(blocker->what))
        .ptr;
}

#include "build/machine.h"

#include <signal.h>

const struct elf_level *machine_level(const struct slot *slot)
{
    const struct spec *spec = slot->spec;
    return spec->for_build_machine
               ? NULL
               : elf_level_find(elf_policy_arch_from(spec->arch), spec->max_machine);
}

static void machine_judge(const struct slot *slot, const struct elf_level *limit,
                          const struct elf_audit_file *file, struct spec_result *result)
{
    struct str what = elf_level_describe(&file->level, slot->arena);
    if (file->level.asks) {
        slot_log(STR_FMT " has " STR_FMT ", newer than %s; it asks which machine it is on, so the "
                         "test decides",
                 STR_ARG(file->path), STR_ARG(what), limit->name);
        return;
    }
    result->outcome = SPEC_MACHINE;
    result->why = arena_printf(slot->arena,
                               STR_FMT " needs an instruction that %s lacks: " STR_FMT
                                       "; raise --max-machine, or build it without (--rebuild)",
                               STR_ARG(file->path), limit->name, STR_ARG(what));
}

void machine_check(const struct slot *slot, const struct elf_audit_verdict *verdict,
                   struct spec_result *result)
{
    const struct elf_level *limit = machine_level(slot);
    for (size_t i = 0; limit && i < verdict->file_count && result->outcome == SPEC_OK; i++)
        if (elf_level_exceeds(&verdict->files[i].level, limit))
            machine_judge(slot, limit, &verdict->files[i], result);
}

const char *machine_environment(const struct slot *slot)
{
    const struct elf_level *level = machine_level(slot);
    return level && level->qemu ? arena_printf(slot->arena, "QEMU_CPU=%s", level->qemu).ptr : NULL;
}

/* qemu answers a vector instruction of a machine without them with a data exception, SIGFPE. */
bool machine_lacked(const struct slot *slot, const struct jail_result *ended)
{
    int signal = ended->end == JAIL_SIGNALED ? ended->code : 0;
    return machine_level(slot) && (signal == SIGILL || signal == SIGFPE);
}

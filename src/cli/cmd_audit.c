#include <stdio.h>

#include "base/log.h"
#include "base/vec.h"
#include "cli/command.h"
#include "wheelfile/audit.h"
#include "wheelfile/sysroot.h"

/* Whether the verdict is as old as the tag asked for; said when it is not. */
static bool within(const struct elf_audit_verdict *verdict, struct str tag, struct buf *out)
{
    enum elf_arch arch;
    const struct elf_policy *wanted = elf_policy_from_tag(tag, &arch);
    if (verdict->outcome == ELF_AUDIT_PURE)
        return true;
    if (verdict->arch != arch) {
        buf_printf(out, "  for %s: " STR_FMT " was asked for\n",
                   elf_policy_arch_name(verdict->arch), STR_ARG(tag));
        return false;
    }
    if (verdict->policy != NULL && verdict->policy->libc == wanted->libc &&
        verdict->policy <= wanted)
        return true;
    buf_printf(out, "  above the floor: " STR_FMT " was asked for\n", STR_ARG(tag));
    return false;
}

static bool audit_one(const struct call *call, const char *path,
                      const struct elf_audit_lookup *lookup, struct str floor, int *status,
                      struct buf *out, struct err *err)
{
    struct arena arena ARENA_AUTO = {0};
    struct elf_audit_verdict verdict;
    struct buf ignored BUF_AUTO = {0};
    bool json = option_flag(call->options, OPTION_JSON);
    if (!wheelfile_audit(path, lookup, &arena, &verdict, err))
        return false;
    if (json) {
        wheelfile_audit_json(path, &verdict, out);
        buf_add_char(out, '\n'); /* a line each */
    } else {
        wheelfile_audit_text(path, &verdict, option_flag(call->options, OPTION_VERBOSE), out);
    }
    if (verdict.problem.len != 0 ||
        (floor.len != 0 && !within(&verdict, floor, json ? &ignored : out)))
        *status = COMMAND_FAILED;
    return true;
}

bool cmd_audit(const struct call *call, int *status, struct err *err)
{
    struct buf out BUF_AUTO = {0};
    struct wheelfile_sysroot *sysroot = NULL;
    struct elf_audit_lookup lookup = {0};
    struct option_list dirs = option_list(call->options, OPTION_LIBRARY_PATH);
    struct str floor = {0};
    if (option_is_set(call->options, OPTION_PLATFORM_TAG)) {
        floor = option_str(call->options, OPTION_PLATFORM_TAG);
        if (elf_policy_from_tag(floor, NULL) == NULL)
            return err_set(err, ERR_USAGE,
                           "\"" STR_FMT "\" names no policy; examples: manylinux2014_s390x, "
                           "manylinux_2_28_x86_64, musllinux_1_2_aarch64",
                           STR_ARG(floor));
    }
    const char **roots = ARENA_ARRAY(call->arena, const char *, dirs.len);
    for (size_t i = 0; i < dirs.len; i++)
        roots[i] = dirs.at[i].ptr;
    if (dirs.len != 0) {
        if (!wheelfile_sysroot_open(roots, dirs.len, &sysroot, err))
            return false;
        lookup = wheelfile_sysroot_lookup(sysroot);
    }
    /* A file that cannot be read does not keep the others from being shown. */
    size_t unreadable = 0;
    for (size_t i = 0; i < call->args.len; i++) {
        struct err one = {0};
        if (audit_one(call, call->args.at[i].ptr, dirs.len != 0 ? &lookup : NULL, floor, status,
                      &out, &one))
            continue;
        if (unreadable++ == 0)
            *err = one; /* said at the end, with the status */
        else
            log_error("%s", one.text);
    }
    fwrite(out.ptr, 1, out.len, stdout);
    wheelfile_sysroot_close(&sysroot);
    return unreadable == 0;
}

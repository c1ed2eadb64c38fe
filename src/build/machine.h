/*
 * The newest machine that wheels may need (--max-machine): what of a finished wheel is
 * newer, and the emulated machine that tests run on. Everything here says yes when the
 * spec names no level.
 */
#ifndef REFINERY_BUILD_MACHINE_H
#define REFINERY_BUILD_MACHINE_H

#include "build/slot.h"
#include "elf/audit.h"

/* NULL: no limit, or the attempt is for the build machine. */
const struct elf_level *machine_level(const struct slot *slot);

/*
 * Newer code in a file that never asks which machine it is on is SPEC_MACHINE; in one that
 * asks it is logged, and left to the test.
 */
void machine_check(const struct slot *slot, const struct elf_audit_verdict *verdict,
                   struct spec_result *result);

/* "QEMU_CPU=..." for what runs on the target; NULL: nothing to say. */
const char *machine_environment(const struct slot *slot);

/* The program died of an instruction; false without a level. */
bool machine_lacked(const struct slot *slot, const struct jail_result *ended);

#endif

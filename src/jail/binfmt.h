/*
 * Programs of another machine: how the kernel is told to run them through a
 * static qemu-user. In order of preference: binfmt_misc mounted in the jail's own
 * user namespace (Linux 6.7, needs no root, leaves the host as it is), what the
 * host has registered already, registering on the host as root, and last qemu in
 * front of the one program that is started.
 */
#ifndef REFINERY_JAIL_BINFMT_H
#define REFINERY_JAIL_BINFMT_H

#include "base/arena.h"
#include "base/err.h"
#include "jail/jail.h"

/* An ELF executable of a machine, by the first 20 bytes of its header. */
struct binfmt_machine {
    const char *name;
    unsigned char elf_class, elf_data; /* EI_CLASS, EI_DATA */
    uint16_t elf_machine;              /* e_machine */
};

const struct binfmt_machine *binfmt_find(struct str name); /* NULL: not known */
struct str binfmt_names(struct arena *arena);              /* "s390x, aarch64, ..." */

enum { BINFMT_HEADER = 20 };
struct binfmt_magic {
    unsigned char magic[BINFMT_HEADER], mask[BINFMT_HEADER];
};

/* ET_EXEC and ET_DYN of that machine, any ABI but those marked. Pure. */
struct binfmt_magic binfmt_magic(const struct binfmt_machine *machine);
bool binfmt_matches(const struct binfmt_machine *machine, struct str header);

/*
 * The line for binfmt_misc's `register`, flags POF: argv[0] kept, binary opened
 * by the kernel, interpreter opened now so that it need not be in the jail. Pure.
 * ERR_USAGE when the path is not absolute, has a colon, or is too long.
 */
CHECKED bool binfmt_line(const struct binfmt_machine *machine, const char *interpreter,
                         struct arena *arena, struct str *line, struct err *err);

/* An entry's text as binfmt_misc shows it: enabled, for this machine, flag F? Pure. */
bool binfmt_entry_serves(struct str text, const struct binfmt_machine *machine);

/* Does the host run such programs already? */
bool binfmt_on_host(const struct binfmt_machine *machine);

/* Registers on the host as root, mounting binfmt_misc when it is not. */
CHECKED bool binfmt_register_on_host(const struct binfmt_machine *machine, const char *interpreter,
                                     struct err *err);

/* Can binfmt_misc be mounted inside a user namespace? By the release of the kernel: 6.7. */
bool binfmt_in_namespace(void);

#endif

#include "jail/binfmt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/endian.h"
#include "os/fd.h"
#include "os/file.h"

enum { BINFMT_LINE_MAX = 1900, BINFMT_ENTRY_MAX = 1 << 16 };

#define BINFMT_DIR "/proc/sys/fs/binfmt_misc"

/* ELF: class 2 is 64 bits; data 1 is little-endian, 2 big-endian. */
static const struct binfmt_machine binfmt_machines[] = {
    {"s390x", 2, 2, 22},    {"aarch64", 2, 1, 183}, {"x86_64", 2, 1, 62},
    {"riscv64", 2, 1, 243}, {"ppc64le", 2, 1, 21},
};

const struct binfmt_machine *binfmt_find(struct str name)
{
    for (size_t i = 0; i < sizeof binfmt_machines / sizeof *binfmt_machines; i++)
        if (str_eq(name, str_from(binfmt_machines[i].name)))
            return &binfmt_machines[i];
    return NULL;
}

struct str binfmt_names(struct arena *arena)
{
    struct str names = STR("");
    for (size_t i = 0; i < sizeof binfmt_machines / sizeof *binfmt_machines; i++)
        names = arena_printf(arena, STR_FMT "%s%s", STR_ARG(names), i ? ", " : "",
                             binfmt_machines[i].name);
    return names;
}

/*
 * EI_OSABI (byte 7) may be 0 or 3 (GNU: programs with IFUNC), so its two low bits
 * are not looked at; e_type is 2 or 3, so its low bit is not. The rest of e_ident
 * is padding that must be zero but for the ABI's version.
 */
struct binfmt_magic binfmt_magic(const struct binfmt_machine *machine)
{
    struct binfmt_magic built = {{0x7f, 'E', 'L', 'F', machine->elf_class, machine->elf_data, 1},
                                 {0}};
    memset(built.mask, 0xff, sizeof built.mask);
    built.mask[7] = 0xfc;
    built.mask[8] = 0x00;
    bool big = machine->elf_data == 2;
    (big ? write_be16 : write_le16)(built.magic + 16, 2);
    (big ? write_be16 : write_le16)(built.magic + 18, machine->elf_machine);
    built.mask[big ? 17 : 16] = 0xfe;
    return built;
}

bool binfmt_matches(const struct binfmt_machine *machine, struct str header)
{
    struct binfmt_magic wanted = binfmt_magic(machine);
    if (header.len < BINFMT_HEADER)
        return false;
    for (size_t i = 0; i < BINFMT_HEADER; i++)
        if (((unsigned char)header.ptr[i] & wanted.mask[i]) != (wanted.magic[i] & wanted.mask[i]))
            return false;
    return true;
}

static struct str binfmt_escape(const unsigned char *bytes, struct arena *arena)
{
    struct str text = STR("");
    for (size_t i = 0; i < BINFMT_HEADER; i++)
        text = arena_printf(arena, STR_FMT "\\x%02x", STR_ARG(text), bytes[i]);
    return text;
}

bool binfmt_line(const struct binfmt_machine *machine, const char *interpreter, struct arena *arena,
                 struct str *line, struct err *err)
{
    struct binfmt_magic built = binfmt_magic(machine);
    if (interpreter[0] != '/' || strchr(interpreter, ':') || strchr(interpreter, '\n'))
        return err_set(err, ERR_USAGE,
                       "the interpreter \"%s\" for %s is not an absolute path without colons",
                       interpreter, machine->name);
    struct str magic = binfmt_escape(built.magic, arena), mask = binfmt_escape(built.mask, arena);
    struct str made = arena_printf(arena, ":refinery-%s:M::" STR_FMT ":" STR_FMT ":%s:POF",
                                   machine->name, STR_ARG(magic), STR_ARG(mask), interpreter);
    if (made.len > BINFMT_LINE_MAX || strlen(interpreter) > 127) /* the kernel's BINPRM_BUF_SIZE */
        return err_set(err, ERR_USAGE, "the path of the interpreter \"%s\" for %s is too long",
                       interpreter, machine->name);
    *line = made;
    return true;
}

static unsigned char binfmt_hex(char c)
{
    return (unsigned char)(char_is_digit(c) ? c - '0' : char_lower(c) - 'a' + 10);
}

/* "magic 7f454c46..." against a header of the machine, under the entry's own mask. */
static bool binfmt_entry_matches(struct str magic, struct str mask,
                                 const struct binfmt_machine *machine)
{
    struct binfmt_magic wanted = binfmt_magic(machine);
    if (magic.len < 2 || magic.len % 2 || magic.len > 2 * BINFMT_HEADER ||
        (mask.len && mask.len != magic.len))
        return false;
    for (size_t i = 0; i < magic.len / 2; i++) {
        unsigned byte =
            (unsigned)(binfmt_hex(magic.ptr[2 * i]) << 4 | binfmt_hex(magic.ptr[2 * i + 1]));
        unsigned bits =
            mask.len
                ? (unsigned)(binfmt_hex(mask.ptr[2 * i]) << 4 | binfmt_hex(mask.ptr[2 * i + 1]))
                : 0xffU;
        if ((wanted.magic[i] & bits) != (byte & bits))
            return false;
    }
    return magic.len == 2 * BINFMT_HEADER;
}

bool binfmt_entry_serves(struct str text, const struct binfmt_machine *machine)
{
    struct str line, magic = {0}, mask = {0};
    bool enabled = false, fixed = false, from_start = false;
    while (str_next_line(&text, &line)) {
        struct str key, value;
        str_cut(line, ' ', &key, &value);
        if (str_eq(key, STR("enabled")))
            enabled = true;
        else if (str_eq(key, STR("flags:")))
            fixed = str_has_char(value, 'F');
        else if (str_eq(key, STR("offset")))
            from_start = str_eq(value, STR("0"));
        else if (str_eq(key, STR("magic")))
            magic = value;
        else if (str_eq(key, STR("mask")))
            mask = value;
    }
    /* without F the interpreter would have to be inside the jail */
    return enabled && fixed && from_start && binfmt_entry_matches(magic, mask, machine);
}

struct binfmt_search {
    const struct binfmt_machine *machine;
    bool found;
};

static bool binfmt_look(void *state, int dirfd, struct str name, struct err *err)
{
    struct binfmt_search *search = state;
    ARENA_AUTO struct arena scratch = {0};
    struct str text;
    (void)err;
    struct err ignored;
    if (!str_eq(name, STR("register")) && !str_eq(name, STR("status")) &&
        file_read(dirfd, name.ptr, BINFMT_ENTRY_MAX, &scratch, &text, &ignored) &&
        binfmt_entry_serves(text, search->machine))
        search->found = true;
    return true;
}

static bool binfmt_enabled(void)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str status;
    struct err ignored;
    return file_read(AT_FDCWD, BINFMT_DIR "/status", BINFMT_ENTRY_MAX, &scratch, &status,
                     &ignored) &&
           str_eq(str_trim(status), STR("enabled"));
}

bool binfmt_on_host(const struct binfmt_machine *machine)
{
    struct binfmt_search search = {.machine = machine};
    struct err ignored;
    if (binfmt_enabled())
        (void)!file_each(AT_FDCWD, BINFMT_DIR, binfmt_look, &search, &ignored);
    return search.found;
}

bool binfmt_register_on_host(const struct binfmt_machine *machine, const char *interpreter,
                             struct err *err)
{
    ARENA_AUTO struct arena scratch = {0};
    struct str line;
    if (!binfmt_line(machine, interpreter, &scratch, &line, err))
        return false;
    if (access(BINFMT_DIR "/register", F_OK) < 0 &&
        mount("binfmt_misc", BINFMT_DIR, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return err_errno(err, "mounting binfmt_misc");
    FD_AUTO int fd = open(BINFMT_DIR "/register", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, line.ptr, line.len) != (ssize_t)line.len) {
        if (errno == EEXIST) /* somebody else was quicker */
            return true;
        return err_errno(err, "registering %s for programs of %s", interpreter, machine->name);
    }
    return true;
}

/* Found by the kernel's release: 6.7 was the first. Trying it would cost a namespace each time. */
bool binfmt_in_namespace(void)
{
    struct utsname system;
    struct str release, major, rest, minor;
    uint64_t numbers[2] = {0};
    if (uname(&system) < 0)
        return false;
    release = str_from(system.release);
    str_cut(release, '.', &major, &rest);
    size_t digits = 0;
    while (digits < rest.len && char_is_digit(rest.ptr[digits]))
        digits++;
    minor = str_slice(rest, 0, digits);
    return str_to_u64(major, &numbers[0]) && str_to_u64(minor, &numbers[1]) &&
           (numbers[0] > 6 || (numbers[0] == 6 && numbers[1] >= 7));
}

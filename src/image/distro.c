#include "image/distro.h"

#include <stddef.h>

static const struct distro distro_table[] = {
    {"debian",
     "Debian",
     "main",
     "$(COMPONENT)/Contents-$(ARCHITECTURE)",
     "/usr/share/keyrings/debian-archive-keyring.gpg",
     "debian-archive-keyring",
     {"bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable",
      "oldstable"},
     {"http://deb.debian.org/debian", "/debian", "http://deb.debian.org/debian-security",
      "/debian-security"},
     {0}},
    {"ubuntu",
     "Ubuntu",
     "main universe",
     "Contents-$(ARCHITECTURE)",
     "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
     "ubuntu-keyring",
     {0},
     {"http://archive.ubuntu.com/ubuntu", "/ubuntu", NULL, NULL},
     {"http://ports.ubuntu.com/ubuntu-ports", "/ubuntu-ports", NULL, NULL}},
};

const struct distro *distro_find(struct str name)
{
    for (size_t i = 0; i < sizeof distro_table / sizeof *distro_table; i++)
        if (str_eq(name, str_from(distro_table[i].name)))
            return &distro_table[i];
    return NULL;
}

const struct distro_archive *distro_archive(const struct distro *distro, struct str arch)
{
    bool in_archive =
        !distro->ports.mirror || str_eq(arch, STR("amd64")) || str_eq(arch, STR("i386"));
    return in_archive ? &distro->archive : &distro->ports;
}

struct str distro_mirror(const struct distro *distro, struct str given,
                         const struct distro_archive *archive, struct arena *arena)
{
    const struct distro_archive *other =
        archive == &distro->archive ? &distro->ports : &distro->archive;
    struct str tree = given;
    while (str_ends(tree, STR("/")))
        tree.len--;
    if (!other->mirror || !str_ends(tree, str_from(other->path)))
        return given;
    tree.len -= str_from(other->path).len;
    return arena_printf(arena, STR_FMT "%s", STR_ARG(tree), archive->path);
}

/* What apt prints: any bytes give packages, mirrors and settings, or nothing, never a crash. */
#include "image/apt.h"
#include "image/floor.h"
#include "image/merged.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct str text = str_of(data, size), rest = text, line, mirror, security, head, tail;
    while (str_next_line(&rest, &line)) {
        struct apt_package package;
        if (apt_parse_uri(line, &arena, &package) && (!package.name.len && !package.exact.len))
            __builtin_trap();
    }
    const struct distro *debian = distro_find(STR("debian")), *ubuntu = distro_find(STR("ubuntu"));
    apt_pick_mirrors(text, debian, &debian->archive, &mirror, &security);
    apt_pick_mirrors(text, ubuntu, &ubuntu->ports, &mirror, &security);
    (void)distro_mirror(ubuntu, text, &ubuntu->ports, &arena);
    (void)apt_network_settings(text, &arena);
    (void)floor_glibc(text);
    /* A link never leads above the root, whatever it says. */
    str_cut(text, '\n', &head, &tail);
    struct str says = merged_target(&arena, head, tail);
    size_t up = 0, deep = 1; /* merging adds one level */
    struct str part;
    for (size_t i = 0; i < head.len; i++)
        deep += head.ptr[i] == '/';
    while (str_next(&says, '/', &part) && str_eq(part, STR("..")))
        up++;
    if (up > deep)
        __builtin_trap();
    return 0;
}

/* VCS requirements: whatever passes is no option and no command. */
#include "base/url.h"
#include "index/vcs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct vcs_ref ref;
    if (!vcs_parse(str_of(data, size), &arena, &ref, &err))
        return 0;
    if (str_starts(ref.url, STR("-")) || str_starts(url_split(ref.url).host, STR("-")) ||
        str_starts(ref.revision, STR("-")) || str_has_char(ref.revision, ':') ||
        str_has_char(ref.url, ' ') || str_find(ref.url, STR("::")) == 3)
        __builtin_trap();
    (void)vcs_shown(&ref, STR("0"), &arena);
    return 0;
}

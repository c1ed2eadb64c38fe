/* Pages of indexes, JSON and HTML. */
#include "pkg/simple.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct simple_page page;
    struct err err;
    struct str text = str_of(data, size), url = STR("https://user:pw@host/simple/x/?token=1");
    if (simple_parse(text, STR(""), url, &arena, &page, &err))
        for (size_t i = 0; i < page.files_len; i++)
            if (!page.files[i].url.len || str_has_char(page.files[i].url, '#'))
                __builtin_trap();
    (void)!simple_parse_html(text, url, &arena, &page, &err);
    return 0;
}

/* WWW-Authenticate: nothing of it may end a header line or a URL. */
#include "oci/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct err err = {0};
    struct challenge challenge;
    if (!challenge_parse(str_of(data, size), &arena, &challenge, &err))
        return 0;
    struct str url = challenge_token_url(&challenge, &arena);
    if (str_has_char(url, '\n') || str_has_char(url, '\r'))
        __builtin_trap();
    return 0;
}

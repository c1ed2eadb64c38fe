/* retry_queue.json of an earlier system: whatever it holds, requests that may be built and words.
 */
#include <stdlib.h>

#include "build/recipe.h"
#include "pkg/name.h"
#include "run/retry_file.h"
#include "run/strategy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_AUTO struct arena arena = {0};
    struct retry_file file;
    struct err err = {0};
    if (!retry_file_parse(str_of(data, size), "fuzz", &arena, &file, &err))
        return 0;
    check(file.complaints_len <= RETRY_FILE_COMPLAINTS && file.len <= RETRY_FILE_ENTRIES);
    for (size_t i = 0; i < file.len; i++) {
        const struct retry_request *request = &file.at[i];
        check(name_is_normal(request->name) && request->attempts >= 0);
        check(!request->strategy.len || strategy_is_known(request->strategy));
        check(request->recipes.len <= RETRY_FILE_RECIPES);
        for (size_t w = 0; w < request->recipes.len; w++)
            check(recipe_check(request->recipes.at[w], &err));
    }
    return 0;
}

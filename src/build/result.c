/* Results of actions in the content store: key -> record -> content. */
#include "build/slot.h"

bool result_recall(const struct slot *slot, const struct digest *key, struct spec_result *result,
                   bool *found, struct err *err)
{
    struct cas_result stored;
    struct err absent = {0}, damaged = {0};
    struct spec_result known;
    *found = false;
    if (slot->spec->fresh)
        return true;
    if (!cas_result_get(slot->cas, key, slot->arena, &stored, &absent))
        return absent.code == ERR_NOT_FOUND || err_set(err, absent.code, "%s", absent.text);
    if (!spec_result_read(stored.record, slot->arena, &known, &damaged))
        return true; /* of another version of this program: made again */
    if (known.outcome != SPEC_OK && slot->spec->retry_failed)
        return true;
    *result = known;
    result->cached = true;
    if (known.outcome != SPEC_OK)
        slot_log("this very attempt failed before; --retry-failed makes it again");
    *found = true;
    return true;
}

bool result_keep(const struct slot *slot, const struct digest *key, const struct digest *content,
                 const struct spec_result *result, struct err *err)
{
    BUF_AUTO struct buf record = {0};
    spec_result_write(result, &record);
    struct cas_result stored = {.content = *content, .record = buf_str(&record)};
    return cas_result_put(slot->cas, key, &stored, err);
}

/* Outcomes that the same inputs bring again; time, memory, disk and machine are not among them. */
static bool result_is_lasting(enum spec_outcome outcome)
{
    return outcome == SPEC_OK || outcome == SPEC_BUILD_FAILED || outcome == SPEC_NO_WHEEL ||
           outcome == SPEC_SILENT_FALLBACK || outcome == SPEC_FLOOR ||
           outcome == SPEC_REPAIR_FAILED || outcome == SPEC_MACHINE;
}

bool result_keep_record(const struct slot *slot, const struct digest *key,
                        const struct spec_result *result, struct err *err)
{
    BUF_AUTO struct buf record = {0};
    struct cas_blob blob;
    if (!result_is_lasting(result->outcome))
        return true;
    spec_result_write(result, &record);
    return cas_put_bytes(slot->cas, buf_str(&record), &blob, err) &&
           result_keep(slot, key, &blob.digest, result, err);
}

/* What a repair (wheelfile/repair.h) did, as an attempt's result. */
#ifndef REFINERY_BUILD_REPAIRED_H
#define REFINERY_BUILD_REPAIRED_H

#include "build/spec.h"
#include "wheelfile/repair.h"

void repaired_describe(const struct wheelfile_repair_result *repaired, struct arena *arena,
                       struct spec_result *result);

#endif

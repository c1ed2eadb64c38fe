/* Parts of answers that several ops share, for the files of this room. */
#ifndef REFINERY_DEBUG_MAKE_H
#define REFINERY_DEBUG_MAKE_H

#include "debug/debug_op.h"
#include "pkg/requirement.h"
#include "pkg/simple.h"

/* [{"operator": ">=", "version": "1.0"}, ...] as written */
yyjson_mut_val *debug_make_clauses(const struct debug_call *call, const struct specifier_set *set);
/* The result of requirement.parse. */
yyjson_mut_val *debug_make_requirement(const struct debug_call *call,
                                       const struct requirement *req);
/* {"sha256": "..."} */
yyjson_mut_val *debug_make_hashes(const struct debug_call *call, const struct simple_hash *hashes,
                                  size_t len);

#endif

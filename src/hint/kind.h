/*
 * The words of the hint engine: causes of failed builds (tables/hint_classes.def), what a log can
 * say is missing (tables/hint_needs.def), how much a line of a log proves. Pure; nothing is owned.
 */
#ifndef REFINERY_HINT_KIND_H
#define REFINERY_HINT_KIND_H

#include "base/str.h"

#define HINT_CLASS(id, ...) HINT_##id,
enum hint_class {
#include "tables/hint_classes.def"
    HINT_CLASS_COUNT
};

#define HINT_NEED(id, ...) NEED_##id,
enum hint_need {
#include "tables/hint_needs.def"
    HINT_NEED_COUNT
};

/* What a line proves, weakest first. A probe that fails need not be what ended the build. */
enum hint_severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR, SEVERITY_FATAL };

/* How much a recipe changes: a package beside the build, or what the build itself is. */
enum hint_impact { IMPACT_NORMAL, IMPACT_HIGH };

enum { HINT_NAME_LIMIT = 128 }; /* bytes of a name that a log may give */

const char *hint_class_name(enum hint_class class);
const char *hint_class_words(enum hint_class class);
int hint_class_rank(enum hint_class class);
bool hint_class_passes(enum hint_class class); /* may succeed at another time or place */
bool hint_class_from(struct str name, enum hint_class *class); /* "missing header" too */

const char *hint_need_name(enum hint_need need);
const char *hint_need_words(enum hint_need need);
bool hint_need_from(struct str name, enum hint_need *need);
/*
 * Whether a name that was read out of a log can be one: known characters, no ".." and no "//" in
 * it, not an option, not an absolute path, at most HINT_NAME_LIMIT bytes.
 */
bool hint_need_accepts(enum hint_need need, struct str name);

const char *hint_severity_name(enum hint_severity severity);
bool hint_severity_from(struct str name, enum hint_severity *severity); /* "critical", "warn" too */

const char *hint_impact_name(enum hint_impact impact);
bool hint_impact_from(struct str name, enum hint_impact *impact);

#endif

/*
 * report.html: one run on one page, without a server. One file without references to the network,
 * readable without script (which only adds sorting and filtering), everything from outside
 * escaped, at most REPORT_LIMIT bytes, the same bytes for the same facts.
 */
#ifndef REFINERY_PUBLISH_REPORT_H
#define REFINERY_PUBLISH_REPORT_H

#include "publish/manifest.h"

enum { REPORT_LIMIT = 5 * 1024 * 1024, REPORT_EVIDENCE_LINES = 20 };

void report_html(const struct manifest *manifest, struct buf *out);
CHECKED bool report_write(const struct manifest *manifest, const char *path, struct err *err);

#endif

/* Whether libmicrohttpd is there: called once before anything of it is. */
#ifndef REFINERY_SERVE_MHD_H
#define REFINERY_SERVE_MHD_H

#include "base/err.h"

CHECKED bool mhd_load(struct err *err);

#endif

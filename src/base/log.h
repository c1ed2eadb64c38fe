/*
 * What the program tells its operator on standard error. Errors are not logged
 * where they arise: they are carried up and printed once (err.h).
 */
#ifndef REFINERY_BASE_LOG_H
#define REFINERY_BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level most_detailed_shown); /* LOG_INFO at start */
bool log_shows(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* The live progress display, where one is drawn, clears itself before a line is printed. */
void log_set_screen(void (*before_line)(void *state), void *state);

#endif

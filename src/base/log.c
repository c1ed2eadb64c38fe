#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level log_level = LOG_INFO;
static void (*log_before_line)(void *state);
static void *log_screen;

void log_set_level(enum log_level most_detailed_shown)
{
    log_level = most_detailed_shown;
}

bool log_shows(enum log_level level)
{
    return level <= log_level;
}

void log_set_screen(void (*before_line)(void *state), void *state)
{
    log_before_line = before_line;
    log_screen = state;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    static const char *const prefix[] = {
        "refinery: error: ", "refinery: warning: ", "refinery: ", "refinery: debug: "};
    char text[4096];
    va_list args;
    if (!log_shows(level))
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (log_before_line)
        log_before_line(log_screen);
    fprintf(stderr, "%s%s\n", prefix[level], text);
}

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

/* What came from outside may hold escape sequences: they are shown, not sent. */
static void log_put(const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == 0xc2 && ((unsigned char)text[1] & 0xe0) == 0x80) { /* C1 in UTF-8 */
            text++;
            fputc('?', stderr);
        } else if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
            fprintf(stderr, "^%c", byte ^ 0x40);
        } else {
            fputc(byte, stderr);
        }
    }
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
    fputs(prefix[level], stderr);
    log_put(text);
    fputc('\n', stderr);
}

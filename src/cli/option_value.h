/* Texts of option values: what each kind of option (option.h) accepts and what number it means. */
#ifndef REFINERY_CLI_OPTION_VALUE_H
#define REFINERY_CLI_OPTION_VALUE_H

#include "cli/option.h"

/*
 * The number that a text means for a kind: FLAG 0/1 (yes no true false on off 1 0), INT and TOP
 * the count, DECIMAL thousandths, DURATION milliseconds ("90", "15m", "1h30m"), SIZE bytes (powers
 * of 1024: "4g", "512MiB"), TIME Unix milliseconds. Other kinds: 0. False when it is none.
 */
bool option_value_number(enum option_kind kind, struct str text, int64_t *number);

/* What is expected, for messages: "a duration such as 90, 15m or 1h30m". */
const char *option_value_expected(enum option_kind kind);

/* Whether `text` is one of "a|b|c". */
bool option_value_is_choice(const char *choices, struct str text);

#endif

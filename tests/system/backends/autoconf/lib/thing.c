#include "config.h"

int thing(void)
{
    return WORDS_BIGENDIAN;
}

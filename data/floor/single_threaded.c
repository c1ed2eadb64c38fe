/* 2.32. "No" is always a right answer: it only costs atomic instructions. */
#include "floor.h"

HIDDEN char __libc_single_threaded = 0;

/* 2.38: the names under which C23 number parsing is called. Here "0b101" stays C17: 0, then "b101". */
#include "floor.h"

#define FORWARD_BASE(type, letter, name)                                                           \
    extern type name(const letter *text, letter **end, int base);                                  \
    HIDDEN type __isoc23_##name(const letter *text, letter **end, int base)                        \
    {                                                                                              \
        return name(text, end, base);                                                              \
    }

#define FORWARD_LOCALE(type, letter, name)                                                         \
    extern type name(const letter *text, letter **end, int base, void *locale);                    \
    HIDDEN type __isoc23_##name(const letter *text, letter **end, int base, void *locale)          \
    {                                                                                              \
        return name(text, end, base, locale);                                                      \
    }

FORWARD_BASE(long, char, strtol)
FORWARD_BASE(unsigned long, char, strtoul)
FORWARD_BASE(long long, char, strtoll)
FORWARD_BASE(unsigned long long, char, strtoull)
FORWARD_BASE(long, char, strtoimax)
FORWARD_BASE(unsigned long, char, strtoumax)
FORWARD_LOCALE(long, char, strtol_l)
FORWARD_LOCALE(unsigned long, char, strtoul_l)
FORWARD_LOCALE(long long, char, strtoll_l)
FORWARD_LOCALE(unsigned long long, char, strtoull_l)
FORWARD_BASE(long, __WCHAR_TYPE__, wcstol)
FORWARD_BASE(unsigned long, __WCHAR_TYPE__, wcstoul)
FORWARD_BASE(long long, __WCHAR_TYPE__, wcstoll)
FORWARD_BASE(unsigned long long, __WCHAR_TYPE__, wcstoull)
FORWARD_BASE(long, __WCHAR_TYPE__, wcstoimax)
FORWARD_BASE(unsigned long, __WCHAR_TYPE__, wcstoumax)
FORWARD_LOCALE(long, __WCHAR_TYPE__, wcstol_l)
FORWARD_LOCALE(unsigned long, __WCHAR_TYPE__, wcstoul_l)
FORWARD_LOCALE(long long, __WCHAR_TYPE__, wcstoll_l)
FORWARD_LOCALE(unsigned long long, __WCHAR_TYPE__, wcstoull_l)

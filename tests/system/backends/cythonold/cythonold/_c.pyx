# cython: language_level=3
from libc.stdint cimport uint16_t


def first_byte():
    cdef uint16_t number = 0x0102
    return (<unsigned char *> &number)[0]


def total(values):
    cdef double sum = 0
    for value in values:
        sum += value
    return sum

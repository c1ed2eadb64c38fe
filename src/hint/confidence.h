/*
 * How sure a hint is, by its own record. What the catalogue says is taken for as many successes as
 * would give it by themselves; the record is added, and the answer is the lower bound of Wilson's
 * interval (one standard deviation) of the whole. So a success never lowers it, a failure always
 * does, and a hint without a record has what its author gave it. Pure.
 */
#ifndef REFINERY_HINT_CONFIDENCE_H
#define REFINERY_HINT_CONFIDENCE_H

#include <stdint.h>

/* Lower bound of Wilson's interval for `worked` of `tried`, with z standard deviations; 0 of 0: 0.
 */
double confidence_wilson(double worked, double tried, double z);

/* 0 to 1. `prior` is the catalogue's. More that worked than were tried counts as all of them. */
double confidence_of(double prior, uint64_t worked, uint64_t tried);

#endif

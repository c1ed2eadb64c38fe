#include "hint/confidence.h"

#include <math.h>

double confidence_wilson(double worked, double tried, double z)
{
    if (tried <= 0)
        return 0;
    double share = worked / tried, square = z * z;
    double middle = share + square / (2 * tried);
    double spread = z * sqrt(share * (1 - share) / tried + square / (4 * tried * tried));
    double low = (middle - spread) / (1 + square / tried);
    return low < 0 ? 0 : low;
}

double confidence_of(double prior, uint64_t worked, uint64_t tried)
{
    const double z = 1, surest = 0.95;
    if (worked > tried)
        worked = tried;
    if (prior <= 0 && tried == 0)
        return 0;
    if (tried == 0)
        return prior;
    if (prior > surest)
        prior = surest;
    /* n of n has the lower bound n / (n + z^2). */
    double alike = z * z * prior / (1 - prior);
    return confidence_wilson(alike + (double)worked, alike + (double)tried, z);
}

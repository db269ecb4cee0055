// Powers and logarithms, which Swift's standard library does not have: libm's, in one place.
#include "tc_kernels.h"

#include <math.h>

float tc_power_f32(float base, float exponent) { return powf(base, exponent); }

double tc_logarithm(double x) { return log(x); }

// The C library's elementary functions under names of our own: Swift without Foundation has none.
#include "tc_elementary.h"

#include <math.h>

double tc_exp(double x) { return exp(x); }
double tc_log(double x) { return log(x); }
double tc_pow(double x, double y) { return pow(x, y); }
float tc_power_f32(float base, float exponent) { return powf(base, exponent); }
double tc_sin(double x) { return sin(x); }
double tc_cos(double x) { return cos(x); }
double tc_tanh(double x) { return tanh(x); }
double tc_erf(double x) { return erf(x); }

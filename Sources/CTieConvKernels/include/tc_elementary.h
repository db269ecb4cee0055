// Elementary functions of single numbers.
#ifndef TC_ELEMENTARY_H
#define TC_ELEMENTARY_H

double tc_exp(double x);
double tc_log(double x);
double tc_pow(double x, double y);
float tc_power_f32(float base, float exponent);
double tc_sin(double x);
double tc_cos(double x);
double tc_tanh(double x);
double tc_erf(double x);

#endif

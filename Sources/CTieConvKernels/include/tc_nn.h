// What a decoder does between its matrix products, row by row: normalisation, softmax, activations,
// rotary positions, the optimizer's step. Nothing here allocates.
// The scalar level computes in f64 and rounds once. The others keep sums over a row in 16 lanes of
// F32 (element i in lane i % 16), added as a fixed tree, so all that have a fused multiply-add give
// the same bits; the portable one rounds products too. Their exponentials are within 2 units in the
// last place over the range of normal results.
#ifndef TC_NN_H
#define TC_NN_H

#include "tc_kernels.h"

// Activations a(x): SiLU x·σ(x); GELU x·Φ(x), exact or by its tanh approximation
// x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
typedef enum { TC_SILU, TC_GELU, TC_GELU_TANH, TC_RELU } tc_activation;

// What ggml makes of a row of activations before it multiplies it with packed weights (Q8_0, as which
// Q8_1 has the same numbers, in blocks of 32; Q8_K in blocks of 256), or with F16 or BF16 weights.
typedef enum { TC_ROUND_F16, TC_ROUND_BF16, TC_ROUND_Q8_0, TC_ROUND_Q8_K } tc_rounding;

typedef struct {
  float rate, beta1, beta2, epsilon, decay;
  // 1 - beta^t of the step t, counted from 1.
  float correction1, correction2;
} tc_adamw;

typedef struct {
  const char *name;

  // y[i] = x[i] · r · (offset + w[i]), r = 1/√(mean x² + epsilon), which is returned.
  float (*rms_norm)(const float *x, const float *w, size_t n, float epsilon, float offset,
                    float *y);
  // From dy and r: dx += r·(g − x·r²·mean(g·x)), g = dy·(offset + w); dw += dy·x·r.
  void (*rms_norm_gradient)(const float *x, const float *w, const float *dy, size_t n, float r,
                            float offset, float *dx, float *dw);

  // y[i] = (x[i] − mean)·r·w[i] + b[i], r = 1/√(variance + epsilon). b may be NULL.
  void (*layer_norm)(const float *x, const float *w, const float *b, size_t n, float epsilon,
                     float *y, float *mean, float *r);
  // dx += r·(g − mean(g) − z·mean(g·z)), z = (x − mean)·r, g = dy·w; dw += dy·z; db += dy.
  void (*layer_norm_gradient)(const float *x, const float *w, const float *dy, size_t n,
                              float mean, float r, float *dx, float *dw, float *db);

  // Largest element, -infinity for none; a NaN anywhere gives a NaN.
  float (*maximum)(const float *x, size_t n);
  // y[i] = e^(x[i]·scale − shift); returns the sum. x may be y.
  float (*exponentials)(const float *x, size_t n, float scale, float shift, float *y);
  // The sum alone.
  float (*exponential_sum)(const float *x, size_t n, float scale, float shift);
  float (*dot)(const float *x, const float *y, size_t n);
  // dx = p·(dp − dot)·scale, the gradient of a softmax with probabilities p.
  void (*softmax_gradient)(const float *p, const float *dp, size_t n, float dot, float scale,
                           float *dx);

  // y = a(gate)·up; up may be NULL for 1.
  void (*activation)(tc_activation kind, const float *gate, const float *up, size_t n, float *y);
  // dgate = dy·up·a'(gate), dup = dy·a(gate); up and dup may be NULL together.
  void (*activation_gradient)(tc_activation kind, const float *gate, const float *up,
                              const float *dy, size_t n, float *dgate, float *dup);
  // y = cap·tanh(x/cap), and dx = dy·(1 − (y/cap)²).
  void (*soft_cap)(const float *x, size_t n, float cap, float *y);
  void (*soft_cap_gradient)(const float *y, const float *dy, size_t n, float cap, float *dx);

  // Turns pairs (x[i], x[i + n]), i < n, by the angles whose cosines and sines these are; adjacent:
  // pairs (x[2i], x[2i + 1]). The inverse turn takes the sines' negatives: sign −1.
  void (*rotate)(float *x, const float *cosines, const float *sines, size_t n, int adjacent,
                 float sign);

  // y += alpha·x; y = alpha·x; y = x·w; y += x·w.
  void (*add_scaled)(const float *x, size_t n, float alpha, float *y);
  void (*scale)(const float *x, size_t n, float alpha, float *y);
  void (*multiply)(const float *x, const float *w, size_t n, float *y);
  void (*add_product)(const float *x, const float *w, size_t n, float *y);

  // y = the numbers that ggml's codes of x stand for; a last block may be short. x may be y.
  void (*round)(tc_rounding kind, const float *x, size_t n, float *y);

  // Per block of 32 what Q8_1, which keeps the sum of a block's numbers as F16, has too much of it:
  // F16(sum of codes · scale) − sum of codes · F16(scale).
  void (*round_excess)(const float *x, size_t n, float *excess);

  // AdamW (Loshchilov & Hutter 2019, algorithm 2): w −= rate·decay·w, then
  // w −= rate·m̂/(√v̂ + epsilon). gradient is multiplied by scale first.
  void (*adamw)(float *w, float *m, float *v, const float *gradient, size_t n, float scale,
                tc_adamw step);
} tc_row_table;

// The row kernels of one instruction set, or NULL where this machine cannot run it.
const tc_row_table *tc_row_kernels_at(tc_level level);

// Those of the best instruction set of this machine.
const tc_row_table *tc_row_kernels(void);

#endif

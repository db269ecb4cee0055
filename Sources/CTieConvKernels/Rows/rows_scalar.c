// The definition of the row kernels: computed in f64 and rounded once, one element after another.
#include "tc_rows_common.h"

#define TC_LEVEL scalar

static float tc_row_rms_norm_scalar(const float *x, const float *w, size_t n, float epsilon,
                                    float offset, float *y) {
  double squares = 0;
  for (size_t i = 0; i < n; i++) squares += (double)x[i] * x[i];
  double r = 1 / __builtin_sqrt(squares / (double)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = (float)(x[i] * r * ((double)w[i] + offset));
  return (float)r;
}

static void tc_row_rms_norm_gradient_scalar(const float *x, const float *w, const float *dy,
                                            size_t n, float r, float offset, float *dx,
                                            float *dw) {
  double dot = 0;
  for (size_t i = 0; i < n; i++) dot += (double)dy[i] * ((double)w[i] + offset) * x[i];
  double along = dot / (double)n * r * r;
  for (size_t i = 0; i < n; i++) {
    double g = (double)dy[i] * ((double)w[i] + offset);
    dx[i] = (float)(dx[i] + r * (g - x[i] * along));
    if (dw != NULL) dw[i] = (float)(dw[i] + (double)dy[i] * x[i] * r);
  }
}

static void tc_row_layer_norm_scalar(const float *x, const float *w, const float *b, size_t n,
                                     float epsilon, float *y, float *mean, float *r) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  double center = sum / (double)n;
  for (size_t i = 0; i < n; i++) squares += (x[i] - center) * (x[i] - center);
  double inverse = 1 / __builtin_sqrt(squares / (double)n + epsilon);
  for (size_t i = 0; i < n; i++) {
    y[i] = (float)((x[i] - center) * inverse * w[i] + (b != NULL ? b[i] : 0));
  }
  *mean = (float)center;
  *r = (float)inverse;
}

static void tc_row_layer_norm_gradient_scalar(const float *x, const float *w, const float *dy,
                                              size_t n, float mean, float r, float *dx, float *dw,
                                              float *db) {
  double sum = 0, dot = 0;
  for (size_t i = 0; i < n; i++) {
    sum += (double)dy[i] * w[i];
    dot += (double)dy[i] * w[i] * (((double)x[i] - mean) * r);
  }
  for (size_t i = 0; i < n; i++) {
    double z = ((double)x[i] - mean) * r, g = (double)dy[i] * w[i];
    dx[i] = (float)(dx[i] + r * (g - sum / (double)n - z * (dot / (double)n)));
    if (dw != NULL) dw[i] = (float)(dw[i] + dy[i] * z);
    if (db != NULL) db[i] = (float)((double)db[i] + dy[i]);
  }
}

static float tc_row_maximum_scalar(const float *x, size_t n) {
  float most = -__builtin_inff();
  for (size_t i = 0; i < n; i++) {
    if (x[i] > most || x[i] != x[i]) most = x[i];
  }
  return most;
}

static double exponential(float x, float scale, float shift) {
  return __builtin_exp((double)x * scale - shift);
}

static float tc_row_exponentials_scalar(const float *x, size_t n, float scale, float shift,
                                        float *y) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) {
    double value = exponential(x[i], scale, shift);
    sum += value;
    y[i] = (float)value;
  }
  return (float)sum;
}

static float tc_row_exponential_sum_scalar(const float *x, size_t n, float scale, float shift) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += exponential(x[i], scale, shift);
  return (float)sum;
}

static float tc_row_dot_scalar(const float *x, const float *y, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (double)x[i] * y[i];
  return (float)sum;
}

static void tc_row_softmax_gradient_scalar(const float *p, const float *dp, size_t n, float dot,
                                           float scale, float *dx) {
  for (size_t i = 0; i < n; i++) dx[i] = (float)(p[i] * ((double)dp[i] - dot) * scale);
}

// The factor a(x)/x of an activation, and its slope a'(x).
static double part_of(tc_activation kind, double x, double *slope) {
  const double root = 0.79788456080286536;  // √(2/π)
  double part;
  switch (kind) {
    case TC_SILU:
      part = 1 / (1 + __builtin_exp(-x));
      *slope = part * (1 + x * (1 - part));
      return part;
    case TC_GELU:
      part = __builtin_erfc(-x * 0.70710678118654752) / 2;
      *slope = part + x * root / 2 * __builtin_exp(-x * x / 2);
      return part;
    case TC_GELU_TANH: {
      // (1 + tanh u)/2 = 1/(1 + e^(−2u)), which does not cancel.
      double e = __builtin_exp(-2 * root * (x + 0.044715 * x * x * x));
      part = 1 / (1 + e);
      *slope = part + x * part * (1 - part) * 2 * root * (1 + 3 * 0.044715 * x * x);
      return part;
    }
    default: return *slope = x > 0;
  }
}

static void tc_row_activation_scalar(tc_activation kind, const float *gate, const float *up,
                                     size_t n, float *y) {
  for (size_t i = 0; i < n; i++) {
    double slope;
    double value = gate[i] * part_of(kind, gate[i], &slope);
    y[i] = (float)(up == NULL ? value : value * up[i]);
  }
}

static void tc_row_activation_gradient_scalar(tc_activation kind, const float *gate,
                                              const float *up, const float *dy, size_t n,
                                              float *dgate, float *dup) {
  for (size_t i = 0; i < n; i++) {
    double slope, d = dy[i], u = up == NULL ? 1 : up[i];
    double value = gate[i] * part_of(kind, gate[i], &slope);
    if (dup != NULL) dup[i] = (float)(d * value);
    dgate[i] = (float)(d * u * slope);
  }
}

static void tc_row_soft_cap_scalar(const float *x, size_t n, float cap, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)(cap * __builtin_tanh((double)x[i] / cap));
}

static void tc_row_soft_cap_gradient_scalar(const float *y, const float *dy, size_t n, float cap,
                                            float *dx) {
  for (size_t i = 0; i < n; i++) {
    double h = (double)y[i] / cap;
    dx[i] = (float)(dy[i] * (1 - h * h));
  }
}

static void tc_row_rotate_scalar(float *x, const float *cosines, const float *sines, size_t n,
                                 int adjacent, float sign) {
  for (size_t i = 0; i < n; i++) {
    float *a = adjacent ? x + 2 * i : x + i, *b = adjacent ? a + 1 : a + n;
    double c = cosines[i], s = sines[i] * sign, p = *a, q = *b;
    *a = (float)(p * c - q * s);
    *b = (float)(q * c + p * s);
  }
}

static void tc_row_add_scaled_scalar(const float *x, size_t n, float alpha, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)((double)x[i] * alpha + y[i]);
}

static void tc_row_scale_scalar(const float *x, size_t n, float alpha, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * alpha;
}

static void tc_row_multiply_scalar(const float *x, const float *w, size_t n, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = x[i] * w[i];
}

static void tc_row_add_product_scalar(const float *x, const float *w, size_t n, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = (float)((double)x[i] * w[i] + y[i]);
}

// As ggml's vector code does it: ties to even. Its reference quantizer takes roundf for Q8_0, and
// ties are not rare: numbers that were codes once meet again as halves of one.
static void tc_row_round_scalar(tc_rounding kind, const float *x, size_t n, float *y) {
  if (kind == TC_ROUND_F16 || kind == TC_ROUND_BF16) {
    for (size_t i = 0; i < n; i++) {
      y[i] = kind == TC_ROUND_F16 ? tc_f16_value(x[i]) : tc_bf16_value(x[i]);
    }
    return;
  }
  size_t block = tc_rounding_block(kind);
  for (size_t start = 0; start < n; start += block) {
    size_t end = n - start < block ? n : start + block;
    float largest = 0;
    for (size_t i = start; i < end; i++) {
      float size = __builtin_fabsf(x[i]);
      if (size > largest) largest = size;
    }
    tc_block_scale s = tc_scale_of_block(kind, largest);
    for (size_t i = start; i < end; i++) {
      // Adding 0 makes a zero positive, as it is in vectors.
      y[i] = (__builtin_rintf(x[i] * s.inverse) + 0.0f) * s.scale;
    }
  }
}

static void tc_row_round_excess_scalar(const float *x, size_t n, float *excess) {
  for (size_t start = 0; start < n; start += 32, excess++) {
    size_t end = n - start < 32 ? n : start + 32;
    float largest = 0, sum = 0;
    for (size_t i = start; i < end; i++) {
      float size = __builtin_fabsf(x[i]);
      if (size > largest) largest = size;
    }
    tc_block_scale s = tc_scale_of_block(TC_ROUND_Q8_0, largest);
    for (size_t i = start; i < end; i++) sum += __builtin_rintf(x[i] * s.inverse);
    *excess = tc_f16_value(sum * (largest / 127)) - sum * s.scale;
  }
}

static void tc_row_adamw_scalar(float *w, float *m, float *v, const float *gradient, size_t n,
                                float scale, tc_adamw step) {
  for (size_t i = 0; i < n; i++) {
    double g = (double)gradient[i] * scale;
    double first = (double)m[i] * step.beta1 + g * (1 - (double)step.beta1);
    double second = (double)v[i] * step.beta2 + g * g * (1 - (double)step.beta2);
    double size = __builtin_sqrt(second / step.correction2) + step.epsilon;
    double decayed = w[i] - (double)step.rate * step.decay * w[i];
    m[i] = (float)first;
    v[i] = (float)second;
    w[i] = (float)(decayed - step.rate * (first / step.correction1) / size);
  }
}

#include "tc_rows_table.h"

const tc_row_table *tc_row_kernels_scalar(void) { return &table_scalar; }

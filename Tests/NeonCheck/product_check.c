// Compares the product and row kernels of the best instruction set with their scalar definitions:
// products bit for bit, rows within the rounding that a sum in F32 explains.
#include "product_check.h"

#include "tc_gemm.h"
#include "tc_nn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { most_lines = 64, most_depth = 96, panel_space = (most_lines + 64) * (most_depth + 2) };

static float source_a[most_lines * most_depth], source_b[most_lines * most_depth];
static uint16_t half_a[most_lines * most_depth], half_b[most_lines * most_depth];
static float panels_a[panel_space], panels_b[panel_space];
static float result[most_lines * most_lines], expected[most_lines * most_lines];
static int failures;

static void report(int good, const char *what, size_t n) {
  if (good) return;
  failures++;
  printf("%s differs at %zu\n", what, n);
}

static float number(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return (float)(int32_t)*state * 0x1p-30f;
}

static void fill_sources(void) {
  uint32_t state = 7;
  for (size_t i = 0; i < most_lines * most_depth; i++) {
    source_a[i] = number(&state);
    source_b[i] = number(&state);
  }
  tc_kernels_at(TC_SCALAR)->narrow_bf16(source_a, most_lines * most_depth, half_a);
  tc_kernels_at(TC_SCALAR)->narrow_f16(source_b, most_lines * most_depth, half_b);
}

typedef struct {
  size_t m, n, k;
  int half, across, accumulate;
} product_case;

static void run(const tc_gemm_table *t, product_case p, float *c) {
  tc_matrix a = {p.half ? (void *)half_a : source_a, p.half ? TC_BF16 : TC_F32, most_depth, 1};
  tc_matrix b = {p.half ? (void *)half_b : source_b, p.half ? TC_F16 : TC_F32, most_depth, 1};
  if (p.across) {
    b.row_step = 1;
    b.column_step = most_lines;
  }
  for (size_t i = 0; i < most_lines * most_lines; i++) c[i] = (float)(i % 13);
  tc_target target = {c, most_lines, p.m, p.n, -0.5f, p.accumulate, source_a};
  if (p.half) {
    size_t depth = (p.k + 1) / 2 * 2;
    t->pack_bf16(a, p.m, p.k, t->rows_bf16, (uint16_t *)(void *)panels_a);
    t->pack_bf16(b, p.n, p.k, t->columns_bf16, (uint16_t *)(void *)panels_b);
    t->product_bf16((uint16_t *)(void *)panels_a, depth * t->rows_bf16,
                    (uint16_t *)(void *)panels_b, depth * t->columns_bf16, p.k, target);
  } else {
    t->pack_f32(a, p.m, p.k, t->rows_f32, panels_a);
    t->pack_f32(b, p.n, p.k, t->columns_f32, panels_b);
    t->product_f32(panels_a, p.k * t->rows_f32, panels_b, p.k * t->columns_f32, p.k, target);
  }
}

static void run_dots(const tc_gemm_table *t, product_case p, float *c) {
  tc_matrix a = {source_b, TC_F32, most_depth, 1};
  tc_matrix b = {p.across ? (void *)half_a : source_a, p.across ? TC_BF16 : TC_F32, most_depth, 1};
  for (size_t i = 0; i < most_lines * most_lines; i++) c[i] = (float)(i % 13);
  tc_target target = {c, most_lines, p.m, p.n, 0.75f, p.accumulate, source_a};
  if (p.half) {
    b.data = half_a;
    b.kind = TC_BF16;
    t->pack_bf16(a, p.m, p.k, 1, (uint16_t *)(void *)panels_a);
    t->dots_bf16((uint16_t *)(void *)panels_a, (p.k + 1) / 2 * 2, b, p.k, target);
  } else {
    t->pack_f32(a, p.m, p.k, 1, panels_a);
    t->dots_f32(panels_a, p.k, b, p.k, target);
  }
}

static void check_product_sizes(void) {
  const tc_gemm_table *fast = tc_gemm(), *plain = tc_gemm_at(TC_SCALAR);
  static const size_t sizes[] = {1, 2, 3, 5, 7, 8, 9, 15, 17, 31, 33, 47, 49, 64};
  static const size_t depths[] = {0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95};
  for (size_t i = 0; i < 14; i++) {
    for (size_t j = 0; j < 14; j++) {
      for (int option = 0; option < 8; option++) {
        product_case p = {sizes[i], sizes[13 - j], depths[j], option & 1, option >> 1 & 1,
                          option >> 2};
        // The across layout has depths of most_lines elements.
        if (!p.across || p.k * most_lines <= most_lines * most_depth) {
          run(fast, p, result);
          run(plain, p, expected);
          report(!memcmp(result, expected, sizeof result), "product", p.k);
        }
        run_dots(fast, p, result);
        run_dots(plain, p, expected);
        report(!memcmp(result, expected, sizeof result), "dots", p.k);
      }
    }
  }
}

static void near(const float *x, const float *y, size_t n, float size, const char *what) {
  for (size_t i = 0; i < n; i++) {
    report(fabsf(x[i] - y[i]) <= 64 * 0x1p-24f * size, what, i);
  }
}

static void check_rows(size_t n) {
  const tc_row_table *fast = tc_row_kernels(), *plain = tc_row_kernels_at(TC_SCALAR);
  const float *x = source_a, *w = source_b, *d = source_a + 1000;
  float *p = result, *q = expected, *p2 = result + 1000, *q2 = expected + 1000;
  float r = fast->rms_norm(x, w, n, 1e-5f, 1, p);
  report(fabsf(r - plain->rms_norm(x, w, n, 1e-5f, 1, q)) <= 1e-5f * r, "rms_norm r", n);
  near(p, q, n, 16, "rms_norm");
  memcpy(q, p, 4 * n), memset(p2, 0, 4000), memset(q2, 0, 4000);
  fast->rms_norm_gradient(x, w, d, n, r, 1, p, p2);
  plain->rms_norm_gradient(x, w, d, n, r, 1, q, q2);
  near(p, q, n, 64, "rms_norm_gradient");
  near(p2, q2, n, 64, "rms_norm_gradient of the weight");
  for (tc_activation kind = TC_SILU; kind <= TC_RELU; kind++) {
    fast->activation_gradient(kind, x, w, d, n, p, p2);
    plain->activation_gradient(kind, x, w, d, n, q, q2);
    near(p, q, n, 16, "activation_gradient");
    near(p2, q2, n, 16, "activation");
  }
  fast->exponentials(x, n, 2, 3, p);
  plain->exponentials(x, n, 2, 3, q);
  for (size_t i = 0; i < n; i++) report(fabsf(p[i] - q[i]) <= 0x1p-21f * q[i], "exponentials", i);
  report(fast->maximum(x, n) == plain->maximum(x, n), "maximum", n);
  fast->soft_cap(x, n, 1.5f, p);
  plain->soft_cap(x, n, 1.5f, q);
  near(p, q, n, 1, "soft_cap");
  memcpy(p, x, 8 * n), memcpy(q, x, 8 * n);
  fast->rotate(p, w, d, n, (int)n % 2, -1);
  plain->rotate(q, w, d, n, (int)n % 2, -1);
  near(p, q, 2 * n, 4, "rotate");
}

int product_failures(void) {
  fill_sources();
  check_product_sizes();
  static const size_t lengths[] = {1, 2, 15, 16, 17, 33, 64, 100, 255, 300};
  for (size_t i = 0; i < 10; i++) check_rows(lengths[i]);
  return failures;
}

// The definition of the blocked matrix product: panels of one line, plain loops.
#include "tc_gemm_levels.h"

static float element_of(tc_matrix a, size_t i, size_t j) {
  size_t index = i * a.row_step + j * a.column_step;
  float value;
  size_t size = a.kind == TC_F32 ? 4 : 2;
  tc_widen_scalar(a.kind, (const uint8_t *)a.data + index * size, 1, &value);
  return value;
}

void tc_pack_f32_scalar(tc_matrix a, size_t lines, size_t depth, size_t width, float *panels) {
  for (size_t first = 0; first < lines; first += width) {
    for (size_t k = 0; k < depth; k++) {
      for (size_t i = first; i < first + width; i++) {
        *panels++ = i < lines ? element_of(a, i, k) : 0;
      }
    }
  }
}

void tc_pack_bf16_scalar(tc_matrix a, size_t lines, size_t depth, size_t width,
                         uint16_t *panels) {
  for (size_t first = 0; first < lines; first += width) {
    for (size_t k = 0; k < depth; k += 2) {
      for (size_t i = first; i < first + width; i++) {
        for (size_t half = k; half < k + 2; half++) {
          float value = i < lines && half < depth ? element_of(a, i, half) : 0;
          tc_narrow_bf16_scalar(&value, 1, panels++);
        }
      }
    }
  }
}

static void store(tc_target c, size_t i, size_t j, float sum) {
  float *target = c.data + i * c.stride + j;
  float value = c.accumulate ? __builtin_fmaf(c.alpha, sum, *target) : c.alpha * sum;
  *target = c.bias ? value + c.bias[j] : value;
}

void tc_product_f32_scalar(const float *a, size_t a_panel, const float *b, size_t b_panel,
                           size_t depth, tc_target c) {
  for (size_t i = 0; i < c.rows; i++) {
    for (size_t j = 0; j < c.columns; j++) {
      float sum = 0;
      for (size_t k = 0; k < depth; k++) {
        sum = __builtin_fmaf(a[i * a_panel + k], b[j * b_panel + k], sum);
      }
      store(c, i, j, sum);
    }
  }
}

static float widened(uint16_t x) { return tc_float_of((uint32_t)x << 16); }

void tc_product_bf16_scalar(const uint16_t *a, size_t a_panel, const uint16_t *b, size_t b_panel,
                            size_t depth, tc_target c) {
  for (size_t i = 0; i < c.rows; i++) {
    for (size_t j = 0; j < c.columns; j++) {
      const uint16_t *x = a + i * a_panel, *y = b + j * b_panel;
      float sum = 0;
      for (size_t k = 0; k < depth; k += 2) {
        sum = __builtin_fmaf(widened(x[k + 1]), widened(y[k + 1]), sum);
        sum = __builtin_fmaf(widened(x[k]), widened(y[k]), sum);
      }
      store(c, i, j, sum);
    }
  }
}

static float tree_sum(const float *x) {
  float s[8];
  for (int j = 0; j < 8; j++) s[j] = x[j] + x[j + 8];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

void tc_dots_f32_scalar(const float *x, size_t x_stride, tc_matrix b, size_t depth, tc_target c) {
  for (size_t i = 0; i < c.rows; i++) {
    for (size_t j = 0; j < c.columns; j++) {
      float lanes[16] = {0};
      for (size_t k = 0; k < depth; k++) {
        lanes[k % 16] = __builtin_fmaf(x[i * x_stride + k], element_of(b, j, k), lanes[k % 16]);
      }
      store(c, i, j, tree_sum(lanes));
    }
  }
}

void tc_dots_bf16_scalar(const uint16_t *x, size_t x_stride, tc_matrix b, size_t depth,
                         tc_target c) {
  for (size_t i = 0; i < c.rows; i++) {
    for (size_t j = 0; j < c.columns; j++) {
      float lanes[16] = {0};
      for (size_t k = 0; k < depth; k += 2) {
        float *lane = &lanes[k / 2 % 16];
        const uint16_t *pair = x + i * x_stride + k;
        if (k + 1 < depth) {
          *lane = __builtin_fmaf(widened(pair[1]), element_of(b, j, k + 1), *lane);
        }
        *lane = __builtin_fmaf(widened(pair[0]), element_of(b, j, k), *lane);
      }
      store(c, i, j, tree_sum(lanes));
    }
  }
}

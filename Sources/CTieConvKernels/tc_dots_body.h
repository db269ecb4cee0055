// Products of a few rows with lines of B where they lie; gemm_dots.c includes this once per
// instruction set. Given: TC_LEVEL, TC_ATTRIBUTE, TC_ROWS × TC_COLUMNS dots at a time,
// TC_MULTIPLY_ADD(sum, a, b) on F32 words, TC_PAIR_MULTIPLY_ADD on BF16 pairs, TC_FUSED on floats.

// 16 words of a line from word k on: F32, BF16 widened, or BF16 pairs; zeros after the end.
TC_ATTRIBUTE static inline __attribute__((always_inline)) void TC_DOTS(load)(
    int kind, const uint8_t *p, size_t k, size_t depth, u32x16 *words) {
  size_t rest = depth - k;
  if (kind == words_widened) {
    u16x16 halves = {0};
    if (rest >= 16) {
      __builtin_memcpy(&halves, p + 2 * k, 32);
    } else {
      __builtin_memcpy(&halves, p + 2 * k, 2 * rest);
    }
    *words = __builtin_convertvector(halves, u32x16) << 16;
    return;
  }
  // Elements of a pair are half a word, so k counts halves there.
  size_t size = kind == words_paired ? 2 : 4;
  *words = (u32x16){0};
  if (rest * size >= 64) {
    __builtin_memcpy(words, p + size * k, 64);
  } else {
    __builtin_memcpy(words, p + size * k, size * rest);
  }
}

TC_ATTRIBUTE static inline __attribute__((always_inline)) void TC_DOTS(tile)(
    const int kind, const int rows, const int columns, const uint8_t *x, size_t x_stride,
    const uint8_t *b, size_t b_stride, size_t depth, float *dots) {
  const int x_kind = kind == words_paired ? words_paired : words_plain;
  f32x16 sum[4][4];
  TC_UNROLL for (int r = 0; r < rows; r++) {
    TC_UNROLL for (int j = 0; j < columns; j++) sum[r][j] = (f32x16){0};
  }
  for (size_t k = 0; k < depth; k += kind == words_paired ? 32 : 16) {
    u32x16 a[4];
    TC_UNROLL for (int r = 0; r < rows; r++) {
      TC_DOTS(load)(x_kind, x + (size_t)r * x_stride, k, depth, &a[r]);
    }
    TC_UNROLL for (int j = 0; j < columns; j++) {
      u32x16 y;
      TC_DOTS(load)(kind, b + (size_t)j * b_stride, k, depth, &y);
      TC_UNROLL for (int r = 0; r < rows; r++) {
        if (kind == words_paired) {
          TC_PAIR_MULTIPLY_ADD(sum[r][j], a[r], y);
        } else {
          TC_MULTIPLY_ADD(sum[r][j], a[r], y);
        }
      }
    }
  }
  TC_UNROLL for (int r = 0; r < rows; r++) {
    TC_UNROLL for (int j = 0; j < columns; j++) {
      float lanes[16];
      __builtin_memcpy(lanes, &sum[r][j], sizeof lanes);
      dots[r * columns + j] = lane_sum(lanes);
    }
  }
}

TC_ATTRIBUTE static inline __attribute__((always_inline)) void TC_DOTS(strip)(
    const int kind, const int rows, const uint8_t *x, size_t x_stride, const uint8_t *b,
    size_t b_stride, size_t depth, tc_target c) {
  size_t step = TC_COLUMNS;
  for (size_t j = 0; j < c.columns; j += step) {
    float dots[16];
    if (c.columns - j >= TC_COLUMNS) {
      TC_DOTS(tile)(kind, rows, TC_COLUMNS, x, x_stride, b + j * b_stride, b_stride, depth, dots);
    } else {
      step = 1;
      TC_DOTS(tile)(kind, rows, 1, x, x_stride, b + j * b_stride, b_stride, depth, dots);
    }
    for (size_t r = 0; r < (size_t)rows; r++) {
      for (size_t i = 0; i < step; i++) {
        float *target = c.data + r * c.stride + j + i;
        float sum = dots[r * step + i];
        float value = c.accumulate ? TC_FUSED(c.alpha, sum, *target) : c.alpha * sum;
        *target = c.bias ? value + c.bias[j + i] : value;
      }
    }
  }
}

TC_ATTRIBUTE static inline __attribute__((always_inline)) void TC_DOTS(all)(
    const int kind, const uint8_t *x, size_t x_stride, const uint8_t *b, size_t b_stride,
    size_t depth, tc_target c) {
  for (size_t i = 0; i < c.rows;) {
    tc_target part = c;
    part.data = c.data + i * c.stride;
    const uint8_t *row = x + i * x_stride;
    size_t rest = c.rows - i, taken = 1;
    if (rest >= TC_ROWS) {
      TC_DOTS(strip)(kind, TC_ROWS, row, x_stride, b, b_stride, depth, part);
      taken = TC_ROWS;
    } else if (rest >= 2) {
      TC_DOTS(strip)(kind, 2, row, x_stride, b, b_stride, depth, part);
      taken = 2;
    } else {
      TC_DOTS(strip)(kind, 1, row, x_stride, b, b_stride, depth, part);
    }
    i += taken;
  }
}

TC_ATTRIBUTE void TC_PASTE(tc_dots_f32_, TC_LEVEL)(const float *x, size_t x_stride, tc_matrix b,
                                                   size_t depth, tc_target c) {
  if (b.kind == TC_F32) {
    TC_DOTS(all)(words_plain, (const uint8_t *)x, 4 * x_stride, b.data, 4 * b.row_step, depth, c);
  } else {
    TC_DOTS(all)(words_widened, (const uint8_t *)x, 4 * x_stride, b.data, 2 * b.row_step, depth,
                 c);
  }
}

TC_ATTRIBUTE void TC_PASTE(tc_dots_bf16_, TC_LEVEL)(const uint16_t *x, size_t x_stride,
                                                    tc_matrix b, size_t depth, tc_target c) {
  TC_DOTS(all)(words_paired, (const uint8_t *)x, 2 * x_stride, b.data, 2 * b.row_step, depth, c);
}

#undef TC_LEVEL
#undef TC_ATTRIBUTE
#undef TC_ROWS
#undef TC_COLUMNS
#undef TC_PAIR_MULTIPLY_ADD

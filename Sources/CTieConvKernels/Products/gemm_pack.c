// Packing rows of A, or columns of B, into panels. Lines that run along the depth are brought to
// 32-bit words a strip at a time (F32, or BF16 pairs) and transposed in registers; lines that lie
// side by side at one depth are copied as they lie.
#include "tc_gemm_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Words of one line that are converted at a time: a panel's strips fit a first-level cache.
enum { strip = 64, most_width = 64 };

typedef uint32_t u32x8 __attribute__((vector_size(32)));

// Eight words of eight lines; s is the lines' distance, t that of the steps.
TC_INLINE void transpose_square(const uint32_t *p, size_t s, uint8_t *q, size_t t) {
  u32x8 x[8], y[8];
  for (int i = 0; i < 8; i++) __builtin_memcpy(&x[i], p + (size_t)i * s, 32);
  for (int i = 0; i < 8; i += 2) {
    y[i] = __builtin_shufflevector(x[i], x[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    y[i + 1] = __builtin_shufflevector(x[i], x[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; j++) {
      x[i + j] = __builtin_shufflevector(y[i + j], y[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      x[i + j + 2] = __builtin_shufflevector(y[i + j], y[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; i++) {
    y[i] = __builtin_shufflevector(x[i], x[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    y[i + 4] = __builtin_shufflevector(x[i], x[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < 8; i++) __builtin_memcpy(q + (size_t)i * t, &y[i], 32);
}

// steps × width words, step-major, from width lines of `strip` words.
TC_INLINE void transpose_strip(const uint32_t *words, size_t steps, size_t width, uint8_t *q) {
  size_t i = 0;
  for (; width - i >= 8; i += 8) {
    size_t k = 0;
    for (; steps - k >= 8; k += 8) {
      transpose_square(words + i * strip + k, strip, q + 4 * (k * width + i), 4 * width);
    }
    for (; k < steps; k++) {
      for (size_t j = i; j < i + 8; j++) {
        __builtin_memcpy(q + 4 * (k * width + j), words + j * strip + k, 4);
      }
    }
  }
  for (; i < width; i++) {
    for (size_t k = 0; k < steps; k++) {
      __builtin_memcpy(q + 4 * (k * width + i), words + i * strip + k, 4);
    }
  }
}

TC_INLINE uint16_t rounded(float value) {
  uint32_t x = tc_bits_of(value);
  return (uint16_t)((x & 0x7FFFFFFF) > 0x7F800000 ? (x >> 16 | 0x40)
                                                  : (x + 0x7FFF + (x >> 16 & 1)) >> 16);
}

#define TC_PACK(level, attribute)                                                                \
  /* n elements of one kind, side by side, as F32 or as BF16. */                                 \
  attribute static void floats_##level(tc_kind kind, const uint8_t *p, size_t n, float *q) {     \
    tc_widen_##level(kind, p, n, q);                                                             \
  }                                                                                              \
  attribute static void halves_##level(tc_kind kind, const uint8_t *p, size_t n, uint16_t *q) {  \
    if (kind == TC_BF16) {                                                                       \
      __builtin_memcpy(q, p, 2 * n);                                                             \
    } else if (kind == TC_F32) {                                                                 \
      tc_narrow_bf16_##level(p, n, q);                                                           \
    } else {                                                                                     \
      float values[2 * strip];                                                                   \
      for (size_t i = 0; i < n; i += 2 * strip) {                                                \
        size_t count = n - i < 2 * strip ? n - i : 2 * strip;                                    \
        tc_widen_##level(kind, p + 2 * i, count, values);                                        \
        for (size_t j = 0; j < count; j++) q[i + j] = rounded(values[j]);                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  /* Lines along the depth: strips of words, then transposed. */                                 \
  attribute static void pack_along_##level(tc_matrix a, size_t size, size_t lines, size_t depth, \
                                           size_t width, size_t pair, uint8_t *q) {              \
    uint32_t words[most_width * strip];                                                          \
    for (size_t k = 0; k < depth; k += strip * pair, q += 4 * strip * width) {                   \
      size_t count = depth - k < strip * pair ? depth - k : strip * pair;                        \
      size_t steps = (count + pair - 1) / pair;                                                  \
      for (size_t i = 0; i < width; i++) {                                                       \
        uint32_t *line = words + i * strip;                                                      \
        if (i >= lines) {                                                                        \
          __builtin_memset(line, 0, 4 * steps);                                                  \
          continue;                                                                              \
        }                                                                                        \
        const uint8_t *p = (const uint8_t *)a.data + (i * a.row_step + k) * size;                \
        if (pair == 1) {                                                                         \
          floats_##level(a.kind, p, count, (float *)line);                                       \
        } else {                                                                                 \
          line[steps - 1] = 0;                                                                   \
          halves_##level(a.kind, p, count, (uint16_t *)line);                                    \
        }                                                                                        \
      }                                                                                          \
      transpose_strip(words, steps, width, q);                                                   \
    }                                                                                            \
  }                                                                                              \
  attribute static void pack_across_f32_##level(tc_matrix a, size_t size, size_t lines,          \
                                                size_t depth, size_t width, float *q) {          \
    for (size_t k = 0; k < depth; k++, q += width) {                                             \
      floats_##level(a.kind, (const uint8_t *)a.data + k * a.column_step * size, lines, q);      \
      __builtin_memset(q + lines, 0, 4 * (width - lines));                                       \
    }                                                                                            \
  }                                                                                              \
  attribute static void pack_across_bf16_##level(tc_matrix a, size_t size, size_t lines,         \
                                                 size_t depth, size_t width, uint16_t *q) {      \
    uint16_t low[most_width] = {0}, high[most_width] = {0};                                      \
    for (size_t k = 0; k < depth; k += 2) {                                                      \
      const uint8_t *p = (const uint8_t *)a.data + k * a.column_step * size;                     \
      halves_##level(a.kind, p, lines, low);                                                     \
      if (k + 1 < depth) {                                                                       \
        halves_##level(a.kind, p + a.column_step * size, lines, high);                           \
      } else {                                                                                   \
        __builtin_memset(high, 0, sizeof high);                                                  \
      }                                                                                          \
      for (size_t i = 0; i < width; i++, q += 2) {                                               \
        uint32_t word = (uint32_t)low[i] | (uint32_t)high[i] << 16;                              \
        __builtin_memcpy(q, &word, 4);                                                           \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  attribute void tc_pack_f32_##level(tc_matrix a, size_t lines, size_t depth, size_t width,      \
                                     float *panels) {                                            \
    const size_t size = a.kind == TC_F32 ? 4 : 2;                                                \
    for (size_t i = 0; i < lines; i += width, panels += depth * width) {                         \
      size_t count = lines - i < width ? lines - i : width;                                      \
      tc_matrix part = a;                                                                        \
      part.data = (const uint8_t *)a.data + i * a.row_step * size;                               \
      if (a.column_step == 1) {                                                                  \
        pack_along_##level(part, size, count, depth, width, 1, (uint8_t *)panels);               \
      } else {                                                                                   \
        pack_across_f32_##level(part, size, count, depth, width, panels);                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  attribute void tc_pack_bf16_##level(tc_matrix a, size_t lines, size_t depth, size_t width,     \
                                      uint16_t *panels) {                                        \
    const size_t size = a.kind == TC_F32 ? 4 : 2;                                                \
    for (size_t i = 0; i < lines; i += width, panels += (depth + 1) / 2 * 2 * width) {           \
      size_t count = lines - i < width ? lines - i : width;                                      \
      tc_matrix part = a;                                                                        \
      part.data = (const uint8_t *)a.data + i * a.row_step * size;                               \
      if (a.column_step == 1) {                                                                  \
        pack_along_##level(part, size, count, depth, width, 2, (uint8_t *)panels);               \
      } else {                                                                                   \
        pack_across_bf16_##level(part, size, count, depth, width, panels);                       \
      }                                                                                          \
    }                                                                                            \
  }
TC_EACH_LEVEL(TC_PACK)

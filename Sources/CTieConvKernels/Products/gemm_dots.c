// Products of a few rows, bound by how fast B is read: its lines are multiplied where they lie,
// several dots at a time so that a line is read once and the sums hide each other's latency.
#include "tc_gemm_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

#define TC_DOTS(name) TC_PASTE(dots_##name##_, TC_LEVEL)

typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x16 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

// What a line is read as.
enum { words_plain, words_widened, words_paired };

// Rows of bytes; the stride is bytes too.
typedef struct {
  const uint8_t *first;
  size_t stride;
} lines;

typedef void (*add_dots)(lines x, lines b, size_t steps, float (*sums)[16]);

// The lanes' sum, as a fixed tree: ((0+4)+(2+6)) + ((1+5)+(3+7)) of the sums of j and j + 8.
TC_INLINE float lane_sum(const float *x) {
  f32x4 s[4];
  __builtin_memcpy(s, x, sizeof s);
  f32x4 quarter = (s[0] + s[2]) + (s[1] + s[3]);
  return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
}

#define TC_HALVES(sum, x, y)                               \
  do {                                                     \
    TC_MULTIPLY_ADD(sum, (x) & 0xFFFF0000u, (y) & 0xFFFF0000u); \
    TC_MULTIPLY_ADD(sum, (x) << 16, (y) << 16);            \
  } while (0)

#if defined(__x86_64__) || defined(__aarch64__)
#define TC_MULTIPLY_ADD(sum, x, y) \
  sum = __builtin_elementwise_fma((f32x16)(x), (f32x16)(y), sum)
#define TC_FUSED __builtin_fmaf
#endif

#if defined(__x86_64__)
#define TC_LEVEL avx512_bf16
#define TC_ATTRIBUTE TC_TARGET_AVX512_BF16
#define TC_LOG_ROWS 2
#define TC_LOG_COLUMNS 2
#define TC_PAIR_MULTIPLY_ADD(sum, x, y) \
  sum = (f32x16)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(y))
#include "tc_dots_body.h"

#define TC_LEVEL avx512
#define TC_ATTRIBUTE TC_TARGET_AVX512
#define TC_LOG_ROWS 2
#define TC_LOG_COLUMNS 2
#define TC_PAIR_MULTIPLY_ADD TC_HALVES
#include "tc_dots_body.h"

#define TC_LEVEL avx2
#define TC_ATTRIBUTE TC_TARGET_AVX2
#define TC_LOG_ROWS 1
#define TC_LOG_COLUMNS 1
#define TC_PAIR_MULTIPLY_ADD TC_HALVES
#include "tc_dots_body.h"
#elif defined(__aarch64__)
#define TC_LEVEL neon
#define TC_ATTRIBUTE
#define TC_LOG_ROWS 1
#define TC_LOG_COLUMNS 1
#define TC_PAIR_MULTIPLY_ADD TC_HALVES
#include "tc_dots_body.h"
#endif

#if !defined(__aarch64__)
#undef TC_MULTIPLY_ADD
#undef TC_FUSED
#define TC_MULTIPLY_ADD(sum, x, y) sum = sum + (f32x16)(x) * (f32x16)(y)
#define TC_FUSED(a, b, c) ((a) * (b) + (c))
#define TC_LEVEL portable
#define TC_ATTRIBUTE
#define TC_LOG_ROWS 1
#define TC_LOG_COLUMNS 0
#define TC_PAIR_MULTIPLY_ADD TC_HALVES
#include "tc_dots_body.h"
#endif

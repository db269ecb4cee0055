// The product kernels: one body, with the register tile that suits each instruction set. A tile
// has enough independent sums to hide the latency of a fused multiply-add, and leaves registers
// for the panels' vectors.
#include "tc_gemm_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF


#define TC_VECTOR_TYPES(lanes)                                            \
  typedef float tc_f32x##lanes __attribute__((vector_size(4 * lanes)));   \
  typedef uint32_t tc_u32x##lanes __attribute__((vector_size(4 * lanes)));

#define TC_FUSED_F32(sum, x, y, floats) \
  sum = __builtin_elementwise_fma((floats)(x), (floats)(y), sum)
#define TC_PLAIN_F32(sum, x, y, floats) sum = sum + (floats)(x) * (floats)(y)

// The halves of a pair as floats; their products are exact, so a plain product and sum round once.
#define TC_PAIR_F32(operation, sum, x, y, floats)                                  \
  do {                                                                             \
    operation(sum, (x) & 0xFFFF0000u, (y) & 0xFFFF0000u, floats);                  \
    operation(sum, (x) << 16, (y) << 16, floats);                                  \
  } while (0)

#if defined(__x86_64__)
TC_VECTOR_TYPES(8)
TC_VECTOR_TYPES(16)

#define TC_NAME tc_product_f32_avx512
#define TC_ATTRIBUTE TC_TARGET_AVX512
#define TC_LANES 16
#define TC_ROWS 8
#define TC_VECTORS 3
#define TC_ELEMENT float
#define TC_PAIR 1
#define TC_MULTIPLY_ADD(sum, x, y) TC_FUSED_F32(sum, x, y, tc_f32x16)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"

#define TC_NAME tc_product_bf16_avx512
#define TC_ATTRIBUTE TC_TARGET_AVX512
#define TC_LANES 16
#define TC_ROWS 8
#define TC_VECTORS 2
#define TC_ELEMENT uint16_t
#define TC_PAIR 2
#define TC_MULTIPLY_ADD(sum, x, y) TC_PAIR_F32(TC_FUSED_F32, sum, x, y, tc_f32x16)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"

#define TC_NAME tc_product_bf16_avx512_bf16
#define TC_ATTRIBUTE TC_TARGET_AVX512_BF16
#define TC_LANES 16
#define TC_ROWS 8
#define TC_VECTORS 3
#define TC_ELEMENT uint16_t
#define TC_PAIR 2
#define TC_MULTIPLY_ADD(sum, x, y) \
  sum = (tc_f32x16)_mm512_dpbf16_ps((__m512)(sum), (__m512bh)(x), (__m512bh)(y))
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"

#define TC_NAME tc_product_f32_avx2
#define TC_ATTRIBUTE TC_TARGET_AVX2
#define TC_LANES 8
#define TC_ROWS 6
#define TC_VECTORS 2
#define TC_ELEMENT float
#define TC_PAIR 1
#define TC_MULTIPLY_ADD(sum, x, y) TC_FUSED_F32(sum, x, y, tc_f32x8)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"

#define TC_NAME tc_product_bf16_avx2
#define TC_ATTRIBUTE TC_TARGET_AVX2
#define TC_LANES 8
#define TC_ROWS 4
#define TC_VECTORS 2
#define TC_ELEMENT uint16_t
#define TC_PAIR 2
#define TC_MULTIPLY_ADD(sum, x, y) TC_PAIR_F32(TC_FUSED_F32, sum, x, y, tc_f32x8)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"
#endif

TC_VECTOR_TYPES(4)

#if defined(__aarch64__)
#define TC_NAME tc_product_f32_neon
#define TC_ATTRIBUTE
#define TC_LANES 4
#define TC_ROWS 8
#define TC_VECTORS 3
#define TC_ELEMENT float
#define TC_PAIR 1
#define TC_MULTIPLY_ADD(sum, x, y) TC_FUSED_F32(sum, x, y, tc_f32x4)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"

#define TC_NAME tc_product_bf16_neon
#define TC_ATTRIBUTE
#define TC_LANES 4
#define TC_ROWS 8
#define TC_VECTORS 2
#define TC_ELEMENT uint16_t
#define TC_PAIR 2
#define TC_MULTIPLY_ADD(sum, x, y) TC_PAIR_F32(TC_FUSED_F32, sum, x, y, tc_f32x4)
#define TC_FUSED __builtin_fmaf
#include "tc_product_body.h"
#else
// No fused multiply-add to rely on: F32 sums round their products too.
#define TC_PLAIN(a, b, c) ((a) * (b) + (c))

#define TC_NAME tc_product_f32_portable
#define TC_ATTRIBUTE
#define TC_LANES 4
#define TC_ROWS 4
#define TC_VECTORS 2
#define TC_ELEMENT float
#define TC_PAIR 1
#define TC_MULTIPLY_ADD(sum, x, y) TC_PLAIN_F32(sum, x, y, tc_f32x4)
#define TC_FUSED TC_PLAIN
#include "tc_product_body.h"

#define TC_NAME tc_product_bf16_portable
#define TC_ATTRIBUTE
#define TC_LANES 4
#define TC_ROWS 4
#define TC_VECTORS 2
#define TC_ELEMENT uint16_t
#define TC_PAIR 2
#define TC_MULTIPLY_ADD(sum, x, y) TC_PAIR_F32(TC_PLAIN_F32, sum, x, y, tc_f32x4)
#define TC_FUSED TC_PLAIN
#include "tc_product_body.h"
#endif

// The instruction sets that the matrix product is compiled for: those of tc_levels.h, and AVX-512
// with the BF16 dot product.
#ifndef TC_GEMM_LEVELS_H
#define TC_GEMM_LEVELS_H

#include "tc_gemm.h"
#include "tc_levels.h"

#define TC_UNROLL _Pragma("clang loop unroll(full)")

#define TC_TARGET_AVX512_BF16 \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

#define TC_DECLARE_DOTS(level)                                                    \
  void tc_dots_f32_##level(const float *, size_t, tc_matrix, size_t, tc_target); \
  void tc_dots_bf16_##level(const uint16_t *, size_t, tc_matrix, size_t, tc_target);

#define TC_DECLARE_GEMM(level, target)                                                          \
  void tc_pack_f32_##level(tc_matrix, size_t, size_t, size_t, float *);                         \
  void tc_pack_bf16_##level(tc_matrix, size_t, size_t, size_t, uint16_t *);                     \
  void tc_product_f32_##level(const float *, size_t, const float *, size_t, size_t, tc_target); \
  void tc_product_bf16_##level(const uint16_t *, size_t, const uint16_t *, size_t, size_t,      \
                               tc_target);                                                      \
  TC_DECLARE_DOTS(level)
TC_DECLARE_GEMM(scalar, )
TC_EACH_LEVEL(TC_DECLARE_GEMM)

TC_DECLARE_DOTS(avx512_bf16)
void tc_product_bf16_avx512_bf16(const uint16_t *, size_t, const uint16_t *, size_t, size_t,
                                 tc_target);

#endif

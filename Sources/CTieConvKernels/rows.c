// The row kernels of every instruction set: the same bodies, so that those with a fused
// multiply-add give the same bits.
#include "tc_rows_common.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) || defined(__aarch64__)
#define TC_FMA(a, b, c) __builtin_elementwise_fma(a, b, c)
#define TC_FMA_ONE(a, b, c) __builtin_fmaf(a, b, c)
#endif

#if defined(__x86_64__)
#define TC_LEVEL avx512
#define TC_ATTRIBUTE TC_TARGET_AVX512
#include "tc_rows_level.h"
#define TC_LEVEL avx2
#define TC_ATTRIBUTE TC_TARGET_AVX2
#include "tc_rows_level.h"
#elif defined(__aarch64__)
#define TC_LEVEL neon
#define TC_ATTRIBUTE
#include "tc_rows_level.h"
#endif

#if !defined(__aarch64__)
#undef TC_FMA
#undef TC_FMA_ONE
#define TC_FMA(a, b, c) ((a) * (b) + (c))
#define TC_FMA_ONE(a, b, c) ((a) * (b) + (c))
#define TC_LEVEL portable
#define TC_ATTRIBUTE
#include "tc_rows_level.h"
#endif

const tc_row_table *tc_row_kernels_at(tc_level level) {
  if (tc_kernels_at(level) == NULL) return NULL;
  switch (level) {
#if defined(__x86_64__)
    case TC_AVX2: return &table_avx2;
    case TC_AVX512:
    case TC_AVX512_BF16: return &table_avx512;
#endif
#if defined(__aarch64__)
    case TC_NEON: return &table_neon;
#else
    case TC_PORTABLE: return &table_portable;
#endif
    default: return tc_row_kernels_scalar();
  }
}

const tc_row_table *tc_row_kernels(void) {
  // The scalar level always exists.
  int level = TC_NEON;
  while (tc_row_kernels_at((tc_level)level) == NULL) level--;
  return tc_row_kernels_at((tc_level)level);
}

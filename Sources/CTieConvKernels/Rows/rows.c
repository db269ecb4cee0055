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

static const tc_row_table *table_of(tc_level level) {
  return level == TC_SCALAR ? tc_row_kernels_scalar() : TC_VECTOR_TABLE(table, level);
}

const tc_row_table *tc_row_kernels_at(tc_level level) {
  return tc_runs_level(level) ? table_of(level) : NULL;
}

const tc_row_table *tc_row_kernels(void) { return table_of(tc_best_level()); }

// The product kernels of each instruction set. The panel widths are those of gemm_product.c.
#include "tc_gemm_levels.h"

#define TC_GEMM_TABLE(level, packing, f32, bf16, m32, n32, m16, n16) \
  static const tc_gemm_table table_##level = {                       \
      .name = #level,                                                \
      .rows_f32 = m32,                                               \
      .columns_f32 = n32,                                            \
      .rows_bf16 = m16,                                              \
      .columns_bf16 = n16,                                           \
      .pack_f32 = tc_pack_f32_##packing,                             \
      .pack_bf16 = tc_pack_bf16_##packing,                           \
      .product_f32 = tc_product_f32_##f32,                           \
      .product_bf16 = tc_product_bf16_##bf16,                        \
      .dots_f32 = tc_dots_f32_##bf16,                                \
      .dots_bf16 = tc_dots_bf16_##bf16,                              \
  };

TC_GEMM_TABLE(scalar, scalar, scalar, scalar, 1, 1, 1, 1)
#if defined(__x86_64__)
TC_GEMM_TABLE(avx2, avx2, avx2, avx2, 6, 16, 4, 16)
TC_GEMM_TABLE(avx512, avx512, avx512, avx512, 8, 48, 8, 32)
TC_GEMM_TABLE(avx512_bf16, avx512, avx512, avx512_bf16, 8, 48, 8, 48)
#endif
#if defined(__aarch64__)
TC_GEMM_TABLE(neon, neon, neon, neon, 8, 12, 8, 8)
#else
TC_GEMM_TABLE(portable, portable, portable, portable, 4, 8, 4, 8)
#endif

static const tc_gemm_table *table_of(tc_level level) {
#if defined(__x86_64__)
  if (level == TC_AVX512_BF16) return &table_avx512_bf16;
#endif
  return TC_TABLE_OF(table, level);
}

const tc_gemm_table *tc_gemm_at(tc_level level) {
  return tc_runs_level(level) ? table_of(level) : NULL;
}

const tc_gemm_table *tc_gemm(void) { return table_of(tc_best_level()); }

void tc_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

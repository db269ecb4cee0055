// The product kernels of each instruction set.
#include "tc_gemm_levels.h"

static const tc_gemm_table table_scalar = {
    .name = "scalar",
    .rows_f32 = 1,
    .columns_f32 = 1,
    .rows_bf16 = 1,
    .columns_bf16 = 1,
    .pack_f32 = tc_pack_f32_scalar,
    .pack_bf16 = tc_pack_bf16_scalar,
    .product_f32 = tc_product_f32_scalar,
    .product_bf16 = tc_product_bf16_scalar,
};

const tc_gemm_table *tc_gemm_at(tc_level level) {
  return tc_kernels_at(level) ? &table_scalar : NULL;
}

const tc_gemm_table *tc_gemm(void) {
  // The scalar level always exists.
  int level = TC_NEON;
  while (tc_gemm_at((tc_level)level) == NULL) level--;
  return tc_gemm_at((tc_level)level);
}

void tc_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

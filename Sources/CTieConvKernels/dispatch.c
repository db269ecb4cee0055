// The kernel table of each instruction set, and the choice among them, made once at run time.
#include "tc_levels.h"

#include <stdatomic.h>

#define TC_TABLE(level, target)                              \
  static const tc_kernel_table table_##level = {             \
      .name = #level,                                        \
      .mismatch = tc_mismatch_##level,                       \
      .widen = tc_widen_##level,                             \
      .widen_f64 = tc_widen_f64_##level,                     \
      .narrow_bf16 = tc_narrow_bf16_##level,                 \
      .narrow_f16 = tc_narrow_f16_##level,                   \
      .nonfinite = tc_nonfinite_##level,                     \
      .statistics_f32 = tc_statistics_f32_##level,           \
      .statistics_f64 = tc_statistics_f64_##level,           \
      .scale_mismatch_f32 = tc_scale_mismatch_f32_##level,   \
      .scale_mismatch_f64 = tc_scale_mismatch_f64_##level,   \
      .transposed_mismatch = tc_transposed_mismatch_##level, \
      .transpose = tc_transpose_##level,                     \
      .split_planes = tc_split_planes_##level,               \
      .merge_planes = tc_merge_planes_##level,               \
      .split_window = tc_split_window_##level,               \
      .merge_window = tc_merge_window_##level,               \
      .count_zeros = tc_count_zeros_##level,                 \
      .gather_uppers = tc_gather_uppers_##level,             \
      .scatter_uppers = tc_scatter_uppers_##level,           \
      .xor_bytes = tc_xor_##level,                           \
  };

TC_TABLE(scalar, )
TC_EACH_LEVEL(TC_TABLE)

#if defined(__x86_64__)
static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

const tc_kernel_table *tc_kernels_at(tc_level level) {
  switch (level) {
    case TC_SCALAR: return &table_scalar;
#if defined(__x86_64__)
    case TC_PORTABLE: return &table_portable;
    case TC_AVX2: return has_avx2() ? &table_avx2 : NULL;
    case TC_AVX512: return has_avx512() ? &table_avx512 : NULL;
    case TC_AVX512_BF16:
      return has_avx512() && __builtin_cpu_supports("avx512bf16") ? &table_avx512 : NULL;
#elif defined(__aarch64__)
    case TC_NEON: return &table_neon;
#else
    case TC_PORTABLE: return &table_portable;
#endif
    default: return NULL;
  }
}

const tc_kernel_table *tc_kernels(void) {
  static _Atomic(const tc_kernel_table *) chosen;
  const tc_kernel_table *table = atomic_load_explicit(&chosen, memory_order_acquire);
  if (table != NULL) return table;
  // Two threads may both choose; they choose the same. The scalar level always exists.
  for (int level = TC_NEON; table == NULL; level--) table = tc_kernels_at((tc_level)level);
  atomic_store_explicit(&chosen, table, memory_order_release);
  return table;
}

const char *tc_instruction_set(void) { return tc_kernels()->name; }

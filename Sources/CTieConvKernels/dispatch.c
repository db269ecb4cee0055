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
      .digest = tc_digest_##level,                           \
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

int tc_runs_level(tc_level level) {
  switch (level) {
    case TC_SCALAR: return 1;
#if defined(__x86_64__)
    case TC_PORTABLE: return 1;
    case TC_AVX2: return has_avx2();
    case TC_AVX512: return has_avx512();
    case TC_AVX512_BF16: return has_avx512() && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__)
    case TC_NEON: return 1;
#else
    case TC_PORTABLE: return 1;
#endif
    default: return 0;
  }
}

tc_level tc_best_level(void) {
  // One more than the level: zero is what nobody has found yet.
  static atomic_int found;
  int known = atomic_load_explicit(&found, memory_order_relaxed);
  if (known != 0) return (tc_level)(known - 1);
  int level = TC_NEON;
  while (!tc_runs_level((tc_level)level)) level--;
  // Two threads may both look; they find the same. The scalar level always runs.
  atomic_store_explicit(&found, level + 1, memory_order_relaxed);
  return (tc_level)level;
}

const tc_kernel_table *tc_kernels_at(tc_level level) {
  return tc_runs_level(level) ? TC_TABLE_OF(table, level) : NULL;
}

const tc_kernel_table *tc_kernels(void) { return TC_TABLE_OF(table, tc_best_level()); }

const char *tc_instruction_set(void) { return tc_kernels()->name; }

// The coders of each instruction set, and the choice among them.
#include "tc_huffman.h"

#define TC_ENTROPY(level, decoder)                   \
  static const tc_entropy_table entropy_##level = {  \
      .name = #level,                                \
      .encode_literals = tc_encode_literals_##level, \
      .decode_literals = decoder,                    \
  };

TC_ENTROPY(scalar, tc_decode_literals_scalar)
TC_ENTROPY(portable, NULL)
#if defined(__x86_64__)
TC_ENTROPY(avx2, NULL)
TC_ENTROPY(avx512, tc_decode_literals_avx512)

static int has_bmi(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

static int has_vbmi(void) {
  return has_bmi() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2");
}
#endif

const tc_entropy_table *tc_entropy_at(tc_level level) {
  switch (level) {
    case TC_SCALAR: return &entropy_scalar;
    case TC_PORTABLE: return &entropy_portable;
#if defined(__x86_64__)
    case TC_AVX2: return has_bmi() ? &entropy_avx2 : NULL;
    case TC_AVX512:
    case TC_AVX512_BF16: return has_vbmi() ? &entropy_avx512 : NULL;
#else
    case TC_NEON: return &entropy_portable;
#endif
    default: return NULL;
  }
}

const tc_entropy_table *tc_entropy(void) {
#if defined(__x86_64__)
  if (has_vbmi()) return &entropy_avx512;
  if (has_bmi()) return &entropy_avx2;
#endif
  return &entropy_portable;
}

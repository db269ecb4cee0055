// Run-time choice of the instruction set, made once.
#include "tc_kernels.h"

const char *tc_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw")) return "avx512";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#elif defined(__aarch64__)
  return "neon";
#endif
  return "portable";
}

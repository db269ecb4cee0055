// How one kernel body becomes one function per instruction set. A body is a static, always-inlined
// function without vector parameters; TC_EACH_LEVEL wraps it once per set that the target can have.
#ifndef TC_LEVELS_H
#define TC_LEVELS_H

#include "tc_kernels.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the kernels read little-endian checkpoints in place"
#endif

// Names that end in the level that a body is included for.
#define TC_PASTE_EXPANDED(a, b) a##b
#define TC_PASTE(a, b) TC_PASTE_EXPANDED(a, b)

#define TC_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define TC_TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define TC_TARGET_AVX512 \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq")))
#define TC_EACH_LEVEL(X) X(portable, ) X(avx2, TC_TARGET_AVX2) X(avx512, TC_TARGET_AVX512)
#elif defined(__aarch64__)
#define TC_EACH_LEVEL(X) X(neon, )
#else
#define TC_EACH_LEVEL(X) X(portable, )
#endif

// Whether this machine runs a level, and the best that it runs; the latter is found once.
int tc_runs_level(tc_level level);
tc_level tc_best_level(void);

// The table of a level that this machine runs, among NAME_portable and its like: one for every set
// of TC_EACH_LEVEL. What has nothing of its own for a level has that of the level below.
#if defined(__x86_64__)
#define TC_VECTOR_TABLE(name, level)      \
  ((level) == TC_PORTABLE ? &name##_portable \
   : (level) == TC_AVX2   ? &name##_avx2     \
                          : &name##_avx512)
#elif defined(__aarch64__)
#define TC_VECTOR_TABLE(name, level) (&name##_neon)
#else
#define TC_VECTOR_TABLE(name, level) (&name##_portable)
#endif
// The same with NAME_scalar.
#define TC_TABLE_OF(name, level) \
  ((level) == TC_SCALAR ? &name##_scalar : TC_VECTOR_TABLE(name, level))

#define TC_DECLARE(level, target)                                                                \
  size_t tc_mismatch_##level(const void *, const void *, size_t);                                \
  void tc_widen_##level(tc_kind, const void *, size_t, float *);                                 \
  void tc_widen_f64_##level(const void *, size_t, double *);                                     \
  void tc_narrow_bf16_##level(const void *, size_t, uint16_t *);                                 \
  void tc_narrow_f16_##level(const void *, size_t, uint16_t *);                                  \
  size_t tc_nonfinite_##level(tc_kind, const void *, size_t);                                    \
  void tc_statistics_f32_##level(const void *, const void *, size_t, tc_pair_statistics *);      \
  void tc_statistics_f64_##level(const void *, const void *, size_t, tc_pair_statistics *);      \
  size_t tc_scale_mismatch_f32_##level(const void *, const void *, size_t, tc_scale);            \
  size_t tc_scale_mismatch_f64_##level(const void *, const void *, size_t, tc_scale);            \
  size_t tc_transposed_mismatch_##level(tc_rows, tc_rows, size_t, size_t, size_t);               \
  void tc_transpose_##level(tc_rows, void *, size_t, size_t, size_t, size_t);                    \
  void tc_split_planes_##level(const void *, size_t, size_t, int, uint8_t *);                    \
  void tc_merge_planes_##level(const uint8_t *const *, size_t, size_t, int, void *);             \
  void tc_split_window_##level(const void *, size_t, size_t, uint16_t, uint8_t *, uint8_t *);    \
  void tc_merge_window_##level(const uint8_t *const *, size_t, size_t, uint16_t, void *);        \
  size_t tc_count_zeros_##level(const uint8_t *, size_t);                                        \
  size_t tc_gather_uppers_##level(const uint8_t *, size_t, const void *, size_t, uint8_t *,      \
                                  size_t);                                                       \
  size_t tc_scatter_uppers_##level(const uint8_t *, size_t, const uint8_t *, size_t, size_t,     \
                                   void *);                                                      \
  void tc_xor_##level(const void *, const void *, size_t, void *);                               \
  uint64_t tc_digest_##level(const void *, size_t);

TC_DECLARE(scalar, )
TC_EACH_LEVEL(TC_DECLARE)

// Unaligned loads and stores: memcpy is what C allows, and it compiles to one instruction.
#define TC_DEFINE_LOAD(name, type)                        \
  TC_INLINE type tc_load_##name(const void *source) {     \
    type value;                                           \
    __builtin_memcpy(&value, source, sizeof value);       \
    return value;                                         \
  }
TC_DEFINE_LOAD(u8, uint8_t)
TC_DEFINE_LOAD(u16, uint16_t)
TC_DEFINE_LOAD(u32, uint32_t)
TC_DEFINE_LOAD(u64, uint64_t)
TC_DEFINE_LOAD(f32, float)
TC_DEFINE_LOAD(f64, double)

TC_INLINE float tc_float_of(uint32_t bits) { return tc_load_f32(&bits); }
TC_INLINE uint32_t tc_bits_of(float value) { return tc_load_u32(&value); }

// The bits of an f32 as an IEEE binary16, to nearest, ties to even.
TC_INLINE uint16_t tc_f16_of(uint32_t x) {
  uint32_t sign = x >> 16 & 0x8000;
  uint32_t magnitude = x & 0x7FFFFFFF;
  uint32_t rebiased = magnitude - (112u << 23);
  uint32_t result = (rebiased + 0xFFF + (rebiased >> 13 & 1)) >> 13;
  // Below 2^-14: adding 0.5, whose last place is 2^-24, rounds to F16's subnormal grid.
  uint32_t subnormal = tc_bits_of(tc_float_of(magnitude) + 0.5f) - 0x3F000000;
  result = magnitude < 0x38800000 ? subnormal : result;
  // From 65520 on, the nearest is infinity.
  result = magnitude >= 0x477FF000 ? 0x7C00 : result;
  result = magnitude > 0x7F800000 ? (0x7E00 | (magnitude >> 13 & 0x3FF)) : result;
  return (uint16_t)(sign | result);
}

#endif

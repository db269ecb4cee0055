// Exact widening of 8-, 16- and 32-bit floating point. Integer arithmetic without a subnormal
// operand, so neither flush-to-zero modes nor microcode assists touch it; F16 uses the
// hardware's own conversion where there is one, with the same result for every pattern.
#include "tc_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// A small float with `mantissa` explicit bits and exponent `bias`, its sign at bit
// `exponent + mantissa`, and no special values looked at.
TC_INLINE uint32_t widen_finite(uint32_t x, int exponent, int mantissa, int bias) {
  uint32_t magnitude = x & ((1u << (exponent + mantissa)) - 1);
  uint32_t sign = (x >> (exponent + mantissa)) << 31;
  uint32_t normal = (magnitude << (23 - mantissa)) + ((uint32_t)(127 - bias) << 23);
  // A subnormal is an integer multiple of 2^(1 - bias - mantissa), itself a normal f32.
  float unit = tc_float_of((uint32_t)(128 - bias - mantissa) << 23);
  uint32_t subnormal = tc_bits_of((float)(int32_t)magnitude * unit);
  return sign | (magnitude >> mantissa ? normal : subnormal);
}

// As above with IEEE infinities and NaN at the top exponent; NaN become quiet.
TC_INLINE uint32_t widen_ieee(uint32_t x, int exponent, int mantissa, int bias) {
  uint32_t magnitude = x & ((1u << (exponent + mantissa)) - 1);
  uint32_t infinity = ((1u << exponent) - 1) << mantissa;
  uint32_t sign = (x >> (exponent + mantissa)) << 31;
  uint32_t quiet = magnitude > infinity ? 0x7FC00000 : 0x7F800000;
  uint32_t special = sign | quiet | ((magnitude - infinity) << (23 - mantissa));
  return magnitude >= infinity ? special : widen_finite(x, exponent, mantissa, bias);
}

TC_INLINE uint32_t widen_e4m3(uint32_t x) {
  return (x & 0x7F) == 0x7F ? ((x >> 7) << 31 | 0x7FC00000) : widen_finite(x, 4, 3, 7);
}

// The fnuz kinds have one NaN, at the place of minus zero.
TC_INLINE uint32_t widen_fnuz(uint32_t x, int exponent, int mantissa, int bias) {
  return x == 0x80 ? 0x7FC00000 : widen_finite(x, exponent, mantissa, bias);
}

TC_INLINE uint32_t widen_e8m0(uint32_t x) {
  uint32_t power = x ? x << 23 : 0x00400000;
  return x == 0xFF ? 0x7FC00000 : power;
}

TC_INLINE uint32_t widen_one(tc_kind kind, const uint8_t *p, size_t i) {
  switch (kind) {
    case TC_BF16: return (uint32_t)tc_load_u16(p + 2 * i) << 16;
    case TC_F16: return widen_ieee(tc_load_u16(p + 2 * i), 5, 10, 15);
    case TC_F8_E4M3: return widen_e4m3(p[i]);
    case TC_F8_E5M2: return widen_ieee(p[i], 5, 2, 15);
    case TC_F8_E4M3FNUZ: return widen_fnuz(p[i], 4, 3, 8);
    case TC_F8_E5M2FNUZ: return widen_fnuz(p[i], 5, 2, 16);
    case TC_F8_E8M0: return widen_e8m0(p[i]);
    default: return tc_load_u32(p + 4 * i);
  }
}

TC_INLINE void widen_loop(tc_kind kind, const uint8_t *p, size_t n, float *target) {
  for (size_t i = 0; i < n; i++) target[i] = tc_float_of(widen_one(kind, p, i));
}

// Each of these converts a multiple of 8 elements and returns how many.
#if defined(__x86_64__)
TC_INLINE TC_TARGET_AVX2 size_t f16_head_avx2(const uint8_t *p, size_t n, float *target) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    __m128i half = _mm_loadu_si128((const __m128i *)(p + 2 * i));
    _mm256_storeu_ps(target + i, _mm256_cvtph_ps(half));
  }
  return i;
}
#define f16_head_avx512 f16_head_avx2
#endif
#if defined(__aarch64__)
TC_INLINE size_t f16_head_neon(const uint8_t *p, size_t n, float *target) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    float16x8_t half = vreinterpretq_f16_u8(vld1q_u8(p + 2 * i));
    vst1q_f32(target + i, vcvt_f32_f16(vget_low_f16(half)));
    vst1q_f32(target + i + 4, vcvt_high_f32_f16(half));
  }
  return i;
}
#else
TC_INLINE size_t f16_head_portable(const uint8_t *p, size_t n, float *target) {
  (void)p, (void)n, (void)target;
  return 0;
}
#endif

// The kind is tested outside the loop, so that each loop is specialised and vectorised.
#define TC_WIDEN(level, attribute)                                                              \
  attribute void tc_widen_##level(tc_kind kind, const void *source, size_t n, float *target) {  \
    const uint8_t *p = source;                                                                  \
    size_t head = 0;                                                                            \
    switch (kind) {                                                                             \
      case TC_BF16: widen_loop(TC_BF16, p, n, target); break;                                   \
      case TC_F16:                                                                              \
        head = f16_head_##level(p, n, target);                                                  \
        widen_loop(TC_F16, p + 2 * head, n - head, target + head);                              \
        break;                                                                                  \
      case TC_F32: __builtin_memcpy(target, p, 4 * n); break;                                   \
      case TC_F8_E4M3: widen_loop(TC_F8_E4M3, p, n, target); break;                             \
      case TC_F8_E5M2: widen_loop(TC_F8_E5M2, p, n, target); break;                             \
      case TC_F8_E4M3FNUZ: widen_loop(TC_F8_E4M3FNUZ, p, n, target); break;                     \
      case TC_F8_E5M2FNUZ: widen_loop(TC_F8_E5M2FNUZ, p, n, target); break;                     \
      case TC_F8_E8M0: widen_loop(TC_F8_E8M0, p, n, target); break;                             \
      case TC_F64: break;                                                                       \
    }                                                                                           \
  }                                                                                             \
  attribute void tc_widen_f64_##level(const void *source, size_t n, double *target) {           \
    const uint8_t *p = source;                                                                  \
    for (size_t i = 0; i < n; i++) target[i] = (double)tc_load_f32(p + 4 * i);                  \
  }
TC_EACH_LEVEL(TC_WIDEN)

void tc_widen_scalar(tc_kind kind, const void *source, size_t n, float *target) {
  if (kind != TC_F64) widen_loop(kind, source, n, target);
}

void tc_widen_f64_scalar(const void *source, size_t n, double *target) {
  const uint8_t *p = source;
  for (size_t i = 0; i < n; i++) target[i] = (double)tc_load_f32(p + 4 * i);
}

// Rounding f32 to BF16 and F16: to nearest, ties to even; NaN stay NaN and become quiet.
#include "tc_levels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

TC_INLINE uint16_t bf16_of(uint32_t x) {
  uint32_t rounded = (x + 0x7FFF + (x >> 16 & 1)) >> 16;
  return (uint16_t)((x & 0x7FFFFFFF) > 0x7F800000 ? (x >> 16 | 0x40) : rounded);
}

TC_INLINE void bf16_loop(const uint8_t *p, size_t n, uint16_t *target) {
  for (size_t i = 0; i < n; i++) target[i] = bf16_of(tc_load_u32(p + 4 * i));
}

TC_INLINE void f16_loop(const uint8_t *p, size_t n, uint16_t *target) {
  for (size_t i = 0; i < n; i++) target[i] = tc_f16_of(tc_load_u32(p + 4 * i));
}

// Each of these converts a multiple of 8 elements and returns how many.
#if defined(__x86_64__)
TC_INLINE TC_TARGET_AVX2 size_t f16_head_avx2(const uint8_t *p, size_t n, uint16_t *target) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    __m256 value = _mm256_loadu_ps((const float *)(p + 4 * i));
    _mm_storeu_si128((__m128i *)(target + i), _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
  }
  return i;
}
#define f16_head_avx512 f16_head_avx2
#endif
#if defined(__aarch64__)
TC_INLINE size_t f16_head_neon(const uint8_t *p, size_t n, uint16_t *target) {
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    float32x4_t low = vreinterpretq_f32_u8(vld1q_u8(p + 4 * i));
    float32x4_t high = vreinterpretq_f32_u8(vld1q_u8(p + 4 * i + 16));
    float16x8_t half = vcvt_high_f16_f32(vcvt_f16_f32(low), high);
    vst1q_u16(target + i, vreinterpretq_u16_f16(half));
  }
  return i;
}
#else
TC_INLINE size_t f16_head_portable(const uint8_t *p, size_t n, uint16_t *target) {
  (void)p, (void)n, (void)target;
  return 0;
}
#endif

#define TC_NARROW(level, attribute)                                                             \
  attribute void tc_narrow_bf16_##level(const void *source, size_t n, uint16_t *target) {       \
    bf16_loop(source, n, target);                                                               \
  }                                                                                             \
  attribute void tc_narrow_f16_##level(const void *source, size_t n, uint16_t *target) {        \
    size_t head = f16_head_##level(source, n, target);                                          \
    f16_loop((const uint8_t *)source + 4 * head, n - head, target + head);                      \
  }
TC_EACH_LEVEL(TC_NARROW)

void tc_narrow_bf16_scalar(const void *source, size_t n, uint16_t *target) {
  bf16_loop(source, n, target);
}

void tc_narrow_f16_scalar(const void *source, size_t n, uint16_t *target) {
  f16_loop(source, n, target);
}

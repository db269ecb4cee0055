// Byte planes: elements taken apart so that bytes of one significance lie together, and the way
// back. A float is rotated left by one bit first, so that its exponent starts the first plane and
// its sign ends the last. Bound by memory: the loops are left to the compiler's vectorizer.
#include "tc_levels.h"

#define TC_SPLIT(bits)                                                                    \
  TC_INLINE void split_##bits(const uint8_t *p, size_t n, int rotate, uint8_t *planes) {  \
    for (size_t i = 0; i < n; i++) {                                                      \
      uint##bits##_t x = tc_load_u##bits(p + i * (bits / 8));                             \
      x = rotate ? (uint##bits##_t)(x << 1 | x >> (bits - 1)) : x;                        \
      for (size_t k = 0; k < bits / 8; k++) planes[k * n + i] = (uint8_t)(x >> (bits - 8 - 8 * k)); \
    }                                                                                     \
  }                                                                                       \
  TC_INLINE void merge_##bits(const uint8_t *const *planes, size_t n, int rotate, uint8_t *target) { \
    const uint8_t *source[bits / 8];                                                      \
    for (size_t k = 0; k < bits / 8; k++) source[k] = planes[k];                          \
    for (size_t i = 0; i < n; i++) {                                                      \
      uint##bits##_t x = 0;                                                               \
      for (size_t k = 0; k < bits / 8; k++) {                                             \
        x = (uint##bits##_t)(x | (uint##bits##_t)((uint##bits##_t)source[k][i] << (bits - 8 - 8 * k))); \
      }                                                                                   \
      x = rotate ? (uint##bits##_t)(x >> 1 | x << (bits - 1)) : x;                        \
      __builtin_memcpy(target + i * (bits / 8), &x, sizeof x);                            \
    }                                                                                     \
  }
TC_SPLIT(16)
TC_SPLIT(32)
TC_SPLIT(64)

TC_INLINE void split_body(const uint8_t *p, size_t n, size_t width, int rotate, uint8_t *planes) {
  if (width == 2) {
    if (rotate) split_16(p, n, 1, planes);
    else split_16(p, n, 0, planes);
  } else if (width == 4) {
    if (rotate) split_32(p, n, 1, planes);
    else split_32(p, n, 0, planes);
  } else if (width == 8) {
    if (rotate) split_64(p, n, 1, planes);
    else split_64(p, n, 0, planes);
  }
}

TC_INLINE void merge_body(const uint8_t *const *planes, size_t n, size_t width, int rotate,
                          uint8_t *target) {
  if (width == 2) {
    if (rotate) merge_16(planes, n, 1, target);
    else merge_16(planes, n, 0, target);
  } else if (width == 4) {
    if (rotate) merge_32(planes, n, 1, target);
    else merge_32(planes, n, 0, target);
  } else if (width == 8) {
    if (rotate) merge_64(planes, n, 1, target);
    else merge_64(planes, n, 0, target);
  }
}

TC_INLINE void xor_body(const uint8_t *a, const uint8_t *b, size_t n, uint8_t *target) {
  for (size_t i = 0; i < n; i++) target[i] = a[i] ^ b[i];
}

#define TC_PLANES(level, attribute)                                                               \
  attribute void tc_split_planes_##level(const void *source, size_t n, size_t width, int rotate,  \
                                         uint8_t *restrict planes) {                              \
    split_body(source, n, width, rotate, planes);                                                 \
  }                                                                                               \
  attribute void tc_merge_planes_##level(const uint8_t *const *planes, size_t n, size_t width,    \
                                         int rotate, void *restrict target) {                     \
    merge_body(planes, n, width, rotate, target);                                                 \
  }                                                                                               \
  attribute void tc_xor_##level(const void *a, const void *b, size_t n, void *restrict target) {  \
    xor_body(a, b, n, target);                                                                    \
  }
TC_PLANES(scalar, )
TC_EACH_LEVEL(TC_PLANES)

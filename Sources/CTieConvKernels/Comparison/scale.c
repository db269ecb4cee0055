// Whether w = factor * e within a tolerance. Everything is formed in f64 without contraction, so
// every machine stops at the same element.
#include "tc_levels.h"

#pragma STDC FP_CONTRACT OFF

enum { block = 64 };

TC_INLINE int differs(double e, double w, tc_scale scale) {
  double scaled = scale.factor * e;
  double difference = __builtin_fabs(w - scaled);
  double tolerance = scale.relative * __builtin_fabs(w) + scale.absolute;
  // An infinite difference never passes, though an infinite w makes the tolerance infinite.
  int within = (difference <= tolerance) & (difference < __builtin_inf());
  int both_nan = (e != e) & (w != w);
  return !((w == scaled) | within | both_nan);
}

#define TC_SCALE_SCALAR(name, size)                                                               \
  size_t tc_scale_mismatch_##name##_scalar(const void *e, const void *w, size_t n,                \
                                           tc_scale scale) {                                      \
    const uint8_t *p = e, *q = w;                                                                 \
    for (size_t i = 0; i < n; i++) {                                                              \
      if (differs(tc_load_##name(p + i * size), tc_load_##name(q + i * size), scale)) return i;   \
    }                                                                                             \
    return n;                                                                                     \
  }                                                                                               \
  TC_INLINE size_t name##_body(const uint8_t *p, const uint8_t *q, size_t n, tc_scale scale) {    \
    size_t i = 0;                                                                                 \
    for (; n - i >= block; i += block) {                                                          \
      int found = 0;                                                                              \
      for (size_t j = i; j < i + block; j++) {                                                    \
        found |= differs(tc_load_##name(p + j * size), tc_load_##name(q + j * size), scale);      \
      }                                                                                           \
      if (found) break;                                                                           \
    }                                                                                             \
    return i + tc_scale_mismatch_##name##_scalar(p + i * size, q + i * size, n - i, scale);       \
  }
TC_SCALE_SCALAR(f32, 4)
TC_SCALE_SCALAR(f64, 8)

#define TC_SCALE(level, target)                                                                   \
  target size_t tc_scale_mismatch_f32_##level(const void *e, const void *w, size_t n,             \
                                              tc_scale scale) {                                   \
    return f32_body(e, w, n, scale);                                                              \
  }                                                                                               \
  target size_t tc_scale_mismatch_f64_##level(const void *e, const void *w, size_t n,             \
                                              tc_scale scale) {                                   \
    return f64_body(e, w, n, scale);                                                              \
  }
TC_EACH_LEVEL(TC_SCALE)

// The first byte in which two buffers differ. Bound by memory: 512-byte blocks are folded without
// a branch per vector, and only the block that differs is searched.
#include "tc_levels.h"

enum { block = 512 };

size_t tc_mismatch_scalar(const void *a, const void *b, size_t n) {
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < n; i++) {
    if (x[i] != y[i]) return i;
  }
  return n;
}

TC_INLINE size_t mismatch_body(const uint8_t *a, const uint8_t *b, size_t n) {
  size_t i = 0;
  for (; n - i >= block; i += block) {
    uint64_t differs = 0;
    for (size_t j = 0; j < block; j += 8) {
      differs |= tc_load_u64(a + i + j) ^ tc_load_u64(b + i + j);
    }
    if (differs) break;
  }
  for (; n - i >= 8; i += 8) {
    uint64_t differs = tc_load_u64(a + i) ^ tc_load_u64(b + i);
    if (differs) return i + (size_t)__builtin_ctzll(differs) / 8;
  }
  for (; i < n; i++) {
    if (a[i] != b[i]) return i;
  }
  return n;
}

#define TC_MISMATCH(level, target)                                                         \
  target size_t tc_mismatch_##level(const void *a, const void *b, size_t n) { \
    return mismatch_body(a, b, n);                                                         \
  }
TC_EACH_LEVEL(TC_MISMATCH)

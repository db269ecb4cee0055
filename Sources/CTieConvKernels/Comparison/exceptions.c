// Elements outside the window of window.c: their upper halves are kept beside the symbols, in order.
// They are rare, so blocks of symbols without a zero are passed over at the speed of memory.
#include "tc_levels.h"

enum { block = 256 };

TC_INLINE int has_zero(const uint8_t *symbols) {
  uint8_t found = 0;
  for (size_t i = 0; i < block; i++) found |= symbols[i] == 0;
  return found;
}

// Calls body for the index i of every zero.
#define TC_FOR_EACH_ZERO(symbols, n, body)                            \
  for (size_t start = 0; start < (n); start += block) {               \
    size_t end = (n)-start < block ? (n) : start + block;             \
    if (end - start == block && !has_zero((symbols) + start)) continue; \
    for (size_t i = start; i < end; i++) {                            \
      if ((symbols)[i] == 0) body                                     \
    }                                                                 \
  }

TC_INLINE size_t count_body(const uint8_t *symbols, size_t n) {
  size_t count = 0;
  TC_FOR_EACH_ZERO(symbols, n, count++;)
  return count;
}

TC_INLINE size_t gather_body(const uint8_t *symbols, size_t n, const uint8_t *source,
                             size_t width, uint8_t *target, size_t most) {
  size_t count = 0;
  TC_FOR_EACH_ZERO(symbols, n, {
    if (count == most) return most + 1;
    __builtin_memcpy(target + 2 * count++, source + i * width + width - 2, 2);
  })
  return count;
}

TC_INLINE size_t scatter_body(const uint8_t *symbols, size_t n, const uint8_t *source,
                              size_t most, size_t width, uint8_t *target) {
  size_t count = 0;
  TC_FOR_EACH_ZERO(symbols, n, {
    if (count == most) return most + 1;
    __builtin_memcpy(target + i * width + width - 2, source + 2 * count++, 2);
  })
  return count;
}

#define TC_EXCEPTIONS(level, attribute)                                                          \
  attribute size_t tc_count_zeros_##level(const uint8_t *symbols, size_t n) {                    \
    return count_body(symbols, n);                                                               \
  }                                                                                              \
  attribute size_t tc_gather_uppers_##level(const uint8_t *symbols, size_t n,                    \
                                            const void *source, size_t width, uint8_t *target,   \
                                            size_t most) {                                       \
    return gather_body(symbols, n, source, width, target, most);                                 \
  }                                                                                              \
  attribute size_t tc_scatter_uppers_##level(const uint8_t *symbols, size_t n,                   \
                                             const uint8_t *source, size_t most, size_t width,   \
                                             void *target) {                                     \
    return scatter_body(symbols, n, source, most, width, target);                                \
  }
TC_EXCEPTIONS(scalar, )
TC_EACH_LEVEL(TC_EXCEPTIONS)

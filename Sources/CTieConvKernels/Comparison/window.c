// The windowed split of BF16, and of the upper half of F32.
//
// An element's upper 16 bits are sign, 8 bits of exponent and 7 of mantissa. The exponents of a
// trained matrix span some twenty values, so exponent and the two top bits of the mantissa together
// nearly always fall into a window of 127 numbers: one symbol, 1 to 127, and 0 where they do not.
// (The format has symbols up to 255; 7 bits are coded faster, and 32 exponents are enough.)
// The two bits depend on the exponent, which a code over both makes use of. What remains of the
// element, the sign and 5 bits, is packed: 4 elements to 3 bytes, a quarter of the block apart, so
// that the loops need no shuffles.
#include "tc_levels.h"

// sign << 5 | low five bits of the mantissa
TC_INLINE uint8_t rest_of(uint16_t x) { return (uint8_t)((x >> 10 & 32) | (x & 31)); }

TC_INLINE uint8_t symbol_of(uint16_t x, uint16_t base) {
  uint16_t difference = (uint16_t)((x >> 5 & 0x3FF) - base);
  return (uint8_t)(difference < 127 ? difference + 1 : 0);
}

TC_INLINE void symbols_body(const uint8_t *p, size_t n, size_t width, uint16_t base,
                            uint8_t *restrict symbols) {
  for (size_t i = 0; i < n; i++) symbols[i] = symbol_of(tc_load_u16(p + i * width + width - 2), base);
}

TC_INLINE void rests_body(const uint8_t *p, size_t n, size_t width, uint8_t *restrict rests) {
  const size_t quarter = (n + 3) / 4;
  // Full groups of four; the last group may lack elements, which count as 0.
  const size_t full = n >= 3 * quarter ? n - 3 * quarter : 0;
  p += width - 2;
  for (size_t i = 0; i < full; i++) {
    uint8_t a = rest_of(tc_load_u16(p + i * width));
    uint8_t b = rest_of(tc_load_u16(p + (i + quarter) * width));
    uint8_t c = rest_of(tc_load_u16(p + (i + 2 * quarter) * width));
    uint8_t d = rest_of(tc_load_u16(p + (i + 3 * quarter) * width));
    rests[i] = (uint8_t)(a | d << 6);
    rests[i + quarter] = (uint8_t)(b | (d & 12) << 4);
    rests[i + 2 * quarter] = (uint8_t)(c | (d & 48) << 2);
  }
  for (size_t i = full; i < quarter; i++) {
    for (size_t k = 0; k < 3; k++) {
      size_t j = i + k * quarter;
      rests[j] = j < n ? rest_of(tc_load_u16(p + j * width)) : 0;
    }
  }
}

TC_INLINE uint16_t upper_of(uint8_t symbol, uint8_t rest, uint16_t base) {
  uint16_t high = (uint16_t)((symbol - 1 + base) & 0x3FF);
  return (uint16_t)((rest & 32) << 10 | high << 5 | (rest & 31));
}

typedef struct {
  const uint8_t *symbols;
  const uint8_t *second;
  const uint8_t *third;
  uint16_t base;
} window_source;

TC_INLINE void store_element(window_source s, size_t i, uint8_t rest, size_t width, uint8_t *target) {
  uint16_t upper = upper_of(s.symbols[i], rest, s.base);
  if (width == 2) {
    __builtin_memcpy(target + 2 * i, &upper, 2);
  } else {
    uint32_t x = (uint32_t)upper << 16 | (uint32_t)s.second[i] << 8 | s.third[i];
    __builtin_memcpy(target + 4 * i, &x, 4);
  }
}

TC_INLINE void merge_window_body(window_source s, const uint8_t *rests, size_t n, size_t width,
                                 uint8_t *restrict target) {
  const size_t quarter = (n + 3) / 4;
  const size_t full = n >= 3 * quarter ? n - 3 * quarter : 0;
  for (size_t k = 0; k < 3; k++) {
    const uint8_t *part = rests + k * quarter;
    size_t end = (k + 1) * quarter < n ? quarter : (k * quarter < n ? n - k * quarter : 0);
    window_source t = {s.symbols + k * quarter, s.second + k * quarter, s.third + k * quarter,
                       s.base};
    for (size_t i = 0; i < end; i++) {
      store_element(t, i, part[i] & 63, width, target + k * quarter * width);
    }
  }
  const uint8_t *second = rests + quarter, *third = rests + 2 * quarter;
  window_source t = {s.symbols + 3 * quarter, s.second + 3 * quarter, s.third + 3 * quarter,
                     s.base};
  for (size_t i = 0; i < full; i++) {
    uint8_t rest = (uint8_t)(rests[i] >> 6 | (second[i] >> 4 & 12) | (third[i] >> 2 & 48));
    store_element(t, i, rest, width, target + 3 * quarter * width);
  }
}

#define TC_WINDOW(level, attribute)                                                              \
  attribute void tc_split_window_##level(const void *source, size_t n, size_t width,             \
                                         uint16_t base, uint8_t *symbols, uint8_t *rests) {      \
    if (width == 2) {                                                                            \
      symbols_body(source, n, 2, base, symbols);                                                 \
      rests_body(source, n, 2, rests);                                                           \
    } else {                                                                                     \
      symbols_body(source, n, 4, base, symbols);                                                 \
      rests_body(source, n, 4, rests);                                                           \
    }                                                                                            \
  }                                                                                              \
  attribute void tc_merge_window_##level(const uint8_t *const *planes, size_t n, size_t width,   \
                                         uint16_t base, void *target) {                          \
    window_source source = {planes[0], planes[2], planes[3], base};                              \
    if (width == 2) {                                                                            \
      source.second = source.third = planes[0];                                                  \
      merge_window_body(source, planes[1], n, 2, target);                                        \
    } else {                                                                                     \
      merge_window_body(source, planes[1], n, 4, target);                                        \
    }                                                                                            \
  }
TC_WINDOW(scalar, )
TC_EACH_LEVEL(TC_WINDOW)

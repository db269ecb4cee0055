// The first NaN or infinity of a buffer. In every kind the non-finite patterns are those whose
// masked bits have one value, so each test is one AND and one compare.
#include "tc_levels.h"

enum { block = 256 };

#define TC_FIND(bits)                                                                          \
  TC_INLINE size_t find_u##bits(const uint8_t *p, size_t n, uint##bits##_t mask,               \
                                uint##bits##_t value) {                                        \
    const size_t size = bits / 8;                                                              \
    size_t i = 0;                                                                              \
    for (; n - i >= block; i += block) {                                                       \
      uint##bits##_t found = 0;                                                                \
      for (size_t j = 0; j < block; j++) {                                                     \
        found |= (uint##bits##_t)((tc_load_u##bits(p + (i + j) * size) & mask) == value);      \
      }                                                                                        \
      if (found) break;                                                                        \
    }                                                                                          \
    for (; i < n; i++) {                                                                       \
      if ((tc_load_u##bits(p + i * size) & mask) == value) return i;                           \
    }                                                                                          \
    return n;                                                                                  \
  }
TC_FIND(8)
TC_FIND(16)
TC_FIND(32)
TC_FIND(64)

TC_INLINE size_t nonfinite_body(tc_kind kind, const void *p, size_t n) {
  const uint64_t exponent64 = UINT64_C(0x7FF0000000000000);
  switch (kind) {
    case TC_BF16: return find_u16(p, n, 0x7F80, 0x7F80);
    case TC_F16: return find_u16(p, n, 0x7C00, 0x7C00);
    case TC_F32: return find_u32(p, n, 0x7F800000, 0x7F800000);
    case TC_F64: return find_u64(p, n, exponent64, exponent64);
    case TC_F8_E4M3: return find_u8(p, n, 0x7F, 0x7F);
    case TC_F8_E5M2: return find_u8(p, n, 0x7C, 0x7C);
    case TC_F8_E4M3FNUZ:
    case TC_F8_E5M2FNUZ: return find_u8(p, n, 0xFF, 0x80);
    case TC_F8_E8M0: return find_u8(p, n, 0xFF, 0xFF);
  }
  return 0;
}

#define TC_NONFINITE(level, target)                                                     \
  target size_t tc_nonfinite_##level(tc_kind kind, const void *source, size_t n) {      \
    return nonfinite_body(kind, source, n);                                             \
  }
TC_EACH_LEVEL(TC_NONFINITE)

static int nonfinite_one(tc_kind kind, const uint8_t *p, size_t i) {
  switch (kind) {
    case TC_BF16: return (p[2 * i + 1] & 0x7F) == 0x7F && p[2 * i] >= 0x80;
    case TC_F16: return (p[2 * i + 1] & 0x7C) == 0x7C;
    case TC_F32: return !__builtin_isfinite(tc_load_f32(p + 4 * i));
    case TC_F64: return !__builtin_isfinite(tc_load_f64(p + 8 * i));
    case TC_F8_E4M3: return p[i] == 0x7F || p[i] == 0xFF;
    case TC_F8_E5M2: return (p[i] & 0x7F) >= 0x7C;
    case TC_F8_E4M3FNUZ:
    case TC_F8_E5M2FNUZ: return p[i] == 0x80;
    case TC_F8_E8M0: return p[i] == 0xFF;
  }
  return 1;
}

size_t tc_nonfinite_scalar(tc_kind kind, const void *source, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (nonfinite_one(kind, source, i)) return i;
  }
  return n;
}

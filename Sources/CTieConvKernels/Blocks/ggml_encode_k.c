// The encoder of Q6_K, exact as those of ggml_encode.c: value = (d * scale) * code, 16 groups of 16.
//
// All products are exact in F32 (11, 7 and 5 bits), so every value is a whole multiple of d, and the
// values of a group are whole multiples of d * scale: greatest common divisors give both back. What
// they leave open is chosen as ggml's reference quantizer does (ggml-quants.c): the greatest scale is
// -128, and the value of the largest magnitude in a group has a negative code.
#include "tc_ggml_bodies.h"

enum { VALUES = 256, GROUPS = 16, GROUP = 16, BYTES = 210 };

// The values as whole multiples of the greatest number that divides them all.
typedef struct {
  float unit;
  int32_t multiples[VALUES];
  // Of each group: the greatest common divisor, and the multiple of the largest magnitude.
  uint32_t divisors[GROUPS];
  int32_t largest[GROUPS];
} tc_multiples;

TC_INLINE uint32_t common_divisor(uint32_t a, uint32_t b) {
  while (b != 0) {
    const uint32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// The exponent of the last bit of a finite number that is not zero.
TC_INLINE int last_exponent(uint32_t bits) {
  const int exponent = (int)(bits >> 23 & 255);
  const uint32_t mantissa = (bits & 0x7FFFFF) | (exponent > 0 ? 0x800000u : 0);
  return (exponent > 0 ? exponent : 1) - 150 + __builtin_ctz(mantissa);
}

TC_INLINE float power_of_two(int exponent) {
  return exponent < -126 ? tc_float_of(1u << (exponent + 149))
                         : tc_float_of((uint32_t)(exponent + 127) << 23);
}

// Returns 0 where no such number is near enough: the multiples would be beyond 24 bits.
TC_INLINE int find_multiples(const float *x, tc_multiples *found) {
  int least = 128;
  float greatest = 0;
  for (int i = 0; i < VALUES; i++) {
    const uint32_t bits = tc_bits_of(x[i]);
    if ((bits & 0x7F800000) == 0x7F800000) return 0;
    if ((bits & 0x7FFFFFFF) == 0) continue;
    const int exponent = last_exponent(bits);
    least = exponent < least ? exponent : least;
    greatest = __builtin_fabsf(x[i]) > greatest ? __builtin_fabsf(x[i]) : greatest;
  }
  *found = (tc_multiples){0};
  if (least == 128) return 1;
  const float unit = power_of_two(least);
  // A quotient of numbers this far apart may be infinite, which is no less too large.
  if (!(greatest / unit < 0x1p24f)) return 0;
  uint32_t all = 0;
  for (int g = 0; g < GROUPS; g++) {
    for (int i = GROUP * g; i < GROUP * (g + 1); i++) {
      const int32_t n = (int32_t)(x[i] / unit);
      found->multiples[i] = n;
      found->divisors[g] = common_divisor(found->divisors[g], (uint32_t)(n < 0 ? -n : n));
      const int32_t most = found->largest[g];
      if ((n < 0 ? -n : n) > (most < 0 ? -most : most)) found->largest[g] = n;
    }
    all = common_divisor(all, found->divisors[g]);
  }
  found->unit = unit * (float)all;
  for (int i = 0; i < VALUES; i++) found->multiples[i] /= (int32_t)all;
  for (int g = 0; g < GROUPS; g++) {
    found->divisors[g] /= all;
    found->largest[g] /= (int32_t)all;
  }
  return 1;
}

TC_INLINE void set_code(uint8_t *b, int i, int code) {
  const int run = i / 32, h = run / 4, k = run % 4;
  const int value = code + 32;
  b[64 * h + 32 * (k % 2) + i % 32] |= (uint8_t)((value & 15) << 4 * (k / 2));
  b[128 + 32 * h + i % 32] |= (uint8_t)(value >> 4 << 2 * k);
}

// Codes of one group under a scale; 0 where they are out of bounds or lose a zero's sign.
TC_INLINE int set_group(const float *x, const int32_t *multiples, int parts, int scale,
                        int is_negative, int start, uint8_t *b) {
  int codes[GROUP];
  for (int i = 0; i < GROUP; i++) {
    const int sign = (int)(tc_bits_of(x[start + i]) >> 31);
    if (scale == 0) {
      // The reference leaves the least code where a group has no scale.
      codes[i] = sign != is_negative ? -32 : 0;
    } else {
      codes[i] = multiples[start + i] * parts / scale;
      if (codes[i] == 0 && sign != is_negative) return 0;
      if (codes[i] < -32 || codes[i] > 31) return 0;
    }
  }
  for (int i = 0; i < GROUP; i++) set_code(b, start + i, codes[i]);
  b[192 + start / GROUP] = (uint8_t)scale;
  return 1;
}

// Writes the block with d = unit / parts, of the sign of `side`; 0 where there is none.
TC_INLINE int set_block(const float *x, const tc_multiples *found, int parts, int side, uint8_t *b) {
  const float d = found->unit / (float)parts * (float)side;
  const uint16_t half = tc_f16_of(tc_bits_of(d));
  if (tc_half((const uint8_t *)&half) != d || d * (float)(parts * side) != found->unit) return 0;
  for (int i = 0; i < BYTES; i++) b[i] = 0;
  __builtin_memcpy(b + 208, &half, 2);
  for (int g = 0; g < GROUPS; g++) {
    const int most = found->largest[g];
    if (most < -4096 || most > 4096) return 0;
    const int divisor = (int)found->divisors[g] * parts;
    int is_set = 0;
    // The divisor is the scale, or codes that have one themselves have their share in it.
    for (int share = 1; share <= 32 && !is_set; share++) {
      if (divisor % share != 0 || divisor / share > 128) continue;
      // The sign of d * scale is not that of the largest value.
      const int first = (most < 0 ? 1 : -1) * side * (divisor / share);
      for (int turn = 0; turn < 2 && !is_set; turn++) {
        const int scale = turn == 0 ? first : -first;
        if (scale > 127) continue;
        is_set = set_group(x, found->multiples, parts * side, scale,
                           (scale < 0) != (side < 0), GROUP * g, b);
      }
    }
    if (!is_set) return 0;
  }
  return 1;
}

TC_INLINE int encode_q6_k(const float *x, tc_ggml_dequantize decode, uint8_t *b) {
  tc_multiples found;
  if (!find_multiples(x, &found)) return 0;
  uint32_t most = 0;
  int side = 1;
  for (int g = 0; g < GROUPS; g++) {
    if (found.divisors[g] <= most) continue;
    most = found.divisors[g];
    side = found.largest[g] < 0 ? -1 : 1;
  }
  float back[VALUES];
  for (int turn = 0; turn < 2; turn++, side = -side) {
    const int usual = most > 0 && most <= 128 ? 128 / (int)most : 1;
    for (int parts = usual, last = 0; !last; parts--) {
      last = parts <= 1;
      if (!set_block(x, &found, parts, side, b)) continue;
      decode(b, 1, back);
      if (__builtin_memcmp(back, x, sizeof back) == 0) return 1;
    }
  }
  return 0;
}

#define TC_LEVEL(level, target)                                                             \
  target size_t tc_encode_q6_k_##level(const float *restrict x, size_t n, void *blocks) {   \
    uint8_t *b = blocks;                                                                    \
    for (size_t i = 0; i < n; i++, b += BYTES, x += VALUES) {                               \
      if (!encode_q6_k(x, tc_dequantize_q6_k_##level, b)) return i;                         \
    }                                                                                       \
    return n;                                                                               \
  }
TC_LEVEL(scalar, )
TC_EACH_LEVEL(TC_LEVEL)

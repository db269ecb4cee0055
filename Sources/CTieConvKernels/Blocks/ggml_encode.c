// Encoders of ggml's types with one scale a block, for numbers that came out of such blocks: a block
// is written that decodes to them bit for bit, or none. They are no quantizers: nothing is rounded.
//
// The first guess at the scale is the one that ggml's reference quantizers take (ggml-quants.c), so
// that what they wrote comes back in its own bytes; quantizers that weigh errors choose otherwise,
// and for those every scale that the largest value allows is tried.
#include "tc_ggml_bodies.h"

enum { VALUES = 32 };

TC_INLINE uint16_t half_of(float value) { return tc_f16_of(tc_bits_of(value)); }
TC_INLINE float half(uint16_t bits) { return tc_half((const uint8_t *)&bits); }

// A block before it is packed: codes count from the least one, so that none is negative.
typedef struct {
  uint16_t scale, offset;
  uint8_t codes[VALUES];
} tc_block;

// The codes that come nearest to the values. NaN gets the least.
TC_INLINE void choose_codes(tc_block *block, const float *x, float least, float span) {
  const float d = half(block->scale), m = half(block->offset);
  const float inverse = d != 0 ? 1 / d : 0;
  for (int i = 0; i < VALUES; i++) {
    float code = (x[i] - m) * inverse - least;
    code = code > 0 ? code : 0;
    block->codes[i] = (uint8_t)((code < span ? code : span) + 0.5f);
  }
}

TC_INLINE void pack_nibbles(const uint8_t *codes, uint8_t *b) {
  for (int i = 0; i < 16; i++) b[i] = (uint8_t)((codes[i] & 15) | codes[i + 16] << 4);
}

TC_INLINE void pack_fifth_bits(const uint8_t *codes, uint8_t *b) {
  uint32_t high = 0;
  for (int i = 0; i < VALUES; i++) high |= (uint32_t)(codes[i] >> 4 & 1) << i;
  __builtin_memcpy(b, &high, 4);
}

TC_INLINE void pack_q4_0(const tc_block *block, uint8_t *b) {
  __builtin_memcpy(b, &block->scale, 2);
  pack_nibbles(block->codes, b + 2);
}

TC_INLINE void pack_q4_1(const tc_block *block, uint8_t *b) {
  __builtin_memcpy(b, &block->scale, 2);
  __builtin_memcpy(b + 2, &block->offset, 2);
  pack_nibbles(block->codes, b + 4);
}

TC_INLINE void pack_q5_0(const tc_block *block, uint8_t *b) {
  __builtin_memcpy(b, &block->scale, 2);
  pack_fifth_bits(block->codes, b + 2);
  pack_nibbles(block->codes, b + 6);
}

TC_INLINE void pack_q5_1(const tc_block *block, uint8_t *b) {
  __builtin_memcpy(b, &block->scale, 2);
  __builtin_memcpy(b + 2, &block->offset, 2);
  pack_fifth_bits(block->codes, b + 4);
  pack_nibbles(block->codes, b + 8);
}

TC_INLINE void pack_q8_0(const tc_block *block, uint8_t *b) {
  __builtin_memcpy(b, &block->scale, 2);
  for (int i = 0; i < VALUES; i++) b[2 + i] = (uint8_t)(block->codes[i] - 128);
}

typedef void (*tc_pack)(const tc_block *, uint8_t *);

// Whether the block, packed to b, decodes to x.
TC_INLINE int holds(const tc_block *block, const float *x, tc_pack pack,
                    tc_ggml_dequantize decode, uint8_t *b) {
  float back[VALUES];
  pack(block, b);
  decode(b, 1, back);
  return __builtin_memcmp(back, x, sizeof back) == 0;
}

// Zeros of either sign: codes of a scale of 0, which keep their signs.
TC_INLINE int zeros(const float *x, int least, tc_pack pack, tc_ggml_dequantize decode,
                    uint8_t *b) {
  tc_block block = {0};
  for (int i = 0; i < VALUES; i++) {
    block.codes[i] = (uint8_t)(-least - (int)(tc_bits_of(x[i]) >> 31));
  }
  return holds(&block, x, pack, decode, b);
}

// value = scale * code, with codes from least on; the reference gives the value of the largest
// magnitude the code `extreme`, or where that is positive, its magnitude.
TC_INLINE int encode_scaled(const float *x, int least, int greatest, int extreme, tc_pack pack,
                            tc_ggml_dequantize decode, uint8_t *b) {
  float largest = 0;
  for (int i = 0; i < VALUES; i++) {
    largest = __builtin_fabsf(x[i]) > __builtin_fabsf(largest) ? x[i] : largest;
  }
  const float span = (float)(greatest - least);
  tc_block block = {0};
  block.scale = half_of((extreme < 0 ? largest : __builtin_fabsf(largest)) / (float)extreme);
  choose_codes(&block, x, (float)least, span);
  if (holds(&block, x, pack, decode, b)) return 1;
  if (largest == 0) return zeros(x, least, pack, decode, b);
  for (int code = -least; code > 0; code--) {
    // The reference's sign of the scale first.
    const int first = extreme < 0 || largest < 0 ? -code : code;
    for (int side = 0; side < 2; side++) {
      const int signed_code = side == 0 ? first : -first;
      if (signed_code > greatest) continue;
      block.scale = half_of(largest / (float)signed_code);
      if (half(block.scale) * (float)signed_code != largest) continue;
      choose_codes(&block, x, (float)least, span);
      if (holds(&block, x, pack, decode, b)) return 1;
    }
  }
  return 0;
}

// value = scale * code + offset, with codes from 0 on; the reference gives the least value 0 and the
// greatest value the greatest code.
TC_INLINE int encode_affine(const float *x, int greatest, tc_pack pack,
                            tc_ggml_dequantize decode, uint8_t *b) {
  float low = x[0], high = x[0];
  for (int i = 1; i < VALUES; i++) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  tc_block block = {0};
  block.scale = half_of((high - low) / (float)greatest);
  block.offset = half_of(low);
  choose_codes(&block, x, 0, (float)greatest);
  if (holds(&block, x, pack, decode, b)) return 1;
  for (int top = greatest; top > 0; top--) {
    for (int bottom = 0; bottom < 2 * top; bottom++) {
      // The least value's code and the greatest's; of a negative scale the former is the greater.
      const int first = bottom < top ? bottom : top;
      const int last = bottom < top ? top : bottom - top;
      block.scale = half_of((high - low) / (float)(last - first));
      const float d = half(block.scale);
      block.offset = half_of(low - d * (float)first);
      const float m = half(block.offset);
      if (d * (float)first + m != low || d * (float)last + m != high) continue;
      choose_codes(&block, x, 0, (float)greatest);
      if (holds(&block, x, pack, decode, b)) return 1;
    }
  }
  return 0;
}

#define TC_ENCODE(level, target, name, bytes, call)                                          \
  target size_t tc_encode_##name##_##level(const float *restrict x, size_t n, void *blocks) { \
    const tc_ggml_dequantize decode = tc_dequantize_##name##_##level;                        \
    const tc_pack pack = pack_##name;                                                        \
    uint8_t *b = blocks;                                                                     \
    for (size_t i = 0; i < n; i++, b += bytes, x += VALUES) {                                \
      if (!(call)) return i;                                                                 \
    }                                                                                        \
    return n;                                                                                \
  }

#define TC_LEVEL(level, target)                                                              \
  TC_ENCODE(level, target, q4_0, 18, encode_scaled(x, -8, 7, -8, pack, decode, b))           \
  TC_ENCODE(level, target, q4_1, 20, encode_affine(x, 15, pack, decode, b))                  \
  TC_ENCODE(level, target, q5_0, 22, encode_scaled(x, -16, 15, -16, pack, decode, b))        \
  TC_ENCODE(level, target, q5_1, 24, encode_affine(x, 31, pack, decode, b))                  \
  TC_ENCODE(level, target, q8_0, 34, encode_scaled(x, -128, 127, 127, pack, decode, b))
TC_LEVEL(scalar, )
TC_EACH_LEVEL(TC_LEVEL)

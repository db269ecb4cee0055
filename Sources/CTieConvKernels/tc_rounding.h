// What all levels of the rounding of rows share: the numbers of F16 and BF16, and a block's scale.
#ifndef TC_ROUNDING_H
#define TC_ROUNDING_H

#include "tc_levels.h"
#include "tc_nn.h"

// The nearest F16 number, ties to even.
TC_INLINE float tc_f16_value(float x) {
  uint32_t bits = tc_bits_of(x), sign = bits & 0x80000000, magnitude = bits & 0x7FFFFFFF;
  uint32_t rounded = (magnitude + 0xFFF + (magnitude >> 13 & 1)) & ~0x1FFFu;
  // Below 2^-14: adding 0.5, whose last place is 2^-24, rounds to F16's subnormal grid.
  uint32_t subnormal = tc_bits_of((tc_float_of(magnitude) + 0.5f) - 0.5f);
  uint32_t result = magnitude < 0x38800000 ? subnormal : rounded;
  // From 65520 on, the nearest is infinity; a NaN stays one.
  result = magnitude >= 0x477FF000 ? 0x7F800000 : result;
  result = magnitude > 0x7F800000 ? magnitude : result;
  return tc_float_of(sign | result);
}

// The nearest BF16 number, ties to even.
TC_INLINE float tc_bf16_value(float x) {
  uint32_t bits = tc_bits_of(x);
  uint32_t rounded = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
  return tc_float_of((bits & 0x7FFFFFFF) > 0x7F800000 ? bits : rounded);
}

TC_INLINE size_t tc_rounding_block(tc_rounding kind) { return kind == TC_ROUND_Q8_0 ? 32 : 256; }

typedef struct { float inverse, scale; } tc_block_scale;

// What numbers are multiplied by to become codes of 8 bits, and codes to become numbers, in a block
// whose largest magnitude this is. Q8_0 stores its scale as F16 and Q8_K as F32. Q8_K divides by
// the signed largest number, which changes no product.
TC_INLINE tc_block_scale tc_scale_of_block(tc_rounding kind, float largest) {
  if (largest == 0) return (tc_block_scale){0, 0};
  float inverse = 127 / largest;
  return (tc_block_scale){
      inverse, kind == TC_ROUND_Q8_0 ? tc_f16_value(largest / 127) : 1 / inverse};
}

#endif

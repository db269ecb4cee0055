// What the decoders of ggml's block types share: the list of types, and the pieces of a block.
#ifndef TC_GGML_BODIES_H
#define TC_GGML_BODIES_H

#include "tc_ggml.h"
#include "tc_levels.h"

// X(level, target, id, name, bytes of a block, values of a block), by file.
#define TC_GGML_SIMPLE(X, level, target) \
  X(level, target, 2, q4_0, 18, 32)      \
  X(level, target, 3, q4_1, 20, 32)      \
  X(level, target, 6, q5_0, 22, 32)      \
  X(level, target, 7, q5_1, 24, 32)      \
  X(level, target, 8, q8_0, 34, 32)      \
  X(level, target, 9, q8_1, 36, 32)      \
  X(level, target, 20, iq4_nl, 18, 32)   \
  X(level, target, 34, tq1_0, 54, 256)   \
  X(level, target, 35, tq2_0, 66, 256)   \
  X(level, target, 39, mxfp4, 17, 32)    \
  X(level, target, 40, nvfp4, 36, 64)    \
  X(level, target, 41, q1_0, 18, 128)    \
  X(level, target, 42, q2_0, 18, 64)
#define TC_GGML_K(X, level, target)      \
  X(level, target, 10, q2_k, 84, 256)    \
  X(level, target, 11, q3_k, 110, 256)   \
  X(level, target, 12, q4_k, 144, 256)   \
  X(level, target, 13, q5_k, 176, 256)   \
  X(level, target, 14, q6_k, 210, 256)   \
  X(level, target, 15, q8_k, 292, 256)   \
  X(level, target, 23, iq4_xs, 136, 256)
#define TC_GGML_GRID(X, level, target)    \
  X(level, target, 16, iq2_xxs, 66, 256)  \
  X(level, target, 17, iq2_xs, 74, 256)   \
  X(level, target, 18, iq3_xxs, 98, 256)  \
  X(level, target, 19, iq1_s, 50, 256)    \
  X(level, target, 21, iq3_s, 110, 256)   \
  X(level, target, 22, iq2_s, 82, 256)    \
  X(level, target, 29, iq1_m, 56, 256)
#define TC_GGML_EACH(X, level, target) \
  TC_GGML_SIMPLE(X, level, target)     \
  TC_GGML_K(X, level, target)          \
  TC_GGML_GRID(X, level, target)

#define TC_GGML_DECLARE_ONE(level, target, id, name, bytes, values) \
  void tc_dequantize_##name##_##level(const void *, size_t, float *);
#define TC_GGML_DECLARE(level, target) TC_GGML_EACH(TC_GGML_DECLARE_ONE, level, target)
TC_GGML_DECLARE(scalar, )
TC_EACH_LEVEL(TC_GGML_DECLARE)

// X(level, id, name): the types that are encoded.
#define TC_GGML_ENCODED(X, level) \
  X(level, 2, q4_0)               \
  X(level, 3, q4_1)               \
  X(level, 6, q5_0)               \
  X(level, 7, q5_1)               \
  X(level, 8, q8_0)               \
  X(level, 14, q6_k)
#define TC_GGML_DECLARE_ENCODER(level, id, name) \
  size_t tc_encode_##name##_##level(const float *, size_t, void *);
#define TC_GGML_DECLARE_ENCODERS(level, target) TC_GGML_ENCODED(TC_GGML_DECLARE_ENCODER, level)
TC_GGML_DECLARE_ENCODERS(scalar, )
TC_EACH_LEVEL(TC_GGML_DECLARE_ENCODERS)

// A decoder of many blocks from name_block, which decodes one.
#define TC_GGML_DEFINE_ONE(level, target, id, name, bytes, values)                                \
  target void tc_dequantize_##name##_##level(const void *blocks, size_t n, float *restrict y) {   \
    const uint8_t *restrict b = blocks;                                                           \
    for (; n > 0; n--, b += bytes, y += values) name##_block(b, y);                               \
  }

// IEEE binary16 at p. No operand is subnormal, so no flush-to-zero mode touches it.
TC_INLINE float tc_half(const uint8_t *p) {
  uint32_t x = tc_load_u16(p);
  uint32_t magnitude = x & 0x7FFF;
  uint32_t normal = (magnitude << 13) + (112u << 23);
  uint32_t subnormal = tc_bits_of((float)(int32_t)magnitude * 0x1p-24f);
  uint32_t bits = magnitude >= 0x0400 ? normal : subnormal;
  // Infinity and NaN: from the top exponent of the one to that of the other.
  if (magnitude >= 0x7C00) bits += 112u << 23;
  return tc_float_of(bits | (x & 0x8000) << 16);
}

// Values of the 4-bit codes of IQ4_NL and IQ4_XS; and twice the E2M1 numbers, of MXFP4 and NVFP4.
extern const int8_t tc_codes_iq4[16];
extern const int8_t tc_codes_fp4[16];

// Lattice points, packed as ggml_grids.c says.
extern const uint32_t tc_grid_iq2xxs[128];
extern const uint32_t tc_grid_iq2xs[256];
extern const uint32_t tc_grid_iq2s[512];
extern const uint32_t tc_grid_iq3xxs[128];
extern const uint32_t tc_grid_iq3s[256];
extern const uint32_t tc_grid_iq1s[1024];

TC_INLINE uint32_t tc_grid_row(const uint32_t *grid, uint32_t row) {
  return grid[row / 2] >> 16 * (row % 2) & 0xFFFF;
}

#endif

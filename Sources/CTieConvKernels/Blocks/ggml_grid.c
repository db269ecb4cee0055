// Decoders of ggml's lattice types IQ1, IQ2 and IQ3: groups of 4 or 8 values are rows of a table.
#include "tc_ggml_bodies.h"

// Seven sign bits are stored; the eighth makes their number even.
TC_INLINE uint32_t even_signs(uint32_t x) {
  uint32_t parity = x ^ x >> 4;
  parity ^= parity >> 2;
  parity ^= parity >> 1;
  return x | (parity & 1) << 7;
}

TC_INLINE float with_sign(float value, uint32_t signs, int place) {
  return tc_float_of(tc_bits_of(value) ^ (signs >> place & 1) << 31);
}

// Eight values of 2 bits that stand for 8, 25 and 43.
TC_INLINE void iq2_row(float scale, uint32_t row, uint32_t signs, float *y) {
  for (int i = 0; i < 8; i++) {
    const uint32_t code = row >> 2 * i & 3;
    const int value = (int)(8 + 17 * code + (code >> 1));
    y[i] = with_sign(scale * (float)value, signs, i);
  }
}

TC_INLINE void iq2_xxs_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  b += 2;
  for (int g = 0; g < 8; g++, b += 8) {
    const uint32_t word = tc_load_u32(b + 4);
    const float scale = d * (0.5f + (float)(int32_t)(word >> 28)) * 0.25f;
    for (int l = 0; l < 4; l++, y += 8) {
      iq2_row(scale, tc_grid_row(tc_grid_iq2xxs, b[l]), even_signs(word >> 7 * l & 127), y);
    }
  }
}

// Group scales of IQ2_XS and IQ2_S: 4 bits for every 16 values.
TC_INLINE float iq2_scale(float d, const uint8_t *scales, int group) {
  return d * (0.5f + (float)(scales[group / 2] >> 4 * (group % 2) & 15)) * 0.25f;
}

TC_INLINE void iq2_xs_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  for (int l = 0; l < 32; l++, y += 8) {
    const uint32_t q = tc_load_u16(b + 2 + 2 * l);
    iq2_row(iq2_scale(d, b + 66, l / 2), tc_grid_row(tc_grid_iq2xs, q & 511), even_signs(q >> 9), y);
  }
}

TC_INLINE void iq2_s_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  const uint8_t *signs = b + 34, *high = b + 66, *scales = b + 74;
  for (int l = 0; l < 32; l++, y += 8) {
    const uint32_t index = b[2 + l] | (high[l / 4] >> 2 * (l % 4) & 3u) << 8;
    iq2_row(iq2_scale(d, scales, l / 2), tc_grid_row(tc_grid_iq2s, index), signs[l], y);
  }
}

TC_INLINE void iq3_xxs_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  const uint8_t *q = b + 2;
  for (int g = 0; g < 8; g++) {
    const uint32_t word = tc_load_u32(b + 66 + 4 * g);
    const float scale = d * (0.5f + (float)(int32_t)(word >> 28)) * 0.5f;
    for (int l = 0; l < 4; l++, q += 2, y += 8) {
      const uint32_t signs = even_signs(word >> 7 * l & 127);
      const uint32_t row = tc_grid_row(tc_grid_iq3xxs, q[0]) | tc_grid_row(tc_grid_iq3xxs, q[1]) << 12;
      for (int i = 0; i < 8; i++) {
        // 4, 12, 20 … and 62 instead of 60.
        const uint32_t code = row >> 3 * i & 7;
        const int value = (int)(4 + 8 * code + ((code + 1) >> 3) * 2);
        y[i] = with_sign(scale * (float)value, signs, i);
      }
    }
  }
}

TC_INLINE void iq3_s_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  const uint8_t *q = b + 2, *high = b + 66, *signs = b + 74, *scales = b + 106;
  for (int g = 0; g < 8; g++) {
    const float scale = d * (float)(1 + 2 * (scales[g / 2] >> 4 * (g % 2) & 15));
    for (int l = 0; l < 4; l++, q += 2, y += 8) {
      const uint32_t one = q[0] | (high[g] >> 2 * l & 1u) << 8;
      const uint32_t two = q[1] | (high[g] >> (2 * l + 1) & 1u) << 8;
      const uint32_t row = tc_grid_row(tc_grid_iq3s, one) | tc_grid_row(tc_grid_iq3s, two) << 12;
      for (int i = 0; i < 8; i++) {
        const int value = (int)(2 * (row >> 3 * i & 7) + 1);
        y[i] = with_sign(scale * (float)value, signs[4 * g + l], i);
      }
    }
  }
}

// Eight values of -1, 0 and 1, all moved by one eighth.
TC_INLINE void iq1_row(float scale, uint32_t row, float delta, float *y) {
  for (int i = 0; i < 8; i++) y[i] = scale * ((float)((int)(row >> 2 * i & 3) - 1) + delta);
}

TC_INLINE void iq1_s_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  for (int g = 0; g < 8; g++) {
    const uint32_t high = tc_load_u16(b + 34 + 2 * g);
    const float scale = d * (float)(int)(2 * (high >> 12 & 7) + 1);
    const float delta = high & 0x8000 ? -0.125f : 0.125f;
    for (int l = 0; l < 4; l++, y += 8) {
      const uint32_t index = b[2 + 4 * g + l] | (high >> 3 * l & 7) << 8;
      iq1_row(scale, tc_grid_row(tc_grid_iq1s, index), delta, y);
    }
  }
}

// The block's scale lies in the top nibbles of the four words of group scales.
TC_INLINE void iq1_m_block(const uint8_t *b, float *y) {
  const uint8_t *scales = b + 48;
  uint8_t bits[2];
  bits[0] = (uint8_t)(scales[1] >> 4 | (scales[3] & 0xF0));
  bits[1] = (uint8_t)(scales[5] >> 4 | (scales[7] & 0xF0));
  const float d = tc_half(bits);
  for (int l = 0; l < 32; l++, y += 8) {
    const uint32_t word = tc_load_u16(scales + 2 * (l / 8));
    const float scale = d * (float)(int)(2 * (word >> 3 * (l / 2 % 4) & 7) + 1);
    const uint32_t high = b[32 + l / 2] >> 4 * (l % 2);
    const uint32_t index = b[l] | (high & 7) << 8;
    iq1_row(scale, tc_grid_row(tc_grid_iq1s, index), high & 8 ? -0.125f : 0.125f, y);
  }
}

#define TC_LEVEL(level, target) TC_GGML_GRID(TC_GGML_DEFINE_ONE, level, target)
TC_LEVEL(scalar, )
TC_EACH_LEVEL(TC_LEVEL)

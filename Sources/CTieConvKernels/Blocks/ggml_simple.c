// Decoders of ggml's types with one scale a block, and of its ternary and 4-bit float types.
#include "tc_ggml_bodies.h"

const int8_t tc_codes_iq4[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
};
const int8_t tc_codes_fp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

TC_INLINE void q4_0_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  for (int i = 0; i < 16; i++) {
    y[i] = d * (float)((b[2 + i] & 15) - 8);
    y[i + 16] = d * (float)((b[2 + i] >> 4) - 8);
  }
}

TC_INLINE void q4_1_block(const uint8_t *b, float *y) {
  const float d = tc_half(b), m = tc_half(b + 2);
  for (int i = 0; i < 16; i++) {
    y[i] = d * (float)(b[4 + i] & 15) + m;
    y[i + 16] = d * (float)(b[4 + i] >> 4) + m;
  }
}

TC_INLINE void q5_0_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  const uint32_t high = tc_load_u32(b + 2);
  for (int i = 0; i < 16; i++) {
    int low = (b[6 + i] & 15) | (int)((high >> i & 1) << 4);
    int up = (b[6 + i] >> 4) | (int)((high >> (i + 16) & 1) << 4);
    y[i] = d * (float)(low - 16);
    y[i + 16] = d * (float)(up - 16);
  }
}

TC_INLINE void q5_1_block(const uint8_t *b, float *y) {
  const float d = tc_half(b), m = tc_half(b + 2);
  const uint32_t high = tc_load_u32(b + 4);
  for (int i = 0; i < 16; i++) {
    int low = (b[8 + i] & 15) | (int)((high >> i & 1) << 4);
    int up = (b[8 + i] >> 4) | (int)((high >> (i + 16) & 1) << 4);
    y[i] = d * (float)low + m;
    y[i + 16] = d * (float)up + m;
  }
}

TC_INLINE void bytes_times(float d, const uint8_t *q, int n, float *y) {
  for (int i = 0; i < n; i++) y[i] = d * (float)(int8_t)q[i];
}

TC_INLINE void q8_0_block(const uint8_t *b, float *y) { bytes_times(tc_half(b), b + 2, 32, y); }

// The second number, the sum of the values, is for dot products.
TC_INLINE void q8_1_block(const uint8_t *b, float *y) { bytes_times(tc_half(b), b + 4, 32, y); }

TC_INLINE void codes_times(float d, const int8_t *codes, const uint8_t *q, int n, float *y) {
  for (int i = 0; i < n; i++) {
    y[i] = d * (float)codes[q[i] & 15];
    y[i + n] = d * (float)codes[q[i] >> 4];
  }
}

TC_INLINE void iq4_nl_block(const uint8_t *b, float *y) {
  codes_times(tc_half(b), tc_codes_iq4, b + 2, 16, y);
}

// E8M0, halved because the codes are doubled: 2^(e - 128).
TC_INLINE void mxfp4_block(const uint8_t *b, float *y) {
  uint32_t e = b[0];
  float d = tc_float_of(e < 2 ? 0x00200000u << e : (e - 1) << 23);
  codes_times(d, tc_codes_fp4, b + 1, 16, y);
}

// Unsigned E4M3, halved likewise; 0x7F counts as 0, and bit 7 is not looked at but in that.
TC_INLINE float ue4m3_halved(uint32_t x) {
  uint32_t exponent = x >> 3 & 15, mantissa = x & 7;
  float subnormal = (float)(int32_t)mantissa * 0x1p-10f;
  float normal = tc_float_of((exponent + 119) << 23 | mantissa << 20);
  return x == 0x7F ? 0 : exponent == 0 ? subnormal : normal;
}

TC_INLINE void nvfp4_block(const uint8_t *b, float *y) {
  for (int s = 0; s < 4; s++) {
    codes_times(ue4m3_halved(b[s]), tc_codes_fp4, b + 4 + 8 * s, 8, y + 16 * s);
  }
}

// Five base-3 digits in a byte, as the fraction b/256: times 3^n mod 256 brings digit n to the top.
TC_INLINE float trit(uint8_t b, uint8_t power) {
  return (float)(((uint8_t)(b * power) * 3 >> 8) - 1);
}

TC_INLINE void tq1_0_block(const uint8_t *b, float *y) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  const float d = tc_half(b + 52);
  for (int n = 0; n < 5; n++) {
    for (int i = 0; i < 32; i++) y[32 * n + i] = d * trit(b[i], powers[n]);
  }
  for (int n = 0; n < 5; n++) {
    for (int i = 0; i < 16; i++) y[160 + 16 * n + i] = d * trit(b[32 + i], powers[n]);
  }
  for (int n = 0; n < 4; n++) {
    for (int i = 0; i < 4; i++) y[240 + 4 * n + i] = d * trit(b[48 + i], powers[n]);
  }
}

TC_INLINE void tq2_0_block(const uint8_t *b, float *y) {
  const float d = tc_half(b + 64);
  for (int h = 0; h < 2; h++, b += 32) {
    for (int k = 0; k < 4; k++, y += 32) {
      for (int i = 0; i < 32; i++) y[i] = d * (float)((b[i] >> 2 * k & 3) - 1);
    }
  }
}

TC_INLINE void q1_0_block(const uint8_t *b, float *y) {
  const uint32_t d = tc_bits_of(tc_half(b));
  for (int i = 0; i < 16; i++) {
    for (int k = 0; k < 8; k++) {
      y[8 * i + k] = tc_float_of(d ^ (b[2 + i] >> k & 1 ? 0 : 0x80000000u));
    }
  }
}

TC_INLINE void q2_0_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  for (int i = 0; i < 16; i++) {
    for (int k = 0; k < 4; k++) y[4 * i + k] = d * (float)((b[2 + i] >> 2 * k & 3) - 1);
  }
}

#define TC_LEVEL(level, target) TC_GGML_SIMPLE(TC_GGML_DEFINE_ONE, level, target)
TC_LEVEL(scalar, )
TC_EACH_LEVEL(TC_LEVEL)

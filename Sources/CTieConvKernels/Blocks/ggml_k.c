// Decoders of ggml's K types: super-blocks of 256 values with a scale, mostly of 6 bits, per group.
#include "tc_ggml_bodies.h"

// Two bits a value: 32 bytes hold four runs of 32 values, one a bit pair.
TC_INLINE void q2_k_block(const uint8_t *b, float *y) {
  const float d = tc_half(b + 80), dmin = tc_half(b + 82);
  for (int run = 0; run < 8; run++, y += 32) {
    const uint8_t *q = b + 16 + 32 * (run / 4);
    const int shift = 2 * (run % 4);
    for (int half = 0; half < 2; half++) {
      const uint8_t s = b[2 * run + half];
      const float scale = d * (float)(s & 15), least = dmin * (float)(s >> 4);
      for (int i = 16 * half; i < 16 * half + 16; i++) {
        y[i] = scale * (float)(q[i] >> shift & 3) - least;
      }
    }
  }
}

TC_INLINE void q3_k_block(const uint8_t *b, float *y) {
  const float d = tc_half(b + 108);
  const uint8_t *scales = b + 96;
  for (int run = 0; run < 8; run++, y += 32) {
    const uint8_t *q = b + 32 + 32 * (run / 4);
    const int shift = 2 * (run % 4);
    for (int half = 0; half < 2; half++) {
      const int k = 2 * run + half;
      const int low = k < 8 ? scales[k] & 15 : scales[k - 8] >> 4;
      const int top = scales[8 + k % 4] >> 2 * (k / 4) & 3;
      const float scale = d * (float)((low | top << 4) - 32);
      for (int i = 16 * half; i < 16 * half + 16; i++) {
        // The offset is there where the bit of the mask is not.
        const int offset = (b[i] >> run & 1) ? 0 : 4;
        y[i] = scale * (float)((q[i] >> shift & 3) - offset);
      }
    }
  }
}

// Scale and least value of group g of a Q4_K or Q5_K block, 6 bits each in 12 bytes.
TC_INLINE void six_bits(const uint8_t *s, int g, int *scale, int *least) {
  if (g < 4) {
    *scale = s[g] & 63;
    *least = s[g + 4] & 63;
  } else {
    *scale = (s[g + 4] & 15) | (s[g - 4] >> 6) << 4;
    *least = (s[g + 4] >> 4) | (s[g] >> 6) << 4;
  }
}

TC_INLINE void q4_k_block(const uint8_t *b, float *y) {
  const float d = tc_half(b), dmin = tc_half(b + 2);
  for (int g = 0; g < 8; g++, y += 32) {
    int scale, least;
    six_bits(b + 4, g, &scale, &least);
    const float times = d * (float)scale, less = dmin * (float)least;
    const uint8_t *q = b + 16 + 32 * (g / 2);
    const int shift = 4 * (g % 2);
    for (int i = 0; i < 32; i++) y[i] = times * (float)(q[i] >> shift & 15) - less;
  }
}

TC_INLINE void q5_k_block(const uint8_t *b, float *y) {
  const float d = tc_half(b), dmin = tc_half(b + 2);
  const uint8_t *high = b + 16;
  for (int g = 0; g < 8; g++, y += 32) {
    int scale, least;
    six_bits(b + 4, g, &scale, &least);
    const float times = d * (float)scale, less = dmin * (float)least;
    const uint8_t *q = b + 48 + 32 * (g / 2);
    const int shift = 4 * (g % 2);
    for (int i = 0; i < 32; i++) {
      const int value = (q[i] >> shift & 15) | (high[i] >> g & 1) << 4;
      y[i] = times * (float)value - less;
    }
  }
}

TC_INLINE void q6_k_block(const uint8_t *b, float *y) {
  const float d = tc_half(b + 208);
  const uint8_t *scales = b + 192;
  for (int run = 0; run < 8; run++, y += 32) {
    const int h = run / 4, k = run % 4;
    const uint8_t *low = b + 64 * h + 32 * (k % 2), *top = b + 128 + 32 * h;
    for (int half = 0; half < 2; half++) {
      const float scale = d * (float)(int8_t)scales[2 * run + half];
      for (int i = 16 * half; i < 16 * half + 16; i++) {
        const int value = (low[i] >> 4 * (k / 2) & 15) | (top[i] >> 2 * k & 3) << 4;
        y[i] = scale * (float)(value - 32);
      }
    }
  }
}

// Sums of 16 values each follow, for dot products.
TC_INLINE void q8_k_block(const uint8_t *b, float *y) {
  const float d = tc_load_f32(b);
  for (int i = 0; i < 256; i++) y[i] = d * (float)(int8_t)b[4 + i];
}

TC_INLINE void iq4_xs_block(const uint8_t *b, float *y) {
  const float d = tc_half(b);
  const uint32_t high = tc_load_u16(b + 2);
  for (int g = 0; g < 8; g++, y += 32) {
    const int low = b[4 + g / 2] >> 4 * (g % 2) & 15;
    const int top = (int)(high >> 2 * g & 3);
    const float scale = d * (float)((low | top << 4) - 32);
    const uint8_t *q = b + 8 + 16 * g;
    for (int i = 0; i < 16; i++) {
      y[i] = scale * (float)tc_codes_iq4[q[i] & 15];
      y[i + 16] = scale * (float)tc_codes_iq4[q[i] >> 4];
    }
  }
}

#define TC_LEVEL(level, target) TC_GGML_K(TC_GGML_DEFINE_ONE, level, target)
TC_LEVEL(scalar, )
TC_EACH_LEVEL(TC_LEVEL)

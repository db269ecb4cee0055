// Decoding packed weights. Loops over whole words or groups, so that compilers vectorise them.
#include "tc_levels.h"
#include "tc_packed.h"

// A product that is added to something must be rounded first.
#pragma STDC FP_CONTRACT OFF

TC_INLINE void stream_loop(const void *source, size_t n, unsigned bits, uint8_t *codes) {
  const uint8_t *p = source;
  uint8_t mask = (uint8_t)((1u << bits) - 1);
  if (bits == 8) {
    __builtin_memcpy(codes, p, n);
    return;
  }
  // Eight codes are exactly `bits` bytes.
  size_t packs = n / 8;
  if (bits == 4) {
    for (size_t i = 0; i < packs * 4; i++) {
      codes[2 * i] = p[i] & 15;
      codes[2 * i + 1] = p[i] >> 4;
    }
  } else if (bits == 2) {
    for (size_t i = 0; i < packs * 2; i++) {
      for (unsigned k = 0; k < 4; k++) codes[4 * i + k] = (p[i] >> (2 * k)) & 3;
    }
  } else {
    for (size_t i = 0; i < packs; i++) {
      uint64_t pack = 0;
      for (unsigned k = 0; k < bits; k++) pack |= (uint64_t)p[i * bits + k] << (8 * k);
      for (unsigned k = 0; k < 8; k++) codes[8 * i + k] = (uint8_t)(pack >> (k * bits)) & mask;
    }
  }
  for (size_t i = packs * 8; i < n; i++) {
    size_t bit = i * bits;
    unsigned code = p[bit / 8] >> (bit % 8);
    if (bit % 8 + bits > 8) code |= (unsigned)p[bit / 8 + 1] << (8 - bit % 8);
    codes[i] = (uint8_t)code & mask;
  }
}

TC_INLINE void words_loop(const void *source, size_t n, unsigned bits, uint8_t *codes) {
  const uint8_t *p = source;
  size_t each = 32 / bits;
  uint8_t mask = (uint8_t)((1u << bits) - 1);
  for (size_t start = 0; start < n; start += each, p += 4) {
    uint32_t word = tc_load_u32(p);
    size_t count = n - start < each ? n - start : each;
    for (size_t k = 0; k < count; k++) codes[start + k] = (uint8_t)(word >> (k * bits)) & mask;
  }
}

TC_INLINE void high_first_loop(const void *source, size_t n, uint8_t *codes) {
  const uint8_t *p = source;
  for (size_t i = 0; i < n / 2; i++) {
    codes[2 * i] = p[i] >> 4;
    codes[2 * i + 1] = p[i] & 15;
  }
  if (n % 2) codes[n - 1] = p[n / 2] >> 4;
}

TC_INLINE void interleaved_loop(const void *source, size_t n, uint8_t *codes) {
  const uint8_t *p = source;
  for (size_t i = 0; i < n / 8; i++, p += 4, codes += 8) {
    // Even columns lie in the low half of the word, odd ones in the high half.
    for (unsigned k = 0; k < 2; k++) {
      codes[4 * k] = p[k] & 15;
      codes[4 * k + 2] = p[k] >> 4;
      codes[4 * k + 1] = p[k + 2] & 15;
      codes[4 * k + 3] = p[k + 2] >> 4;
    }
  }
}

TC_INLINE void look_up_loop(const uint8_t *codes, size_t n, const float *table, float *target) {
  for (size_t i = 0; i < n; i++) target[i] = table[codes[i]];
}

TC_INLINE void unsigned_loop(const uint8_t *codes, size_t n, float *target) {
  for (size_t i = 0; i < n; i++) target[i] = (float)codes[i];
}

TC_INLINE void signed_loop(const uint8_t *codes, size_t n, float *target) {
  for (size_t i = 0; i < n; i++) target[i] = (float)(int8_t)codes[i];
}

TC_INLINE void scale_loop(float *values, size_t n, size_t group, const float *zeros,
                          const float *factors) {
  for (size_t start = 0, k = 0; start < n; start += group, k++) {
    size_t count = n - start < group ? n - start : group;
    float factor = factors[k];
    float *v = values + start;
    if (zeros) {
      float zero = zeros[k];
      for (size_t i = 0; i < count; i++) v[i] = (v[i] - zero) * factor;
    } else {
      for (size_t i = 0; i < count; i++) v[i] = v[i] * factor;
    }
  }
}

TC_INLINE void add_loop(float *values, size_t n, size_t group, const float *terms) {
  for (size_t start = 0, k = 0; start < n; start += group, k++) {
    size_t count = n - start < group ? n - start : group;
    float term = terms[k];
    for (size_t i = 0; i < count; i++) values[start + i] += term;
  }
}

TC_INLINE void index_loop(float *values, size_t n, const uint32_t *groups, const float *zeros,
                          const float *factors) {
  for (size_t i = 0; i < n; i++) {
    float value = zeros ? values[i] - zeros[groups[i]] : values[i];
    values[i] = value * factors[groups[i]];
  }
}

TC_INLINE void add_scaled_loop(float *target, size_t n, float factor, const float *source) {
  for (size_t i = 0; i < n; i++) target[i] += factor * source[i];
}

#define TC_PACKED(level, attribute)                                                              \
  attribute static void stream_##level(const void *s, size_t n, unsigned bits, uint8_t *c) {     \
    stream_loop(s, n, bits, c);                                                                  \
  }                                                                                              \
  attribute static void words_##level(const void *s, size_t n, unsigned bits, uint8_t *c) {      \
    words_loop(s, n, bits, c);                                                                   \
  }                                                                                              \
  attribute static void high_first_##level(const void *s, size_t n, uint8_t *c) {                \
    high_first_loop(s, n, c);                                                                    \
  }                                                                                              \
  attribute static void interleaved_##level(const void *s, size_t n, uint8_t *c) {               \
    interleaved_loop(s, n, c);                                                                   \
  }                                                                                              \
  attribute static void look_up_##level(const uint8_t *c, size_t n, const float *t, float *v) {  \
    look_up_loop(c, n, t, v);                                                                    \
  }                                                                                              \
  attribute static void unsigned_##level(const uint8_t *c, size_t n, float *v) {                 \
    unsigned_loop(c, n, v);                                                                      \
  }                                                                                              \
  attribute static void signed_##level(const uint8_t *c, size_t n, float *v) {                   \
    signed_loop(c, n, v);                                                                        \
  }                                                                                              \
  attribute static void scale_##level(float *v, size_t n, size_t group, const float *z,          \
                                      const float *f) {                                          \
    scale_loop(v, n, group, z, f);                                                               \
  }                                                                                              \
  attribute static void add_##level(float *v, size_t n, size_t group, const float *t) {          \
    add_loop(v, n, group, t);                                                                    \
  }                                                                                              \
  attribute static void index_##level(float *v, size_t n, const uint32_t *g, const float *z,     \
                                      const float *f) {                                          \
    index_loop(v, n, g, z, f);                                                                   \
  }                                                                                              \
  attribute static void add_scaled_##level(float *v, size_t n, float f, const float *s) {        \
    add_scaled_loop(v, n, f, s);                                                                 \
  }                                                                                              \
  static const tc_packed_table packed_##level = {                                                \
      .unpack_stream = stream_##level,                                                           \
      .unpack_words = words_##level,                                                             \
      .unpack_high_first = high_first_##level,                                                   \
      .unpack_interleaved = interleaved_##level,                                                 \
      .look_up = look_up_##level,                                                                \
      .from_unsigned = unsigned_##level,                                                         \
      .from_signed = signed_##level,                                                             \
      .scale_groups = scale_##level,                                                             \
      .add_groups = add_##level,                                                                 \
      .scale_by_index = index_##level,                                                           \
      .add_scaled = add_scaled_##level,                                                          \
  };

TC_PACKED(scalar, )
TC_EACH_LEVEL(TC_PACKED)

const tc_packed_table *tc_packed_at(tc_level level) {
  return tc_runs_level(level) ? TC_TABLE_OF(packed, level) : NULL;
}

const tc_packed_table *tc_packed(void) { return TC_TABLE_OF(packed, tc_best_level()); }

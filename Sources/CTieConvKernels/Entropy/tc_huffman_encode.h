// The parts of the literal encoder that do not depend on how symbols are counted and coded.
#ifndef TC_HUFFMAN_ENCODE_H
#define TC_HUFFMAN_ENCODE_H

#include "tc_huffman.h"

enum { sample_group = 64 };

TC_INLINE size_t sample_step(size_t n) { return n >= 48 << 10 ? 11 : n >= 16 << 10 ? 3 : 1; }

// Counts a sample: all of one group of symbols in eleven, three or one. Of this much, the code loses
// less than 0.1 %; a stride that is no power of two meets all columns of a matrix. Four tables, so
// that equal neighbours do not wait for each other. Returns 0 where there is a byte above 127.
TC_INLINE int count_sample(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t part[4][256] = {{0}};
  const size_t stride = sample_group * sample_step(n);
  for (size_t start = 0; start < n; start += stride) {
    size_t end = n - start < sample_group ? n : start + sample_group, i = start;
    for (; i + 8 <= end; i += 8) {
      const uint64_t word = tc_load_u64(source + i);
      for (int k = 0; k < 8; k++) part[k % 4][word >> 8 * k & 255]++;
    }
    for (; i < end; i++) part[0][source[i]]++;
  }
  uint32_t above = 0;
  for (int i = 0; i < 256; i++) {
    counts[i] = part[0][i] + part[1][i] + part[2][i] + part[3][i];
    above |= i < tc_huffman_symbols ? 0 : counts[i];
  }
  return above == 0;
}

// What the sample stands for; symbols that it lacks are counted exactly, because each needs a code.
TC_INLINE void scale_counts(size_t n, const uint32_t rare[256], uint32_t counts[256]) {
  const uint32_t step = (uint32_t)sample_step(n);
  for (int i = 0; i < 256; i++) counts[i] = counts[i] > 0 ? counts[i] * step : rare[i];
}

// Bits, the first ones lowest. Each put writes 8 bytes, so up to 8 beyond the end are touched.
typedef struct {
  uint8_t *place;
  uint64_t bits;
  uint32_t count;  // below 8 between calls
} bit_writer;

// At most 56 bits.
TC_INLINE void put(bit_writer *w, uint64_t bits, uint32_t count) {
  w->bits |= bits << w->count;
  __builtin_memcpy(w->place, &w->bits, 8);
  w->count += count;
  w->place += w->count >> 3;
  w->bits >>= w->count & 56;
  w->count &= 7;
}

// A one ends the stream: the decoder finds the last bit by it.
TC_INLINE uint8_t *finished(bit_writer *w) {
  put(w, 1, 1);
  return w->place + (w->count > 0);
}

TC_INLINE void put_bytes(uint8_t *target, uint64_t value, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] = (uint8_t)(value >> 8 * i);
}

// The weights of the code, 4 bits each (RFC 8878 section 4.2.1.1).
TC_INLINE uint8_t *put_weights(uint8_t *target, const uint8_t *lengths, int highest, int longest) {
  *target++ = (uint8_t)(127 + highest);
  for (int symbol = 0; symbol < highest; symbol += 2) {
    int first = lengths[symbol] == 0 ? 0 : longest + 1 - lengths[symbol];
    int second = symbol + 1 == highest || lengths[symbol + 1] == 0
                     ? 0 : longest + 1 - lengths[symbol + 1];
    *target++ = (uint8_t)(first << 4 | second);
  }
  return target;
}

// The most that a block of n symbols takes, and what vector stores may touch beyond it.
TC_INLINE size_t block_bound(size_t n) { return n / 8 * tc_huffman_bits + 256; }

// One block: header, literals of type 2 (with code) or 3 (without), no sequences. Returns its end;
// NULL where it is no shorter than its symbols.
#define TC_ENCODE_BLOCK(level, attribute, stream)                                                 \
  attribute static uint8_t *encode_block_##level(                                                 \
      const uint8_t *source, size_t n, int highest, int longest, int last, uint8_t *target,       \
      const tc_huffman_room *room) {                                                              \
    const size_t header = n > 16383 ? 5 : n > 1023 ? 4 : 3;                                       \
    const int format = n > 16383 ? 3 : n > 1023 ? 2 : 1, width = n > 16383 ? 18 : n > 1023 ? 14 : 10; \
    uint8_t *body = target + 3 + header, *p = body;                                               \
    if (highest > 0) p = put_weights(p, room->lengths, highest, longest);                         \
    uint8_t *sizes = p;                                                                           \
    p += 6;                                                                                       \
    const size_t part = (n + 3) / 4;                                                              \
    for (size_t k = 0; k < 4; k++) {                                                              \
      uint8_t *end = stream(source + k * part, k < 3 ? part : n - 3 * part, room, p);             \
      if (k < 3) put_bytes(sizes + 2 * k, (uint64_t)(end - p), 2);                                \
      p = end;                                                                                    \
    }                                                                                             \
    const uint64_t size = (uint64_t)(p - body);                                                   \
    if (size + header + 1 >= n) return NULL;                                                      \
    put_bytes(target + 3,                                                                         \
              (highest > 0 ? 2u : 3u) | (uint64_t)format << 2 | (uint64_t)n << 4 |                \
                  size << (4 + width), header);                                                   \
    *p++ = 0;                                                                                     \
    put_bytes(target, (uint64_t)last | 2u << 1 | (size + header + 1) << 3, 3);                    \
    return p;                                                                                     \
  }

#define TC_ENCODE_LITERALS(level, attribute, count, stream)                                       \
  TC_ENCODE_BLOCK(level, attribute, stream)                                                       \
  attribute size_t tc_encode_literals_##level(const uint8_t *source, size_t n, uint8_t *target,   \
                                              size_t capacity, int is_wide,                       \
                                              tc_huffman_room *room) {                            \
    if (n < huffman_least || n > UINT32_MAX) return 0;                                            \
    /* Magic number; one segment, 4 bytes of content size. */                                     \
    if (capacity < 9) return 0;                                                                   \
    put_bytes(target, 0xFD2FB528u | (uint64_t)0xA0 << 32, 5);                                     \
    put_bytes(target + 5, n, 4);                                                                  \
    uint8_t *p = target + 9;                                                                      \
    const size_t sets = (n + huffman_set - 1) / huffman_set, share = (n + sets - 1) / sets;       \
    for (size_t start = 0; start < n; start += share) {                                           \
      const uint8_t *set = source + start;                                                        \
      const size_t size = n - start < share ? n - start : share;                                  \
      const size_t blocks =                                                                       \
          size < huffman_single                ? 1                                                \
          : size < huffman_wide || !is_wide    ? 2                                                \
                                               : huffman_blocks;                                  \
      const size_t even = (size + blocks - 1) / blocks;                                           \
      /* A multiple of four, so that all streams have the same length wherever they can. */       \
      const size_t block = blocks < huffman_blocks ? even : (even + 3) / 4 * 4;                   \
      if (capacity - (size_t)(p - target) < blocks * block_bound(block)) return 0;                \
      const int suits = count(set, size, room->counts);                                           \
      const int highest = suits ? tc_huffman_lengths(room->counts, room->lengths) : 0;            \
      if (highest == 0) return 0;                                                                 \
      const int longest = tc_huffman_codes(room->lengths, room->codes);                           \
      for (size_t at = 0; at < size; at += block) {                                               \
        const size_t part = size - at < block ? size - at : block;                                \
        p = encode_block_##level(set + at, part, at == 0 ? highest : 0, longest,                  \
                                 start + at + part == n, p, room);                                \
        if (p == NULL) return 0;                                                                  \
      }                                                                                           \
    }                                                                                             \
    return (size_t)(p - target);                                                                  \
  }

#endif

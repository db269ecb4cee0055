// The encoder of literals in plain C: the definition that all others must equal, and a fast one for
// machines without AVX-512.
#include "tc_huffman_encode.h"

TC_INLINE int count_scalar(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t rare[256] = {0};
  if (!count_sample(source, n, counts)) return 0;
  for (size_t i = 0; i < n; i++) rare[source[i]]++;
  scale_counts(n, rare, counts);
  return 1;
}

// One stream: its last symbol first, as the decoder reads from the end.
TC_INLINE uint8_t *stream_scalar(const uint8_t *source, size_t n, const tc_huffman_room *room,
                                 uint8_t *target) {
  bit_writer writer = {target, 0, 0};
  size_t i = n;
  for (; i % 4 != 0; i--) put(&writer, room->codes[source[i - 1]], room->lengths[source[i - 1]]);
  for (; i > 0; i -= 4) {
    uint64_t bits = 0;
    uint32_t count = 0;
    for (size_t k = 1; k <= 4; k++) {
      bits |= (uint64_t)room->codes[source[i - k]] << count;
      count += room->lengths[source[i - k]];
    }
    put(&writer, bits, count);
  }
  return finished(&writer);
}

TC_ENCODE_LITERALS(scalar, , count_scalar, stream_scalar)

// The longest run of symbols that the sample has: its first, and how many follow. Nearly all bytes
// lie in it, and a compiler compares many of them at once with its ends.
TC_INLINE void longest_run(const uint32_t counts[256], uint8_t *first, uint8_t *more) {
  int from = 0, longest = 0;
  for (int symbol = 0; symbol < tc_huffman_symbols; symbol++) {
    if (counts[symbol] == 0) {
      from = symbol + 1;
    } else if (symbol + 1 - from > longest) {
      longest = symbol + 1 - from;
      *first = (uint8_t)from;
      *more = (uint8_t)(longest - 1);
    }
  }
}

TC_INLINE int count_runs(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t rare[256] = {0};
  uint8_t first = 0, more = 0;
  if (!count_sample(source, n, counts)) return 0;
  longest_run(counts, &first, &more);
  size_t i = 0;
  for (; i + sample_group <= n; i += sample_group) {
    uint8_t outside = 0;
    for (size_t k = 0; k < sample_group; k++) {
      outside |= (uint8_t)(source[i + k] - first) > more ? 255 : 0;
    }
    if (__builtin_expect(outside == 0, 1)) continue;
    for (size_t k = 0; k < sample_group; k++) rare[source[i + k]]++;
  }
  for (; i < n; i++) rare[source[i]]++;
  scale_counts(n, rare, counts);
  return 1;
}

// Five symbols at a time, which is what 56 bits hold. An entry has a code in its top bits and the
// length in its low byte: codes enter a word at its top and push the earlier ones down, so that a
// symbol costs a shift, an OR and an addition. Lengths stay below the codes and are shifted out.
TC_INLINE uint8_t *stream_fives(const uint8_t *source, size_t n, const tc_huffman_room *room,
                                uint8_t *target) {
  uint64_t entries[tc_huffman_symbols];
  for (int i = 0; i < tc_huffman_symbols; i++) {
    entries[i] = (uint64_t)room->codes[i] << ((64 - room->lengths[i]) & 63) | room->lengths[i];
  }
  bit_writer writer = {target, 0, 0};
  size_t i = n;
  for (; i >= 5; i -= 5) {
    uint64_t bits = 0, count = 0;
    for (size_t k = 1; k <= 5; k++) {
      const uint64_t entry = entries[source[i - k]];
      bits = bits >> (entry & 63) | entry;
      count += entry;
    }
    put(&writer, bits >> (-count & 63), (uint32_t)count & 63);
  }
  for (; i > 0; i--) put(&writer, room->codes[source[i - 1]], room->lengths[source[i - 1]]);
  return finished(&writer);
}

TC_ENCODE_LITERALS(portable, , count_runs, stream_fives)
#if defined(__x86_64__)
TC_ENCODE_LITERALS(avx2, __attribute__((target("avx2,bmi,bmi2"))), count_runs, stream_fives)
#endif

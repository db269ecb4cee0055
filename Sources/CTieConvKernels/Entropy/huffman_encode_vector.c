// The encoder of literals with AVX-512: 64 symbols are looked up in registers, their codes joined
// pairwise, three times over, and 8 of them appended at once.
#include "tc_huffman_encode.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef struct {
  __m512i low, high;
} byte_table;

INLINE __m512i looked_up(byte_table t, __m512i symbols) {
  return _mm512_permutex2var_epi8(t.low, symbols, t.high);
}

// Which symbols the table has a 0 for, or are above 127.
INLINE __mmask64 unknown(byte_table t, __m512i symbols) {
  const __m512i known = looked_up(t, symbols);
  return _mm512_testn_epi8_mask(known, known) | _mm512_movepi8_mask(symbols);
}

INLINE int count_vector(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t rare[256] = {0};
  uint8_t sampled[tc_huffman_symbols];
  if (!count_sample(source, n, counts)) return 0;
  for (int i = 0; i < tc_huffman_symbols; i++) sampled[i] = counts[i] > 0;
  const byte_table table = {_mm512_loadu_si512(sampled), _mm512_loadu_si512(sampled + 64)};
  size_t i = 0;
  for (; i + 256 <= n; i += 256) {
    __mmask64 left[4];
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) left[k] = unknown(table, _mm512_loadu_si512(source + i + 64 * k));
    if (__builtin_expect((left[0] | left[1] | left[2] | left[3]) == 0, 1)) continue;
    for (size_t k = 0; k < 4; k++) {
      const uint8_t *part = source + i + 64 * k;
      for (; left[k] != 0; left[k] &= left[k] - 1) rare[part[__builtin_ctzll(left[k])]]++;
    }
  }
  for (; i < n; i++) rare[source[i]]++;
  scale_counts(n, rare, counts);
  return 1;
}

typedef struct {
  byte_table lengths, low, high;
} code_tables;

// Bits and how many, a pair or more of symbols a lane: within a lane, the later symbol lies lower.
typedef struct {
  __m512i bits, counts;
} lanes;

INLINE lanes pairs_of(const code_tables *t, __m512i symbols, __m512i *next_bits,
                      __m512i *next_counts) {
  const __m512i lengths = looked_up(t->lengths, symbols);
  const __m512i low = looked_up(t->low, symbols), high = looked_up(t->high, symbols);
  const __m512i byte = _mm512_set1_epi16(255), half = _mm512_set1_epi32(0xFFFF);
  // 16-bit lanes: the code of the even symbol, of the odd one, and their lengths.
  const __m512i even = _mm512_or_si512(_mm512_and_si512(low, byte), _mm512_slli_epi16(high, 8));
  const __m512i odd =
      _mm512_or_si512(_mm512_srli_epi16(low, 8), _mm512_andnot_si512(byte, high));
  const __m512i odd_length = _mm512_srli_epi16(lengths, 8);
  const __m512i sum = _mm512_add_epi16(_mm512_and_si512(lengths, byte), odd_length);
  // 32-bit lanes: symbols 0 and 1 of four, and 2 and 3.
  *next_bits = _mm512_or_si512(
      _mm512_srli_epi32(odd, 16),
      _mm512_sllv_epi32(_mm512_srli_epi32(even, 16), _mm512_srli_epi32(odd_length, 16)));
  *next_counts = _mm512_srli_epi32(sum, 16);
  return (lanes){
      _mm512_or_si512(_mm512_and_si512(odd, half),
                      _mm512_sllv_epi32(_mm512_and_si512(even, half),
                                        _mm512_and_si512(odd_length, half))),
      _mm512_and_si512(sum, half)};
}

// 64-bit lanes: the first four of eight symbols, and the last four; at most 44 bits each. Lane 0
// has the last eight symbols, because they come first in a stream.
INLINE void fours_of(const code_tables *t, __m512i symbols, lanes *first, lanes *last) {
  const __m512i word = _mm512_set1_epi64(0xFFFFFFFF);
  const __m512i turned =
      _mm512_permutexvar_epi64(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), symbols);
  lanes b, a = pairs_of(t, turned, &b.bits, &b.counts);
  *first = (lanes){
      _mm512_or_si512(_mm512_and_si512(b.bits, word),
                      _mm512_sllv_epi64(_mm512_and_si512(a.bits, word),
                                        _mm512_and_si512(b.counts, word))),
      _mm512_and_si512(_mm512_add_epi32(a.counts, b.counts), word)};
  *last = (lanes){
      _mm512_or_si512(_mm512_srli_epi64(b.bits, 32),
                      _mm512_sllv_epi64(_mm512_srli_epi64(a.bits, 32),
                                        _mm512_srli_epi64(b.counts, 32))),
      _mm512_srli_epi64(_mm512_add_epi32(a.counts, b.counts), 32)};
}

// The last lane that was put, and where the stream ends. Bits are shifted to their place within the
// byte that they start in; positions count the bits of the stream.
typedef struct {
  __m512i bits;    // lane 7
  __m512i whole;   // lane 7: bits from the byte that it starts in to the byte of the end
  __m512i end;     // all lanes
  uint64_t place;  // as `end`
} last_put;

INLINE last_put put_of(const bit_writer *w, const uint8_t *target) {
  const uint64_t end = (uint64_t)(w->place - target) * 8 + w->count;
  return (last_put){_mm512_set1_epi64((long long)w->bits), _mm512_setzero_si512(),
                    _mm512_set1_epi64((long long)end), end};
}

INLINE uint64_t top_lane(__m512i x) {
  return (uint64_t)_mm_extract_epi64(_mm512_extracti64x2_epi64(x, 3), 1);
}

INLINE bit_writer writer_of(last_put p, uint8_t *target) {
  return (bit_writer){target + (p.place >> 3), top_lane(p.bits) >> top_lane(p.whole),
                      (uint32_t)p.place & 7};
}

// Lane i - 1 of `now`, and lane 7 of `before`.
INLINE __m512i earlier(__m512i before, __m512i now) { return _mm512_alignr_epi64(now, before, 7); }

// Appends eight lanes of 8 to 56 bits, lane 0 first. Each is shifted to its place within its first
// byte, which has bits of no other lane than the one before; those are ORed in. The whole bytes of
// all lanes, side by side, are what the stream goes on with, up to a last byte that is not full yet
// and that the next call writes again.
INLINE last_put put_lanes(last_put before, __m512i bits, __m512i counts, uint8_t *target) {
  const __m512i zero = _mm512_setzero_si512(), seven = _mm512_set1_epi64(7);
  __m512i sums = _mm512_add_epi64(counts, _mm512_alignr_epi64(counts, zero, 7));
  sums = _mm512_add_epi64(sums, _mm512_alignr_epi64(sums, zero, 6));
  sums = _mm512_add_epi64(sums, _mm512_alignr_epi64(sums, zero, 4));
  const __m512i ends = _mm512_add_epi64(before.end, sums);
  const __m512i within = _mm512_and_si512(_mm512_sub_epi64(ends, counts), seven);
  last_put p;
  p.bits = _mm512_sllv_epi64(bits, within);
  p.whole = _mm512_andnot_si512(seven, _mm512_add_epi64(within, counts));
  p.end = _mm512_permutexvar_epi64(seven, ends);
  p.place = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(p.end));
  const __m512i words = _mm512_or_si512(
      p.bits,
      _mm512_srlv_epi64(earlier(before.bits, p.bits), earlier(before.whole, p.whole)));
  const __m512i each =
      _mm512_shuffle_epi8(p.whole, _mm512_set4_epi32(0x08080808, 0x08080808, 0, 0));
  const __mmask64 kept = _mm512_cmplt_epu8_mask(_mm512_set1_epi64(0x3830282018100800), each);
  _mm512_storeu_si512(target + (before.place >> 3), _mm512_maskz_compress_epi8(kept, words));
  return p;
}

// The same a lane at a time, for lanes of any count.
INLINE void put_halves(bit_writer *w, lanes first, lanes last) {
  uint64_t bits[2][8], counts[2][8];
  _mm512_storeu_si512(bits[0], first.bits);
  _mm512_storeu_si512(counts[0], first.counts);
  _mm512_storeu_si512(bits[1], last.bits);
  _mm512_storeu_si512(counts[1], last.counts);
  for (int i = 0; i < 8; i++) {
    put(w, bits[1][i], (uint32_t)counts[1][i]);
    put(w, bits[0][i], (uint32_t)counts[0][i]);
  }
}

INLINE byte_table table_of(const uint8_t *bytes) {
  return (byte_table){_mm512_loadu_si512(bytes), _mm512_loadu_si512(bytes + 64)};
}

INLINE uint8_t *stream_vector(const uint8_t *source, size_t n, const tc_huffman_room *room,
                              uint8_t *target) {
  uint8_t low[tc_huffman_symbols], high[tc_huffman_symbols];
  for (int i = 0; i < tc_huffman_symbols; i++) {
    low[i] = (uint8_t)room->codes[i];
    high[i] = (uint8_t)(room->codes[i] >> 8);
  }
  const code_tables tables = {table_of(room->lengths), table_of(low), table_of(high)};
  bit_writer writer = {target, 0, 0};
  lanes first, last;
  size_t i = n;
  for (; i % 64 != 0; i--) put(&writer, room->codes[source[i - 1]], room->lengths[source[i - 1]]);
  last_put p = put_of(&writer, target);
  while (i > 0) {
    i -= 64;
    fours_of(&tables, _mm512_loadu_si512(source + i), &first, &last);
    const __m512i counts = _mm512_add_epi64(first.counts, last.counts);
    if (__builtin_expect(_mm512_cmpgt_epu64_mask(counts, _mm512_set1_epi64(56)) == 0, 1)) {
      const __m512i bits = _mm512_or_si512(last.bits, _mm512_sllv_epi64(first.bits, last.counts));
      p = put_lanes(p, bits, counts, target);
    } else {
      writer = writer_of(p, target);
      put_halves(&writer, first, last);
      p = put_of(&writer, target);
    }
  }
  writer = writer_of(p, target);
  return finished(&writer);
}

TC_ENCODE_LITERALS(avx512, TARGET, count_vector, stream_vector)
#else
typedef int tc_no_vector_encoder;
#endif

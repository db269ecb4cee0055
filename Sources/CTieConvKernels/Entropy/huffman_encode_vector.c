// The encoder of literals with AVX-512: 64 symbols are looked up in registers, their codes joined
// pairwise, three times over, and 8 of them appended at once.
#include "tc_huffman_encode.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
  __attribute__((target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))

typedef struct {
  __m512i low, high;
} byte_table;

INLINE __m512i looked_up(byte_table t, __m512i symbols) {
  return _mm512_permutex2var_epi8(t.low, symbols, t.high);
}

INLINE int count_vector(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t rare[256] = {0};
  uint8_t sampled[tc_huffman_symbols];
  if (!count_sample(source, n, counts)) return 0;
  for (int i = 0; i < tc_huffman_symbols; i++) sampled[i] = counts[i] > 0;
  const byte_table table = {_mm512_loadu_si512(sampled), _mm512_loadu_si512(sampled + 64)};
  for (size_t i = 0; i < n; i += 64) {
    const __mmask64 some = n - i < 64 ? _bzhi_u64(~0ull, (unsigned)(n - i)) : ~0ull;
    const __m512i symbols = _mm512_maskz_loadu_epi8(some, source + i);
    const __m512i known = looked_up(table, symbols);
    uint64_t left = some & (_mm512_testn_epi8_mask(known, known) | _mm512_movepi8_mask(symbols));
    for (; left != 0; left &= left - 1) rare[source[i + (size_t)__builtin_ctzll(left)]]++;
  }
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

INLINE lanes pairs_of(const code_tables *t, __m512i symbols, __mmask64 some, __m512i *next_bits,
                      __m512i *next_counts) {
  const __m512i lengths = _mm512_maskz_permutex2var_epi8(some, t->lengths.low, symbols,
                                                         t->lengths.high);
  const __m512i low = _mm512_maskz_permutex2var_epi8(some, t->low.low, symbols, t->low.high);
  const __m512i high = _mm512_maskz_permutex2var_epi8(some, t->high.low, symbols, t->high.high);
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

// 64-bit lanes: the first four of eight symbols, and the last four; at most 44 bits each.
INLINE void fours_of(const code_tables *t, __m512i symbols, __mmask64 some, lanes *first,
                     lanes *last) {
  const __m512i word = _mm512_set1_epi64(0xFFFFFFFF);
  lanes b, a = pairs_of(t, symbols, some, &b.bits, &b.counts);
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

INLINE void put_group(bit_writer *w, const code_tables *t, __m512i symbols, __mmask64 some) {
  lanes first, last;
  fours_of(t, symbols, some, &first, &last);
  const __m512i total = _mm512_add_epi64(first.counts, last.counts);
  uint64_t bits[8], counts[8];
  if (__builtin_expect(_mm512_cmpgt_epu64_mask(total, _mm512_set1_epi64(56)) == 0, 1)) {
    _mm512_storeu_si512(
        bits, _mm512_or_si512(last.bits, _mm512_sllv_epi64(first.bits, last.counts)));
    _mm512_storeu_si512(counts, total);
    for (int i = 7; i >= 0; i--) put(w, bits[i], (uint32_t)counts[i]);
    return;
  }
  uint64_t last_bits[8], last_counts[8];
  _mm512_storeu_si512(bits, first.bits);
  _mm512_storeu_si512(counts, first.counts);
  _mm512_storeu_si512(last_bits, last.bits);
  _mm512_storeu_si512(last_counts, last.counts);
  for (int i = 7; i >= 0; i--) {
    put(w, last_bits[i], (uint32_t)last_counts[i]);
    put(w, bits[i], (uint32_t)counts[i]);
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
  const size_t tail = n % 64;
  size_t i = n - tail;
  if (tail > 0) {
    const __mmask64 some = _bzhi_u64(~0ull, (unsigned)tail);
    put_group(&writer, &tables, _mm512_maskz_loadu_epi8(some, source + i), some);
  }
  while (i > 0) {
    i -= 64;
    put_group(&writer, &tables, _mm512_loadu_si512(source + i), ~0ull);
  }
  return finished(&writer);
}

TC_ENCODE_LITERALS(avx512, TARGET, count_vector, stream_vector)
#else
typedef int tc_no_vector_encoder;
#endif

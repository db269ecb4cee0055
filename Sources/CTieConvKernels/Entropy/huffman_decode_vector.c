// The decoder of literals with AVX-512: 32 streams at once, those of eight blocks under one code.
//
// A step takes one symbol of every stream. What comes next in each stream lies in 64-bit lanes, its
// first bit on top; the top bits of all 32 make one register of 16-bit windows. Codes are found in
// registers, not in memory: in order of the windows, long codes come first (RFC 8878 section
// 4.2.1.3), so three tables of 64 entries will do, one over all windows for codes of up to 6 bits,
// two that look closer at the windows of longer ones. A code that does not fit them so is left to
// the library, as is anything but eight blocks of literals, and all that is damaged.
#include "tc_huffman.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET                                                                      \
  __attribute__((                                                                   \
      target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { streams = 4 * huffman_blocks, steps = 8, row = 64 };

typedef struct {
  __m512i low, high;
} word_table;

// Tables of code lengths (low bytes) and symbols (high bytes), and where each one's windows end.
typedef struct {
  word_table coarse, middle, fine;
  __m512i middle_end, fine_end;
  __m128i middle_shift;
} code_tables;

INLINE word_table table_of(const uint16_t *entries) {
  return (word_table){_mm512_loadu_si512(entries), _mm512_loadu_si512(entries + 32)};
}

// The first entry whose code has at most `length` bits.
INLINE uint32_t first_within(const uint16_t *entries, uint32_t length) {
  uint32_t i = 0;
  while (i < huffman_table && (entries[i] & 255) > length) {
    i += 1u << (tc_huffman_bits - (entries[i] & 255));
  }
  return i;
}

INLINE int open_tables(code_tables *t, const uint16_t *entries) {
  uint16_t coarse[64], middle[64];
  const uint32_t beyond = first_within(entries, 6);
  uint32_t zeros = 5;
  while (beyond > huffman_table >> zeros) zeros--;
  const uint32_t rest = first_within(entries, 6 + zeros);
  if (rest > 64) return 0;
  for (int i = 0; i < 64; i++) {
    coarse[i] = entries[i << 5];
    middle[i] = entries[i << (5 - zeros)];
  }
  t->coarse = table_of(coarse);
  t->middle = table_of(middle);
  t->fine = table_of(entries);
  t->middle_end = _mm512_set1_epi16((short)(beyond << 5));
  t->fine_end = _mm512_set1_epi16((short)(rest << 5));
  t->middle_shift = _mm_cvtsi32_si128((int)(10 - zeros));
  // All windows but those of longer codes: 2^16 would not fit a lane.
  return beyond < huffman_table;
}

// Where streams stand: lane i of register k is stream k of block i. `left` counts the bits from the
// start of the frame to where the unread ones of a stream end, `start` those before its first;
// `next` has the 64 bits to read next, the first one on top.
typedef struct {
  __m512i next[4], left[4], start[4];
} stream_places;

// The bits to read after those beyond `left`, at least 57 of them.
INLINE __m512i fetched(const uint8_t *frame, __m512i left) {
  const __m512i seven = _mm512_set1_epi64(7);
  const __m512i end = _mm512_srli_epi64(_mm512_add_epi64(left, seven), 3);
  // Not a gather instruction: where it is slow by way of microcode, it takes ten times as long.
  uint64_t ends[8];
  __m128i pairs[4];
  _mm512_storeu_si512(ends, end);
  for (int i = 0; i < 4; i++) {
    pairs[i] = _mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(frame + ends[2 * i] - 8)),
                                  _mm_loadl_epi64((const __m128i *)(frame + ends[2 * i + 1] - 8)));
  }
  const __m512i bits = _mm512_inserti64x4(
      _mm512_castsi256_si512(_mm256_set_m128i(pairs[1], pairs[0])),
      _mm256_set_m128i(pairs[3], pairs[2]), 1);
  return _mm512_sllv_epi64(bits, _mm512_and_si512(_mm512_sub_epi64(_mm512_setzero_si512(), left),
                                                  seven));
}

INLINE void open_places(const uint8_t *frame, stream_places *s) {
  for (int k = 0; k < 4; k++) {
    const __m512i more = fetched(frame, _mm512_sub_epi64(s->left[k], _mm512_set1_epi64(57)));
    s->next[k] = _mm512_or_si512(
        _mm512_and_si512(fetched(frame, s->left[k]), _mm512_set1_epi64(-128)),
        _mm512_srli_epi64(more, 57));
  }
}

// What lane k of each four 16-bit lanes holds in its low byte, as 64-bit lanes.
INLINE __m512i low_bytes(__m512i words, int k) {
  const __m512i pick = _mm512_set_epi64(
      (long long)0x8080808080808008u + 2 * k, (long long)0x8080808080808000u + 2 * k,
      (long long)0x8080808080808008u + 2 * k, (long long)0x8080808080808000u + 2 * k,
      (long long)0x8080808080808008u + 2 * k, (long long)0x8080808080808000u + 2 * k,
      (long long)0x8080808080808008u + 2 * k, (long long)0x8080808080808000u + 2 * k);
  return _mm512_shuffle_epi8(words, pick);
}

// Part k of register k.
INLINE __m512i windows_of(const __m512i bits[4]) {
  return _mm512_mask_blend_epi16(0xCCCCCCCC, _mm512_mask_blend_epi16(0xAAAAAAAA, bits[0], bits[1]),
                                 _mm512_mask_blend_epi16(0xAAAAAAAA, bits[2], bits[3]));
}

// Lengths and symbols of what the windows begin with.
INLINE __m512i codes_of(const code_tables *t, __m512i windows) {
  const __mmask32 middle = _mm512_cmplt_epu16_mask(windows, t->middle_end);
  const __mmask32 fine = _mm512_cmplt_epu16_mask(windows, t->fine_end);
  const __m512i a = _mm512_permutex2var_epi16(t->coarse.low, _mm512_srli_epi16(windows, 10),
                                              t->coarse.high);
  const __m512i b = _mm512_permutex2var_epi16(
      t->middle.low, _mm512_srl_epi16(windows, t->middle_shift), t->middle.high);
  const __m512i c = _mm512_permutex2var_epi16(t->fine.low, _mm512_srli_epi16(windows, 5),
                                              t->fine.high);
  return _mm512_mask_mov_epi16(_mm512_mask_mov_epi16(a, middle, b), fine, c);
}

// Takes `count` symbols of each stream, two to a lane of `pairs`; the result has in its low bytes
// how many bits they took. Register k is turned so that what is next lies in 16-bit part k: so the
// windows of four registers come together without shuffles.
INLINE __m512i take(const code_tables *t, const __m512i next[4], int count, __m512i *pairs) {
  __m512i sum = _mm512_setzero_si512(), before = sum;
  __m512i bits[4] = {_mm512_rol_epi64(next[0], 16), _mm512_rol_epi64(next[1], 32),
                     _mm512_rol_epi64(next[2], 48), next[3]};
#pragma clang loop unroll(full)
  for (int step = 0; step < count; step++) {
    const __m512i found = codes_of(t, windows_of(bits));
    sum = _mm512_add_epi16(sum, found);
#pragma clang loop unroll(full)
    for (int k = 0; k < 4; k++) {
      // Of a count, the rotation takes the lowest six bits.
      bits[k] = _mm512_rolv_epi64(bits[k], _mm512_srli_epi64(found, 16 * (unsigned)k));
    }
    if (step % 2 == 0) {
      before = _mm512_srli_epi16(found, 8);
    } else {
      pairs[step / 2] = _mm512_ternarylogic_epi64(before, found, _mm512_set1_epi16(-256), 0xF8);
    }
  }
  return sum;
}

// Eight symbols of each stream. What is read for the next eight is fetched before it is known how
// many bits these take, so that nothing waits for it; `next` is whole again if they are at most 57,
// which is all but always so. Where not, each four are taken on their own.
INLINE void take_steps(const code_tables *t, const uint8_t *frame, stream_places *s,
                       __m512i pairs[4]) {
  __m512i later[4];
  for (int k = 0; k < 4; k++) {
    later[k] = fetched(frame, _mm512_sub_epi64(s->left[k], _mm512_set1_epi64(64)));
  }
  const __m512i sum = take(t, s->next, steps, pairs);
  const __m512i low = _mm512_and_si512(sum, _mm512_set1_epi16(255));
  if (__builtin_expect(_mm512_cmpgt_epu16_mask(low, _mm512_set1_epi16(57)) == 0, 1)) {
    for (int k = 0; k < 4; k++) {
      const __m512i taken = low_bytes(sum, k);
      s->left[k] = _mm512_sub_epi64(s->left[k], taken);
      s->next[k] = _mm512_shldv_epi64(s->next[k], later[k], taken);
    }
    return;
  }
  for (int half = 0; half < 2; half++) {
    const __m512i taken = take(t, s->next, steps / 2, pairs + 2 * half);
    for (int k = 0; k < 4; k++) {
      s->left[k] = _mm512_sub_epi64(s->left[k], low_bytes(taken, k));
      // Damage may lead beyond the start of a stream, but not beyond that of the frame. It is
      // found: a code has one bit at least.
      if (half == 0) s->left[k] = _mm512_max_epi64(s->left[k], s->start[k]);
    }
    if (half == 0) open_places(frame, s);
  }
  for (int k = 0; k < 4; k++) {
    const __m512i within = _mm512_max_epi64(s->left[k], s->start[k]);
    later[k] = s->left[k];
    s->left[k] = within;
  }
  open_places(frame, s);
  for (int k = 0; k < 4; k++) s->left[k] = later[k];
}

// The pairs of each stream side by side: 8 symbols in a 64-bit lane. Register j has, in lanes 2l
// and 2l + 1, the streams 2 (j & 1) and one more of block 2l + (j >> 1).
INLINE void gather_pairs(const __m512i pairs[4], __m512i together[4]) {
  const __m512i a = _mm512_unpacklo_epi16(pairs[0], pairs[1]);
  const __m512i b = _mm512_unpacklo_epi16(pairs[2], pairs[3]);
  const __m512i c = _mm512_unpackhi_epi16(pairs[0], pairs[1]);
  const __m512i d = _mm512_unpackhi_epi16(pairs[2], pairs[3]);
  together[0] = _mm512_unpacklo_epi32(a, b);
  together[1] = _mm512_unpackhi_epi32(a, b);
  together[2] = _mm512_unpacklo_epi32(c, d);
  together[3] = _mm512_unpackhi_epi32(c, d);
}

// Lane r of register q becomes lane q of register r.
INLINE void transpose(__m512i x[8]) {
  __m512i y[8], z[8];
  for (int i = 0; i < 4; i++) {
    y[2 * i] = _mm512_unpacklo_epi64(x[2 * i], x[2 * i + 1]);
    y[2 * i + 1] = _mm512_unpackhi_epi64(x[2 * i], x[2 * i + 1]);
  }
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < 2; k++) {
      z[4 * i + k] = _mm512_shuffle_i64x2(y[4 * i + k], y[4 * i + 2 + k], 0x88);
      z[4 * i + 2 + k] = _mm512_shuffle_i64x2(y[4 * i + k], y[4 * i + 2 + k], 0xDD);
    }
  }
  for (int k = 0; k < 2; k++) {
    x[k] = _mm512_shuffle_i64x2(z[k], z[4 + k], 0x88);
    x[4 + k] = _mm512_shuffle_i64x2(z[k], z[4 + k], 0xDD);
    x[2 + k] = _mm512_shuffle_i64x2(z[2 + k], z[6 + k], 0x88);
    x[6 + k] = _mm512_shuffle_i64x2(z[2 + k], z[6 + k], 0xDD);
  }
}

// A row of 64 symbols for each stream, to `offset` of where the stream's symbols go. Collected here
// first: the streams' places are a power of two apart, and would push one another out of the cache.
INLINE void store_rows(__m512i collected[8][4], const tc_huffman_streams *s, size_t offset) {
  for (int j = 0; j < 4; j++) {
    __m512i x[8];
    for (int r = 0; r < 8; r++) x[r] = collected[r][j];
    transpose(x);
    for (int q = 0; q < 8; q++) {
      const int block = (q & ~1) + (j >> 1), stream = 2 * (j & 1) + (q & 1);
      _mm512_storeu_si512(s->target[4 * block + stream] + offset, x[q]);
    }
  }
}

INLINE int is_beyond(const stream_places *s) {
  unsigned found = 0;
  for (int k = 0; k < 4; k++) found |= _mm512_cmplt_epi64_mask(s->left[k], s->start[k]);
  return found != 0;
}

TARGET static int decode_streams(tc_huffman_streams *s, const uint16_t *entries) {
  code_tables tables;
  stream_places places;
  uint64_t numbers[2][4][8];
  size_t least = SIZE_MAX;
  if (!open_tables(&tables, entries)) return 0;
  for (int i = 0; i < streams; i++) {
    numbers[0][i % 4][i / 4] = s->left[i];
    numbers[1][i % 4][i / 4] = s->start[i];
    least = s->count[i] < least ? s->count[i] : least;
  }
  for (int k = 0; k < 4; k++) {
    places.left[k] = _mm512_loadu_si512(numbers[0][k]);
    places.start[k] = _mm512_loadu_si512(numbers[1][k]);
  }
  open_places(s->frame, &places);
  for (size_t offset = 0; offset + row <= least; offset += row) {
    __m512i collected[8][4];
    for (int r = 0; r < row / steps; r++) {
      __m512i pairs[4];
      take_steps(&tables, s->frame, &places, pairs);
      if (__builtin_expect(is_beyond(&places), 0)) return 0;
      gather_pairs(pairs, collected[r]);
    }
    store_rows(collected, s, offset);
  }
  for (int k = 0; k < 4; k++) _mm512_storeu_si512(numbers[0][k], places.left[k]);
  for (int i = 0; i < streams; i++) {
    s->left[i] = numbers[0][i % 4][i / 4];
    s->target[i] += least / row * row;
    s->count[i] -= least / row * row;
  }
  return tc_huffman_finish(s, entries);
}

int tc_decode_literals_avx512(const uint8_t *frame, size_t size, uint8_t *target, size_t n,
                              tc_huffman_room *room) {
  return tc_decode_frame(frame, size, target, n, room, decode_streams);
}
#else
typedef int tc_no_vector_decoder;
#endif

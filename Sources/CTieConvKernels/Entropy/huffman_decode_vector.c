// The decoder of literals with AVX-512: 64 streams at once, those of sixteen blocks under one code,
// in two groups.
//
// A step takes one symbol of every stream. What comes next in each stream lies in 64-bit lanes, its
// first bit on top; the top bits of the 32 of a group make one register of 16-bit windows. Codes are
// found in registers, not in memory: in order of the windows, long codes come first (RFC 8878
// section 4.2.1.3), so three tables of 64 entries will do, one over all windows for codes of up to
// 6 bits, two that look closer at the windows of longer ones. A code that does not fit them so is
// left to the library, as is anything but sixteen blocks of literals, and all that is damaged.
#include "tc_huffman.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET                                                                      \
  __attribute__((                                                                   \
      target("avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { streams = 4 * huffman_blocks, groups = huffman_blocks / 8, steps = 8, row = 64 };

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

// Takes `count` symbols of each stream of the groups from `from` to `to`, two to a lane of `pairs`;
// `sums` has in its low bytes how many bits they took. Register k is turned so that what is next
// lies in 16-bit part k: so the windows of four registers come together without shuffles. Groups
// are taken side by side, because each waits for its own last step.
INLINE void take(const code_tables *t, const stream_places s[groups], int from, int to, int count,
                 __m512i pairs[groups][4], __m512i sums[groups]) {
  __m512i bits[groups][4], before[groups];
#pragma clang loop unroll(full)
  for (int g = from; g < to; g++) {
    sums[g] = before[g] = _mm512_setzero_si512();
    bits[g][0] = _mm512_rol_epi64(s[g].next[0], 16);
    bits[g][1] = _mm512_rol_epi64(s[g].next[1], 32);
    bits[g][2] = _mm512_rol_epi64(s[g].next[2], 48);
    bits[g][3] = s[g].next[3];
  }
#pragma clang loop unroll(full)
  for (int step = 0; step < count; step++) {
#pragma clang loop unroll(full)
    for (int g = from; g < to; g++) {
      const __m512i found = codes_of(t, windows_of(bits[g]));
      sums[g] = _mm512_add_epi16(sums[g], found);
#pragma clang loop unroll(full)
      for (int k = 0; k < 4; k++) {
        // Of a count, the rotation takes the lowest six bits.
        bits[g][k] = _mm512_rolv_epi64(bits[g][k], _mm512_srli_epi64(found, 16 * (unsigned)k));
      }
      if (step % 2 == 0) {
        before[g] = _mm512_srli_epi16(found, 8);
      } else {
        pairs[g][step / 2] =
            _mm512_ternarylogic_epi64(before[g], found, _mm512_set1_epi16(-256), 0xF8);
      }
    }
  }
}

// Four symbols of each stream of a group and again four, for when eight take more bits than a
// register holds.
INLINE void take_halves(const code_tables *t, const uint8_t *frame, stream_places s[groups], int g,
                        __m512i pairs[groups][4]) {
  __m512i some[groups][4], sums[groups];
  for (int half = 0; half < 2; half++) {
    take(t, s, g, g + 1, steps / 2, some, sums);
    pairs[g][2 * half] = some[g][0];
    pairs[g][2 * half + 1] = some[g][1];
    __m512i left[4];
    for (int k = 0; k < 4; k++) {
      left[k] = _mm512_sub_epi64(s[g].left[k], low_bytes(sums[g], k));
      // Damage may lead beyond the start of a stream, but not beyond that of the frame. It is
      // found: a code has one bit at least.
      s[g].left[k] = _mm512_max_epi64(left[k], s[g].start[k]);
    }
    open_places(frame, s + g);
    if (half == 1) {
      for (int k = 0; k < 4; k++) s[g].left[k] = left[k];
    }
  }
}

// Eight symbols of each stream. What is read for the next eight is fetched before it is known how
// many bits these take, so that nothing waits for it; `next` is whole again if they are at most 57,
// which is all but always so.
INLINE void take_steps(const code_tables *t, const uint8_t *frame, stream_places s[groups],
                       __m512i pairs[groups][4]) {
  __m512i later[groups][4], sums[groups];
  for (int g = 0; g < groups; g++) {
    for (int k = 0; k < 4; k++) {
      later[g][k] = fetched(frame, _mm512_sub_epi64(s[g].left[k], _mm512_set1_epi64(64)));
    }
  }
  take(t, s, 0, groups, steps, pairs, sums);
  for (int g = 0; g < groups; g++) {
    const __m512i low = _mm512_and_si512(sums[g], _mm512_set1_epi16(255));
    if (__builtin_expect(_mm512_cmpgt_epu16_mask(low, _mm512_set1_epi16(57)) != 0, 0)) {
      take_halves(t, frame, s, g, pairs);
      continue;
    }
    for (int k = 0; k < 4; k++) {
      const __m512i taken = low_bytes(sums[g], k);
      s[g].left[k] = _mm512_sub_epi64(s[g].left[k], taken);
      s[g].next[k] = _mm512_shldv_epi64(s[g].next[k], later[g][k], taken);
    }
  }
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

// A row of 64 symbols for each stream, to `offset` of where the stream's symbols go: a whole line of
// the cache at once. Streams may be a power of two apart, and their lines push one another out of it.
INLINE void store_rows(__m512i collected[8][groups][4], const tc_huffman_streams *s, int group,
                       size_t offset) {
  for (int j = 0; j < 4; j++) {
    __m512i x[8];
    for (int r = 0; r < 8; r++) x[r] = collected[r][group][j];
    transpose(x);
    for (int q = 0; q < 8; q++) {
      const int block = 8 * group + (q & ~1) + (j >> 1), stream = 2 * (j & 1) + (q & 1);
      _mm512_storeu_si512(s->target[4 * block + stream] + offset, x[q]);
    }
  }
}

INLINE int is_beyond(const stream_places s[groups]) {
  unsigned found = 0;
  for (int g = 0; g < groups; g++) {
    for (int k = 0; k < 4; k++) found |= _mm512_cmplt_epi64_mask(s[g].left[k], s[g].start[k]);
  }
  return found != 0;
}

TARGET static int decode_streams(tc_huffman_streams *s, const uint16_t *entries) {
  code_tables tables;
  stream_places places[groups];
  uint64_t numbers[2][groups][4][8];
  size_t least = SIZE_MAX;
  if (!open_tables(&tables, entries)) return 0;
  for (int i = 0; i < streams; i++) {
    numbers[0][i / 32][i % 4][i / 4 % 8] = s->left[i];
    numbers[1][i / 32][i % 4][i / 4 % 8] = s->start[i];
    least = s->count[i] < least ? s->count[i] : least;
  }
  for (int g = 0; g < groups; g++) {
    for (int k = 0; k < 4; k++) {
      places[g].left[k] = _mm512_loadu_si512(numbers[0][g][k]);
      places[g].start[k] = _mm512_loadu_si512(numbers[1][g][k]);
    }
    open_places(s->frame, places + g);
  }
  for (size_t offset = 0; offset + row <= least; offset += row) {
    __m512i collected[8][groups][4];
    for (int r = 0; r < row / steps; r++) {
      __m512i pairs[groups][4];
      take_steps(&tables, s->frame, places, pairs);
      if (__builtin_expect(is_beyond(places), 0)) return 0;
      for (int g = 0; g < groups; g++) gather_pairs(pairs[g], collected[r][g]);
    }
    for (int g = 0; g < groups; g++) store_rows(collected, s, g, offset);
  }
  for (int g = 0; g < groups; g++) {
    for (int k = 0; k < 4; k++) _mm512_storeu_si512(numbers[0][g][k], places[g].left[k]);
  }
  for (int i = 0; i < streams; i++) {
    s->left[i] = numbers[0][i / 32][i % 4][i / 4 % 8];
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

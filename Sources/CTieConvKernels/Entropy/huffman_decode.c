// The decoder of literals: frames whose every block is Huffman-coded literals in four streams and
// no sequences, sixteen blocks to a code, whose weights are stored without a code of their own. Of
// all others, and of damaged ones, it says so and leaves them to the library.
#include "tc_huffman.h"

// Where the entries of each weight start in a table of 2^longest; 0 where weights are out of
// bounds.
static int complete_weights(const uint8_t *weights, size_t count, uint8_t all[tc_huffman_symbols],
                            uint32_t starts[tc_huffman_bits + 2]) {
  uint32_t per_weight[16] = {0}, total = 0;
  if (count < 1 || count >= tc_huffman_symbols) return 0;
  for (size_t i = 0; i < count; i++) {
    if (weights[i] > tc_huffman_bits) return 0;
    all[i] = weights[i];
    per_weight[weights[i]]++;
    total += weights[i] == 0 ? 0 : 1u << (weights[i] - 1);
  }
  if (total == 0) return 0;
  const int longest = 32 - __builtin_clz(total);
  if (longest > tc_huffman_bits) return 0;
  const uint32_t rest = (1u << longest) - total;
  // What the last symbol leaves must be a power of two; two symbols at least have the longest code.
  if ((rest & (rest - 1)) != 0) return 0;
  all[count] = (uint8_t)(32 - __builtin_clz(rest));
  per_weight[all[count]]++;
  if (per_weight[1] < 2 || per_weight[1] % 2 != 0) return 0;
  uint32_t place = 0;
  for (int weight = 1; weight <= longest; weight++) {
    starts[weight] = place;
    place += per_weight[weight] << (weight - 1);
  }
  return longest;
}

// Fills the table by 11 bits: length, and symbol in the high byte.
static int fill_entries(const uint8_t *weights, size_t count, uint16_t entries[huffman_table]) {
  uint8_t all[tc_huffman_symbols];
  uint32_t starts[tc_huffman_bits + 2];
  const int longest = complete_weights(weights, count, all, starts);
  if (longest == 0) return 0;
  const int scale = tc_huffman_bits - longest;
  for (size_t symbol = 0; symbol <= count; symbol++) {
    if (all[symbol] == 0) continue;
    const uint32_t span = 1u << (all[symbol] - 1 + scale);
    uint16_t *entry = entries + (starts[all[symbol]] << scale);
    const unsigned length = (unsigned)(longest + 1 - all[symbol]);
    const uint16_t value = (uint16_t)((unsigned)symbol << 8 | length);
    for (uint32_t i = 0; i < span; i++) entry[i] = value;
    starts[all[symbol]] += 1u << (all[symbol] - 1);
  }
  return 1;
}

// The weights before a block's streams (RFC 8878 section 4.2.1.1); returns their bytes, 0 where
// they are of another kind.
static size_t read_code(const uint8_t *p, size_t size, uint16_t entries[huffman_table]) {
  uint8_t weights[tc_huffman_symbols];
  if (size < 1 || p[0] < 128 || p[0] > 254) return 0;
  const size_t count = p[0] - 127u, bytes = (count + 1) / 2;
  if (bytes >= size) return 0;
  for (size_t i = 0; i < count; i++) weights[i] = p[1 + i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
  return fill_entries(weights, count, entries) ? 1 + bytes : 0;
}

int tc_huffman_finish(tc_huffman_streams *s, const uint16_t *entries) {
  for (int i = 0; i < 4 * huffman_blocks; i++) {
    uint64_t left = s->left[i];
    for (size_t k = 0; k < s->count[i]; k++) {
      if (left <= s->start[i]) return 0;
      // The byte with the next bit, on top of the three before it.
      const uint32_t word = tc_load_u32(s->frame + ((left - 1) >> 3) - 3);
      const uint16_t entry = entries[word << (7 - ((left - 1) & 7)) >> (32 - tc_huffman_bits)];
      s->target[i][k] = (uint8_t)(entry >> 8);
      left -= entry & 255;
    }
    if (left != s->start[i]) return 0;
  }
  return 1;
}

// What a walk over the blocks of a frame knows.
typedef struct {
  const uint8_t *frame, *place, *end;
  uint8_t *target, *target_end;
  uint16_t *entries;
  size_t block_limit;
} frame_walk;

// Frame header (section 3.1.1.1): one segment of n bytes, no dictionary, no checksum.
static int open_frame(frame_walk *w) {
  static const uint8_t widths[4] = {1, 2, 4, 8};
  const size_t n = (size_t)(w->target_end - w->target);
  if (w->end - w->place < 24 || tc_load_u32(w->place) != 0xFD2FB528u) return 0;
  const unsigned descriptor = w->place[4], flag = descriptor >> 6;
  if ((descriptor & 63) != 32) return 0;
  uint64_t size = tc_load_u64(w->place + 5);
  if (flag < 3) size &= (1ull << 8 * widths[flag]) - 1;
  if (flag == 1) size += 256;
  if (size != n) return 0;
  w->place += 5 + widths[flag];
  w->block_limit = n < 128 << 10 ? n : 128 << 10;
  return 1;
}

// Notes the four streams in the `size` bytes at p, of n symbols together.
static int open_streams(frame_walk *w, const uint8_t *p, size_t size, size_t n,
                        tc_huffman_streams *s, int first) {
  const size_t part = (n + 3) / 4;
  if (size < 10 || n < 4 || 3 * part >= n) return 0;
  const size_t all = size - 6;
  size_t from = 0;
  for (int k = 0; k < 4; k++) {
    const size_t count = k < 3 ? tc_load_u16(p + 2 * k) : all - from;
    if (count == 0 || count > all - from || (k < 3 && count == all - from)) return 0;
    const size_t start = (size_t)(p - w->frame) + 6 + from, last = start + count - 1;
    if (w->frame[last] == 0) return 0;
    from += count;
    s->start[first + k] = 8 * (uint64_t)start;
    // A one marks the end.
    s->left[first + k] = 8 * (uint64_t)last + 31 - (unsigned)__builtin_clz(w->frame[last]);
    s->target[first + k] = w->target + (size_t)k * part;
    s->count[first + k] = k < 3 ? part : n - 3 * part;
  }
  w->target += n;
  return 1;
}

// Opens a block (sections 3.1.1.2 and 3.1.1.3.1): of type 2, with its code, or 3, under the code
// before.
static int open_block(frame_walk *w, unsigned wanted, int *last, tc_huffman_streams *s, int first) {
  static const uint8_t headers[4] = {0, 3, 4, 5}, widths[4] = {0, 10, 14, 18};
  if (w->end - w->place < 3) return 0;
  const unsigned header = w->place[0] | (unsigned)w->place[1] << 8 | (unsigned)w->place[2] << 16;
  const size_t size = header >> 3;
  const uint8_t *p = w->place += 3;
  // Nothing shorter is Huffman-coded in four streams; 8 bytes can be read in any case.
  if ((header >> 1 & 3) != 2 || size < 16 || size > (size_t)(w->end - p) || size > w->block_limit) {
    return 0;
  }
  const unsigned type = p[0] & 3, format = p[0] >> 2 & 3;
  if (type != wanted || format == 0) return 0;
  const uint64_t numbers = tc_load_u64(p) >> 4, mask = (1ull << widths[format]) - 1;
  const size_t count = numbers & mask, coded = numbers >> widths[format] & mask;
  // Behind the literals: no sequences.
  if (headers[format] + coded + 1 != size || p[size - 1] != 0) return 0;
  if (count > w->block_limit || count > (size_t)(w->target_end - w->target)) return 0;
  size_t code = 0;
  if (type == 2) {
    code = read_code(p + headers[format], coded, w->entries);
    if (code == 0) return 0;
  }
  w->place += size;
  *last = header & 1;
  return open_streams(w, p + headers[format] + code, coded - code, count, s, first);
}

int tc_decode_frame(const uint8_t *frame, size_t size, uint8_t *target, size_t n,
                    tc_huffman_room *room, tc_huffman_decoder decode) {
  frame_walk w = {.frame = frame, .place = frame, .end = frame + size, .target = target,
                  .target_end = target + n, .entries = room->entries};
  if (!open_frame(&w)) return 0;
  for (int last = 0; !last;) {
    tc_huffman_streams s = {.frame = frame};
    for (int block = 0; block < huffman_blocks; block++) {
      if (last || !open_block(&w, block == 0 ? 2 : 3, &last, &s, 4 * block)) return 0;
    }
    if (!decode(&s, room->entries)) return 0;
  }
  return w.place == w.end && w.target == w.target_end;
}

int tc_decode_literals_scalar(const uint8_t *frame, size_t size, uint8_t *target, size_t n,
                              tc_huffman_room *room) {
  return tc_decode_frame(frame, size, target, n, room, tc_huffman_finish);
}

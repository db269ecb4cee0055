// The Huffman code of literals, and the numbers of the format.
#ifndef TC_HUFFMAN_H
#define TC_HUFFMAN_H

#include "tc_entropy.h"
#include "tc_levels.h"

enum {
  // Bytes under one code: sixteen blocks, of which all but the first use the first one's code again.
  // That makes 64 streams, which can be decoded side by side.
  huffman_set = 128 << 10,
  huffman_blocks = 16,
  // Below this, sets are two blocks, which saves a decoder the half of its tables, because sixteen
  // would cost too much beside what their symbols take; small ones are one block.
  huffman_wide = 96 << 10,
  huffman_single = 4096,
  huffman_least = 1024,
  huffman_table = 1 << tc_huffman_bits,
};

// Lengths of a code for the symbols that occur, 11 bits at most; returns the highest symbol, or 0
// where there are not two symbols, or one above 127.
int tc_huffman_lengths(const uint32_t counts[256], uint8_t lengths[tc_huffman_symbols]);

// Codes from lengths, as RFC 8878 section 4.2.1.3 hands them out; returns the longest length.
int tc_huffman_codes(const uint8_t lengths[tc_huffman_symbols],
                     uint16_t codes[tc_huffman_symbols]);

// The streams of sixteen blocks under one code: `left` counts the bits from the start of the frame to
// where the unread ones of a stream end, `start` those before its first. All lie 20 bytes or more
// behind the start of the frame.
typedef struct {
  const uint8_t *frame;
  uint64_t left[4 * huffman_blocks], start[4 * huffman_blocks];
  uint8_t *target[4 * huffman_blocks];
  size_t count[4 * huffman_blocks];
} tc_huffman_streams;

// Decodes all symbols of the streams by a table of 2^11 entries, length in the low byte, symbol in
// the high one; 0 where the bits of one do not end with its symbols, or where it cannot.
typedef int (*tc_huffman_decoder)(tc_huffman_streams *, const uint16_t *entries);

// The one that goes symbol by symbol, also for what others leave.
int tc_huffman_finish(tc_huffman_streams *streams, const uint16_t *entries);

// Walks a frame and has `decode` fill target; 0 where it is not of the kind or damaged.
int tc_decode_frame(const uint8_t *frame, size_t size, uint8_t *target, size_t n,
                    tc_huffman_room *room, tc_huffman_decoder decode);

int tc_decode_literals_scalar(const uint8_t *, size_t, uint8_t *, size_t, tc_huffman_room *);
int tc_decode_literals_avx512(const uint8_t *, size_t, uint8_t *, size_t, tc_huffman_room *);

#define TC_DECLARE_LITERALS(level)                                              \
  size_t tc_encode_literals_##level(const uint8_t *, size_t, uint8_t *, size_t, int, \
                                    tc_huffman_room *);
TC_DECLARE_LITERALS(scalar)
TC_DECLARE_LITERALS(portable)
TC_DECLARE_LITERALS(avx2)
TC_DECLARE_LITERALS(avx512)

#endif

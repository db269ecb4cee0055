// The Huffman code of literals, and the numbers of the format.
#ifndef TC_HUFFMAN_H
#define TC_HUFFMAN_H

#include "tc_entropy.h"
#include "tc_levels.h"

enum {
  // Bytes under one code: two blocks of half as many, the second of which reuses the first's code.
  // That saves a decoder the half of its tables.
  huffman_set = 128 << 10,
  huffman_least = 1024,
  // Sets below this are one block: a second would cost more than it gives.
  huffman_single = 4096,
  huffman_table = 1 << tc_huffman_bits,
};

// Lengths of a code for the symbols that occur, 11 bits at most; returns the highest symbol, or 0
// where there are not two symbols, or one above 127.
int tc_huffman_lengths(const uint32_t counts[256], uint8_t lengths[tc_huffman_symbols]);

// Codes from lengths, as RFC 8878 section 4.2.1.3 hands them out; returns the longest length.
int tc_huffman_codes(const uint8_t lengths[tc_huffman_symbols],
                     uint16_t codes[tc_huffman_symbols]);

#define TC_DECLARE_LITERALS(level)                                              \
  size_t tc_encode_literals_##level(const uint8_t *, size_t, uint8_t *, size_t, \
                                    tc_huffman_room *);
TC_DECLARE_LITERALS(scalar)
TC_DECLARE_LITERALS(portable)
TC_DECLARE_LITERALS(avx2)
TC_DECLARE_LITERALS(avx512)

#endif

// Entropy coding of bytes as zstd frames (RFC 8878) of literals alone: what any zstd library reads,
// from coders made for nothing else. None allocates. Each exists once per instruction set; all
// write the same bytes.
#ifndef TC_ENTROPY_H
#define TC_ENTROPY_H

#include "tc_kernels.h"

// Bits of the longest code, as RFC 8878 section 4.2.1 limits it; symbols that a code may have: their
// weights are then stored without a code of their own.
enum { tc_huffman_bits = 11, tc_huffman_symbols = 128 };

// What a coder works in; no call leaves anything in it for the next.
typedef struct {
  uint32_t counts[256];
  uint8_t lengths[tc_huffman_symbols];
  uint16_t codes[tc_huffman_symbols];
  uint16_t entries[1 << tc_huffman_bits];
} tc_huffman_room;

typedef struct {
  const char *name;

  // Writes n bytes as one frame and returns its size; 0 where the bytes are not of the kind (a byte
  // above 127, fewer than 1024 bytes, one value alone), or where the frame would not be shorter or
  // not fit. Writes up to 64 bytes beyond the frame, within the capacity.
  size_t (*encode_literals)(const uint8_t *source, size_t n, uint8_t *target, size_t capacity,
                            int is_wide, tc_huffman_room *room);

  // Fills target with the n bytes of a frame that the encoder wrote of 96 KiB or more; 0, and
  // target in any state, where the frame is of another kind or damaged: libzstd has the last word.
  // NULL where libzstd is faster.
  int (*decode_literals)(const uint8_t *frame, size_t size, uint8_t *target, size_t n,
                         tc_huffman_room *room);
} tc_entropy_table;

// The coders of one instruction set, or NULL where this machine cannot run it.
const tc_entropy_table *tc_entropy_at(tc_level level);

// The coders of the best instruction set of this machine.
const tc_entropy_table *tc_entropy(void);

#endif

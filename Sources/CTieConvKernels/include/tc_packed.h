// Kernels that decode packed weights: codes out of words, numbers out of codes, scales on numbers.
// Every product, sum and difference is one f32 operation, rounded on its own, never fused, so that
// results are those of the formats' reference implementations. Pointers may be unaligned.
#ifndef TC_PACKED_H
#define TC_PACKED_H

#include "tc_kernels.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
  // n codes of 1...8 bits: code i starts at bit i * bits of the little-endian stream, which has
  // exactly (n * bits + 7) / 8 bytes.
  void (*unpack_stream)(const void *source, size_t n, unsigned bits, uint8_t *codes);
  // n codes of 1...8 bits, 32 / bits (rounded down) in each 32-bit word, the first lowest.
  void (*unpack_words)(const void *source, size_t n, unsigned bits, uint8_t *codes);
  // n codes of 4 bits, two a byte, the first in the high nibble; (n + 1) / 2 bytes.
  void (*unpack_high_first)(const void *source, size_t n, uint8_t *codes);
  // n codes of 4 bits, n a multiple of 8: of each 8, code j lies in nibble 0 4 1 5 2 6 3 7 [j].
  void (*unpack_interleaved)(const void *source, size_t n, uint8_t *codes);

  // target[i] = table[codes[i]]; the table has 256 entries.
  void (*look_up)(const uint8_t *codes, size_t n, const float *table, float *target);
  // target[i] = codes[i], as an unsigned or as a signed byte.
  void (*from_unsigned)(const uint8_t *codes, size_t n, float *target);
  void (*from_signed)(const uint8_t *codes, size_t n, float *target);

  // values[i] = (values[i] - zeros[i / group]) * factors[i / group]; without zeros no difference
  // is formed. group > 0.
  void (*scale_groups)(float *values, size_t n, size_t group, const float *zeros,
                       const float *factors);
  // values[i] += terms[i / group].
  void (*add_groups)(float *values, size_t n, size_t group, const float *terms);
  // As scale_groups, element i in group groups[i].
  void (*scale_by_index)(float *values, size_t n, const uint32_t *groups, const float *zeros,
                         const float *factors);
  // target[i] += factor * source[i]: a row of a low-rank product, term by term.
  void (*add_scaled)(float *target, size_t n, float factor, const float *source);
} tc_packed_table;

// The kernels of one instruction set, or NULL where this machine cannot run it.
const tc_packed_table *tc_packed_at(tc_level level);

// The kernels of the best instruction set of this machine.
const tc_packed_table *tc_packed(void);

#endif

// Block types of ggml as floats. Every symbol starts with tc_; none allocates, none does I/O.
// Pointers may be unaligned. Each kernel exists once per instruction set; all give equal results.
#ifndef TC_GGML_H
#define TC_GGML_H

#include <stddef.h>
#include <stdint.h>

#include "tc_kernels.h"

// One past the greatest type id of ggml.
enum { TC_GGML_TYPES = 43 };

// Writes the values of n blocks. The formulas, term by term in f32, are those of ggml and gguf-py;
// nothing is checked: a NaN or an infinity among the scales gives NaN and infinities.
typedef void (*tc_ggml_dequantize)(const void *blocks, size_t n, float *target);

// Writes n blocks that decode to n blocks of values, bit for bit. Returns how many there are from the
// first on: fewer than n where no block stands for the values of the next one.
typedef size_t (*tc_ggml_encode)(const float *values, size_t n, void *blocks);

typedef struct {
  const char *name;
  // By type id; NULL where the type is none, or is plain numbers.
  tc_ggml_dequantize dequantize[TC_GGML_TYPES];
  // By type id; NULL where there is no encoder.
  tc_ggml_encode encode[TC_GGML_TYPES];
} tc_ggml_table;

// Values and bytes of one block; 0 where there is no decoder.
size_t tc_ggml_block_values(uint32_t type);
size_t tc_ggml_block_bytes(uint32_t type);

// The kernels of one instruction set, or NULL where this machine cannot run it.
const tc_ggml_table *tc_ggml_at(tc_level level);

// The kernels of the best instruction set of this machine.
const tc_ggml_table *tc_ggml(void);

#endif

// Blocked matrix products: packing, and the product of packed blocks. Nothing here allocates; the
// caller walks the blocks (MatrixProduct in the Swift face) and lends every buffer.
//
// A panel holds `width` rows of A (or columns of B), depth-major: for every step of depth, the
// width elements side by side, zero where the matrix has ended. In a BF16 panel a step is a pair of
// depths, lower first, so that a 32-bit lane holds the pair that one BF16 dot instruction takes.
#ifndef TC_GEMM_H
#define TC_GEMM_H

#include "tc_kernels.h"

// A matrix of BF16, F16 or F32 elements anywhere in memory: element (i, j) is at index
// i * row_step + j * column_step. One of the two steps is 1.
typedef struct {
  const void *data;
  tc_kind kind;
  size_t row_step, column_step;
} tc_matrix;

// Where a product goes: C = alpha * product (+ C if accumulate) (+ bias[j] if bias).
// The sums: every element of C is the fused sum over one depth block, in rising order of depth
// from 0; then alpha times it, or fma(alpha, sum, C); then + bias.
typedef struct {
  float *data;
  size_t stride, rows, columns;
  float alpha;
  int accumulate;
  const float *bias;
} tc_target;

typedef struct {
  const char *name;
  // Panel widths, F32 and BF16: rows of A, columns of B.
  size_t rows_f32, columns_f32, rows_bf16, columns_bf16;

  // Packs `lines` rows of a, depths 0..<depth, into panels of `width`; the last one is filled up
  // with zeros. A BF16 panel rounds to nearest even, and ends an odd depth with zeros.
  void (*pack_f32)(tc_matrix a, size_t lines, size_t depth, size_t width, float *panels);
  void (*pack_bf16)(tc_matrix a, size_t lines, size_t depth, size_t width, uint16_t *panels);

  // The product of packed rows and packed columns over one depth block. a_panel and b_panel are
  // the distances between panels, in elements.
  // BF16: products are exact in F32; of a pair, the higher depth is added first. Where a level has
  // the instruction for it, subnormal inputs and sums count as zero.
  void (*product_f32)(const float *a, size_t a_panel, const float *b, size_t b_panel,
                      size_t depth, tc_target c);
  void (*product_bf16)(const uint16_t *a, size_t a_panel, const uint16_t *b, size_t b_panel,
                       size_t depth, tc_target c);

  // C = alpha * X * B^T (+ C) (+ bias) for a few rows of X, packed in panels of width 1, x_stride
  // elements apart. The rows of b are multiplied where they lie: F32 or BF16 for dots_f32, BF16 for
  // dots_bf16. The sums: 16 lanes (term k, or pair k, in lane k % 16), then a fixed tree.
  void (*dots_f32)(const float *x, size_t x_stride, tc_matrix b, size_t depth, tc_target c);
  void (*dots_bf16)(const uint16_t *x, size_t x_stride, tc_matrix b, size_t depth, tc_target c);
} tc_gemm_table;

// The product kernels of one instruction set, or NULL where this machine cannot run it.
const tc_gemm_table *tc_gemm_at(tc_level level);

// Those of the best instruction set of this machine.
const tc_gemm_table *tc_gemm(void);

// For threads that wait a moment in a loop.
void tc_relax(void);

#endif

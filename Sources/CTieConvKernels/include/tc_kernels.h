// Kernels of tieconv. Every symbol starts with tc_; none allocates, none does I/O.
// Pointers may be unaligned. Each kernel exists once per instruction set; all give equal results.
#ifndef TC_KERNELS_H
#define TC_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Element kinds, named as in the safetensors and OCP specifications.
typedef enum {
  TC_BF16,
  TC_F16,
  TC_F32,
  TC_F64,
  TC_F8_E4M3,
  TC_F8_E5M2,
  TC_F8_E4M3FNUZ,
  TC_F8_E5M2FNUZ,
  TC_F8_E8M0,
} tc_kind;

// Sums over pairs (a[i], b[i]). The dots and the squared difference leave out every pair that has
// a NaN or an infinity, so they never depend on how a machine propagates NaN.
// Order: element i goes to lane i % 8; the lanes are added as ((0+4)+(2+6)) + ((1+5)+(3+7)).
typedef struct {
  // Largest |a - b|: 0 where a == b or both are NaN, infinity where exactly one is NaN.
  double max_abs_difference;
  double squared_difference;
  double dot_ab;
  double dot_aa;
  double dot_bb;
  uint64_t bits_differ;
  // Pairs with a != b that are not both NaN; +0 and -0 are equal values.
  uint64_t values_differ;
  uint64_t nan_against_number;
  uint64_t nonfinite_a;
  uint64_t nonfinite_b;
} tc_pair_statistics;

// What |w - factor * e| may be: relative * |w| + absolute.
typedef struct {
  double factor;
  double relative;
  double absolute;
} tc_scale;

// A rows x columns matrix of 1-, 2-, 4- or 8-byte elements; stride is bytes from row to row.
typedef struct {
  const void *data;
  size_t stride;
} tc_rows;

typedef struct {
  const char *name;

  // Index of the first byte that differs, or n.
  size_t (*mismatch)(const void *a, const void *b, size_t n);

  // Exact widening to f32 of every kind but F64. A NaN keeps its sign; BF16 and F32 keep every
  // bit, the others keep the payload's top bits and become quiet.
  void (*widen)(tc_kind kind, const void *source, size_t n, float *target);
  void (*widen_f64)(const void *source, size_t n, double *target);

  // Round to nearest, ties to even; overflow gives infinity; NaN keeps its sign and the payload's
  // top bits and becomes quiet.
  void (*narrow_bf16)(const void *source, size_t n, uint16_t *target);
  void (*narrow_f16)(const void *source, size_t n, uint16_t *target);

  // Index of the first NaN or infinity, or n.
  size_t (*nonfinite)(tc_kind kind, const void *source, size_t n);

  void (*statistics_f32)(const void *a, const void *b, size_t n, tc_pair_statistics *result);
  void (*statistics_f64)(const void *a, const void *b, size_t n, tc_pair_statistics *result);

  // Index of the first element where w is not scale.factor * e within the tolerance, or n.
  // Products and differences are formed in f64. Two NaN match; equal infinities match; an
  // infinity matches no finite number.
  size_t (*scale_mismatch_f32)(const void *e, const void *w, size_t n, tc_scale scale);
  size_t (*scale_mismatch_f64)(const void *e, const void *w, size_t n, tc_scale scale);

  // Compares a (rows x columns) with the transpose of b (columns x rows). Returns
  // row * columns + column of the first difference in a's row-major order, or rows * columns.
  // An element size other than 1, 2, 4, 8 gives 0.
  size_t (*transposed_mismatch)(tc_rows a, tc_rows b, size_t rows, size_t columns, size_t size);

  // target (columns x rows) = transpose of source (rows x columns). They must not overlap.
  void (*transpose)(tc_rows source, void *target, size_t target_stride, size_t rows,
                    size_t columns, size_t size);

  // n elements of 2, 4 or 8 bytes as width planes of n bytes, the most significant byte first;
  // with rotate, each element is rotated left by one bit before. They must not overlap.
  void (*split_planes)(const void *source, size_t n, size_t width, int rotate, uint8_t *planes);
  void (*merge_planes)(const uint8_t *const *planes, size_t n, size_t width, int rotate,
                       void *target);

  // The windowed split (window.c) of n elements of 2 or 4 bytes: n symbols, of which 0 stands for
  // an element outside the window of 127 values from base, and 3 * ((n + 3) / 4) bytes of rests.
  void (*split_window)(const void *source, size_t n, size_t width, uint16_t base,
                       uint8_t *symbols, uint8_t *rests);
  // The way back, from symbols, rests and, for 4 bytes, the two lower byte planes. Where a symbol
  // is 0, the upper half of the element is left meaningless.
  void (*merge_window)(const uint8_t *const *planes, size_t n, size_t width, uint16_t base,
                       void *target);

  // The symbols that are 0; the upper halves of their elements, in order, as 2 bytes each; and those
  // put back where they belong. Both return how many there were, and stop at more than `most`.
  size_t (*count_zeros)(const uint8_t *symbols, size_t n);
  size_t (*gather_uppers)(const uint8_t *symbols, size_t n, const void *source, size_t width,
                          uint8_t *target, size_t most);
  size_t (*scatter_uppers)(const uint8_t *symbols, size_t n, const uint8_t *source, size_t most,
                           size_t width, void *target);

  // target = a xor b; target may be neither.
  void (*xor_bytes)(const void *a, const void *b, size_t n, void *target);

  // XXH3 of 64 bits, with seed 0 and the default secret.
  uint64_t (*digest)(const void *source, size_t n);
} tc_kernel_table;

// Instruction sets. SCALAR is the plain definition of every kernel, kept for tests.
// AVX512_BF16 differs from AVX512 in the matrix product alone.
typedef enum {
  TC_SCALAR,
  TC_PORTABLE,
  TC_AVX2,
  TC_AVX512,
  TC_AVX512_BF16,
  TC_NEON,
} tc_level;

// The kernels of one instruction set, or NULL where this machine cannot run it.
const tc_kernel_table *tc_kernels_at(tc_level level);

// The kernels of the best instruction set of this machine; chosen once.
const tc_kernel_table *tc_kernels(void);

// The name of the instruction set that the dispatched kernels use on this machine.
const char *tc_instruction_set(void);

// Adds to counts how often each byte occurs among every step-th of n bytes; and, for elements of
// width bytes, each value of bits 5...14 of their upper 16 bits.
void tc_histogram_bytes(const uint8_t *source, size_t n, size_t step, uint32_t counts[256]);
void tc_histogram_upper(const void *source, size_t n, size_t width, size_t step,
                        uint32_t counts[1024]);

// Processors that this program may run on; at least 1.
int tc_usable_processors(void);

#endif

// Transposed comparison and transposition. A 16-byte vector holds K elements; K of them are
// transposed in registers by log2(K) rounds of interleaving, and such squares are walked so that
// every cache line is used up soon after it is fetched.
#include "tc_levels.h"

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));

// A line is the span of columns (and of rows) that one cache line holds; a panel is the square
// that is walked line by line before the next, so that a page's translation is used many times.
enum { line_bytes = 64, panel_bytes = 512 };

typedef struct {
  const uint8_t *data;
  size_t stride;
} view;

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define LOW8(x, y) \
  __builtin_shufflevector(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH8(x, y) \
  __builtin_shufflevector(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOW16(x, y) __builtin_shufflevector(x, y, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH16(x, y) __builtin_shufflevector(x, y, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW32(x, y) __builtin_shufflevector(x, y, 0, 4, 1, 5)
#define HIGH32(x, y) __builtin_shufflevector(x, y, 2, 6, 3, 7)
#define LOW64(x, y) __builtin_shufflevector(x, y, 0, 2)
#define HIGH64(x, y) __builtin_shufflevector(x, y, 1, 3)

// A K x K square: read and transposed, then compared or written.
#define TC_SQUARE(bits, vector, K)                                                              \
  TC_INLINE void square_##bits(view a, vector *v) {                                             \
    UNROLL for (int i = 0; i < K; i++) __builtin_memcpy(&v[i], a.data + i * a.stride, 16);      \
    UNROLL for (int span = 1; span < K; span *= 2) {                                            \
      vector t[K];                                                                              \
      UNROLL for (int i = 0; i < K / 2; i++) {                                                  \
        t[2 * i] = LOW##bits(v[i], v[i + K / 2]);                                               \
        t[2 * i + 1] = HIGH##bits(v[i], v[i + K / 2]);                                          \
      }                                                                                         \
      UNROLL for (int i = 0; i < K; i++) v[i] = t[i];                                           \
    }                                                                                           \
  }                                                                                             \
  TC_INLINE uint64_t square_differs_##bits(view a, view b) {                                    \
    vector v[K], differs = {0};                                                                 \
    square_##bits(a, v);                                                                        \
    UNROLL for (int i = 0; i < K; i++) {                                                        \
      vector other;                                                                             \
      __builtin_memcpy(&other, b.data + i * b.stride, 16);                                      \
      differs |= v[i] ^ other;                                                                  \
    }                                                                                           \
    return ((u64x2)differs)[0] | ((u64x2)differs)[1];                                           \
  }                                                                                             \
  TC_INLINE void square_store_##bits(view a, uint8_t *target, size_t stride) {                  \
    vector v[K];                                                                                \
    square_##bits(a, v);                                                                        \
    UNROLL for (int i = 0; i < K; i++) __builtin_memcpy(target + i * stride, &v[i], 16);        \
  }
TC_SQUARE(8, u8x16, 16)
TC_SQUARE(16, u16x8, 8)
TC_SQUARE(32, u32x4, 4)
TC_SQUARE(64, u64x2, 2)

TC_INLINE view at(view a, size_t row, size_t column, size_t size) {
  return (view){a.data + row * a.stride + column * size, a.stride};
}

TC_INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

// A block of at most one line each way: full squares, then single elements along the edges.
#define TC_BLOCK(bits, K)                                                                       \
  TC_INLINE uint64_t block_differs_##bits(view a, view b, size_t rows, size_t columns) {        \
    const size_t size = bits / 8, full_rows = rows - rows % K, full = columns - columns % K;    \
    uint64_t differs = 0;                                                                       \
    for (size_t r = 0; r < full_rows; r += K) {                                                 \
      for (size_t c = 0; c < full; c += K) {                                                    \
        differs |= square_differs_##bits(at(a, r, c, size), at(b, c, r, size));                 \
      }                                                                                         \
    }                                                                                           \
    for (size_t r = 0; r < rows; r++) {                                                         \
      for (size_t c = r < full_rows ? full : 0; c < columns; c++) {                             \
        differs |= (uint64_t)(tc_load_u##bits(at(a, r, c, size).data) ^                         \
                              tc_load_u##bits(at(b, c, r, size).data));                         \
      }                                                                                         \
    }                                                                                           \
    return differs;                                                                             \
  }                                                                                             \
  TC_INLINE void block_store_##bits(view a, view b, size_t rows, size_t columns) {              \
    const size_t size = bits / 8, full_rows = rows - rows % K, full = columns - columns % K;    \
    uint8_t *target = (uint8_t *)(uintptr_t)b.data;                                             \
    for (size_t r = 0; r < full_rows; r += K) {                                                 \
      for (size_t c = 0; c < full; c += K) {                                                    \
        square_store_##bits(at(a, r, c, size), target + c * b.stride + r * size, b.stride);     \
      }                                                                                         \
    }                                                                                           \
    for (size_t r = 0; r < rows; r++) {                                                         \
      for (size_t c = r < full_rows ? full : 0; c < columns; c++) {                             \
        __builtin_memcpy(target + c * b.stride + r * size, at(a, r, c, size).data, size);       \
      }                                                                                         \
    }                                                                                           \
  }
TC_BLOCK(8, 16)
TC_BLOCK(16, 8)
TC_BLOCK(32, 4)
TC_BLOCK(64, 2)

// The first difference of a band in row-major order; only called where there is one.
static size_t first_difference(view a, view b, size_t rows, size_t columns, size_t size) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      if (__builtin_memcmp(at(a, r, c, size).data, at(b, c, r, size).data, size)) {
        return r * columns + c;
      }
    }
  }
  return rows * columns;
}

#define TC_WALK(bits)                                                                           \
  TC_INLINE uint64_t panel_differs_##bits(view a, view b, size_t rows, size_t columns) {        \
    const size_t size = bits / 8, line = line_bytes / size;                                     \
    uint64_t differs = 0;                                                                       \
    for (size_t r = 0; r < rows; r += line) {                                                   \
      for (size_t c = 0; c < columns; c += line) {                                              \
        differs |= block_differs_##bits(at(a, r, c, size), at(b, c, r, size),                   \
                                        least(line, rows - r), least(line, columns - c));       \
      }                                                                                         \
    }                                                                                           \
    return differs;                                                                             \
  }                                                                                             \
  TC_INLINE size_t walk_##bits(view a, view b, size_t rows, size_t columns) {                   \
    const size_t size = bits / 8, panel = panel_bytes / size;                                   \
    for (size_t r = 0; r < rows; r += panel) {                                                  \
      size_t height = least(panel, rows - r);                                                   \
      for (size_t c = 0; c < columns; c += panel) {                                             \
        if (panel_differs_##bits(at(a, r, c, size), at(b, c, r, size), height,                  \
                                 least(panel, columns - c))) {                                  \
          return r * columns +                                                                  \
                 first_difference(at(a, r, 0, size), at(b, 0, r, size), height, columns, size); \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
    return rows * columns;                                                                      \
  }                                                                                             \
  TC_INLINE void store_##bits(view a, view b, size_t rows, size_t columns) {                    \
    const size_t size = bits / 8, line = line_bytes / size;                                     \
    for (size_t r = 0; r < rows; r += line) {                                                   \
      for (size_t c = 0; c < columns; c += line) {                                              \
        block_store_##bits(at(a, r, c, size), at(b, c, r, size), least(line, rows - r),         \
                           least(line, columns - c));                                           \
      }                                                                                         \
    }                                                                                           \
  }
TC_WALK(8)
TC_WALK(16)
TC_WALK(32)
TC_WALK(64)

#define TC_TRANSPOSE(level, attribute)                                                          \
  attribute size_t tc_transposed_mismatch_##level(tc_rows a, tc_rows b, size_t rows,            \
                                                  size_t columns, size_t size) {                \
    view x = {a.data, a.stride}, y = {b.data, b.stride};                                        \
    switch (size) {                                                                             \
      case 1: return walk_8(x, y, rows, columns);                                               \
      case 2: return walk_16(x, y, rows, columns);                                              \
      case 4: return walk_32(x, y, rows, columns);                                              \
      case 8: return walk_64(x, y, rows, columns);                                              \
      default: return 0;                                                                        \
    }                                                                                           \
  }                                                                                             \
  attribute void tc_transpose_##level(tc_rows source, void *target, size_t target_stride,       \
                                      size_t rows, size_t columns, size_t size) {               \
    view x = {source.data, source.stride}, y = {target, target_stride};                         \
    switch (size) {                                                                             \
      case 1: store_8(x, y, rows, columns); break;                                              \
      case 2: store_16(x, y, rows, columns); break;                                             \
      case 4: store_32(x, y, rows, columns); break;                                             \
      case 8: store_64(x, y, rows, columns); break;                                             \
      default: break;                                                                           \
    }                                                                                           \
  }
TC_EACH_LEVEL(TC_TRANSPOSE)

size_t tc_transposed_mismatch_scalar(tc_rows a, tc_rows b, size_t rows, size_t columns,
                                     size_t size) {
  if (size != 1 && size != 2 && size != 4 && size != 8) return 0;
  return first_difference((view){a.data, a.stride}, (view){b.data, b.stride}, rows, columns, size);
}

void tc_transpose_scalar(tc_rows source, void *target, size_t target_stride, size_t rows,
                         size_t columns, size_t size) {
  view x = {source.data, source.stride};
  if (size != 1 && size != 2 && size != 4 && size != 8) return;
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      __builtin_memcpy((uint8_t *)target + c * target_stride + r * size, at(x, r, c, size).data,
                       size);
    }
  }
}

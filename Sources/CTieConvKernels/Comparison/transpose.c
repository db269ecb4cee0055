// Transposition of a tile, by blocks of a cache line each way.
#include "tc_squares.h"

// A block of at most one line each way: full squares, then single elements along the edges.
#define TC_BLOCK(bits, K)                                                                       \
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

#define TC_WALK(bits)                                                                           \
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

// Whether one matrix is the transpose of another, without a copy of either. Blocks of a cache line
// each way are compared as squares; the lines of a later block are asked for early, because no
// hardware prefetcher follows a walk whose next line is a whole row away.
#include "tc_squares.h"

// A band is as many rows of a as fill `band_bytes` of each row of b; it is walked column by column,
// so that b is read in runs and a's pages stay translated. Measured on a server core: shorter runs
// lose up to half the speed, longer ones gain nothing. `ahead` is in blocks, about one memory
// latency's worth.
enum { band_bytes = 1024, ahead = 8 };

// A place in a band's walk: down the rows, then right.
typedef struct {
  size_t row, column;
} place;

TC_INLINE place after(place p, size_t rows, size_t line) {
  p.row += line;
  return p.row < rows ? p : (place){0, p.column + line};
}

// Both ends of each row are asked for: rows may straddle two cache lines.
TC_INLINE void fetch(view a, size_t rows) {
  for (size_t r = 0; r < rows; r++) {
    __builtin_prefetch(a.data + r * a.stride, 0, 2);
    __builtin_prefetch(a.data + r * a.stride + line_bytes - 1, 0, 2);
  }
}

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
  TC_INLINE uint64_t band_differs_##bits(view a, view b, size_t rows, size_t columns) {         \
    const size_t size = bits / 8, line = line_bytes / size;                                     \
    place next = {0, 0};                                                                        \
    for (int i = 0; i < ahead; i++) next = after(next, rows, line);                             \
    for (size_t c = 0; c < columns; c += line) {                                                \
      uint64_t differs = 0;                                                                     \
      for (size_t r = 0; r < rows; r += line) {                                                 \
        if (next.column + line <= columns && next.row + line <= rows) {                         \
          fetch(at(a, next.row, next.column, size), line);                                      \
          fetch(at(b, next.column, next.row, size), line);                                      \
        }                                                                                       \
        next = after(next, rows, line);                                                         \
        differs |= block_differs_##bits(at(a, r, c, size), at(b, c, r, size),                   \
                                        least(line, rows - r), least(line, columns - c));       \
      }                                                                                         \
      if (differs) return differs;                                                              \
    }                                                                                           \
    return 0;                                                                                   \
  }                                                                                             \
  TC_INLINE size_t walk_##bits(view a, view b, size_t rows, size_t columns) {                   \
    const size_t size = bits / 8, band = band_bytes / size;                                     \
    for (size_t r = 0; r < rows; r += band) {                                                   \
      size_t height = least(band, rows - r);                                                    \
      view x = at(a, r, 0, size), y = at(b, 0, r, size);                                        \
      if (band_differs_##bits(x, y, height, columns)) {                                         \
        return r * columns + first_difference(x, y, height, columns, size);                     \
      }                                                                                         \
    }                                                                                           \
    return rows * columns;                                                                      \
  }
TC_WALK(8)
TC_WALK(16)
TC_WALK(32)
TC_WALK(64)

#define TC_TRANSPOSED(level, attribute)                                                         \
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
  }
TC_EACH_LEVEL(TC_TRANSPOSED)

size_t tc_transposed_mismatch_scalar(tc_rows a, tc_rows b, size_t rows, size_t columns,
                                     size_t size) {
  if (size != 1 && size != 2 && size != 4 && size != 8) return 0;
  return first_difference((view){a.data, a.stride}, (view){b.data, b.stride}, rows, columns, size);
}

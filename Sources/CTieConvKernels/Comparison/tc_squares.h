// Squares transposed in registers. A 16-byte vector holds K elements; K of them are transposed by
// log2(K) rounds of interleaving, which every instruction set has.
#ifndef TC_SQUARES_H
#define TC_SQUARES_H

#include "tc_levels.h"

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));

// Bytes of a cache line: the span that both walks take at once, each way.
enum { line_bytes = 64 };

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

#endif

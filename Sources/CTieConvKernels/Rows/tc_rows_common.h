// The vocabulary of the row kernels: vectors of 16 floats, which every instruction set has as one,
// two or four registers. Macros, because a vector parameter would change its calling convention
// with the instruction set.
#ifndef TC_ROWS_COMMON_H
#define TC_ROWS_COMMON_H

#include "tc_levels.h"
#include "tc_nn.h"
#include "tc_rounding.h"

// The definition's table (rows_scalar.c).
const tc_row_table *tc_row_kernels_scalar(void);

enum { tc_row_lanes = 16 };

typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));

#define TC_CONSTANT(x) ((f32x16){0} + (x))
#define TC_ZERO ((f32x16){0})

// Runs its body for every 16 elements of n; `count` of them exist. At a row's end, loads fill up
// with zeros and stores leave out what does not exist.
#define TC_FOR_ROW(n)                                                                         \
  for (size_t i = 0, count = tc_row_lanes; i < (n) && (count = (n)-i < 16 ? (n)-i : 16, 1);   \
       i += tc_row_lanes)
#define TC_LOAD(p)                                           \
  ({                                                         \
    f32x16 loaded_ = {0};                                    \
    if (count == tc_row_lanes) {                             \
      __builtin_memcpy(&loaded_, (p) + i, sizeof loaded_);   \
    } else {                                                 \
      __builtin_memcpy(&loaded_, (p) + i, 4 * count);        \
    }                                                        \
    loaded_;                                                 \
  })
#define TC_STORE(p, value)                                   \
  do {                                                       \
    f32x16 stored_ = (value);                                \
    if (count == tc_row_lanes) {                             \
      __builtin_memcpy((p) + i, &stored_, sizeof stored_);   \
    } else {                                                 \
      __builtin_memcpy((p) + i, &stored_, 4 * count);        \
    }                                                        \
  } while (0)
// All ones in the lanes of elements that exist.
#define TC_EXISTING                                                                       \
  ((i32x16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} < (int32_t)count)

#define TC_SELECT(mask, x, y) ((f32x16)(((mask) & (i32x16)(x)) | (~(mask) & (i32x16)(y))))
#define TC_ABSOLUTE(x) ((f32x16)((i32x16)(x) & 0x7FFFFFFF))

// The lanes' sum, as a fixed tree.
TC_INLINE float tc_lane_sum(const float *x) {
  float s[8];
  for (int j = 0; j < 8; j++) s[j] = x[j] + x[j + 8];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}
#define TC_SUM(vector) ({ float lanes_[16]; __builtin_memcpy(lanes_, &(vector), 64); \
                          tc_lane_sum(lanes_); })

// e^x = 2^n · e^r with |r| <= ln 2 / 2. The upper part of ln 2 has 10 bits, so n times it is exact.
// The series ends where a term is below 2^-27. Two factors make up 2^n, so that results beyond the
// range become infinite or subnormal with one rounding. A NaN stays one.
#define TC_EXP(argument)                                                                       \
  ({                                                                                           \
    f32x16 e_ = (argument);                                                                    \
    e_ = TC_SELECT(e_ > 89.0f, TC_CONSTANT(89.0f), e_);                                        \
    e_ = TC_SELECT(e_ < -104.0f, TC_CONSTANT(-104.0f), e_);                                    \
    f32x16 shifted_ = TC_FMA(e_, TC_CONSTANT(0x1.715476p+0f), TC_CONSTANT(0x1.8p23f));         \
    f32x16 whole_ = shifted_ - 0x1.8p23f;                                                      \
    f32x16 r_ = TC_FMA(whole_, TC_CONSTANT(-0x1.63p-1f), e_);                                  \
    r_ = TC_FMA(whole_, TC_CONSTANT(0x1.bd0106p-13f), r_);                                     \
    f32x16 q_ = TC_FMA(TC_CONSTANT(1 / 5040.0f), r_, TC_CONSTANT(1 / 720.0f));                 \
    q_ = TC_FMA(q_, r_, TC_CONSTANT(1 / 120.0f));                                              \
    q_ = TC_FMA(q_, r_, TC_CONSTANT(1 / 24.0f));                                               \
    q_ = TC_FMA(q_, r_, TC_CONSTANT(1 / 6.0f));                                                \
    q_ = TC_FMA(q_, r_, TC_CONSTANT(0.5f));                                                    \
    q_ = TC_FMA(q_ * r_, r_, r_) + 1.0f;                                                       \
    i32x16 n_ = (i32x16)shifted_ - 0x4B400000, half_ = n_ >> 1;                                \
    q_ * (f32x16)((half_ + 127) << 23) * (f32x16)((n_ - half_ + 127) << 23);                   \
  })

// σ(x), and 1 − σ(x) without the cancellation where x is large.
#define TC_SIGMOID(x, part, rest)                                            \
  {                                                                          \
    f32x16 power = TC_EXP(-(x));                                             \
    part = 1.0f / (1.0f + power);                                            \
    rest = TC_SELECT((x) > 0.0f, power * part, 1.0f - part);                 \
  }

// tanh: near 0 an odd series (coefficients of Cephes' tanhf), elsewhere by e^2x.
#define TC_TANH(argument)                                                                      \
  ({                                                                                           \
    f32x16 h_ = (argument), size_ = TC_ABSOLUTE(h_), square_ = h_ * h_;                        \
    f32x16 s_ = TC_FMA(square_, TC_CONSTANT(-5.70498872745e-3f),                               \
                       TC_CONSTANT(2.06390887954e-2f));                                        \
    s_ = TC_FMA(s_, square_, TC_CONSTANT(-5.37397155531e-2f));                                 \
    s_ = TC_FMA(s_, square_, TC_CONSTANT(1.33314422036e-1f));                                  \
    s_ = TC_FMA(s_, square_, TC_CONSTANT(-3.33332819422e-1f));                                 \
    s_ = TC_FMA(s_ * square_, h_, h_);                                                         \
    f32x16 large_ = 1.0f - 2.0f / (TC_EXP(size_ + size_) + 1.0f);                              \
    large_ = (f32x16)((i32x16)large_ | ((i32x16)h_ & (int32_t)0x80000000));                    \
    TC_SELECT(size_ < 0.625f, s_, large_);                                                     \
  })

// Φ(x) = erfc(−x/√2)/2 from e^(−x²/2), which the caller has: e^(z²)·erfc(z) as a polynomial in
// t = 1/(1 + 0.4z), fitted to 1e-8 for 0 <= z <= 10.
#define TC_NORMAL_CDF(argument, gauss)                                                         \
  ({                                                                                           \
    f32x16 c_ = (argument);                                                                    \
    f32x16 t_ = 1.0f / TC_FMA(TC_ABSOLUTE(c_), TC_CONSTANT(0.28284271f), TC_CONSTANT(1.0f));   \
    f32x16 p_ = TC_FMA(t_, TC_CONSTANT(-0.02920629221f), TC_CONSTANT(0.1959054563f));          \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(-0.493854621f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.5408248049f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(-0.278868847f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.2691156639f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.1306993002f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.2147006966f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.2249782873f));                                           \
    p_ = TC_FMA(p_, t_, TC_CONSTANT(0.2257055594f));                                           \
    p_ = p_ * t_ * (gauss) * 0.5f;                                                             \
    TC_SELECT(c_ < 0.0f, p_, 1.0f - p_);                                                       \
  })

#define TC_ROW(name) TC_PASTE(TC_PASTE(tc_row_##name, _), TC_LEVEL)

#endif

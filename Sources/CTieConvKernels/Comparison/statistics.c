// Sums over pairs of elements, in f64, in one order on every machine: eight lanes, then a fixed
// tree. Contraction is off because a fused multiply-add would make the sums differ per machine.
#include "tc_levels.h"

#pragma STDC FP_CONTRACT OFF

enum { lanes = 8 };

typedef float f32x8 __attribute__((vector_size(32)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef double f64x8 __attribute__((vector_size(64)));
typedef int64_t i64x8 __attribute__((vector_size(64)));

// What each lane has gathered.
typedef struct {
  double maximum[lanes], squared[lanes], ab[lanes], aa[lanes], bb[lanes];
  int64_t bits[lanes], values[lanes], nan[lanes], bad_a[lanes], bad_b[lanes];
} lane_sums;

TC_INLINE double tree_sum(const double *x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

TC_INLINE uint64_t count_sum(const int64_t *x) {
  uint64_t sum = 0;
  for (int lane = 0; lane < lanes; lane++) sum += (uint64_t)x[lane];
  return sum;
}

static void reduce(const lane_sums *sums, tc_pair_statistics *result) {
  double maximum = 0;
  for (int lane = 0; lane < lanes; lane++) {
    if (sums->maximum[lane] > maximum) maximum = sums->maximum[lane];
  }
  *result = (tc_pair_statistics){
      .max_abs_difference = maximum,
      .squared_difference = tree_sum(sums->squared),
      .dot_ab = tree_sum(sums->ab),
      .dot_aa = tree_sum(sums->aa),
      .dot_bb = tree_sum(sums->bb),
      .bits_differ = count_sum(sums->bits),
      .values_differ = count_sum(sums->values),
      .nan_against_number = count_sum(sums->nan),
      .nonfinite_a = count_sum(sums->bad_a),
      .nonfinite_b = count_sum(sums->bad_b),
  };
}

static void gather_one(lane_sums *sums, int lane, double a, double b, int bits) {
  int nan_a = a != a, nan_b = b != b;
  int bad_a = !__builtin_isfinite(a), bad_b = !__builtin_isfinite(b);
  double difference = __builtin_fabs(a - b);
  if (a == b || (nan_a && nan_b)) difference = 0;
  if (nan_a != nan_b) difference = __builtin_inf();
  if (difference > sums->maximum[lane]) sums->maximum[lane] = difference;
  sums->bits[lane] += bits;
  sums->values[lane] += a != b && !(nan_a && nan_b);
  sums->nan[lane] += nan_a != nan_b;
  sums->bad_a[lane] += bad_a;
  sums->bad_b[lane] += bad_b;
  if (bad_a || bad_b) return;
  sums->squared[lane] += difference * difference;
  sums->ab[lane] += a * b;
  sums->aa[lane] += a * a;
  sums->bb[lane] += b * b;
}

#define TC_STATISTICS_SCALAR(name, word, size)                                             \
  void tc_statistics_##name##_scalar(const void *a, const void *b, size_t n,               \
                                     tc_pair_statistics *result) {                         \
    const uint8_t *p = a, *q = b;                                                          \
    lane_sums sums = {0};                                                                  \
    for (size_t i = 0; i < n; i++, p += size, q += size) {                                 \
      gather_one(&sums, (int)(i % lanes), (double)tc_load_##name(p),                       \
                 (double)tc_load_##name(q), tc_load_##word(p) != tc_load_##word(q));       \
    }                                                                                      \
    reduce(&sums, result);                                                                 \
  }
TC_STATISTICS_SCALAR(f32, u32, 4)
TC_STATISTICS_SCALAR(f64, u64, 8)

#define SELECT(mask, x, y) ((f64x8)(((mask) & (i64x8)(x)) | (~(mask) & (i64x8)(y))))

// Eight pairs at a time; `mask` values are 0 or -1, so counters subtract them. The rest is padded
// with zero pairs, which change nothing.
#define TC_STATISTICS_BODY(name, vector, integers, size)                                          \
  TC_INLINE void name##_body(const uint8_t *p, const uint8_t *q, size_t n,                        \
                             tc_pair_statistics *result) {                                        \
    const i64x8 exponent = (i64x8){0} + INT64_C(0x7FF0000000000000);                              \
    const i64x8 positive = (i64x8){0} + INT64_MAX;                                                \
    const f64x8 infinity = (f64x8)exponent, zero = {0};                                           \
    f64x8 maximum = {0}, squared = {0}, ab = {0}, aa = {0}, bb = {0};                             \
    i64x8 bits = {0}, values = {0}, nan = {0}, bad_a = {0}, bad_b = {0};                          \
    for (size_t i = 0; i < n; i += lanes, p += lanes * size, q += lanes * size) {                 \
      vector x = {0}, y = {0};                                                                    \
      if (n - i >= lanes) {                                                                       \
        __builtin_memcpy(&x, p, sizeof x);                                                        \
        __builtin_memcpy(&y, q, sizeof y);                                                        \
      } else {                                                                                    \
        __builtin_memcpy(&x, p, (n - i) * size);                                                  \
        __builtin_memcpy(&y, q, (n - i) * size);                                                  \
      }                                                                                           \
      f64x8 a = __builtin_convertvector(x, f64x8), b = __builtin_convertvector(y, f64x8);         \
      i64x8 nan_a = a != a, nan_b = b != b;                                                       \
      i64x8 infinite_a = ((i64x8)a & exponent) == exponent;                                       \
      i64x8 infinite_b = ((i64x8)b & exponent) == exponent;                                       \
      i64x8 same = (a == b) | (nan_a & nan_b), one_nan = nan_a ^ nan_b;                           \
      f64x8 difference = (f64x8)((i64x8)(a - b) & positive & ~same);                              \
      difference = SELECT(one_nan, infinity, difference);                                         \
      maximum = SELECT(difference > maximum, difference, maximum);                                \
      bits -= __builtin_convertvector((integers)x != (integers)y, i64x8);                         \
      values += ~same & 1;                                                                        \
      nan -= one_nan;                                                                             \
      bad_a -= infinite_a;                                                                        \
      bad_b -= infinite_b;                                                                        \
      i64x8 skip = infinite_a | infinite_b;                                                       \
      a = SELECT(skip, zero, a);                                                                  \
      b = SELECT(skip, zero, b);                                                                  \
      difference = SELECT(skip, zero, difference);                                                \
      squared += difference * difference;                                                         \
      ab += a * b;                                                                                \
      aa += a * a;                                                                                \
      bb += b * b;                                                                                \
    }                                                                                             \
    lane_sums sums;                                                                               \
    __builtin_memcpy(sums.maximum, &maximum, sizeof maximum);                                     \
    __builtin_memcpy(sums.squared, &squared, sizeof squared);                                     \
    __builtin_memcpy(sums.ab, &ab, sizeof ab);                                                    \
    __builtin_memcpy(sums.aa, &aa, sizeof aa);                                                    \
    __builtin_memcpy(sums.bb, &bb, sizeof bb);                                                    \
    __builtin_memcpy(sums.bits, &bits, sizeof bits);                                              \
    __builtin_memcpy(sums.values, &values, sizeof values);                                        \
    __builtin_memcpy(sums.nan, &nan, sizeof nan);                                                 \
    __builtin_memcpy(sums.bad_a, &bad_a, sizeof bad_a);                                           \
    __builtin_memcpy(sums.bad_b, &bad_b, sizeof bad_b);                                           \
    reduce(&sums, result);                                                                        \
  }
TC_STATISTICS_BODY(f32, f32x8, i32x8, 4)
TC_STATISTICS_BODY(f64, f64x8, i64x8, 8)

#define TC_STATISTICS(level, target)                                                              \
  target void tc_statistics_f32_##level(const void *a, const void *b, size_t n,                   \
                                        tc_pair_statistics *result) {                             \
    f32_body(a, b, n, result);                                                                    \
  }                                                                                               \
  target void tc_statistics_f64_##level(const void *a, const void *b, size_t n,                   \
                                        tc_pair_statistics *result) {                             \
    f64_body(a, b, n, result);                                                                    \
  }
TC_EACH_LEVEL(TC_STATISTICS)

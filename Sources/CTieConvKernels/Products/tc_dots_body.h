// Products of a few rows with lines of B where they lie; gemm_dots.c includes this once per
// instruction set. Given: TC_LEVEL, TC_ATTRIBUTE; 2^TC_LOG_ROWS x 2^TC_LOG_COLUMNS dots at a time;
// TC_MULTIPLY_ADD(sum, a, b) on F32 words, TC_PAIR_MULTIPLY_ADD on BF16 pairs, TC_FUSED on floats.

// Adds the products of `steps` times 16 words to every sum of 16 lanes.
TC_ATTRIBUTE static inline __attribute__((always_inline)) void TC_DOTS(add)(
    const int kind, const int rows, const int columns, lines x, lines b, size_t steps,
    float (*sums)[16]) {
  f32x16 sum[4][4];
  TC_UNROLL for (int r = 0; r < rows; r++) {
    TC_UNROLL for (int j = 0; j < columns; j++) {
      __builtin_memcpy(&sum[r][j], sums[r * columns + j], sizeof sum[r][j]);
    }
  }
  for (size_t k = 0; k < steps; k++) {
    u32x16 a[4];
    TC_UNROLL for (int r = 0; r < rows; r++) {
      __builtin_memcpy(&a[r], x.first + (size_t)r * x.stride, sizeof a[r]);
    }
    TC_UNROLL for (int j = 0; j < columns; j++) {
      u32x16 y;
      if (kind == words_widened) {
        u16x16 halves;
        __builtin_memcpy(&halves, b.first + (size_t)j * b.stride, sizeof halves);
        y = __builtin_convertvector(halves, u32x16) << 16;
      } else {
        __builtin_memcpy(&y, b.first + (size_t)j * b.stride, sizeof y);
      }
      TC_UNROLL for (int r = 0; r < rows; r++) {
        if (kind == words_paired) {
          TC_PAIR_MULTIPLY_ADD(sum[r][j], a[r], y);
        } else {
          TC_MULTIPLY_ADD(sum[r][j], a[r], y);
        }
      }
    }
    x.first += 64;
    b.first += kind == words_widened ? 32 : 64;
  }
  TC_UNROLL for (int r = 0; r < rows; r++) {
    TC_UNROLL for (int j = 0; j < columns; j++) {
      __builtin_memcpy(sums[r * columns + j], &sum[r][j], sizeof sum[r][j]);
    }
  }
}

// Each shape is a function of its own, so that nothing else asks for the registers of its loop.
#define TC_ADD(kind, rows, columns)                                                \
  TC_ATTRIBUTE static __attribute__((noinline)) void TC_DOTS(kind##rows##columns)( \
      lines x, lines b, size_t steps, float (*sums)[16]) {                         \
    TC_DOTS(add)(words_##kind, rows, columns, x, b, steps, sums);                  \
  }
#define TC_ADD_SHAPES(kind)                                                             \
  TC_ADD(kind, 1, 1) TC_ADD(kind, 2, 1) TC_ADD(kind, 4, 1) TC_ADD(kind, 1, 2)           \
  TC_ADD(kind, 2, 2) TC_ADD(kind, 4, 2) TC_ADD(kind, 1, 4) TC_ADD(kind, 2, 4) TC_ADD(kind, 4, 4)
TC_ADD_SHAPES(plain)
TC_ADD_SHAPES(widened)
TC_ADD_SHAPES(paired)

// By kind, and the logarithms of rows and columns.
#define TC_ADDERS(kind)                                                             \
  {                                                                                 \
    {TC_DOTS(kind##11), TC_DOTS(kind##12), TC_DOTS(kind##14)},                      \
        {TC_DOTS(kind##21), TC_DOTS(kind##22), TC_DOTS(kind##24)},                  \
        {TC_DOTS(kind##41), TC_DOTS(kind##42), TC_DOTS(kind##44)},                  \
  }
static const add_dots TC_DOTS(adders)[3][3][3] = {TC_ADDERS(plain), TC_ADDERS(widened),
                                                  TC_ADDERS(paired)};

TC_ATTRIBUTE static void TC_DOTS(store)(const float (*sums)[16], size_t rows, size_t columns,
                                        size_t j, tc_target c) {
  for (size_t r = 0; r < rows; r++) {
    for (size_t i = 0; i < columns; i++) {
      float *target = c.data + r * c.stride + j + i;
      float sum = lane_sum(sums[r * columns + i]);
      float value = c.accumulate ? TC_FUSED(c.alpha, sum, *target) : c.alpha * sum;
      *target = c.bias ? value + c.bias[j + i] : value;
    }
  }
}

// 2^log_rows rows with every line. What is left of a depth is multiplied from copies that end in
// zeros.
TC_ATTRIBUTE static void TC_DOTS(strip)(int kind, int log_rows, lines x, lines b, size_t depth,
                                        tc_target c) {
  const size_t rows = (size_t)1 << log_rows;
  const size_t step = kind == words_paired ? 32 : 16, steps = depth / step, rest = depth % step;
  const size_t x_size = kind == words_paired ? 2 : 4, b_size = kind == words_plain ? 4 : 2;
  uint8_t x_rest[4][64] = {{0}}, b_rest[4][64] = {{0}};
  for (size_t r = 0; r < rows && rest > 0; r++) {
    __builtin_memcpy(x_rest[r], x.first + r * x.stride + steps * 64, rest * x_size);
  }
  int log_columns = TC_LOG_COLUMNS;
  for (size_t j = 0; j < c.columns; j += (size_t)1 << log_columns) {
    if (c.columns - j < (size_t)1 << log_columns) log_columns = 0;
    const size_t columns = (size_t)1 << log_columns;
    const add_dots add = TC_DOTS(adders)[kind][log_rows][log_columns];
    float sums[16][16] = {{0}};
    lines part = {b.first + j * b.stride, b.stride};
    add(x, part, steps, sums);
    if (rest > 0) {
      for (size_t i = 0; i < columns; i++) {
        __builtin_memcpy(b_rest[i], part.first + i * b.stride + steps * step * b_size,
                         rest * b_size);
      }
      add((lines){x_rest[0], 64}, (lines){b_rest[0], 64}, 1, sums);
    }
    TC_DOTS(store)((const float(*)[16])sums, rows, columns, j, c);
  }
}

TC_ATTRIBUTE static void TC_DOTS(all)(int kind, lines x, lines b, size_t depth, tc_target c) {
  for (size_t i = 0; i < c.rows;) {
    int log_rows = TC_LOG_ROWS;
    while (c.rows - i < (size_t)1 << log_rows) log_rows--;
    tc_target part = c;
    part.data = c.data + i * c.stride;
    TC_DOTS(strip)(kind, log_rows, (lines){x.first + i * x.stride, x.stride}, b, depth, part);
    i += (size_t)1 << log_rows;
  }
}

TC_ATTRIBUTE void TC_PASTE(tc_dots_f32_, TC_LEVEL)(const float *x, size_t x_stride, tc_matrix b,
                                                   size_t depth, tc_target c) {
  const size_t size = b.kind == TC_F32 ? 4 : 2;
  TC_DOTS(all)(b.kind == TC_F32 ? words_plain : words_widened,
               (lines){(const uint8_t *)x, 4 * x_stride}, (lines){b.data, size * b.row_step}, depth,
               c);
}

TC_ATTRIBUTE void TC_PASTE(tc_dots_bf16_, TC_LEVEL)(const uint16_t *x, size_t x_stride,
                                                    tc_matrix b, size_t depth, tc_target c) {
  TC_DOTS(all)(words_paired, (lines){(const uint8_t *)x, 2 * x_stride},
               (lines){b.data, 2 * b.row_step}, depth, c);
}

#undef TC_LEVEL
#undef TC_ATTRIBUTE
#undef TC_LOG_ROWS
#undef TC_LOG_COLUMNS
#undef TC_PAIR_MULTIPLY_ADD
#undef TC_ADD
#undef TC_ADD_SHAPES
#undef TC_ADDERS

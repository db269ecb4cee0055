// One product kernel; gemm_product.c includes this once per instruction set and precision.
// Given: TC_NAME, TC_ATTRIBUTE; TC_LANES, TC_ROWS and TC_VECTORS, the tile of C in registers;
// TC_ELEMENT and TC_PAIR, the packed elements and how many of them make a 32-bit lane;
// TC_MULTIPLY_ADD(sum, a, b) on vectors of lanes, and TC_FUSED(a, b, c) on floats.
// The sums stay in registers over the depth block; a panel of A stays in the first cache while the
// panels of B stream by.
#define TC_FLOATS TC_PASTE(tc_f32x, TC_LANES)
#define TC_WORDS TC_PASTE(tc_u32x, TC_LANES)
#define TC_TILE TC_PASTE(tile_of_, TC_NAME)
#define TC_STORE TC_PASTE(store_of_, TC_NAME)
#define TC_COLUMNS (TC_VECTORS * TC_LANES)

TC_ATTRIBUTE static void TC_TILE(const uint8_t *a, const uint8_t *b, size_t steps, float *sums) {
  TC_FLOATS sum[TC_ROWS][TC_VECTORS];
  TC_UNROLL for (int r = 0; r < TC_ROWS; r++) {
    TC_UNROLL for (int v = 0; v < TC_VECTORS; v++) sum[r][v] = (TC_FLOATS){0};
  }
  for (size_t k = 0; k < steps; k++, a += 4 * TC_ROWS, b += 4 * TC_COLUMNS) {
    TC_WORDS y[TC_VECTORS];
    TC_UNROLL for (int v = 0; v < TC_VECTORS; v++) {
      __builtin_memcpy(&y[v], b + 4 * TC_LANES * v, sizeof y[v]);
    }
    TC_UNROLL for (int r = 0; r < TC_ROWS; r++) {
      TC_WORDS x = (TC_WORDS){0} + tc_load_u32(a + 4 * r);
      TC_UNROLL for (int v = 0; v < TC_VECTORS; v++) TC_MULTIPLY_ADD(sum[r][v], x, y[v]);
    }
  }
  TC_UNROLL for (int r = 0; r < TC_ROWS; r++) {
    TC_UNROLL for (int v = 0; v < TC_VECTORS; v++) {
      __builtin_memcpy(sums + r * TC_COLUMNS + v * TC_LANES, &sum[r][v], sizeof sum[r][v]);
    }
  }
}

TC_ATTRIBUTE static void TC_STORE(const float *restrict sums, float *restrict target,
                                  const float *restrict bias, size_t n, float alpha,
                                  int accumulate) {
  if (accumulate) {
    for (size_t j = 0; j < n; j++) target[j] = TC_FUSED(alpha, sums[j], target[j]);
  } else {
    for (size_t j = 0; j < n; j++) target[j] = alpha * sums[j];
  }
  if (bias == NULL) return;
  for (size_t j = 0; j < n; j++) target[j] += bias[j];
}

TC_ATTRIBUTE void TC_NAME(const TC_ELEMENT *a, size_t a_panel, const TC_ELEMENT *b,
                          size_t b_panel, size_t depth, tc_target c) {
  float sums[TC_ROWS * TC_COLUMNS];
  size_t steps = (depth + TC_PAIR - 1) / TC_PAIR;
  for (size_t i = 0; i < c.rows; i += TC_ROWS, a += a_panel) {
    size_t rows = c.rows - i < TC_ROWS ? c.rows - i : TC_ROWS;
    const TC_ELEMENT *panel = b;
    for (size_t j = 0; j < c.columns; j += TC_COLUMNS, panel += b_panel) {
      size_t columns = c.columns - j < TC_COLUMNS ? c.columns - j : TC_COLUMNS;
      float *corner = c.data + i * c.stride + j;
      for (size_t r = 0; r < rows; r++) {
        __builtin_prefetch(corner + r * c.stride, 1);
        __builtin_prefetch(corner + r * c.stride + columns - 1, 1);
      }
      TC_TILE((const uint8_t *)a, (const uint8_t *)panel, steps, sums);
      for (size_t r = 0; r < rows; r++) {
        TC_STORE(sums + r * TC_COLUMNS, corner + r * c.stride, c.bias ? c.bias + j : NULL, columns,
                 c.alpha, c.accumulate);
      }
    }
  }
}

#undef TC_FLOATS
#undef TC_WORDS
#undef TC_TILE
#undef TC_STORE
#undef TC_COLUMNS
#undef TC_NAME
#undef TC_ATTRIBUTE
#undef TC_LANES
#undef TC_ROWS
#undef TC_VECTORS
#undef TC_ELEMENT
#undef TC_PAIR
#undef TC_MULTIPLY_ADD
#undef TC_FUSED

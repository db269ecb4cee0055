// Rows rounded as ggml rounds them before a product. Included once per instruction set by rows.c.

// To whole numbers, ties to even, for |x| < 2^22; a NaN stays one.
#define TC_NEAREST(x) (((x) + 0x1.8p23f) - 0x1.8p23f)

TC_ATTRIBUTE static float TC_ROW(largest)(const float *x, size_t n) {
  f32x16 most = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 v = TC_ABSOLUTE(TC_LOAD(x));
    most = TC_SELECT(v > most, v, most);
  }
  float result = 0;
  for (int j = 0; j < tc_row_lanes; j++) result = most[j] > result ? most[j] : result;
  return result;
}

TC_ATTRIBUTE static void TC_ROW(round)(tc_rounding kind, const float *row, size_t total,
                                       float *rounded) {
  if (kind == TC_ROUND_F16) {
    for (size_t i = 0; i < total; i++) rounded[i] = tc_f16_value(row[i]);
    return;
  }
  if (kind == TC_ROUND_BF16) {
    for (size_t i = 0; i < total; i++) rounded[i] = tc_bf16_value(row[i]);
    return;
  }
  size_t block = tc_rounding_block(kind);
  for (size_t start = 0; start < total; start += block) {
    size_t n = total - start < block ? total - start : block;
    const float *x = row + start;
    float *y = rounded + start;
    tc_block_scale s = tc_scale_of_block(kind, TC_ROW(largest)(x, n));
    TC_FOR_ROW(n) {
      f32x16 scaled = TC_LOAD(x) * s.inverse;
      TC_STORE(y, TC_NEAREST(scaled) * s.scale);
    }
  }
}

TC_ATTRIBUTE static void TC_ROW(round_excess)(const float *row, size_t total, float *excess) {
  for (size_t start = 0; start < total; start += 32, excess++) {
    size_t n = total - start < 32 ? total - start : 32;
    const float *x = row + start;
    float largest = TC_ROW(largest)(x, n);
    tc_block_scale s = tc_scale_of_block(TC_ROUND_Q8_0, largest);
    f32x16 codes = TC_ZERO;
    TC_FOR_ROW(n) {
      f32x16 scaled = TC_LOAD(x) * s.inverse;
      codes += TC_NEAREST(scaled);
    }
    float sum = TC_SUM(codes);
    *excess = tc_f16_value(sum * (largest / 127)) - sum * s.scale;
  }
}

#undef TC_NEAREST

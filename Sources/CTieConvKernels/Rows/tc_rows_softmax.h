// Softmax and log-sum-exp in pieces, so that a caller can work block by block. Included once per
// instruction set by rows.c.
TC_ATTRIBUTE static float TC_ROW(maximum)(const float *x, size_t n) {
  f32x16 most = TC_CONSTANT(-__builtin_inff());
  TC_FOR_ROW(n) {
    f32x16 v = TC_SELECT(TC_EXISTING, TC_LOAD(x), TC_CONSTANT(-__builtin_inff()));
    most = TC_SELECT((v > most) | (v != v), v, most);
  }
  float result = most[0];
  for (int j = 1; j < tc_row_lanes; j++) {
    if (most[j] > result || most[j] != most[j]) result = most[j];
  }
  return result;
}

TC_ATTRIBUTE static float TC_ROW(exponentials)(const float *x, size_t n, float scale, float shift,
                                               float *y) {
  f32x16 sum = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 v = TC_EXP(TC_FMA(TC_LOAD(x), TC_CONSTANT(scale), TC_CONSTANT(-shift)));
    sum += TC_SELECT(TC_EXISTING, v, TC_ZERO);
    TC_STORE(y, v);
  }
  return TC_SUM(sum);
}

TC_ATTRIBUTE static float TC_ROW(exponential_sum)(const float *x, size_t n, float scale,
                                                  float shift) {
  f32x16 sum = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 v = TC_EXP(TC_FMA(TC_LOAD(x), TC_CONSTANT(scale), TC_CONSTANT(-shift)));
    sum += TC_SELECT(TC_EXISTING, v, TC_ZERO);
  }
  return TC_SUM(sum);
}

TC_ATTRIBUTE static float TC_ROW(dot)(const float *x, const float *y, size_t n) {
  f32x16 sum = TC_ZERO;
  TC_FOR_ROW(n) { sum = TC_FMA(TC_LOAD(x), TC_LOAD(y), sum); }
  return TC_SUM(sum);
}

TC_ATTRIBUTE static void TC_ROW(softmax_gradient)(const float *p, const float *dp, size_t n,
                                                  float dot, float scale, float *dx) {
  TC_FOR_ROW(n) { TC_STORE(dx, TC_LOAD(p) * (TC_LOAD(dp) - dot) * scale); }
}

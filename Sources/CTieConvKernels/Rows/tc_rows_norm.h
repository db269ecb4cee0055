// Normalisation of a row, and its gradient. Included once per instruction set by rows.c.
TC_ATTRIBUTE static float TC_ROW(rms_norm)(const float *x, const float *w, size_t n, float epsilon,
                                           float offset, float *y) {
  f32x16 squares = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 v = TC_LOAD(x);
    squares = TC_FMA(v, v, squares);
  }
  float r = (float)(1 / __builtin_sqrt((double)TC_SUM(squares) / (double)n + (double)epsilon));
  TC_FOR_ROW(n) { TC_STORE(y, TC_LOAD(x) * r * (TC_LOAD(w) + offset)); }
  return r;
}

TC_ATTRIBUTE static void TC_ROW(rms_norm_gradient)(const float *x, const float *w, const float *dy,
                                                   size_t n, float r, float offset, float *dx,
                                                   float *dw) {
  f32x16 dot = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 g = TC_LOAD(dy) * (TC_LOAD(w) + offset);
    dot = TC_FMA(g, TC_LOAD(x), dot);
  }
  float along = TC_SUM(dot) / (float)n * r * r;
  TC_FOR_ROW(n) {
    f32x16 v = TC_LOAD(x), d = TC_LOAD(dy), g = d * (TC_LOAD(w) + offset);
    TC_STORE(dx, TC_FMA(TC_FMA(TC_CONSTANT(-along), v, g), TC_CONSTANT(r), TC_LOAD(dx)));
    if (dw != NULL) TC_STORE(dw, TC_FMA(d, v * r, TC_LOAD(dw)));
  }
}

TC_ATTRIBUTE static void TC_ROW(layer_norm)(const float *x, const float *w, const float *b,
                                            size_t n, float epsilon, float *y, float *mean,
                                            float *r) {
  f32x16 sum = TC_ZERO, squares = TC_ZERO;
  TC_FOR_ROW(n) { sum += TC_LOAD(x); }
  *mean = TC_SUM(sum) / (float)n;
  TC_FOR_ROW(n) {
    f32x16 v = TC_SELECT(TC_EXISTING, TC_LOAD(x) - *mean, TC_ZERO);
    squares = TC_FMA(v, v, squares);
  }
  *r = (float)(1 / __builtin_sqrt((double)TC_SUM(squares) / (double)n + (double)epsilon));
  TC_FOR_ROW(n) {
    f32x16 v = (TC_LOAD(x) - *mean) * *r * TC_LOAD(w);
    if (b != NULL) v += TC_LOAD(b);
    TC_STORE(y, v);
  }
}

TC_ATTRIBUTE static void TC_ROW(layer_norm_gradient)(const float *x, const float *w,
                                                     const float *dy, size_t n, float mean,
                                                     float r, float *dx, float *dw, float *db) {
  f32x16 sum = TC_ZERO, dot = TC_ZERO;
  TC_FOR_ROW(n) {
    f32x16 g = TC_LOAD(dy) * TC_LOAD(w);
    sum += g;
    dot = TC_FMA(g, (TC_LOAD(x) - mean) * r, dot);
  }
  float level = TC_SUM(sum) / (float)n, along = TC_SUM(dot) / (float)n;
  TC_FOR_ROW(n) {
    f32x16 d = TC_LOAD(dy), g = d * TC_LOAD(w), z = (TC_LOAD(x) - mean) * r;
    f32x16 inner = TC_FMA(TC_CONSTANT(-along), z, g - level);
    TC_STORE(dx, TC_FMA(inner, TC_CONSTANT(r), TC_LOAD(dx)));
    if (dw != NULL) TC_STORE(dw, TC_FMA(d, z, TC_LOAD(dw)));
    if (db != NULL) TC_STORE(db, TC_LOAD(db) + d);
  }
}

// Rotary positions, sums of rows, and the optimizer's step. Included once per instruction set by
// rows.c.
TC_ATTRIBUTE static void TC_ROW(rotate_halves)(float *x, const float *cosines, const float *sines,
                                               size_t n, float sign) {
  float *other = x + n;
  TC_FOR_ROW(n) {
    f32x16 a = TC_LOAD(x), b = TC_LOAD(other), c = TC_LOAD(cosines), s = TC_LOAD(sines) * sign;
    TC_STORE(x, TC_FMA(a, c, -(b * s)));
    TC_STORE(other, TC_FMA(b, c, a * s));
  }
}

TC_ATTRIBUTE static void TC_ROW(rotate)(float *x, const float *cosines, const float *sines,
                                        size_t n, int adjacent, float sign) {
  if (!adjacent) {
    TC_ROW(rotate_halves)(x, cosines, sines, n, sign);
    return;
  }
  for (size_t j = 0; j < n; j++) {
    float a = x[2 * j], b = x[2 * j + 1], c = cosines[j], s = sines[j] * sign;
    x[2 * j] = TC_FMA_ONE(a, c, -(b * s));
    x[2 * j + 1] = TC_FMA_ONE(b, c, a * s);
  }
}

TC_ATTRIBUTE static void TC_ROW(add_scaled)(const float *x, size_t n, float alpha, float *y) {
  TC_FOR_ROW(n) { TC_STORE(y, TC_FMA(TC_LOAD(x), TC_CONSTANT(alpha), TC_LOAD(y))); }
}

TC_ATTRIBUTE static void TC_ROW(scale)(const float *x, size_t n, float alpha, float *y) {
  TC_FOR_ROW(n) { TC_STORE(y, TC_LOAD(x) * alpha); }
}

TC_ATTRIBUTE static void TC_ROW(multiply)(const float *x, const float *w, size_t n, float *y) {
  TC_FOR_ROW(n) { TC_STORE(y, TC_LOAD(x) * TC_LOAD(w)); }
}

TC_ATTRIBUTE static void TC_ROW(add_product)(const float *x, const float *w, size_t n, float *y) {
  TC_FOR_ROW(n) { TC_STORE(y, TC_FMA(TC_LOAD(x), TC_LOAD(w), TC_LOAD(y))); }
}

TC_ATTRIBUTE static void TC_ROW(adamw)(float *w, float *m, float *v, const float *gradient,
                                       size_t n, float scale, tc_adamw step) {
  const float root = (float)__builtin_sqrt((double)step.correction2);
  const float rate = step.rate / step.correction1;
  TC_FOR_ROW(n) {
    f32x16 g = TC_LOAD(gradient) * scale, weight = TC_LOAD(w);
    f32x16 first = TC_FMA(TC_LOAD(m), TC_CONSTANT(step.beta1), g * (1 - step.beta1));
    f32x16 second = TC_FMA(TC_LOAD(v), TC_CONSTANT(step.beta2), g * g * (1 - step.beta2));
    TC_STORE(m, first);
    TC_STORE(v, second);
    f32x16 size = __builtin_elementwise_sqrt(second) / root + step.epsilon;
    weight = TC_FMA(weight, TC_CONSTANT(-step.rate * step.decay), weight);
    TC_STORE(w, TC_FMA(first / size, TC_CONSTANT(-rate), weight));
  }
}

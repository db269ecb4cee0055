// Activations, gated or not, and their gradients. Included once per instruction set by rows.c.
// 1/√(2π), and √(2/π) twice: u below is twice the tanh's argument, since
// (1 + tanh(u/2))/2 = σ(u).
#define TC_TANH_ARGUMENT(x, square) \
  ((x) * TC_FMA(square, TC_CONSTANT(0.0713548163f), TC_CONSTANT(1.5957691216f)))

// a(x) = x · part(x), and a'(x).
#define TC_PART(kind, x, part, slope)                                                        \
  switch (kind) {                                                                            \
    case TC_SILU: {                                                                          \
      f32x16 rest;                                                                           \
      TC_SIGMOID(x, part, rest)                                                              \
      slope = part * TC_FMA(x, rest, TC_CONSTANT(1.0f));                                     \
      break;                                                                                 \
    }                                                                                        \
    case TC_GELU: {                                                                          \
      f32x16 gauss = TC_EXP(-0.5f * (x) * (x));                                              \
      part = TC_NORMAL_CDF(x, gauss);                                                        \
      slope = TC_FMA((x)*0.3989422804f, gauss, part);                                        \
      break;                                                                                 \
    }                                                                                        \
    case TC_GELU_TANH: {                                                                     \
      f32x16 square = (x) * (x), u = TC_TANH_ARGUMENT(x, square), rest;                      \
      TC_SIGMOID(u, part, rest)                                                              \
      f32x16 rise = TC_FMA(square, TC_CONSTANT(0.2140644488f), TC_CONSTANT(1.5957691216f)); \
      slope = TC_FMA((x)*part * rest, rise, part);                                           \
      break;                                                                                 \
    }                                                                                        \
    default:                                                                                 \
      part = slope = TC_SELECT((x) > 0.0f, TC_CONSTANT(1.0f), TC_ZERO);                      \
  }

TC_ATTRIBUTE static void TC_ROW(activation)(tc_activation kind, const float *gate, const float *up,
                                            size_t n, float *y) {
  TC_FOR_ROW(n) {
    f32x16 x = TC_LOAD(gate), part, slope;
    TC_PART(kind, x, part, slope)
    (void)slope;
    f32x16 v = x * part;
    TC_STORE(y, up == NULL ? v : v * TC_LOAD(up));
  }
}

TC_ATTRIBUTE static void TC_ROW(activation_gradient)(tc_activation kind, const float *gate,
                                                     const float *up, const float *dy, size_t n,
                                                     float *dgate, float *dup) {
  TC_FOR_ROW(n) {
    f32x16 x = TC_LOAD(gate), d = TC_LOAD(dy), part, slope;
    TC_PART(kind, x, part, slope)
    f32x16 u = up == NULL ? TC_CONSTANT(1.0f) : TC_LOAD(up);
    if (dup != NULL) TC_STORE(dup, d * (x * part));
    TC_STORE(dgate, d * u * slope);
  }
}

TC_ATTRIBUTE static void TC_ROW(soft_cap)(const float *x, size_t n, float cap, float *y) {
  TC_FOR_ROW(n) {
    f32x16 v = TC_LOAD(x) / cap;
    TC_STORE(y, cap * TC_TANH(v));
  }
}

TC_ATTRIBUTE static void TC_ROW(soft_cap_gradient)(const float *y, const float *dy, size_t n,
                                                   float cap, float *dx) {
  TC_FOR_ROW(n) {
    f32x16 h = TC_LOAD(y) / cap;
    TC_STORE(dx, TC_LOAD(dy) * TC_FMA(-h, h, TC_CONSTANT(1.0f)));
  }
}
#undef TC_TANH_ARGUMENT
#undef TC_PART

// The decoder table of each instruction set, and the choice among them.
#include "tc_ggml_bodies.h"

#define TC_ENTRY(level, target, id, name, bytes, values) [id] = tc_dequantize_##name##_##level,
#define TC_TABLE(level, target)                                                  \
  static const tc_ggml_table table_##level = {                                   \
      .name = #level,                                                            \
      .dequantize = {TC_GGML_EACH(TC_ENTRY, level, target)},                     \
  };
TC_TABLE(scalar, )
TC_EACH_LEVEL(TC_TABLE)

const tc_ggml_table *tc_ggml_at(tc_level level) {
  // What this machine can run is known to the other table.
  if (tc_kernels_at(level) == NULL) return NULL;
  switch (level) {
    case TC_SCALAR: return &table_scalar;
#if defined(__x86_64__)
    case TC_PORTABLE: return &table_portable;
    case TC_AVX2: return &table_avx2;
    case TC_AVX512:
    case TC_AVX512_BF16: return &table_avx512;
#elif defined(__aarch64__)
    case TC_NEON: return &table_neon;
#else
    case TC_PORTABLE: return &table_portable;
#endif
    default: return NULL;
  }
}

const tc_ggml_table *tc_ggml(void) {
  const tc_ggml_table *table = NULL;
  for (int level = TC_NEON; table == NULL; level--) table = tc_ggml_at((tc_level)level);
  return table;
}

size_t tc_ggml_block_values(uint32_t type) {
#define TC_VALUES(level, target, id, name, bytes, values) \
  case id: return values;
  switch (type) {
    TC_GGML_EACH(TC_VALUES, , )
    default: return 0;
  }
}

size_t tc_ggml_block_bytes(uint32_t type) {
#define TC_BYTES(level, target, id, name, bytes, values) \
  case id: return bytes;
  switch (type) {
    TC_GGML_EACH(TC_BYTES, , )
    default: return 0;
  }
}

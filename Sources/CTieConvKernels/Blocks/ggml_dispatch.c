// The tables of decoders and encoders of each instruction set, and the choice among them.
#include "tc_ggml_bodies.h"

#define TC_ENTRY(level, target, id, name, bytes, values) [id] = tc_dequantize_##name##_##level,
#define TC_ENCODER(level, id, name) [id] = tc_encode_##name##_##level,
#define TC_TABLE(level, target)                                                  \
  static const tc_ggml_table table_##level = {                                   \
      .name = #level,                                                            \
      .dequantize = {TC_GGML_EACH(TC_ENTRY, level, target)},                     \
      .encode = {TC_GGML_ENCODED(TC_ENCODER, level)},                            \
  };
TC_TABLE(scalar, )
TC_EACH_LEVEL(TC_TABLE)

const tc_ggml_table *tc_ggml_at(tc_level level) {
  return tc_runs_level(level) ? TC_TABLE_OF(table, level) : NULL;
}

const tc_ggml_table *tc_ggml(void) { return TC_TABLE_OF(table, tc_best_level()); }

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

// The encoder of literals as plain C: the definition that the vector one must equal.
#include "tc_huffman_encode.h"

TC_INLINE int count_scalar(const uint8_t *source, size_t n, uint32_t counts[256]) {
  uint32_t rare[256] = {0};
  if (!count_sample(source, n, counts)) return 0;
  for (size_t i = 0; i < n; i++) rare[source[i]]++;
  scale_counts(n, rare, counts);
  return 1;
}

// One stream: its last symbol first, as the decoder reads from the end.
TC_INLINE uint8_t *stream_scalar(const uint8_t *source, size_t n, const tc_huffman_room *room,
                                 uint8_t *target) {
  bit_writer writer = {target, 0, 0};
  size_t i = n;
  for (; i % 4 != 0; i--) put(&writer, room->codes[source[i - 1]], room->lengths[source[i - 1]]);
  for (; i > 0; i -= 4) {
    uint64_t bits = 0;
    uint32_t count = 0;
    for (size_t k = 1; k <= 4; k++) {
      bits |= (uint64_t)room->codes[source[i - k]] << count;
      count += room->lengths[source[i - k]];
    }
    put(&writer, bits, count);
  }
  return finished(&writer);
}

TC_ENCODE_LITERALS(scalar, , count_scalar, stream_scalar)
TC_ENCODE_LITERALS(portable, , count_scalar, stream_scalar)
#if defined(__x86_64__)
TC_ENCODE_LITERALS(avx2, __attribute__((target("avx2,bmi,bmi2"))), count_scalar, stream_scalar)
#endif

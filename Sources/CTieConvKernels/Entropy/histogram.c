// Counts for estimates: how often each byte, or each upper part of a float, occurs in a sample.
#include "tc_levels.h"

void tc_histogram_bytes(const uint8_t *source, size_t n, size_t step, uint32_t counts[256]) {
  for (size_t i = 0; i < n; i += step) counts[source[i]]++;
}

// Counts exponent and two bits of mantissa, as in window.c, of every step-th element.
void tc_histogram_upper(const void *source, size_t n, size_t width, size_t step,
                        uint32_t counts[1024]) {
  const uint8_t *p = (const uint8_t *)source + width - 2;
  for (size_t i = 0; i < n; i += step) counts[tc_load_u16(p + i * width) >> 5 & 0x3FF]++;
}

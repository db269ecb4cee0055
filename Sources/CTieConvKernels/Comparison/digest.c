// XXH64, a checksum of 64 bits (the algorithm is public: github.com/Cyan4973/xxHash, doc). Four
// lanes of multiplications overlap, which is as fast as memory without vector instructions.
#include "tc_levels.h"

static const uint64_t prime1 = 0x9E3779B185EBCA87u, prime2 = 0xC2B2AE3D27D4EB4Fu,
                      prime3 = 0x165667B19E3779F9u, prime4 = 0x85EBCA77C2B2AE63u,
                      prime5 = 0x27D4EB2F165667C5u;

TC_INLINE uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

TC_INLINE uint64_t round_of(uint64_t lane, uint64_t word) {
  return rotated(lane + word * prime2, 31) * prime1;
}

TC_INLINE uint64_t merged(uint64_t sum, uint64_t lane) {
  return (sum ^ round_of(0, lane)) * prime1 + prime4;
}

uint64_t tc_xxh64(const void *source, size_t n) {
  const uint8_t *p = source;
  const size_t total = n;
  uint64_t sum = prime5;
  if (n >= 32) {
    uint64_t a = prime1 + prime2, b = prime2, c = 0, d = 0 - prime1;
    for (; n >= 32; n -= 32, p += 32) {
      a = round_of(a, tc_load_u64(p));
      b = round_of(b, tc_load_u64(p + 8));
      c = round_of(c, tc_load_u64(p + 16));
      d = round_of(d, tc_load_u64(p + 24));
    }
    sum = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18);
    sum = merged(merged(merged(merged(sum, a), b), c), d);
  }
  sum += total;
  for (; n >= 8; n -= 8, p += 8) {
    sum = rotated(sum ^ round_of(0, tc_load_u64(p)), 27) * prime1 + prime4;
  }
  if (n >= 4) {
    sum = rotated(sum ^ tc_load_u32(p) * prime1, 23) * prime2 + prime3;
    n -= 4, p += 4;
  }
  for (; n > 0; n--, p++) sum = rotated(sum ^ *p * prime5, 11) * prime1;
  sum = (sum ^ sum >> 33) * prime2;
  sum = (sum ^ sum >> 29) * prime3;
  return sum ^ sum >> 32;
}

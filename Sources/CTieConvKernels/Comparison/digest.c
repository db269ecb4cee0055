// XXH3 of 64 bits with seed 0 and the default secret, a checksum at the speed of memory. Written
// from the description of the algorithm (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
#include "tc_levels.h"

enum { stripe = 64, block = 1024, secret_size = 192 };

static const uint64_t prime32_1 = 0x9E3779B1u, prime32_2 = 0x85EBCA77u, prime32_3 = 0xC2B2AE3Du,
                      prime1 = 0x9E3779B185EBCA87u, prime2 = 0xC2B2AE3D27D4EB4Fu,
                      prime3 = 0x165667B19E3779F9u, prime4 = 0x85EBCA77C2B2AE63u,
                      prime5 = 0x27D4EB2F165667C5u, mixer1 = 0x165667919E3779F9u,
                      mixer2 = 0x9FB21C651E98DF25u;

static const uint8_t secret[secret_size] = {
    0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
    0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
    0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
    0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
    0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
    0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
    0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
    0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
    0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
    0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
    0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
    0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
};

TC_INLINE uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

// The halves of the product of 128 bits, exclusive-ored.
TC_INLINE uint64_t folded(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

TC_INLINE uint64_t avalanche(uint64_t x) {
  x = (x ^ x >> 37) * mixer1;
  return x ^ x >> 32;
}

TC_INLINE uint64_t avalanche_small(uint64_t x) {
  x = (x ^ x >> 33) * prime2;
  x = (x ^ x >> 29) * prime3;
  return x ^ x >> 32;
}

// The exclusive or of the two words of the secret from `at` on.
TC_INLINE uint64_t key_at(size_t at) {
  return tc_load_u64(secret + at) ^ tc_load_u64(secret + at + 8);
}

TC_INLINE uint64_t mixed(const uint8_t *p, size_t at) {
  return folded(tc_load_u64(p) ^ tc_load_u64(secret + at),
                tc_load_u64(p + 8) ^ tc_load_u64(secret + at + 8));
}

static uint64_t digest_to_16(const uint8_t *p, size_t n) {
  if (n > 8) {
    uint64_t low = key_at(24) ^ tc_load_u64(p), high = key_at(40) ^ tc_load_u64(p + n - 8);
    return avalanche(n + __builtin_bswap64(low) + high + folded(low, high));
  }
  if (n >= 4) {
    uint64_t x = key_at(8) ^ (tc_load_u32(p + n - 4) | (uint64_t)tc_load_u32(p) << 32);
    x = (x ^ rotated(x, 49) ^ rotated(x, 24)) * mixer2;
    x = (x ^ ((x >> 35) + n)) * mixer2;
    return x ^ x >> 28;
  }
  if (n == 0) return avalanche_small(key_at(56));
  uint32_t x = p[n - 1] | (uint32_t)n << 8 | (uint32_t)p[0] << 16 | (uint32_t)p[n / 2] << 24;
  return avalanche_small(tc_load_u32(secret) ^ tc_load_u32(secret + 4) ^ x);
}

static uint64_t digest_to_240(const uint8_t *p, size_t n) {
  uint64_t sum = n * prime1;
  if (n <= 128) {
    for (size_t i = 0; i <= (n - 1) / 32; i++) {
      sum += mixed(p + 16 * i, 32 * i) + mixed(p + n - 16 * i - 16, 32 * i + 16);
    }
    return avalanche(sum);
  }
  for (size_t i = 0; i < 8; i++) sum += mixed(p + 16 * i, 16 * i);
  sum = avalanche(sum);
  for (size_t i = 8; i < n / 16; i++) sum += mixed(p + 16 * i, 16 * (i - 8) + 3);
  return avalanche(sum + mixed(p + n - 16, 119));
}

// Eight lanes: one register with AVX-512, two or four with less.
typedef uint64_t lanes __attribute__((vector_size(stripe)));

TC_INLINE void load_lanes(lanes *target, const uint8_t *p) {
  __builtin_memcpy(target, p, sizeof *target);
}

// Stripe after stripe, lane after lane, as the description says it.
TC_INLINE void accumulate_scalar(lanes *sum, const uint8_t *p, size_t stripes, const uint8_t *key) {
  for (size_t n = 0; n < stripes; n++) {
    for (size_t i = 0; i < 8; i++) {
      uint64_t word = tc_load_u64(p + stripe * n + 8 * i);
      uint64_t value = word ^ tc_load_u64(key + 8 * n + 8 * i);
      (*sum)[i ^ 1] += word;
      (*sum)[i] += (value & 0xFFFFFFFF) * (value >> 32);
    }
  }
}

// The same sums in another order: even and odd stripes apart, so that additions wait less for one
// another, and words change places with their neighbours once, at the end.
TC_INLINE void accumulate_vector(lanes *sum, const uint8_t *p, size_t stripes, const uint8_t *key) {
  lanes words[2] = {{0}}, products[2] = {{0}};
#pragma clang loop unroll(full)
  for (size_t n = 0; n < stripes; n++) {
    lanes word, value;
    load_lanes(&word, p + stripe * n);
    load_lanes(&value, key + 8 * n);
    value ^= word;
    words[n % 2] += word;
    products[n % 2] += (value & 0xFFFFFFFF) * (value >> 32);
  }
  lanes all = words[0] + words[1];
  *sum += __builtin_shufflevector(all, all, 1, 0, 3, 2, 5, 4, 7, 6) + products[0] + products[1];
}

TC_INLINE uint64_t merged(const lanes *sum, size_t n) {
  uint64_t result = n * prime1;
  for (size_t i = 0; i < 8; i += 2) {
    result += folded((*sum)[i] ^ tc_load_u64(secret + 11 + 8 * i),
                     (*sum)[i + 1] ^ tc_load_u64(secret + 19 + 8 * i));
  }
  return avalanche(result);
}

// What accumulates stripes, with a key whose place moves by one word from stripe to stripe.
typedef void accumulation(lanes *sum, const uint8_t *p, size_t stripes, const uint8_t *key);

// The last block, full or not, is not scrambled; the last stripe always ends where the input ends.
TC_INLINE uint64_t digest_body(const uint8_t *p, size_t n, accumulation *accumulate) {
  if (n <= 16) return digest_to_16(p, n);
  if (n <= 240) return digest_to_240(p, n);
  lanes key, sum = {prime32_3, prime1, prime2, prime3, prime4, prime32_2, prime5, prime32_1};
  load_lanes(&key, secret + secret_size - stripe);
  const uint8_t *last = p + n - stripe;
  size_t left = n;
  for (; left > block; left -= block, p += block) {
    accumulate(&sum, p, block / stripe, secret);
    sum = (sum ^ sum >> 47 ^ key) * prime32_1;
  }
  for (const uint8_t *at = secret; left > stripe; left -= stripe, p += stripe, at += 8) {
    accumulate(&sum, p, 1, at);
  }
  accumulate(&sum, last, 1, secret + 121);
  return merged(&sum, n);
}

#define TC_DIGEST(level, attribute)                                    \
  attribute uint64_t tc_digest_##level(const void *source, size_t n) { \
    return digest_body(source, n, accumulate_vector);                  \
  }
TC_EACH_LEVEL(TC_DIGEST)

uint64_t tc_digest_scalar(const void *source, size_t n) {
  return digest_body(source, n, accumulate_scalar);
}

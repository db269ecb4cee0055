// Compares every kernel of the best instruction set with its scalar definition on seeded data.
// Exit status 1 names the kernel that differs. Runs on any machine; run.sh runs it for aarch64.
#include "product_check.h"
#include "tc_kernels.h"

#include <stdio.h>
#include <string.h>

enum { most = 4096 };

static const size_t lengths[] = {0,  1,  2,  3,  7,   8,   15,  16,  17,   31,
                                 33, 63, 64, 65, 127, 129, 255, 513, 1023, 2000};
enum { length_count = sizeof lengths / sizeof *lengths };

static uint8_t left[most * 8 + 16], right[most * 8 + 16], out1[most * 8], out2[most * 8];
static const tc_kernel_table *fast, *plain;
static int failures;

static void check(int equal, const char *what, size_t n) {
  if (equal) return;
  failures++;
  printf("%s differs from scalar in %s at %zu\n", fast->name, what, n);
}

static void fill(uint8_t *p, size_t n, uint64_t seed) {
  for (size_t i = 0; i < n; i++) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    p[i] = (uint8_t)(seed >> 56);
  }
}

static void check_search(const uint8_t *a, uint8_t *b, size_t n) {
  memcpy(b, a, n);
  check(fast->mismatch(a, b, n) == n, "mismatch", n);
  for (size_t i = 0; i < n; i++) {
    b[i] ^= 4;
    check(fast->mismatch(a, b, n) == i, "mismatch", n);
    b[i] ^= 4;
  }
  for (int kind = TC_BF16; kind <= TC_F8_E8M0; kind++) {
    for (size_t skip = 0; skip < n; skip += 13) {
      check(fast->nonfinite(kind, a + 8 * skip, n - skip) ==
                plain->nonfinite(kind, a + 8 * skip, n - skip), "nonfinite", n);
    }
  }
}

static void check_conversions(const uint8_t *a, size_t n) {
  for (int kind = TC_BF16; kind <= TC_F8_E8M0; kind++) {
    if (kind == TC_F64) continue;
    fast->widen(kind, a, n, (float *)(void *)out1);
    plain->widen(kind, a, n, (float *)(void *)out2);
    check(!memcmp(out1, out2, 4 * n), "widen", n);
  }
  fast->narrow_bf16(a, n, (uint16_t *)(void *)out1);
  plain->narrow_bf16(a, n, (uint16_t *)(void *)out2);
  check(!memcmp(out1, out2, 2 * n), "narrow_bf16", n);
  fast->narrow_f16(a, n, (uint16_t *)(void *)out1);
  plain->narrow_f16(a, n, (uint16_t *)(void *)out2);
  check(!memcmp(out1, out2, 2 * n), "narrow_f16", n);
}

static void check_every_half(void) {
  static uint16_t patterns[65536];
  static float x[65536], y[65536];
  for (int i = 0; i < 65536; i++) patterns[i] = (uint16_t)i;
  for (int kind = TC_BF16; kind <= TC_F16; kind++) {
    fast->widen(kind, patterns, 65536, x);
    plain->widen(kind, patterns, 65536, y);
    check(!memcmp(x, y, sizeof x), "widen of every pattern", 65536);
  }
}

static void check_pairs(const uint8_t *a, uint8_t *b, size_t n) {
  fill(b, 8 * n, n + 99);
  for (size_t i = 0; i < n; i += 3) memcpy(b + 8 * i, a + 8 * i, 8);
  tc_pair_statistics x, y;
  fast->statistics_f32(a, b, 2 * n, &x);
  plain->statistics_f32(a, b, 2 * n, &y);
  check(!memcmp(&x, &y, sizeof x), "statistics_f32", n);
  fast->statistics_f64(a, b, n, &x);
  plain->statistics_f64(a, b, n, &y);
  check(!memcmp(&x, &y, sizeof x), "statistics_f64", n);
  tc_scale scale = {1.5, 1e-6, 0};
  float *e = (float *)(void *)out1, *w = (float *)(void *)out2;
  for (size_t bad = 0; bad < n; bad += 5) {
    for (size_t i = 0; i < n; i++) w[i] = 1.5f * (e[i] = (float)(i % 77));
    w[bad] += 1;
    check(fast->scale_mismatch_f32(e, w, n, scale) == bad, "scale_mismatch_f32", n);
  }
}

static void check_digests(const uint8_t *p, size_t longest) {
  for (size_t n = 0; n <= longest; n += n < 2100 ? 1 : 61) {
    check(fast->digest(p, n) == plain->digest(p, n), "digest", n);
  }
}

static void check_transposes(size_t rows, size_t columns) {
  for (size_t size = 1; size <= 8; size *= 2) {
    size_t wide = columns * size + 3, tall = rows * size + 1;
    tc_rows source = {left + 1, wide}, target = {out1, tall};
    if (rows * wide > sizeof left || columns * tall > sizeof out1) continue;
    memset(out1, 0, sizeof out1);
    memset(out2, 0, sizeof out2);
    fast->transpose(source, out1, tall, rows, columns, size);
    plain->transpose(source, out2, tall, rows, columns, size);
    check(!memcmp(out1, out2, sizeof out1), "transpose", size);
    check(fast->transposed_mismatch(source, target, rows, columns, size) == rows * columns,
          "transposed_mismatch", size);
    for (size_t i = 0; i < rows * columns; i += 7) {
      uint8_t *changed = out1 + i % columns * tall + i / columns * size;
      *changed ^= 1;
      check(fast->transposed_mismatch(source, target, rows, columns, size) == i,
            "transposed_mismatch", size);
      *changed ^= 1;
    }
  }
}

int main(void) {
  fast = tc_kernels();
  plain = tc_kernels_at(TC_SCALAR);
  for (size_t i = 0; i < length_count; i++) {
    for (size_t offset = 0; offset < 4; offset += 3) {
      fill(left, sizeof left, i + 1);
      check_search(left + offset, right + 3 - offset, lengths[i]);
      check_conversions(left + offset, lengths[i]);
      check_pairs(left + offset, right + 3 - offset, lengths[i]);
    }
  }
  check_every_half();
  check_digests(left + 3, 8 * most);
  check_transposes(33, 65);
  check_transposes(64, 64);
  check_transposes(70, 17);
  check_transposes(5, 150);
  failures += product_failures();
  printf("%s: %d failures\n", fast->name, failures);
  return failures != 0;
}

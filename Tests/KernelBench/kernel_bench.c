// How near the comparing kernels and the digest come to the memory's read bandwidth: each is timed
// beside a plain read of the same buffers by the same threads, in alternation, and the ratio of the
// best times is printed. Usage: kernel_bench [threads] [mebibytes per buffer]
#define _GNU_SOURCE
#include "tc_kernels.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { most_threads = 64, repeats = 7, band = 512 };

typedef struct {
  const uint8_t *a, *b;
  size_t bytes, rows, columns, size;
  int threads;
} work;

typedef struct {
  void (*body)(const work *, int thread);
  const work *work;
  int thread;
} job;

static volatile uint64_t sink;

static void fail(const char *what) {
  fprintf(stderr, "kernel_bench: %s\n", what);
  exit(1);
}

static void slice(const work *w, int thread, size_t *from, size_t *to) {
  size_t each = w->bytes / (size_t)w->threads & ~(size_t)4095;
  *from = each * (size_t)thread;
  *to = thread + 1 == w->threads ? w->bytes : *from + each;
}

typedef uint64_t vector __attribute__((vector_size(64)));

// The baseline: nothing but loads and additions, eight independent sums.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static uint64_t sum(const uint8_t *p, const uint8_t *q, size_t n) {
  vector s[8] = {0};
  for (size_t i = 0; i + 256 <= n; i += 256) {
    for (size_t j = 0; j < 4; j++) {
      vector x, y;
      memcpy(&x, p + i + 64 * j, sizeof x);
      memcpy(&y, q + i + 64 * j, sizeof y);
      s[j] += x;
      s[j + 4] += y;
    }
  }
  uint64_t total = 0;
  for (size_t j = 0; j < 64; j++) total += s[j / 8][j % 8];
  return total;
}

static void read_both(const work *w, int thread) {
  size_t from, to;
  slice(w, thread, &from, &to);
  sink += sum(w->a + from, w->b + from, to - from);
}

static void mismatch(const work *w, int thread) {
  size_t from, to;
  slice(w, thread, &from, &to);
  if (tc_kernels()->mismatch(w->a + from, w->b + from, to - from) != to - from) fail("unequal");
}

static void statistics(const work *w, int thread) {
  size_t from, to;
  slice(w, thread, &from, &to);
  tc_pair_statistics result;
  tc_kernels()->statistics_f32(w->a + from, w->b + from, (to - from) / 4, &result);
  if (result.bits_differ) fail("unequal");
}

static void digest(const work *w, int thread) {
  size_t from, to;
  slice(w, thread, &from, &to);
  sink += tc_kernels()->digest(w->a + from, to - from) +
          tc_kernels()->digest(w->b + from, to - from);
}

static void transposed(const work *w, int thread) {
  size_t stride = w->columns * w->size, other = w->rows * w->size;
  for (size_t r = (size_t)thread * band; r < w->rows; r += band * (size_t)w->threads) {
    size_t rows = w->rows - r < band ? w->rows - r : band;
    tc_rows a = {w->a + r * stride, stride}, b = {w->b + r * w->size, other};
    if (tc_kernels()->transposed_mismatch(a, b, rows, w->columns, w->size) != rows * w->columns) {
      fail("unequal transpose");
    }
  }
}

static void *start(void *argument) {
  const job *j = argument;
  j->body(j->work, j->thread);
  return NULL;
}

static double seconds(void (*body)(const work *, int), const work *w) {
  pthread_t threads[most_threads];
  job jobs[most_threads];
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (int i = 0; i < w->threads; i++) {
    jobs[i] = (job){body, w, i};
    if (pthread_create(&threads[i], NULL, start, &jobs[i])) fail("no thread");
  }
  for (int i = 0; i < w->threads; i++) pthread_join(threads[i], NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  return (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
}

static void compare(const char *name, void (*body)(const work *, int), const work *w) {
  double best = 1e9, plain = 1e9;
  for (int i = 0; i < repeats; i++) {
    double read = seconds(read_both, w), kernel = seconds(body, w);
    if (read < plain) plain = read;
    if (kernel < best) best = kernel;
  }
  double gigabytes = 2e-9 * (double)w->bytes;
  printf("%-30s %6.1f GB/s  plain read %6.1f GB/s  ratio %.2f\n", name, gigabytes / best,
         gigabytes / plain, plain / best);
}

static void *buffer(size_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) fail("out of memory");
  if (getenv("KERNEL_BENCH_SMALL_PAGES")) madvise(p, bytes, MADV_NOHUGEPAGE);
  return p;
}

static void compare_transposed(uint8_t *a, uint8_t *b, size_t bytes, size_t columns, size_t size,
                               size_t rows, int threads) {
  char name[64];
  if (rows * columns * size > bytes) rows = bytes / (columns * size);
  work w = {a, b, rows * columns * size, rows, columns, size, threads};
  tc_kernels()->transpose((tc_rows){a, columns * size}, b, rows * size, rows, columns, size);
  snprintf(name, sizeof name, "transposed %zu x %zu u%zu", rows, columns, size * 8);
  compare(name, transposed, &w);
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : tc_usable_processors();
  size_t bytes = (size_t)(count > 2 ? atoi(arguments[2]) : 256) << 20;
  if (threads < 1 || threads > most_threads || bytes == 0) fail("usage: [threads] [mebibytes]");
  uint8_t *a = buffer(bytes + 4096), *b = buffer(bytes + 4096);
  uint64_t seed = 1;
  for (size_t i = 0; i < bytes; i += 4) {
    seed = seed * UINT64_C(6364136223846793005) + 1;
    uint32_t word = (uint32_t)(seed >> 40) | 0x3F000000;
    memcpy(a + i, &word, 4);
  }
  memcpy(b, a, bytes);
  work w = {a, b, bytes, 0, 0, 0, threads};
  printf("%s, %d threads, %zu MiB a buffer\n", tc_instruction_set(), threads, bytes >> 20);
  compare("mismatch", mismatch, &w);
  compare("statistics f32", statistics, &w);
  compare("digest", digest, &w);
  compare_transposed(a, b, bytes, 4096, 2, 32000, threads);
  compare_transposed(a, b, bytes, 4096, 2, 32768, threads);
  compare_transposed(a, b, bytes, 896, 2, 151936, threads);
  compare_transposed(a, b, bytes, 4096, 4, 16000, threads);
  compare_transposed(a, b, bytes, 4096, 1, 65000, threads);
  compare_transposed(a, b, bytes, 2048, 8, 16000, threads);
  return 0;
}

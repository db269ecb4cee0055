// How near the row kernels come to the memory's bandwidth: each goes over matrices that no cache
// holds, and over rows that the first two caches hold. Printed are the bytes that it reads and
// writes a second, and in memory the ratio to a copy by the same threads. A ratio near 1 means that
// arithmetic hides behind memory. Usage: row_bench [threads] [columns]
#define _GNU_SOURCE
#include "tc_kernels.h"
#include "tc_nn.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { most_threads = 64, repeats = 7, streamed = 16 << 20, cached = 16 << 10 };

typedef struct {
  // Floats in each matrix, and in a row; a thread's own rows.
  size_t columns, from, to, passes;
  float *x, *y, *z, *vector;
} work;

typedef struct {
  const char *name;
  void (*row)(const work *, size_t row);
  // Matrices that a row is read from or written to.
  int moved;
} kernel;

static const tc_row_table *table;
static volatile float sink;

#define ROW(matrix) (w->matrix + row * w->columns)

static void copy(const work *w, size_t row) { memcpy(ROW(y), ROW(x), 4 * w->columns); }

static void rms_norm(const work *w, size_t row) {
  table->rms_norm(ROW(x), w->vector, w->columns, 1e-5f, 0, ROW(y));
}

static void rms_norm_gradient(const work *w, size_t row) {
  table->rms_norm_gradient(ROW(x), w->vector, ROW(y), w->columns, 1, 0, ROW(z), NULL);
}

static void layer_norm(const work *w, size_t row) {
  float mean, r;
  table->layer_norm(ROW(x), w->vector, w->vector, w->columns, 1e-5f, ROW(y), &mean, &r);
}

static void softmax(const work *w, size_t row) {
  float most = table->maximum(ROW(x), w->columns);
  float sum = table->exponentials(ROW(x), w->columns, 1, most, ROW(y));
  table->scale(ROW(y), w->columns, 1 / sum, ROW(y));
}

static void exponential_sum(const work *w, size_t row) {
  sink = table->exponential_sum(ROW(x), w->columns, 1, 3);
}

static void swiglu(const work *w, size_t row) {
  table->activation(TC_SILU, ROW(x), ROW(y), w->columns, ROW(z));
}

static void silu_gradient(const work *w, size_t row) {
  table->activation_gradient(TC_SILU, ROW(x), NULL, ROW(z), w->columns, ROW(y), NULL);
}

static void geglu(const work *w, size_t row) {
  table->activation(TC_GELU, ROW(x), ROW(y), w->columns, ROW(z));
}

static void soft_cap(const work *w, size_t row) {
  table->soft_cap(ROW(x), w->columns, 30, ROW(y));
}

static void rotate(const work *w, size_t row) {
  for (size_t head = 0; head + 64 <= w->columns; head += 64) {
    table->rotate(ROW(x) + head, w->vector, w->vector + 32, 32, 0, 1);
  }
}

static void add(const work *w, size_t row) { table->add_scaled(ROW(x), w->columns, 1, ROW(y)); }

static void round_q8_0(const work *w, size_t row) {
  table->round(TC_ROUND_Q8_0, ROW(x), w->columns, ROW(y));
}

static void round_q8_k(const work *w, size_t row) {
  table->round(TC_ROUND_Q8_K, ROW(x), w->columns, ROW(y));
}

static void adamw(const work *w, size_t row) {
  static const tc_adamw step = {1e-9f, 0.9f, 0.999f, 1e-8f, 0.01f, 0.1f, 0.001f};
  table->adamw(ROW(x), ROW(y), ROW(z), w->vector, w->columns, 1, step);
}

static const kernel kernels[] = {
    {"RMSNorm", rms_norm, 2},
    {"RMSNorm, gradient", rms_norm_gradient, 4},
    {"LayerNorm", layer_norm, 2},
    {"softmax", softmax, 2},
    {"sum of exponentials", exponential_sum, 1},
    {"SwiGLU", swiglu, 3},
    {"SiLU, gradient", silu_gradient, 3},
    {"GeGLU, exact", geglu, 3},
    {"soft cap", soft_cap, 2},
    {"rotary, heads of 64", rotate, 2},
    {"add", add, 3},
    {"round to Q8_0", round_q8_0, 2},
    {"round to Q8_K", round_q8_k, 2},
    {"AdamW", adamw, 6},
};

typedef struct {
  work work;
  void (*row)(const work *, size_t);
} job;

static void *start(void *argument) {
  const job *j = argument;
  for (size_t pass = 0; pass < j->work.passes; pass++) {
    for (size_t row = j->work.from; row < j->work.to; row++) j->row(&j->work, row);
  }
  return NULL;
}

// Gigabytes a second of the best of some runs.
static double speed(work all, size_t rows, int threads, const kernel *k) {
  double best = 0;
  for (int run = 0; run < repeats; run++) {
    pthread_t started[most_threads];
    job jobs[most_threads];
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < threads; i++) {
      jobs[i] = (job){all, k->row};
      jobs[i].work.from = rows * (size_t)i / (size_t)threads;
      jobs[i].work.to = rows * (size_t)(i + 1) / (size_t)threads;
      if (pthread_create(&started[i], NULL, start, &jobs[i])) abort();
    }
    for (int i = 0; i < threads; i++) pthread_join(started[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    double time =
        (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    double bytes = 4e-9 * (double)(rows * all.columns * all.passes) * k->moved;
    if (bytes / time > best) best = bytes / time;
  }
  return best;
}

static float *matrix(size_t count) {
  float *made = aligned_alloc(64, 4 * count);
  if (made == NULL) abort();
  for (size_t i = 0; i < count; i++) made[i] = (float)(i * 2654435761u % 1000) / 250 - 2;
  return made;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : tc_usable_processors();
  size_t columns = (size_t)(count > 2 ? atoi(arguments[2]) : 1536) / 64 * 64;
  if (threads < 1 || threads > most_threads || columns == 0) return 64;
  table = tc_row_kernels();
  work w = {columns, 0, 0, 1, matrix(streamed), matrix(streamed), matrix(streamed),
            matrix(columns)};
  size_t rows = streamed / columns, few = (size_t)threads * (cached / columns + 1);
  double plain = speed(w, rows, threads, &(kernel){"copy", copy, 2});
  printf("%s, %d threads, rows of %zu; a copy moves %.1f GB/s\n", table->name, threads, columns,
         plain);
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    w.passes = 1;
    double memory = speed(w, rows, threads, &kernels[i]);
    w.passes = 200;
    double cache = speed(w, few, threads, &kernels[i]);
    printf("%-22s %6.1f GB/s from memory, ratio %.2f   %6.1f GB/s in cache\n", kernels[i].name,
           memory, memory / plain, cache);
  }
  return 0;
}

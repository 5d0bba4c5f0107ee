/* Prints the GFLOP/s of independent multiply-adds on registers, on as many threads as the first
   argument says: what the processor can do at all, as no memory is in the way.

   A unit begins one multiply-add per cycle and ends it some cycles later, so many accumulators
   keep it busy; each starts at another value, or the compiler would merge them. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Four units that take four cycles, as large ARM cores have them, need 16 accumulators; with 16
   registers there is room for 12. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, ACCUMULATORS = 16 };
#elif defined(__aarch64__)
enum { VECTOR_BYTES = 16, ACCUMULATORS = 16 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, ACCUMULATORS = 12 };
#else
enum { VECTOR_BYTES = 16, ACCUMULATORS = 12 };
#endif
enum { LANES = VECTOR_BYTES / sizeof(float), STEPS = 20000 };
static const double SECONDS = 0.2;

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

static void *measure(void *gflops) {
  vector sums[ACCUMULATORS], x, y;
  for (int lane = 0; lane < LANES; lane++) {
    x[lane] = 0.9999f, y[lane] = 1e-4f;
    for (int i = 0; i < ACCUMULATORS; i++) sums[i][lane] = 1 + i * 0.01f + lane * 0.001f;
  }
  double start = now(), steps = 0, total = 0;
  do {
    for (int step = 0; step < STEPS; step++)
#pragma GCC unroll 16
      for (int i = 0; i < ACCUMULATORS; i++) sums[i] = sums[i] * x + y;
    steps += STEPS;
  } while (now() - start < SECONDS);
  double seconds = now() - start;
  for (int i = 0; i < ACCUMULATORS; i++) total += sums[i][0];
  /* The sum is always positive; looked at, so that it must be computed. */
  *(double *)gflops = total > 0 ? steps * ACCUMULATORS * LANES * 2 / seconds * 1e-9 : 0;
  return 0;
}

int main(int count, char **arguments) {
  int num_threads = count > 1 ? atoi(arguments[1]) : 1;
  pthread_t threads[num_threads];
  double gflops[num_threads], sum = 0;
  for (int t = 0; t < num_threads; t++)
    if (pthread_create(&threads[t], 0, measure, &gflops[t])) return 1;
  for (int t = 0; t < num_threads; t++) pthread_join(threads[t], 0), sum += gflops[t];
  printf("%.1f\n", sum);
  return 0;
}

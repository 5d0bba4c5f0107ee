/* One epoch of training a dense network with Adam: every batch forward, backward and updated.

   It does what trainer.py does through XLA, faster, for networks of dense layers with ReLU, each
   perhaps followed by batch normalisation and dropout, and a softmax over classes. native.py fills
   in an `Epoch` and calls `train_epoch`.

   All threads run `train` side by side. A thread owns the same columns of a layer in every batch:
   it computes their activations, their gradients and their updates. What one core writes and
   another reads costs most where cores share no cache, so each thread gathers images of its own,
   and of two threads each passes gradients through the weights that it updates itself. Every
   number is summed by one thread, in an order that does not depend on how many there are.

   Matrices are kept in panels: PANEL columns of all rows, then the next PANEL columns. One row of
   a panel is two vector registers, and products read both operands from front to back. The
   columns that fill up the last panel hold zeros and stay zero. A matrix over a batch has as many
   rows as the largest batch, rounded up to a multiple of TILE; no sum takes in rows beyond the
   batch, so whatever they hold does no harm. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#ifndef REAL
#define REAL float
#endif

/* TILE rows of two registers each are summed at once; with their operands they must fit into the
   processor's registers: 32 with AVX-512 and on 64-bit ARM, else 16. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, MOST_ROWS = 8 };
#elif defined(__AVX__)
enum { VECTOR_BYTES = 32, MOST_ROWS = 4 };
#elif defined(__aarch64__)
enum { VECTOR_BYTES = 16, MOST_ROWS = 8 };
#else
enum { VECTOR_BYTES = 16, MOST_ROWS = 4 };
#endif

enum {
  LANES = VECTOR_BYTES / sizeof(REAL),
  PANEL = 2 * LANES,
  TILE = PANEL < MOST_ROWS ? PANEL : MOST_ROWS, /* or a tile of a kernel's rows would not lie in
                                                   one panel of its inputs */
  TILE_VECTORS = 2 * TILE,
  CACHE_LINE = 64, /* bytes */
  SPINS = 100000   /* looks at a barrier before a thread goes to sleep */
};
_Static_assert(PANEL % TILE == 0, "a panel of inputs holds whole tiles");

typedef REAL vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint32_t word __attribute__((may_alias)); /* two draws of 16 bits */
typedef __typeof__(__builtin_choose_expr(sizeof(REAL) == 4, (int32_t)0, (int64_t)0)) integer;
typedef integer integers __attribute__((vector_size(VECTOR_BYTES)));

/* ---- What native.py hands over; its structures have the same fields. ---- */

typedef struct {
  REAL *value, *first_moment, *second_moment;
} Parameter;

typedef struct {
  int32_t width;
  int32_t normalized;       /* whether batch normalisation follows the activation */
  int32_t drop_threshold;   /* a draw below it drops the unit */
  double dropout;           /* rate; 0 for none */
  double momentum, epsilon; /* of batch normalisation */
  Parameter kernel;         /* (width of the layer below, width), row by row */
  Parameter bias, gamma, beta;
  REAL *moving_mean, *moving_variance;
} Layer;

typedef struct {
  int32_t num_layers, num_inputs, num_examples, batch_size;
  int32_t num_threads; /* in: the most that may be used; out: those that were */
  uint32_t dropout_seed;
  int64_t iterations; /* updates before this epoch */
  double learning_rate, beta_1, beta_2, epsilon;
  const uint8_t *images;  /* (any number, num_inputs) */
  const int32_t *labels;  /* (any number,) */
  const int32_t *order;   /* (num_examples,): which image comes when */
  Layer *layers;
  double loss;     /* out: sum over the examples, each taken before its update */
  int64_t correct; /* out: how many answers were right */
} Epoch;

/* ---- What the threads share. ---- */

typedef struct {
  Layer given;            /* as Keras holds it: where results go in the end */
  int num_inputs, kernel_rows, draws_before;
  REAL keep;              /* what dropout multiplies the units with that it keeps */
  Parameter kernel, bias, gamma, beta;
  REAL *moving_mean, *moving_variance, *mean, *inverse_deviation;
  REAL *transposed;       /* of the kernel, for the gradient of the inputs */
  REAL *activations;      /* after ReLU; the logits of the last layer */
  REAL *outputs;          /* after batch normalisation and dropout */
  REAL *gradients;        /* of the outputs, turned in place into those of the product */
  REAL *partial;          /* what the second half of the layer above adds to them */
} Panels;

typedef struct {
  Epoch *epoch;
  Panels *layers;
  int last, rows, draws_per_example;
  REAL *images; /* of the batch: a copy for each thread */
  uint16_t *draws;
  double *losses;
  int32_t *correct;
  char *memory;
  size_t used;
  int num_threads;
  atomic_int ready, arrived, generation;
  pthread_mutex_t asleep;
  pthread_cond_t all_arrived;
} Workspace;

typedef struct {
  REAL rate, keep_1, keep_2, epsilon;
} Adam;

static int num_panels(int columns) { return (columns + PANEL - 1) / PANEL; }
static int rounded_up(int count, int unit) { return (count + unit - 1) / unit * unit; }
static size_t panel_size(int rows) { return (size_t)rows * PANEL; }

static size_t images_size(const Workspace *work) {
  return num_panels(work->epoch->num_inputs) * panel_size(work->rows);
}

static size_t in_panels(int row, int column, int rows) {
  return column / PANEL * panel_size(rows) + (size_t)row * PANEL + column % PANEL;
}

static vector *vectors(REAL *array) { return (vector *)array; }
static const vector *const_vectors(const REAL *array) { return (const vector *)array; }

/* The barrier. Threads that wait look at it for tens of microseconds, in which the others usually
   arrive, and then sleep: on a busy machine those may not even be running. */
static void wait_for_all(Workspace *work) {
  int generation = atomic_load(&work->generation);
  if (atomic_fetch_add(&work->arrived, 1) + 1 == work->num_threads) {
    pthread_mutex_lock(&work->asleep);
    atomic_store(&work->arrived, 0);
    atomic_store(&work->generation, generation + 1);
    pthread_cond_broadcast(&work->all_arrived);
    pthread_mutex_unlock(&work->asleep);
    return;
  }
  for (int spin = 0; spin < SPINS; spin++)
    if (atomic_load(&work->generation) != generation) return;
  pthread_mutex_lock(&work->asleep);
  while (atomic_load(&work->generation) == generation)
    pthread_cond_wait(&work->all_arrived, &work->asleep);
  pthread_mutex_unlock(&work->asleep);
}

/* Which of `count` things are a thread's: from *begin to before the value returned. */
static int64_t share(const Workspace *work, int thread, int64_t count, int64_t *begin) {
  *begin = count * thread / work->num_threads;
  return count * (thread + 1) / work->num_threads;
}

/* ---- Products. ---- */

/* sums[r] += sum over k < depth of a(r, k) * b[k], with a(r, k) = a[r * row + k * step]. */
static inline __attribute__((always_inline)) void multiply(vector sums[TILE][2], int depth,
                                                           const REAL *a, int row, int step,
                                                           const REAL *b) {
  for (int k = 0; k < depth; k++, a += step, b += PANEL) {
    vector left = const_vectors(b)[0], right = const_vectors(b)[1];
#pragma GCC unroll 8
    for (int r = 0; r < TILE; r++) {
      sums[r][0] += a[r * row] * left;
      sums[r][1] += a[r * row] * right;
    }
  }
}

/* A panel of a product: out[row] = start + sum over k < depth of a(row, k) * b[k].
   `a` is kept in panels of `stride` rows, of which `rows` are wanted; `start` may be null. */
static void multiply_panel(REAL *out, int rows, int stride, int depth, const REAL *a,
                           const REAL *b, const REAL *start) {
  vector left = {0}, right = {0};
  if (start) left = const_vectors(start)[0], right = const_vectors(start)[1];
  for (int row = 0; row < rows; row += TILE) {
    vector sums[TILE][2];
    for (int r = 0; r < TILE; r++) sums[r][0] = left, sums[r][1] = right;
    for (int k = 0; k < depth; k += PANEL)
      multiply(sums, depth - k < PANEL ? depth - k : PANEL,
               a + (size_t)k * stride + row * PANEL, PANEL, 1, b + (size_t)k * PANEL);
    memcpy(out + (size_t)row * PANEL, sums, sizeof sums);
  }
}

/* ---- Updates. ---- */

/* Adam as Keras computes it (keras/src/optimizers/adam.py; Kingma and Ba 2015, end of section 2),
   for vectors `i` to before `end` of a parameter. */
static inline void update(Adam by, Parameter at, int i, int end, const vector *gradients) {
  vector *w = vectors(at.value), *m = vectors(at.first_moment), *v = vectors(at.second_moment);
  for (; i < end; i++) {
    vector gradient = gradients[i], mean = m[i], variance = v[i], deviation = {0};
    mean += (gradient - mean) * by.keep_1;
    variance += (gradient * gradient - variance) * by.keep_2;
    for (int lane = 0; lane < LANES; lane++) deviation[lane] = sqrt(variance[lane]);
    w[i] -= mean * by.rate / (deviation + by.epsilon);
    m[i] = mean;
    v[i] = variance;
  }
}

static Parameter from(Parameter start, size_t offset) {
  return (Parameter){start.value + offset, start.first_moment + offset,
                     start.second_moment + offset};
}

static inline void prefetch(Parameter at) {
  __builtin_prefetch(at.value, 1);
  __builtin_prefetch(at.first_moment, 1);
  __builtin_prefetch(at.second_moment, 1);
}

/* The gradient of one panel of a kernel, a tile of rows at a time, and its update. Square roots
   and divisions take long, in a unit that products have no use for: so a tile is updated part by
   part between the products of the next one. */
static void update_kernel(Adam by, Parameter kernel, int row, int end, const REAL *inputs,
                          int stride, int count, const REAL *gradients) {
  enum { PARTS = TILE };
  vector former[TILE_VECTORS] = {{0}};
  Parameter done = {0};
  for (; row < end; row += TILE) {
    vector sums[TILE][2] = {{{0}}};
    for (int part = 0; part < PARTS; part++) {
      int k = count * part / PARTS, until = count * (part + 1) / PARTS;
      multiply(sums, until - k, inputs + in_panels(k, row, stride), 1, PANEL,
               gradients + k * PANEL);
      if (!done.value) continue;
      update(by, done, 2 * part, 2 * part + 2, former);
      prefetch(from(done, panel_size(2 * TILE + part))); /* row `part` of the next but one */
      prefetch(from(done, panel_size(2 * TILE + part) + LANES));
    }
    memcpy(former, sums, sizeof sums);
    done = from(kernel, panel_size(row));
  }
  if (done.value) update(by, done, 0, TILE_VECTORS, former);
}

/* ---- The way forward. ---- */

/* The batch as brightness in [0, 1], TILE images at a time. `left` images are still to come. */
static void gather(const Workspace *work, REAL *images, const int32_t *order, int count,
                   int left) {
  const REAL unit = 1 / (REAL)255;
  int width = work->epoch->num_inputs;
  const uint8_t *all = work->epoch->images;
  for (int row = 0; row < count; row += TILE) {
    int end = row + TILE < count ? row + TILE : count;
    for (int next = row + TILE; next < row + 2 * TILE && next < left; next++)
      for (int k = 0; k < width; k += CACHE_LINE)
        __builtin_prefetch(all + (size_t)order[next] * width + k);
    for (int begin = 0; begin < width; begin += PANEL)
      for (int r = row; r < end; r++) {
        const uint8_t *image = all + (size_t)order[r] * width + begin;
        REAL *out = images + in_panels(r, begin, work->rows);
        if (width - begin >= PANEL)
          for (int j = 0; j < PANEL; j++) out[j] = image[j] * unit;
        else
          for (int j = 0; j < width - begin; j++) out[j] = image[j] * unit;
      }
  }
}

/* A thread's part of a step's random words: threefry2x32 with 20 rounds (Salmon et al. 2011),
   laid out as XLA does it for tf.random.stateless_uniform. */
static void draw(Workspace *work, uint32_t step, int count, int thread) {
  static const int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t seed = work->epoch->dropout_seed, keys[3] = {seed, step, seed ^ step ^ 0x1BD11BDA};
  /* Four draws to each pair of words. */
  int64_t num_pairs = ((int64_t)work->draws_per_example * count + 3) / 4;
  int64_t c, end = share(work, thread, num_pairs, &c);
  word *words = (word *)work->draws;
  for (; c < end; c++) {
    uint32_t x = (uint32_t)c + keys[0], y = keys[1];
#pragma GCC unroll 5
    for (uint32_t group = 0; group < 5; group++) {
#pragma GCC unroll 4
      for (int round = 0; round < 4; round++) {
        int by = rotations[group % 2][round];
        x += y;
        y = ((y << by) | (y >> (32 - by))) ^ x;
      }
      x += keys[(group + 1) % 3];
      y += keys[(group + 2) % 3] + group + 1;
    }
    words[2 * c] = x;
    words[2 * c + 1] = y;
  }
}

static void drop(const Workspace *work, const Panels *layer, REAL *restrict panel, int column,
                 int count) {
  const uint16_t *draws =
      work->draws + (size_t)layer->draws_before * count + column; /* of the first example */
  int threshold = layer->given.drop_threshold;
  REAL keep = layer->keep;
  for (int row = 0; row < count; row++, draws += layer->given.width, panel += PANEL)
    for (int j = 0; j < PANEL; j++) panel[j] = draws[j] < threshold ? 0 : panel[j] * keep;
}

/* Batch normalisation of one panel in training, as keras.layers.BatchNormalization does it. */
static void normalize(Panels *layer, int column, REAL *out, const REAL *in, int count) {
  REAL momentum = layer->given.momentum, epsilon = layer->given.epsilon;
  for (int h = 0; h < 2; h++) {
    size_t at = (size_t)(column / LANES) + h;
    const vector *x = const_vectors(in) + h;
    vector mean = {0}, variance = {0}, inverse = {0};
    for (int row = 0; row < count; row++) mean += x[2 * row];
    mean /= (REAL)count;
    for (int row = 0; row < count; row++) variance += (x[2 * row] - mean) * (x[2 * row] - mean);
    variance /= (REAL)count;
    for (int lane = 0; lane < LANES; lane++) inverse[lane] = sqrt(variance[lane] + epsilon);
    inverse = (REAL)1 / inverse;
    vector scale = inverse * vectors(layer->gamma.value)[at];
    vector shift = vectors(layer->beta.value)[at] - mean * scale;
    for (int row = 0; row < count; row++) vectors(out)[2 * row + h] = x[2 * row] * scale + shift;
    vectors(layer->mean)[at] = mean;
    vectors(layer->inverse_deviation)[at] = inverse;
    vector *moving_mean = vectors(layer->moving_mean) + at;
    vector *moving_variance = vectors(layer->moving_variance) + at;
    *moving_mean = *moving_mean * momentum + mean * (1 - momentum);
    *moving_variance = *moving_variance * momentum + variance * (1 - momentum);
  }
}

/* From a panel's product to the layer's outputs. Not a number stays not a number. */
static void activate(const Workspace *work, Panels *layer, int panel, int count) {
  REAL *x = layer->activations + panel * panel_size(work->rows);
  REAL *out = layer->outputs + panel * panel_size(work->rows);
  for (size_t i = 0; i < panel_size(count); i++) x[i] = x[i] < 0 ? 0 : x[i];
  if (layer->given.normalized)
    normalize(layer, panel * PANEL, out, x, count);
  else if (out != x)
    memcpy(out, x, panel_size(count) * sizeof(REAL));
  if (layer->given.dropout > 0) drop(work, layer, out, panel * PANEL, count);
}

/* Softmax and cross-entropy of some rows, and the gradient of the mean loss by their logits. */
static void measure(Workspace *work, const int32_t *order, int count, int row, int end) {
  Panels *layer = &work->layers[work->last];
  int rows = work->rows, width = layer->given.width;
  const REAL *logits = layer->activations;
  REAL *gradients = layer->gradients;
  for (; row < end && row < count; row++) {
    int label = work->epoch->labels[order[row]], answer = 0;
    REAL total = 0, largest = logits[in_panels(row, 0, rows)];
    for (int j = 1; j < width; j++) {
      REAL logit = logits[in_panels(row, j, rows)];
      if (logit > largest) largest = logit, answer = j;
    }
    for (int j = 0; j < width; j++) {
      REAL power = exp(logits[in_panels(row, j, rows)] - largest);
      gradients[in_panels(row, j, rows)] = power;
      total += power;
    }
    for (int j = 0; j < width; j++) {
      REAL *gradient = &gradients[in_panels(row, j, rows)];
      *gradient = (*gradient / total - (j == label)) / count;
    }
    work->losses[row] = log(total) + largest - logits[in_panels(row, label, rows)];
    work->correct[row] = answer == label;
  }
}

/* ---- The way back. ---- */

/* Gradients of a panel by what batch normalisation was given; updates its vectors.
   With n examples, y = gamma * (x - mean) / deviation + beta:
   dx = gamma / deviation * (dy - dbeta / n - (x - mean) / deviation * dgamma / n)
   (Ioffe and Szegedy 2015, section 3). */
static void denormalize(Panels *layer, Adam by, int column, REAL *gradients, const REAL *in,
                        int count) {
  for (int h = 0; h < 2; h++) {
    size_t at = (size_t)(column / LANES) + h;
    const vector *x = const_vectors(in) + h;
    vector *g = vectors(gradients) + h;
    vector mean = vectors(layer->mean)[at], inverse = vectors(layer->inverse_deviation)[at];
    vector gamma = {0}, beta = {0};
    for (int row = 0; row < count; row++) {
      gamma += g[2 * row] * (x[2 * row] - mean);
      beta += g[2 * row];
    }
    gamma *= inverse;
    vector scale = vectors(layer->gamma.value)[at] * inverse;
    vector slope = scale * inverse * gamma / (REAL)count;
    vector shift = scale * beta / (REAL)count;
    for (int row = 0; row < count; row++)
      g[2 * row] = g[2 * row] * scale - (x[2 * row] - mean) * slope - shift;
    update(by, from(layer->gamma, at * LANES), 0, 1, &gamma);
    update(by, from(layer->beta, at * LANES), 0, 1, &beta);
  }
}

static void update_bias(Panels *layer, Adam by, int column, const REAL *gradients, int count) {
  vector sums[2] = {{0}};
  for (int row = 0; row < count; row++)
    for (int h = 0; h < 2; h++) sums[h] += const_vectors(gradients)[2 * row + h];
  update(by, from(layer->bias, column), 0, 2, sums);
}

/* From gradients of a panel's outputs to those of its product; updates all but the kernel. */
static void deactivate(const Workspace *work, Panels *layer, Adam by, int panel, int count) {
  const REAL *x = layer->activations + panel * panel_size(work->rows);
  const REAL *partial = layer->partial + panel * panel_size(work->rows);
  REAL *g = layer->gradients + panel * panel_size(work->rows);
  for (size_t i = 0; i < panel_size(count); i++) g[i] += partial[i];
  if (layer->given.dropout > 0) drop(work, layer, g, panel * PANEL, count);
  if (layer->given.normalized) denormalize(layer, by, panel * PANEL, g, x, count);
  for (size_t i = 0; i < panel_size(count); i++) g[i] = x[i] > 0 ? g[i] : 0;
  update_bias(layer, by, panel * PANEL, g, count);
}

/* The lanes of two vectors in turn: of their first halves, or of their second. */
static inline vector interleave(vector a, vector b, int second) {
#if defined(__clang__)
  vector both;
  for (int lane = 0; lane < LANES; lane++)
    both[lane] = (lane % 2 ? b : a)[second * LANES / 2 + lane / 2];
  return both;
#else
  integers from = {0};
  for (int lane = 0; lane < LANES; lane++)
    from[lane] = second * LANES / 2 + lane / 2 + lane % 2 * LANES;
  return __builtin_shuffle(a, b, from);
#endif
}

/* A square of LANES rows and columns: interleaving the first half of the rows with the second, as
   often as LANES has halves, ends with columns in the place of rows. */
static inline void transpose_square(REAL *out, const REAL *in) {
  vector rows[LANES], next[LANES];
  for (int i = 0; i < LANES; i++) rows[i] = const_vectors(in)[2 * i];
#pragma GCC unroll 4
  for (int halves = LANES; halves > 1; halves /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < LANES / 2; i++) {
      next[2 * i] = interleave(rows[i], rows[i + LANES / 2], 0);
      next[2 * i + 1] = interleave(rows[i], rows[i + LANES / 2], 1);
    }
    memcpy(rows, next, sizeof rows);
  }
  for (int i = 0; i < LANES; i++) vectors(out)[2 * i] = rows[i];
}

/* Rows begin to end of one panel of a kernel's transpose; begin is a multiple of PANEL. */
static void transpose(const Panels *layer, int panel, int begin, int end) {
  int columns = layer->num_inputs - panel * PANEL;
  REAL *out = layer->transposed + panel * panel_size(layer->given.width);
  for (; begin < end; begin += PANEL) {
    const REAL *in = layer->kernel.value + in_panels(panel * PANEL, begin, layer->kernel_rows);
    int width = end - begin;
    if (width >= PANEL && columns >= PANEL) {
      for (int o = 0; o < PANEL; o += LANES)
        for (int j = 0; j < PANEL; j += LANES)
          transpose_square(out + (begin + o) * PANEL + j, in + j * PANEL + o);
    } else {
      for (int o = 0; o < width && o < PANEL; o++)
        for (int j = 0; j < columns && j < PANEL; j++)
          out[(begin + o) * PANEL + j] = in[j * PANEL + o];
    }
  }
}

/* A thread's part of the gradients of a layer's inputs. They are summed in two halves of the
   layer's columns: of two threads, each reads the half of the kernel that it updates itself. */
static void gradients_below(const Workspace *work, Panels *layer, int rows, int thread) {
  Panels *below = layer - 1;
  int width = layer->given.width, across = num_panels(layer->num_inputs);
  int middle = (num_panels(width) + 1) / 2 * PANEL;
  int64_t item, last = share(work, thread, (middle < width ? 2 : 1) * across, &item);
  for (; item < last; item++) {
    int second = item >= across, panel = item % across;
    int begin = second ? middle : 0, end = second || width < middle ? width : middle;
    transpose(layer, panel, begin, end);
    multiply_panel((second ? below->partial : below->gradients) + panel * panel_size(work->rows),
                   rows, work->rows, end - begin,
                   layer->gradients + in_panels(0, begin, work->rows),
                   layer->transposed + panel * panel_size(width) + panel_size(begin), 0);
  }
}

/* ---- A batch, an epoch. ---- */

/* Numbers too small for the usual form count as zero while a thread trains. Adam's first moment of
   a weight without gradient shrinks by a tenth at every step and gets there after some 900; an
   operation on such a number costs an Intel core 150 cycles. XLA does the same.
   Returns how it was before, which `restore` takes. */
#if defined(__x86_64__)
static uint64_t flush_to_zero(void) {
  unsigned before = __builtin_ia32_stmxcsr(), ftz = 1 << 15, daz = 1 << 6;
  __builtin_ia32_ldmxcsr(before | ftz | daz);
  return before;
}
static void restore(uint64_t before) { __builtin_ia32_ldmxcsr((unsigned)before); }
#elif defined(__aarch64__)
static uint64_t flush_to_zero(void) {
  uint64_t before, fz = 1 << 24;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | fz));
  return before;
}
static void restore(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }
#else
static uint64_t flush_to_zero(void) { return 0; }
static void restore(uint64_t before) { (void)before; }
#endif

static Adam adam_of(const Epoch *epoch, int64_t iterations) {
  double step = (double)iterations + 1;
  double beta_1 = (float)epoch->beta_1, beta_2 = (float)epoch->beta_2; /* so does Keras, here */
  double correction = sqrt(1 - pow(beta_2, step)) / (1 - pow(beta_1, step));
  return (Adam){(REAL)(epoch->learning_rate * correction), (REAL)(1 - epoch->beta_1),
                (REAL)(1 - epoch->beta_2), (REAL)epoch->epsilon};
}

/* Hidden layers go by panels, because batch normalisation needs all rows of a column. */
static void forward(Workspace *work, const REAL *images, const int32_t *order, int count,
                    int thread) {
  int stride = work->rows, rows = rounded_up(count, TILE);
  int64_t panel, row, end;
  for (int l = 0; l < work->last; l++) {
    Panels *layer = &work->layers[l];
    end = share(work, thread, num_panels(layer->given.width), &panel);
    for (; panel < end; panel++) {
      multiply_panel(layer->activations + panel * panel_size(stride), rows, stride,
                     layer->num_inputs, l ? layer[-1].outputs : images,
                     layer->kernel.value + panel * panel_size(layer->kernel_rows),
                     layer->bias.value + panel * PANEL);
      activate(work, layer, panel, count);
    }
    wait_for_all(work);
  }
  Panels *layer = &work->layers[work->last];
  const REAL *inputs = work->last ? layer[-1].outputs : images;
  end = share(work, thread, rows / TILE, &row) * TILE;
  row *= TILE;
  for (panel = 0; panel < num_panels(layer->given.width); panel++)
    multiply_panel(layer->activations + panel * panel_size(stride) + row * PANEL, end - row,
                   stride, layer->num_inputs, inputs + row * PANEL,
                   layer->kernel.value + panel * panel_size(layer->kernel_rows),
                   layer->bias.value + panel * PANEL);
  measure(work, order, count, row, end);
  wait_for_all(work);
}

static void backward(Workspace *work, Adam by, const REAL *images, int count, int thread) {
  int stride = work->rows, rows = rounded_up(count, TILE);
  int64_t panel, tile, end;
  for (int l = work->last; l >= 0; l--) {
    Panels *layer = &work->layers[l], *below = layer - 1;
    if (l) {
      gradients_below(work, layer, rows, thread);
      wait_for_all(work); /* from here on nobody reads this layer's kernel */
      end = share(work, thread, num_panels(layer->num_inputs), &panel);
      for (; panel < end; panel++) deactivate(work, below, by, panel, count);
    }
    int tiles = layer->kernel_rows / TILE;
    end = share(work, thread, (int64_t)num_panels(layer->given.width) * tiles, &tile);
    while (tile < end) {
      panel = tile / tiles;
      int first = tile % tiles, last = end - tile < tiles - first ? first + end - tile : tiles;
      const REAL *gradients = layer->gradients + panel * panel_size(stride);
      update_kernel(by, from(layer->kernel, panel * panel_size(layer->kernel_rows)), first * TILE,
                    last * TILE, l ? below->outputs : images, stride, count, gradients);
      if (l == work->last && first == 0) update_bias(layer, by, panel * PANEL, gradients, count);
      tile += last - first;
    }
    if (l) wait_for_all(work); /* the gradients of the layer below are complete */
  }
}

static void train_batch(Workspace *work, const int32_t *order, int step, int count, int left,
                        int thread) {
  Epoch *epoch = work->epoch;
  REAL *images = work->images + thread * images_size(work);
  gather(work, images, order, count, left);
  if (work->draws_per_example) draw(work, (uint32_t)(epoch->iterations + step), count, thread);
  wait_for_all(work);
  forward(work, images, order, count, thread);
  if (thread == 0)
    for (int row = 0; row < count; row++)
      epoch->loss += work->losses[row], epoch->correct += work->correct[row];
  backward(work, adam_of(epoch, epoch->iterations + step), images, count, thread);
}

typedef struct {
  Workspace *work;
  int thread;
} Share;

static void *train(void *argument) {
  Share own = *(Share *)argument;
  Epoch *epoch = own.work->epoch;
  uint64_t before = flush_to_zero();
  while (!atomic_load(&own.work->ready)) sched_yield();
  for (int start = 0, step = 0; start < epoch->num_examples; start += epoch->batch_size, step++) {
    int left = epoch->num_examples - start;
    train_batch(own.work, epoch->order + start, step,
                left < epoch->batch_size ? left : epoch->batch_size, left, own.thread);
  }
  restore(before);
  return 0;
}

/* ---- From Keras's arrays and back. ---- */

/* Reserve zeros; without memory yet, only count them. */
static void *reserve(Workspace *work, size_t count, size_t size) {
  void *start = work->memory ? work->memory + work->used : 0;
  work->used += (count * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
  return start;
}

static REAL *reserve_panels(Workspace *work, int rows, int columns) {
  return reserve(work, num_panels(columns) * panel_size(rows), sizeof(REAL));
}

static Parameter reserve_parameter(Workspace *work, int rows, int columns) {
  return (Parameter){reserve_panels(work, rows, columns), reserve_panels(work, rows, columns),
                     reserve_panels(work, rows, columns)};
}

static void lay_out(Workspace *work) {
  Epoch *epoch = work->epoch;
  work->used = 0;
  work->draws_per_example = 0;
  work->layers = reserve(work, epoch->num_layers, sizeof(Panels));
  for (int l = 0, num_inputs = epoch->num_inputs; l < epoch->num_layers; l++) {
    Layer *given = &epoch->layers[l];
    int width = given->width, kernel_rows = rounded_up(num_inputs, TILE);
    Panels layer = {
        .given = *given,
        .num_inputs = num_inputs,
        .kernel_rows = kernel_rows,
        .draws_before = work->draws_per_example,
        .keep = (REAL)(1 / (1 - given->dropout)),
        .kernel = reserve_parameter(work, kernel_rows, width),
        .bias = reserve_parameter(work, 1, width),
        .transposed = reserve_panels(work, width, num_inputs),
        .activations = reserve_panels(work, work->rows, width),
        .gradients = reserve_panels(work, work->rows, width),
        .partial = reserve_panels(work, work->rows, width),
    };
    layer.outputs = layer.activations;
    if (given->normalized) {
      layer.gamma = reserve_parameter(work, 1, width);
      layer.beta = reserve_parameter(work, 1, width);
      layer.moving_mean = reserve_panels(work, 1, width);
      layer.moving_variance = reserve_panels(work, 1, width);
      layer.mean = reserve_panels(work, 1, width);
      layer.inverse_deviation = reserve_panels(work, 1, width);
    }
    if (given->normalized || given->dropout > 0)
      layer.outputs = reserve_panels(work, work->rows, width);
    if (given->dropout > 0) work->draws_per_example += width;
    if (work->memory) work->layers[l] = layer;
    num_inputs = width;
  }
  work->images = reserve(work, epoch->num_threads * images_size(work), sizeof(REAL));
  /* A panel that is not full reads draws beyond its row's; the last two words may be odd. */
  work->draws = reserve(work, (size_t)work->draws_per_example * work->rows + PANEL + 4,
                        sizeof(uint16_t));
  work->losses = reserve(work, work->rows, sizeof(double));
  work->correct = reserve(work, work->rows, sizeof(int32_t));
  reserve(work, panel_size(3 * TILE), sizeof(REAL)); /* rows that are fetched, never used */
}

static void copy_matrix(REAL *matrix, REAL *panels, int rows, int columns, int stride, int back) {
  for (int row = 0; matrix && row < rows; row++)
    for (int column = 0; column < columns; column += PANEL) {
      REAL *outside = matrix + (size_t)row * columns + column;
      REAL *inside = panels + in_panels(row, column, stride);
      size_t bytes = sizeof(REAL) * (columns - column < PANEL ? columns - column : PANEL);
      if (back)
        memcpy(outside, inside, bytes);
      else
        memcpy(inside, outside, bytes);
    }
}

static void copy_parameter(Parameter given, Parameter at, int rows, int columns, int stride,
                           int back) {
  copy_matrix(given.value, at.value, rows, columns, stride, back);
  copy_matrix(given.first_moment, at.first_moment, rows, columns, stride, back);
  copy_matrix(given.second_moment, at.second_moment, rows, columns, stride, back);
}

static void copy_all(Workspace *work, int back) {
  for (int l = 0; l <= work->last; l++) {
    Panels *layer = &work->layers[l];
    Layer *given = &layer->given;
    int width = given->width;
    copy_parameter(given->kernel, layer->kernel, layer->num_inputs, width, layer->kernel_rows,
                   back);
    copy_parameter(given->bias, layer->bias, 1, width, 1, back);
    copy_parameter(given->gamma, layer->gamma, 1, width, 1, back);
    copy_parameter(given->beta, layer->beta, 1, width, 1, back);
    copy_matrix(given->moving_mean, layer->moving_mean, 1, width, 1, back);
    copy_matrix(given->moving_variance, layer->moving_variance, 1, width, 1, back);
  }
}

/* More threads than the widest layer has panels would wait in every forward product. */
static void cap_threads(Epoch *epoch) {
  int most = 1;
  for (int l = 0; l < epoch->num_layers; l++)
    if (num_panels(epoch->layers[l].width) > most) most = num_panels(epoch->layers[l].width);
  if (epoch->num_threads > most) epoch->num_threads = most;
}

/* Threads that cannot be started are done without. */
static void run_threads(Workspace *work) {
  int wanted = work->epoch->num_threads;
  pthread_t threads[wanted];
  Share shares[wanted];
  work->num_threads = 1;
  for (int t = 0; t < wanted; t++) shares[t] = (Share){work, t};
  while (work->num_threads < wanted &&
         !pthread_create(&threads[work->num_threads], 0, train, &shares[work->num_threads]))
    work->num_threads++;
  atomic_store(&work->ready, 1);
  train(&shares[0]);
  for (int t = 1; t < work->num_threads; t++) pthread_join(threads[t], 0);
  work->epoch->num_threads = work->num_threads;
}

/* Train in place. Returns 0, or 1 if there is not enough memory; then nothing was changed. */
int train_epoch(Epoch *epoch) {
  cap_threads(epoch);
  Workspace work = {
      .epoch = epoch,
      .last = epoch->num_layers - 1,
      .rows = rounded_up(epoch->batch_size, TILE),
      .asleep = PTHREAD_MUTEX_INITIALIZER,
      .all_arrived = PTHREAD_COND_INITIALIZER,
  };
  epoch->loss = 0;
  epoch->correct = 0;
  lay_out(&work);
  work.memory = aligned_alloc(CACHE_LINE, work.used);
  if (!work.memory) return 1;
  memset(work.memory, 0, work.used);
  lay_out(&work);
  copy_all(&work, 0);
  run_threads(&work);
  copy_all(&work, 1);
  free(work.memory);
  return 0;
}

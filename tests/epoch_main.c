/* Trains two epochs of a small regularized network and of a linear one on made-up images, with as
   many threads as the first argument says, up to one for each panel of the widest layer. Prints the
   losses; ends with status 0 if so many threads were used. test_native.py builds it. */

#include <stdio.h>

#include "../fmnist_exp/engine/native/epoch.c"

enum { NUM_EXAMPLES = 85, NUM_INPUTS = 70, BATCH_SIZE = 21 }; /* the last batch holds one */

static REAL *filled(int count, REAL value) {
  REAL *array = calloc(count, sizeof(REAL)); /* of the exact size: reading beyond it is found */
  for (int i = 0; i < count; i++) array[i] = value;
  return array;
}

static Parameter parameter(int count, REAL value) {
  return (Parameter){filled(count, value), filled(count, 0), filled(count, 0)};
}

static void free_parameter(Parameter at) {
  free(at.value), free(at.first_moment), free(at.second_moment);
}

static double train_network(int num_layers, const int32_t *widths, int num_threads) {
  Layer layers[4] = {{0}};
  uint8_t *images = malloc(NUM_EXAMPLES * NUM_INPUTS);
  int32_t *labels = malloc(sizeof(int32_t) * NUM_EXAMPLES);
  int32_t *order = malloc(sizeof(int32_t) * NUM_EXAMPLES);
  for (int i = 0; i < NUM_EXAMPLES * NUM_INPUTS; i++) images[i] = i * 37 % 256;
  for (int i = 0; i < NUM_EXAMPLES; i++) labels[i] = i % 3, order[i] = i * 2 % NUM_EXAMPLES;
  for (int l = 0, num_inputs = NUM_INPUTS; l < num_layers; num_inputs = widths[l++]) {
    layers[l].width = widths[l];
    layers[l].kernel = parameter(num_inputs * widths[l], 0);
    layers[l].bias = parameter(widths[l], 0);
    for (int i = 0; i < num_inputs * widths[l]; i++)
      layers[l].kernel.value[i] = (REAL)(i * 29 % 101 - 50) / 200;
    if (l == num_layers - 1) continue;
    layers[l].normalized = 1, layers[l].momentum = 0.99, layers[l].epsilon = 1e-3;
    layers[l].dropout = 0.3, layers[l].drop_threshold = 19661;
    layers[l].gamma = parameter(widths[l], 1), layers[l].beta = parameter(widths[l], 0);
    layers[l].moving_mean = filled(widths[l], 0), layers[l].moving_variance = filled(widths[l], 1);
  }
  Epoch epoch = {num_layers, NUM_INPUTS, NUM_EXAMPLES, BATCH_SIZE, num_threads, 5,     0, 1e-3,
                 0.9,        0.999,      1e-7,         images,     labels,      order, layers, 0, 0};
  for (int i = 0; i < 2; i++)
    if (train_epoch(&epoch)) return -1;
  int widest = num_panels(widths[0]); /* the first layer is */
  if (epoch.num_threads != (num_threads < widest ? num_threads : widest)) return -1;
  for (int l = 0; l < num_layers; l++) {
    free_parameter(layers[l].kernel), free_parameter(layers[l].bias);
    free_parameter(layers[l].gamma), free_parameter(layers[l].beta);
    free(layers[l].moving_mean), free(layers[l].moving_variance);
  }
  free(images), free(labels), free(order);
  return epoch.loss;
}

int main(int count, char **arguments) {
  int num_threads = count > 1 ? atoi(arguments[1]) : 1;
  double regularized = train_network(4, (int32_t[]){150, 33, 7, 3}, num_threads);
  double linear = train_network(1, (int32_t[]){3}, num_threads);
  printf("%.17g %.17g\n", regularized, linear);
  return !(regularized > 0 && linear > 0);
}

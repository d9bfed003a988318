/* A small convolutional network that tells ten kinds of clothes apart on grey images of 28x28.
 *
 *     5x5 convolution 1 -> 16, ReLU, 2x2 maximum     28x28 -> 14x14
 *     5x5 convolution 16 -> 32, ReLU, 2x2 maximum    14x14 -> 7x7
 *     1568 -> 128, ReLU, 128 -> 10, softmax cross-entropy
 *
 * It knows batches, no ranks, loaders or files. What it computes is a function of the weights and
 * of the batch alone, to the last bit: one thread, no sum whose order depends on anything but the
 * batch, no fused multiply-add by the compiler. Two libraries choose code by the CPU, OpenBLAS and
 * the C library's expf and logf; see network_pin_kernels() for what that means. */
#ifndef FASHION_NETWORK_H
#define FASHION_NETWORK_H

#include <shardstep.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NETWORK_SIDE = 28, /* pixels along each axis of an image */
    NETWORK_CLASSES = 10,
    NETWORK_TENSORS = 8, /* weights and biases of four layers */
};

typedef struct network network;

/* Of a batch. */
typedef struct network_score {
    const double *losses; /* cross-entropy of each row in nats; borrowed until the next call */
    uint32_t correct;     /* rows whose label got the largest output */
} network_score;

/* Local. Call it first in main(). OpenBLAS chooses its kernels when it is loaded, by the model of
 * the CPU; each has sums of its own, and for a CPU younger than the library the choice can be the
 * slowest. On an x86-64 CPU with AVX2 and FMA this starts the program once more with
 * OPENBLAS_CORETYPE=Haswell, so that all such CPUs compute the same bits with the same OpenBLAS
 * and C library. An OPENBLAS_CORETYPE that is set already is left alone: SkylakeX is up to twice
 * as fast where there is AVX-512, and must then be set on every node. On other CPUs it does
 * nothing, and the nodes of a run must be alike. */
void network_pin_kernels(char **argv);

/* Local. A network for batches of 1 … max_rows rows, its weights drawn at the places (seed,
 * SHS_ROLE_INITIALISE, rank 0, step 0, slot = number of the tensor). NULL if there is not enough
 * memory. */
network *network_open(uint64_t seed, size_t max_rows);

/* Local. Accepts NULL and a pointer to NULL; leaves NULL. */
void network_close(network **net);

/* NETWORK_TENSORS tensors of f32 each: what is trained, the optimiser's memory of it, and the
 * gradients. Names are distinct between parameters and velocities. */
typedef struct network_arrays {
    const shs_tensor *parameters, *velocities, *gradients;
} network_arrays;

/* Local. Borrowed until network_close(). */
network_arrays network_arrays_of(const network *net);

/* Local. images: rows x 28 x 28, labels: rows, each below NETWORK_CLASSES. Overwrites the
 * gradients with their SUM over the rows. */
network_score network_gradient(network *net, const float *images, const uint8_t *labels,
                               size_t rows);

/* Local. The same without gradients. */
network_score network_evaluate(network *net, const float *images, const uint8_t *labels,
                               size_t rows);

/* Local. Answers for images without labels: for each row the class with the largest output, and the
 * probabilities of all classes, rows x NETWORK_CLASSES. */
void network_predict(network *net, const float *images, size_t rows, uint8_t *prediction,
                     float *probability);

#endif

#include "fashion_network.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Images lie in memory as [row][y][x][channel], weights of a convolution as [out][ky][kx][in]. So
 * the inputs of one output pixel are FILTER runs of FILTER * channels neighbouring numbers, and a
 * convolution is a matrix product of those runs ("columns") with the weights. */
enum {
    FILTER = 5,
    PADDING = 2,
    /* Rows whose columns are multiplied at once: 1.2 MB, which stays in the second-level cache. A
     * part of the result: sums over a batch are taken chunk by chunk. */
    CHUNK = 4,
    CHANNELS1 = 16,
    CHANNELS2 = 32,
    SIDE1 = NETWORK_SIDE,
    SIDE2 = SIDE1 / 2,
    PADDED1 = SIDE1 + 2 * PADDING,
    PADDED2 = SIDE2 + 2 * PADDING,
    COLUMN1 = FILTER * FILTER,
    COLUMN2 = FILTER * FILTER * CHANNELS1,
    FEATURES = SIDE2 / 2 * (SIDE2 / 2) * CHANNELS2,
    HIDDEN = 128,
    IMAGE = SIDE1 * SIDE1,
    INPUT1 = PADDED1 * PADDED1, /* numbers that a row has before a convolution, with padding, */
    INPUT2 = PADDED2 * PADDED2 * CHANNELS1,
    OUTPUT1 = SIDE1 * SIDE1 * CHANNELS1, /* after it, */
    OUTPUT2 = SIDE2 * SIDE2 * CHANNELS2,
    WINNERS1 = OUTPUT1 / 4, /* and after pooling */
    NOBODY = -1,
};

enum {
    CONV1,
    BIAS1,
    CONV2,
    BIAS2,
    FULL1,
    BIAS3,
    FULL2,
    BIAS4
};

static const struct {
    const char *name;
    const char *velocity;
    uint32_t axes;
    uint64_t shape[4];
} TENSORS[NETWORK_TENSORS] = {
    {"conv1.weight", "conv1.weight.velocity", 4, {CHANNELS1, FILTER, FILTER, 1}},
    {"conv1.bias", "conv1.bias.velocity", 1, {CHANNELS1}},
    {"conv2.weight", "conv2.weight.velocity", 4, {CHANNELS2, FILTER, FILTER, CHANNELS1}},
    {"conv2.bias", "conv2.bias.velocity", 1, {CHANNELS2}},
    {"full1.weight", "full1.weight.velocity", 2, {HIDDEN, FEATURES}},
    {"full1.bias", "full1.bias.velocity", 1, {HIDDEN}},
    {"full2.weight", "full2.weight.velocity", 2, {NETWORK_CLASSES, HIDDEN}},
    {"full2.bias", "full2.bias.velocity", 1, {NETWORK_CLASSES}},
};

struct network {
    shs_tensor parameters[NETWORK_TENSORS];
    shs_tensor velocities[NETWORK_TENSORS];
    shs_tensor gradients[NETWORK_TENSORS];
    float *weight[NETWORK_TENSORS]; /* the same memory as the tensors' */
    float *gradient[NETWORK_TENSORS];
    float *memory; /* holds everything below and the tensors */
    /* for all rows of a batch */
    int32_t *winner1; /* of the first pooling */
    float *input2;    /* pooled, with a border of zeros that is never written */
    int32_t *winner2;
    float *features;
    float *hidden;
    double *losses;
    float *logits; /* then their gradient */
    float *d_hidden;
    float *d_features;
    /* for the rows of a chunk */
    float *input1;  /* with a border of zeros that is never written */
    float *columns; /* then their gradient */
    float *output;  /* of a convolution, then their gradient */
    float *d_input2;
};

void network_pin_kernels(char **argv)
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (getenv("OPENBLAS_CORETYPE")) return;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    if (setenv("OPENBLAS_CORETYPE", "Haswell", 1) != 0) return;
    if (setenv("OPENBLAS_NUM_THREADS", "1", 1) != 0) return;
    execv("/proc/self/exe", argv); /* if it fails, the kernels chosen by the CPU will do */
#else
    (void)argv;
#endif
}

static size_t elements(int tensor)
{
    size_t n = 1;
    for (uint32_t axis = 0; axis < TENSORS[tensor].axes; axis++)
        n *= (size_t)TENSORS[tensor].shape[axis];
    return n;
}

/* The next `count` numbers of the network's memory, aligned to 64 bytes; without memory it only
 * counts. */
static float *take(const network *net, size_t *used, size_t count)
{
    float *taken = net->memory ? net->memory + *used : NULL;
    *used += (count + 15) / 16 * 16;
    return taken;
}

static shs_tensor take_tensor(const network *net, size_t *used, const char *name, int tensor)
{
    shs_tensor t = {.name = name, .type = SHS_F32, .axes = TENSORS[tensor].axes};
    memcpy(t.shape, TENSORS[tensor].shape, sizeof TENSORS[tensor].shape);
    t.data = take(net, used, elements(tensor));
    return t;
}

/* Returns how many numbers the network needs. */
static size_t lay_out(network *net, size_t rows)
{
    size_t used = 0;
    for (int t = 0; t < NETWORK_TENSORS; t++) {
        net->parameters[t] = take_tensor(net, &used, TENSORS[t].name, t);
        net->velocities[t] = take_tensor(net, &used, TENSORS[t].velocity, t);
        net->gradients[t] = take_tensor(net, &used, TENSORS[t].name, t);
        net->weight[t] = net->parameters[t].data;
        net->gradient[t] = net->gradients[t].data;
    }
    net->winner1 = (int32_t *)take(net, &used, rows * WINNERS1);
    net->input2 = take(net, &used, rows * INPUT2);
    net->winner2 = (int32_t *)take(net, &used, rows * FEATURES);
    net->features = take(net, &used, rows * FEATURES);
    net->hidden = take(net, &used, rows * HIDDEN);
    net->losses = (double *)(void *)take(net, &used, 2 * rows);
    net->logits = take(net, &used, rows * NETWORK_CLASSES);
    net->d_hidden = take(net, &used, rows * HIDDEN);
    net->d_features = take(net, &used, rows * FEATURES);
    net->input1 = take(net, &used, (size_t)CHUNK * INPUT1);
    net->columns = take(net, &used, (size_t)CHUNK * SIDE2 * SIDE2 * COLUMN2);
    net->output = take(net, &used, (size_t)CHUNK * OUTPUT1);
    net->d_input2 = take(net, &used, (size_t)CHUNK * INPUT2);
    return used;
}

/* Normal with deviation sqrt(2 / inputs), which keeps the size of what flows through a layer
 * followed by ReLU (He, Zhang, Ren, Sun: Delving deep into rectifiers. ICCV 2015). IEEE 754 rounds
 * a square root correctly, so these bits are the same everywhere. Biases begin at zero. */
static bool initialise(network *net, uint64_t seed)
{
    for (int t = 0; t < NETWORK_TENSORS; t++) {
        const size_t count = elements(t);
        const size_t inputs = count / (size_t)TENSORS[t].shape[0];
        const float deviation = (float)sqrt(2.0 / (double)inputs);
        const shs_place place = {.seed = seed, .purpose = SHS_ROLE_INITIALISE, .slot = (uint64_t)t};
        shs_random stream;
        if (TENSORS[t].axes == 1) continue;
        if (shs_random_at(&place, &stream) != SHS_OK) return false;
        if (shs_random_fill_normal_float(&stream, 0, deviation, net->weight[t], count) != SHS_OK)
            return false;
    }
    return true;
}

network *network_open(uint64_t seed, size_t max_rows)
{
    network *net = calloc(1, sizeof *net);
    if (!net) return NULL;
    const size_t bytes = lay_out(net, max_rows) * sizeof(float);
    net->memory = aligned_alloc(64, bytes);
    if (net->memory) {
        memset(net->memory, 0, bytes);
        lay_out(net, max_rows);
        openblas_set_num_threads(1);
    }
    if (!net->memory || !initialise(net, seed)) network_close(&net);
    return net;
}

void network_close(network **net)
{
    if (!net || !*net) return;
    free((*net)->memory);
    free(*net);
    *net = NULL;
}

network_arrays network_arrays_of(const network *net)
{
    return (network_arrays){net->parameters, net->velocities, net->gradients};
}

enum operand {
    PLAIN,
    TRANSPOSED
};

/* c (m x n) = a (m x k) * b (k x n) + keep * c, after a and b were transposed if asked for. */
static void multiply(size_t m, size_t n, size_t k, const float *a, enum operand a_is,
                     const float *b, enum operand b_is, float keep, float *c)
{
    const size_t a_pitch = a_is == PLAIN ? k : m;
    const size_t b_pitch = b_is == PLAIN ? n : k;
    cblas_sgemm(CblasRowMajor, a_is == PLAIN ? CblasNoTrans : CblasTrans,
                b_is == PLAIN ? CblasNoTrans : CblasTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f,
                a, (blasint)a_pitch, b, (blasint)b_pitch, keep, c, (blasint)n);
}

/* Of one row; `side` is the output's. Always inlined, so that side and channels are constants and
 * the copies a few vector moves. */
static inline __attribute__((always_inline)) void unroll(const float *restrict input, size_t side,
                                                         size_t channels, float *restrict columns)
{
    const size_t run = FILTER * channels;
    const size_t pitch = (side + 2 * PADDING) * channels;
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (size_t k = 0; k < FILTER; k++, columns += run)
                memcpy(columns, input + (y + k) * pitch + x * channels, run * sizeof(float));
}

/* The reverse: adds the columns' gradients up in the input's places. */
static void fold(const float *restrict columns, float *restrict input)
{
    enum {
        RUN = FILTER * CHANNELS1,
        PITCH = PADDED2 * CHANNELS1
    };
    memset(input, 0, INPUT2 * sizeof(float));
    for (size_t y = 0; y < SIDE2; y++)
        for (size_t x = 0; x < SIDE2; x++)
            for (size_t k = 0; k < FILTER; k++, columns += RUN)
                for (size_t i = 0; i < RUN; i++)
                    input[(y + k) * PITCH + x * CHANNELS1 + i] += columns[i];
}

static inline float larger(float a, float b)
{
    return a > b ? a : b;
}

/* Bias, 2x2 maximum and ReLU of one row, in an order that saves work: a bias moves all four
 * alike. `winner` gets which of the four it was, the first of equals, or NOBODY if ReLU gave zero.
 * Output rows are `pitch` numbers apart. */
static inline __attribute__((always_inline)) void pool(const float *restrict output,
                                                       const float *restrict bias, size_t side,
                                                       size_t channels, float *restrict pooled,
                                                       size_t pitch, int32_t *restrict winner)
{
    for (size_t y = 0; y < side / 2; y++)
        for (size_t x = 0; x < side / 2; x++, winner += channels) {
            const float *top = output + (2 * y * side + 2 * x) * channels;
            const float *low = top + side * channels;
            float *to = pooled + y * pitch + x * channels;
            for (size_t c = 0; c < channels; c++) {
                const float best_top = larger(top[c], top[channels + c]);
                const float best_low = larger(low[c], low[channels + c]);
                const float sum = larger(best_top, best_low) + bias[c];
                const int32_t of_top = top[channels + c] > top[c];
                const int32_t of_low = 2 + (low[channels + c] > low[c]);
                const int32_t of_all = best_low > best_top ? of_low : of_top;
                to[c] = larger(sum, 0.0f);
                winner[c] = sum > 0.0f ? of_all : NOBODY;
            }
        }
}

/* `value` or 0, without a branch: compilers make a vector instruction of it. */
static inline float keep_if(bool condition, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits &= 0u - (uint32_t)condition;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

/* The reverse: the gradient of a pooled number goes to its winner and to the bias. */
static inline __attribute__((always_inline)) void
unpool(const int32_t *restrict winner, const float *restrict d_pooled, size_t side, size_t channels,
       size_t pitch, float *restrict d_output, float *restrict d_bias)
{
    for (size_t y = 0; y < side / 2; y++)
        for (size_t x = 0; x < side / 2; x++, winner += channels) {
            float *d_top = d_output + (2 * y * side + 2 * x) * channels;
            float *d_low = d_top + side * channels;
            const float *from = d_pooled + y * pitch + x * channels;
            for (size_t c = 0; c < channels; c++) {
                const float d = from[c];
                d_top[c] = keep_if(winner[c] == 0, d);
                d_top[channels + c] = keep_if(winner[c] == 1, d);
                d_low[c] = keep_if(winner[c] == 2, d);
                d_low[channels + c] = keep_if(winner[c] == 3, d);
                d_bias[c] += keep_if(winner[c] != NOBODY, d);
            }
        }
}

/* Columns of the images [first, first + rows) and of what the second convolution sees of them. */
static void unroll_images(network *net, const float *images, size_t first, size_t rows)
{
    for (size_t r = 0; r < rows; r++) {
        const float *image = images + (first + r) * IMAGE;
        float *input = net->input1 + r * INPUT1;
        for (size_t y = 0; y < SIDE1; y++)
            memcpy(input + (y + PADDING) * PADDED1 + PADDING, image + y * SIDE1,
                   SIDE1 * sizeof(float));
        unroll(input, SIDE1, 1, net->columns + r * SIDE1 * SIDE1 * COLUMN1);
    }
}

static void unroll_inner(network *net, size_t first, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        unroll(net->input2 + (first + r) * INPUT2, SIDE2, CHANNELS1,
               net->columns + r * SIDE2 * SIDE2 * COLUMN2);
}

/* Where the numbers inside the border of zeros begin. */
enum {
    INSIDE2 = (PADDING * PADDED2 + PADDING) * CHANNELS1
};

static void convolve(network *net, const float *images, size_t first, size_t rows)
{
    unroll_images(net, images, first, rows);
    multiply(rows * SIDE1 * SIDE1, CHANNELS1, COLUMN1, net->columns, PLAIN, net->weight[CONV1],
             TRANSPOSED, 0.0f, net->output);
    for (size_t r = 0; r < rows; r++)
        pool(net->output + r * OUTPUT1, net->weight[BIAS1], SIDE1, CHANNELS1,
             net->input2 + (first + r) * INPUT2 + INSIDE2, PADDED2 * CHANNELS1,
             net->winner1 + (first + r) * WINNERS1);
    unroll_inner(net, first, rows);
    multiply(rows * SIDE2 * SIDE2, CHANNELS2, COLUMN2, net->columns, PLAIN, net->weight[CONV2],
             TRANSPOSED, 0.0f, net->output);
    for (size_t r = 0; r < rows; r++)
        pool(net->output + r * OUTPUT2, net->weight[BIAS2], SIDE2, CHANNELS2,
             net->features + (first + r) * FEATURES, SIDE2 / 2 * CHANNELS2,
             net->winner2 + (first + r) * FEATURES);
}

static void convolve_back2(network *net, size_t first, size_t rows, float keep)
{
    const size_t pixels = rows * SIDE2 * SIDE2;
    for (size_t r = 0; r < rows; r++)
        unpool(net->winner2 + (first + r) * FEATURES, net->d_features + (first + r) * FEATURES,
               SIDE2, CHANNELS2, SIDE2 / 2 * CHANNELS2, net->output + r * OUTPUT2,
               net->gradient[BIAS2]);
    unroll_inner(net, first, rows);
    multiply(CHANNELS2, COLUMN2, pixels, net->output, TRANSPOSED, net->columns, PLAIN, keep,
             net->gradient[CONV2]);
    multiply(pixels, COLUMN2, CHANNELS2, net->output, PLAIN, net->weight[CONV2], PLAIN, 0.0f,
             net->columns);
    for (size_t r = 0; r < rows; r++)
        fold(net->columns + r * SIDE2 * SIDE2 * COLUMN2, net->d_input2 + r * INPUT2);
}

static void convolve_back1(network *net, const float *images, size_t first, size_t rows, float keep)
{
    for (size_t r = 0; r < rows; r++)
        unpool(net->winner1 + (first + r) * WINNERS1, net->d_input2 + r * INPUT2 + INSIDE2, SIDE1,
               CHANNELS1, PADDED2 * CHANNELS1, net->output + r * OUTPUT1, net->gradient[BIAS1]);
    unroll_images(net, images, first, rows);
    multiply(CHANNELS1, COLUMN1, rows * SIDE1 * SIDE1, net->output, TRANSPOSED, net->columns, PLAIN,
             keep, net->gradient[CONV1]);
}

static void add_bias(float *values, const float *bias, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            values[r * columns + c] += bias[c];
}

static void sum_rows(const float *values, size_t rows, size_t columns, float *sum)
{
    memset(sum, 0, columns * sizeof(float));
    add_bias(sum, values, 1, columns);
    for (size_t r = 1; r < rows; r++)
        add_bias(sum, values + r * columns, 1, columns);
}

static void forward(network *net, const float *images, size_t rows)
{
    for (size_t first = 0; first < rows; first += CHUNK)
        convolve(net, images, first, rows - first < CHUNK ? rows - first : CHUNK);
    multiply(rows, HIDDEN, FEATURES, net->features, PLAIN, net->weight[FULL1], TRANSPOSED, 0.0f,
             net->hidden);
    add_bias(net->hidden, net->weight[BIAS3], rows, HIDDEN);
    for (size_t i = 0; i < rows * HIDDEN; i++)
        net->hidden[i] = larger(net->hidden[i], 0.0f);
    multiply(rows, NETWORK_CLASSES, HIDDEN, net->hidden, PLAIN, net->weight[FULL2], TRANSPOSED,
             0.0f, net->logits);
    add_bias(net->logits, net->weight[BIAS4], rows, NETWORK_CLASSES);
}

/* Of one row: the class with the largest output, the first of equals. */
static size_t best_of(const float *logits)
{
    size_t best = 0;
    for (size_t c = 1; c < NETWORK_CLASSES; c++)
        if (logits[c] > logits[best]) best = c;
    return best;
}

/* Of one row: the classes' probabilities take the outputs' place. Returns the sum of the powers
 * that they were divided by. */
static float softmax(float *logits, float highest)
{
    float sum = 0.0f;
    for (size_t c = 0; c < NETWORK_CLASSES; c++) {
        logits[c] = expf(logits[c] - highest);
        sum += logits[c];
    }
    for (size_t c = 0; c < NETWORK_CLASSES; c++)
        logits[c] /= sum;
    return sum;
}

/* One row's softmax cross-entropy; its gradient takes the outputs' place. */
static double score_row(float *logits, uint8_t label, size_t best)
{
    const float highest = logits[best], own = logits[label];
    const float sum = softmax(logits, highest);
    logits[label] -= 1.0f;
    return (double)(logf(sum) - (own - highest));
}

static network_score score_rows(network *net, const uint8_t *labels, size_t rows)
{
    network_score score = {.losses = net->losses};
    for (size_t r = 0; r < rows; r++) {
        float *logits = net->logits + r * NETWORK_CLASSES;
        const size_t best = best_of(logits);
        net->losses[r] = score_row(logits, labels[r], best);
        score.correct += best == labels[r];
    }
    return score;
}

static void backward(network *net, const float *images, size_t rows)
{
    const float *d_logits = net->logits;
    sum_rows(d_logits, rows, NETWORK_CLASSES, net->gradient[BIAS4]);
    multiply(NETWORK_CLASSES, HIDDEN, rows, d_logits, TRANSPOSED, net->hidden, PLAIN, 0.0f,
             net->gradient[FULL2]);
    multiply(rows, HIDDEN, NETWORK_CLASSES, d_logits, PLAIN, net->weight[FULL2], PLAIN, 0.0f,
             net->d_hidden);
    for (size_t i = 0; i < rows * HIDDEN; i++)
        net->d_hidden[i] = net->hidden[i] > 0.0f ? net->d_hidden[i] : 0.0f;
    sum_rows(net->d_hidden, rows, HIDDEN, net->gradient[BIAS3]);
    multiply(HIDDEN, FEATURES, rows, net->d_hidden, TRANSPOSED, net->features, PLAIN, 0.0f,
             net->gradient[FULL1]);
    multiply(rows, FEATURES, HIDDEN, net->d_hidden, PLAIN, net->weight[FULL1], PLAIN, 0.0f,
             net->d_features);
    memset(net->gradient[BIAS1], 0, CHANNELS1 * sizeof(float));
    memset(net->gradient[BIAS2], 0, CHANNELS2 * sizeof(float));
    for (size_t first = 0; first < rows; first += CHUNK) {
        const size_t some = rows - first < CHUNK ? rows - first : CHUNK;
        const float keep = first == 0 ? 0.0f : 1.0f;
        convolve_back2(net, first, some, keep);
        convolve_back1(net, images, first, some, keep);
    }
}

network_score network_evaluate(network *net, const float *images, const uint8_t *labels,
                               size_t rows)
{
    forward(net, images, rows);
    return score_rows(net, labels, rows);
}

void network_predict(network *net, const float *images, size_t rows, uint8_t *prediction,
                     float *probability)
{
    forward(net, images, rows);
    for (size_t r = 0; r < rows; r++) {
        float *logits = net->logits + r * NETWORK_CLASSES;
        const size_t best = best_of(logits);
        prediction[r] = (uint8_t)best;
        softmax(logits, logits[best]);
    }
    memcpy(probability, net->logits, rows * NETWORK_CLASSES * sizeof(float));
}

network_score network_gradient(network *net, const float *images, const uint8_t *labels,
                               size_t rows)
{
    const network_score score = network_evaluate(net, images, labels, rows);
    backward(net, images, rows);
    return score;
}

/* A model in plain C, whose weights are the same bits on every platform: a linear classifier of
 * Fashion-MNIST, fitted by least squares. It calls neither BLAS nor libm.
 *
 *     plain_model FILE STEPS VRANKS OPTIMIZER...
 *
 * trains it anew by each of the optimisers plain, momentum, nesterov, adam and adamw, and prints
 * for each its name, the right answers of the last step, and a hash of the weights. In a build
 * without MPI it runs on one rank. */
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdio.h>
#include <string.h>

enum {
    PIXELS = 28 * 28,
    CLASSES = 10,
    BATCH = 32
};

static float weights[CLASSES][PIXELS + 1], slopes[CLASSES][PIXELS + 1];
static float first[CLASSES][PIXELS + 1], second[CLASSES][PIXELS + 1]; /* an optimiser's state */

#define TENSOR(array)                                                                              \
    {                                                                                              \
        .name = #array, .type = SHS_F32, .axes = 2, .shape = {CLASSES, PIXELS + 1}, .data = array  \
    }

static const shs_tensor weights_tensor = TENSOR(weights), slopes_tensor = TENSOR(slopes);
static const shs_tensor first_tensor = TENSOR(first), second_tensor = TENSOR(second);

/* The bias is the weight of a last pixel, which is 1. */
static float answer_of(const float *weight, const float *image)
{
    float sum = weight[PIXELS];
    for (size_t i = 0; i < PIXELS; i++)
        sum += weight[i] * image[i];
    return sum;
}

/* Adds one row's slopes of the squared error; returns whether the greatest answer is the right one.
 */
static bool add_row(const float *image, uint8_t label)
{
    float answers[CLASSES];
    unsigned best = 0;
    for (unsigned class = 0; class < CLASSES; class ++) {
        answers[class] = answer_of(weights[class], image);
        float error = answers[class] - (class == label ? 1.0F : 0.0F);
        for (size_t i = 0; i < PIXELS; i++)
            slopes[class][i] += error * image[i];
        slopes[class][PIXELS] += error;
        if (answers[class] > answers[best]) best = class;
    }
    return best == label;
}

static shs_status plain(double rate, uint64_t step)
{
    (void)rate, (void)step;
    for (size_t class = 0; class < CLASSES; class ++)
        for (size_t i = 0; i <= PIXELS; i++)
            weights[class][i] -= 0x1p-9F * slopes[class][i];
    return SHS_OK;
}

static shs_status by_sgd(double rate, bool nesterov)
{
    const shs_sgd_options options = {
        .rate = 0.003 * rate, .momentum = 0.9, .decay = 1e-4, .nesterov = nesterov};
    return shs_sgd(&options, &weights_tensor, &slopes_tensor, &first_tensor, 1);
}

static shs_status momentum(double rate, uint64_t step)
{
    (void)step;
    return by_sgd(rate, false);
}

static shs_status nesterov(double rate, uint64_t step)
{
    (void)step;
    return by_sgd(rate, true);
}

static shs_status adam(double rate, uint64_t step)
{
    return shs_adam(&(shs_adam_options){.rate = 0.001 * rate, .decay = 1e-4}, step, &weights_tensor,
                    &slopes_tensor, &first_tensor, &second_tensor, 1);
}

static shs_status adamw(double rate, uint64_t step)
{
    return shs_adamw(&(shs_adam_options){.rate = 0.001 * rate, .decay = 0.01}, step,
                     &weights_tensor, &slopes_tensor, &first_tensor, &second_tensor, 1);
}

static const struct optimizer {
    const char *name;
    shs_status (*update)(double rate, uint64_t step); /* the rate is a part of the highest */
} optimizers[] = {{"plain", plain},
                  {"momentum", momentum},
                  {"nesterov", nesterov},
                  {"adam", adam},
                  {"adamw", adamw}};

static const struct optimizer *optimizer_of(const char *name)
{
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++)
        if (strcmp(optimizers[i].name, name) == 0) return &optimizers[i];
    fprintf(stderr, "plain_model: there is no optimiser %s\n", name);
    exit(SHS_EXIT_ERROR);
}

/* Returns the right answers of this rank's batches. */
static uint64_t do_step(shs_loader *loader, shs_gradient *mean)
{
    shs_batch batch;
    uint64_t right = 0;
    do {
        shs_must(shs_next(loader, &batch));
        memset(slopes, 0, sizeof slopes);
        const float *images = batch.field[0].data;
        const uint8_t *labels = batch.field[1].data;
        for (uint64_t row = 0; row < batch.count; row++)
            right += add_row(images + row * PIXELS, labels[row]);
        shs_must(shs_gradient_add(mean, &batch));
    } while (!batch.ends_step);
    shs_must(shs_gradient_mean(mean));
    return right;
}

/* FNV-1a over the weights' bits. */
static uint64_t hash_weights(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t class = 0; class < CLASSES; class ++)
        for (size_t i = 0; i <= PIXELS; i++) {
            uint32_t bits;
            memcpy(&bits, &weights[class][i], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
    return hash;
}

#ifdef SHARDSTEP_NO_MPI

static void begin(const shs_run_options *options, shs_run **run)
{
    shs_must(shs_open_ranks(0, 1, NULL, NULL, options, run));
}

static uint64_t sum_over_ranks(uint64_t mine)
{
    return mine;
}

static void end(void) {}

#else

static void begin(const shs_run_options *options, shs_run **run)
{
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    shs_must(shs_open(MPI_COMM_WORLD, options, run));
}

/* The sum on rank 0. */
static uint64_t sum_over_ranks(uint64_t mine)
{
    uint64_t all = 0;
    MPI_Reduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    return all;
}

static void end(void)
{
    MPI_Finalize();
}

#endif

/* Returns the right answers that all ranks gave in the last step. */
static uint64_t train(shs_loader *loader, shs_gradient *mean, const struct optimizer *optimizer,
                      uint64_t steps)
{
    const shs_rate schedule = {
        .kind = SHS_RATE_COSINE, .peak = 1, .first = 0.1, .warm_up = steps / 10, .steps = steps};
    uint64_t right = 0;
    memset(weights, 0, sizeof weights);
    memset(first, 0, sizeof first);
    memset(second, 0, sizeof second);
    shs_must(shs_seek(loader, (shs_cursor){0}));
    for (uint64_t step = 0; step < steps; step++) {
        double rate;
        right = do_step(loader, mean);
        shs_must(shs_rate_at(&schedule, step, &rate));
        shs_must(optimizer->update(rate, step));
    }
    return sum_over_ranks(right);
}

int main(int count, char **words)
{
    const shs_loader_options options = {
        .batch = BATCH,
        .augment = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) "
                   "normalize(mean=0.286, std=0.353)"};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_gradient *mean;
    if (count < 5) return SHS_EXIT_ERROR;
    const uint64_t steps = strtoull(words[2], NULL, 10), vranks = strtoull(words[3], NULL, 10);
    begin(&(shs_run_options){.seed = 42, .vranks = vranks}, &run);
    shs_must(shs_dataset_open(run, words[1], "train/images,train/labels", NULL, &dataset));
    shs_must(shs_loader_open(dataset, &options, &loader));
    shs_must(shs_gradient_open(run, &slopes_tensor, 1, NULL, &mean));
    for (int i = 4; i < count; i++) {
        const uint64_t right = train(loader, mean, optimizer_of(words[i]), steps);
        if (shs_info(run).rank == 0)
            printf("%s: %llu of %llu right, weights %016llx\n", words[i], (unsigned long long)right,
                   (unsigned long long)(BATCH * vranks), (unsigned long long)hash_weights());
    }
    shs_gradient_close(&mean);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    shs_close(&run);
    end();
    return 0;
}

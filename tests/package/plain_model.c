/* A model in plain C, whose weights are the same bits on every platform: a linear classifier of
 * Fashion-MNIST, fitted by least squares. It calls neither BLAS nor libm.
 *
 *     plain_model FILE STEPS      prints the right answers of the last step, and a hash of the
 * weights
 */
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdio.h>
#include <string.h>

enum {
    PIXELS = 28 * 28,
    CLASSES = 10,
    VRANKS = 6
};

static const float rate = 0x1p-9F;

static float weights[CLASSES][PIXELS + 1], slopes[CLASSES][PIXELS + 1];

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
    for (size_t class = 0; class < CLASSES; class ++)
        for (size_t i = 0; i <= PIXELS; i++)
            weights[class][i] -= rate * slopes[class][i];
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

int main(int count, char **words)
{
    int provided;
    uint64_t right = 0, all = 0;
    const shs_loader_options options = {
        .batch = 32,
        .augment = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) "
                   "normalize(mean=0.286, std=0.353)"};
    const shs_tensor tensor = {.name = "slopes",
                               .type = SHS_F32,
                               .axes = 2,
                               .shape = {CLASSES, PIXELS + 1},
                               .data = slopes};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_gradient *mean;
    if (count != 3) return SHS_EXIT_ERROR;
    MPI_Init_thread(&count, &words, MPI_THREAD_FUNNELED, &provided);
    shs_must(shs_open(MPI_COMM_WORLD, &(shs_run_options){.seed = 42, .vranks = VRANKS}, &run));
    shs_must(shs_dataset_open(run, words[1], "train/images,train/labels", NULL, &dataset));
    shs_must(shs_loader_open(dataset, &options, &loader));
    shs_must(shs_gradient_open(run, &tensor, 1, NULL, &mean));
    for (long step = strtol(words[2], NULL, 10); step > 0; step--)
        right = do_step(loader, mean);
    MPI_Reduce(&right, &all, 1, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD);
    if (shs_info(run).rank == 0)
        printf("%llu of %d right, weights %016llx\n", (unsigned long long)all, 32 * VRANKS,
               (unsigned long long)hash_weights());
    shs_gradient_close(&mean);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    shs_close(&run);
    MPI_Finalize();
    return 0;
}

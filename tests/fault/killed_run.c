/* A run that is killed and goes on: a linear fit in plain C, which saves every few steps.
 *
 *     killed_run FILE FOLDER STEPS EVERY     prints a hash of the weights at the end
 *
 * FILE holds x (rows of FEATURES floats) and y (a float a row). The state has a second tensor, of
 * some MiB, which follows from the weights, so that a good part of the time is spent in
 * checkpoints. The hash covers both tensors. */
#include <inttypes.h>
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdio.h>
#include <string.h>

enum {
    FEATURES = 32,
    LARGE = 1 << 19, /* floats of the second tensor: 2 MiB */
    VRANKS = 4,
    BATCH = 8
};

static float weights[FEATURES], slopes[FEATURES], large[LARGE];

static const shs_tensor state[] = {
    {.name = "weights", .type = SHS_F32, .axes = 1, .shape = {FEATURES}, .data = weights},
    {.name = "large", .type = SHS_F32, .axes = 1, .shape = {LARGE}, .data = large},
};
static const shs_tensor gradient = {
    .name = "slopes", .type = SHS_F32, .axes = 1, .shape = {FEATURES}, .data = slopes};

static void add_row(const float *x, float y)
{
    float error = -y;
    for (size_t i = 0; i < FEATURES; i++)
        error += weights[i] * x[i];
    for (size_t i = 0; i < FEATURES; i++)
        slopes[i] += error * x[i];
}

static void update(void)
{
    for (size_t i = 0; i < FEATURES; i++)
        weights[i] -= 0x1p-7F * slopes[i];
    for (size_t i = 0; i < LARGE; i++)
        large[i] = weights[i % FEATURES] * (float)(i % 1000);
}

/* FNV-1a over the bits of both tensors. */
static uint64_t hash_state(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < FEATURES + LARGE; i++) {
        uint32_t bits;
        memcpy(&bits, i < FEATURES ? &weights[i] : &large[i - FEATURES], sizeof bits);
        hash = (hash ^ bits) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void train(shs_loader *loader, shs_gradient *mean, const char *folder, uint64_t steps,
                  uint64_t every)
{
    shs_batch batch;
    while (shs_tell(loader).step < steps) {
        do {
            shs_must(shs_next(loader, &batch));
            memset(slopes, 0, sizeof slopes);
            for (uint64_t row = 0; row < batch.count; row++)
                add_row((const float *)batch.field[0].data + row * FEATURES,
                        ((const float *)batch.field[1].data)[row]);
            shs_must(shs_gradient_add(mean, &batch));
        } while (!batch.ends_step);
        shs_must(shs_gradient_mean(mean));
        update();
        if (shs_tell(loader).step % every == 0) shs_must(shs_save(loader, folder, state, 2));
    }
}

int main(int count, char **words)
{
    const shs_loader_options options = {.batch = BATCH, .augment = "x: normalize(mean=0, std=2)"};
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_gradient *mean;
    int provided;
    if (count != 5) return SHS_EXIT_ERROR;
    MPI_Init_thread(&count, &words, MPI_THREAD_FUNNELED, &provided);
    shs_must(shs_open(MPI_COMM_WORLD, &(shs_run_options){.seed = 7, .vranks = VRANKS}, &run));
    shs_must(shs_dataset_open(run, words[1], "x,y", NULL, &dataset));
    shs_must(shs_loader_open(dataset, &options, &loader));
    shs_must(shs_gradient_open(run, &gradient, 1, NULL, &mean));
    shs_must(shs_restore(loader, words[2], state, 2));
    train(loader, mean, words[2], strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10));
    if (shs_info(run).rank == 0) printf("weights %016" PRIx64 "\n", hash_state());
    shs_gradient_close(&mean);
    shs_loader_close(&loader);
    shs_dataset_close(&dataset);
    shs_must(shs_close(&run));
    MPI_Finalize();
    return 0;
}

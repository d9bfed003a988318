/* Evaluation and inference: what the network of train_fashion says of each test image, in a file.
 *
 *     mpirun -n 2 ./predict fashion.h5 checkpoints predictions.h5 [VRANKS]
 *
 * The loader does not shuffle, and takes each row once. The ranks write their rows together, each
 * row at its own number, so that the file has the order of the images. The arrays `prediction` and
 * `probability` are the same, byte for byte, on 1, 2, … VRANKS ranks: the network sees the batches
 * of the virtual ranks, which do not depend on the number of ranks. The file is there only if it is
 * whole: see prediction_file.h. */
#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shardstep.h>
#include <shardstep/must.h>

#include "fashion_network.h"
#include "fashion_weights.h"
#include "prediction_file.h"

enum {
    BATCH = 100, /* as many images as train_fashion tests at once */
    VRANKS = 8
};

/* The rows of one step of this rank, in the order of its virtual ranks. */
typedef struct step {
    uint64_t rows;
    uint64_t *row;
    uint8_t *prediction;
    float *probability;
} step;

typedef struct job {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    network *net;
    prediction_file to;
    step step;
    uint64_t correct;
    shs_status status; /* of the latest call of the loop */
} job;

/* Collective: every rank has seen the error, and one has spoken of it. */
static _Noreturn void give_up(void)
{
    MPI_Finalize();
    exit(SHS_EXIT_ERROR);
}

static _Noreturn void give_up_alone(const char *why)
{
    fprintf(stderr, "predict: %s\n", why);
    MPI_Abort(MPI_COMM_WORLD, SHS_EXIT_ERROR);
    exit(SHS_EXIT_ERROR);
}

static void open_data(job *j, const char *path)
{
    shs_must(shs_dataset_open(j->run, path, "test/images,test/labels", NULL, &j->data));
    const shs_tensor *image = shs_dataset_field(j->data, 0), *label = shs_dataset_field(j->data, 1);
    if (image->axes != 2 || image->shape[0] != NETWORK_SIDE || image->shape[1] != NETWORK_SIDE ||
        label->axes != 0 || label->type != SHS_U8) {
        if (shs_info(j->run).rank == 0)
            fprintf(stderr, "predict: %s: images must be 28x28, labels numbers of type u8\n", path);
        give_up();
    }
    shs_must(shs_loader_open(
        j->data,
        &(shs_loader_options){.batch = BATCH,
                              .epochs = 1,
                              .shuffle = SHS_SHUFFLE_NONE,
                              .tail = SHS_TAIL_SHORT,
                              .augment = "test/images: normalize(mean=0.286, std=0.353)"},
        &j->loader));
}

/* Rank 0 reads the weights. */
static void open_network(job *j, const char *checkpoints)
{
    const shs_run_info info = shs_info(j->run);
    const size_t rows = BATCH * (size_t)info.hosted;
    j->net = network_open(0, BATCH);
    j->step = (step){.row = malloc(rows * sizeof(uint64_t)),
                     .prediction = malloc(rows),
                     .probability = malloc(rows * NETWORK_CLASSES * sizeof(float))};
    if (!j->net || !j->step.row || !j->step.prediction || !j->step.probability)
        give_up_alone("memory ran out");
    const shs_tensor *weights = network_arrays_of(j->net).parameters;
    int good = info.rank > 0 || fashion_weights_read(checkpoints, weights, NETWORK_TENSORS);
    MPI_Bcast(&good, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (!good) give_up();
    shs_must(shs_broadcast(j->run, weights, NETWORK_TENSORS));
}

/* One batch of one virtual rank. The network must not see two batches at once: a matrix product may
 * round otherwise for another number of rows. */
static void predict(job *j, const shs_batch *batch)
{
    step *s = &j->step;
    const uint8_t *label = batch->field[1].data, *prediction = s->prediction + s->rows;
    if (batch->count == 0) return;
    memcpy(s->row + s->rows, batch->index, (size_t)batch->count * sizeof *s->row);
    network_predict(j->net, batch->field[0].data, (size_t)batch->count, s->prediction + s->rows,
                    s->probability + s->rows * NETWORK_CLASSES);
    for (uint64_t r = 0; r < batch->count; r++)
        j->correct += prediction[r] == label[r];
    s->rows += batch->count;
}

/* Collective. True if the whole epoch was loaded and written. A loading error comes out of
 * shs_agree() on every rank; rows that could not be loaded are in no batch. After the last step
 * shs_agree() also proves, by the ledger, that each row was loaded once. */
static bool predict_all(job *j)
{
    shs_batch batch;
    while ((j->status = shs_next(j->loader, &batch)) == SHS_OK) {
        predict(j, &batch);
        if (!batch.ends_step) continue;
        if (!prediction_file_write(&j->to, j->step.row, j->step.rows, j->step.prediction,
                                   j->step.probability))
            return false;
        j->step.rows = 0;
        if ((j->status = shs_agree(j->run)) < 0) return false;
    }
    return j->status == SHS_END;
}

/* Collective. */
static void report(job *j)
{
    MPI_Allreduce(MPI_IN_PLACE, &j->correct, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    if (j->to.rank == 0)
        printf("%" PRIu64 " rows, each written once; test accuracy %.4f\n", j->to.rows,
               (double)j->correct / (double)j->to.rows);
}

static void close_all(job *j)
{
    free(j->step.row);
    free(j->step.prediction);
    free(j->step.probability);
    network_close(&j->net);
    shs_loader_close(&j->loader);
    shs_dataset_close(&j->data);
    shs_must(shs_close(&j->run));
}

/* 0: not a number of virtual ranks. */
static uint64_t vranks_of(int argc, char **argv)
{
    char *end = NULL;
    if (argc == 4) return VRANKS;
    const uint64_t value = argc == 5 ? strtoull(argv[4], &end, 10) : 0;
    return end && *end == '\0' ? value : 0;
}

int main(int argc, char **argv)
{
    job j = {0};
    int provided;
    const uint64_t vranks = vranks_of(argc, argv);
    network_pin_kernels(argv);
    if (vranks == 0) {
        fprintf(stderr, "usage: predict FASHION.h5 CHECKPOINTS OUTPUT.h5 [VRANKS]\n");
        return SHS_EXIT_ERROR;
    }
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    shs_must(shs_open(MPI_COMM_WORLD, &(shs_run_options){.vranks = vranks}, &j.run));
    open_data(&j, argv[1]);
    open_network(&j, argv[2]);
    bool done =
        prediction_file_begin(&j.to, argv[3], shs_dataset_samples(j.data), NETWORK_CLASSES) &&
        predict_all(&j);
    if (done) done = prediction_file_finish(&j.to);
    if (!done) {
        prediction_file_abandon(&j.to);
        shs_must(j.status);
        give_up();
    }
    report(&j);
    close_all(&j);
    MPI_Finalize();
    return 0;
}

/* Trains a small convolutional network on Fashion-MNIST, data-parallel on any number of ranks.
 *
 *     mpirun -n 2 ./train_fashion --data fashion.h5 --checkpoints checkpoints
 *
 * The weights come out the same, bit for bit, on 1, 2, … V ranks, stopped and started again or not.
 * SIGUSR1, SIGTERM, SIGINT or the end of the job's time stops it after the step: it saves and
 * returns 75, and the same command goes on, on as many ranks as there are now. */
#include <inttypes.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <shardstep.h>
#include <shardstep/must.h>

#include "fashion_network.h"
#include "fashion_options.h"
#include "fashion_report.h"

#define NORMALIZE "normalize(mean=0.286, std=0.353)"
#define AUGMENT   "train/images: random_crop(padding=2) random_flip(axis=w) " NORMALIZE

#define PEAK 0.05 /* the highest learning rate, for about 128 rows a step */

enum {
    TEST_BATCH = 100,
    STATE = 2 * NETWORK_TENSORS + 3,
    SAVING = 10, /* steps of training during which a checkpoint is written */
};

enum {
    LOSS,
    CORRECT,
    METRICS,
    ROWS = METRICS,
};

static const shs_metric SUMS[METRICS] = {{"loss", SHS_METRIC_SUM}, {"correct", SHS_METRIC_SUM}};

/* Sums of the epoch and what was tested so far: part of every checkpoint, so that a run that was
 * stopped reports the same numbers as one that was not, and no epoch twice. */
typedef struct book {
    double epoch[3];       /* LOSS, CORRECT, ROWS */
    uint64_t tested;       /* epochs */
    uint64_t test_correct; /* answers in the latest test */
} book;

typedef struct training {
    fashion_options with;
    shs_run *run;
    shs_run_info info;
    shs_dataset *train_data, *test_data;
    shs_loader *train, *test;
    shs_gradient *mean;
    shs_metrics *metrics;
    shs_record *record; /* NULL: no log of hashes, and no list of the worst rows */
    network *net;
    book book;
    shs_tensor state[STATE];
    fashion_report report;
    uint64_t saved_step; /* what the newest checkpoint has; UINT64_MAX: there is none */
    uint64_t saved_tested;
} training;

/* Collective: an error that every rank sees, and of which rank 0 speaks. */
static void give_up(const training *t, const char *what, const char *which)
{
    if (t->info.rank == 0) fprintf(stderr, "train_fashion: %s: %s\n", which, what);
    MPI_Finalize();
    exit(SHS_EXIT_ERROR);
}

static bool is_image_with_label(const shs_dataset *data)
{
    const shs_tensor *image = shs_dataset_field(data, 0), *label = shs_dataset_field(data, 1);
    return image->axes == 2 && image->shape[0] == NETWORK_SIDE && image->shape[1] == NETWORK_SIDE &&
           label->axes == 0 && label->type == SHS_U8;
}

static void open_data(training *t)
{
    const fashion_options *with = &t->with;
    shs_must(
        shs_dataset_open(t->run, with->data, "train/images,train/labels", NULL, &t->train_data));
    shs_must(shs_dataset_open(t->run, with->data, "test/images,test/labels", NULL, &t->test_data));
    if (!is_image_with_label(t->train_data) || !is_image_with_label(t->test_data))
        give_up(t, "images must be 28x28, labels single numbers of type u8", with->data);
    shs_must(shs_loader_open(
        t->train_data,
        &(shs_loader_options){.batch = with->batch, .epochs = with->epochs, .augment = AUGMENT},
        &t->train));
    shs_must(shs_loader_open(t->test_data,
                             &(shs_loader_options){.batch = TEST_BATCH,
                                                   .epochs = 1,
                                                   .through_stop = true,
                                                   .shuffle = SHS_SHUFFLE_NONE,
                                                   .augment = "test/images: " NORMALIZE},
                             &t->test));
}

/* `shardstep audit` checks the log; audit_training.sh also computes its weights again. */
static void open_record(training *t)
{
    const shs_record_options options = {.path = t->with.record, .worst = t->with.worst};
    if (options.path || options.worst) shs_must(shs_record_open(t->train, &options, &t->record));
}

static void open_network(training *t)
{
    const size_t batch = (size_t)t->with.batch;
    t->net = network_open(t->with.seed, batch > TEST_BATCH ? batch : TEST_BATCH);
    if (!t->net) {
        fprintf(stderr, "train_fashion: memory ran out; take a smaller --batch\n");
        MPI_Abort(MPI_COMM_WORLD, SHS_EXIT_ERROR);
    }
    shs_must(shs_gradient_open(t->run, network_arrays_of(t->net).gradients, NETWORK_TENSORS, NULL,
                               &t->mean));
    shs_must(shs_metrics_open(t->run, SUMS, METRICS, &t->metrics));
}

/* What a checkpoint holds. */
static void open_state(training *t)
{
    shs_tensor *next = t->state;
    memcpy(next, network_arrays_of(t->net).parameters, NETWORK_TENSORS * sizeof(shs_tensor));
    next += NETWORK_TENSORS;
    memcpy(next, network_arrays_of(t->net).velocities, NETWORK_TENSORS * sizeof(shs_tensor));
    next += NETWORK_TENSORS;
    *next++ = (shs_tensor){
        .name = "epoch.sums", .type = SHS_F64, .axes = 1, .shape = {3}, .data = t->book.epoch};
    *next++ = (shs_tensor){.name = "tested", .type = SHS_U64, .data = &t->book.tested};
    *next = (shs_tensor){.name = "test.correct", .type = SHS_U64, .data = &t->book.test_correct};
}

static void open_report(training *t)
{
    int opened = fashion_report_open(&t->report, t->info.rank == 0, t->with.log);
    MPI_Bcast(&opened, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (!opened) give_up(t, "cannot be opened to append to", t->with.log);
}

/* Returns the exit code, the same on all ranks: a log without all lines is an error. */
static int close_report(training *t)
{
    int error = fashion_report_close(&t->report);
    if (error)
        fprintf(stderr, "train_fashion: the log %s is not complete: %s\n", t->with.log,
                strerror(error));
    MPI_Bcast(&error, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return error ? SHS_EXIT_ERROR : EXIT_SUCCESS;
}

static void restore(training *t)
{
    t->saved_step = t->saved_tested = UINT64_MAX;
    if (!t->with.checkpoints) return;
    if (shs_must(shs_restore(t->train, t->with.checkpoints, t->state, STATE)) != SHS_OK) return;
    t->saved_step = shs_tell(t->train).step;
    t->saved_tested = t->book.tested;
    if (t->info.rank == 0) fprintf(stderr, "resumed after step %" PRIu64 "\n", t->saved_step);
}

/* In the background. Does nothing if the newest checkpoint is of this very point. */
static void save(training *t)
{
    const uint64_t step = shs_tell(t->train).step;
    if (!t->with.checkpoints) return;
    if (step == t->saved_step && t->book.tested == t->saved_tested) return;
    shs_must(shs_save_with(t->train, t->with.checkpoints, t->state, STATE,
                           &(shs_save_options){.asynchronous = true}));
    t->saved_step = step;
    t->saved_tested = t->book.tested;
}

/* Of all steps that the epochs have, whatever --steps says: a run in parts must not differ. */
static uint64_t scheduled_steps(const training *t)
{
    return shs_epoch_steps(t->train) * t->with.epochs;
}

/* Stochastic gradient descent. The learning rate makes one cycle: up to the peak, then down to
 * nothing, in straight lines. Biases do not decay. */
static void update(training *t, uint64_t step)
{
    const uint64_t all = scheduled_steps(t);
    const shs_rate one_cycle = {.kind = SHS_RATE_LINEAR,
                                .first = 0.1 * PEAK,
                                .peak = PEAK,
                                .warm_up = all / 4,
                                .steps = all};
    shs_sgd_options with = {.momentum = 0.9, .decay = 5e-4, .decay_axes = 2};
    shs_must(shs_rate_at(&one_cycle, step, &with.rate));
    const network_arrays of = network_arrays_of(t->net);
    shs_must(shs_sgd(&with, of.parameters, of.gradients, of.velocities, NETWORK_TENSORS));
}

/* Local. A label that is no class would be an index out of bounds. */
static const uint8_t *labels_of(const training *t, const shs_batch *batch)
{
    const uint8_t *labels = batch->field[1].data;
    for (uint64_t r = 0; r < batch->count; r++) {
        if (labels[r] < NETWORK_CLASSES) continue;
        fprintf(stderr, "train_fashion: %s: row %" PRIu64 " of %s: label %u is none of 0 to %d\n",
                t->with.data, batch->index[r], batch->field[1].name, labels[r],
                NETWORK_CLASSES - 1);
        MPI_Abort(MPI_COMM_WORLD, SHS_EXIT_ERROR);
    }
    return labels;
}

/* What the network makes of a batch. With `train` that is the gradients, too. */
static void compute(training *t, const shs_batch *batch, bool train)
{
    if (batch->count == 0) return; /* counts as zero, and its gradients are not read */
    const network_score score = (train ? network_gradient : network_evaluate)(
        t->net, batch->field[0].data, labels_of(t, batch), (size_t)batch->count);
    shs_must(shs_metrics_add_batch(t->metrics, LOSS, batch, score.losses));
    shs_must(shs_metrics_add_total(t->metrics, CORRECT, score.correct, batch->count));
    if (train && t->record) shs_must(shs_note(t->train, batch, score.losses));
}

/* Takes every test image once, however many ranks there are. A stop waits until it is done. Returns
 * the mean of the losses. */
static double test(training *t)
{
    double sums[METRICS];
    shs_batch batch;
    shs_must(shs_seek(t->test, (shs_cursor){0}));
    while (shs_must(shs_next(t->test, &batch)) == SHS_OK) {
        compute(t, &batch, false);
        if (batch.ends_step) shs_must(shs_agree(t->run));
    }
    shs_must(shs_metrics_reduce(t->metrics, sums));
    t->book.test_correct = (uint64_t)sums[CORRECT];
    return sums[LOSS] / (double)shs_dataset_samples(t->test_data);
}

static double test_accuracy(const training *t)
{
    return (double)t->book.test_correct / (double)shs_dataset_samples(t->test_data);
}

/* After the last step of an epoch; again if the process was killed meanwhile. */
static void end_epoch(training *t)
{
    const double *sums = t->book.epoch;
    char data[SHS_REPORT_BYTES];
    shs_must(shs_same(t->run, "the weights after an epoch", t->state, NETWORK_TENSORS));
    shs_must(shs_loader_report(t->train, data, sizeof data)); /* before the test takes its time */
    const double test_loss = test(t);
    t->book.tested++;
    fashion_report_epoch(&t->report, &(fashion_epoch){.epoch = t->book.tested,
                                                      .step = shs_tell(t->train).step,
                                                      .train_loss = sums[LOSS] / sums[ROWS],
                                                      .train_accuracy = sums[CORRECT] / sums[ROWS],
                                                      .test_loss = test_loss,
                                                      .test_accuracy = test_accuracy(t),
                                                      .ranks = (uint64_t)t->info.ranks,
                                                      .vranks = t->info.vranks,
                                                      .data = data});
    memset(t->book.epoch, 0, sizeof t->book.epoch);
    save(t);
}

/* The sums of a step have the same bits on any number of ranks. They are reduced in each step, so
 * that those of the epoch are the same wherever it was stopped. */
static void end_step(training *t, const shs_batch *batch)
{
    const uint64_t done = batch->step + 1, every = t->with.checkpoint_every;
    double sums[METRICS];
    shs_must(shs_metrics_reduce(t->metrics, sums));
    for (int m = 0; m < METRICS; m++)
        t->book.epoch[m] += sums[m];
    t->book.epoch[ROWS] += (double)batch->step_rows;
    fashion_report_step(&t->report, done, batch->epoch, batch->step_rows);
    if (done == t->saved_step + SAVING) shs_must(shs_save_wait(t->train));
    if (every > 0 && done % every == 0 && !batch->ends_epoch) save(t);
}

/* The weights follow from the means, so their hash in every tenth step is enough. */
static void record(training *t, const shs_batch *batch)
{
    const bool tenth = batch->step % 10 == 9 || batch->ends_epoch;
    if (!t->record) return;
    shs_must(shs_record_step(t->record, network_arrays_of(t->net).gradients, NETWORK_TENSORS,
                             tenth ? t->state : NULL, tenth ? NETWORK_TENSORS : 0));
}

/* SHS_END when all that was asked for is done, or SHS_STOP. */
static shs_status train(training *t)
{
    shs_batch batch;
    shs_status status;
    for (;;) {
        const shs_cursor cursor = shs_tell(t->train);
        if (cursor.epoch > t->book.tested) end_epoch(t);
        if (cursor.step >= t->with.steps) return SHS_END;
        do {
            status = shs_must(shs_next(t->train, &batch));
            if (status != SHS_OK) return status;
            compute(t, &batch, true);
            shs_must(shs_gradient_add(t->mean, &batch));
        } while (!batch.ends_step); /* this rank may host several virtual ranks */
        shs_must(shs_gradient_mean(t->mean));
        update(t, batch.step);
        record(t, &batch);
        end_step(t, &batch);
    }
}

/* Of the weights' bytes, in the order of the tensors. */
static void print_hash(const training *t)
{
    XXH3_state_t *state = XXH3_createState();
    if (!state) return;
    XXH3_128bits_reset(state);
    for (int i = 0; i < NETWORK_TENSORS; i++) {
        size_t bytes;
        shs_must(shs_tensor_bytes(&t->state[i], &bytes));
        XXH3_128bits_update(state, t->state[i].data, bytes);
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    XXH3_freeState(state);
    printf("%016" PRIx64 "%016" PRIx64 "\n", hash.high64, hash.low64);
}

static void conclude(const training *t, shs_status status)
{
    if (t->info.rank != 0) return;
    if (status == SHS_STOP) {
        fprintf(stderr, "stopped after step %" PRIu64 "; %s\n", shs_tell(t->train).step,
                t->with.checkpoints ? "run it again to go on"
                                    : "without --checkpoints nothing is kept");
        return;
    }
    printf("%" PRIu64 " steps done", shs_tell(t->train).step);
    if (t->book.tested > 0)
        printf(", test accuracy %.4f after epoch %" PRIu64, test_accuracy(t), t->book.tested);
    printf("\n");
    if (t->with.hash) print_hash(t);
}

static void close_all(training *t)
{
    shs_must(shs_record_close(&t->record));
    shs_metrics_close(&t->metrics);
    shs_gradient_close(&t->mean);
    network_close(&t->net);
    shs_loader_close(&t->test);
    shs_loader_close(&t->train);
    shs_dataset_close(&t->test_data);
    shs_dataset_close(&t->train_data);
    shs_must(shs_close(&t->run));
}

/* Blocked, a request to stop waits until the run handles the signal, and does not kill. */
static void mask_stop_signal(int how)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGUSR1);
    sigprocmask(how, &stop, NULL);
}

static int run(const fashion_options *with)
{
    training t = {.with = *with};
    shs_must(shs_open(MPI_COMM_WORLD,
                      &(shs_run_options){.seed = with->seed,
                                         .vranks = with->vranks,
                                         .stop_signal = SIGUSR1,
                                         .stop_on_term = true,
                                         .end_margin = (double)with->end_margin,
                                         .limit_seconds = (double)with->wait_limit,
                                         .report = shs_print_report},
                      &t.run));
    mask_stop_signal(SIG_UNBLOCK);
    t.info = shs_info(t.run);
    open_data(&t);
    open_record(&t);
    open_network(&t);
    open_state(&t);
    open_report(&t);
    restore(&t);
    const uint64_t all = scheduled_steps(&t);
    fashion_report_start(&t.report, shs_tell(t.train).step, all < with->steps ? all : with->steps,
                         with->epochs);
    const shs_status status = train(&t);
    save(&t);
    shs_must(shs_save_wait(t.train));
    conclude(&t, status);
    const int code = close_report(&t);
    close_all(&t);
    return status == SHS_STOP ? SHS_EXIT_STOPPED : code;
}

int main(int argc, char **argv)
{
    fashion_options with;
    int provided, rank, code = SHS_EXIT_ERROR;
    network_pin_kernels(argv);
    mask_stop_signal(SIG_BLOCK);
    signal(SIGUSR1, SIG_IGN); /* what shs_close() puts back */
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (fashion_options_read(argc, argv, rank == 0, &with)) code = with.help ? 0 : run(&with);
    MPI_Finalize();
    return code;
}

/* The same epoch, loaded in each way that a program can wait for its batches.
 *
 *     ./ways_to_wait fashion.h5 [MILLISECONDS]
 *
 * A simulated model sleeps for MILLISECONDS a batch (2), as a program does whose accelerator is
 * computing. Loading an image means to read, crop, flip and normalise it. A table tells for each
 * way where the time went, and a digest of all rows that the program saw, which is the same for
 * all. One process hosts all virtual ranks; MPI is not used. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <shardstep.h>
#include <shardstep/must.h>

enum {
    VRANKS = 4,
    BATCH = 256,
    WINDOW = 3 /* batches of the moving average */
};

typedef struct watch {
    double model;   /* seconds a batch of one virtual rank */
    double waited;  /* seconds inside shs_next() or shs_try_next() */
    double longest; /* seconds of the longest of these calls */
    size_t bytes;   /* of batches */
    uint64_t digest;
    uint64_t other; /* pieces of other work */
    shs_random random;
    uint64_t inside;        /* points of other work inside the circle */
    shs_batch held[WINDOW]; /* the latest batches, the oldest first; for moving_average() */
    size_t n_held;
    double average; /* of the numbers of the batches in `held` */
} watch;

/* ---- The ways. Each is the options of a loader, and a function that takes the next batch. */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Calls shs_next() or shs_try_next(), and notes how long the program was inside. */
static shs_status call(shs_status (*next)(shs_loader *, shs_batch *), watch *w, shs_loader *loader,
                       shs_batch *batch)
{
    const double begin = seconds(CLOCK_MONOTONIC);
    const shs_status status = shs_must(next(loader, batch));
    const double took = seconds(CLOCK_MONOTONIC) - begin;
    w->waited += took;
    if (took > w->longest) w->longest = took;
    return status;
}

static shs_status take(watch *w, shs_loader *loader, shs_batch *batch)
{
    return call(shs_next, w, loader, batch);
}

/* Any work that the program has beside its batches. Here: 1000 points in a square; how many of them
 * are in the circle inside it tells what pi is. */
static void do_other_work(watch *w)
{
    for (int i = 0; i < 1000; i++) {
        const float x = shs_random_float(&w->random), y = shs_random_float(&w->random);
        w->inside += x * x + y * y < 1;
    }
    w->other++;
}

static shs_status take_or_work(watch *w, shs_loader *loader, shs_batch *batch)
{
    shs_status status;
    while ((status = call(shs_try_next, w, loader, batch)) == SHS_NOT_READY)
        do_other_work(w);
    return status;
}

static double mean_number(const shs_batch *batch)
{
    const uint64_t count = batch->rows * 28 * 28;
    float *number;
    double sum = 0;
    shs_must(shs_batch_f32(batch, "train/images", 28 * 28, &number));
    for (uint64_t i = 0; i < count; i++)
        sum += (double)number[i];
    return count > 0 ? sum / (double)count : 0;
}

/* Keeps the latest three batches: this one, and two that would be gone without shs_keep(). */
static shs_status take_and_keep(watch *w, shs_loader *loader, shs_batch *batch)
{
    if (w->n_held == WINDOW) {
        shs_must(shs_give_back(&w->held[0]));
        memmove(w->held, w->held + 1, --w->n_held * sizeof *w->held);
    }
    const shs_status status = call(shs_next, w, loader, batch);
    if (status != SHS_OK) return status;
    shs_must(shs_keep(batch));
    w->held[w->n_held++] = *batch;
    w->average = 0;
    for (size_t i = 0; i < w->n_held; i++)
        w->average += mean_number(&w->held[i]) / (double)w->n_held;
    return SHS_OK;
}

static const struct way {
    const char *name;
    const char *waits; /* what the program waits for */
    shs_loader_options with;
    shs_status (*next)(watch *, shs_loader *, shs_batch *);
} WAYS[] = {
    {"synchronous, serial", "its own loading", {.ahead = 0, .threads = 0}, take},
    {"synchronous, parallel", "itself and 2 threads", {.ahead = 0, .threads = 2}, take},
    {"asynchronous, blocking", "a batch not yet there", {.ahead = 4, .threads = 2}, take},
    {"asynchronous, non-blocking", "nothing", {.ahead = 4, .threads = 2}, take_or_work},
    {"blocking, 3 batches kept",
     "a batch not yet there",
     {.ahead = 4, .threads = 2, .keep = 2},
     take_and_keep},
    {"blocking, a batch a step",
     "a step not yet there",
     {.ahead = 4, .threads = 2, .step_batches = true},
     take},
};

/* ---- What is the same in each way. */

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    watch *w = user;
    w->bytes += bytes;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void release(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

/* Adds bytes to the digest, eight at a time. */
static void digest(watch *w, const void *bytes, size_t count)
{
    const unsigned char *next = bytes;
    uint64_t word;
    for (; count > 0; next += sizeof word) {
        const size_t some = count < sizeof word ? count : sizeof word;
        word = 0;
        memcpy(&word, next, some);
        w->digest = (w->digest ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        w->digest ^= w->digest >> 29;
        count -= some;
    }
}

/* What the program sees: each row's number, image and label, in the order in which they come. */
static void see(watch *w, const shs_batch *batch)
{
    for (uint64_t row = 0; row < batch->rows; row++) {
        digest(w, &batch->index[row], sizeof batch->index[row]);
        for (size_t f = 0; f < batch->fields; f++) {
            size_t bytes;
            shs_must(shs_tensor_bytes(&batch->field[f], &bytes));
            bytes /= (size_t)batch->rows;
            digest(w, (const char *)batch->field[f].data + row * bytes, bytes);
        }
    }
}

/* A step batch has the work of all its parts. */
static void compute(const watch *w, const shs_batch *batch)
{
    const double time = w->model * (double)(batch->parts > 0 ? batch->parts : 1);
    const struct timespec t = {(time_t)time, (long)((time - (double)(time_t)time) * 1e9)};
    nanosleep(&t, NULL);
}

/* One epoch. */
static void load(const struct way *way, shs_run *run, shs_dataset *data, watch *w)
{
    shs_loader_options options = way->with;
    shs_loader *loader;
    shs_batch batch;
    options.batch = BATCH;
    options.epochs = 1;
    options.augment = "train/images: random_crop(padding=2) random_flip(axis=w, p=0.5) "
                      "normalize(mean=0.286, std=0.353)";
    options.memory = (shs_slot_memory){.allocate = allocate, .release = release, .user = w};
    shs_must(shs_loader_open(data, &options, &loader));
    while (way->next(w, loader, &batch) == SHS_OK) {
        see(w, &batch);
        compute(w, &batch);
        if (batch.ends_step) shs_must(shs_agree(run));
    }
    while (w->n_held > 0)
        shs_must(shs_give_back(&w->held[--w->n_held]));
    shs_loader_close(&loader);
}

static uint64_t try_way(const struct way *way, shs_run *run, shs_dataset *data, double model)
{
    watch w = {.model = model};
    const shs_place place = {.seed = 42, .purpose = SHS_ROLE_USER};
    shs_must(shs_random_at(&place, &w.random));
    const double begin = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    load(way, run, data, &w);
    printf("%-27s %-22s %8.3f %8.1f %7.2f %7.2f %6.1f %6" PRIu64 "  %016" PRIx64 "\n", way->name,
           way->waits, w.waited, 1e3 * w.longest, seconds(CLOCK_MONOTONIC) - begin,
           seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, (double)w.bytes / 1048576, w.other, w.digest);
    return w.digest;
}

int main(int argc, char **argv)
{
    const double model = argc > 2 ? atof(argv[2]) / 1e3 : 2e-3;
    const size_t ways = sizeof WAYS / sizeof *WAYS;
    shs_run *run;
    shs_dataset *data;
    uint64_t first = 0, alike = 0;
    if (argc < 2 || argc > 3 || !(model >= 0 && model <= 1)) {
        fprintf(stderr, "usage: ways_to_wait FASHION.h5 [MILLISECONDS, 0 to 1000]\n");
        return SHS_EXIT_ERROR;
    }
    const shs_run_options options = {.seed = 42, .vranks = VRANKS};
    shs_must(shs_open_ranks(0, 1, NULL, NULL, &options, &run));
    shs_must(shs_dataset_open(run, argv[1], "train/images,train/labels", NULL, &data));
    load(&WAYS[0], run, data, &(watch){0}); /* so that no way has a cold file */
    printf("%-27s %-22s %8s %8s %7s %7s %6s %6s  %s\n", "way", "the program waits for", "waited s",
           "worst ms", "all s", "CPU s", "MiB", "other", "digest");
    for (size_t i = 0; i < ways; i++) {
        const uint64_t found = try_way(&WAYS[i], run, data, model);
        if (i == 0) first = found;
        alike += found == first;
    }
    shs_dataset_close(&data);
    shs_must(shs_close(&run));
    if (alike == ways)
        printf("the program saw the same bytes in the same order in all %zu ways\n", ways);
    else
        printf("THE DIGESTS DIFFER: please report this\n");
    return alike == ways ? 0 : 1;
}

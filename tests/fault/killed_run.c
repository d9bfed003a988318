/* A run that is killed and goes on: a linear fit in plain C, which saves every few steps.
 *
 *     killed_run FILE FOLDER STEPS EVERY [WORD=VALUE...]
 *
 * It prints a hash of the weights at the end. FILE holds x (rows of FEATURES floats) and y (a float
 * a row). The state has a second tensor, of some MiB, which follows from the weights, so that a
 * good part of the time is spent in checkpoints. The hash covers both tensors.
 *
 *     limit=SECONDS   the limit_seconds of the run
 *     nan=stop        rows with a NaN are an error
 *     async=yes       saves in the background
 *     full=go         goes on after a checkpoint that could not be written; without it the run
 * stops
 *     gradients=letters
 *                     the ranks share no memory for gradients, and exchange them early
 *
 *     rank=R step=S   the rank that does what follows, 0, and the step, 3
 *     at=PLACE        before what it does so: open, dataset, loader, gradient, restore, next, add,
 *                     mean, save, close
 *     do=WHAT         what it does: sleep, stop, kill, exit, finalize, close, barrier, other_run,
 *                     agree, again (restores), twice (adds a batch twice), skip (adds no batch),
 *                     early (saves inside a step)
 *     other=WHAT      what it gives another value to: seed, vranks, fields, batch, augment,
 * tensors, shape, state, content, folder, keep
 *
 * An error is printed as shs_must() prints it, and its status to the standard output. */
#include <inttypes.h>
#include <mpi.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    FEATURES = 32,
    LARGE = 1 << 19, /* floats of the second tensor: 2 MiB */
    VRANKS = 6,
    BATCH = 8
};

static float weights[FEATURES], slopes[FEATURES], large[LARGE];

/* ---- What one rank does otherwise. */

enum {
    LONG = 600 /* seconds */
};

static int words_given;
static char **words;
static bool is_bad; /* this rank does otherwise */

static const char *setting(const char *name, const char *otherwise)
{
    size_t length = strlen(name);
    for (int i = 0; i < words_given; i++)
        if (!strncmp(words[i], name, length) && words[i][length] == '=')
            return words[i] + length + 1;
    return otherwise;
}

static bool is_set(const char *name, const char *value)
{
    return !strcmp(setting(name, ""), value);
}

static bool does(const char *place, const char *what)
{
    return is_bad && is_set("at", place) && is_set("do", what);
}

static bool other(const char *what)
{
    return is_bad && is_set("other", what);
}

/* Ends the program on an error as shs_must() does, and prints the status. */
static void must(shs_status status)
{
    if (status < 0 && shs_message_is_mine()) printf("status %s\n", shs_status_name(status));
    fflush(stdout);
    shs_must(status);
}

/* Does what is to be done before a call. */
static void before(const char *place, shs_run *run)
{
    shs_run *second = NULL;
    if (does(place, "sleep")) sleep(LONG);
    if (does(place, "stop")) raise(SIGSTOP);
    if (does(place, "kill")) raise(SIGKILL);
    if (does(place, "exit")) exit(0);
    if (does(place, "finalize")) MPI_Finalize(), exit(0);
    if (does(place, "close")) must(shs_close(&run));
    if (does(place, "barrier")) MPI_Barrier(MPI_COMM_WORLD);
    if (does(place, "other_run")) must(shs_open(MPI_COMM_WORLD, NULL, &second));
    if (does(place, "agree")) must(shs_agree(run));
}

/* ---- The model. */

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

/* ---- The run. */

struct run {
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_gradient *mean;
    const char *file, *folder;
    uint64_t steps, every, bad_step;
    bool is_first; /* this is rank 0 */
};

/* A checkpoint that cannot be written is an error of the run, or is told, as the program likes. */
static void go_on(const struct run *run, shs_status status)
{
    if (status != SHS_ERROR_FILE || !is_set("full", "go")) must(status);
    if (status >= 0) return;
    if (shs_message_is_mine()) shs_print_line(shs_message());
    if (run->is_first) printf("goes on without a checkpoint\n");
}

static void save(const struct run *run)
{
    char folder[4096];
    shs_tensor tensors[2] = {state[0], state[1]};
    snprintf(folder, sizeof folder, "%s%s", run->folder, other("folder") ? "-other" : "");
    if (other("state")) tensors[1].shape[0]--;
    if (other("content")) weights[1] += 1;
    const shs_save_options options = {.keep = other("keep") ? 3 : 2,
                                      .asynchronous = is_set("async", "yes")};
    go_on(run, shs_save_with(run->loader, folder, tensors, 2, &options));
}

static void add(const struct run *run, const shs_batch *batch)
{
    memset(slopes, 0, sizeof slopes);
    for (uint64_t row = 0; row < batch->count; row++)
        add_row((const float *)batch->field[0].data + row * FEATURES,
                ((const float *)batch->field[1].data)[row]);
    bool now = batch->step == run->bad_step;
    if (now) before("add", run->run);
    if (now && does("add", "skip")) return;
    if (now && does("add", "early")) save(run);
    if (batch->ends_step && is_set("gradients", "letters")) {
        shs_status status = shs_gradient_ready(run->mean, batch, 0);
        if (status != SHS_ERROR_MPI) must(status); /* shs_gradient_mean() returns it, too */
    }
    must(shs_gradient_add(run->mean, batch));
    if (now && does("add", "twice")) must(shs_gradient_add(run->mean, batch));
}

static void train(const struct run *run)
{
    shs_batch batch;
    for (uint64_t step = shs_tell(run->loader).step; step < run->steps; step++) {
        bool now = step == run->bad_step;
        if (now) before("next", run->run);
        do {
            must(shs_next(run->loader, &batch));
            add(run, &batch);
        } while (!batch.ends_step);
        if (now) before("mean", run->run);
        if (now && does("mean", "again")) must(shs_restore(run->loader, run->folder, state, 2));
        must(shs_gradient_mean(run->mean));
        update();
        if (now) before("save", run->run);
        if ((step + 1) % run->every == 0) save(run);
    }
}

static void open_run(struct run *run)
{
    shs_run_options options = {.seed = other("seed") ? 8 : 7,
                               .vranks = other("vranks") ? VRANKS + 1 : VRANKS,
                               .limit_seconds = strtod(setting("limit", "0"), NULL)};
    before("open", NULL);
    must(shs_open(MPI_COMM_WORLD, &options, &run->run));
    run->is_first = shs_info(run->run).rank == 0;
    before("dataset", run->run);
    must(shs_dataset_open(run->run, run->file, other("fields") ? "y,x" : "x,y", NULL,
                          &run->dataset));
}

/* Without files of any size no memory can be shared. */
static shs_status open_gradient(struct run *run, const shs_tensor *tensors, size_t count)
{
    struct rlimit before, none;
    getrlimit(RLIMIT_FSIZE, &before);
    none = before;
    none.rlim_cur = 0;
    if (is_set("gradients", "letters")) setrlimit(RLIMIT_FSIZE, &none);
    shs_status status = shs_gradient_open(run->run, tensors, count, NULL, &run->mean);
    setrlimit(RLIMIT_FSIZE, &before);
    return status;
}

static void open_all(struct run *run)
{
    shs_loader_options options = {.batch = other("batch") ? BATCH + 1 : BATCH,
                                  .augment = other("augment") ? "x: normalize(mean=0, std=3)"
                                                              : "x: normalize(mean=0, std=2)"};
    shs_tensor tensors[2] = {gradient, gradient};
    tensors[1].name = "more";
    if (other("shape")) tensors[0].shape[0]--;
    if (is_set("nan", "stop")) options.failures.nan = SHS_NAN_STOP;
    open_run(run);
    before("loader", run->run);
    must(shs_loader_open(run->dataset, &options, &run->loader));
    before("gradient", run->run);
    must(open_gradient(run, tensors, other("tensors") ? 2 : 1));
    before("restore", run->run);
    must(shs_restore(run->loader, run->folder, state, 2));
}

static void find_bad_rank(void)
{
    int rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    is_bad = rank == (int)strtol(setting("rank", "0"), NULL, 10);
}

int main(int count, char **given)
{
    int provided;
    if (count < 5) return SHS_EXIT_ERROR;
    words = given + 5;
    words_given = count - 5;
    struct run run = {.file = given[1],
                      .folder = given[2],
                      .steps = strtoull(given[3], NULL, 10),
                      .every = strtoull(given[4], NULL, 10),
                      .bad_step = strtoull(setting("step", "3"), NULL, 10)};
    MPI_Init_thread(&count, &given, MPI_THREAD_FUNNELED, &provided);
    find_bad_rank();
    open_all(&run);
    train(&run);
    before("close", run.run);
    if (run.is_first) printf("weights %016" PRIx64 "\n", hash_state());
    shs_gradient_close(&run.mean);
    shs_loader_close(&run.loader);
    shs_dataset_close(&run.dataset);
    go_on(&run, shs_close(&run.run));
    MPI_Finalize();
    return 0;
}

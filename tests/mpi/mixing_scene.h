/* Sources of a mixture, pairs of runs on one rank and on all, and rows that are counted. */
#ifndef MIXING_SCENE_H
#define MIXING_SCENE_H

#include "batches.h"
#include "load.h"
#include "mpi_run.h"
#include "order_split.h"

enum {
    FROM_A = 13, /* rows of each source; A is a folder of three files */
    FROM_B = 7,
    FROM_C = 11, /* in compressed chunks of four */
    ROWS = FROM_A + FROM_B + FROM_C,
    SOURCES = 3,
    VRANKS = 5,
    BATCH = 2,
    GLOBAL_BATCH = VRANKS * BATCH,
    EPOCHS = 4,
    SEED = 42,
    SPLIT_SEED = 43,
    MOST_STEPS = 16 /* of an epoch */
};

static const uint64_t bounds[] = {0, FROM_A, FROM_A + FROM_B, ROWS};
static char folder[PATH_BYTES], paths[4 * PATH_BYTES];

/* A run of all ranks, and one of a rank alone. */
struct pair {
    shs_run *run, *alone_run;
    shs_dataset *data, *alone_data;
};

static inline void write_sources(void)
{
    static const uint64_t first[] = {0, 5, 6, FROM_A, FROM_A + FROM_B},
                          rows[] = {5, 1, 7, FROM_B, FROM_C};
    static const char *const names[] = {"a/0.h5", "a/1.h5", "a/2.h5", "b.h5", "c.h5"};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.450s/a", folder);
    need(mkdir(path, 0700) == 0, path);
    for (int i = 0; i < 5; i++) {
        const struct h5_storage packed = {.chunk_rows = 4, .deflate = 1, .byteshuffle = true};
        snprintf(path, sizeof path, "%.450s/%s", folder, names[i]);
        samples_write_from(path, first[i], rows[i], i == 4 ? packed : (struct h5_storage){0});
    }
}

static inline void begin(void)
{
    folder_make(folder);
    snprintf(paths, sizeof paths, "%s/a,%s/b.h5,%s/c.h5", folder, folder, folder);
    if (my_rank() == 0) write_sources();
    MPI_Barrier(MPI_COMM_WORLD);
}

static inline void end(void)
{
    folder_remove(folder);
}

static inline void open_data(MPI_Comm comm, const char *path, shs_run **run, shs_dataset **data)
{
    const shs_run_options options = {.seed = SEED, .vranks = VRANKS};
    need(!shs_open(comm, &options, run), "shs_open");
    need(!shs_dataset_open(*run, path, samples_fields, NULL, data), "shs_dataset_open");
}

static inline struct pair pair_open(void)
{
    struct pair pair;
    begin();
    open_data(MPI_COMM_WORLD, paths, &pair.run, &pair.data);
    open_data(MPI_COMM_NULL, paths, &pair.alone_run, &pair.alone_data);
    return pair;
}

static inline void pair_close(struct pair *pair)
{
    shs_dataset_close(&pair->data);
    shs_dataset_close(&pair->alone_data);
    shs_close(&pair->run);
    shs_close(&pair->alone_run);
    end();
}

/* Options, and how many rows of each source an epoch then has: of all rows, and of those that are
 * listed below. Without mix there is one source; an epoch of 0 is not tried. */
struct mixture {
    uint64_t mix[SOURCES];
    uint64_t repeats, epoch_rows;
    uint64_t due[SOURCES], due_listed[SOURCES];
};

static const struct mixture mixtures[] = {
    {{5, 2, 3}, 0, 20, {10, 4, 6}, {10, 4, 6}},
    {{1, 1, 1}, 0, 0, {10, 10, 11}, {4, 5, 5}}, /* 31 and 14 in three */
    {{1, 0, 3}, 0, 30, {7, 0, 23}, {7, 0, 23}}, /* C twice and more */
    {{13, 14, 11}, 0, 38, {13, 14, 11}, {13, 14, 11}},
    {{6, 3, 5}, 3, 0, {39, 20, 34}, {18, 9, 15}},       /* 93 * 6 / 14 = 39.9, 93 * 9 / 14 = 59.8 */
    {{999999999, 1, 0}, 0, 17, {16, 1, 0}, {16, 1, 0}}, /* the first 16.999 rounded down */
    {{1, 999999999, 0}, 0, 17, {0, 17, 0}, {0, 17, 0}},
    {{UINT64_C(1) << 63, UINT64_C(1) << 62, UINT64_C(1) << 61}, 0, 70, {40, 20, 10}, {40, 20, 10}},
    {{0}, 3, 0, {93}, {42}},
    {{0}, 0, 20, {20}, {20}},
    {{0}, 0, 100, {100}, {100}},
};

static inline bool is_mixed(const struct mixture *mixture)
{
    return mixture->mix[0] || mixture->mix[1];
}

enum choice {
    ALL,
    LISTED,
    PART
};

static const uint64_t listed[] = {0, 1, 4, 5, 6, 12, 13, 15, 19, 21, 22, 23, 24, 30};
static const double part_from = 0.2, part_to = 0.9;

static inline bool is_chosen(enum choice choice, uint64_t row)
{
    bool found = choice == ALL;
    double draw = order_split_draw(SPLIT_SEED, row);
    for (size_t i = 0; choice == LISTED && i < sizeof listed / sizeof *listed; i++)
        found = found || listed[i] == row;
    return choice == PART ? draw >= part_from && draw < part_to : found;
}

static inline shs_loader_options options_of(const struct mixture *mixture, enum choice choice)
{
    shs_loader_options options = {
        .batch = BATCH,
        .epochs = EPOCHS,
        .sampling = {.repeats = mixture->repeats, .epoch_rows = mixture->epoch_rows}};
    if (is_mixed(mixture)) options.sampling.mix = mixture->mix, options.sampling.n_mix = SOURCES;
    if (choice == LISTED)
        options.subset.rows = listed, options.subset.n_rows = sizeof listed / sizeof *listed;
    if (choice == PART) {
        options.subset.from = part_from, options.subset.to = part_to;
        options.subset.split_seed = SPLIT_SEED; /* not the run's */
    }
    return options;
}

/* How often each row came with weight 1, on all ranks together. */
struct times {
    uint64_t of[EPOCHS][ROWS];
};

/* Hands out a whole run; each epoch is agreed on. */
static inline void follow(shs_run *run, shs_loader *loader, struct record *record,
                          struct times *times)
{
    shs_batch batch;
    bool right = true;
    memset(times, 0, sizeof *times);
    while (shs_next(loader, &batch) == SHS_OK) {
        right = right && batch_content_is_right(&batch) && CHECK_IS(batch.count, <=, batch.rows);
        for (uint64_t slot = 0; slot < batch.count; slot++)
            times->of[batch.epoch][batch.index[slot]]++;
        record_batch(record, &batch);
        if (batch.ends_epoch) right = CHECK_STATUS(shs_agree(run), SHS_OK) && right;
    }
    CHECK(right);
    MPI_Allreduce(MPI_IN_PLACE, times->of, EPOCHS * ROWS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
}

/* Rows [first, end), of which each epoch has `due`: exactly so many, and after each epoch every one
 * that is chosen as often as its share, rounded either way. */
static inline bool source_is_fair(const struct times *times, enum choice choice, uint64_t first,
                                  uint64_t end, uint64_t due)
{
    uint64_t chosen = 0, sums[ROWS] = {0};
    bool fair = true;
    for (uint64_t row = first; row < end; row++)
        chosen += is_chosen(choice, row);
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint64_t taken = 0, share = chosen ? due * (epoch + 1) / chosen : 0;
        for (uint64_t row = first; row < end; row++) {
            taken += times->of[epoch][row];
            sums[row] += times->of[epoch][row];
            const bool even =
                is_chosen(choice, row) ? sums[row] == share || sums[row] == share + 1 : !sums[row];
            if (!even)
                fair =
                    WRONG("expected row %llu to come %llu%s times by epoch %llu; came %llu times",
                          (ull)row, is_chosen(choice, row) ? (ull)share : 0,
                          is_chosen(choice, row) ? " or one more" : "", (ull)epoch, (ull)sums[row]);
        }
        fair = CHECK_EQ(taken, due) && fair;
    }
    return fair;
}

static inline bool epochs_are_fair(const struct times *times, const struct mixture *mixture,
                                   enum choice choice)
{
    const uint64_t *due = choice == LISTED ? mixture->due_listed : mixture->due;
    bool fair = true;
    if (!is_mixed(mixture)) return source_is_fair(times, choice, 0, ROWS, due[0]);
    for (size_t i = 0; i < SOURCES; i++)
        fair = source_is_fair(times, choice, bounds[i], bounds[i + 1], due[i]) && fair;
    return fair;
}

/* Of an epoch whose last rows wait only their number is known, and that others have none. */
static inline bool epochs_are_full(const struct times *times, enum choice choice, uint64_t steps)
{
    bool full = true;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint64_t taken = 0;
        for (uint64_t row = 0; row < ROWS; row++) {
            taken += times->of[epoch][row];
            if (times->of[epoch][row] && !is_chosen(choice, row))
                full = WRONG("expected chosen rows only; came row %llu; epoch %llu", (ull)row,
                             (ull)epoch);
        }
        full = CHECK_EQ(taken, steps * GLOBAL_BATCH) && full;
    }
    return full;
}

static inline void check_mixture(const struct pair *pair, const struct mixture *mixture,
                                 enum choice choice, const shs_loader_options *options)
{
    shs_loader *loader, *alone;
    struct times times;
    need(!shs_loader_open(pair->data, options, &loader), "shs_loader_open");
    need(!shs_loader_open(pair->alone_data, options, &alone), "shs_loader_open");
    const shs_run_info info = shs_info(pair->run);
    uint64_t steps = shs_epoch_steps(loader);
    struct record own = record_new(VRANKS, steps * EPOCHS), whole = record_new(VRANKS, own.steps);
    follow(pair->run, loader, &own, &times);
    CHECK_STATUS(record_rest(&whole, alone), SHS_END);
    harness_where("mixture %d, choice %d, shuffle %d, tail %d", (int)(mixture - mixtures),
                  (int)choice, (int)options->shuffle, (int)options->tail);
    CHECK(record_agrees(&own, &whole, &info, 0));
    bool good = options->tail == SHS_TAIL_DROP ? epochs_are_full(&times, choice, steps)
                                               : epochs_are_fair(&times, mixture, choice);
    CHECK(good);
    harness_where(NULL);
    CHECK_EQ(shs_statistics(loader).epochs_verified, EPOCHS);
    CHECK_EQ(shs_statistics(loader).epochs_unverified, 0);
    record_free(&own), record_free(&whole);
    shs_loader_close(&loader);
    shs_loader_close(&alone);
}

enum {
    TIMES = 6, /* that a row of B comes in an epoch */
    PLACES = TIMES * FROM_B
};

static inline void take_steps(struct job *job, uint64_t steps)
{
    shs_batch batch;
    for (uint64_t i = 0; i < steps; i++) {
        do
            need(!shs_next(job->loader, &batch), "shs_next");
        while (!batch.ends_step);
        need(!shs_agree(job->run), "shs_agree");
    }
}

static const uint64_t five_two_three[] = {5, 2, 3}, five_three_two[] = {5, 3, 2},
                      ones[] = {1, 1, 1}, halves[] = {1, 1}, outer[] = {1, 0, 1},
                      zeros[] = {0, 0, 0}, a_alone[] = {1, 0, 0}, huge[] = {UINT64_MAX, 1, 0};

#endif

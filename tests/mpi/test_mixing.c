/* Epochs that are not each row once: sources mixed by a ratio, rows repeated, epochs of any length.
 * What comes is counted against what the ratio says, worked out by hand, and is the same on any
 * number of ranks, from any step on. */
#include "batches.h"
#include "load.h"
#include "mpi_run.h"
#include "order_split.h"
#include "shardstep/checkpoint.h"

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

static void write_sources(void)
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

static void begin(void)
{
    folder_make(folder);
    snprintf(paths, sizeof paths, "%s/a,%s/b.h5,%s/c.h5", folder, folder, folder);
    if (my_rank() == 0) write_sources();
    MPI_Barrier(MPI_COMM_WORLD);
}

static void end(void)
{
    folder_remove(folder);
}

static void open_data(MPI_Comm comm, const char *path, shs_run **run, shs_dataset **data)
{
    const shs_run_options options = {.seed = SEED, .vranks = VRANKS};
    need(!shs_open(comm, &options, run), "shs_open");
    need(!shs_dataset_open(*run, path, samples_fields, NULL, data), "shs_dataset_open");
}

static struct pair pair_open(void)
{
    struct pair pair;
    begin();
    open_data(MPI_COMM_WORLD, paths, &pair.run, &pair.data);
    open_data(MPI_COMM_NULL, paths, &pair.alone_run, &pair.alone_data);
    return pair;
}

static void pair_close(struct pair *pair)
{
    shs_dataset_close(&pair->data);
    shs_dataset_close(&pair->alone_data);
    shs_close(&pair->run);
    shs_close(&pair->alone_run);
    end();
}

/* ---- what an epoch has */

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

static bool is_mixed(const struct mixture *mixture)
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

static bool is_chosen(enum choice choice, uint64_t row)
{
    bool found = choice == ALL;
    double draw = order_split_draw(SPLIT_SEED, row);
    for (size_t i = 0; choice == LISTED && i < sizeof listed / sizeof *listed; i++)
        found = found || listed[i] == row;
    return choice == PART ? draw >= part_from && draw < part_to : found;
}

static shs_loader_options options_of(const struct mixture *mixture, enum choice choice)
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
static void follow(shs_run *run, shs_loader *loader, struct record *record, struct times *times)
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
static bool source_is_fair(const struct times *times, enum choice choice, uint64_t first,
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
                    WRONG("epoch %llu, row %llu: taken %llu times so far, expected %s %llu",
                          (ull)epoch, (ull)row, (ull)sums[row],
                          is_chosen(choice, row) ? "once more than or" : "never, not", (ull)share);
        }
        fair = CHECK_EQ(taken, due) && fair;
    }
    return fair;
}

static bool epochs_are_fair(const struct times *times, const struct mixture *mixture,
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
static bool epochs_are_full(const struct times *times, enum choice choice, uint64_t steps)
{
    bool full = true;
    for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint64_t taken = 0;
        for (uint64_t row = 0; row < ROWS; row++) {
            taken += times->of[epoch][row];
            if (times->of[epoch][row] && !is_chosen(choice, row))
                full =
                    WRONG("epoch %llu: row %llu came, which is not chosen", (ull)epoch, (ull)row);
        }
        full = CHECK_EQ(taken, steps * GLOBAL_BATCH) && full;
    }
    return full;
}

static void check_mixture(const struct pair *pair, const struct mixture *mixture,
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

static void check_orders(enum choice choice)
{
    struct pair pair = pair_open();
    for (size_t m = 0; m < sizeof mixtures / sizeof *mixtures; m++) {
        shs_loader_options options = options_of(&mixtures[m], choice);
        if (choice == PART && !options.sampling.epoch_rows) continue;
        for (int shuffle = 0; shuffle < 3; shuffle++)
            for (int tail = 0; tail < 3; tail++) {
                options.shuffle = (shs_shuffle)shuffle;
                options.tail = (shs_tail)tail;
                options.threads = (uint32_t)tail;
                options.blocks.rows = shuffle == SHS_SHUFFLE_BLOCKS ? 3 : 0;
                options.blocks.window = shuffle == SHS_SHUFFLE_BLOCKS ? 2 : 0;
                check_mixture(&pair, &mixtures[m], choice, &options);
            }
    }
    pair_close(&pair);
}

static void test_an_epoch_has_what_the_ratio_says(void)
{
    check_orders(ALL);
}

static void test_of_a_list_of_rows_too(void)
{
    check_orders(LISTED);
}

static void test_of_a_part_too(void)
{
    check_orders(PART);
}

/* The rows of a run of one virtual rank, in their order. */
static void rows_in_order(uint64_t seed, const char *path, const shs_loader_options *options,
                          uint64_t *rows, uint64_t count)
{
    const struct job_options how = {MPI_COMM_NULL, seed, 1, path, *options};
    struct job job = job_open(&how);
    shs_batch batch;
    uint64_t got = 0;
    while (got < count && shs_next(job.loader, &batch) == SHS_OK)
        for (uint64_t slot = 0; slot < batch.count && got < count; slot++)
            rows[got++] = batch.index[slot];
    need(got == count, "rows");
    job_close(&job);
}

/* The first source's rows come first, each epoch goes on where the last one was. */
static void test_file_order_by_hand(void)
{
    static const uint64_t expected[] = {
        0,  1,  2,  3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25,
        10, 11, 12, 0, 1, 2, 3, 4, 5, 6, 17, 18, 19, 13, 26, 27, 28, 29, 30, 20,
    };
    uint64_t rows[40];
    begin();
    shs_loader_options options = options_of(&mixtures[0], ALL);
    options.shuffle = SHS_SHUFFLE_NONE;
    options.batch = 7;
    rows_in_order(SEED, paths, &options, rows, 40);
    CHECK_BYTES(rows, expected, sizeof rows);
    end();
}

/* Sources follow one another in no order: of 38 places about two thirds are beside one of another
 * source. */
static void test_sources_are_mixed(void)
{
    uint64_t rows[2 * 38], changes = 0, same = 0;
    begin();
    const shs_loader_options options = options_of(&mixtures[3], ALL);
    rows_in_order(SEED, paths, &options, rows, 2 * 38);
    for (size_t i = 0; i < 37; i++) {
        size_t source = rows[i] >= bounds[1] ? 1 + (rows[i] >= bounds[2]) : 0;
        changes += rows[i + 1] < bounds[source] || rows[i + 1] >= bounds[source + 1];
        same += rows[i] == rows[38 + i];
    }
    CHECK_IS(changes, >, 15);
    CHECK_IS(changes, <, 36);
    CHECK_IS(same, <, 10); /* the second epoch has another order */
    end();
}

/* ---- passes */

/* After any step no row came two times more often than another, though an epoch ends anywhere. */
static void check_passes(shs_run *run, shs_dataset *data, const shs_loader_options *options)
{
    uint64_t counts[ROWS] = {0}, all[ROWS];
    bool fair = true;
    shs_loader *loader;
    shs_batch batch;
    need(!shs_loader_open(data, options, &loader), "shs_loader_open");
    while (shs_next(loader, &batch) == SHS_OK) {
        for (uint64_t slot = 0; slot < batch.count; slot++)
            counts[batch.index[slot]]++;
        if (!batch.ends_step) continue;
        uint64_t least = UINT64_MAX, most = 0;
        MPI_Allreduce(counts, all, ROWS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        for (size_t row = 0; row < ROWS; row++) {
            if (all[row] < least) least = all[row];
            if (all[row] > most) most = all[row];
        }
        fair = fair && most <= least + 1;
    }
    CHECK(fair);
    CHECK_STATUS(shs_agree(run), SHS_OK);
    shs_loader_close(&loader);
}

static void test_passes_are_fair_at_every_step(void)
{
    static const uint64_t lengths[] = {3, 20, 31, 40, 70, 124};
    struct pair pair = pair_open();
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (int tail = 0; tail < 3; tail += SHS_TAIL_PAD) {
            shs_loader_options options = {.batch = BATCH,
                                          .epochs = 7,
                                          .sampling = {.epoch_rows = lengths[i]},
                                          .tail = (shs_tail)tail};
            check_passes(pair.run, pair.data, &options);
            options.shuffle = SHS_SHUFFLE_NONE;
            check_passes(pair.run, pair.data, &options);
        }
    pair_close(&pair);
}

/* Whether two loaders hand out the same rows. */
static bool same_rows(const char *path, const shs_loader_options *options,
                      const shs_loader_options *others)
{
    uint64_t rows[3 * ROWS], other_rows[3 * ROWS];
    rows_in_order(SEED, path, options, rows, 3 * ROWS);
    rows_in_order(SEED, path, others, other_rows, 3 * ROWS);
    return memcmp(rows, other_rows, sizeof rows) == 0;
}

/* What says no more than each row once changes nothing: not the order, nor the run. */
static void test_each_row_once_is_the_usual_order(void)
{
    static const uint64_t seven = 7;
    begin();
    for (int shuffle = 0; shuffle < 3; shuffle++) {
        shs_loader_options usual = {.batch = 4, .shuffle = (shs_shuffle)shuffle}, other = usual;
        other.sampling.repeats = 1;
        CHECK(same_rows(paths, &usual, &other));
        other = usual, other.sampling.epoch_rows = ROWS;
        CHECK(same_rows(paths, &usual, &other));
        other = usual, other.sampling.epoch_rows = ROWS - 1; /* file order only goes on and on */
        CHECK_EQ(same_rows(paths, &usual, &other), (shuffle == SHS_SHUFFLE_NONE));
        char alone[PATH_BYTES];
        snprintf(alone, sizeof alone, "%.450s/c.h5", folder);
        other = usual, other.sampling.mix = &seven, other.sampling.n_mix = 1;
        CHECK(same_rows(alone, &usual, &other));
        usual.sampling.epoch_rows = other.sampling.epoch_rows = 70;
        CHECK(same_rows(alone, &usual, &other));
        usual.sampling.epoch_rows = 0, usual.sampling.repeats = 2;
        other.sampling.epoch_rows = 2 * FROM_C;
        CHECK(same_rows(alone, &usual, &other));
    }
    end();
}

/* Both of places and of passes: with three sources, and with one, of which places have no order. */
static void test_seed_and_stream_change_the_order(void)
{
    begin();
    for (size_t m = 0; m < sizeof mixtures / sizeof *mixtures; m += 8) {
        shs_loader_options options = options_of(&mixtures[m], ALL);
        uint64_t rows[4][20];
        rows_in_order(SEED, paths, &options, rows[0], 20);
        rows_in_order(SEED + 1, paths, &options, rows[1], 20);
        options.stream = 1;
        rows_in_order(SEED, paths, &options, rows[2], 20);
        rows_in_order(SEED + 1, paths, &options, rows[3], 20);
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < i; j++)
                CHECK(memcmp(rows[i], rows[j], sizeof rows[i]) != 0);
    }
    end();
}

/* ---- augmentation */

enum {
    TIMES = 6, /* that a row of B comes in an epoch */
    PLACES = TIMES * FROM_B
};

/* For each place of two epochs its row, and a hash of its image: of all ranks together. */
struct deliveries {
    uint64_t row[2 * PLACES], image[2 * PLACES];
};

static void deliver(shs_augment_by by, struct deliveries *all)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.450s/b.h5", folder);
    const shs_loader_options options = {
        .batch = 1,
        .epochs = 2,
        .sampling = {.repeats = TIMES},
        .augment = "images: random_crop(padding=2) random_flip(axis=w, p=0.5)",
        .augment_by = by};
    const struct job_options how = {MPI_COMM_WORLD, SEED, 7, path, options};
    struct job job = job_open(&how);
    shs_batch batch;
    memset(all, 0, sizeof *all);
    while (shs_next(job.loader, &batch) == SHS_OK) {
        uint64_t place = batch.step * 7 + batch.vrank;
        need(batch.rows == 1 && place < 2 * PLACES, "a batch of one row");
        all->row[place] = batch.index[0];
        all->image[place] = hash_on(UINT64_C(0xcbf29ce484222325), batch.field[0].data, IMAGE_BYTES);
    }
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    job_close(&job);
    MPI_Allreduce(MPI_IN_PLACE, all, 4 * PLACES, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
}

/* Of the pairs of deliveries of one row in places [from, 2 * PLACES) and [to, to + PLACES), how
 * many have the same image. */
static void count_pairs(const struct deliveries *all, size_t from, size_t to, size_t *pairs,
                        size_t *same)
{
    *pairs = *same = 0;
    for (size_t i = from; i < from + PLACES; i++)
        for (size_t j = to; j < to + PLACES; j++) {
            if (i >= j || all->row[i] != all->row[j]) continue;
            ++*pairs;
            *same += all->image[i] == all->image[j];
        }
}

/* Each delivery is a place of its own, with draws of its own: 50 images, so that one pair in 50 may
 * be alike. By sample, all of an epoch are. */
static void test_repeats_are_augmented_apart(void)
{
    static struct deliveries all;
    size_t pairs, same;
    begin();
    if (all_ranks() <= 7) {
        deliver(SHS_BY_RANK_AND_STEP, &all);
        count_pairs(&all, 0, 0, &pairs, &same);
        CHECK_EQ(pairs, FROM_B * TIMES * (TIMES - 1) / 2);
        CHECK_IS(same, <, pairs / 10);
        deliver(SHS_BY_SAMPLE, &all);
        count_pairs(&all, PLACES, PLACES, &pairs, &same);
        CHECK_EQ(pairs, FROM_B * TIMES * (TIMES - 1) / 2);
        CHECK_EQ(same, pairs);
        count_pairs(&all, 0, PLACES, &pairs, &same);
        CHECK_EQ(pairs, FROM_B * TIMES * TIMES);
        CHECK_IS(same, <, pairs / 2);
    }
    end();
}

/* ---- going on */

/* The cursor after so many steps. */
static shs_cursor cursor_after(const shs_loader *loader, uint64_t steps)
{
    uint64_t of_epoch = shs_epoch_steps(loader);
    return (shs_cursor){steps / of_epoch, steps % of_epoch, steps};
}

static void take_steps(struct job *job, uint64_t steps)
{
    shs_batch batch;
    for (uint64_t i = 0; i < steps; i++) {
        do
            need(!shs_next(job->loader, &batch), "shs_next");
        while (!batch.ends_step);
        need(!shs_agree(job->run), "shs_agree");
    }
}

static void check_rest(struct job *job, const struct record *whole, uint64_t from)
{
    const shs_run_info info = shs_info(job->run);
    struct record own = record_new(VRANKS, whole->steps);
    CHECK_EQ(shs_tell(job->loader).step, from);
    CHECK_STATUS(record_rest(&own, job->loader), SHS_END);
    CHECK(record_agrees(&own, whole, &info, from));
    record_free(&own);
}

static void restore_on(MPI_Comm comm, const shs_loader_options *options, const char *checkpoints,
                       const struct record *whole, uint64_t from)
{
    const struct job_options how = {comm, SEED, VRANKS, paths, *options};
    struct job job = job_open(&how);
    CHECK_STATUS(shs_restore(job.loader, checkpoints, NULL, 0), SHS_OK);
    check_rest(&job, whole, from);
    CHECK_STATUS(shs_agree(job.run), SHS_OK);
    /* the ledger goes on, too: no epoch is without a verdict */
    CHECK_EQ(shs_statistics(job.loader).epochs_unverified, 0);
    CHECK_EQ(shs_statistics(job.loader).epochs_verified, EPOCHS - from * EPOCHS / whole->steps);
    job_close(&job);
}

/* In the middle of an epoch, and of a pass. Goes on with all ranks, with half of them, with one. */
static void check_going_on(const shs_loader_options *options, int number)
{
    const struct job_options alone = {MPI_COMM_NULL, SEED, VRANKS, paths, *options},
                             of_all = {MPI_COMM_WORLD, SEED, VRANKS, paths, *options};
    char checkpoints[PATH_BYTES];
    MPI_Comm half;
    struct job job = job_open(&alone);
    uint64_t steps = shs_epoch_steps(job.loader), from = steps + steps / 2;
    struct record whole = record_new(VRANKS, steps * EPOCHS);
    need(record_rest(&whole, job.loader) == SHS_END, "a whole run");
    job_close(&job);
    job = job_open(&of_all);
    snprintf(checkpoints, sizeof checkpoints, "%.450s/checkpoints-%d", folder, number);
    take_steps(&job, from);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    for (uint64_t back = 0; back <= whole.steps; back += 3) {
        uint64_t step = whole.steps - back;
        CHECK_STATUS(shs_seek(job.loader, cursor_after(job.loader, step)), SHS_OK);
        check_rest(&job, &whole, step);
    }
    job_close(&job);
    restore_on(MPI_COMM_WORLD, options, checkpoints, &whole, from);
    MPI_Comm_split(MPI_COMM_WORLD, my_rank() <= last_rank() / 2 ? 0 : MPI_UNDEFINED, 0, &half);
    if (half != MPI_COMM_NULL) {
        restore_on(half, options, checkpoints, &whole, from);
        MPI_Comm_free(&half);
    }
    if (my_rank() == 0) restore_on(MPI_COMM_NULL, options, checkpoints, &whole, from);
    MPI_Barrier(MPI_COMM_WORLD);
    record_free(&whole);
}

static void test_a_run_goes_on_on_other_ranks(void)
{
    static const size_t chosen[] = {0, 2, 3, 4, 8, 10};
    int number = 0;
    begin();
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++)
        for (int shuffle = 0; shuffle < 3; shuffle++) {
            shs_loader_options options = options_of(&mixtures[chosen[i]], ALL);
            options.shuffle = (shs_shuffle)shuffle;
            options.augment = "images: random_crop(padding=2) normalize(mean=0.3, std=0.4)";
            check_going_on(&options, number++);
        }
    end();
}

/* ---- what is refused */

static const uint64_t five_two_three[] = {5, 2, 3}, five_three_two[] = {5, 3, 2},
                      ones[] = {1, 1, 1}, halves[] = {1, 1}, outer[] = {1, 0, 1},
                      zeros[] = {0, 0, 0}, a_alone[] = {1, 0, 0}, huge[] = {UINT64_MAX, 1, 0};

/* A checkpoint made with one, by a loader with the other. */
static void check_other(const shs_loader_options *made, const shs_loader_options *other,
                        uint64_t steps, shs_status expected, const char *word)
{
    static int number;
    char checkpoints[PATH_BYTES];
    struct job_options how = {MPI_COMM_WORLD, SEED, VRANKS, paths, *made};
    struct job job = job_open(&how);
    snprintf(checkpoints, sizeof checkpoints, "%.450s/other-%d", folder, number++);
    take_steps(&job, steps);
    CHECK_STATUS(shs_save(job.loader, checkpoints, NULL, 0), SHS_OK);
    job_close(&job);
    how.loader = *other;
    job = job_open(&how);
    CHECK_STATUS(shs_restore(job.loader, checkpoints, NULL, 0), expected);
    CHECK(!expected || message_has(word));
    CHECK_EQ(shs_tell(job.loader).step, expected ? 0 : steps);
    job_close(&job);
}

static void test_a_checkpoint_of_other_epochs_is_refused(void)
{
    const shs_status no = SHS_ERROR_MISMATCH;
    const shs_loader_options
        once = {.batch = BATCH},
        twice = {.batch = BATCH, .sampling = {.repeats = 2}},
        thrice = {.batch = BATCH, .sampling = {.repeats = 3}},
        sixty_two = {.batch = BATCH, .sampling = {.epoch_rows = 62}},
        twenty = {.batch = BATCH, .sampling = {.epoch_rows = 20}},
        even = {.batch = BATCH, .sampling = {.mix = ones, .n_mix = 3}},
        some = {.batch = BATCH, .sampling = {.epoch_rows = 20, .mix = five_two_three, .n_mix = 3}},
        others = {.batch = BATCH,
                  .sampling = {.epoch_rows = 20, .mix = five_three_two, .n_mix = 3}};
    begin();
    check_other(&some, &some, 1, SHS_OK, "");
    check_other(&twice, &sixty_two, 1, SHS_OK, ""); /* the same run by other words */
    check_other(&some, &others, 1, no, "it has «source of 7 rows = 4 an epoch»");
    check_other(&some, &others, 2, no, "this run has «source of 7 rows = 6 an epoch»");
    check_other(&even, &once, 1, no, "it has «source of 13 rows = 10 an epoch», this run has noth");
    check_other(&once, &even, 1, no, "this run has «source of 13 rows = 10 an epoch», it has noth");
    check_other(&some, &twenty, 1, no, "it has «source of 13 rows = 10 an epoch»");
    check_other(&twenty, &some, 1, no, "this run has «source of 13 rows = 10 an epoch»");
    check_other(&twice, &thrice, 1, no, "it has «epoch_rows = 62», this run has «epoch_rows = 93»");
    check_other(&twice, &once, 1, no, "it has «epoch_rows = 62», this run has nothing");
    check_other(&once, &twice, 1, no, "this run has «epoch_rows = 62», it has nothing");
    check_other(&once, &twenty, 4, no, "this run has «epoch_rows = 20», it has nothing");
    end();
}

/* As ever the batch may change between epochs; passes go on. */
static void test_the_batch_may_change_between_epochs(void)
{
    shs_loader_options made = options_of(&mixtures[0], ALL), other = made;
    begin();
    other.batch = 3;
    check_other(&made, &other, 2, SHS_OK, "");
    check_other(&made, &other, 1, SHS_ERROR_MISMATCH, "batch = 2");
    end();
}

static void refuse(const struct pair *pair, const shs_loader_options *options, shs_status expected,
                   int failing, const char *word)
{
    shs_loader *loader;
    memset(&loader, 1, sizeof loader); /* to be cleared on error */
    shs_status status = shs_loader_open(pair->data, options, &loader);
    CHECK(agreed_failure(status, expected, failing));
    CHECK_HAS(shs_message(), word);
    CHECK(loader == NULL);
}

static void test_ranks_must_agree_about_the_mix(void)
{
    if (all_ranks() == 1) return;
    const uint64_t other_mix[] = {5, 2, 4}, same_takes[] = {10, 4, 6};
    const shs_loader_options good = {
        .batch = 1, .sampling = {.epoch_rows = 20, .mix = five_two_three, .n_mix = 3}};
    shs_loader_options others[6] = {good, good, good, good, good, good};
    static const char *const words[] = {"sampling.mix",   "sampling.mix",   "sampling.mix",
                                        "an epoch of 21", "an epoch of 62", "tail drop"};
    struct pair pair = pair_open();
    others[0].sampling.mix = other_mix;
    others[1].sampling.mix = same_takes; /* the same rows, but not the same words */
    others[2].sampling.mix = NULL, others[2].sampling.n_mix = 0;
    others[3].sampling.epoch_rows = 21;
    others[4].sampling.epoch_rows = 0, others[4].sampling.repeats = 2;
    others[5].tail = SHS_TAIL_DROP;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        refuse(&pair, my_rank() == last_rank() ? &others[i] : &good, SHS_ERROR_DISAGREE,
               last_rank(), words[i]);
    pair_close(&pair);
}

static void test_what_cannot_be_is_refused(void)
{
    const shs_status no = SHS_ERROR_ARGUMENT;
    static const uint64_t of_a_and_c[] = {1, 2, 30}, nothing[1];
    static const double weights[ROWS];
    const struct {
        shs_loader_options options;
        const char *word;
    } refused[] = {
        {{.sampling = {.mix = halves, .n_mix = 2}},
         "sampling.mix has 2 numbers, the dataset 3 sources"},
        {{.sampling = {.mix = ones, .n_mix = 0}},
         "sampling.mix has 0 numbers, the dataset 3 sources"},
        {{.sampling = {.mix = ones, .n_mix = SIZE_MAX}},
         "numbers, the dataset 3 sources; give one for each path"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .shard = SHS_SHARD_FIXED},
         "shard fixed gives each of its rows"},
        {{.sampling = {.repeats = 2}, .shard = SHS_SHARD_FIXED},
         "use shard global with what sampling has (mix, repeats"},
        {{.sampling = {.epoch_rows = 20}, .shard = SHS_SHARD_FIXED},
         "use shard global with what sampling has (mix, repeats"},
        {{.sampling = {.repeats = 2, .epoch_rows = 20}},
         "sampling.repeats 2 and sampling.epoch_rows 20; give one of them"},
        {{.sampling = {.mix = ones, .n_mix = 3, .weights = weights}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = ones, .n_mix = 3, .weight_field = "labels"}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = ones, .n_mix = 3, .balance = "labels"}},
         "sampling has more than one of mix, weights"},
        {{.sampling = {.mix = zeros, .n_mix = 3}}, "nothing but zeros"},
        {{.sampling = {.mix = huge, .n_mix = 3}}, "add up to 2^64 or more"},
        {{.sampling = {.epoch_rows = (UINT64_C(1) << 56) + 1}},
         "an epoch of 72057594037927937 rows; the most"},
        {{.sampling = {.epoch_rows = UINT64_MAX}},
         "an epoch of 18446744073709551615 rows; the most is 2^56"},
        {{.sampling = {.epoch_rows = UINT64_C(1) << 56}},
         "each of its 31 rows 2^24 times an epoch or more"},
        {{.sampling = {.repeats = UINT64_C(1) << 24}},
         "each of its 31 rows 2^24 times an epoch or more"},
        {{.sampling = {.repeats = UINT64_MAX}},
         "18446744073709551615 repeats of 31 rows are more than 2^56"},
        {{.sampling = {.repeats = (UINT64_C(1) << 24) - 1, .mix = a_alone, .n_mix = 3}, .batch = 1},
         "2^24 times"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .subset = {.rows = of_a_and_c, .n_rows = 3}},
         "source 1 has no rows, but 1 pl"},
        {{.sampling = {.epoch_rows = 5}, .subset = {.rows = nothing, .n_rows = 0}},
         "no steps: N = 0 samples"},
        {{.sampling = {.mix = ones, .n_mix = 3}, .subset = {.rows = nothing, .n_rows = 0}},
         "no steps: N = 0 samples"},
        {{.sampling = {.epoch_rows = 9}, .batch = BATCH, .tail = SHS_TAIL_DROP},
         "no steps: N = 9 samples, V = 5"},
        {{.sampling = {.epoch_rows = 4}, .shuffle = SHS_SHUFFLE_BLOCKS, .tail = SHS_TAIL_PAD},
         "4 samples leave"},
    };
    struct pair pair = pair_open();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        refuse(&pair, &refused[i].options, no, 0, refused[i].word);
    shs_loader *loader;
    const shs_loader_options without_b = {.sampling = {.mix = outer, .n_mix = 3},
                                          .subset = {.rows = of_a_and_c, .n_rows = 3}};
    CHECK_STATUS(shs_loader_open(pair.data, &without_b, &loader), SHS_OK);
    shs_loader_close(&loader);
    pair_close(&pair);
}

/* Only the last rank's mix is bad. */
static void test_a_bad_mix_of_one_rank_is_told_to_all(void)
{
    const shs_loader_options good = {.sampling = {.mix = ones, .n_mix = 3}},
                             bad = {.sampling = {.mix = ones, .n_mix = 2}};
    struct pair pair = pair_open();
    refuse(&pair, my_rank() == last_rank() ? &bad : &good, SHS_ERROR_ARGUMENT, last_rank(),
           "sampling.mix has 2 numbers");
    pair_close(&pair);
}

/* ---- the ledger */

static struct job open_mixture(const struct mixture *mixture)
{
    const struct job_options how = {MPI_COMM_WORLD, SEED, VRANKS, paths, options_of(mixture, ALL)};
    return job_open(&how);
}

static shs_status rest_of_epoch(struct job *job)
{
    shs_batch batch;
    do {
        shs_status status = shs_next(job->loader, &batch);
        if (status) return status;
    } while (!batch.ends_epoch);
    return shs_agree(job->run);
}

/* A table that has the row, or the place, of one position at another one as well. */
static void check_doubled(const struct mixture *mixture, shs_status expected)
{
    struct job job = open_mixture(mixture);
    take_steps(&job, 1);
    uint16_t *table = is_mixed(mixture)
                          ? job.loader->tools.epoch.places.all.whole.table
                          : job.loader->tools.epoch.mix.part[0].passes[0].permutation.table;
    uint64_t last = (is_mixed(mixture) ? job.loader->plan.order.order.shape.samples : ROWS) - 1;
    table[last] = table[last - 1];
    CHECK_STATUS(rest_of_epoch(&job), expected);
    if (expected) CHECK(message_has("epoch 0") && message_has("lost or repeated"));
    CHECK_EQ(shs_statistics(job.loader).epochs_verified, expected ? 0 : 1);
    job_close(&job);
}

static void check_lost(const struct mixture *mixture, int rank, uint64_t more)
{
    struct job job = open_mixture(mixture);
    take_steps(&job, 1);
    if (my_rank() == rank) job.loader->ledger.count += more;
    CHECK_STATUS(rest_of_epoch(&job), SHS_ERROR_ORDER);
    CHECK_HAS(shs_message(), "were delivered");
    CHECK_HAS(shs_message(), "were due");
    job_close(&job);
}

/* Where an epoch has all rows of a source equally often, sums tell; elsewhere only the number. */
static void test_a_doubled_row_is_told(void)
{
    static const struct mixture whole[] = {{{13, 14, 11}, 0, 38, {0}, {0}}, {{0}, 3, 0, {0}, {0}}};
    begin();
    check_doubled(&whole[0], SHS_ERROR_ORDER);
    check_doubled(&whole[1], SHS_ERROR_ORDER);
    check_doubled(&mixtures[0], SHS_OK);
    for (int rank = 0; rank < all_ranks(); rank++)
        for (size_t m = 0; m < sizeof mixtures / sizeof *mixtures; m += 3) {
            check_lost(&mixtures[m], rank, 1);
            check_lost(&mixtures[m], rank, UINT64_MAX);
        }
    end();
}

/* ---- fields of other kinds */

enum {
    SERIES = 12, /* rows of each file, and samples more by one than windows of 2 */
    SAMPLES = SERIES - 1,
    MOST = 3
};

/* Offsets of runs of rows: some are empty. */
static uint32_t offset_of(uint64_t i)
{
    return (uint32_t)(i * i / SERIES);
}

static void write_u32(struct h5_writer *writer, const char *name, const uint32_t *numbers,
                      uint64_t count)
{
    const shs_tensor shape = {.type = SHS_U32, .axes = 1, .shape = {count}};
    need(!h5_create_array(writer, name, &shape, &(struct h5_storage){.chunk_rows = 5}) &&
             !h5_write_rows(writer, count, numbers),
         name);
}

/* Local. File i: a series of numbers from 100 * i on, and offsets. */
static void write_series(int i)
{
    uint32_t series[SERIES], offsets[SERIES];
    struct h5_writer *writer;
    char path[PATH_BYTES];
    for (uint64_t row = 0; row < SERIES; row++) {
        series[row] = (uint32_t)(100 * (uint64_t)i + row);
        offsets[row] = offset_of(row);
    }
    snprintf(path, sizeof path, "%.450s/%c%d.h5", folder, i < 3 ? 'x' : 'y', i);
    need(!h5_create(path, &writer), path);
    write_u32(writer, "s", series, SERIES);
    write_u32(writer, "o", offsets, SERIES);
    need(!h5_finish(&writer), path);
}

/* Whether slots of "x=s(window=2), y=s(window=1, lead=1), z=s(offsets=o, most=3)" and z.length are
 * those of their samples. */
static bool kinds_are_right(const shs_batch *batch)
{
    const uint32_t *x = batch->field[0].data, *y = batch->field[1].data, *z = batch->field[2].data;
    const uint64_t *length = batch->field[3].data;
    bool right = CHECK_EQ(batch->fields, 4);
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        uint64_t file = batch->index[slot] / SAMPLES, i = batch->index[slot] % SAMPLES;
        uint32_t first = (uint32_t)(100 * file + i);
        uint64_t rows = offset_of(i + 1) - offset_of(i);
        if (rows > MOST) rows = MOST;
        harness_where("vrank %llu, step %llu, slot %llu, file %llu, sample %llu", (ull)batch->vrank,
                      (ull)batch->step, (ull)slot, (ull)file, (ull)i);
        right = right && CHECK_EQ(x[2 * slot], first) && CHECK_EQ(x[2 * slot + 1], first + 1) &&
                CHECK_EQ(y[slot], first + 1) && CHECK_EQ(length[slot], rows);
        for (uint64_t j = 0; j < MOST; j++)
            right =
                right && CHECK_EQ(z[MOST * slot + j], j < rows ? 100 * file + offset_of(i) + j : 0);
    }
    return right;
}

/* One sample a file: all of s. */
static bool files_are_right(const shs_batch *batch)
{
    const uint32_t *s = batch->field[0].data;
    bool right = CHECK_EQ(batch->fields, 1);
    for (uint64_t i = 0; i < batch->rows * SERIES; i++) {
        harness_where("vrank %llu, step %llu, slot %llu", (ull)batch->vrank, (ull)batch->step,
                      (ull)(i / SERIES));
        right = right && CHECK_EQ(s[i], 100 * batch->index[i / SERIES] + i % SERIES);
    }
    return right;
}

/* Two sources of 3 and 2 files, in batches that have one sample more than once. */
static void check_kinds(const char *fields, bool one_a_file, uint64_t samples_a_file,
                        bool (*is_right)(const shs_batch *))
{
    const uint64_t mix[] = {1, 2}, split = 3 * samples_a_file;
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    open_data(MPI_COMM_WORLD, paths, &run, &data);
    shs_dataset_close(&data);
    char both[2 * PATH_BYTES];
    snprintf(both, sizeof both, "%.450s/x*.h5,%.450s/y*.h5", folder, folder);
    need(!shs_dataset_open(run, both, fields,
                           &(shs_dataset_options){.one_sample_a_file = one_a_file}, &data),
         "shs_dataset_open");
    CHECK_EQ(shs_dataset_samples(data), 5 * samples_a_file);
    for (int shuffle = 0; shuffle < 3; shuffle++) {
        const shs_loader_options options = {.batch = 9,
                                            .epochs = 3,
                                            .sampling = {.epoch_rows = 100, .mix = mix, .n_mix = 2},
                                            .threads = 3,
                                            .tail = SHS_TAIL_PAD,
                                            .shuffle = (shs_shuffle)shuffle};
        uint64_t taken[2] = {0};
        bool right = true;
        need(!shs_loader_open(data, &options, &loader), "shs_loader_open");
        while (shs_next(loader, &batch) == SHS_OK) {
            right = right && is_right(&batch) && batch.rows == 9;
            for (uint64_t slot = 0; slot < batch.count; slot++)
                taken[batch.index[slot] >= split]++;
        }
        CHECK(right);
        if (CHECK_STATUS(shs_agree(run), SHS_OK))
            CHECK_EQ(shs_statistics(loader).epochs_verified, 3);
        MPI_Allreduce(MPI_IN_PLACE, taken, 2, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        CHECK_EQ(taken[0], 3 * 33);
        CHECK_EQ(taken[1], 3 * 67);
        shs_loader_close(&loader);
    }
    shs_dataset_close(&data);
    shs_close(&run);
}

static void test_windows_offsets_and_files_are_mixed(void)
{
    begin();
    for (int i = 0; my_rank() == 0 && i < 5; i++)
        write_series(i);
    MPI_Barrier(MPI_COMM_WORLD);
    check_kinds("x=s(window=2), y=s(window=1, lead=1), z=s(offsets=o, most=3)", false, SAMPLES,
                kinds_are_right);
    check_kinds("s", true, 1, files_are_right);
    end();
}

/* ---- memory */

static shs_status open_and_read(void *user)
{
    const struct pair *pair = user;
    const shs_loader_options options = {
        .batch = BATCH, .epochs = 1, .sampling = {.mix = five_two_three, .n_mix = 3}};
    shs_loader *loader;
    shs_batch batch;
    shs_status status = shs_loader_open(pair->data, &options, &loader);
    for (uint64_t i = 0; !status && i < shs_epoch_steps(loader); i++) {
        do
            status = shs_next(loader, &batch);
        while (!status && !batch.ends_step);
        if (!status) status = shs_agree(pair->run);
    }
    shs_loader_close(&loader);
    return status;
}

static void test_memory_runs_out(void)
{
    struct pair pair = pair_open();
    CHECK(survives_scarcity(last_rank(), open_and_read, &pair));
    pair_close(&pair);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"an epoch has what the ratio says", test_an_epoch_has_what_the_ratio_says},
        {"of a list of rows, too", test_of_a_list_of_rows_too},
        {"of a part, too", test_of_a_part_too},
        {"file order by hand", test_file_order_by_hand},
        {"sources are mixed", test_sources_are_mixed},
        {"passes are fair at every step", test_passes_are_fair_at_every_step},
        {"each row once is the usual order", test_each_row_once_is_the_usual_order},
        {"seed and stream change the order", test_seed_and_stream_change_the_order},
        {"repeats are augmented apart", test_repeats_are_augmented_apart},
        {"a run goes on on other ranks", test_a_run_goes_on_on_other_ranks},
        {"a checkpoint of other epochs is refused", test_a_checkpoint_of_other_epochs_is_refused},
        {"the batch may change between epochs", test_the_batch_may_change_between_epochs},
        {"ranks must agree about the mix", test_ranks_must_agree_about_the_mix},
        {"what cannot be is refused", test_what_cannot_be_is_refused},
        {"a bad mix of one rank is told to all", test_a_bad_mix_of_one_rank_is_told_to_all},
        {"a doubled row is told", test_a_doubled_row_is_told},
        {"windows, offsets and files are mixed", test_windows_offsets_and_files_are_mixed},
        {"memory runs out", test_memory_runs_out},
    };
    return harness_main_ranks("mixing", tests, sizeof tests / sizeof *tests, argc, argv);
}

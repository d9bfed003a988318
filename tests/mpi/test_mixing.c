/* Mixtures and passes: what an epoch has, and its order. */
#include "batches.h"
#include "load.h"
#include "mixing_scene.h"
#include "mpi_run.h"

/* ---- what an epoch has */

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
    };
    return harness_main_ranks("mixing", tests, sizeof tests / sizeof *tests, argc, argv);
}
